"""The workload `questions`: what a question costs by the size of the log, although its answer is small.

Six logs, each large in another way. `--scale 1` makes them at full size, which takes an hour and 20 GB; targets apply only there. Every
figure is the CPU time of a whole process, since that is what a loaded machine tells. Where the program has `reindex`, each question is
asked once more beside the side file that it makes.
"""
import shutil
import sys

from measure import SCRATCH, Failed, Measurement, Rounds, Run, Several, tree_size
from report import Figure, Report, own_versions, seconds
from targets import at_least, at_most

BASE = "2026-01-01T00:00:00Z"
CLOCK = {"SOURCE_DATE_EPOCH": "1830000000"}  # later than every time of the logs
RATE = 100  # updates of W1 in each second of its clock


class Row:
    """A question: what it was, and what it is to become. `limit` of a ratio `of` another question, else seconds, bytes or a rate."""

    def __init__(self, name, question, before, target, unit="s", of=None, memory=None):
        self.name, self.question, self.before, self.target = name, question, before, target
        self.unit, self.of, self.memory = unit, of, memory  # memory: at most so many bytes


ROWS = [
    Row("W1 blame", "W1 `blame --id`", "115 / 12 ms", at_most(0.005)),
    Row("W1 point", "W1 `snapshot --id`", "115 / 12 ms", at_most(0.005)),
    Row("W1 append", "W1 append of one delta", "364 / 25 ms", at_most(0.010)),
    Row("W1 glob", "W1 `--id-glob` of a prefix", "593 / 65 ms", at_most(0.010)),
    Row("W1 show", "W1 `show DOT`", "1,625 / 2,845 ms", at_most(0.010)),
    Row("W1 since", "W1 `log --deltas --since`, the last 10 s", "1,602 / 2,962 ms", at_most(0.020)),
    Row("W1 many", "W1 `blame --ids-from` 1,000 ids, of the snapshot of these", "32.4 / 2.3 s", at_most(2), "x", "W1 some"),
    Row("W1 now", "W1 snapshot of now", "4.0 / 3.4 s", None),
    Row("W1 diff", "W1 `diff` of two moments, of one snapshot", "7.6 s", at_most(1.3), "x", "W1 then"),
    Row("W1 window", "W1 `log --window`", "9.7 s, 1.26 GB", at_most(2), memory=100e6),
    Row("W2 log", "W2 `log -n 1`", "1.2 to 1.8 s, 660 MB", at_most(0.050), memory=100e6),
    Row("W2 append", "W2 append of one delta", "1.3 s", at_most(0.010)),
    Row("W2 verify", "W2 `verify`", "2.9 s, 1.02 GB", at_most(1.5), memory=256e6),
    Row("W3 last", "W3 the last append, of the first", "54 ms after 4,000", at_most(2), "x", "W3 first"),
    Row("W3 all", "W3 all appends", "", at_most(60)),
    Row("W4 blame", "W4 `blame --id`", "41 ms", at_most(0.005)),
    Row("W4 append", "W4 append of one delta", "122 ms, 105 MB", at_most(0.010), memory=30e6),
    Row("W4 open", "W4 `log -n 1`", "22 ms", at_most(0.005)),
    Row("W5 encode", "W5 `encode`", "53 s", at_least(3e6), "deltas/s", memory=256e6),
    Row("W5 verify", "W5 `verify`", "32 s, 0.22 GB; packed 58 s, 8.5 GB", at_least(5e6), "deltas/s", memory=256e6),
    Row("W6 log", "W6 `log -n 1` of all files at `ulimit -n 1024`", "\"Too many open files\"", None),
]


class Logs:
    """Where the logs are, and how they are made. `sides`: packed and side files that a question may be asked of."""

    def __init__(self, options):
        self.options, self.scale = options, options.scale
        self.scratch = SCRATCH / options.workload
        self.tool = options.build / "apps/deltalog/deltalog"
        self.programs = options.build / "tests/bench"
        self.out = self.scratch / "out.npy"
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True)
        self.has_reindex = "reindex" in Run([self.tool, "--help"]).output

    def of(self, count, least=1):
        """A count of the full size, scaled."""
        return max(least, round(count * self.scale))

    def run(self, *words, good=(0, 1), **more):
        return Run([self.tool, *words], environment=CLOCK, good=good, **more)

    def say(self, what):
        print(f"bench: making {what} in {self.scratch}", file=sys.stderr)

    def updates(self, vectors, dims, first, last, rate=RATE):
        path = self.scratch / "updates.ndjson"
        Run([self.programs / "bench_updates", vectors, dims, first, last, rate], path)
        return path

    def encode(self, log, *words):
        return self.run("encode", *words, "-q", *(("--append", log) if log.exists() else ("-o", log)), good=(0,))

    def packed(self, log):
        packed = log.with_suffix(".packed.dlog")
        self.run("compact", log, "--keep", "all", "-q", "-o", packed, good=(0,))
        return packed

    def time(self, number):
        """Of an update of W1, as text."""
        second = number // RATE
        return f"2026-01-{1 + second // 86400:02}T{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}Z"


