#!/usr/bin/env python3
"""Every NDJSON stream of testdata: encode, dump, encode again: the same commits, hash for hash; the final state equals replay.py's.
Every matrix history: the same bytes from a file and from a pipe, in one run and again; snapshots are the very input files.

usage: streams.py DELTALOG TESTDATA
"""
import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from replay import bits, f32, replay  # noqa: E402

DELTALOG, TESTDATA = sys.argv[1], pathlib.Path(sys.argv[2])


def run(*args, stdin=None):
    done = subprocess.run([DELTALOG, *map(str, args)], input=stdin, capture_output=True)
    if done.returncode != 0:
        sys.exit(f"deltalog {' '.join(map(str, args))}: exit {done.returncode}\n{done.stderr.decode()}")
    return done.stdout


def commits(log):
    return [json.loads(line) for line in run("log", "--json", "--hashes", log).splitlines()]


def check(condition, what):
    if not condition:
        sys.exit(f"FAILED: {what}")
    print(f"ok: {what}")


def check_stream(stream, scratch):
    name = stream.parent.relative_to(TESTDATA)
    first, again, piped = scratch / "first.dlog", scratch / "again.dlog", scratch / "piped.dlog"
    run("encode", stream, "-o", first, "-f")
    dump = run("dump", first)
    run("encode", "-", "-o", again, "-f", stdin=dump)
    check(run("dump", again) == dump, f"{name}: the dump of the dump encoded is the dump")
    check(commits(first) == commits(again) and commits(first), f"{name}: dump and encode give the same commits, hash for hash")
    run("encode", "-", "-o", piped, "-f", "--threads", "1", stdin=stream.read_bytes())
    check(piped.read_bytes() == first.read_bytes(), f"{name}: the same bytes from a pipe, with one thread")
    ours = [json.loads(line) for line in run("snapshot", first, "--to", "ndjson", "-o", "-").splitlines()]
    with open(stream, encoding="utf-8") as lines:
        theirs = replay(lines)
    same = [(r["id"], [bits(f32(x)) for x in r["vector"]]) for r in ours] == [(k, [bits(x) for x in v]) for k, v in theirs.items()]
    check(same, f"{name}: the final state of {len(ours)} vectors is that of a plain replay")
    run("verify", first)


def check_commit_cost(stream, scratch):
    """COMMITS, and what the footer says of origins: what commits cost beyond their deltas."""
    log = scratch / "cost.dlog"
    run("encode", stream, "-o", log)
    rows = [json.loads(line) for line in run("info", "--columns", "--json", log).splitlines()]
    commits = next(r["commits"] for r in rows if r["type"] == "info")
    cost = sum(r["stored"] for r in rows if r["type"] == "column" and r["frame"] in ("COMMITS", "SEGMENT"))
    check(commits == 1672 and cost <= 12 * commits, f"a commit costs {cost / commits:.2f} bytes beyond its deltas, 12 at most")


def check_matrices(folder, scratch):
    name = folder.relative_to(TESTDATA)
    versions = sorted(folder.glob("v*.npy"))
    log = scratch / "matrices.dlog"
    args = []
    common = folder / "ids.txt"
    for ids in [common] if common.exists() else sorted(folder.glob("v*.ids.txt")):
        args += ["--ids", ids]
    run("encode", *versions, *args, "--at", "2026-01-01T00:00:00Z", "--step", "1h", "-o", log, "-f")
    for k, version in enumerate(versions):
        out, ids_out = scratch / "out.npy", scratch / "out.txt"
        run("snapshot", log, "--at", f"2026-01-01T{k:02d}:00:00Z", "-o", out, "--ids-out", ids_out, "-f")
        ids = (common if common.exists() else version.with_suffix(".ids.txt")).read_text().splitlines()
        if ids_out.read_text().splitlines() == ids[: len(ids_out.read_text().splitlines())]:
            check(out.read_bytes() == version.read_bytes(), f"{name}: {version.name} comes out as the very same file")
    run("verify", log)


def main():
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        streams = sorted(TESTDATA.glob("*/*/events.ndjson"))
        check(len(streams) == 4, "testdata has four streams")
        for stream in streams:
            check_stream(stream, scratch)
        check_commit_cost(TESTDATA / "small/pkgterms-stream/events.ndjson", scratch)
        folders = sorted({f.parent for f in TESTDATA.glob("*/*/v000.npy")})
        check(len(folders) == 10, "testdata has ten matrix histories")
        for folder in folders:
            check_matrices(folder, scratch)


if __name__ == "__main__":
    main()
