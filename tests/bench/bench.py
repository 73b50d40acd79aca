#!/usr/bin/env python3
"""Runs deltalog and its peers over a reference workload, and prints what was measured as Markdown tables.

Every figure is measured in this run: peers are run, never quoted. Each round runs every measurement once, in turn, so
that a slow minute of a shared machine falls on all of them alike; the median of the rounds is printed, with the
spread. A first round fills the page cache and is thrown away. Times are of whole processes, durable where it says so.
Results are compared with the input: a fast wrong answer ends the run.
"""
import argparse
import filecmp
import hashlib
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
VERSIONS, MIDDLE, ROW = 50, 25, 4711
START, STEP_HOURS = "2026-01-01T00:00:00Z", 1
MIDDLE_TIME = "2026-01-02T01:00:00Z"  # START + MIDDLE steps

# What the tables hold the figures of "mixed" against: bytes, or seconds.
TARGETS = {"log": 52e6, "encode -j2": 1.6, "snapshot 25": 0.15}


class Run:
    """One timed process: wall and CPU seconds, peak memory in bytes, exit code."""

    def __init__(self, command, stdout=None):
        command = [str(word) for word in command]
        with open(stdout or os.devnull, "wb") as out, tempfile.TemporaryFile() as err:
            started = time.perf_counter()
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
            _, status, usage = os.wait4(process.pid, 0)
            self.wall = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode != 0:
                err.seek(0)
                sys.exit(f"bench: exit {process.returncode}: {' '.join(command)[:300]}\n"
                         + err.read().decode(errors="replace"))
        self.cpu = usage.ru_utime + usage.ru_stime
        self.memory = usage.ru_maxrss * 1024


class Chain:
    """Several processes as one measurement, one after the other."""

    def __init__(self, commands):
        runs = [Run(command) for command in commands]
        self.wall = sum(run.wall for run in runs)
        self.cpu = sum(run.cpu for run in runs)
        self.memory = max(run.memory for run in runs)


