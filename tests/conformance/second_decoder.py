#!/usr/bin/env python3
"""The decoder that was made from the specification alone says of every log what the program says, byte for byte and hash for hash:
of all golden files, and of logs that the program writes here. It must also be able to disagree: damage and changes are refused.

A coder, column or kind that no log here holds would be compared with nothing, so each has to occur.

usage: second_decoder.py DELTALOG TESTDATA
"""
import itertools
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

from decoder_inputs import STREAMS, in_two
from dlog import coders, columns, delta, multiples, segment, tables, values
from dlog.history import History
from dlog.lz4 import unlz4
from dlog.wire import Broken, unzstd
from dlog.xxh3 import xxh3_64

DELTALOG, TESTDATA = sys.argv[1], pathlib.Path(sys.argv[2])
TINY, SMALL = TESTDATA / "tiny", TESTDATA / "small"
PRESETS = ("fastest", "balanced", "maximum")
KINDS = {"bytes": coders.BYTES, "numbers": coders.NUMBERS, "words": coders.WORDS, "steps": coders.STEPS}

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


def run(*args, expected=0):
    done = subprocess.run([DELTALOG, *map(str, args)], capture_output=True)
    check(done.returncode == expected, f"deltalog {' '.join(map(str, args))}: exit {done.returncode}\n{done.stderr.decode()}")
    return done.stdout


# --- agreement

class Met:
    """What the logs of this test hold. All of it is noted where the decoder meets it."""

    def __init__(self):
        self.met = set()
        self.note(coders, "split_column", lambda kind, coder, *_, **__: [("coder", name, coder) for name, table in KINDS.items() if table is kind])
        self.note(columns, "directory", lambda payload: [("column", columns.COLUMNS[entry.number][0]) for entry in columns.directory.inner(payload)])
        self.note(columns, "unwrapped", lambda payloads: [("payload", "whole" if payload[:1] == b"\0" else "columns") for payload in payloads])
        self.note(columns, "read_by_vector", lambda *_: [("payload", "by vector")])
        self.note(segment, "inflate", lambda frames: [("frame codec", frame.codec) for frame in frames])
        self.note(tables, "read_postings", lambda *_: [("frame", "postings")])
        self.note(tables, "read_properties", lambda *_: [("commits", "properties")])
        self.note(tables, "read_given", lambda *_: [("commits", "given")])
        self.note(values, "Shape", self.note_relation)
        self.note(multiples, "LatticeWords", self.note_lattices)
        self.note(multiples, "Steps", lambda step, _, symbols, __: [("escape", step)] if multiples.ESCAPE in symbols else [])

    def note(self, module, name, facts):
        inner = getattr(module, name)

        def noting(*args, **kwargs):
            self.met.update(facts(*args, **kwargs))
            return inner(*args, **kwargs)
        noting.inner = inner
        setattr(module, name, noting)

    @staticmethod
    def note_relation(change, dims, known):
        named = range(dims) if change.full else change.indices
        partly = change.relation == delta.STEPS and not known.issuperset(named)
        return [("relation", change.relation), *([("relation", "steps beside values without one before")] if partly else [])]

    @staticmethod
    def note_lattices(lattices, *_):
        for lattice in lattices:
            kind = "decimal" if lattice.decimal else "eighth" if lattice.j % 8 else "octave"
            yield "lattice", "one" if len(lattices) == 1 else "of a group", kind

    def note_deltas(self, segments):
        for change in itertools.chain.from_iterable(s.deltas for s in segments):
            self.met.add(("shape", change.op, change.form))
            self.met.update(("lost", 1 << bit) for bit in range(4) if change.lost >> bit & 1)

    def check_all(self):
        with_sets = (delta.CREATE, delta.DENSE, delta.SPARSE)
        every = {("coder", name, coder) for name, table in KINDS.items() for coder in table}
        every |= {("column", name) for name, _ in columns.COLUMNS.values()}
        every |= {("shape", op, delta.ALL) for op in range(delta.CREATE, delta.DELETE + 1)} | set(itertools.product(["shape"], with_sets, range(5)))
        every |= {("lost", 1 << bit) for bit in range(4)} | {("payload", "whole"), ("payload", "columns"), ("payload", "by vector"), ("frame", "postings")}
        every |= {("frame codec", codec) for codec in (segment.PLAIN, segment.ZSTD, segment.LZ4)}
        every |= {("commits", "properties"), ("commits", "given")}
        every |= {("relation", relation) for relation in range(5)} | {("relation", "steps beside values without one before")}
        every |= set(itertools.product(["lattice"], ("one", "of a group"), ("octave", "eighth", "decimal"))) | {("escape", multiples.step_moved)}
        check(every <= self.met, f"what no log of this test holds: {sorted(map(str, every - self.met))}")
        print(f"ok: {len(every)} kinds of facts met")


