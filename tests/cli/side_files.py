#!/usr/bin/env python3
"""Side files of a log: a kill at any moment leaves the old or the new one, and several processes at once do no harm.

    side_files.py --program PATH --preload KILL_AT.SO [--rounds N]

For each kind of side file (.dlx, .dlc, .ann), the command that makes it and the one that brings it up to date are killed before, within and
after each of their calls that change files. Then the log has its bytes, the side file is the old or the new one, all answers are those that the
log gives without side files, and the next run gives what an undisturbed one gives and leaves no temporary file. No assertion is about time.
"""
import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from run import environment

REINDEX = ["reindex", "log.dlog"]
KINDS = {  # kind of side file: the command that makes it or brings it up to date
    "dlx": [*REINDEX, "--checkpoint-cost", "none"],
    "dlc": [*REINDEX, "--checkpoint-cost", "0.000001"],
    "ann": [*REINDEX, "--ann"],
}
QUESTIONS = [
    ["snapshot", "log.dlog", "-o", "-", "--to", "ndjson"],
    ["blame", "log.dlog", "--id", "v7", "--json"],
    ["search", "log.dlog", "--id", "v7", "-k", "3", "--json"],
]
problems = []


def check(holds, what):
    if not holds:
        problems.append(what)


VECTORS = 150


def updates(numbers, first, count):
    """Each vector is created once and changed often, so that checkpoints are smaller than the log."""
    return "".join(json.dumps({"id": f"v{i % VECTORS}", "op": "create" if i < VECTORS else "dense",
                               "vector": [round(numbers.gauss(0, 1), 3) for _ in range(4)]}) + "\n"
                   for i in range(first, first + count)).encode()


class Place:
    """A directory with a log, and the program in it."""

    def __init__(self, arguments, name):
        self.folder = tempfile.TemporaryDirectory(prefix=f"deltalog-{name}-")
        self.path = Path(self.folder.name)
        self.program, self.preload = str(Path(arguments.program).resolve()), str(Path(arguments.preload).resolve())
        self.env = environment(arguments.program, self.path)
        self.numbers = random.Random(1)
        self.appended = self.appends = 0

    def run(self, *words, data=b"", kill_at=0, whole=False):
        env = self.env
        if kill_at:
            env = {**env, "LD_PRELOAD": self.preload, "DELTA_KILL_AT": str(kill_at), "DELTA_KILL_WHOLE": "1" if whole else "0"}
        done = subprocess.run([self.program, *words], cwd=self.path, env=env, input=data, capture_output=True, timeout=300, check=False)
        return done.returncode, done.stdout, done.stderr.decode()

    def append(self, count=100):
        second = self.appends
        self.appends += 1
        to = ["--append" if self.appended else "-o", "log.dlog"]
        code, _, error = self.run("encode", "-", *to, "--at", f"2026-01-01T00:{second // 60:02}:{second % 60:02}Z",
                                  data=updates(self.numbers, self.appended, count))
        check(code == 0, f"append exits with {code}: {error}")
        self.appended += count

    def content(self):
        return {p.name: p.read_bytes() for p in self.path.iterdir()}

    def restore(self, before):
        for name in set(self.content()) - set(before):
            (self.path / name).unlink()
        for name, data in before.items():
            (self.path / name).write_bytes(data)

    def answers(self):
        """What the questions say, apart from how they were answered."""
        out = []
        for words in QUESTIONS:
            code, said, error = self.run(*words)
            check(code == 0, f"{words} exits with {code}: {error}")
            out.append(said.replace(b'"method":"index"', b'"method":"exact"') if words[0] == "search" else said)
        return out


def right_answers(place):
    """Those of the log alone."""
    with tempfile.TemporaryDirectory() as kept:
        sides = [p for p in place.path.iterdir() if p.name != "log.dlog"]
        for side in sides:
            shutil.move(str(side), kept)
        found = place.answers()
        for side in sides:
            shutil.move(str(Path(kept) / side.name), side)
    return found


def index_worth(place):
    _, out, _ = place.run("reindex", "log.dlog", "--check", "--json")
    return next(json.loads(line)["found"] for line in out.splitlines() if b'"type":"index"' in line)