class Bench:
    def __init__(self, options):
        self.options = options
        self.scratch = Path(tempfile.gettempdir()) / f"deltalog-bench-{os.getuid()}" / options.workload
        self.out = self.scratch / "out"
        self.tool = options.build / "apps/deltalog/deltalog"
        self.rows_zstd = options.build / "tests/bench/bench_rows_zstd"
        self.log = self.out / "log.dlog"
        self.rows = self.out / "rows.zst"
        self.matrices = [self.scratch / f"v{k:03}.npy" for k in range(VERSIONS + 1)]
        self.runs = {}
        self.load = os.getloadavg()[0]

    def generate(self):
        """Makes the matrices unless those of the same generator and arguments are there."""
        source = hashlib.sha256((HERE / "workload.cpp").read_bytes()).hexdigest()
        wanted = f"{source} {self.options.workload} {self.options.rows} {self.options.dims}\n"
        stamp = self.scratch / "stamp"
        if not (stamp.exists() and stamp.read_text() == wanted and all(m.exists() for m in self.matrices)):
            stamp.unlink(missing_ok=True)
            self.scratch.mkdir(parents=True, exist_ok=True)
            print(f"bench: making the matrices in {self.scratch}", file=sys.stderr)
            Run([self.options.build / "tests/bench/bench_workload", self.options.workload, self.scratch,
                 "--rows", self.options.rows, "--dims", self.options.dims, "--versions", VERSIONS])
            stamp.write_text(wanted)
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir()

    def encode(self, threads):
        self.log.unlink(missing_ok=True)
        return Run([self.tool, "encode", *self.matrices, "-o", self.log, "--at", START, "--step", f"{STEP_HOURS}h",
                    "--origin", "bench", "-j", threads])

    def snapshot(self, version, *arguments):
        out = self.out / "snapshot.npy"
        out.unlink(missing_ok=True)
        done = Run([self.tool, "snapshot", self.log, *arguments, "-o", out])
        self.must_equal(out, version)
        return done

    def read_rows(self):
        out = self.out / "rows.npy"
        done = Run([self.rows_zstd, "read", self.rows, MIDDLE, out])
        self.must_equal(out, MIDDLE)
        return done

    def must_equal(self, path, version):
        if not filecmp.cmp(path, self.matrices[version], shallow=False):
            sys.exit(f"bench: {path} is not version {version}")

    def patch_write(self):
        commands = [["zstd", "-q", "-f", "-3", self.matrices[0], "-o", self.out / "patch000"]]
        for k in range(1, VERSIONS + 1):
            commands.append(["zstd", "-q", "-f", "-3", f"--patch-from={self.matrices[k - 1]}", self.matrices[k],
                             "-o", self.out / f"patch{k:03}"])
        return Chain(commands)

    def patch_read(self):
        plain = [self.out / f"plain{k % 2}" for k in range(MIDDLE + 1)]
        commands = [["zstd", "-q", "-f", "-d", self.out / "patch000", "-o", plain[0]]]
        for k in range(1, MIDDLE + 1):
            commands.append(["zstd", "-q", "-f", "-d", "--memory=1024MB", f"--patch-from={plain[k - 1]}",
                             self.out / f"patch{k:03}", "-o", plain[k]])
        done = Chain(commands)
        self.must_equal(plain[MIDDLE], MIDDLE)
        return done

    def measurements(self):
        """Name -> what runs it, in the order in which one feeds the next."""
        tool, log, copy = self.tool, self.log, self.out / "copy"
        result = {
            "cat matrices": lambda: Run(["cat", *self.matrices]),
            "encode -j1": lambda: self.encode(1),
            "encode -j2": lambda: self.encode(2),
            "rows write": lambda: Run([self.rows_zstd, "write", self.rows, *self.matrices]),
            "write log": lambda: Run(["dd", f"if={log}", f"of={copy}", "bs=1M", "conv=fsync", "status=none"]),
            "write matrix": lambda: Run(["dd", f"if={self.matrices[MIDDLE]}", f"of={copy}", "bs=1M", "conv=fsync",
                                         "status=none"]),
            "snapshot 25": lambda: self.snapshot(MIDDLE, "--at", MIDDLE_TIME),
            "rows read": self.read_rows,
            "snapshot now": lambda: self.snapshot(VERSIONS),
            "blame": lambda: Run([tool, "blame", log, "--id", ROW]),
            "rows history": lambda: Run([self.rows_zstd, "history", self.rows, ROW]),
            "cat log": lambda: Run(["cat", log]),
            "xxhsum": lambda: Run(["xxhsum", "-H3", log]),
            "verify frame": lambda: Run([tool, "verify", log, "--level", "frame"]),
            "b2sum": lambda: Run(["b2sum", "-l", "256", log]),
            "verify chain": lambda: Run([tool, "verify", log]),
            "start": lambda: Run([tool, "--version"]),
        }
        if self.options.slow:
            result["patch write"] = self.patch_write
            result["patch read"] = self.patch_read
        return result

    def measure(self):
        measurements = self.measurements()
        for turn in range(self.options.runs + 1):
            for name, run in measurements.items():
                if sys.stderr.isatty():
                    print(f"bench: round {turn} of {self.options.runs}: {name}\033[K", end="\r", file=sys.stderr)
                done = run()
                if turn > 0:
                    self.runs.setdefault(name, []).append(done)
        if sys.stderr.isatty():
            print("\033[K", end="", file=sys.stderr)

    def wall(self, name):
        return statistics.median(run.wall for run in self.runs[name])

    # What is printed.

    def seconds(self, name):
        walls = sorted(run.wall for run in self.runs[name])
        return f"{self.wall(name):.3f} s ({walls[0]:.3f} to {walls[-1]:.3f})"

    def line(self, what, name, beside=""):
        target, verdict = "", ""
        if self.options.workload == "mixed" and self.options.reference and name in TARGETS:
            target = f"≤ {TARGETS[name]:g} s"
            verdict = "met" if self.wall(name) <= TARGETS[name] else "**missed**"
        cpu = statistics.median(run.cpu for run in self.runs[name])
        memory = max(run.memory for run in self.runs[name])
        return f"| {what} | {self.seconds(name)} | {cpu:.2f} s | {memory / 1e6:.0f} MB | {beside} | {target} | {verdict} |"

    def times(self, name, *others):
        """How long `name` takes as a multiple of the others together."""
        return f"{self.wall(name) / sum(map(self.wall, others)):.2f} x"

    def tables(self):
        size, rows_size = self.log.stat().st_size, self.rows.stat().st_size
        raw = sum(m.stat().st_size for m in self.matrices)
        met = ""
        if self.options.workload == "mixed" and self.options.reference:
            met = f" (target ≤ {TARGETS['log'] / 1e6:g} MB: {'met' if size <= TARGETS['log'] else '**missed**'})"
        lines = [
            f"# Workload `{self.options.workload}`: {self.options.rows} x {self.options.dims}, {VERSIONS + 1} versions",
            "", *self.machine(), "",
            "| holder of the history | bytes | of the matrices |", "|---|---|---|",
            f"| the matrices | {raw:,} | 100 % |",
            f"| deltalog, `balanced`, fresh{met} | {size:,} | {100 * size / raw:.2f} % |",
            f"| changed rows, zstd -3, a frame a version | {rows_size:,} | {100 * rows_size / raw:.2f} % |"]
        if self.options.slow:
            patch = sum((self.out / f"patch{k:03}").stat().st_size for k in range(VERSIONS + 1))
            lines.append(f"| zstd -3 --patch-from, a chain | {patch:,} | {100 * patch / raw:.2f} % |")
        lines += ["", "| what | wall, median (range) | CPU | peak memory | beside its baseline | target | |",
                  "|---|---|---|---|---|---|---|",
                  self.line("encode all versions, 2 threads, durable", "encode -j2",
                            self.times("encode -j2", "cat matrices", "write log") + " reading the matrices and writing the log"),
                  self.line("encode all versions, 1 thread, durable", "encode -j1"),
                  self.line("peer: changed rows + zstd -3, durable", "rows write"),
                  self.line("baseline: cat the matrices", "cat matrices"),
                  self.line("baseline: write the log's bytes, fsync", "write log"),
                  self.line(f"snapshot of version {MIDDLE}, durable", "snapshot 25",
                            self.times("snapshot 25", "write matrix") + " writing the matrix"),
                  self.line(f"peer: version {MIDDLE} of changed rows, durable", "rows read"),
                  self.line("baseline: write one matrix, fsync", "write matrix"),
                  self.line("snapshot of now, durable", "snapshot now"),
                  self.line("blame of one vector", "blame"),
                  self.line("peer: scan for the changes of one row", "rows history"),
                  self.line("verify --level frame", "verify frame", self.times("verify frame", "xxhsum") + " xxhsum -H3"),
                  self.line("baseline: xxhsum -H3 of the log", "xxhsum"),
                  self.line("baseline: cat the log", "cat log"),
                  self.line("verify (chain)", "verify chain", self.times("verify chain", "b2sum") + " b2sum"),
                  self.line("baseline: b2sum of the log", "b2sum"),
                  self.line("start-up (`--version`)", "start")]
        if self.options.slow:
            lines += [self.line("peer: zstd -3 --patch-from, all versions", "patch write"),
                      self.line(f"peer: version {MIDDLE} of the patch chain", "patch read")]
        return "\n".join(lines) + "\n"

    def machine(self):
        model = "unknown processor"
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
        commit = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"], capture_output=True,
                                text=True, check=False).stdout.strip() or "no commit"
        return [f"Commit {commit}; {model}, {len(os.sched_getaffinity(0))} cores usable, Linux {platform.release()}; "
                f"load at the start {self.load:.1f}; median of {self.options.runs} after a round to warm up, page cache warm. "
                "Peak memory is told from about 20 MB on: a process starts with its parent's."]


