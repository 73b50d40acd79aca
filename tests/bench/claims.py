#!/usr/bin/env python3
"""The README's figures are those under docs/benchmarks, and no others: this writes them there, or says where they differ.

    claims.py --check|--update README.md DIRECTORY

What stands between the two marks is made from the JSON files that `script/bench --save` leaves in DIRECTORY.
"""
import json
import sys
from pathlib import Path

BEGIN, END = "<!-- from docs/benchmarks: tests/bench/claims.py --update -->", "<!-- end -->"
BASELINES = ("dense", "pairs", "rows_zstd")
SHORT = {"rocksdb": "RocksDB, zstd", "sqlite": "SQLite", "lancedb": "LanceDB", "git": "git, a .npy a version", "git-text": "git, a text file a vector"}
UNMEASURED = ("DVC", "Dolt")  # tools that the README compares by features alone


def count(value):
    return f"{value:,.0f}"


def time(value):
    return f"{value * 1e3:.0f} ms" if value < 1 else f"{value:.2f} s"


def figure(report, name):
    return next(f["value"] for f in report["figures"] if f["name"] == name)


def table(columns, rows):
    align = ["---"] + ["---:"] * (len(columns) - 1)
    return ["| " + " | ".join(row) + " |" for row in (columns, align, *rows)]


def size_row(name, deltas, fresh, packed, base):
    return [name, count(deltas), count(fresh), count(packed), *(f"{count(base[key])} ({base[key] / packed:.2f} x)" for key in BASELINES)]


def sizes(reports):
    """Every history with its three baselines."""
    rows = [size_row(f"{name}, 51 versions of 20,000 x 384", 70000, figure(reports[name], "size fresh"), figure(reports[name], "size packed"),
                     reports[name]["baselines"]) for name in ("mixed", "sparse")]
    real = reports["real"]
    for name, base in real["histories"].items():
        rows.append(size_row(f"`testdata/small/{name}`", base["deltas"], figure(real, f"{name} balanced fresh"), figure(real, f"{name} balanced packed"), base))
    return table(["history", "deltas", "bytes, fresh", "packed", "as whole vectors", "as pairs of index and value", "as plain rows, zstd -3"], rows)


def holder_row(holder):
    """None if it was not measured."""
    if holder["state"] != "measured":
        return None
    flipped = "wrong, silently" if "wrong, silently" in holder["damage"] else "reported, or harmless"
    return [SHORT.get(holder["key"], holder["label"].replace(", synced", "")), count(holder["bytes"]), time(holder["write"]), time(holder["read"]), flipped]


def holders(report):
    rows = [row for row in map(holder_row, report["holders"]) if row]
    rows += [[name] + ["not measured"] * 4 for name in UNMEASURED]
    return table(["tool", "bytes", "write all 51 versions", "read the 25th", "with a byte flipped"], rows)


def claims(directory):
    reports = {name: json.loads((directory / f"{name}.json").read_text(encoding="utf-8")) for name in ("mixed", "sparse", "real", "merge", "concurrent")}
    merge, concurrent = reports["merge"], reports["concurrent"]
    machine = reports["mixed"]["machine"]
    return "\n".join([
        BEGIN,
        "Bytes of whole logs, with ids, clocks, hashes and checksums. The last three columns are the bytes that the same deltas would take elsewhere without any of these; the "
        "factor in brackets compares with the packed log. Only the last column measures the codec; a log is never larger than it.",
        "",
        *sizes(reports),
        "",
        f"The mixed history in other tools that can hold it. Measured on {machine['cores']} cores of a shared machine, as whole processes, with durable writes:",
        "",
        *holders(reports["mixed"]),
        "",
        f"`merge` of two logs of 493 MB runs at {figure(merge, 'merge / cat and XXH3'):.1f} times the rate of `cat` and a checksum pass over them. Two replicas with 10,000 concurrent "
        f"edits each take {count(figure(concurrent, 'size fresh'))} bytes; the library merges and folds them in {figure(concurrent, 'unite and fold') * 1e3:.1f} ms.",
        "[docs/benchmarks](docs/benchmarks) has all figures and their targets, including the targets that were missed. `script/bench` measures them on your machine.",
        END])


def main():
    mode, readme, directory = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    text = readme.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        sys.exit(f"{readme}: lacks the marks {BEGIN} and {END}")
    head, rest = text.split(BEGIN, 1)
    tail = rest.split(END, 1)[1]
    wanted = head + claims(directory) + tail
    if mode == "--update":
        readme.write_text(wanted, encoding="utf-8")
    elif text != wanted:
        sys.exit(f"{readme}: its figures are not those of {directory}; tests/bench/claims.py --update puts them there")


main()
