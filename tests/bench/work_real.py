"""The workload `real`: the histories under testdata/small, which nobody wrote for a test.

Every size stands beside three baselines, computed here from what `dump` says of the log, without any of the library's code: (a) each
delta as the whole vector; (b) each delta as pairs of u32 index and f32 value; (c) rows + zstd -3: the deltas as plain rows of ordinal, seq,
time, count, indices, values and metadata, in one zstd frame. Only (c) measures the codec.
"""
import datetime
import json
import shutil
import struct
from array import array

from measure import ROOT, SCRATCH, Failed, Measurement, Rounds, Run
from report import Figure, Report, own_versions, package_version, ratio_figure, seconds

PRESETS = ("fastest", "balanced", "maximum")
START = "2026-01-01T00:00:00Z"


class History:
    """One of the sets: matrices with ids, or a stream of updates."""

    def __init__(self, options, directory):
        self.options, self.directory, self.name = options, directory, directory.name
        self.tool = options.build / "apps/deltalog/deltalog"
        self.scratch = SCRATCH / "real" / self.name
        self.matrices = sorted(directory.glob("v*.npy"))
        self.events = directory / "events.ndjson"

    def log(self, preset, packed=False):
        return self.scratch / f"{preset}{'-packed' if packed else ''}.dlog"

    def inputs(self):
        if self.events.exists():
            return [self.events]
        ids = [word for path in sorted(self.directory.glob("*ids.txt")) for word in ("--ids", path)]
        return [*self.matrices, "--at", START, "--step", "1d", "--max-delete", "100%", *ids]

    def make(self, preset):
        return Run([self.tool, "encode", *self.inputs(), "-q", "--preset", preset, "-f", "-o", self.log(preset)])

    def pack(self, preset):
        return Run([self.tool, "compact", self.log(preset), "--keep", "all", "-q", "--preset", preset, "-f", "-o", self.log(preset, True)])

    def snapshot(self):
        out = self.scratch / "now.npy"
        done = Run([self.tool, "snapshot", self.log("balanced"), "-f", "-o", out])
        if self.matrices and sorted_rows(out) != sorted_rows(self.matrices[-1]):
            raise Failed(f"{self.name}: the present is not the last matrix")
        return done

    def measurements(self):
        steps = {}
        for preset in PRESETS:
            steps[f"{self.name} encode {preset}"] = lambda preset=preset: self.make(preset)
            steps[f"{self.name} compact {preset}"] = lambda preset=preset: self.pack(preset)
        steps[f"{self.name} snapshot"] = self.snapshot
        return [Measurement(name, run) for name, run in steps.items()]

    def check(self):
        """Every log of this history means the same."""
        hashes = set()
        for preset in PRESETS:
            for packed in (False, True):
                log = self.log(preset, packed)
                Run([self.tool, "verify", log])
                hashes.add(Run([self.tool, "log", "--hashes", log]).output)
        if len(hashes) != 1:
            raise Failed(f"{self.name}: presets, fresh or packed, have other hashes")

    def baselines(self):
        """Deltas, and bytes of (a), (b), plain rows, and (c)."""
        dump, rows = self.scratch / "dump.ndjson", self.scratch / "rows"
        Run([self.tool, "dump", self.log("balanced"), "-f", "-o", dump])
        ordinals, dims, deltas, dense, pairs = {}, {}, 0, 0, 0
        with open(dump, encoding="utf-8") as lines, open(rows, "wb") as out:
            for text in lines:
                line = json.loads(text)
                if line.get("type") == "commit":
                    continue
                ordinal = ordinals.setdefault((line.get("namespace", ""), line["id"]), len(ordinals))
                indices, values = line.get("indices", []), values_of(line)
                if "vector" in line:
                    dims[ordinal] = len(values)
                deltas += 1
                dense += 4 * dims[ordinal]
                pairs += 8 * len(values) if line["op"] in ("create", "dense", "sparse") else 4 * len(values)
                out.write(struct.pack("<IQQI", ordinal, deltas, clock(line), len(values)))
                out.write(array("I", indices).tobytes() + array("f", values).tobytes())
                if "metadata" in line:
                    out.write(json.dumps(line["metadata"], separators=(",", ":")).encode())
        Run(["zstd", "-q", "-f", "-3", rows, "-o", self.scratch / "rows.zst"])
        return {"deltas": deltas, "dense": dense, "pairs": pairs, "rows": rows.stat().st_size,
                "rows_zstd": (self.scratch / "rows.zst").stat().st_size}


