#!/usr/bin/env python3
"""The decoder that was made from the specification alone says of every log what the program says, byte for byte and hash for hash:
of all golden files, and of logs that the program writes here. It must also be able to disagree: damage and changes are refused.

A coder, column or kind that no log here holds would be compared with nothing, so each has to occur.

usage: second_decoder.py DELTALOG TESTDATA
"""
import itertools
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

from dlog import coders, columns, segment
from dlog.history import History
from dlog.wire import Broken
from dlog.xxh3 import xxh3_64

DELTALOG, TESTDATA = sys.argv[1], pathlib.Path(sys.argv[2])
TINY, SMALL = TESTDATA / "tiny", TESTDATA / "small"
PRESETS = ("fastest", "balanced", "maximum")
KINDS = {"bytes": coders.BYTES, "numbers": coders.NUMBERS, "words": coders.WORDS}

# Of bytes from a linear congruence, with seed 0 and with fedcba9876543210, as xxHash 0.8.1 has them: lengths about each border.
XXH3 = {
    0: (0x2d06800538d394c2, 0xe2bda2b8c0a330da), 1: (0x429e81bc6744101c, 0x4295b25f773742d9),
    3: (0x32dbb5c7774cc94f, 0x2b0790c725c8be4d), 4: (0x65775238ca34c06f, 0xec533e3ceae639e1),
    8: (0x90b760c9d253d0ff, 0x9ca7f6eeb857b0a3), 9: (0x15ae9f843bb50ea4, 0x372dbf76dcd063cd),
    16: (0x372c92fa68129c98, 0xd09ee627af3200fe), 17: (0xb5d6b9c1898bd9d6, 0x5564d57f9424010b),
    128: (0xc59e505a97d029e0, 0x1bccd8d637c8ff42), 129: (0xf9e651a476d6d3ca, 0xb9aa158714e719d2),
    240: (0x967597e635f3c527, 0x1baa39dc8a359f21), 241: (0xd6afac6f8fa85b01, 0x2f193fc02cd4611a),
    1024: (0xbb9f0c3761cdfd54, 0x2585d78ed9d744b1), 1025: (0x95edccc1adc4d895, 0xefac42944f3bd3e7),
    3000: (0x8489db8ce5637d6b, 0xfee08605fa1e1174)}


def check(condition, what):
    if not condition:
        sys.exit(f"FAILED: {what}")


def run(*args, stdin=None):
    done = subprocess.run([DELTALOG, *map(str, args)], input=stdin, capture_output=True)
    check(done.returncode == 0, f"deltalog {' '.join(map(str, args))}: exit {done.returncode}\n{done.stderr.decode()}")
    return done.stdout


# --- agreement

class Met:
    """What the logs of this test hold: (kind, coder) of columns, names of columns, (operation, form) and losses of deltas."""

    def __init__(self):
        self.coders, self.columns, self.shapes, self.losses = set(), set(), set(), 0
        self.split_column, coders.split_column = coders.split_column, self.note_column

    def note_column(self, kind, coder, stored, raw, what):
        self.coders.update((name, coder) for name, table in KINDS.items() if table is kind)
        self.columns.add(what)
        return self.split_column(kind, coder, stored, raw, what)

    def note_deltas(self, segments):
        for delta in itertools.chain.from_iterable(s.deltas for s in segments):
            self.shapes.add((delta.op, delta.form))
            self.losses |= delta.lost

    def check_all(self):
        unmet = {(name, coder) for name, table in KINDS.items() for coder in table} - self.coders
        check(not unmet, f"coders that no log of this test holds: {sorted(unmet)}")
        unmet = {"column " + name for name, _ in columns.COLUMNS.values()} - self.columns
        check(not unmet, f"columns that no log of this test holds: {sorted(unmet)}")
        with_sets = (columns.CREATE, columns.DENSE, columns.SPARSE)
        every = {(op, columns.ALL) for op in range(columns.CREATE, columns.DELETE + 1)} | set(itertools.product(with_sets, range(5)))
        check(every <= self.shapes, f"operations and forms that no log of this test holds: {sorted(every - self.shapes)}")
        print(f"ok: {len(self.coders)} coders, {len(self.columns)} columns, {len(every)} shapes of deltas, losses {self.losses:04b}")


