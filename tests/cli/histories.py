#!/usr/bin/env python3
"""Random histories through the command line agree with an executable model.

usage: histories.py --program DELTALOG [--histories N] [--seed S] [--only N] [--mutants]

Two to four replicas, each a log of its own, write, merge (whole logs and bundles, so that commits come before their causes), prune under random
rules, and set and move tags. After each step, and of the union of all at the end, the program must say what model.py says: which times and releases
it answers, the state there bit for bit, blame, what the author of a delta saw; and it must refuse the rest. A history that differs prints its number
and its commands as a script; --only N runs that one again.

With --mutants the model is made wrong in one way after another, and the program must be caught contradicting each.
"""
import argparse
import collections
import datetime
import json
import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile

import model
from dlog import floats
from run import environment

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
HOUR = 3_600_000_000
DAY = 24 * HOUR
BEGIN = (datetime.datetime(2025, 12, 31, 23, 59, 59, 999_990, datetime.timezone.utc) - EPOCH) // datetime.timedelta(microseconds=1)
NAMES, VECTORS, DIMS = ["ann", "bob", "main", "zoe"], ["p", "q"], 3
VALUES = [floats.bits_of(v) for v in (1, 2, -2, -0.0, 0.0, 3e38, -1e-40, 0.1, -5, 7)]
FACTORS = [floats.bits_of(v) for v in (-1, -3, 1e30, 0.5, -1e-30, 3)]
BOUNDS = [tuple(map(floats.bits_of, bounds)) for bounds in ((-1, 2), (0.5, 0.5), (-3, -0.0))]
PATCHES = [{"a": 1}, {"a": 2}, {"a": None}, {"a": {"x": 1}}, {"a": {"x": None, "y": [1]}}, {"b": "t"}, {"a": {"z": {}}, "b": None},
           {"b": {"x": 2}, "a": [{}]}]
POLICIES = [None, None, "max", "average"]
PERIODS = {"hourly": lambda t: (t.date(), t.hour), "daily": lambda t: t.date(), "weekly": lambda t: t.isocalendar()[:2],
           "monthly": lambda t: (t.year, t.month), "yearly": lambda t: t.year}


class Differs(Exception):
    pass


def when(us):
    return EPOCH + datetime.timedelta(microseconds=us)


def text(us):
    return when(us).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parsed(time):
    return (datetime.datetime.fromisoformat(time.replace("Z", "+00:00")) - EPOCH) // datetime.timedelta(microseconds=1)


def bits(value):
    """Of a float as --json writes it."""
    return int(value, 16) if isinstance(value, str) else floats.bits_of(float(value))


def number(value):
    """A JSON number that is exactly this float32."""
    return floats.value_of(value)


def objects(output):
    return [json.loads(line) for line in output.splitlines()]


def expect(what, said, meant):
    if said != meant:
        raise Differs(f"{what}:\n  program: {said}\n  model:   {meant}")


class Program:
    """Runs commands, and remembers them as a script."""

    def __init__(self, path, folder):
        self.path, self.folder, self.environment, self.script = path, folder, environment(path, folder), []

    def run(self, *words, stdin="", clock=None):
        """(exit code, stdout, stderr)"""
        line = ("" if clock is None else f"SOURCE_DATE_EPOCH={clock} ") + "deltalog " + shlex.join(words)
        self.script.append(line + (f" <<'END'\n{stdin}END" if stdin else ""))
        variables = self.environment if clock is None else {**self.environment, "SOURCE_DATE_EPOCH": str(clock)}
        done = subprocess.run([self.path, *words], input=stdin, capture_output=True, text=True, cwd=self.folder, env=variables, check=False)
        return done.returncode, done.stdout, done.stderr

    def do(self, codes, *words, **options):
        code, out, error = self.run(*words, **options)
        if code not in codes:
            raise Differs(f"exit {code}, not {' or '.join(map(str, codes))}: {error}")
        return out

    def copy(self, old, new):
        self.script.append(f"cp {old} {new}")
        shutil.copy(os.path.join(self.folder, old), os.path.join(self.folder, new))

    def move(self, old, new):
        self.script.append(f"mv {old} {new}")
        os.replace(os.path.join(self.folder, old), os.path.join(self.folder, new))