def kills(arguments, kind, is_new):
    """Kills one command at each of its calls that change files. Returns how many kills there were."""
    command, name = KINDS[kind], f"log.dlog.{kind}"
    place = Place(arguments, "kills")
    place.append(1000)
    if kind == "dlc":
        place.run(*KINDS["dlx"])
    if not is_new:
        code, _, error = place.run(*command)
        check(code == 0, f"{kind}: exits with {code}: {error}")
        old = (place.path / "log.dlog.dlx").read_bytes() if kind == "dlx" else None
        place.append(300)
        if kind == "dlx":  # what an append that could not extend it leaves
            (place.path / "log.dlog.dlx").write_bytes(old)
    before, right = place.content(), right_answers(place)
    code, _, error = place.run(*command)
    check(code == 0, f"{kind}: exits with {code}: {error}")
    after, killed = place.content(), 0
    check(after[name] != before.get(name), f"{kind}: the command changes nothing, so there is nothing to test")
    for whole in (False, True):
        for number in range(1, 10_000):
            place.restore(before)
            code, _, error = place.run(*command, kill_at=number, whole=whole)
            if code == 0:
                break
            killed += 1
            what = f"{kind}, {'new' if is_new else 'old'}, killed {'after' if whole else 'at'} call {number}"
            check(code == -9, f"{what}: exits with {code}: {error}")
            now = place.content()
            check(now["log.dlog"] == before["log.dlog"], f"{what}: the log changed")
            if kind == "dlx" and not is_new:  # it grows in place: what stands behind its last seal does not count
                check(index_worth(place) in ("behind", "whole"), f"{what}: the index is {index_worth(place)}")
            else:
                check(now.get(name) in (before.get(name), after[name]), f"{what}: neither the old nor the new file")
            check(place.answers() == right, f"{what}: an answer is wrong")
            code, _, error = place.run(*command)
            check(code == 0, f"{what}: the next run exits with {code}: {error}")
            now = place.content()
            check(set(now) == set(after), f"{what}: the next run leaves {sorted(set(now) ^ set(after))}")
            check(now.get(name) == after[name], f"{what}: the next run gives another file")
            check(place.answers() == right, f"{what}: an answer is wrong after the next run")
    return killed


def at_once(arguments, kind, rounds):
    """Two processes bring one side file up to date, while a third one appends."""
    place = Place(arguments, "at-once")
    place.append(1000)
    failures = []

    def loop():
        for _ in range(rounds):
            code, _, error = place.run(*KINDS[kind])
            if code != 0:
                failures.append(f"{kind}: one of two exits with {code}: {error}")

    workers = [threading.Thread(target=loop) for _ in range(2)]
    for worker in workers:
        worker.start()
    for _ in range(rounds):
        place.append(3)
    for worker in workers:
        worker.join()
    problems.extend(failures)
    right = right_answers(place)
    check(place.answers() == right, f"{kind}: an answer is wrong after two at once")
    code, _, error = place.run(*KINDS[kind])
    check(code == 0, f"{kind}: after two at once it exits with {code}: {error}")
    check(place.answers() == right, f"{kind}: an answer is wrong at the end")
    code, out, error = place.run("reindex", "log.dlog", "--check", *(["--ann"] if kind == "ann" else []))
    check(code == 0, f"{kind}: --check exits with {code}: {out.decode()} {error}")
    left = [name for name in place.content() if name.startswith(".")]
    check(not left, f"{kind}: temporary files are left: {left}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--preload", required=True)
    parser.add_argument("--rounds", type=int, default=8)
    arguments = parser.parse_args()
    for kind in KINDS:
        for is_new in (True, False):
            killed = kills(arguments, kind, is_new)
            check(killed >= 4, f"{kind}: only {killed} kills")
            print(f"{kind}, {'made' if is_new else 'brought up to date'}: killed {killed} times")
            print(f"counted: {killed} kills")
        at_once(arguments, kind, arguments.rounds)
    print("\n".join(problems[:20]), end="\n" if problems else "")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