def check_log(log, met):
    segments = segment.read_segments(log.read_bytes())
    met.note_deltas(segments)
    history = History(segments)
    dump = run("dump", log, *(["--id-glob", "*"] if history.pruned else [])).decode().splitlines()
    for ours, theirs in itertools.zip_longest(history.dump(), dump):
        check(ours == theirs, f"{log.name}: the decoder says\n{ours}\nand the program\n{theirs}")
    rows = subprocess.run([DELTALOG, "log", "--json", "--hashes", "--reverse", str(log)], capture_output=True, check=False).stdout
    rows = [(r["origin"], int(r["first"]), int(r["last"]), r["hash"]) for r in map(json.loads, rows.splitlines())]
    check(rows == history.hashes(), f"{log.name}: the hashes of the commits are the same")
    print(f"ok: {log.name}: {len(dump)} lines, {len(rows)} hashes")


def derived(log):
    """The log and what compact makes of it."""
    yield log
    for keep in ("all", "now"):
        packed = log.with_name(f"{log.stem}-{keep}.dlog")
        run("compact", log, "--keep", keep, "-o", packed)
        yield packed


def encoded(name, source, scratch, preset):
    log = scratch / f"{name}-{preset}.dlog"
    if source.is_file():
        run("encode", source, "-o", log, "--preset", preset)
        return log
    args = itertools.chain.from_iterable(("--ids", ids) for ids in sorted(source.glob("*ids.txt")))
    run("encode", *sorted(source.glob("v*.npy")), *args, "--at", "2026-01-01", "--step", "1h", "--max-delete", "100%", "-o", log,
        "--preset", preset)
    return log


def made_stream():
    """What no set of testdata has: every operation, names, ticks, metadata that goes, values that only long matches shrink."""
    dice = random.Random(1)
    lines, at = [], itertools.count()

    def add(name, **members):
        us = next(at)
        stamp = {"ts": f"2026-02-03T04:{us // 60 % 60:02}:{us % 60:02}.{us % 7:06}Z"} | ({"tick": us % 3} if us % 3 else {})
        lines.append(json.dumps({"id": name, **stamp, **members}, ensure_ascii=False))

    def word():
        return struct.unpack("<f", struct.pack("<f", dice.uniform(-1e3, 1e3) * 10 ** dice.randint(-12, 12)))[0]

    for space in ("", "n\u00e4me"):
        for k in range(3):
            add(f"\u00fc{k}", namespace=space, op="create", vector=[0, -0.0, 1e-45, 16777216, word(), word()], metadata={"a": k, "b": "\u00e9\n"})
        for k in range(3):
            add(f"\u00fc{k}", namespace=space, op="scale", factor=word())
            add(f"\u00fc{k}", namespace=space, op="offset", amount=0.1)
            add(f"\u00fc{k}", namespace=space, op="transform", transform="clamp", args=[-word() ** 2, 3e38])
            add(f"\u00fc{k}", namespace=space, op="transform", transform=("negate", "abs")[k % 2])
            add(f"\u00fc{k}", namespace=space, op="dense", vector=[1.5, word(), 0, 0, 0, 0], metadata={"a": 0.25, "d": None})
            add(f"\u00fc{k}", namespace=space, op="sparse", indices=list(range(k + 1)), values=[word() for _ in range(k + 1)])
        add("\u00fc1", namespace=space, op="delete")
    return lines


def repeating_stream(rows, dims, periods):
    """Whole vectors of many distinct values, of which each dimension comes round with its own period."""
    dice = random.Random(2)
    rings = [[dice.uniform(-1, 1) for _ in range(period)] for period in periods]
    for k in range(rows):
        vector = [struct.unpack("<f", struct.pack("<f", rings[d % len(rings)][(k + d) % periods[d % len(rings)]]))[0] for d in range(dims)]
        yield json.dumps({"id": f"v{k}", "ts": "2026-01-01T00:00:00Z", "op": "create", "vector": vector})


