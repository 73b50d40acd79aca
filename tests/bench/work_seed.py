"""The workload `seed`: what the delta-behavior decision records promise, figure by figure, beside what is measured here.

Each row says under which conditions a promise holds, since most of them depend on what changed.
"""
import json
import os
import random
import shutil
import sys
from array import array

from measure import SCRATCH, Failed, Measurement, Rounds, Run
from report import Figure, Report, own_versions, seconds, shown
from work_history import HistoryBench
from work_micro import medians

ROWS, DIMS = 2000, 384
SHARES = (1, 2, 5, 10, 25)  # percent of the dims of a vector that change
EVENTS, EVENT_VECTORS, EVENT_DIMS, EVENT_RATE = 1_000_000, 20_000, 32, 10_000


class Seed:
    def __init__(self, options):
        self.options = options
        self.tool = options.build / "apps/deltalog/deltalog"
        self.programs = options.build / "tests/bench"
        self.scratch = SCRATCH / options.workload
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True)

    def run(self, *words, **more):
        return Run([self.tool, *words], environment={"SOURCE_DATE_EPOCH": "1830000000"}, **more)

    # What a delta takes.

    def matrix(self, name, values):
        path = self.scratch / name
        header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({ROWS}, {DIMS}), }}"
        header = header.ljust(117) + "\n"
        path.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode("ascii") + values.tobytes())
        return path

    def bytes_of_changes(self):
        """Kind of change -> bytes of a bundle of ROWS deltas of that kind, for each delta: what is sent, everything counted."""
        draw = random.Random(20261201)
        base = array("f", (draw.gauss(0, DIMS ** -0.5) for _ in range(ROWS * DIMS)))
        log = self.scratch / "base.dlog"
        self.run("encode", self.matrix("base.npy", base), "-o", log, "--at", "2026-01-01", "-q")

        def bundle(name, dims_of):
            changed = array("f", base)
            for row in range(ROWS):
                for dim in dims_of():
                    changed[row * DIMS + dim] = draw.gauss(0, DIMS ** -0.5)
            out = self.scratch / f"{name}.dlog"
            self.run("encode", self.matrix("next.npy", changed), "--base", log, "-o", out, "--at", "2026-01-02", "-q")
            return out.stat().st_size / ROWS

        found = {f"{share} %": bundle(f"sparse{share}", lambda share=share: draw.sample(range(DIMS), DIMS * share // 100)) for share in SHARES}

        def cluster():
            first = draw.randrange(DIMS - 50)
            return range(first, first + 50)

        found["cluster of 50"] = bundle("cluster", cluster)
        found["all"] = bundle("dense", lambda: range(DIMS))
        return found

    # What a history takes, and questions about it.

    def storage(self):
        """Workload -> raw bytes of all versions, of the log."""
        found = {}
        for workload in ("mixed", "sparse"):
            options = type(self.options)(**{**vars(self.options), "workload": workload})
            history = HistoryBench(options, SCRATCH / workload)
            history.generate()
            history.encode(2)
            history.compact()
            raw = sum(matrix.stat().st_size for matrix in history.matrices)
            found[workload] = (raw, min(history.log.stat().st_size, history.packed.stat().st_size))
            if workload == "mixed":
                shutil.copyfile(history.log, self.scratch / "mixed.dlog")
            shutil.rmtree(history.out)
        return found

    def events(self):
        lines, log = self.scratch / "events.ndjson", self.scratch / "events.dlog"
        Run([self.programs / "bench_updates", EVENT_VECTORS, EVENT_DIMS, 0, EVENTS, EVENT_RATE], lines)
        self.run("encode", lines, "-o", log, "--commit-every", "1000", "-q")
        lines.unlink()
        return log

    def measurements(self, events):
        mixed = self.scratch / "mixed.dlog"

        def checkpoint():
            done = self.run("reindex", mixed, "--rebuild", "--checkpoint-cost", "1", "-q")
            side = self.scratch / "mixed.dlog.dlc"
            if not side.exists():
                raise Failed("reindex made no checkpoint")
            side.unlink()
            return done

        return [
            Measurement("windows of 1 s", lambda: self.run("log", events, "--window", "tumbling:1s", stdout=os.devnull)),
            Measurement("windows of 10 ms", lambda: self.run("log", events, "--window", "tumbling:10ms", stdout=os.devnull)),
            Measurement("checkpoint", checkpoint),
        ]

    def micro(self):
        program = self.programs / "bench_micro"
        if not program.exists():
            raise Failed("bench_micro is not built: libbenchmark-dev or liblz4-dev is not installed")
        out = self.scratch / "out.json"
        Run([program, self.scratch, "--benchmark_filter=^fold/", f"--benchmark_repetitions={self.options.runs}", "--benchmark_min_time=0.2",
             f"--benchmark_out={out}", "--benchmark_out_format=json"])
        return medians(json.loads(out.read_text(encoding="utf-8"))["benchmarks"])


def rows_of(micro, rounds, sizes, storage):
    """(record, what, promise, figure, conditions)."""
    raw = DIMS * 4
    vectors = 20_000

    def time(name, what, value):
        return Figure(name, what, value, "s")

    def times(name, what, value):
        return Figure(name, what, value, "x")

    def size(name, what, value):
        return Figure(name, what, value, "B")

    rows = [
        ("001", "< 50 us", time("apply", "apply one delta", micro["fold/apply"]["time"] / 100), "5 % of 384 dims, in memory, one thread"),
        ("001", "< 1 ms", time("compose", "compose 100 deltas", micro["fold/decode"]["time"]), "the same, decoded from their block first"),
        ("001", "< 10 ms", time("checkpoint", "a checkpoint of one vector", rounds.wall("checkpoint") / vectors),
         f"{shown(vectors, 'vectors')} of 384 dims after 51 versions at once: {seconds(rounds.wall('checkpoint'))}, with reading the log"),
    ]
    for share in SHARES:
        promise = "> 10 x" if share <= 10 else ""
        rows.append(("001", promise, times(f"traffic {share}", f"less to send than the whole vector, {share} % of its dims changed", raw / sizes[f"{share} %"]),
                     "random dims, new values that do not compress; ids, times, hashes and indexes of the file are counted"))
    rows += [
        ("002", "152 B", size("sparse 5 %", "a sparse delta of 5 %", sizes["5 %"]), "the promise counts indices and values alone"),
        ("002", "208 B", size("cluster", "a cluster of 50 dims", sizes["cluster of 50"]), "50 new float32 values take 200 B"),
        ("002", "1,536 B", size("dense", "a dense delta", sizes["all"]), "384 new float32 values"),
    ]
    for workload, (whole, log) in storage.items():
        rows.append(("006", "5 to 50 x", times(f"storage {workload}", f"less to store than 51 whole matrices, `{workload}`", whole / log),
                     "lossless; each version changes 5 % of the rows: with fewer changes more, with more changes less"))
    for name in ("windows of 1 s", "windows of 10 ms"):
        rows.append(("007", "10 ms to 5 s", time(name, f"{name} over {EVENTS // EVENT_RATE} s of 1,000,000 deltas", rounds.wall(name)),
                     f"all windows of the log at once, {rounds.memory(name) / 1e6:.0f} MB; the record asks for at most 100 MB"))
    return rows


def run(options):
    options.reference = True  # there is one size
    seed = Seed(options)
    print("bench: what changes take", file=sys.stderr)
    sizes, storage, micro = seed.bytes_of_changes(), seed.storage(), seed.micro()
    rounds = Rounds(options.runs).measure(seed.measurements(seed.events()))
    report = Report("seed", "What the decision records promise, and what is measured", options)
    report.intro = ["The delta-behavior records ADR-DB-001 to 010 state figures. Here each stands beside that of deltalog, with the conditions under which it holds. "
                    "Their figures for signatures (009, 010) are not measured: this version does not sign. That for the recall of a lazily repaired index (005) is not measured either."]
    report.versions = own_versions(options.build)
    table = []
    for record, promise, figure, conditions in rows_of(micro, rounds, sizes, storage):
        report.figures.append(figure)
        table.append([record, figure.what, promise, shown(figure.value, figure.unit), *report.verdict(figure), conditions])
    report.table("Figure by figure", ["record", "what", "the record says", "measured", "target", "", "conditions"], table)
    shutil.rmtree(seed.scratch)
    return report