class Many:
    """W1: many small changes of many vectors, in 11 segments."""

    def __init__(self, logs):
        self.logs, self.vectors, self.deltas = logs, logs.of(200_000, 2000), logs.of(10_200_000, 20_000)
        self.log = logs.scratch / "w1.dlog"
        logs.say("W1")
        for part in range(11):
            first, last = (self.deltas * k // 11 for k in (part, part + 1))
            logs.encode(self.log, logs.updates(self.vectors, 128, first, last), "--commit-every", "1000")
        self.ids = logs.scratch / "ids"
        step = max(1, self.vectors // 1000)
        self.ids.write_text("".join(f"v{k:07}\n" for k in range(0, self.vectors, step)), encoding="ascii")
        self.kinds = {"fresh": self.log, "packed": logs.packed(self.log)}

    def questions(self, log):
        logs = self.logs
        then, before = logs.time(self.deltas * 7 // 8), logs.time(self.deltas * 3 // 4)
        line = logs.scratch / "line.ndjson"
        line.write_text('{"id":"v0000007","op":"scale","factor":0.5}\n', encoding="ascii")
        snapshot = ["snapshot", log, "-f", "-o", logs.out]
        return {
            "W1 blame": ["blame", log, "--id", "v0000007"],
            "W1 point": [*snapshot, "--id", "v0000007"],
            "W1 glob": [*snapshot, "--id-glob", "v000001*"],
            "W1 show": ["show", log, f"main:{self.deltas * 7 // 8}"],
            "W1 since": ["log", log, "--deltas", "--since", logs.time(self.deltas - 10 * RATE)],
            "W1 some": ["snapshot", log, "--ids-from", self.ids, "-f", "-o", logs.scratch / "some.ndjson"],
            "W1 many": ["blame", log, "--ids-from", self.ids],
            "W1 now": snapshot,
            "W1 then": [*snapshot, "--at", then],
            "W1 diff": ["diff", log, "--at", before, "--at", then, "--stat"],
            "W1 window": ["log", log, "--window", "tumbling:1h"],
            "W1 append": ["encode", line, "--append", log, "--origin", "carol", "-q"],
        }


class Commits:
    """W2: a commit for each delta."""

    def __init__(self, logs):
        self.logs, self.deltas = logs, logs.of(1_020_000, 2000)
        self.log = logs.scratch / "w2.dlog"
        logs.say("W2")
        logs.encode(self.log, logs.updates(max(2, self.deltas // 50), 128, 0, self.deltas), "--commit-every", "1")
        self.kinds = {"fresh": self.log, "packed": logs.packed(self.log)}

    def questions(self, log):
        line = self.logs.scratch / "line.ndjson"
        return {"W2 log": ["log", log, "-n", "1"], "W2 verify": ["verify", log, "-q"],
                "W2 append": ["encode", line, "--append", log, "--origin", "carol", "-q"]}


class Vectors:
    """W4: many vectors in one segment."""

    def __init__(self, logs):
        self.logs, self.log = logs, logs.scratch / "w4.dlog"
        vectors = logs.of(1_280_000, 2000)
        logs.say("W4")
        logs.encode(self.log, logs.updates(vectors, 8, 0, vectors), "--commit-every", "65536")
        self.kinds = {"fresh": self.log, "packed": logs.packed(self.log)}

    def questions(self, log):
        line = self.logs.scratch / "line.ndjson"
        return {"W4 blame": ["blame", log, "--id", "v0000007"], "W4 open": ["log", log, "-n", "1"],
                "W4 append": ["encode", line, "--append", log, "--origin", "carol", "-q"]}


class Files:
    """W6: a delta in each of 1,000 files; and more than a process may have open, whatever the scale."""

    def __init__(self, logs):
        self.logs, self.count = logs, 1000
        self.folder = logs.scratch / "w6"
        self.folder.mkdir()
        logs.say("W6")
        for number in range(self.count):
            line = self.folder / "line.ndjson"
            line.write_text(f'{{"id":"a","vector":[{number}],"ts":"{BASE}"}}\n', encoding="ascii")
            logs.run("encode", line, "--origin", f"o{number}", "-q", "-o", self.folder / f"{number:04}.dlog", good=(0,))
        self.kinds = {"fresh": self.folder}

    def questions(self, folder):
        return {"W6 log": ["sh", "-c", 'ulimit -n 1024; exec "$0" log "$1"/*.dlog -n 1', self.logs.tool, folder]}


def appends(logs):
    """W3: one append after the other, each a process. The first hundred, the last hundred, and all of them."""
    log, count = logs.scratch / "w3.dlog", logs.of(10_000, 300)
    logs.say("W3")
    logs.encode(log, logs.updates(2, 8, 0, 2))
    line = logs.scratch / "line.ndjson"
    line.write_text('{"id":"v0000001","op":"scale","factor":0.5}\n', encoding="ascii")
    runs = [logs.run("encode", line, "--append", log, "-q", good=(0,)) for _ in range(count)]
    return {"W3 first": [Several(runs[:100], mean=True)], "W3 last": [Several(runs[-100:], mean=True)], "W3 all": [Several(runs)]}


def throughput(logs):
    """W5: 500 versions of 200,000 x 8. Each version changes every row. What it takes: CPU seconds, and how many deltas that were."""
    rows, versions = logs.of(200_000, 2000), 499 if logs.scale >= 1 else 49
    folder, log = logs.scratch / "w5", logs.scratch / "w5.dlog"
    folder.mkdir()
    logs.say("W5")
    Run([logs.programs / "bench_workload", "sparse", folder, "--rows", rows, "--dims", 8, "--versions", versions, "--changed", 100])
    words = [*sorted(folder.glob("*.npy")), "--at", BASE, "--step", "1m"]
    encoded = logs.encode(log, *words)
    shutil.rmtree(folder)
    packed = logs.packed(log)
    verified = {kind: logs.run("verify", path, "-q", good=(0,)) for kind, path in (("fresh", log), ("packed", packed))}
    return rows * (versions + 1), encoded, verified


class Answers:
    """What was measured: (question, kind, side file or not) -> rounds."""

    def __init__(self, logs):
        self.logs, self.found = logs, {}

    def ask(self, workload):
        for kind, log in workload.kinds.items():
            for beside in (False, True) if self.logs.has_reindex and log.is_file() else (False,):
                if beside:
                    self.logs.run("reindex", log, "-q", good=(0,))
                rounds = Rounds(self.logs.options.runs).measure(
                    [Measurement(name, lambda words=words: self.one(words)) for name, words in workload.questions(log).items()])
                for name, runs in rounds.runs.items():
                    self.found[name, kind, beside] = runs

    def one(self, words):
        return Run(words, environment=CLOCK, good=(0, 1)) if words[0] == "sh" else self.logs.run(*words)

    def cpu(self, name, kind, beside):
        runs = self.found.get((name, kind, beside))
        return sorted(run.cpu for run in runs)[len(runs) // 2] if runs else None

    def memory(self, name):
        return max((run.memory for (question, _, _), runs in self.found.items() if question == name for run in runs), default=None)


def value_of(row, answers, kind, beside, deltas):
    cpu = answers.cpu(row.name, kind, beside)
    if cpu is None:
        return None
    if row.unit == "x":
        below = answers.cpu(row.of, kind, beside)
        return cpu / max(below, 1e-4)
    return deltas / max(cpu, 1e-4) if row.unit == "deltas/s" else cpu


def shown(row, value):
    if value is None:
        return "-"
    return {"s": seconds, "x": lambda x: f"{x:.2f} x", "deltas/s": lambda x: f"{x / 1e6:.2f} M/s"}[row.unit](value)


def table_of(report, answers, deltas):
    lines = []
    for row in ROWS:
        cells, values = [], []
        for beside in (False, True):
            both = [value_of(row, answers, kind, beside, deltas) for kind in ("fresh", "packed")]
            cells.append(" / ".join(shown(row, value) for value in both if value is not None) or "-")
            values += [value for value in both if value is not None]
        if not values:
            raise Failed(f"nothing was measured of {row.name}")
        memory = answers.memory(row.name)
        met = [row.target.met(value) for value in values] if row.target else []
        if row.memory:
            met.append(memory <= row.memory)
        target = f"{'≤' if row.target.sense == '<=' else '≥'} {shown(row, row.target.limit)}" if row.target else ""
        if row.memory:
            target += f", ≤ {row.memory / 1e6:.0f} MB"
        verdict = ("met" if all(met) else "**missed**" if not any(met) else "in part") if met and report.options.reference else ""
        lines.append([row.question, row.before, *cells, target, verdict, f"{memory / 1e6:.0f} MB"])
        report.figures += [Figure(f"{row.name} {place}", row.question, value, row.unit, memory=memory) for place, value in enumerate(values)]
    report.table("CPU time, fresh / packed", ["question", "before", "without a side file", "with it", "target", "", "peak memory"], lines)


def run(options):
    options.reference = options.scale >= 1
    logs = Logs(options)
    answers = Answers(logs)
    for name, runs in appends(logs).items():
        answers.found[name, "fresh", False] = runs
    for kind in (Many, Commits, Vectors, Files):
        answers.ask(kind(logs))
    deltas, encoded, verified = throughput(logs)
    answers.found["W5 encode", "fresh", False] = [encoded]
    for kind, done in verified.items():
        answers.found["W5 verify", kind, False] = [done]
    report = Report("questions", "Questions with small answers about large logs", options)
    report.intro = [f"Scale {options.scale:g} of the full size. The logs take {tree_size(logs.scratch):,} bytes."]
    report.versions = own_versions(options.build)
    table_of(report, answers, deltas)
    shutil.rmtree(logs.scratch)
    return report
