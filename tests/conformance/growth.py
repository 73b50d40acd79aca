#!/usr/bin/env python3
"""The ways in which the format grows, one golden file each, and what every command does with them.

usage: growth.py --write DIRECTORY         makes the files anew
       growth.py DELTALOG TESTDATA         holds every command to the page: "How it grows" and "What a reader says"

The files are made from formats/spec/dlog-1.md alone, by a writer of a later version, with all checksums right. Each holds the same vector as
plain.dlog, or would, to a reader who knew what is new in it. What is passed over must change nothing that a command says; what is not known
must be *unsupported*, named with its writer, and never be called damaged.
"""
import itertools
import json
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "corruption"))
import forge  # noqa: E402
from dlog import hashes, segment as layout, tables  # noqa: E402
from dlog.history import History  # noqa: E402
from dlog.delta import CREATE  # noqa: E402
from dlog.wire import text, varint  # noqa: E402

SAFE, UNSAFE, NECESSARY = 0xbf, 0xff, 0x3f  # types that are never assigned: passed over, the second not copied; and one that is refused
WRITER = b"deltalog/9.9.9"
ONE = 0x3f800000
COMPAT, RO_COMPAT, INCOMPAT = 1 << 40, 1 << 41, 1 << 42


# --- the files

def head_of(frames, kind):
    """What the FOOTER says of the origin, by the decoder: all but what is new must be plain in these frames."""
    raw = forge.build(frames, kind, identity=identity(), deltas=1)
    header, parsed, _ = layout.split(raw)[0]
    columns = {frame.number: layout.decode_payloads([frame.payload])[0] for frame in parsed if frame.type == layout.DATA}
    heads = layout.Segment(header, parsed, columns).footer(parsed[:-1]).heads
    out = varint(len(heads))
    for origin, first, last, time, previous, known in heads:
        out += varint(origin) + varint(first) + varint(last - first) + varint(time) + (previous if first > 1 else b"") + known
    return out


def identity():
    return hashes.digest("dlog1 segment", bytes([layout.FRESH, 1]), text("main"), struct.pack("<QQ", 1, forge.TIME), tables.NO_HASH)


def rows_of(frames):
    return sum(frame.count for frame in frames if frame.kind == layout.COMMITS)


def lz4_frame(frame):
    """The same, stored as an LZ4 block."""
    block = forge.lz4(frame.unpacked)
    out = forge.Frame(frame.kind, frame.unpacked, frame.count, frame.first, packed=block)
    return claiming(out, codec=2) if len(block) < len(frame.unpacked) else frame


def sealed(frames, plain=None, features=(0, 0, 0), closed=lambda footer: footer):
    """`plain`: the frames without what this version's decoder refuses. `closed` changes the FOOTER frame."""
    heads = head_of(plain or frames, layout.FRESH)
    deltas = sum(frame.count for frame in frames if frame.kind == layout.DATA)
    return forge.build(frames, footer=lambda placed: closed(forge.Frame(layout.FOOTER, forge.footer_of(placed, heads=heads), len(placed))), identity=identity(),
                       deltas=deltas, commits=rows_of(frames), features=features, writer=WRITER)


def names():
    return [forge.props(), forge.ids()]


def closing():
    return [forge.commits(), forge.Frame(layout.SYNC)]


def plain(*extra, create=None):
    return [*names(), create or forge.create(word=ONE), *extra, *closing()]


def unknown(kind, content, codec=0, flags=0, raw=None, **fields):
    frame = forge.Frame(kind, content, packed=content, **fields)
    frame.claims = {"codec": codec, "flags": flags, "raw": len(content) if raw is None else raw}
    return frame


def claiming(frame, **claims):
    frame.claims = claims
    return frame


def ways_in_a_frame(kind):
    """Twice the same, two that begin alike, a short one, and header fields that mean something else there."""
    odd = unknown(kind, b"hello", codec=7, flags=3, raw=9, first=5, count=3, least=8, greatest=2)
    return sealed(plain(odd, unknown(kind, b"hello" * 20), unknown(kind, b"bye"), unknown(kind, b"hello" * 7), unknown(kind, b"hello" * 20)))