def check_log(log, met):
    segments = segment.read_segments(log.read_bytes())
    met.note_deltas(segments)
    history = History(segments)
    partly = 4 if history.lost else 0
    dump = run("dump", log, *(["--id-glob", "*"] if history.pruned else []), expected=partly).decode().splitlines()
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


def encoded(name, source, scratch, preset, *options):
    log = scratch / f"{name}-{preset}.dlog"
    if source.is_file():
        run("encode", source, "-o", log, "--preset", preset, "--allow-nonfinite", *options)
        return log
    args = itertools.chain.from_iterable(("--ids", ids) for ids in sorted(source.glob("*ids.txt")))
    run("encode", *sorted(source.glob("v*.npy")), *args, "--at", "2026-01-01", "--step", "1h", "--max-delete", "100%", "-o", log,
        "--preset", preset)
    return log


def check_agreement(scratch):
    met = Met()
    golden = sorted((TESTDATA / "golden").glob("*.dlog")) + [TESTDATA / "golden/growth/lz4.dlog"]
    check(len(golden) >= 9, "testdata has golden files")
    for log in golden:
        check_log(log, met)
    sources = {path.name: next(iter(path.glob("events.ndjson")), path) for path in sorted(TINY.iterdir())}
    check(len(sources) == 6, "testdata has six tiny sets")
    works = [(name, source, preset) for preset, (name, source) in itertools.product(PRESETS, sources.items())]
    for name, (lines, presets) in STREAMS.items():
        works += [(name, written(scratch, name, lines()), preset) for preset in presets]
    works.append(("many-frames", SMALL / "pkgterms-stream/events.ndjson", "balanced"))
    for name, source, preset in works:
        for log in derived(encoded(name, source, scratch, preset)):
            check_log(log, met)
    check_some_more(scratch, met)
    met.check_all()


def written(scratch, name, lines):
    source = scratch / f"{name}.ndjson"
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return source


def check_some_more(scratch, met):
    """Logs that take more than one command."""
    settings, merged, closed = scratch / "settings.dlog", scratch / "merged.dlog", scratch / "closed.dlog"
    run("encode", scratch / "everything.ndjson", "-o", settings, "--policy", "max@/0-1;average", "--tag", "a \u2116")
    run("merge", settings, scratch / "pkgterms-stream-fastest.dlog", "-o", merged)
    run("compact", scratch / "settling-balanced.dlog", "--keep", "now", "--assume-closed", "-o", closed)
    facts, late = scratch / "facts.dlog", written(scratch, "late", ['{"id":"z","namespace":"late","ts":"2026-02-03T04:00:00.25Z","op":"create","vector":[1]}'])
    run("encode", scratch / "everything.ndjson", "-o", facts, "--meta", "n\u00e4me=\u2116 7", "--meta-json", 'x={"b":[1.0],"a":"\\u00e9"}', "--at", "2026-01-01")
    ahead = written(scratch, "ahead", ['{"id":"y","namespace":"late","ts":"2090-02-03T04:00:00Z","op":"create","vector":[1]}'])
    run("encode", ahead, "--append", facts, "--max-skew", "any", "--origin", "ahead")
    run("encode", late, "--append", facts, "--meta", "run=8")
    first, second = (written(scratch, name, lines) for name, lines in zip(("first", "second"), in_two()))
    base = encoded("first", first, scratch, "balanced")
    pending, packed = encoded("second", second, scratch, "balanced", "--base", base), scratch / "second-packed.dlog"
    run("compact", pending, "-o", packed, expected=4)  # its commits wait for those of the first
    for log in [*derived(settings), *derived(facts), merged, closed, pending, packed]:
        check_log(log, met)
    for log in (base, scratch / "many-frames-balanced.dlog", scratch / "many-frames-balanced-all.dlog"):
        check_log(repaired(log), met)


