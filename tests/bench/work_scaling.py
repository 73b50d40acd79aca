"""The workload `scaling`: the same kind of log at 10, 100 and 500 MB and 1 GB (4 GB with --slow), one thread beside two on the third, and
what costs by one vector in a log of 10 million deltas.

Beside the two threads, the limit of the machine: two processes of one thread each, at once, on work of their own. A round of these writes
eight logs. Hence 500 MB: with 1 GB the page cache was turned over in each round, and the CPU time alone of one encode came out as 6.6 s in
one run and 8.6 s in the next.

Time should grow as the log does. Each size is made, measured and removed before the next. Every version changes every row, so that the
matrices take no more than 2.5 times the space of the log, and those of 4 GB stay in the memory of a usual machine: it is our time that is
measured, not that of its disk. They are gone before anything is read from the log: a state of 2 GB would have to take its memory from them,
page by page.
"""
import os
import shutil
import sys

from measure import SCRATCH, AtOnce, Failed, Measurement, Rounds, Run, tree_size
from report import Figure, Report, own_versions, ratio_figure, seconds, shown, wall_figure

SIZES = {"10 MB": 3_206, "100 MB": 32_060, "500 MB": 160_300, "1 GB": 320_600}  # of the log: rows of 384 dims
SLOW = {"4 GB": 1_282_400}
THREADED = "500 MB"  # where one thread is measured, too
VERSIONS = 4
START, MIDDLE_TIME = "2026-01-01T00:00:00Z", "2026-01-01T02:00:00Z"
STEPS = ("encode", "compact", "verify", "snapshot", "snapshot packed")
WRITING = ("encode", "compact")
THREADED_STEPS = (*WRITING, "verify")


