"""The workload `concurrent`: two writers, each with 10,000 edits that the other has not seen; uniting them, in the library.

Beside it Yjs, a CRDT that keeps one value a cell. Both are timed inside one process, from the written bytes to the state.
"""
import json
import shutil

import peers
from measure import SCRATCH, Failed, Run, without_paths
from report import Figure, Report, output_of, own_versions, seconds

REPEATS = 21


def run(options):
    options.reference = True  # there is one size
    directory = SCRATCH / "concurrent"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    words = Run([options.build / "tests/bench/bench_concurrent", directory, max(REPEATS, options.runs)]).output.split()
    size, packed, conflicts, median, best = int(words[0]), int(words[1]), int(words[2]), float(words[3]) / 1e3, float(words[4]) / 1e3
    listed = conflicts_listed(options, directory)
    if listed != conflicts:
        raise Failed(f"both edited {conflicts} cells, and `log --conflicts` lists {listed}")

    report = Report("concurrent", "Two concurrent writers: 100 vectors x 384, 10,000 edits of one dimension each", options)
    report.versions = own_versions(options.build)
    report.plain("deltalog", [
        Figure("size fresh", "both replicas, what they share counted once", size, "bytes"),
        Figure("size packed", "united and packed", packed, "bytes"),
        Figure("conflicts", "cells that both edited, as `log --conflicts` lists them too", conflicts, "")])
    report.timed("Uniting, from files to the folded state, in one process", [
        Figure("unite and fold", "deltalog: open both and fold", median, "s", best, median)])
    report.table("Beside a CRDT", ["holder", "bytes as written", "bytes united", "unite, median", "best"],
                 [["deltalog", f"{size:,}", f"{packed:,}", seconds(median), seconds(best)], yjs(report, options)])
    report.text("Yjs keeps no time, author's message or losing value that can be asked for; deltalog keeps them all, checked by hashes.")
    shutil.rmtree(directory)
    return report


def conflicts_listed(options, directory):
    """How many cells deltalog itself says are in conflict."""
    out = directory / "conflicts.ndjson"
    Run([options.build / "apps/deltalog/deltalog", "log", "--conflicts", "--json", directory / "a.dlog", directory / "b.dlog"], stdout=out)
    with open(out, encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    return sum(run["last"] - run["first"] + 1 for run in found if run["type"] == "conflict")


def yjs(report, options):
    """Its row of the table; a peer that is not here, or fails, says so there."""
    version = peers.npm_version("yjs")
    if not version or not shutil.which("node"):
        return ["Yjs", "not installed", "", "", ""]
    try:
        words = Run(["node", peers.HERE / "peer_yjs.mjs", max(REPEATS, options.runs)],
                    environment={"DELTALOG_BENCH_NODE": str(peers.NODE)}).output.split()
        size, packed, median, best = int(words[0]), int(words[1]), float(words[2]) / 1e3, float(words[3]) / 1e3
    except (Failed, ValueError, IndexError) as failure:
        return ["Yjs", f"failed: {without_paths(failure)}", "", "", ""]
    report.versions.update({"Yjs": version, "node": output_of("node", "--version")})
    report.data["yjs"] = {"bytes": size, "bytes_united": packed, "median": median, "best": best}
    return [f"Yjs {version}", f"{size:,}", f"{packed:,}", seconds(median), seconds(best)]
