#!/usr/bin/env python3
"""How much memory the commands take that read a whole log: as much for a large log as for one of a quarter of its size.

    memory.py --program PATH

Two logs of the same vectors, one with four times as many versions of them, and both packed. Each command runs on either with
`--memory 16M`, where it has that option, and its peak is what the system says of the process. A command that kept 16 bytes of
each delta would take 14 MB more of the large log.
"""
import argparse
import os
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from run import environment

ROWS, DIMS, VERSIONS = 20_000, 64, 15  # 77 MB of values in the small log, 307 MB in the large one; as good as random
MEMORY = "16M"
MOST_MORE = 1.10  # of the large log
MOST = 80 << 20   # of either: --memory, where history is pruned twice; blocks; and what is documented of 20,000 vectors
problems = []


def check(holds, what):
    if not holds:
        problems.append(what)


def write_matrix(path):
    """Written in pieces: a child begins with as much memory as its parent had at its peak."""
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({ROWS}, {DIMS}), }}"
    head += " " * (63 - (10 + len(head)) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode())
        for _ in range(0, ROWS, 1000):
            piece = bytearray(os.urandom(4 * 1000 * DIMS))
            piece[3::4] = b"\x3f" * (1000 * DIMS)  # numbers around 1
            file.write(piece)


class Program:
    def __init__(self, path, folder):
        self.path, self.folder, self.env = str(Path(path).resolve()), folder, environment(path, folder)

    def peak(self, *words, good=(0,)):
        """Bytes of memory that the program took at most."""
        child = subprocess.Popen([self.path, *words], cwd=self.folder, env=self.env, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE)
        message = child.stderr.read().decode()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        check(child.returncode in good, f"{' '.join(words)}: exit {child.returncode}: {message}")
        return usage.ru_maxrss * 1024


def make_logs(program, folder):
    names = []
    for version in range(4 * VERSIONS):
        names.append(f"{version:03}.npy")
        write_matrix(folder / names[-1])
    peaks = []
    for size, count in (("small", VERSIONS), ("large", 4 * VERSIONS)):
        peaks.append(program.peak("encode", *names[:count], "--at", "2026-01-01T00:00:00Z", "--step", "1m", "-q", "-o", f"{size}.dlog"))
    for name in names:
        (folder / name).unlink()
    return peaks


def commands():
    """What is done with LOG."""
    memory = ["--memory", MEMORY]
    return {
        "compact": ["compact", "LOG", *memory, "-q", "-f", "-o", "LOG.packed"],
        "compact of a packed log": ["compact", "LOG.packed", *memory, "-q", "-f", "-o", "out"],
        "compact --keep now": ["compact", "LOG.packed", *memory, "--keep", "now", "-q", "-f", "-o", "out"],
        "verify": ["verify", "LOG", *memory, "-q"],
        "verify of a packed log": ["verify", "LOG.packed", *memory, "-q"],
        "merge": ["merge", "LOG", "-q", "-f", "-o", "out"],
        "merge of a packed log": ["merge", "LOG.packed", "-q", "-f", "-o", "out"],
        "snapshot to npy": ["snapshot", "LOG", "-q", "-f", "-o", "out.npy"],
        "snapshot to ndjson": ["snapshot", "LOG", "-q", "-f", "-o", "out.ndjson"],
        "snapshot of a packed log": ["snapshot", "LOG.packed", "-q", "-f", "-o", "out.npy"],
        "dump": ["dump", "LOG", *memory, "-q"],
        "dump of a packed log": ["dump", "LOG.packed", *memory, "-q"],
        "log --deltas": ["log", "LOG", "--deltas", *memory, "-q"],
        "log --window": ["log", "LOG", "--window", "tumbling:1h", "-q"],
        "diff": ["diff", "LOG", "--at", "2026-01-01T00:02:00Z", "--at", "2026-01-01T00:10:00Z", "--stat"],
    }


def run(program, folder):
    peaks = {"encode": make_logs(program, folder)}
    for name, words in commands().items():
        good = (1,) if name == "diff" else (0,)  # 1: there are differences
        peaks[name] = [program.peak(*(word.replace("LOG", f"{size}.dlog") for word in words), good=good) for size in ("small", "large")]
        for output in folder.glob("out*"):
            output.unlink()
    for name, (small, large) in peaks.items():
        print(f"{name:26} {small / 1e6:6.1f} MB {large / 1e6:6.1f} MB")
        check(large <= MOST_MORE * small, f"{name}: {large / 1e6:.1f} MB for a log of four times the size, after {small / 1e6:.1f} MB")
        check(large <= MOST, f"{name}: {large / 1e6:.1f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="deltalog-memory-") as folder:
        run(Program(arguments.program, Path(folder)), Path(folder))
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