def columns(*more, kinds=CREATE):
    return forge.data([forge.constant(0x81, kinds, 1), forge.plain_column(0x82, b"\0"), forge.CLOCK, forge.plain_column(0x87, b"\4"),
                       forge.words(0x8e, ONE, 4), *more], 1)


def necessary(create):
    return sealed(plain(create=create), plain())


def attested():
    commit = head_of(plain(), layout.FRESH)[-32:]
    stated = text("main") + varint(1) + commit + text("example-1") + text("key of nobody") + bytes(range(64))
    return forge.Frame(layout.ATTESTATION, stated, packed=stated)


def with_setting():
    """A second commit, which sets what this version does not know."""
    setting = "horizon 3 of 7"
    second = 2
    raw = varint(1) + text(setting) + bytes(2) + b"\1\1" + varint(1) + varint(forge.MICROS << 1) + b"\2" + bytes(2)
    raw += bytes(2) * 4 + b"\0\1" + b"\1\0" + varint(1) + b"\0"
    return sealed([*names(), forge.create(word=ONE), forge.Frame(layout.COMMITS, raw, second), forge.Frame(layout.SYNC)])


def with_metadata():
    patch = b'{"deltalog.origin":"later","name":"v"}'
    return sealed(plain(create=columns(forge.plain_column(0x91, varint(len(patch))), forge.plain_column(0x92, patch))))


def with_lz4():
    """No growth: what the page allows and this version's writer does not use."""
    def column(number, raw):
        return forge.column(number, 10, len(raw), forge.lz4(raw))
    create = forge.data([column(0x81, bytes([CREATE])), column(0x82, b"\0"), forge.CLOCK, column(0x87, b"\4"), column(0x8e, struct.pack("<I", ONE) * 4)], 1)
    return sealed(plain(create=create), closed=lz4_frame)


FILES = {
    "plain": lambda: sealed(plain()),
    "frame-safe": lambda: ways_in_a_frame(SAFE),
    "frame-unsafe": lambda: ways_in_a_frame(UNSAFE),
    "attestation": lambda: sealed(plain(attested())),
    "compat": lambda: sealed(plain(), features=(COMPAT, 0, 0)),
    "ro-compat": lambda: sealed(plain(), features=(0, RO_COMPAT, 0)),
    "column": lambda: sealed(plain(create=columns(forge.plain_column(0x7e, b"new"))), plain()),
    "setting": with_setting,
    "metadata": with_metadata,
    "lz4": with_lz4,
    "incompat": lambda: sealed(plain(), features=(0, 0, INCOMPAT)),
    "frame-necessary": lambda: sealed(plain(unknown(NECESSARY, b"hello")), plain()),
    "flags": lambda: sealed([*names(), forge.create(word=ONE), claiming(forge.commits(), flags=0x20), forge.Frame(layout.SYNC)], plain()),
    "codec": lambda: sealed([*names(), forge.create(word=ONE), claiming(forge.commits(), codec=5), forge.Frame(layout.SYNC)], plain()),
    "critical-column": lambda: necessary(columns(forge.plain_column(0xfe, b"new"))),
    "operation": lambda: necessary(columns(kinds=12)),
    "form": lambda: necessary(columns(kinds=CREATE + 16 * 9)),
    "coder": lambda: necessary(forge.data([forge.constant(0x81, CREATE, 1), forge.plain_column(0x82, b"\0"), forge.CLOCK, forge.plain_column(0x87, b"\4"),
                                           forge.column(0x8e, 0x3c, 16, b"new")], 1)),
}

# What a reader of this version must name. The first are found by whoever opens the file, the others by whoever reads deltas.
AT_ONCE = {"incompat": f"incompatible features {INCOMPAT:#x}", "frame-necessary": "frame type 0x3f", "flags": "frame flags 0x20", "codec": "payload codec 5"}
IN_DELTAS = {"critical-column": "unknown column 254", "operation": "unknown operation 12", "form": "unknown form 9", "coder": "unknown coder 60"}
PASSED = [name for name in FILES if name not in AT_ONCE and name not in IN_DELTAS and name != "plain"]