def check_agreement(scratch):
    met = Met()
    golden = sorted((TESTDATA / "golden").glob("*.dlog"))
    check(len(golden) >= 9, "testdata has golden files")
    for log in golden:
        check_log(log, met)
    sources = {path.name: next(iter(path.glob("events.ndjson")), path) for path in sorted(TINY.iterdir())}
    check(len(sources) == 6, "testdata has six tiny sets")
    for name, lines in {"made": made_stream(), "rows": repeating_stream(400, 48, [11]), "columns": repeating_stream(600, 3, [150, 170, 190])}.items():
        sources[name] = scratch / f"{name}.ndjson"
        sources[name].write_text("\n".join(lines) + "\n", encoding="utf-8")
    for preset, (name, source) in itertools.product(PRESETS, sources.items()):
        for log in derived(encoded(name, source, scratch, preset)):
            check_log(log, met)
    for log in derived(encoded("many-frames", SMALL / "pkgterms-stream/events.ndjson", scratch, "balanced")):
        check_log(log, met)
    settings, merged = scratch / "settings.dlog", scratch / "merged.dlog"
    run("encode", sources["made"], "-o", settings, "--policy", "max@/0-1;average", "--tag", "a \u2116")
    run("merge", settings, scratch / "pkgterms-stream-fastest.dlog", "-o", merged)
    for log in [*derived(settings), merged]:
        check_log(log, met)
    met.check_all()


# --- disagreement

def refusal(data):
    try:
        History(segment.read_segments(bytes(data)))
    except Broken as broken:
        return str(broken)
    return None


def changed(data, at):
    out = bytearray(data)
    out[at] ^= 0x10
    return out


def resealed(data):
    """A file of one segment with all checksums made right again: what is wrong in it then is its meaning."""
    out, at, headers = bytearray(data), segment.HEADER, [data[:segment.HEADER]]
    salt = int.from_bytes(data[48:52], "little")
    while out[at:at + 4] == segment.FRAME_SYNC:
        number, stored = struct.unpack_from("<II", out, at + 12)
        body = at + segment.FRAME
        end = body + segment.padded(stored)
        struct.pack_into("<Q", out, at + 52, xxh3_64(out[body:end], salt << 32 | number))
        struct.pack_into("<I", out, at + 60, xxh3_64(out[at:at + 60], segment.FRAME_SEED) & 0xffffffff)
        headers.append(bytes(out[at:body]))
        at = end
    struct.pack_into("<Q", out, at + 32, xxh3_64(b"".join(headers)))
    struct.pack_into("<Q", out, at + 48, xxh3_64(out[at:at + 48], segment.TRAILER_SEED))
    return out


def check_damage(log, vouched):
    """A changed byte anywhere is a checksum that does not fit; where the checksums are made to fit, the hashes do not, which vouch
    for all of a log but what pruning left of a delta."""
    data = log.read_bytes()
    check(refusal(data) is None, f"{log.name} is whole")
    check(resealed(data) == data, f"{log.name} is sealed as the page says")
    at, frames, refused = segment.HEADER, [], 0
    while data[at:at + 4] == segment.FRAME_SYNC:
        frames.append((data[at + 4], at, struct.unpack_from("<I", data, at + 16)[0]))
        at += segment.FRAME + segment.padded(frames[-1][2])
    for kind, begin, stored in frames:
        body = begin + segment.FRAME
        for place in {begin + 40, *range(body, body + segment.padded(stored), 1 + stored // 16)}:
            why = refusal(changed(data, place))
            check(why is not None and "checksum mismatch" in why, f"{log.name}: byte {place} is changed, and the decoder says {why}")
            refused += 1
        for place in range(body, body + stored, 1 + stored // (48 if kind == segment.DATA else 8)) if vouched else ():
            why = refusal(resealed(changed(data, place)))
            check(why is not None and "checksum" not in why, f"{log.name}: byte {place} is changed and resealed, and the decoder says {why}")
            refused += 1
    for place in (50, at + 34):
        check("checksum mismatch" in (refusal(changed(data, place)) or ""), f"{log.name}: byte {place} of header or trailer is changed")
    check(refusal(data[:-64]) is not None and refusal(data[:at - 64]) is not None, f"{log.name}: a cut file is refused")
    print(f"ok: {log.name}: {refused + 2} changed bytes are refused")


def main():
    x, noise = 1, bytearray()
    for _ in range(max(XXH3)):
        x = (x * 1664525 + 1013904223) & 0xffffffff
        noise.append(x >> 24)
    for n, sums in XXH3.items():
        check(sums == (xxh3_64(noise[:n]), xxh3_64(noise[:n], 0xfedcba9876543210)), f"XXH3-64 of {n} bytes")
    with tempfile.TemporaryDirectory() as scratch:
        check_agreement(pathlib.Path(scratch))
    for name, vouched in (("sample", True), ("int8-packed", True), ("sample-pruned", False)):
        check_damage(TESTDATA / "golden" / f"{name}.dlog", vouched)


if __name__ == "__main__":
    main()
