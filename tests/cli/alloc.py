#!/usr/bin/env python3
"""Out of memory, wherever it comes: the program says so, exits with 3 and leaves nothing behind, or it does all that was asked.

    alloc.py --program PATH --preload LIBRARY [--jobs N] [--first N] [--samples N] [--only NAME]... [--all]

For each command below, on small logs, the n-th allocation fails (malloc and its kin, and anonymous mmap; see fail_alloc.cpp); for every
eighth n, all that follow fail as well. n is 1 to --first, and --samples numbers up to as many as the command makes; --all takes every n, both
ways, which is for an evening. Then each command runs with less and less address space (RLIMIT_AS, which is `ulimit -v`), in 20 sizes from what is just enough to
start to what it takes.
"""
import argparse
import concurrent.futures
import os
import random
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from run import environment

AT = "2026-01-0{}T00:00:00Z"
# The name of a command says what is special about it. `{}` files are made by prepare(); what a command writes is not there before it runs,
# or is one of those files.
COMMANDS = {
    "encode": ["encode", "many.ndjson", "-o", "out.dlog"],
    "encode-matrices": ["encode", "a.npy", "b.npy", "--ids", "ids.txt", "-o", "out.dlog", "--threads", "4"],
    "encode-large": ["encode", "large.npy", "large2.npy", "-o", "out.dlog", "--threads", "4", "--preset", "fastest"],
    "encode-lossy": ["encode", "a.npy", "--max-error", "0.01", "-o", "out.dlog"],
    "encode-facts": ["encode", "more.ndjson", "--base", "x.dlog", "-o", "out.dlog", "--meta", "run=7", "--meta-json", "x={\"a\":[1,2]}"],
    "append": ["encode", "more.ndjson", "--append", "x.dlog", "--tag", "v2"],
    "append-torn": ["encode", "more.ndjson", "--append", "torn.dlog"],
    "tag": ["tag", "x.dlog", "v3", "--at", AT.format(8)],
    "rollback": ["rollback", "x.dlog", "--time", AT.format(1)],
    "snapshot": ["snapshot", "x.dlog", "-o", "out.ndjson", "--ids-out", "out.ids", "--metadata-out", "out.meta"],
    "snapshot-where": ["snapshot", "x.dlog", "--where", "has tags and not m.x in (1, \"x\")", "-o", "out.ndjson"],
    "snapshot-replaces": ["snapshot", "m.dlog", "-o", "a.npy", "--ids-out", "ids.txt", "-f"],
    "snapshot-large": ["snapshot", "large.dlog", "-o", "out.npy", "--threads", "4"],
    "blame": ["blame", "x.dlog", "--id", "v1", "--json"],
    "log": ["log", "x.dlog", "--json"],
    "log-some": ["log", "x.dlog", "--grep", "^(first|none)", "--property", "x={\"a\":[1,2]}", "--deltas", "--json"],
    "log-graph": ["log", "x.dlog", "--graph"],
    "log-id": ["log", "x.dlog", "--id", "v1"],
    "log-conflicts": ["log", "x.dlog", "y.dlog", "--conflicts", "--json"],
    "show": ["show", "x.dlog", "main:1"],
    "dump": ["dump", "x.dlog", "-o", "out.ndjson"],
    "info": ["info", "x.dlog", "--json"],
    "diff": ["diff", "m.dlog", "x.dlog", "--json"],
    "reindex": ["reindex", "x.dlog", "--ann", "--json", "--index", "out.ann"],
    "diff-neighbours": ["diff", "m.dlog", "x.dlog", "--neighbours", "3", "--json"],
    "search": ["search", "x.dlog", "--id", "v1", "--json"],
    "search-file": ["search", "m.dlog", "--vector", "a.npy", "-o", "out.ivecs", "--threads", "4"],
    "reindex": ["reindex", "x.dlog"],
    "reindex-check": ["reindex", "m.dlog", "--check", "--index", "m.dlog.dlx"],
    "verify": ["verify", "x.dlog", "--level", "chain", "--json"],
    "verify-large": ["verify", "large.dlog", "--threads", "4"],
    "merge": ["merge", "x.dlog", "y.dlog", "-o", "out.dlog", "--conflicts", "out.ndjson", "--json"],
    "compact": ["compact", "x.dlog", "-o", "out.dlog", "--keep", "now", "--json"],
    "compact-replaces": ["compact", "x.dlog", "-o", "out-old.dlog", "-f"],
    "help": ["help", "encode"],
    "usage": ["snapshot", "--no-such-option"],
}
SIZES = 20
SAID = (b"out of memory", b"Cannot allocate memory")