class Size:
    """One log: made of matrices, measured, removed."""
    kind, versions, changed = "mixed", VERSIONS, 100

    def __init__(self, options, name, rows, threads=False):
        self.options, self.name, self.threads, self.dims = options, name, threads, options.dims
        self.rows = rows if options.reference else max(20, rows * options.rows // 20000)
        self.scratch = SCRATCH / options.workload / name.replace(" ", "")
        self.log, self.packed, self.out = self.scratch / "log.dlog", self.scratch / "packed.dlog", self.scratch / "out.npy"
        self.matrices = [self.scratch / f"v{k:03}.npy" for k in range(self.versions + 1)]
        self.tool = options.build / "apps/deltalog/deltalog"

    def generate(self):
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True)
        print(f"bench: making the matrices of {self.name} in {self.scratch}", file=sys.stderr)
        Run([self.options.build / "tests/bench/bench_workload", self.kind, self.scratch, "--rows", self.rows,
             "--dims", self.dims, "--versions", self.versions, "--changed", self.changed])
        os.sync()  # else the disk is busy with them while we are measured
        self.version = tree_size(self.matrices[0])

    def command(self, step, threads, out=None):
        """The command of a step with threads; what it writes goes to a file that is not there yet."""
        if step == "verify":
            return [self.tool, "verify", self.log, "-j", threads]
        out = out or {"encode": self.log, "compact": self.packed}[step]
        out.unlink(missing_ok=True)
        words = {"encode": [*self.matrices, "--at", START, "--step", "1h"], "compact": [self.log, "--keep", "all", "-q"]}[step]
        return [self.tool, step, *words, "-j", threads, "-o", out]

    def step(self, step, threads):
        return Run(self.command(step, threads))

    def two_at_once(self, step):
        outs = [self.scratch / f"half{i}.dlog" for i in range(2)]
        done = AtOnce([self.command(step, 1, out) for out in outs])
        for out in outs:
            out.unlink(missing_ok=True)
        return done

    def snapshot(self, log):
        self.out.unlink(missing_ok=True)
        done = Run([self.tool, "snapshot", log, "--at", MIDDLE_TIME, "-o", self.out])
        if self.out.stat().st_size != self.version:
            raise Failed(f"{self.out} is not version 2")
        return done

    def append(self):
        """One line to the log as it is; its size grows by a segment of some hundred bytes a round."""
        line = self.scratch / "line.ndjson"
        line.write_text('{"id":"7","op":"scale","factor":0.5}\n', encoding="ascii")
        return Run([self.tool, "encode", line, "--append", self.log, "--origin", "carol"])

    def threaded(self, step):
        steps = {step: lambda: self.step(step, 2)}
        if self.threads:
            steps[f"{step} -j1"] = lambda: self.step(step, 1)
            steps[f"{step} twice"] = lambda: self.two_at_once(step)
        return steps

    def measure(self):
        writing = {name: run for step in WRITING for name, run in self.threaded(step).items()}
        reading = {**self.threaded("verify"),
                   "snapshot": lambda: self.snapshot(self.log), "snapshot packed": lambda: self.snapshot(self.packed),
                   "blame packed": lambda: Run([self.tool, "blame", self.packed, "--id", "7"]),
                   "append one delta": self.append}  # last, since it changes the log
        self.rounds = Rounds(self.options.runs)
        self.rounds.measure([Measurement(name, run) for name, run in writing.items()])
        for matrix in self.matrices:
            matrix.unlink()
        self.rounds.measure([Measurement(name, run) for name, run in reading.items()])
        self.weigh()
        return self

    def weigh(self):
        self.raw = self.version * len(self.matrices)
        self.bytes, self.packed_bytes = tree_size(self.log), tree_size(self.packed)
        self.deltas = self.rows + self.versions * (self.rows * self.changed // 100)

    def rate(self, step):
        """Seconds a GB of the log that is read or written."""
        size = self.packed_bytes if "packed" in step else self.bytes
        return self.rounds.wall(step) / size * 1e9


class Many(Size):
    """Ten million small deltas: what is asked of one vector should not cost by them."""
    kind, versions, changed = "sparse", 499, 100

    def __init__(self, options):
        super().__init__(options, "10 million deltas", 20_000)
        self.dims = 32

    def measure(self):
        self.step("encode", 2)
        self.step("compact", 2)
        points = {"blame of one vector": ["blame", "--id", "7"], "snapshot of one vector": ["snapshot", "--id", "7", "-f", "-o", self.out]}
        steps = {f"{what}, {kind}": lambda command=command, log=log: Run([self.tool, *command, log])
                 for what, command in points.items() for kind, log in (("fresh", self.log), ("packed", self.packed))}
        steps["append of one delta, acknowledged"] = self.append
        steps["start-up"] = lambda: Run([self.tool, "--version"])
        steps["an empty program with the same libraries"] = lambda: Run([self.options.build / "tests/bench/bench_empty"])
        self.rounds = Rounds(self.options.runs).measure([Measurement(name, run) for name, run in steps.items()])
        self.weigh()
        return self

    def figures(self):
        names = {"blame of one vector, packed": "blame packed", "snapshot of one vector, packed": "snapshot of one packed",
                 "append of one delta, acknowledged": "append one delta"}
        return [wall_figure(self.rounds, name, name, names.get(name, name)) for name in self.rounds.runs]


def run(options):
    sizes, wanted = [], {**SIZES, **(SLOW if options.slow else {})}
    for name, rows in wanted.items():
        size = Size(options, name, rows, name == THREADED)
        size.generate()
        sizes.append(size.measure())
        os.sync()
        shutil.rmtree(size.scratch)
    many = Many(options)
    many.generate()
    many.measure()
    shutil.rmtree(many.scratch)
    return report_of(options, sizes, many)


def report_of(options, sizes, many):
    report = Report("scaling", "Time by the size of the log", options)
    report.intro = [f"Logs of a matrix in {VERSIONS + 1} versions. Each version changes every row, in the mix of `mixed`. 2 threads."]
    report.versions = own_versions(options.build)
    report.table("Seconds, and seconds a GB of log",
                 ["log", "bytes", "deltas", "matrices"] + list(STEPS) + ["blame packed", "append one delta"],
                 [[s.name, shown(s.bytes, ""), shown(s.deltas, ""), shown(s.raw, "")]
                  + [f"{seconds(s.rounds.wall(step))} ({s.rate(step):.2f} s/GB)" for step in STEPS]
                  + [seconds(s.rounds.wall(step)) for step in ("blame packed", "append one delta")] for s in sizes])
    slowest = {step: max(s.rate(step) for s in sizes) for step in STEPS}
    report.table("Seconds a GB, drawn: bars of one length are time linear in the bytes", ["log", *STEPS],
                 [[s.name] + ["█" * round(12 * s.rate(step) / slowest[step]) + f" {s.rate(step):.2f}" for step in STEPS] for s in sizes])
    for s in sizes:
        report.figures += [wall_figure(s.rounds, step, f"{step}, log of {s.name}", f"{step} {s.name}")
                           for step in (*STEPS, "blame packed", "append one delta")]
        report.figures.append(Figure(f"size {s.name}", f"log of {s.name}", s.bytes, "bytes"))
    # Below 100 MB the start of a process counts for too much.
    small, large = sizes[1], sizes[-1]
    report.plain(f"Seconds a GB at {large.name}, of those at {small.name}", [
        ratio_figure(f"{step}, linear", step, large.rate(step), small.rate(step)) for step in STEPS])
    threaded = next(s for s in sizes if s.threads).rounds
    report.plain(f"2 threads, rate of 1 thread, at {THREADED}", [
        ratio_figure(f"{step}, two threads", step, threaded.wall(f"{step} -j1"), threaded.wall(step),
                     f"two processes at once: {2 * threaded.wall(f'{step} -j1') / threaded.wall(f'{step} twice'):.2f} x") for step in THREADED_STEPS])
    report.timed(f"One vector of {many.rows:,}, in a log of {many.deltas:,} deltas: {many.bytes:,} bytes fresh, {many.packed_bytes:,} packed", many.figures())
    return report
