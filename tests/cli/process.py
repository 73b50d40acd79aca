#!/usr/bin/env python3
"""The program as a process: signals, locks, streams that are closed or full.

    process.py --program PATH

What golden cases cannot say: a kill in the middle, two writers at once. What needs a terminal is in terminals.py. No
assertion is about time; where something has to have happened first, it is waited for.
"""
import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from run import environment

LINE = b'{"id":"a","op":"create","vector":[1,2]}\n'
problems = []


def check(holds, what):
    if not holds:
        problems.append(what)


class Place:
    """An empty directory, and the program in it."""

    def __init__(self, program):
        self.folder = tempfile.TemporaryDirectory(prefix="deltalog-process-")
        self.path = Path(self.folder.name)
        self.program = str(Path(program).resolve())
        self.env = environment(program, self.path)

    def start(self, *words, **more):
        return subprocess.Popen([self.program, *words], cwd=self.path, env=more.pop("env", self.env), **more)

    def run(self, *words, data=b"", **more):
        done = subprocess.run([self.program, *words], cwd=self.path, env=self.env, input=data, capture_output=True, timeout=60, **more)
        return done.returncode, done.stdout, done.stderr

    def names(self):
        return sorted(p.name for p in self.path.iterdir())


def wait_until(holds):
    for _ in range(3000):
        if holds():
            return True
        time.sleep(0.01)
    return False


def holds_a_lock(process):
    """Linux says so of each open file. Asking by taking the lock could keep the other from it."""
    folder = Path(f"/proc/{process.pid}/fdinfo")
    try:
        return any("lock:" in (folder / name).read_text() for name in os.listdir(folder))
    except OSError:
        return False


