#!/usr/bin/env python3
"""Runs every command on the files of forge.py, and looks at the memory that it takes.

usage: hostile.py [--time] DELTALOG [NAME...]

A file of some KB whose checksums are right may be refused or read, but nothing may take 64 MiB of memory for it, however much it claims to hold, and
nothing may die by a signal. With --time nothing may take a second of the processor's time, either: for use by hand on a quiet host.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

MOST_KIB, MOST_SECONDS = 64 << 10, 1.0
TIMED = "--time" in sys.argv
# Files whose state is large, and rightly so: that term is documented, and these commands are asked for it.
HOLDS = {"wide-vector": 4, "creates-16-MiB": 16, "creates-of-2^20": 12}  # MiB of the state
OF_STATE = ("snapshot", "blame", "diff", "dump", "rollback", "compact")

CHANGE = '{"id":"w","vector":[1,2,3,4]}\n'


def commands(log, good, scratch):
    """(name, arguments, input) of each; {} is a place to write to."""
    out = "{}"
    yield "log", ["log", log, "-n", "1", "-q"], None
    yield "log-all", ["log", log, "--json", "--graph"], None
    yield "log-hashes", ["log", log, "--hashes"], None
    yield "snapshot", ["snapshot", log, "--to", "ndjson", "-o", out, "-f"], None
    yield "blame", ["blame", log, "--id", "v"], None
    yield "verify", ["verify", log], None
    yield "dump", ["dump", log, "--id", "v"], None
    yield "info", ["info", log, "--columns"], None
    yield "merge", ["merge", log, good, "-o", out, "-f"], None
    yield "compact", ["compact", log, "-o", out, "-f"], None
    yield "compact-now", ["compact", log, "--keep", "now", "-o", out, "-f"], None
    yield "diff", ["diff", log, "--at", "2020-01-01", "--at", "2024-01-01"], None
    yield "rollback", ["rollback", log, "--at", "2023-11-15", "-o", out, "-f"], None
    yield "show", ["show", log, "main:1"], None
    yield "tag", ["tag", log], None
    yield "append", ["encode", "--append", "{}", "-"], CHANGE


def run(program, arguments, given):
    """(exit status or -signal, KiB at most, seconds of processor time)"""
    with tempfile.TemporaryFile() as stdin:
        stdin.write((given or "").encode())
        stdin.seek(0)
        child = subprocess.Popen([program, *map(str, arguments)], stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, usage.ru_maxrss, usage.ru_utime + usage.ru_stime


def check(program, log, good, scratch, failures):
    name, worst = log.stem, ((0, ""), (0, ""))

    def measure(row):
        command, arguments, given = row
        place = scratch / f"{command}.out"
        if command == "append":
            shutil.copyfile(log, place)
        return command, run(program, [str(place) if a == "{}" else a for a in arguments], given)
    with ThreadPoolExecutor(2) as pool:
        measured = list(pool.map(measure, commands(log, good, scratch)))
    for command, (status, kib, seconds) in measured:
        most = MOST_KIB + (HOLDS.get(name, 0) << 10 if command.startswith(OF_STATE) else 0)
        worst = max(worst[0], (kib, command)), max(worst[1], (seconds, command))
        if status < 0 or status == 2 or kib > most or (TIMED and seconds > MOST_SECONDS):
            failures.append(f"{name}: {command}: exit {status}, {kib / 1024:.0f} MiB, {seconds:.2f} s")
    return worst


def main():
    program, *wanted = [argument for argument in sys.argv[1:] if argument != "--time"]
    failures = []
    memory = pathlib.Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as directory:
        scratch = pathlib.Path(directory)
        good = scratch / "good.dlog"
        subprocess.run([program, "encode", "-", "-o", good, "--at", "2026-01-01"], input=CHANGE.encode(), check=True, stderr=subprocess.DEVNULL)
        # In a process of their own: the memory of a child counts from before it was another program.
        made = scratch / "made"
        made.mkdir()
        subprocess.run([sys.executable, "-B", pathlib.Path(__file__).with_name("forge.py"), made, *wanted], check=True)
        logs = sorted(made.iterdir())
        for log in logs:
            (kib, by), (seconds, slow) = check(program, log, good, scratch, failures)
            print(f"{log.stem}: {log.stat().st_size} bytes: at most {kib / 1024:.0f} MiB ({by}), {seconds:.2f} s ({slow})", flush=True)
    if failures:
        sys.exit("FAILED:\n" + "\n".join(failures))
    print(f"ok: {len(logs)} files")
    print(f"counted: {len(logs)} files")


if __name__ == "__main__":
    main()
