#!/usr/bin/env python3
"""Runs deltalog and its peers over a workload, and prints what was measured as Markdown.

Every figure is measured in this run: peers are run, never quoted. One that is not installed is named as such. A wrong answer
of a peer is a remark, a wrong answer of deltalog ends the run.
"""
import argparse
import importlib
import sys
from pathlib import Path

from measure import ROOT, Failed

# Each is a module work_NAME with run(options) -> Report.
WORKLOADS = {
    "mixed": ("work_history", "51 versions of 20,000 vectors, changed in every usual way, beside all peers"),
    "sparse": ("work_history", "the same, each change of 5 % of the dims"),
    "real": ("work_real", "the histories under testdata/small"),
    "merge": ("work_merge", "two logs of 500 MB"),
    "concurrent": ("work_concurrent", "two writers with 10,000 edits each, beside a CRDT"),
    "growth": ("work_growth", "what grows in a log, doubled: the CPU time of each command beside that of half"),
    "scaling": ("work_scaling", "logs of 10 MB to 1 GB, one thread and two"),
    "seed": ("work_seed", "what the delta-behavior decision records promise, figure by figure"),
    "micro": ("work_micro", "each hot path beside its physical limit"),
    "search": ("work_search", "near neighbours: repairs beside building anew, single queries, exact search beside the memory"),
    "questions": ("work_questions", "what small answers cost about six logs, each large in another way"),
}


def main():
    parser = argparse.ArgumentParser(
        prog="script/bench", description=__doc__.split("\n\n", maxsplit=1)[0], formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="workloads:\n" + "\n".join(f"  {name:12}{what}" for name, (_, what) in WORKLOADS.items()) + "\n  all         one after the other")
    parser.add_argument("--build", type=Path, default=ROOT / "build/release", help=argparse.SUPPRESS)
    parser.add_argument("--workload", choices=(*WORKLOADS, "all"), default="mixed", metavar="NAME", help="one of those below (default mixed)")
    parser.add_argument("--peers", action="store_true", help="first install the peers that Debian and npm have (see script/bootstrap)")
    parser.add_argument("--runs", type=int, default=5, help="rounds that count (default 5)")
    parser.add_argument("--rows", type=int, default=20000, help="a smaller matrix, to try things out: no target applies")
    parser.add_argument("--dims", type=int, default=384)
    parser.add_argument("--scale", type=float, default=0.01, help="of the logs of `questions`: 1 is the full size, to which targets apply")
    parser.add_argument("--slow", action="store_true", help="git as a peer, and a log of 4 GB in `scaling`: minutes more")
    parser.add_argument("--save", action="store_true", help="also write docs/benchmarks/WORKLOAD.md and .json")
    options = parser.parse_args()
    options.reference = (options.rows, options.dims) == (20000, 384)

    for name in WORKLOADS if options.workload == "all" else (options.workload,):
        chosen = argparse.Namespace(**{**vars(options), "workload": name})
        try:
            report = importlib.import_module(WORKLOADS[name][0]).run(chosen)
        except Failed as failure:
            sys.exit(f"bench: {name}: {failure}")
        print(report.markdown(), flush=True)
        if options.save:
            report.save()


if __name__ == "__main__":
    main()