def repaired(log):
    """What a repair makes of the log when a DATA frame of it is damaged."""
    data, bad, out = bytearray(log.read_bytes()), log.with_name(f"{log.stem}-bad.dlog"), log.with_name(f"{log.stem}-repaired.dlog")
    data[data.rindex(b"DFRM\x03") + 70] ^= 1
    bad.write_bytes(data)
    run("verify", bad, "--repair", out, expected=4)
    check(any(part.lost for part in segment.read_segments(out.read_bytes())), f"{out.name} names what is lost")
    return out


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


def footer_naming(payload, codec, raw, headers):
    """A FOOTER payload that names frames with these headers, or None where it does."""
    if codec == segment.ZSTD:
        payload, = unzstd([(bytes(payload), raw)])
    right = b"".join(header[60:] for header in headers) + payload[4 * len(headers):]
    return None if right == payload else right


def resealed(data, naming=True):
    """A file of one segment with all checksums made right again, those in the FOOTER only if `naming`: what is wrong in it then is its meaning."""
    out, at, headers = bytearray(data), segment.HEADER, [data[:segment.HEADER]]
    salt = int.from_bytes(data[48:52], "little")
    while out[at:at + 4] == segment.FRAME_SYNC:
        number, stored = struct.unpack_from("<II", out, at + 12)
        body = at + segment.FRAME
        if naming and out[at + 4] == segment.FOOTER:
            right = footer_naming(out[body:body + stored], out[at + 5], int.from_bytes(out[at + 20:at + 24], "little"), headers[1:])
            if right is not None:
                out[body:body + segment.padded(stored)] = right.ljust(segment.padded(len(right)), b"\0")
                stored = len(right)
                out[at + 5] = segment.PLAIN
                struct.pack_into("<II", out, at + 16, stored, stored)
        end = body + segment.padded(stored)
        struct.pack_into("<Q", out, at + 52, xxh3_64(out[body:end], salt << 32 | number))
        struct.pack_into("<I", out, at + 60, xxh3_64(out[at:at + 60], segment.FRAME_SEED) & 0xffffffff)
        headers.append(bytes(out[at:body]))
        at = end
    struct.pack_into("<Q", out, at, at + segment.TRAILER)
    struct.pack_into("<Q", out, at + 32, xxh3_64(b"".join(headers)))
    out[at + 44:at + 48] = headers[-1][60:]
    struct.pack_into("<Q", out, at + 48, xxh3_64(out[at:at + 48], segment.TRAILER_SEED))
    return out


def frames_of(data):
    """[(type, offset, stored)] of a file of one segment, and the offset of its trailer."""
    at, frames = segment.HEADER, []
    while data[at:at + 4] == segment.FRAME_SYNC:
        frames.append((data[at + 4], at, struct.unpack_from("<I", data, at + 16)[0]))
        at += segment.FRAME + segment.padded(frames[-1][2])
    return frames, at


