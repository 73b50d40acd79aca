"""The workload `micro`: each hot path in memory, on one thread, beside what the machine can do at most over the same bytes."""
import json
import shutil
import sys

from measure import SCRATCH, Failed, Run
from report import Figure, Report, own_versions, package_version

PRESETS, KINDS = ("fastest", "balanced", "maximum"), ("creates", "sparse", "mixed", "packed", "text", "counts", "copies")
# What LZ4, which no preset writes, makes of the bytes of a column or table.
LZ4 = {"text": "metadata", "counts": "counts", "copies": "values that come again", "ids": "ids that count up"}

# Hot path, its limit, what it is. Rates are of bytes: of plain rows for the codec, of the input elsewhere.
PAIRS = [
    ("compare", "limit/read matrices", "compare / reading", "find the changed bits of a matrix of 30.7 MB; reading both"),
    ("parse", "limit/simdjson", "parse / simdjson", "parse NDJSON; simdjson alone"),
    ("verify/frame", "limit/xxh3", "verify/frame / XXH3", "verify --level frame; XXH3 of the file out of the page cache"),
    ("verify/chain", "limit/blake2b", "verify/chain / BLAKE2b", "verify (chain), 1 thread; BLAKE2b in memory"),
] + [
    pair for metric in ("l2", "cosine", "ip") for pair in (
        (f"search/{metric}", "limit/sum of rows", f"search/{metric} / reading", f"compare a query with 120,000 rows by {metric}; the sum of their values"),
        (f"search/{metric}/2", f"search/{metric}", f"search/{metric}, two threads", f"the same by {metric} on two threads; on one"))
] + [
    ("hash", "limit/blake2b", "hash / BLAKE2b", "hash of a sparse delta, by its indices and values; BLAKE2b of long input"),
] + [
    (f"{what}/{kind}/{preset}", "limit/copy block", f"{what}/{kind}/{preset} / memcpy", f"{what} a block, {kind}, `{preset}`; memcpy of its rows")
    for what in ("encode", "decode") for kind in KINDS for preset in PRESETS]
TIMES = [
    ("fold/apply", "100 sparse deltas applied"),
    ("fold/decode", "100 sparse deltas decoded and applied"),
    ("hash", "hash of one sparse delta"),
    ("search/near", "ten of 20,000 rows of 128 dims by an index, recall 0.95 or more"),
] + [
    (f"point/{what}/{vectors}", f"{what} of one vector, of {vectors:,} of 32 dims; the log is open")
    for what in ("snapshot", "blame") for vectors in (50_000, 200_000, 1_000_000)] + [
    (f"point/{what} again/{vectors}", f"the same, of one of 10,000 vectors that were asked for before ({what})")
    for what in ("snapshot", "blame") for vectors in (50_000, 200_000, 1_000_000)]


def run(options):
    program = options.build / "tests/bench/bench_micro"
    if not program.exists():
        raise Failed("bench_micro is not built: libbenchmark-dev or liblz4-dev is not installed")
    scratch = SCRATCH / options.workload
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    print("bench: microbenchmarks", file=sys.stderr)
    out = scratch / "out.json"
    seconds_each = 0.2 if options.reference else 0.02
    Run([program, scratch, f"--benchmark_repetitions={options.runs}", f"--benchmark_min_time={seconds_each}",
         "--benchmark_enable_random_interleaving=true", f"--benchmark_out={out}", "--benchmark_out_format=json"])
    found = medians(json.loads(out.read_text(encoding="utf-8"))["benchmarks"])
    shutil.rmtree(scratch)

    report = Report("micro", "Hot paths beside their limits", options)
    report.intro = ["All in memory, except `verify`, which reads a log from the page cache; one thread where no other number is said, 384 dims. A limit is the most that the machine can do with the same bytes: reading, copying, simdjson, "
                    "XXH3, BLAKE2b."]
    report.versions = {**own_versions(options.build), "libbenchmark": package_version("libbenchmark-dev") or "unknown"}
    report.timed("Times", [Figure(name, what, found[name]["time"], "s", found[name]["low"], found[name]["high"]) for name, what in TIMES])
    limits = sorted({limit for _, limit, _, _ in PAIRS} | {"limit/copy matrix"})
    report.table("Limits", ["limit", "GB/s"], [[name.removeprefix("limit/"), f"{found[name]['rate'] / 1e9:.2f}"] for name in limits])
    ratios, rows = [], []
    for name, limit, figure_name, what in PAIRS:
        if name not in found:
            raise Failed(f"bench_micro knows no {name}")
        entry = found[name]
        figure = Figure(figure_name, what, entry["rate"] / found[limit]["rate"], "x")
        ratios.append(figure)
        rows.append([what, f"{entry['rate'] / 1e9:.2f}", f"{entry['values'] / 1e6:,.0f}", f"{figure.value:.2f} x",
                     f"{entry['size']:.1f}" if "size" in entry else "", *report.verdict(figure)])
    report.table("Rates, of the limit's", ["what; limit", "GB/s", "million values/s", "of the limit", "bytes a delta", "target", ""], rows)
    report.figures += ratios
    add_lz4(report, found)
    report.data["benchmarks"] = found
    return report


def add_lz4(report, found):
    """Sizes, of what `fastest` writes; rates of the plain bytes. The whole block by `balanced` stands beside."""
    rows = []
    for kind, what in LZ4.items():
        figure = Figure(f"lz4/{kind} / stored", f"LZ4 block of {what}; the same by `fastest`", found[f"encode/lz4/{kind}"]["of_stored"], "x")
        report.figures.append(figure)
        rates = [f"{found[f'{way}/{by}']['rate'] / 1e9:.2f}" for way in ("encode", "decode") for by in (f"lz4/{kind}", f"{kind}/fastest", f"{kind}/balanced")]
        rows.append([what, f"{figure.value:.2f} x", *rates, *report.verdict(figure)])
    report.table("LZ4 beside the presets, GB/s", ["what", "LZ4 bytes, of `fastest`'s", "encode: LZ4", "fastest", "balanced", "decode: LZ4", "fastest", "balanced", "target", ""], rows)


def medians(entries):
    """Name -> time in seconds with its range, rates, and bytes a delta. libbenchmark's own medians would lose the range."""
    runs = {}
    for entry in entries:
        if entry["run_type"] == "iteration":
            runs.setdefault(entry["run_name"], []).append(entry)
    found = {}
    unit = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}
    for name, several in runs.items():
        several.sort(key=lambda entry: entry["real_time"])
        middle = several[len(several) // 2]
        # A counter of libbenchmark is per CPU second; what counts here is the time that passes.
        per_second = middle["cpu_time"] / middle["real_time"]
        scale = unit[middle["time_unit"]]
        found[name] = {"time": middle["real_time"] * scale, "low": several[0]["real_time"] * scale, "high": several[-1]["real_time"] * scale,
                       "rate": middle["bytes_per_second"] * per_second, "values": middle["values"] * per_second}
        if "bytes_a_delta" in middle:
            found[name]["size"] = middle["bytes_a_delta"]
        if "of_stored" in middle:
            found[name]["of_stored"] = middle["of_stored"]
    return found