def npy(rows, dims, seed):
    numbers = random.Random(seed)
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {dims}), }}".ljust(117) + "\n"
    values = [numbers.uniform(-1, 1) for _ in range(rows * dims)]
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + struct.pack(f"<{len(values)}f", *values)


def lines(count, day, origin):
    """Creates, updates of some dimensions, metadata, transforms and a delete."""
    out = []
    for i in range(count):
        at = f"2026-01-0{day}T{i // 60 % 24:02}:{i % 60:02}:00Z"
        who = f'"id":"v{i % 40}","origin":"{origin}","ts":"{at}"'
        if i < 40:
            out.append(f'{{"op":"create",{who},"vector":[{i},0.5,{i / 7:.5},-1],"metadata":{{"n":{i},"tags":["a",{{"deep":[1,2]}}]}}}}')
        elif i % 5 == 0:
            out.append(f'{{"op":"sparse",{who},"indices":[1],"values":[{i}],"metadata":{{"n":null,"m":{{"x":{i}}}}}}}')
        elif i == count - 1:
            out.append(f'{{"op":"delete",{who}}}')
        else:
            out.append(f'{{"op":"sparse",{who},"indices":[{i % 4}],"values":[{i / 3:.5}]}}')
    return ("\n".join(out) + "\n").encode()


class Place:
    """A directory with the inputs (of a template those that a command names), and the program in it."""

    def __init__(self, arguments, template=None, words=()):
        shared = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.folder = tempfile.TemporaryDirectory(prefix="deltalog-alloc-", dir=shared)
        self.path = Path(self.folder.name)
        self.program, self.preload = arguments.program, arguments.preload
        self.env = {**environment(self.program, self.path), "SOURCE_DATE_EPOCH": "1768000000", "TMPDIR": str(self.path)}
        if template is not None:
            for name in template.names() & set(words):
                shutil.copy(template.path / name, self.path)
            self.before = self.content()

    def names(self):
        return {p.name for p in self.path.iterdir()}

    def content(self):
        return {p.name: p.read_bytes() for p in self.path.iterdir()}

    def restore(self, now):
        for name in now:
            if now[name] != self.before.get(name):
                (self.path / name).unlink()
        for name, data in self.before.items():
            if now.get(name) != data:
                (self.path / name).write_bytes(data)

    def run(self, words, variables=None, memory=None, **more):
        limit = (lambda: resource.setrlimit(resource.RLIMIT_AS, (memory, memory))) if memory else None
        env = {**self.env, **variables, "LD_PRELOAD": self.preload} if variables is not None else self.env
        done = subprocess.run([self.program, *words], cwd=self.path, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
                              preexec_fn=limit, check=False, **more)
        return done.returncode, done.stdout, done.stderr


def unmended(now, before):
    """An append first sets a torn end aside, for good, whatever becomes of what is to be appended: puts that back."""
    for name in [n for n in now if ".torn" in n and n not in before]:
        log, end = name.partition(".torn")[0], now[name]
        rest = {n: data for n, data in now.items() if n not in (name, log)}
        return {**rest, log: now[log][:len(before[log]) - len(end)] + end}
    return now


def prepare(arguments):
    place = Place(arguments)
    for name, data in {"a.npy": npy(30, 8, 1), "b.npy": npy(30, 8, 2), "large.npy": npy(3000, 64, 3), "large2.npy": npy(3000, 64, 4),
                       "ids.txt": "".join(f"v{i}\n" for i in range(30)).encode(), "many.ndjson": lines(700, 1, "main"),
                       "more.ndjson": lines(100, 7, "other"), "other.ndjson": lines(60, 1, "other"), "out-old.dlog": b"old"}.items():
        (place.path / name).write_bytes(data)
    for words in (["encode", "many.ndjson", "-o", "x.dlog", "--tag", "v1", "--policy", "max"], ["encode", "other.ndjson", "-o", "y.dlog"],
                  ["encode", "a.npy", "b.npy", "--ids", "ids.txt", "--at", AT.format(2), "--at", AT.format(3), "-o", "m.dlog"],
                  ["encode", "large.npy", "large2.npy", "-o", "large.dlog", "--preset", "fastest"], ["reindex", "m.dlog"]):
        code, _, error = place.run(words)
        if code != 0:
            sys.exit(f"alloc.py: {' '.join(words)}: {code} {error.decode()}")
    (place.path / "torn.dlog").write_bytes((place.path / "x.dlog").read_bytes()[:-100])
    return place