class MergeBench(Bench):
    """Two logs of about 500 MB, of different origins and ids, merged; beside `cat` and a checksum over the same bytes."""

    ROWS, MERGE_VERSIONS = 360000, 4
    RATE = 0.7  # of what cat and the checksums do together

    def generate(self):
        source = hashlib.sha256((HERE / "workload.cpp").read_bytes()).hexdigest()
        rows = self.ROWS if self.options.reference else self.options.rows
        wanted = f"{source} {rows} {self.options.dims} {self.MERGE_VERSIONS}\n"
        stamp = self.scratch / "stamp"
        self.logs = [self.scratch / "a.dlog", self.scratch / "b.dlog"]
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
        matrices = [self.scratch / f"v{k:03}.npy" for k in range(self.MERGE_VERSIONS + 1)]
        Run([self.options.build / "tests/bench/bench_workload", "mixed", self.scratch, "--rows", rows, "--dims", self.options.dims,
             "--versions", self.MERGE_VERSIONS, "--seed", seed])
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
            sys.exit("bench: the merged log is not as long as its inputs")
        return done

    def cat(self, *end):
        copy = self.out / "copy"
        copy.unlink(missing_ok=True)
        return Run(["sh", "-c", 'cat "$1" "$2" > "$3"' + "".join(end), "sh", *self.logs, copy])

    def measurements(self):
        return {
            "xxh3": lambda: Run([self.options.build / "tests/bench/bench_xxh3_pass", *self.logs]),
            "cat": self.cat,
            "merge": lambda: self.merge(through=True),
            "merge -j1": lambda: self.merge("-j1", through=True),
            "cat durable": lambda: self.cat(' && sync "$3"'),
            "merge durable": self.merge,
        }

    def rate(self, name, *others):
        rate = sum(map(self.wall, others)) / self.wall(name)
        text = f"{100 * rate:.0f} % of the rate of cat and XXH3"
        return text, f"≥ {100 * self.RATE:.0f} %", "met" if rate >= self.RATE else "**missed**"

    def row(self, what, name, *others):
        beside, target, verdict = self.rate(name, *others) if others else ("", "", "")
        cpu = statistics.median(run.cpu for run in self.runs[name])
        memory = max(run.memory for run in self.runs[name])
        return f"| {what} | {self.seconds(name)} | {cpu:.2f} s | {memory / 1e6:.0f} MB | {beside} | {target} | {verdict} |"

    def tables(self):
        sizes = " and ".join(f"{log.stat().st_size:,}" for log in self.logs)
        return "\n".join([
            f"# `merge` of two sealed logs of {sizes} bytes", "", *self.machine(), "",
            "| what | wall, median (range) | CPU | peak memory | beside its baseline | target | |", "|---|---|---|---|---|---|---|",
            self.row("merge to a redirected stdout, not durable", "merge", "cat", "xxh3"),
            self.row("the same, 1 thread", "merge -j1", "cat", "xxh3"),
            self.row("baseline: `cat a b > c`, not durable", "cat"),
            self.row("baseline: XXH3 over both, a MiB at a time", "xxh3"),
            self.row("merge to a file, durable (fsync)", "merge durable", "cat durable", "xxh3"),
            self.row("baseline: `cat a b > c && sync c`, durable", "cat durable")]) + "\n"


def main():
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--build", type=Path, default=ROOT / "build/release", help=argparse.SUPPRESS)
    parser.add_argument("--workload", choices=("mixed", "sparse", "merge"), default="mixed")
    parser.add_argument("--runs", type=int, default=5, help="rounds that count (default 5)")
    parser.add_argument("--rows", type=int, default=20000, help="a smaller matrix, to try things out")
    parser.add_argument("--dims", type=int, default=384)
    parser.add_argument("--slow", action="store_true", help="the zstd --patch-from chain as well: minutes")
    parser.add_argument("--save", action="store_true", help="also write docs/benchmarks/WORKLOAD.md")
    options = parser.parse_args()
    options.reference = (options.rows, options.dims) == (20000, 384)

    bench = (MergeBench if options.workload == "merge" else Bench)(options)
    bench.generate()
    bench.measure()
    text = bench.tables()
    print(text, end="")
    if options.save:
        page = ROOT / "docs/benchmarks" / f"{options.workload}.md"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text, encoding="utf-8")
    shutil.rmtree(bench.out)


if __name__ == "__main__":
    main()
