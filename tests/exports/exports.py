#!/usr/bin/env python3
"""Compares the functions that the shared object exports with those that the exports test calls while memory runs out.

    exports.py --library LIBDELTA.SO [--list]

Each exported function is noexcept, returns a Result, or is registered by THROWS() with a reason: the test program holds
that (see exports.hpp). This script holds that none is left out. --list prints those that may throw, with their reasons.
"""
import argparse
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENTRY = re.compile(r'^(?:EXPORTED|OF_A_LOG|OF_A_STATE|OF_AN_INDEX|THROWS)\("([^"]+)"(?:, (k\w+)\))?', re.MULTILINE)
REASON = re.compile(r'constexpr const char\* (k\w+) = "([^"]+)"')
NOT_CALLED = {"check_failed": "ends the program"}


def bare_name(symbol):
    """"delta::Log::open(std::span<...>) const" as "Log::open"."""
    name = symbol.removeprefix("delta::").replace("[abi:cxx11]", "")
    if "operator()(" in name:
        return name[:name.index("operator()(")] + "operator()"
    return name[:name.index("(")]


def exported(library):
    """The exported functions, without destructors, which never throw: how many there are of each name."""
    lines = subprocess.run(["nm", "--dynamic", "--defined-only", "--demangle", library], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    functions = {line.split(maxsplit=2)[2] for line in lines if line.split(maxsplit=2)[1] in "TW"}
    return Counter(name for name in map(bare_name, functions) if "~" not in name)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--library", required=True)
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    entries = [entry for file in sorted(HERE.glob("*.cpp")) for entry in ENTRY.findall(file.read_text())]
    reasons = dict(REASON.findall((HERE / "exports.hpp").read_text()))
    if arguments.list:
        print("\n".join(f"{name}: {reasons[reason]}" for name, reason in entries if reason))
    called = Counter(name for name, _ in entries) + Counter(NOT_CALLED.keys())
    there = exported(arguments.library)
    for name in sorted((there - called).elements()):
        print(f"exports.py: {name} is exported, and no test calls it while memory runs out", file=sys.stderr)
    for name in sorted((called - there).elements()):
        print(f"exports.py: {name} is not exported", file=sys.stderr)
    return 0 if there == called and there else 1


if __name__ == "__main__":
    sys.exit(main())