def write(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in FILES.items():
        (folder / f"{name}.dlog").write_bytes(make())


# --- the commands

failures = []


def check(condition, what):
    if not condition:
        failures.append(what)
        print(f"FAILED: {what}", file=sys.stderr)


class Log:
    """A golden file, and commands on a copy of it in a directory of its own."""

    def __init__(self, program, golden, name, scratch):
        self.program, self.name, self.golden = program, name, golden / f"{name}.dlog"
        self.folder = scratch / name
        self.folder.mkdir()
        self.path = self.folder / "log.dlog"
        shutil.copy(self.golden, self.path)
        self.bytes = self.golden.read_bytes()

    def run(self, *arguments, given=None):
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
        done = subprocess.run([self.program, *arguments], cwd=self.folder, capture_output=True, input=given, env=environment)
        return done.returncode, done.stdout, done.stderr.decode()

    def expect(self, code, *arguments, given=None):
        got, out, said = self.run(*arguments, given=given)
        check(got == code, f"{self.name}: {' '.join(arguments)}: exit {got}, not {code}: {said.strip()}")
        return out, said

    def read(self, name):
        return (self.folder / name).read_bytes()


CHANGE = b'{"id":"w","vector":[1,2,3,4],"ts":"2024-01-01T00:00:00Z"}\n'
# Of the file alone; those of the second read deltas.
OPENING = [["log", "log.dlog"], ["info", "log.dlog"], ["tag", "log.dlog"], ["merge", "log.dlog", "-o", "out", "-f"]]
READING = [["snapshot", "log.dlog", "--to", "ndjson", "-o", "-"], ["snapshot", "log.dlog", "-o", "out.npy", "-f"], ["blame", "log.dlog", "--id", "v"],
           ["log", "log.dlog", "--deltas"], ["log", "log.dlog", "--hashes"], ["log", "log.dlog", "--graph"], ["log", "log.dlog", "--window", "tumbling:1h"],
           ["log", "log.dlog", "--conflicts"], ["show", "log.dlog", "main:1"], ["dump", "log.dlog"], ["diff", "log.dlog", "--at", "2020-01-01"],
           ["compact", "log.dlog", "--keep", "now", "-o", "out", "-f"], ["compact", "log.dlog", "--keep", "now", "--dry-run"],
           ["compact", "log.dlog", "--in-place", "--keep", "now"],
           ["rollback", "log.dlog", "--at", "2020-01-01", "--time", "2024-01-01", "--max-delete", "100%", "-o", "out", "-f"]]
APPEND = ["encode", "-", "--append", "log.dlog"]
# Of what is passed over every answer must be that of plain.dlog; what tells more is looked at apart.
SAME = {"frame-safe": READING[:11], "frame-unsafe": READING[:11], "attestation": READING[:11], "compat": READING[:11], "ro-compat": READING[:11], "column": READING[:11], "lz4": READING[:11],
        "setting": [], "metadata": []}


def check_passed(log, same_as):
    """Read as if it were not there, and copied with it."""
    for arguments in OPENING + READING:
        if log.name == "ro-compat" and arguments[0] == "compact":
            continue
        code = 1 if arguments[0] == "tag" or "--conflicts" in arguments or arguments[0] == "diff" else 0
        out, _ = log.expect(code, *arguments)
        if arguments in SAME[log.name]:
            check(out == same_as.run(*arguments)[1], f"{log.name}: {' '.join(arguments)}: another answer than of plain.dlog")
        shutil.copy(log.golden, log.path)
    out, _ = log.expect(0, "verify", "log.dlog", "--json")
    verdict = json.loads(out.splitlines()[-1])
    check((verdict["verdict"], verdict["unknown_frames"]) == ("ok", 5 if log.name.startswith("frame-") else 0), f"{log.name}: verify: {verdict}")
    if log.name != "ro-compat":
        log.expect(0, "compact", "log.dlog", "--keep", "now", "-o", "packed.dlog", "-f")
        log.expect(0, "verify", "-q", "packed.dlog")
        check(log.run("log", "packed.dlog", "--hashes") == log.run("log", "log.dlog", "--hashes"), f"{log.name}: compact makes other commits")
    log.expect(0, "merge", "log.dlog", "-o", "merged.dlog")
    check(log.read("merged.dlog") == log.bytes, f"{log.name}: merge changed the bytes")
    log.expect(0, *APPEND, given=CHANGE)
    check(log.path.read_bytes().startswith(log.bytes), f"{log.name}: an append changed what was there")
    log.expect(0, "verify", "-q", "log.dlog")
    dump, _ = log.expect(0, "dump", "log.dlog")
    decoded = History(layout.read_segments(log.path.read_bytes())).dump()
    check(dump.decode() == "".join(line + "\n" for line in decoded), f"{log.name}: the second decoder says something else")
    log.expect(0, "info", "log.dlog", "--columns", "--json")
    log.expect(0, "encode", "-", "-o", "again.dlog", given=dump)
    check(log.run("log", "again.dlog", "--hashes")[1] == log.run("log", "log.dlog", "--hashes")[1], f"{log.name}: its dump makes other commits")
    check_unsealed(log)


def check_unsealed(log):
    """Without FOOTER and trailer: sealed on the way by a merge, and by an append, with the same bytes; never where that would be to rewrite it."""
    cut = footer_at(log.bytes)
    (log.folder / "cut.dlog").write_bytes(log.bytes[:cut])
    code = 3 if log.name == "ro-compat" else 4
    _, said = log.expect(code, "merge", "cut.dlog", "-o", "sealed.dlog", "-f", "--allow-torn")
    if code == 3:
        check("ro_compat features" in said and "9.9.9" in said, f"{log.name}: merge of it unsealed: {said}")
        for end in (cut, cut + 20, cut + 64):
            (log.folder / "cut.dlog").write_bytes(log.bytes[:end])
            log.expect(3, "encode", "-", "--append", "cut.dlog", given=CHANGE)
            check(log.read("cut.dlog") == log.bytes[:end], f"{log.name}: cut or sealed, and nobody knows what that takes")
        return
    check(log.read("sealed.dlog")[:cut] == log.bytes[:cut], f"{log.name}: sealing changed what was there")
    log.expect(0, "verify", "-q", "sealed.dlog")
    log.expect(0, "encode", "-", "--append", "cut.dlog", given=CHANGE)
    log.expect(0, "verify", "-q", "cut.dlog")


def footer_at(data):
    return struct.unpack_from("<Q", data, len(data) - 64 + 8)[0]


def extras(data):
    """(type, stored payload) of the frames of the last segment that this version passes over, and its compat features."""
    found, at = [], 128
    while data[at + 4] != layout.FOOTER:
        kind, stored = data[at + 4], struct.unpack_from("<I", data, at + 16)[0]
        if kind & 0x80 and kind != layout.POSTINGS:
            found.append((kind, data[at + 64:at + 64 + stored]))
        at += 64 + layout.padded(stored)
    return found, struct.unpack_from("<Q", data, 16)[0]


def check_compact(logs):
    """What a log that is written anew keeps: safe frames once each, in order, before SYNC; and unknown compat bits."""
    folder = logs["plain"].folder
    for name in ("frame-safe", "frame-unsafe", "attestation", "compat"):
        (folder / f"{name}.dlog").write_bytes(logs[name].bytes)
    mixed = ["frame-unsafe.dlog", "attestation.dlog", "frame-safe.dlog", "compat.dlog"]
    _, said = logs["plain"].expect(0, "compact", *mixed, "frame-safe.dlog", "--keep", "now", "-o", "mixed.dlog")
    check("5 frames of type 0xff" in said and "left out" in said, f"compact names nothing that it left out: {said}")
    kept, compat = extras(logs["plain"].read("mixed.dlog"))
    wanted = sorted({*extras(logs["frame-safe"].bytes)[0], *extras(logs["attestation"].bytes)[0]})
    check(kept == wanted, f"compact keeps {kept}, not {wanted}")
    check(compat == COMPAT, f"compact keeps compat features {compat:#x}")
    _, said = logs["column"].expect(0, "compact", "log.dlog", "--keep", "now", "-o", "packed.dlog", "-f")
    check("column 0x7e of 1 DATA frame" in said and "left out" in said, f"compact names no column that it left out: {said}")
    logs["plain"].expect(0, "verify", "-q", "mixed.dlog")
    logs["plain"].expect(0, "compact", "mixed.dlog", "--keep", "now", "-o", "again.dlog")
    check(logs["plain"].read("again.dlog") == logs["plain"].read("mixed.dlog"), "compact of a compacted log changes it")
    logs["plain"].expect(0, "compact", *reversed(mixed), "--keep", "now", "-o", "turned.dlog")
    check(logs["plain"].read("turned.dlog") == logs["plain"].read("mixed.dlog"), "compact depends on the order of the logs")


def check_shape(log):
    """An attestation of another shape is invalid, and nothing is in its way."""
    zipped = forge.Frame(layout.ATTESTATION, attested().stored + bytes(400))
    wrong = [forge.Frame(layout.ATTESTATION, b"hello"), forge.Frame(layout.ATTESTATION, b""), forge.Frame(layout.ATTESTATION, attested().stored, count=1), zipped]
    check(zipped.zipped, "no zstd in the test of attestations")
    for number, frame in enumerate(wrong):
        data = sealed(plain(frame), plain())
        log.path.write_bytes(data)
        out, _ = log.expect(1, "verify", "log.dlog", "--json")
        check(json.loads(out.splitlines()[-1])["verdict"] == "invalid", f"attestation {number} of another shape: {out.decode()}")
        log.expect(0, "snapshot", "log.dlog", "--to", "ndjson", "-o", "-") if number < 2 else None
        log.expect(0, "merge", "log.dlog", "-o", "shape.dlog", "-f") if number < 2 else None
        check(number >= 2 or log.read("shape.dlog") == data, f"attestation {number} of another shape: merge changed it")
    shutil.copy(log.golden, log.path)


def check_loss(log):
    """A LOSS frame that names a dot is said by whoever reads the log. One of another shape is refused, and invalid."""
    def judged(payload):
        log.path.write_bytes(sealed(plain(forge.Frame(layout.LOSS, payload)), plain()))
        out, _ = log.run("verify", "log.dlog", "--json")[1:]
        return [json.loads(line)["verdict"] for line in out.splitlines()]
    check(judged(b"\x01\x04lost\x01\x63\x00") == ["lost", "ok"], "a lost dot is not noted")
    _, said = log.expect(4, "snapshot", "log.dlog", "--to", "ndjson", "-o", "-")
    check("lost:100" in said, f"a lost dot is not said: {said}")
    for payload in (b"hello", b"", b"\x00", b"\x01\x00\x01\x00\x00", b"\x01\x04lost\x01\x00\x00\x00", b"\x01\x04lost\xff\xff\xff\x7f\x00\x00"):
        check(judged(payload)[-1] == "invalid", f"a loss of another shape: {payload}")
        log.expect(3, "snapshot", "log.dlog", "--to", "ndjson", "-o", "-")
    shutil.copy(log.golden, log.path)


def check_contained(logs):
    """A bundle has the frames that the other side lacks, and nothing else. Of two logs with the same commits the one without such a frame goes, and the other never."""
    folder = logs["plain"].folder
    for name in PASSED:
        if name in ("setting", "metadata", "column", "lz4"):
            continue
        shutil.copy(logs[name].golden, folder / "more.dlog")
        for order in (["log.dlog", "more.dlog"], ["more.dlog", "log.dlog"]):
            logs["plain"].expect(0, "merge", *order, "-o", "union.dlog", "-f")
            check(logs["plain"].read("union.dlog") == logs[name].bytes, f"{name}: a merge with plain.dlog is not it")
        whole = name.startswith("frame-") or name == "attestation"
        logs["plain"].expect(0 if whole else 1, "merge", "more.dlog", "--not-in", "log.dlog", "-o", "bundle.dlog", "-f")
        check(not whole or logs["plain"].read("bundle.dlog") == logs[name].bytes, f"{name}: a bundle beside plain.dlog is not what that lacks")
    names = ["frame-safe", "attestation"]
    for name in names:
        shutil.copy(logs[name].golden, folder / f"{name}.dlog")
    logs["plain"].expect(0, "merge", *(f"{name}.dlog" for name in names), "-o", "both.dlog", "-f")
    both = logs["plain"].read("both.dlog")
    check(sorted([both[:len(logs[n].bytes)] for n in names if both.startswith(logs[n].bytes)]) != [] and len(both) == sum(len(logs[n].bytes) for n in names),
          "a merge of two segments that have each what the other lacks is not both")


def check_union(log, logs):
    """A merge is a set union of such segments, too: in any order, nested and repeated."""
    names = ["plain", "frame-safe", "frame-unsafe", "attestation", "compat", "ro-compat"]
    for name in names:
        shutil.copy(logs[name].golden, log.folder / f"{name}.dlog")

    def merged(into, *parts):
        log.expect(0, "merge", *(f"{part}.dlog" for part in parts), "-o", f"{into}.dlog", "-f")
        return log.read(f"{into}.dlog")
    union = merged("all", *names)
    check(len(union) == sum(len(logs[name].bytes) for name in names[1:]), "a merge of what nobody else has drops some of it, or keeps plain.dlog")
    for order in itertools.islice(itertools.permutations(names), 0, None, 60):
        half = len(order) // 2
        check(merged("some", *order) == union, f"a merge depends on the order of the logs: {order}")
        merged("left", *order[:half])
        merged("right", *order[half:])
        check(merged("some", "right", "left") == union, f"a merge depends on how it is nested: {order}")
        check(merged("some", "all", *order[:2]) == union, f"a merge of what is there already changes it: {order}")


def check_unsupported(log, what, commands, plain_ones):
    """Named with its writer by all who meet it, and left as it is."""
    def said_so(said, arguments):
        check(what in said and WRITER.decode() in said and "checksum" not in said and "damaged" not in said, f"{log.name}: {' '.join(arguments)}: {said.strip()}")
    for arguments in commands:
        said_so(log.expect(3, *arguments)[1], arguments)
    for arguments in plain_ones:
        log.expect(1 if arguments[0] == "tag" else 0, *arguments)
    if not plain_ones:
        said_so(log.expect(3, *APPEND, given=CHANGE)[1], APPEND)
    check(log.path.read_bytes() == log.bytes, f"{log.name}: something was changed")
    out, _ = log.expect(1, "verify", "log.dlog", "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    check(lines[-1]["verdict"] == "unsupported", f"{log.name}: verify says {lines[-1]['verdict']}")
    check({line["verdict"] for line in lines[:-1]} == {"unsupported"}, f"{log.name}: verify finds more than that: {out.decode()}")
    said_so(lines[0]["what"], ["verify"])


def main(program, golden):
    with tempfile.TemporaryDirectory() as scratch:
        logs = {name: Log(program, golden, name, pathlib.Path(scratch)) for name in FILES}
        for name, make in FILES.items():
            check(make() == logs[name].bytes, f"{name}.dlog is not what growth.py makes")
        for name in PASSED:
            check_passed(logs[name], logs["plain"])
        for arguments in [a for a in READING if a[0] == "compact"]:
            _, said = logs["ro-compat"].expect(3, *arguments)
            check(f"ro_compat features {RO_COMPAT:#x}" in said and WRITER.decode() in said, f"ro-compat: compact says {said}")
        check(b"features that this version does not know: ro_compat" in logs["ro-compat"].expect(0, "info", "log.dlog")[0], "info does not name the feature")
        for name, what in AT_ONCE.items():
            check_unsupported(logs[name], what, OPENING + READING, [])
        opening = [a for a in READING if "--graph" in a]
        without = [a for a in READING if a[0] != "log" or "--graph" not in a]
        for name, what in IN_DELTAS.items():
            check_unsupported(logs[name], what, without, OPENING + opening)
        check_shape(logs["attestation"])
        check_loss(logs["attestation"])
        check_compact(logs)
        check_contained(logs)
        check_union(logs["plain"], logs)
        for name, fact in (("attestation", b"1\n"), ("frame-safe", b"0\n")):
            check(logs[name].expect(0, "info", "log.dlog", "--get", "attestations")[0] == fact, f"{name}: info counts other attestations")
        check(logs["frame-safe"].expect(0, "info", "log.dlog", "--get", "unknown-frames")[0] == b"5\n", "info counts other unknown frames")
        check(b"of type 0xbf" in logs["frame-safe"].expect(0, "verify", "-v", "log.dlog")[0], "verify -v does not name what it passes over")
        check(b"of type 0xbf" not in logs["frame-safe"].expect(0, "verify", "log.dlog")[0], "verify names what it passes over unasked")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    if sys.argv[1] == "--write":
        write(pathlib.Path(sys.argv[2]))
    else:
        main(sys.argv[1], pathlib.Path(sys.argv[2]) / "golden" / "growth")
