"""The workload `merge`: two logs of about 500 MB, of different origins and ids, beside `cat` and a checksum over the same bytes."""
import hashlib
import shutil
import sys

from measure import HERE, SCRATCH, Failed, Measurement, Rounds, Run
from report import Report, own_versions, ratio_figure, wall_figure

ROWS, VERSIONS = 360000, 4
START = "2026-01-01T00:00:00Z"


class MergeBench:
    def __init__(self, options):
        self.options = options
        self.scratch = SCRATCH / options.workload
        self.out = self.scratch / "out"
        self.tool = options.build / "apps/deltalog/deltalog"
        self.programs = options.build / "tests/bench"
        self.logs = [self.scratch / "a.dlog", self.scratch / "b.dlog"]

    def generate(self):
        source = hashlib.sha256((HERE / "workload.cpp").read_bytes()).hexdigest()
        rows = ROWS if self.options.reference else self.options.rows
        wanted = f"{source} {rows} {self.options.dims} {VERSIONS}\n"
        stamp = self.scratch / "stamp"
        if not (stamp.exists() and stamp.read_text() == wanted and all(log.exists() for log in self.logs)):
            stamp.unlink(missing_ok=True)
            self.scratch.mkdir(parents=True, exist_ok=True)
            print(f"bench: making the logs in {self.scratch}", file=sys.stderr)
            for seed, log in enumerate(self.logs, 1):
                self.generate_log(seed, log, rows)
            stamp.write_text(wanted)
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir()

    def generate_log(self, seed, log, rows):
        matrices = [self.scratch / f"v{k:03}.npy" for k in range(VERSIONS + 1)]
        Run([self.programs / "bench_workload", "mixed", self.scratch, "--rows", rows, "--dims", self.options.dims,
             "--versions", VERSIONS, "--seed", seed])
        log.unlink(missing_ok=True)
        Run([self.tool, "encode", *matrices, "-o", log, "--at", START, "--step", "1h", "--origin", log.stem, "--namespace", log.stem])
        for matrix in matrices:
            matrix.unlink()

    def merge(self, *arguments, through=False):
        out = self.out / "merged.dlog"
        out.unlink(missing_ok=True)
        words = [self.tool, "merge", *self.logs, *arguments]
        done = Run(words + ["-o", "-"], out) if through else Run(words + ["-o", out])
        if out.stat().st_size != sum(log.stat().st_size for log in self.logs):
            raise Failed("the merged log is not as long as its inputs")
        return done

    def cat(self, end=""):
        copy = self.out / "copy"
        copy.unlink(missing_ok=True)
        return Run(["sh", "-c", 'cat "$1" "$2" > "$3"' + end, "sh", *self.logs, copy])

    def measure(self):
        steps = {
            "xxh3": lambda: Run([self.programs / "bench_xxh3_pass", *self.logs]),
            "cat": self.cat,
            "merge": lambda: self.merge(through=True),
            "merge -j1": lambda: self.merge("-j1", through=True),
            "cat durable": lambda: self.cat(' && sync "$3"'),
            "merge durable": self.merge,
        }
        self.rounds = Rounds(self.options.runs).measure([Measurement(name, run) for name, run in steps.items()])

    def report(self):
        r, sizes = self.rounds, " and ".join(f"{log.stat().st_size:,}" for log in self.logs)
        report = Report("merge", f"`merge` of two sealed logs of {sizes} bytes", self.options)
        report.versions = own_versions(self.options.build)
        report.timed("Times", [wall_figure(r, name, what) for name, what in (
            ("merge", "merge to a redirected stdout, not durable"), ("merge -j1", "the same, 1 thread"),
            ("cat", "`cat a b > c`, not durable"), ("xxh3", "XXH3 over both, a MiB at a time"),
            ("merge durable", "merge to a file, durable (fsync)"), ("cat durable", "`cat a b > c && sync c`, durable"))])
        report.plain("Rate of merge, of cat and XXH3 one after the other", [
            ratio_figure("merge / cat and XXH3", "not durable", r.wall("cat") + r.wall("xxh3"), r.wall("merge")),
            ratio_figure("merge -j1 / cat and XXH3", "not durable, 1 thread", r.wall("cat") + r.wall("xxh3"), r.wall("merge -j1")),
            ratio_figure("merge durable / cat and XXH3", "durable", r.wall("cat durable") + r.wall("xxh3"), r.wall("merge durable"))])
        return report


def run(options):
    bench = MergeBench(options)
    bench.generate()
    bench.measure()
    report = bench.report()
    shutil.rmtree(bench.out)
    return report