def check_damage(log, vouched):
    """A changed byte anywhere is a checksum that does not fit; where the checksums are made to fit, the hashes do not, which vouch
    for all of a log but what pruning left of a delta."""
    data, refused = log.read_bytes(), 0
    check(refusal(data) is None, f"{log.name} is whole")
    check(resealed(data) == data, f"{log.name} is sealed as the page says")
    frames, at = frames_of(data)
    for kind, begin, stored in frames:
        body = begin + segment.FRAME
        for place in {begin + 40, *range(body, body + segment.padded(stored), 1 + stored // 16)}:
            why = refusal(changed(data, place))
            check(why is not None and "checksum mismatch" in why, f"{log.name}: byte {place} is changed, and the decoder says {why}")
            refused += 1
        for place in range(body, body + stored, 1 + stored // (48 if kind == segment.DATA else 8)) if vouched else ():
            why = refusal(resealed(changed(data, place), naming=kind != segment.FOOTER))
            check(why is not None and "checksum" not in why, f"{log.name}: byte {place} is changed and resealed, and the decoder says {why}")
            refused += 1
    for place in (50, at + 34):
        check("checksum mismatch" in (refusal(changed(data, place)) or ""), f"{log.name}: byte {place} of header or trailer is changed")
    check(refusal(data[:-64]) is not None and refusal(data[:at - 64]) is not None, f"{log.name}: a cut file is refused")
    print(f"ok: {log.name}: {refused + 2} changed bytes are refused")


def check_hostile(log):
    """A resealed change in the deltas of a whole log is refused in so many words, or it says the same: no value of them can be
    another, and nothing else may happen."""
    data, refused, same = log.read_bytes(), 0, 0
    said = History(segment.read_segments(data)).dump()
    for _, begin, stored in (frame for frame in frames_of(data)[0] if frame[0] == segment.DATA):
        for place in range(begin + segment.FRAME, begin + segment.FRAME + stored, 1 + stored // 24):
            if refusal(other := resealed(changed(data, place))) is not None:
                refused += 1
                continue
            same += 1
            check(History(segment.read_segments(bytes(other))).dump() == said, f"{log.name}: byte {place} is changed, and other values come out")
    check(refused > 10 * same, f"{log.name}: of {refused + same} changes {same} do nothing")
    print(f"ok: {log.name}: {refused} changes of its deltas are refused")


# Twenty sevens as an LZ4 block, and blocks that break one rule each.
LZ4 = "1a07010050" + "07" * 5
NOT_LZ4 = {
    "offset 0": "1a07000050" + "07" * 5, "an offset before the start": "1a07020050" + "07" * 5, "a byte behind it": LZ4 + "00",
    "no last literals": "1a070100", "literals that it lacks": "1a07010060" + "07" * 5, "a match beyond the end": "1f070100ff2050" + "07" * 5,
    "a length without end": "1f070100ffff", "a match length at the end": "1a07010051" + "07" * 5, "four last literals": "1b07010040" + "07" * 4,
    "a match that begins too late": "90" + "07" * 9 + "010070" + "07" * 7, "one byte less": "1907010050" + "07" * 5}


def check_lz4():
    check(unlz4(bytes.fromhex(LZ4), 20, "block") == b"\7" * 20, "a run as an LZ4 block")
    for name, block in NOT_LZ4.items():
        try:
            unlz4(bytes.fromhex(block), 20, "block")
        except Broken:
            continue
        check(False, f"an LZ4 block with {name} is refused")


def main():
    check_lz4()
    x, noise = 1, bytearray()
    for _ in range(max(XXH3)):
        x = (x * 1664525 + 1013904223) & 0xffffffff
        noise.append(x >> 24)
    for n, sums in XXH3.items():
        check(sums == (xxh3_64(noise[:n]), xxh3_64(noise[:n], 0xfedcba9876543210)), f"XXH3-64 of {n} bytes")
    with tempfile.TemporaryDirectory() as scratch:
        check_agreement(pathlib.Path(scratch))
        for name in ("noise-balanced-all", "proportional-balanced-all", "counts-balanced-all", "decimal-maximum-all", "own-lattices-balanced", "repeats-balanced"):
            check_hostile(pathlib.Path(scratch) / f"{name}.dlog")
    for name, vouched in (("sample", True), ("int8-packed", True), ("sample-pruned", False)):
        check_damage(TESTDATA / "golden" / f"{name}.dlog", vouched)


if __name__ == "__main__":
    main()