class Sweep:
    """One command, and what has to come of it."""

    def __init__(self, name, template, arguments):
        self.name, self.words, self.arguments = name, COMMANDS[name], arguments
        self.place = Place(arguments, template, self.words)
        self.problems, self.runs, self.told = [], 0, 0

    def measure(self):
        """What comes of it with all the memory there is, and how many allocations that takes."""
        read, write = os.pipe()
        self.code, self.out, self.err = self.place.run(self.words, {"DELTA_FAIL_COUNT": str(write)}, pass_fds=(write,))
        os.close(write)
        with os.fdopen(read) as pipe:
            self.calls = int(pipe.read())
        self.after = self.place.content()
        self.writes = self.after != self.place.before
        self.place.restore(self.after)
        if self.code not in (0, 1, 2, 4):
            self.problems.append(f"{self.name}: exit {self.code}: {self.err.decode()}")

    def judge(self, what, result):
        code, out, err = result
        now = self.place.content()
        self.runs += 1
        if code == 3:
            self.told += 1
            whole = unmended(now, self.place.before) == self.place.before and any(word in err for word in SAID)
        elif code == 4 and self.code == 0:  # done in part: what is there is whole, and what could not be made is not needed
            whole = now == self.after and any(word in err for word in SAID)
        else:
            # What is done stays done, also where there is no memory to tell of it.
            whole = code == self.code and now == self.after and (out == self.out or (b"but the work is done" in err and self.writes))
        if not whole:
            changed = sorted(n for n in {*now, *self.place.before} if now.get(n) != self.place.before.get(n))
            self.problems.append(f"{self.name}: {what}: exit {code}, changed {changed}, stderr {err[-300:]!r}")
        self.place.restore(now)

    def fail(self):
        few, samples = self.arguments.first, self.arguments.samples
        numbers = list(range(1, min(few, self.calls) + 1))
        beyond = range(few + 1, self.calls + 1)
        numbers += beyond if self.arguments.all else sorted(random.Random(self.name).sample(beyond, min(samples, len(beyond))))
        for n in numbers:
            for rest in ("0", "1") if self.arguments.all or n % 8 == 1 else ("0",):
                result = self.place.run(self.words, {"DELTA_FAIL_AT": str(n), "DELTA_FAIL_REST": rest})
                self.judge(f"allocation {n} of {self.calls} fails" + (" and all that follow" if rest == "1" else ""), result)

    def starve(self, least):
        """From the least that a process of this program needs to what this one takes."""
        most = least
        while self.place.run(self.words, memory=most)[0] == 3:
            self.place.restore(self.place.content())
            most += 4 << 20
        self.place.restore(self.place.content())
        for i in range(SIZES):
            size = least + (most - least) * i // (SIZES - 1)
            self.judge(f"{size >> 10} KiB of address space", self.place.run(self.words, memory=size))

    def run(self, least):
        self.measure()
        if not self.problems:
            self.fail()
            self.starve(least)
        return self


def least_memory(place):
    """With which the program gets as far as its own code: the loader itself needs most of it."""
    size = 4 << 20
    while place.run(["--version"], memory=size)[0] not in (0, 3):
        size += 256 << 10
    return size


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True, type=os.path.abspath)
    parser.add_argument("--preload", required=True, type=os.path.abspath)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--first", type=int, default=20)
    parser.add_argument("--samples", type=int, default=10)
    parser.add_argument("--only", action="append", choices=sorted(COMMANDS))
    parser.add_argument("--all", action="store_true")
    arguments = parser.parse_args()
    template = prepare(arguments)
    least = least_memory(template)
    sweeps = [Sweep(name, template, arguments) for name in arguments.only or COMMANDS]
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        done = list(pool.map(lambda sweep: sweep.run(least), sweeps))
    problems = [problem for sweep in done for problem in sweep.problems]
    for problem in problems[:50]:
        print(f"alloc.py: {problem}", file=sys.stderr)
    runs, told = sum(sweep.runs for sweep in done), sum(sweep.told for sweep in done)
    print(f"{len(done)} commands, {runs} runs, {told} of them out of memory, {len(problems)} problems")
    print(f"counted: {told} allocations that fail")
    if not problems and min(sweep.told for sweep in done) == 0:
        sys.exit("alloc.py: a command never ran out of memory: nothing was tested")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
