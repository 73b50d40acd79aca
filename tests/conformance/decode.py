#!/usr/bin/env python3
"""Decodes delta log files from the specification alone, and checks all that they say twice.

usage: decode.py [--hashes] LOG...

Prints what `deltalog dump` prints of the same files (of pruned ones what `dump --id-glob '*'` does), or with --hashes a line
a commit in key order: its hash and its dots. Exit 1 and a message if a file is damaged or invalid.
"""
import pathlib
import sys

from dlog.history import History
from dlog.segment import read_segments
from dlog.wire import Broken


def main(arguments):
    paths = [argument for argument in arguments if argument != "--hashes"]
    if not paths:
        sys.exit(__doc__)
    segments = []
    for path in paths:
        try:
            segments += read_segments(pathlib.Path(path).read_bytes())
        except Broken as broken:
            sys.exit(f"{path}: {broken}")
    history = History(segments)
    if len(paths) < len(arguments):
        lines = [f"{known} {origin}:{first}-{last}" for origin, first, last, known in history.hashes()]
    else:
        lines = history.dump()
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    for line in lines:
        print(line)


if __name__ == "__main__":
    main(sys.argv[1:])
