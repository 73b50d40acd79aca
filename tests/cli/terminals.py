#!/usr/bin/env python3
"""The program on a terminal: what it refuses to write there, colour, progress.

    terminals.py --program PATH     exit 0 if all holds, 77 if this machine has no pseudo-terminals (a bare chroot)

Stands apart from process.py so that a machine without pseudo-terminals skips this and nothing else, and is seen to.
"""
import argparse
import os
import pty
import subprocess
import sys

from process import LINE, Place, check, problems

SKIPPED = 77  # what ctest is told to count as skipped


def on_terminal(place, *words, stream="stdout", env=None):
    """Exit code and what a terminal shows that is this stream of the program."""
    master, slave = pty.openpty()
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: slave}
    process = place.start(*words, env=env, **streams)
    os.close(slave)
    shown = b""
    try:
        while part := os.read(master, 65536):
            shown += part
    except OSError:  # the other end is closed
        pass
    os.close(master)
    return process.wait(timeout=60), shown


def terminals(program):
    place = Place(program)
    place.run("encode", "-", "-o", "a.dlog", "--at", "2026-01-01", data=LINE)
    term = {**place.env, "TERM": "xterm"}
    code, shown = on_terminal(place, "encode", "a.dlog", "-o", "-", env=term)
    check(code != 0 and b"\x89DLG" not in shown, "a log was written to a terminal")
    code, shown = on_terminal(place, "snapshot", "a.dlog", "-o", "-", "--to", "npy", env=term)
    check(code != 0 and b"NUMPY" not in shown, "a matrix was written to a terminal")
    code, shown = on_terminal(place, "snapshot", "a.dlog", "-o", "-", "--to", "ndjson", env=term)
    check(code == 0 and b'"id":"a"' in shown, f"text was not written to a terminal: {code} {shown}")
    for more, colored in (({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)):
        code, shown = on_terminal(place, "verify", "a.dlog", env={**term, **more})
        check((b"\x1b[" in shown) == colored, f"colour on a terminal with {more}: {shown}")
    code, shown = on_terminal(place, "verify", "a.dlog", "--color=never", env=term)
    check(b"\x1b[" not in shown, "colour in spite of --color=never")
    code, shown = on_terminal(place, "encode", "nowhere.npy", "-o", "b.dlog", stream="stderr", env=term)
    check(code == 3 and b"nowhere.npy" in shown, f"an error on a terminal: {code} {shown}")
    code, shown = on_terminal(place, "log", "a.dlog", stream="stderr", env=term)
    check(code == 0 and shown == b"", f"progress of quick work: {shown}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    args = parser.parse_args()
    try:
        for end in pty.openpty():
            os.close(end)
    except OSError as error:
        print(f"SKIPPED: nothing was tested on a terminal, because this machine gives no pseudo-terminal: {error}")
        sys.exit(SKIPPED)
    terminals(args.program)
    print("\n".join(problems), end="\n" if problems else "")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