def kills(program):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        place = Place(program)
        process = place.start("encode", "-", "-o", "a.dlog", stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        process.stdin.write(LINE)
        process.stdin.flush()
        check(wait_until(place.names), "no temporary file was ever seen")
        check("a.dlog" not in place.names(), "the output has its name before it is whole")
        process.send_signal(number)
        check(process.wait(timeout=60) == -number, f"after {number.name} the exit is {process.returncode}")
        check(place.names() == [], f"{number.name} left {place.names()}")
        process.stdin.close()


def left_overs(program):
    """What a run left that was killed in the hardest way is removed by the next one that writes the same file; what runs is let be."""
    place = Place(program)

    def start():
        before = place.names()
        process = place.start("encode", "-", "-o", "a.dlog", "-f", stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        process.stdin.write(LINE)
        process.stdin.flush()
        # It has its lock by the time it has read: the file alone may not be locked yet.
        check(wait_until(lambda: place.names() != before and holds_a_lock(process)), "no temporary file was ever seen")
        return process, set(place.names()) - set(before)

    killed, left = start()
    running, running_file = start()
    check(left <= set(place.names()), "the temporary file of a run that goes on was removed")
    killed.kill()
    killed.wait(timeout=60)
    check(left <= set(place.names()), "kill -9 left nothing: there is nothing to test")
    code, _, error = place.run("encode", "-", "-o", "b.dlog", data=LINE)
    check(code == 0 and left <= set(place.names()), f"the temporary file of another output was removed: {code} {error}")
    code, _, error = place.run("encode", "-", "-o", "a.dlog", data=LINE)
    check(code == 0, f"after a kill -9: {code} {error}")
    check(set(place.names()) == {"a.dlog", "b.dlog"} | running_file, f"after the next run: {place.names()}")
    running.communicate(timeout=60)
    check(running.returncode == 0, f"a run whose temporary file was asked about exits with {running.returncode}")
    check(place.names() == ["a.dlog", "b.dlog"], f"at the end: {place.names()}")


def appends(program):
    """A kill in the middle of an append leaves the log as it was; a second writer is told that there is a first."""
    place = Place(program)
    place.run("encode", "-", "-o", "a.dlog", "--at", "2026-01-01", data=LINE)
    before = (place.path / "a.dlog").read_bytes()
    first = place.start("encode", "-", "--append", "a.dlog", "--at", "2026-01-02", stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)

    check(wait_until(lambda: holds_a_lock(first)), "the writer never took a lock")
    code, _, error = place.run("encode", "-", "--append", "a.dlog", "--wait", "0", "--at", "2026-01-02", data=b'{"id":"a","vector":[1,3]}\n')
    check(code == 3 and f"process {first.pid} (deltalog) is writing".encode() in error, f"a second writer was not refused: {code} {error}")
    code, out, _ = place.run("snapshot", "a.dlog", "-o", "-", "--to", "ndjson")
    check(code == 0 and out == b'{"id":"a","vector":[1,2]}\n', "a reader does not read during an append")
    first.kill()
    first.wait()
    first.stdin.close()
    check((place.path / "a.dlog").read_bytes() == before, "an append that was killed changed the log")
    code, _, error = place.run("encode", "-", "--append", "a.dlog", "--at", "2026-01-02", data=b'{"id":"a","vector":[1,3]}\n')
    check(code == 0, f"the log cannot be appended to after a kill: {error}")


def open_streams(program):
    """A stream with --commit-every: what is cut is durable while the stream is open, others get in between, and an error names what stays."""
    place = Place(program)
    place.run("encode", "-", "-o", "a.dlog", "--at", "2026-01-01", data=LINE)
    stream = place.start("encode", "-", "--append", "a.dlog", "--commit-every", "2", "--segment-every", "1ms", "--origin", "s",
                         stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    ids = lambda: {line.split(b'"')[3] for line in place.run("snapshot", "a.dlog", "-o", "-", "--to", "ndjson")[1].splitlines()}
    for name in (b"b", b"c"):
        stream.stdin.write(b'{"id":"%s","op":"create","vector":[1,2]}\n' % name)
        stream.stdin.flush()
    check(wait_until(lambda: ids() == {b"a", b"b", b"c"}), "a commit that was cut is not seen while the stream is open")
    code, _, error = place.run("encode", "-", "--append", "a.dlog", "--wait", "0", data=b'{"id":"d","op":"create","vector":[1,2]}\n')
    check(code == 0, f"a stream that waits for input keeps others out: {code} {error}")
    stream.stdin.write(b'{"id":"e","op":"create","vector":[1,2]}\n{"id":"e","op":"create","vector":[1,2,3]}\n')
    stream.stdin.close()
    error = stream.stderr.read()
    stream.stderr.close()
    check(stream.wait(timeout=60) == 4 and b"line 4" in error and b"acknowledged up to s:2 (line 2)" in error,
          f"a bad line behind a durable commit: {stream.returncode} {error}")
    check(ids() == {b"a", b"b", b"c", b"d"}, "what was not acknowledged is in the log")
    # A duration cuts also while nothing comes.
    stream = place.start("encode", "-", "--append", "a.dlog", "--commit-every", "50ms", "--segment-every", "1ms", stdin=subprocess.PIPE)
    stream.stdin.write(b'{"id":"f","op":"create","vector":[1,2]}\n')
    stream.stdin.flush()
    check(wait_until(lambda: b"f" in ids()), "a commit that is old enough is not cut while nothing comes")
    stream.send_signal(signal.SIGTERM)
    check(stream.wait(timeout=60) == -signal.SIGTERM, f"a stream that waits ignores a signal: {stream.returncode}")
    stream.stdin.close()


def streams(program):
    place = Place(program)
    place.run("encode", "-", "-o", "a.dlog", "--at", "2026-01-01", data=LINE)
    for words in (["log", "a.dlog"], ["dump", "a.dlog"], ["verify", "a.dlog"], ["snapshot", "a.dlog", "-o", "-", "--to", "npy"],
                  ["info", "a.dlog"], ["show", "a.dlog", "main:1"], ["blame", "a.dlog", "--id", "a"], ["compact", "--dry-run",
                  "a.dlog"], ["compact", "a.dlog", "-o", "-"], ["merge", "a.dlog", "-o", "/dev/stdout"]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([place.program, *words], cwd=place.path, env=place.env, stdout=full, stderr=subprocess.PIPE,
                                  stdin=subprocess.DEVNULL, timeout=60)
        check(done.returncode == 3 and done.stderr, f"{words} to a full device: {done.returncode} {done.stderr}")
        done = subprocess.run(["bash", "-c", 'exec "$@" >&-', "sh", place.program, *words], cwd=place.path, env=place.env,
                              stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=60)
        check(done.returncode == 3 and done.stderr, f"{words} with stdout closed: {done.returncode} {done.stderr}")
    code, _, error = place.run("encode", "-", "-o", "b.dlog", data=LINE, preexec_fn=lambda: os.close(0))
    check(code == 3 and "b.dlog" not in place.names(), f"stdin closed: {code} {error}")
    # A reader that goes away: quiet, by signal, in the middle of much output.
    many = b"".join(b'{"id":"%d","op":"create","vector":[1,2]}\n' % i for i in range(20000))
    place.run("encode", "-", "-o", "m.dlog", "--at", "2026-01-01", data=many)
    for words in (["dump", "m.dlog"], ["snapshot", "m.dlog", "-o", "-", "--to", "ndjson"], ["log", "--deltas", "m.dlog"]):
        process = place.start(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.read(10)
        process.stdout.close()
        error = process.stderr.read()
        check(process.wait(timeout=60) == -signal.SIGPIPE and not error, f"{words} to a closed pipe: {process.returncode} {error}")
        process.stderr.close()


def reports(program):
    """What is committed is done, whatever becomes of the report of it: to say that it failed would have it done twice."""
    place = Place(program)
    place.run("encode", "-", "-o", "a.dlog", "--at", "2026-01-01", data=LINE)
    scale = b'{"id":"a","op":"scale","factor":2}\n'
    for number, shell in enumerate(('exec "$@" > /dev/full', 'exec "$@" >&-', '{ exec "$@"; } 2>error | true; cat error >&2; exit "${PIPESTATUS[0]}"')):
        quiet = number == 2  # a reader that went away is nothing to talk about
        day = f"2026-01-0{number + 2}"
        for words, data in ((["encode", "-", "--append", "a.dlog", "--at", day], scale), (["encode", "-", "-o", "b.dlog", "-f", "--at", day], LINE),
                            (["merge", "a.dlog", "-o", "m.dlog", "-f"], b""), (["compact", "a.dlog", "-o", "c.dlog", "-f"], b""),
                            (["rollback", "a.dlog", "--append", "--at", "2026-01-01", "--time", day], b""),
                            (["rollback", "a.dlog", "--as-seen-by", "main:2", "--time", "2026-02-01", "-o", "r.dlog", "-f"], b"")):
            done = subprocess.run(["bash", "-c", shell, "sh", place.program, *words, "--json"], cwd=place.path, env=place.env, input=data,
                                  capture_output=True, timeout=60)
            what = f"{words} with {shell}: {done.returncode} {done.stderr}"
            check(done.returncode == 0, f"a report that cannot be written is a failure: {what}")
            check((b"but the work is done" in done.stderr) != quiet, f"what is said of it: {what}")
    code, out, _ = place.run("log", "a.dlog")
    check(out.count(b"main:") == 7, f"not each of three appends and three rollbacks is there once: {out}")
    for name in ("a.dlog", "b.dlog", "m.dlog", "c.dlog"):
        check(place.run("verify", name)[0] == 0, f"{name} is not what was reported of it")


def heads(program):
    """A log of more heads than 16 bits count can be read, verified, appended to and compacted, by a commit that has seen them all."""
    place, many = Place(program), 70000
    lines = [b'{"id":"a","op":"create","vector":[1,2],"origin":"seed"}\n']
    lines += [b'{"id":"a","op":"sparse","indices":[0],"values":[%d],"origin":"w%d","parents":["seed:1"]}\n' % (i, i) for i in range(many)]
    place.run("encode", "-", "-o", "a.dlog", "--at", "2026-01-01", data=b"".join(lines))
    for origin in (b"late", b"later"):
        line = b'{"id":"a","op":"sparse","indices":[0],"values":[-1],"origin":"%s"}\n' % origin
        code, _, error = place.run("encode", "-", "--append", "a.dlog", "--at", "2026-01-02", data=line)
        check(code == 0, f"a log of {many} heads cannot be appended to: {error}")
    code, out, _ = place.run("log", "a.dlog", "--heads")
    check(code == 0 and out.strip().endswith(b"later:1") and out.count(b"\n") == 1, f"the heads after all: {code} {out[:100]}")
    code, out, error = place.run("verify", "a.dlog")
    check(code == 0, f"verify: {code} {out[:200]} {error[:200]}")
    code, _, error = place.run("compact", "a.dlog", "--keep", "now", "-o", "c.dlog")
    check(code == 0, f"compact: {code} {error[:200]}")
    for log in ("a.dlog", "c.dlog"):
        code, out, error = place.run("snapshot", log, "-o", "-", "--to", "ndjson")
        check(code == 0 and out == b'{"id":"a","vector":[-1,2]}\n', f"snapshot of {log}: {code} {out[:100]} {error[:200]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    args = parser.parse_args()
    for test in (kills, left_overs, appends, open_streams, streams, reports, heads):
        test(args.program)
    print("\n".join(problems), end="\n" if problems else "")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
