#!/usr/bin/env python3
"""A year of nights: append the day's changes, then prune by the calendar; now and then tags, and a replica that comes late.

usage: year.py --program DELTALOG [--nights N] [--seed S] [--every N]

Beside it stands the same log, never pruned. What the pruned one says that it answers must be the very microseconds that Python's calendar gives: each
night the stills that the rules keep, and of the nights what all of them kept. Every 30th night (--every) state and blame at each end of each of these
stills, and at each release, must be those of the whole log.
"""
import argparse
import bisect
import datetime
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

FOREVER = (1 << 52) - 1
DAY = 86_400_000_000
BEGIN = datetime.datetime(2025, 3, 1, tzinfo=datetime.timezone.utc)  # so that a year's end, and a February, lie inside
RULES = {"daily": 7, "weekly": 4, "monthly": 12}
PERIODS = {"daily": lambda t: t.date(), "weekly": lambda t: t.isocalendar()[:2], "monthly": lambda t: (t.year, t.month)}


def micros(time):
    return (time - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(microseconds=1)


def when(us):
    return datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(microseconds=us)


def text(us):
    return when(us).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parsed(text):
    return micros(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")))


class Log:
    def __init__(self, program, path):
        self.program, self.path = program, str(path)

    def run(self, *arguments, stdin="", clock=None, fails=False):
        environment = dict(os.environ, TZ="UTC")
        if clock is not None:
            environment["SOURCE_DATE_EPOCH"] = str(clock // 1_000_000)
        done = subprocess.run([self.program, *arguments], input=stdin, capture_output=True, text=True, env=environment)
        if done.returncode != 0 and not fails:
            sys.exit(f"{' '.join(arguments)}: exit {done.returncode}: {done.stderr}")
        return done.stdout if done.returncode == 0 else None

    def state(self, at):
        return self.run("snapshot", self.path, "--at", at, "--to", "ndjson", "-o", "-", fails=True)

    def blame(self, at, vector):
        return self.run("blame", self.path, "--id", vector, "--at", at, "--json", fails=True)

    def answers(self):
        info = json.loads(self.run("info", self.path, "--json").splitlines()[0])
        return [(parsed(r["first"]), parsed(r["last"])) for r in info["answers"]], {t["name"]: t["answered"] for t in info["tags"]}


def kept_stills(moments, tags):
    """The numbers of the stills that tonight's rules keep: still i begins at moments[i]."""
    kept = {len(moments) - 1}
    for rule, count in RULES.items():
        seen = []
        for i in range(len(moments) - 1, -1, -1):
            period = PERIODS[rule](when(moments[i]))
            if period in seen:
                continue
            if len(seen) == count:
                break
            seen.append(period)
            kept.add(i)
    for at in tags:
        if at >= moments[0]:
            kept.add(bisect.bisect_right(moments, at) - 1)
    return kept


def ranges_of(moments, kept):
    ranges = [(0, moments[0] - 1)] + [(moments[i], moments[i + 1] - 1 if i + 1 < len(moments) else FOREVER) for i in sorted(kept)]
    return joined(ranges)


def joined(ranges):
    out = []
    for first, last in ranges:
        if out and out[-1][1] + 1 == first:
            out[-1] = (out[-1][0], last)
        else:
            out.append((first, last))
    return out


def intersected(a, b):
    out = [(max(f, g), min(l, m)) for f, l in a for g, m in b if max(f, g) <= min(l, m)]
    return joined(sorted(out))


class Year:
    def __init__(self, program, where, seed):
        self.random = random.Random(seed)
        self.pruned, self.whole = Log(program, where / "pruned.dlog"), Log(program, where / "whole.dlog")
        self.where, self.program = where, program
        self.moments, self.answered = [], [(0, FOREVER)]
        self.time_tags, self.releases = {}, set()
        self.compared = 0

    def both(self, *arguments, **options):
        for log in (self.pruned, self.whole):
            log.run(*[log.path if a == "LOG" else a for a in arguments], **options)

    def note(self, *moments):
        self.moments = sorted({*self.moments, *moments})

    def changes(self, times):
        """Lines of whole vectors and patches, each at its time."""
        lines = []
        for time in times:
            value = self.random.randrange(1_000_000)
            line = {"id": self.random.choice("ab"), "ts": text(time)}
            line |= {"vector": [value, 1, 2]} if self.random.random() < 0.5 or time == times[0] else {"op": "sparse", "indices": [1], "values": [value]}
            lines.append(json.dumps(line))
        return "\n".join(lines) + "\n"

    def night(self, number):
        begin = micros(BEGIN) + number * DAY
        clock = begin + DAY - 1_000_000
        if number == 0:
            first = "".join(json.dumps({"id": v, "vector": [0, 0, 0], "ts": text(begin)}) + "\n" for v in "ab")
            self.both("encode", "-", "-o", "LOG", stdin=first, clock=clock)
            self.note(begin)
        elif self.random.random() < 0.85:  # there are days on which nothing happens
            times = sorted(begin + self.random.randrange(60, 86_000) * 1_000_000 for _ in range(self.random.randrange(1, 4)))
            self.both("encode", "-", "--append", "LOG", stdin=self.changes(times), clock=clock)
            self.note(*times)
        self.tag(number, begin, clock)
        if number % 50 == 20:
            self.leave(number, begin)
        if number % 50 == 41:
            self.come_late(clock)
        self.prune(clock)

    def tag(self, number, begin, clock):
        if number % 40 == 11:
            name = f"release-{number}"
            self.both("tag", "LOG", name, clock=clock)
            self.releases.add(name)
        if number % 60 == 25:
            name, at = f"time-{number}", begin - 5 * 3600 * 1_000_000
            self.both("tag", "LOG", name, "--at", text(at), clock=clock)
            self.time_tags[name] = at
            self.note(clock)
        if number % 130 == 129:
            name = self.random.choice(sorted(self.releases))
            self.both("tag", "LOG", name, "--delete", clock=clock)
            self.releases.discard(name)
            self.note(clock)

    def leave(self, number, begin):
        """A replica goes away with what there is, and writes there."""
        times = [begin + DAY - 500_000 + i for i in range(3)]
        lines = "".join(json.dumps({"id": "a", "op": "offset", "amount": i + 1, "ts": text(t)}) + "\n" for i, t in enumerate(times))
        log = Log(self.program, self.where / "late.dlog")
        log.run("encode", "-", "--base", self.whole.path, "-o", log.path, "--origin", f"late{number}", stdin=lines, clock=times[-1])
        self.late = log.path, times

    def come_late(self, clock):
        path, times = self.late
        for log in (self.pruned, self.whole):
            log.run("merge", path, "--into", log.path)
        os.unlink(path)
        self.note(*times)

    def prune(self, clock):
        rules = [part for rule, count in RULES.items() for part in ("--keep", f"{rule}:{count}")]
        self.pruned.run("compact", self.pruned.path, "--in-place", "--keep", "tags", *rules, clock=clock)
        self.answered = intersected(self.answered, ranges_of(self.moments, kept_stills(self.moments, self.time_tags.values())))

    def check(self, number):
        ranges, tags = self.pruned.answers()
        if ranges != self.answered:
            sys.exit(f"night {number}: answers\n{[(text(a), text(min(b, micros(BEGIN) + 999 * DAY))) for a, b in ranges]}\nnot\n"
                     f"{[(text(a), text(min(b, micros(BEGIN) + 999 * DAY))) for a, b in self.answered]}")
        for name in self.releases:
            if not tags[name]:
                sys.exit(f"night {number}: {name} is not answered")
            self.compare(name)
        for first, last in ranges:
            inside = [m for m in self.moments if first <= m <= last]
            for at in {first, last if last != FOREVER else self.moments[-1] + 1, *inside, *(m - 1 for m in inside if m > first)}:
                self.compare(text(at))
        refused = [m for m in self.moments if not any(first <= m <= last for first, last in ranges)]
        for at in self.random.sample(refused, min(3, len(refused))):
            if self.pruned.state(text(at)) is not None:
                sys.exit(f"night {number}: {text(at)} is answered, and was not kept")

    def compare(self, at):
        self.compared += 1
        if self.pruned.state(at) != self.whole.state(at):
            sys.exit(f"at {at}: {self.pruned.state(at)} not {self.whole.state(at)}")
        if self.pruned.blame(at, "a") != self.whole.blame(at, "a"):
            sys.exit(f"blame at {at}: {self.pruned.blame(at, 'a')} not {self.whole.blame(at, 'a')}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--every", type=int, default=30, help="nights between two comparisons of everything")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        year = Year(options.program, pathlib.Path(directory), options.seed)
        for number in range(options.nights):
            year.night(number)
            if number % options.every == options.every - 1 or number == options.nights - 1:
                year.check(number)
        size = pathlib.Path(year.pruned.path).stat().st_size, pathlib.Path(year.whole.path).stat().st_size
    print(f"ok: {options.nights} nights, {year.compared} cuts compared; {size[0]} bytes pruned, {size[1]} whole")


if __name__ == "__main__":
    main()
