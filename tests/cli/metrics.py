#!/usr/bin/env python3
"""Holds `info --metrics` to what `info --json` says, and to Prometheus' own reader.

    metrics.py --program PATH     exit 0 if all holds; 77 if promtool is not here and the rest holds
"""
import argparse
import json
import re
import stat
import subprocess
import sys

from foreign import Place, check, finish, reader

LINES = b"".join(b'{"id":"v%d","vector":[1,%d,3],"ts":"2026-01-01T00:00:%02dZ"}\n' % (i, i, i) for i in range(10)) + b"".join(
    b'{"id":"v1","op":"sparse","indices":[1],"values":[%d],"ts":"2026-01-01T00:01:%02dZ"}\n' % (i, i) for i in range(5))
SAMPLE = re.compile(r'([a-z_]+)\{((?:[a-z]+="(?:[^"\\]|\\.)*",?)+)\} (\S+)')
def samples(text):
    """(name, labels as text) -> value"""
    found = {}
    for line in text.decode().splitlines():
        if line.startswith("#"):
            continue
        match = SAMPLE.fullmatch(line)
        check(match, f"no sample: {line}")
        if match:
            check((match[1], match[2]) not in found, f"twice: {line}")
            found[match[1], match[2]] = float(match[3])
    return found


def of(found, name, *labels):
    values = [value for (other, text), value in found.items() if other == name and all(label in text for label in labels)]
    check(len(values) == 1, f"{name} {labels}: {values}")
    return values[0] if values else None


def promtool(text):
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
    check(done.returncode == 0, f"promtool: {done.stdout.decode()}{done.stderr.decode()}")


def whole_log(place):
    place.run("encode", "-", "-o", "a.dlog", "--commit-every", "5", "--origin", 'o"d\\d', data=LINES)
    place.run("reindex", "a.dlog", "--checkpoint-cost", "0.000001")
    text = place.run("info", "a.dlog", "--metrics").stdout
    found = samples(text)
    info = json.loads(place.run("info", "a.dlog", "--json").stdout.splitlines()[0])
    for name, value in (("ruvector_delta_applied_total", info["deltas"]), ("deltalog_commits", info["commits"]), ("deltalog_bytes", info["bytes"]),
                        ("deltalog_segments", info["segments"]), ("deltalog_pending_commits", 0), ("ruvector_delta_conflicts_total", 0),
                        ("deltalog_readable", 1), ("ruvector_delta_chain_length_sum", 15), ("ruvector_delta_chain_length_count", 10)):
        check(of(found, name) == value, f"{name}: {of(found, name)}, not {value}")
    check(of(found, "ruvector_delta_chain_length", 'quantile="1"') == 6, "the longest chain")
    check(of(found, "ruvector_delta_chain_length", 'quantile="0.5"') == 1, "the usual chain")
    check(of(found, "deltalog_vectors", 'dims="3"') == 10, "vectors")
    check(of(found, "deltalog_verdict_ok", 'suite="integrity"') == 1, "the verdict")
    check(of(found, "deltalog_last_commit_age_seconds") == 86400 - 64, "the age")
    check(of(found, "deltalog_last_commit_timestamp_seconds", 'origin="o\\"d') == 1767225664, "the time of an origin")
    check(of(found, "ruvector_delta_checkpoints_total") >= 1, "checkpoints")
    dense = of(found, "deltalog_baseline_bytes", 'baseline="dense"')
    check(dense == 15 * 3 * 4, f"dense: {dense}")
    check(abs(of(found, "ruvector_delta_compression_ratio", 'baseline="dense"') - dense / info["bytes"]) < 1e-6, "the ratio")
    return text


def conflicts(place):
    for origin, value in (("x", 1), ("y", 2)):
        place.run("encode", "-", "-o", f"{origin}.dlog", "--origin", origin, data=b'{"id":"a","vector":[%d,5]}\n' % value)
    found = samples(place.run("info", "x.dlog", "y.dlog", "--metrics").stdout)
    check(of(found, "deltalog_conflicting_vectors") == 1, "a conflict")
    check(all('log="x.dlog y.dlog"' in labels for _, labels in found), "the name of the union")


def files(place):
    done = place.run("info", "a.dlog", "--metrics-out", "a.prom")
    check(done.returncode == 0 and done.stdout == b"", f"--metrics-out: {done}")
    first = (place.folder / "a.prom").read_bytes()
    check(first == place.run("info", "a.dlog", "--metrics").stdout, "another text in the file")
    check(stat.S_IMODE((place.folder / "a.prom").stat().st_mode) & 0o444 == 0o444, "not readable for a collector")
    check(place.run("info", "a.dlog", "--metrics-out", "a.prom").returncode == 0, "it is replaced")
    check(place.run("info", "a.dlog", "--metrics-out", "a.dlog").returncode == 2, "a log is not")
    whole = (place.folder / "a.dlog").read_bytes()
    (place.folder / "bad.dlog").write_bytes(whole[:200] + bytes([whole[200] ^ 1]) + whole[201:])
    for name, code in (("bad.dlog", 3), ("gone.dlog", 3)):
        done = place.run("info", name, "--metrics-out", "b.prom")
        found = samples((place.folder / "b.prom").read_bytes())
        check(done.returncode == code and of(found, "deltalog_readable") == 0, f"{name}: exit {done.returncode}")
    side_by_side = samples(first + (place.folder / "b.prom").read_bytes())
    check(side_by_side, "nothing")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    place = Place(parser.parse_args().program, SOURCE_DATE_EPOCH="1767312000")  # 2026-01-02
    text = whole_log(place)
    conflicts(place)
    files(place)
    if reader("promtool"):
        promtool(text)
        promtool((place.folder / "b.prom").read_bytes())
    return finish(place)


if __name__ == "__main__":
    sys.exit(main())