def values_of(line):
    for member in ("vector", "values", "args"):
        if member in line:
            return [number(value) for value in line[member]]
    return [number(line[member]) for member in ("factor", "amount") if member in line]


def number(value):
    """A decimal, or raw bits as "0x" and 8 digits."""
    return struct.unpack("<f", bytes.fromhex(value[2:])[::-1])[0] if isinstance(value, str) else value


def clock(line):
    """52 bits of microseconds, 12 of the counter."""
    text = line.get("ts", "1970-01-01T00:00:00Z").replace("Z", "+00:00")
    moment = datetime.datetime.fromisoformat(text) - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return moment // datetime.timedelta(microseconds=1) << 12 | line.get("tick", 0)


def sorted_rows(path):
    """Rows of a matrix without their order, which a log need not keep where rows moved."""
    data = path.read_bytes()
    start = 10 + int.from_bytes(data[8:10], "little")
    shape = data[10:start].decode("latin1").split("'shape': (")[1].split(")")[0].split(",")
    width = 4 * int(shape[1])
    return sorted(data[at:at + width] for at in range(start, len(data), width))


def run(options):
    options.reference = True  # there is one size
    histories = [History(options, d) for d in sorted((ROOT / "testdata/small").iterdir()) if d.is_dir()]
    shutil.rmtree(SCRATCH / "real", ignore_errors=True)
    for history in histories:
        history.scratch.mkdir(parents=True)
    rounds = Rounds(options.runs).measure([m for history in histories for m in history.measurements()])
    report = Report("real", "Real histories of vectors", options)
    report.intro = ["The sets under `testdata/small`. Bytes are of whole logs, with ids, clocks, hashes and checksums. Baselines, without any of these but "
                    "the clock: (a) each delta as the whole vector, (b) as pairs of u32 and f32, (c) as plain rows in one zstd -3 frame. "
                    "Every log is verified, and all logs of a set have the same hashes."]
    report.versions = {**own_versions(options.build), "zstd (program)": package_version("zstd") or "unknown"}
    tables = {"sizes": [], "deltas": [], "times": []}
    for history in histories:
        history.check()
        describe(report, history, rounds, tables)
    report.table("Bytes", ["history", "deltas", "plain rows", "(c) rows + zstd -3"]
                 + [f"`{preset}` {kind}" for preset in PRESETS for kind in ("fresh", "packed")], tables["sizes"])
    report.table("Bytes a delta, and how many times smaller `balanced` is", ["history", "fresh", "packed", "fresh: than (a)", "than (b)", "than (c)",
                 "packed: than (a)", "than (b)", "than (c)", "(c) is never smaller"], tables["deltas"])
    report.table("Times, whole processes, durable", ["history"] + [f"{step} `{preset}`" for preset in PRESETS for step in ("encode", "compact")]
                 + ["snapshot of now"], tables["times"])
    shutil.rmtree(SCRATCH / "real")
    return report


def describe(report, history, rounds, tables):
    """Adds one history's rows and figures."""
    base, name = history.baselines(), history.name
    report.data.setdefault("histories", {})[name] = dict(base)
    sizes = {(p, packed): history.log(p, packed).stat().st_size for p in PRESETS for packed in (False, True)}
    for (preset, packed), size in sizes.items():
        kind = "packed" if packed else "fresh"
        report.figures.append(Figure(f"{name} {preset} {kind}", f"{name}, {preset}, {kind}", size, "bytes"))
        figure = ratio_figure(f"{name} {preset} {kind} / rows", f"{name}, {preset}, {kind}, of rows + zstd -3", size, base["rows_zstd"])
        figure.target = f"{preset} / rows"
        report.figures.append(figure)
    tables["sizes"].append([name, f"{base['deltas']:,}", f"{base['rows']:,}", f"{base['rows_zstd']:,}"]
                           + [f"{sizes[p, packed]:,}" for p in PRESETS for packed in (False, True)])
    fresh, packed = sizes["balanced", False], sizes["balanced", True]
    held = max(fresh, packed) <= base["rows_zstd"]
    tables["deltas"].append([name, f"{fresh / base['deltas']:.1f}", f"{packed / base['deltas']:.1f}"]
                            + [f"{base[key] / size:.2f} x" for size in (fresh, packed) for key in ("dense", "pairs", "rows_zstd")]
                            + ["met" if held else "**missed**"])
    tables["times"].append([name] + [seconds(rounds.wall(f"{name} {step} {p}")) for p in PRESETS for step in ("encode", "compact")]
                           + [seconds(rounds.wall(f"{name} snapshot"))])