class History:
    def __init__(self, program, folder, seed, variant=""):
        self.random, self.model = random.Random(seed), model.Model(DIMS, variant)
        self.program, self.truth = Program(program, folder), not variant
        self.origins = self.random.sample(NAMES, self.random.randint(2, 4))
        self.holdings = {origin: {} for origin in self.origins}
        self.late = []  # (file, holding): what a replica was once
        self.clocks = {origin: BEGIN + self.random.randrange(9) for origin in self.origins}
        self.counts = collections.Counter()

    def file(self, origin):
        return f"{origin}.dlog"

    def codes(self, holding):
        """Of a command that does what it is asked."""
        return (0,) if len(self.model.folded(holding)) == len(holding) else (0, 4)

    def play(self):
        for _ in range(self.random.randint(10, 28)):
            origin = self.random.choice(self.origins)
            steps = [self.write] * 10 + [self.merge] * 5
            if self.holdings[origin]:
                steps += [self.compact] * 6 + [self.tag] * 4
            step = self.random.choice(steps)
            step(origin)
            self.counts[step.__name__] += 1
            if self.holdings[origin] and self.random.random() < 0.2:
                self.late.append((f"late{len(self.late)}.dlog", self.holdings[origin]))
                self.program.copy(self.file(origin), self.late[-1][0])
            if self.holdings[origin]:
                self.check([self.file(origin)], self.holdings[origin], 0 if step in (self.write, self.tag) else 4)
        self.end()

    def end(self):
        whole, files = {}, [self.file(o) for o in self.origins if self.holdings[o]]
        for holding in self.holdings.values():
            whole = self.model.unite(whole, holding)
        if not whole:
            return
        self.random.shuffle(files)
        if self.random.random() < 0.5:
            self.program.do(self.codes(whole), "merge", *files, "-o", "union.dlog")
            files = ["union.dlog"]
        self.check(files, whole, 16)

    # Steps.

    def write(self, origin):
        holding = self.holdings[origin]
        context, parents = self.context(origin, holding)
        floor = max((d.us for d in self.model.of_dot.values() if model.has(context, d)), default=0)
        exists = set(self.model.state(holding, lambda d: model.has(context, d)))
        deltas, times, clock = [], [], max(self.clocks[origin], floor)
        for _ in range(self.random.choice((1, 1, 2, 4))):
            clock += self.random.choice((HOUR, 5 * HOUR, DAY, 12 * DAY)) if self.random.random() < 0.08 else self.random.choice((0, 0, 0, 1, 1, 2, 5))
            deltas.append(self.delta(exists))
            times.append(clock)
        self.clocks[origin] = clock
        lines = [{"ts": text(t), **self.line(d)} for d, t in zip(deltas, times)]
        if parents:
            lines[0]["parents"] = parents
        self.encode(origin, "".join(json.dumps(line) + "\n" for line in lines))
        number = self.model.write(origin, context, deltas, times)
        self.holdings[origin] = {**holding, number: self.model.whole(number)}

    def context(self, origin, holding):
        """All that is folded; or, now and then, less, and then the parents that say so."""
        context = self.model.seen(holding)
        if not context or self.random.random() < 0.8:
            return context, None
        less = self.model.context_of(self.random.choice(self.model.in_key_order(holding)))
        if origin in context:
            own = self.model.context_of(self.model.of_dot[origin, context[origin]])
            less = {o: max(less.get(o, 0), own.get(o, 0)) for o in {*less, *own}}
        return (less, self.model.parents(less)) if self.model.answers(holding, less) else (context, None)

    def delta(self, exists):
        pick = self.random.choice
        vector = pick(VECTORS)
        op = pick(("create", "dense", "sparse", "sparse", "scale", "offset", "negate", "abs", "clamp", "delete")) if vector in exists else "create"
        dims = self.random.sample(range(DIMS), self.random.randint(1, DIMS)) if op == "sparse" else range(DIMS)
        delta = model.Delta(op, vector)
        if op in model.ASSIGNMENTS:
            delta.values = {dim: pick(VALUES) for dim in sorted(dims)}
        delta.parameters = {"scale": (pick(FACTORS),), "offset": (pick(VALUES),), "clamp": pick(BOUNDS)}.get(op, ())
        if op != "delete" and self.random.random() < 0.3:
            delta.patch = pick(PATCHES)
        exists.discard(vector) if op == "delete" else exists.add(vector)
        return delta

    def line(self, d):
        line = {"id": d.vector, "op": "transform" if d.op in ("negate", "abs", "clamp") else d.op}
        values = [number(v) for v in d.values.values()]
        line |= {"create": {"vector": values}, "dense": {"vector": values}, "sparse": {"indices": list(d.values), "values": values},
                 "scale": {"factor": number(d.parameters[0])} if d.op == "scale" else {},
                 "offset": {"amount": number(d.parameters[0])} if d.op == "offset" else {},
                 "clamp": {"args": [number(p) for p in d.parameters]}}.get(d.op, {})
        if line["op"] == "transform":
            line["transform"] = d.op
        return {**line, "metadata": d.patch} if d.patch else line

    def encode(self, origin, lines):
        log, to = self.file(origin), ["encode", "-", "--origin", origin]
        if not self.holdings[origin]:
            self.program.do((0,), *to, "-o", log, stdin=lines)
        elif self.random.random() < 0.8:
            self.program.do(self.codes(self.holdings[origin]), *to, "--append", log, stdin=lines)
        else:
            self.program.do(self.codes(self.holdings[origin]), *to, "--base", log, "-o", "new.dlog", "-f", stdin=lines)
            self.program.do(self.codes(self.holdings[origin]), "merge", "new.dlog", "--into", log)

    def merge(self, to):
        logs = [(self.file(o), self.holdings[o]) for o in self.origins if o != to and self.holdings[o]] + self.late[-4:]
        if not logs:
            return
        (file, sent), (without, known) = self.random.choice(logs), self.random.choice(logs)
        holding, files = self.holdings[to], [file]
        # Of what the other log has pruned, a bundle carries another copy, but not the same one.
        pruned = any(copy.records for number, copy in known.items() if number in sent)
        if without != file and not pruned and self.random.random() < 0.5:
            sent = {number: copy for number, copy in sent.items() if number not in known}
            self.program.do(self.codes(sent) if sent else (1, 4), "merge", file, "--not-in", without, "-o", "bundle.dlog", "-f")
            if not sent:
                return
            files = ["bundle.dlog"]
        both = self.model.unite(holding, sent)
        if not holding:
            self.program.do(self.codes(both), "merge", *files, "-o", self.file(to))
        elif self.random.random() < 0.7:
            self.program.do(self.codes(both), "merge", *files, "--into", self.file(to))
        else:
            self.program.do(self.codes(both), "merge", *files, self.file(to), "-o", "both.dlog")
            self.program.move("both.dlog", self.file(to))
        self.holdings[to] = both

    def compact(self, origin):
        log, holding = self.file(origin), self.holdings[origin]
        other = self.random.choice(self.origins) if self.random.random() < 0.2 else origin
        holding = self.model.unite(holding, self.holdings[other])
        rules, options, asked, releases = self.rules(holding)
        whole_deltas = bool(rules) and self.random.random() < 0.15
        after = self.model.prune(holding, asked, releases, whole_deltas) if rules else holding
        options += ["--json", *(word for rule in rules for word in ("--keep", rule)), *(["--whole-deltas"] if whole_deltas else [])]
        if other == origin or not self.holdings[other]:
            out = self.program.do(self.codes(holding), "compact", log, "--in-place", *options)
        else:
            out = self.program.do(self.codes(holding), "compact", self.file(other), log, "-o", "new.dlog", "-f", *options)
            self.program.move("new.dlog", log)
        said, packed = objects(out)[0], self.model.packed(after)
        deltas = [(left, proved) for number, copy in packed.items() if not self.model.commits[number].deltas[0].setting
                  for left, proved in zip(copy.left, copy.proved)]
        meant = {"pruned_commits": sum(bool(copy.records) for copy in packed.values()), "kept": sum(bool(left) for left, _ in deltas),
                 "partial": sum(bool(left) and not proved for left, proved in deltas)}
        expect(f"{log} after compact", {name: said[name] for name in meant}, meant)
        self.holdings[origin] = packed if said["repacked"] else after
        self.counts["prunings that let something go"] += after != holding

    def rules(self, holding):
        """Some rules, what stands beside them, and what they keep: times, and contexts."""
        all_times = self.model.moments(holding) or [BEGIN]
        rules, options, asked, releases = [], [], [], []
        kinds = self.random.sample(["now", "now", "since", "every", "tags", "tags", "tags", *PERIODS], self.random.choice((0, 1, 1, 1, 2, 3)))
        last = max(all_times)
        at = self.random.choice(all_times) + self.random.choice((0, 0, DAY, -DAY))
        # Not in the middle of a period, of which the last moment might then mean two things.
        plain = all(t <= at or PERIODS[k](when(t)) > PERIODS[k](when(at)) for t in all_times for k in kinds if k in PERIODS)
        if plain and self.random.random() < 0.3:
            last, options = at, ["--at", text(at)]
        for kind in kinds:
            if kind == "since":
                since = self.random.choice(all_times) + self.random.choice((0, 0, 1, -1))
                rules.append(f"since:{text(since)}")
                asked.append((since, model.FOREVER))
            elif kind == "every":
                step = self.random.choice((1, 6, 24, 240))
                rules.append(f"every:{step}h")
                asked += [(end, end) for t in all_times for end in [t - t % (step * HOUR) + step * HOUR - 1]]
            elif kind == "tags":
                rules.append(kind)
                for what in self.model.tags(holding).values():
                    (releases if isinstance(what, dict) else asked).append(what if isinstance(what, dict) else (what, what))
            elif kind == "now":
                rules.append(kind)
            else:
                count = self.random.randint(1, 3)
                rules.append(f"{kind}:{count}")
                asked += self.periods(holding, kind, count, last)
        return rules, options, model.joined(asked), releases

    def periods(self, holding, kind, count, last):
        """The last moments of the periods in which something happened."""
        latest = {PERIODS[kind](when(t)): t for t in self.model.moments(holding)}
        return [(latest[p], latest[p]) for p in sorted(latest) if p <= PERIODS[kind](when(last))][-count:]

    def tag(self, origin):
        holding, pick = self.holdings[origin], self.random.choice
        folded = self.model.in_key_order(holding)
        if not folded:
            return
        tags, context = self.model.tags(holding), self.model.seen(holding)
        latest = max(d.us for d in folded)
        name, clock = pick(("v1", "v2", "v3")), -(-latest // 1_000_000)
        words, kind = ["--force"], self.random.random()
        if name in tags and kind < 0.2:
            words, setting, time = ["--delete"], ("untag", name), clock * 1_000_000
        elif kind < 0.5:
            at = pick(folded).us + pick((0, 0, 1, -1))
            words, setting, time = [*words, "--at", text(at)], ("tag", name, at), clock * 1_000_000
        elif kind < 0.65:
            d = pick(folded)
            words, setting, time, clock = [*words, "--as-seen-by", d.dot], ("release", name, self.model.context_of(d)), latest, None
        else:
            setting, time, clock = ("release", name), latest, None
        self.program.do(self.codes(holding), "tag", self.file(origin), name, *words, "--origin", origin, clock=clock)
        number = self.model.write(origin, context, [model.Delta("setting", setting=setting)], [time])
        self.holdings[origin] = {**holding, number: self.model.whole(number)}

    # Questions.

    def check(self, files, holding, most):
        """What is answered; and then what the answers are, at up to so many cuts."""
        folded, tags = self.model.in_key_order(holding), self.model.tags(holding)
        times = self.model.answered(holding)
        info = objects(self.program.do(self.codes(holding), "info", *files, "--json"))[0]
        expect("pending commits", info["pending"], len(holding) - len(self.model.folded(holding)))
        expect("answers", [(text(parsed(r["first"])), text(parsed(r["last"]))) for r in info["answers"]], [(text(a), text(b)) for a, b in times])
        expect("tags", {t["name"]: t["answered"] for t in info["tags"]},
               {name: self.answers(holding, what) for name, what in tags.items()})
        if not folded:
            return
        moments = {t for d in folded for t in (d.us, d.us - 1)} | {edge for r in times for edge in r if BEGIN < edge < BEGIN + 999 * DAY}
        cuts = [(["--at", text(t)], t) for t in sorted(moments)] + [(["--as-seen-by", d.dot], self.model.context_of(d)) for d in folded]
        cuts = [([], None), *self.random.sample(cuts, min(most, len(cuts)))]
        cuts += [(["--at", name], what) for name, what in tags.items() if most]
        for words, cut in cuts:
            self.ask(files, holding, words, cut)

    def answers(self, holding, cut):
        if isinstance(cut, dict):
            return self.model.answers(holding, cut)
        return cut is None or model.meets(self.model.answered(holding), cut, cut)

    def holds(self, cut):
        if isinstance(cut, dict):
            return lambda d: model.has(cut, d)
        return lambda d: cut is None or d.us <= cut

    def ask(self, files, holding, words, cut):
        """State or blame at one cut."""
        policy = self.random.choice(POLICIES)
        options = [*words, *(["--policy", policy] if policy else [])]
        state = self.model.state(holding, self.holds(cut)) if self.answers(holding, cut) else None
        if self.random.random() < 0.5:
            code, out, error = self.program.run("snapshot", *files, "--to", "ndjson", "-o", "-", *options)
            said = [(o["id"], [bits(v) for v in o["vector"]], o.get("metadata", {})) for o in objects(out)]
            meant = self.rows(state or {}, policy)
            least = min(d.us for d in self.model.in_key_order(holding))
            codes = (1,) if isinstance(cut, int) and cut < least else (0,)
        else:
            code, out, error = self.program.run("blame", *files, "--id-glob", "*", "--json", *options)
            said, meant, codes = self.blamed(objects(out)), self.blame(state or {}, policy), (0,) if state else (1,)
        self.counts["cuts refused" if state is None else "cuts compared"] += 1
        if state is None:
            if code != 3 or "does not answer" not in error:
                raise Differs(f"{options} is not kept, and not refused: exit {code}: {out}{error}")
            return
        if code not in (codes if self.codes(holding) == (0,) else (4,)):
            raise Differs(f"{options}: exit {code}: {error}")
        expect(f"{options}", said, meant)
        if self.truth:  # and what the laws say of what nobody pruned
            whole = {number: self.model.whole(number) for number in self.model.folded(holding)}
            state = self.model.state(whole, self.holds(cut))
            expect(f"{options}, never pruned", said, self.rows(state, policy) if isinstance(meant, list) else self.blame(state, policy))

    def rows(self, state, policy):
        ordered = sorted(state.items(), key=lambda item: item[1].created.key)
        return [(name, [model.decided(v.candidates[dim], policy)[0] for dim in range(DIMS)], v.metadata) for name, v in ordered]

    def blame(self, state, policy):
        out = {}
        for name, vector in state.items():
            out |= {(name, dim): model.blame(vector, dim, policy) for dim in range(DIMS)}
            out |= {(name, key): (vector.metadata[key], d.dot) for key, d in vector.set_by.items()}
        return out

    def blamed(self, lines):
        out = {}
        for o in lines:
            if o["type"] == "blame-metadata":
                out[o["id"], o["key"]] = (o["value"], o["from"]["dot"])
                continue
            dots = [[r["dot"] for r in o[part]] for part in ("from", "transforms", "losers")]
            for dim, value in zip(range(o["first"], o["last"] + 1), o["values"]):
                out[o["id"], dim] = (bits(value), *dots)
        return out


def run(program, seed, only, variant=""):
    """(what differs, or None; the history)"""
    with tempfile.TemporaryDirectory(prefix="deltalog-histories-") as folder:
        history = History(program, folder, f"{seed} {only}", variant)
        try:
            history.play()
        except Differs as difference:
            return str(difference), history
    return None, history


def catch_mutants(program, seed, most):
    missed = []
    for variant, what in model.VARIANTS.items():
        after = next((n + 1 for n in range(most) if run(program, seed, n, variant)[0]), None)
        print(f"{variant} ({what}): " + (f"noticed in history {after}" if after else f"not noticed in {most} histories"), flush=True)
        missed += [] if after else [variant]
    return not missed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--histories", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="the number of one history")
    parser.add_argument("--first", type=int, default=0, help="the number of the first history")
    parser.add_argument("--mutants", action="store_true", help="show that a wrong model is noticed, each within 300 histories")
    options = parser.parse_args()
    program = os.path.realpath(options.program)
    if options.mutants:
        sys.exit(0 if catch_mutants(program, options.seed, max(options.histories, 300)) else 1)
    counts, failed = collections.Counter(), 0
    numbers = range(options.first, options.first + options.histories) if options.only is None else [options.only]
    for n in numbers:
        difference, history = run(program, options.seed, n)
        counts += history.counts
        if difference:
            print(*history.program.script, sep="\n")
            print(f"history {n} of seed {options.seed} (--seed {options.seed} --only {n}): {difference}\n", flush=True)
            failed += 1
    print(f"{'FAILED' if failed else 'ok'}: {failed} of {len(numbers)} histories differ;", ", ".join(f"{v} {k}" for k, v in sorted(counts.items())))
    print(f"counted: {len(numbers)} histories")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
