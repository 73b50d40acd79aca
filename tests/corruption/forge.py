"""Makes delta log files whose checksums are all right and whose content wants to hurt: counts that zstd makes tiny, lists without end, values
by the gigabyte. Written from formats/spec/dlog-1.md. Each function of the list at the end makes one file: `files()` yields (name, bytes).
"""
import pathlib
import struct
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "conformance"))
from dlog import segment as layout  # noqa: E402
from dlog.wire import text, varint  # noqa: E402
from dlog.xxh3 import xxh3_64  # noqa: E402

PROPS, IDS, DATA, COMMITS, SYNC, FOOTER, POSTINGS = layout.PROPS, layout.IDS, layout.DATA, layout.COMMITS, layout.SYNC, layout.FOOTER, layout.POSTINGS
FRESH, PACKED = layout.FRESH, layout.PACKED
MICROS = 1_700_000_000_000_000
TIME = MICROS << 12
UNKNOWN = 0xbf
MiB = 1 << 20


def zstd(raw, level=19):
    """One frame that states its content size."""
    command = ["zstd", "-q", "-c", f"-{level}", "--no-check", f"--stream-size={len(raw)}"]
    return subprocess.run(command, input=raw, capture_output=True, check=True).stdout


def bare(raw):
    """As a column of a DATA payload has it: a frame without magic, content size and checksum."""
    return subprocess.run(["zstd", "-q", "-c", "-19", "--no-check", "--no-content-size"], input=raw, capture_output=True, check=True).stdout[4:]


def lz4(raw):
    """One LZ4 block: whatever four bytes occurred before are taken from there."""
    out, begin, at, seen = bytearray(), 0, 0, {}

    def add(literals, offset=0, length=4):
        more = [n - 15 for n in (len(literals), length - 4)]
        out.append(min(len(literals), 15) << 4 | min(length - 4, 15))
        tails = [bytes([255]) * (n // 255) + bytes([n % 255]) if n >= 0 else b"" for n in more]
        out.extend(tails[0] + literals + (struct.pack("<H", offset) + tails[1] if offset else b""))
    while at <= len(raw) - 12:
        before = seen.get(raw[at:at + 4], -65536)
        seen[raw[at:at + 4]] = at
        if at - before > 65535:
            at += 1
            continue
        length = 4
        while at + length < len(raw) - 5 and raw[before + length] == raw[at + length]:
            length += 1
        add(raw[begin:at], at - before, length)
        at += length
        begin = at
    add(raw[begin:])
    return bytes(out)


class Frame:
    """`raw` is what the payload decodes to. `claims`, when set: header fields that say something else than is there."""

    def __init__(self, kind, raw=b"", count=0, first=0, least=0, greatest=0, vectors=(0, 0), packed=None):
        if packed is None and kind not in (DATA, SYNC, UNKNOWN) and len(raw) > 200:
            packed = zstd(raw, 1 if len(raw) > MiB else 19)
        self.unpacked = raw
        self.zipped = packed is not None and len(packed) < len(raw)
        self.kind, self.stored, self.raw, self.count, self.first = kind, packed if self.zipped else raw, len(raw), count, first
        self.least, self.greatest, self.vectors, self.claims = least, greatest, vectors, {}
        self.checksum = 0

    def bytes(self, salt, number):
        body = self.stored.ljust(layout.padded(len(self.stored)), b"\0")
        claimed = {"codec": int(self.zipped), "flags": 0, "stored": len(self.stored), "raw": self.raw, "first": self.first, "count": self.count,
                   "least": self.least, "greatest": self.greatest} | self.claims
        head = struct.pack("<4sBBHIIIIQIQQQ", b"DFRM", self.kind, claimed["codec"], claimed["flags"], salt, number, claimed["stored"], claimed["raw"],
                           claimed["first"], claimed["count"], claimed["least"], claimed["greatest"], xxh3_64(body, salt << 32 | number))
        self.checksum = xxh3_64(head, layout.FRAME_SEED) & 0xffffffff
        return head + struct.pack("<I", self.checksum) + body


def footer_of(frames, totals=(1, 1, 1), heads=b"\0"):
    """FOOTER: what a writer would say of these frames."""
    out = b"".join(struct.pack("<I", frame.checksum) for frame in frames) + b"".join(map(varint, totals))
    out += bytes(frame.kind for frame in frames)
    columns = [[len(f.stored) for f in frames], [f.count for f in frames], [f.first for f in frames], [f.least for f in frames],
               [f.greatest - f.least & (1 << 64) - 1 for f in frames], [f.vectors[0] for f in frames], [f.vectors[1] - f.vectors[0] for f in frames]]
    return out + b"".join(varint(n) for column in columns for n in column) + heads


def build(placed, kind=FRESH, footer=None, identity=b"hostile ", deltas=0, commits=0, features=(0, 0, 0), writer=b"forge/1", **trailer):
    """A sealed segment. `footer`: None, or its frame, made of the frames that have been placed. `features`: compat, ro_compat, incompat."""
    identity = identity.ljust(32, b"\0")
    head = struct.pack("<8sHHIQQQB7s32s32sII", layout.MAGIC, 1, 0, 128, *features, kind, bytes(7), identity, writer, layout.DRAFT, 0)
    head += struct.pack("<Q", xxh3_64(head, layout.HEADER_SEED))
    salt = int.from_bytes(identity[:4], "little")
    parts, headers = [head], [head]

    def place(frame, number):
        parts.append(frame.bytes(salt, number))
        headers.append(parts[-1][:64])
    for number, frame in enumerate(placed):
        place(frame, number)
    at = sum(map(len, parts))
    last = footer(placed) if footer else Frame(FOOTER, footer_of(placed), len(placed))
    place(last, len(placed))
    length = sum(map(len, parts)) + 64
    fields = {"length": length, "footer": at, "deltas": deltas, "commits": commits, "frames": len(placed) + 1} | trailer
    tail = struct.pack("<QQQIIQII", fields["length"], fields["footer"], fields["deltas"], fields["commits"], fields["frames"], xxh3_64(b"".join(headers)), salt,
                       last.checksum)
    return b"".join(parts) + tail + struct.pack("<Q", xxh3_64(tail, layout.TRAILER_SEED)) + layout.END_MAGIC


# --- what an honest segment has

def props(namespaces=((b"", 4),), origins=(b"main",)):
    raw = varint(len(namespaces)) + b"".join(varint(len(n)) + n + varint(d) for n, d in namespaces)
    raw += varint(len(origins)) + b"".join(varint(len(o)) + o for o in origins)
    return Frame(PROPS, raw, len(namespaces) + len(origins))


def numbered(n, width=4, start=0):
    return [b"%0*x" % (width, start + i) for i in range(n)]


def ids(names=(b"v",), first=0, ns=0):
    shared, before = [], b""
    for name in names:
        k = next((i for i, (a, b) in enumerate(zip(name, before)) if a != b), min(len(name), len(before)))
        shared.append(k)
        before = name
    raw = varint(ns) + varint(len(names)) + b"".join(map(varint, shared)) + b"".join(varint(len(n) - k) for n, k in zip(names, shared))
    return Frame(IDS, raw + b"".join(n[k:] for n, k in zip(names, shared)), len(names), first)


def column(number, coder, raw_length, stored):
    return number, coder, raw_length, stored


def constant(number, byte, n):
    return column(number, 1, n, bytes([byte])) if n > 1 else column(number, 0, n, bytes([byte]))


def words(number, word, n):
    return column(number, 1, 4 * n, struct.pack("<I", word)) if n > 1 else column(number, 0, 4, struct.pack("<I", word))


def packed_column(number, raw):
    return column(number, 2, len(raw), bare(raw))


def plain_column(number, raw):
    return column(number, 0, len(raw), raw)


def payload(columns):
    columns = sorted(columns, key=lambda c: c[0] & 127)
    out = varint(len(columns))
    for number, coder, raw, stored in columns:
        out += bytes([number, coder]) + varint(raw) + (varint(len(stored)) if coder else b"")
    return out + b"".join(stored for *_, stored in columns)


CLOCK = plain_column(0x84, varint(MICROS) + b"\0")
NEGATE, CREATE, SPARSE, SCALE = 6, 1, 3, 4


def data(columns, count, first=0, vectors=(0, 0)):
    return Frame(DATA, columns if isinstance(columns, bytes) else payload(columns), count, first, TIME, TIME, vectors)


def negations(n, first=0):
    return data([constant(0x81, NEGATE, n), constant(0x82, 0, n), CLOCK], n, first)


def create(dims=4, first=0, word=0):
    return data([constant(0x81, CREATE, 1), plain_column(0x82, b"\0"), CLOCK, plain_column(0x87, varint(dims)), words(0x8e, word, dims)], 1, first)


def commits(n=1, first=0, seq=1, counts=b"\1", strings=b"\0", texts=None, forms=None, lists=None, kind=FRESH, pruning=None, time=MICROS):
    """`n` rows of origin 0, all at one time, each the child of the one before. `texts`: the five columns of string numbers."""
    raw = strings + bytes(n) + counts * n + varint(time) + varint(2) + bytes(n - 1) + bytes(n)
    raw += texts or bytes(5 * n)
    raw += forms or (b"\1" + bytes(n - 1))
    raw += lists if lists is not None else varint(seq) + (bytes(32) if seq > 1 else b"") + bytes(n - 1)
    if kind == PACKED:
        raw += pruning or b"\0" + bytes(n)
    return Frame(COMMITS, raw, n, first)


def log(*frames, **more):
    return build([props(), ids(), *frames, Frame(SYNC)], **more)


def many(frame, n):
    """Segments of one frame too much each, so that what they hold adds up."""
    return [frame(i) for i in range(n)]


# --- tables

def commits_zeros(n, raw):
    return lambda: log(create(), Frame(COMMITS, bytes(raw), n))


def commits_valid(n):
    return lambda: log(create(), negations(850, 1), commits(n))


def commits_in_frames(n, rows):
    def make():
        frames = [create(), *(negations(rows, 1 + i * rows) for i in range(n))]
        frames += [commits(1), *(commits(rows, 1 + i * rows, 2 + i * rows) for i in range(n))]
        return log(*frames, deltas=1 + n * rows, commits=1 + n * rows)
    return make


def commits_of_one_text(rows, size):
    def make():
        table = varint(1) + varint(size) + b"m" * size
        return log(create(), negations(rows - 1, 1), commits(rows, strings=table, texts=b"\1" * (5 * rows - rows) + bytes(rows)))
    return make


def commits_strings(n):
    return lambda: log(create(), Frame(COMMITS, varint(n) + b"\1x" * n, 1))


def commits_empty_strings(n):
    return lambda: log(create(), Frame(COMMITS, varint(n) + bytes(n), 1))


def commits_parents(n):
    return lambda: log(create(), commits(1, forms=varint(n + 1), lists=b"\0\1" * n + b"\1"))


def commits_rows_of_parents(rows, n):
    def make():
        lists = b"\0\1" * n + b"\1" + (b"\0\1" * n + b"\0") * (rows - 1)
        return log(create(), commits(rows, forms=varint(n + 1) * rows, lists=lists))
    return make


def commits_endless(counts):
    return lambda: log(create(), commits(200, counts=varint(counts)), deltas=1, commits=200)


def commits_with(optional, n=1):
    """Optional columns behind the rows."""
    def make():
        plain = commits(n)
        return log(create(), *([negations(n - 1, 1)] if n > 1 else []), Frame(COMMITS, plain.unpacked + optional, n), deltas=n, commits=n)
    return make


def optional(column, body):
    return bytes([column]) + varint(len(body)) + body


def properties(rows, size):
    """One text that each row has."""
    return optional(0x81, varint(1) + text('{"a":"' + "m" * (size - 8) + '"}') + b"\1" * rows)


def commits_cycle():
    """a:1 has seen b:1, and b:1 has seen a:1."""
    raw = b"\0" + b"\0\1" + b"\1\1" + varint(MICROS) + varint(2) + b"\0" + bytes(2) + bytes(10) + b"\2\2" + b"\1\1\1" + b"\0\1\1"
    frames = [props(origins=(b"a", b"b")), ids(), create(), negations(1, 1), Frame(COMMITS, raw, 2), Frame(SYNC)]
    return build(frames, deltas=2, commits=2)


def packed_log(pruning, n=1, origins=(b"main",), rows=None):
    names = [props(origins=(o,) if i else origins[:1], namespaces=((b"", 4),) if not i else ()) for i, o in enumerate(origins[:1])]
    names += [props((), origins[i:i + 400]) for i in range(1, len(origins), 400)]
    block = data([constant(0x81, CREATE, 1), plain_column(0x82, b"\0"), plain_column(0x87, b"\4"), words(0x8e, 0, 4), plain_column(0x93, b"\0")], 1)
    return build([*names, ids(), block, rows or commits(n, kind=PACKED, pruning=pruning), Frame(SYNC)], PACKED, deltas=1, commits=n)


def packed_commit(count):
    """Of which one delta is left, and one hash stands for the rest."""
    return lambda: packed_log(b"", rows=commits(1, counts=varint(count), kind=PACKED, pruning=varint(1) + bytes(3) + b"\1\0" + b"\1" + bytes(32)))


def packed_ranges(n):
    return lambda: packed_log(varint(1) + b"\0" + varint(n) + bytes(2 * n) + varint(0) + b"\1\0" + b"\1" + bytes(32))


def packed_dots(n):
    return lambda: packed_log(varint(1) + b"\0\0" + varint(n) + b"\0\1" * n + b"\1\0" + b"\1" + bytes(32))


def packed_records(n):
    return lambda: packed_log(varint(n) + bytes(3 * n) + varint(n) + bytes(n) + b"\1" + bytes(32))


def packed_numbers(rows, n):
    return lambda: packed_log(varint(n) + bytes(3 * n) + (varint(n) + bytes(n)) * rows + (b"\1" + bytes(32)) * rows, rows)


def packed_nodes(n):
    return lambda: packed_log(varint(1) + bytes(3) + b"\1\0" + varint(n) + bytes(32 * n))


def packed_records_of_all(records, origins):
    def make():
        seen = varint(origins) + b"\0\1" * origins
        kept = [b"\0\1" + varint(i) + b"\0" for i in range(records)]
        return packed_log(varint(records) + b"".join(k + seen for k in kept) + varint(records) + bytes(records) + b"\1" + bytes(32),
                          origins=numbered(origins))
    return make


def props_origins(n, name=b""):
    return lambda: build([Frame(PROPS, b"\0" + varint(n) + (varint(len(name)) + name) * n, n), Frame(SYNC)])


def props_namespaces(n, dims=4):
    return lambda: build([Frame(PROPS, varint(n) + (b"\0" + varint(dims)) * n + b"\0", n), Frame(SYNC)])


def props_in_frames(n, names):
    return lambda: build([*(props((), numbered(names, 5, i * names)) for i in range(n)), Frame(SYNC)])


def props_dims(dims):
    return lambda: build([Frame(PROPS, b"\1\0" + varint(dims) + b"\1\4main", 2), ids(), Frame(SYNC)])


def wide_vector():
    """Dimensions that every reader accepts, and nothing in them."""
    return build([props(((b"", 1 << 20),)), ids(), create(1 << 20), commits(), Frame(SYNC)], deltas=1, commits=1)


def ids_empty(n, times=1):
    """So many ids, each the one before."""
    def make():
        raw = b"\0" + varint(n) + b"\0" + b"\1" * (n - 1) + b"\1" + bytes(n - 1) + b"v"
        return build([props(), *(Frame(IDS, raw, n, i * n) for i in range(times)), Frame(SYNC)])
    return make


def ids_long(n):
    """One byte of each is its own, 1,023 those before."""
    def make():
        ones = [b"%x" % (i % 16) for i in range(n)]
        raw = b"\0" + varint(n) + b"\0" + varint(1023) * (n - 1) + varint(1024) + b"\1" * (n - 1) + b"p" * 1023 + b"".join(ones)
        return build([props(), Frame(IDS, raw, n), Frame(SYNC)])
    return make


def ids_in_frames(n, names):
    return lambda: build([props(), *(ids(numbered(names, 6, i * names), i * names) for i in range(n)), Frame(SYNC)])


def postings(count, raw):
    def make():
        frames = [create(), *(negations(2, 1 + 2 * i) for i in range(17)), commits(1 + 34)]
        return build([props(), ids(), *frames, Frame(SYNC), Frame(POSTINGS, raw, count)], deltas=35, commits=35)
    return make


def footer_claims(count, raw):
    return lambda: build([props(), ids(), create(), commits(), Frame(SYNC)], footer=lambda frames: Frame(FOOTER, raw, count), frames=count + 1)


def footer_heads(n):
    """Heads of zeros."""
    def make():
        head = b"\0\1" + bytes(2) + bytes(32)
        return build([props(), ids(), create(), commits(), Frame(SYNC)],
                     footer=lambda frames: Frame(FOOTER, footer_of(frames, heads=varint(n) + head * n), len(frames)), deltas=1, commits=1)
    return make


# --- deltas

def deltas_claimed(n):
    return lambda: log(data([constant(0x81, NEGATE, n), constant(0x82, 0, n), CLOCK], n), commits())


def deltas_in_frames(n, each):
    return lambda: log(create(), *(negations(each, 1 + i * each) for i in range(n)),
                       commits(1, counts=varint(1 + n * each)), deltas=1 + n * each, commits=1)


def creates(n, dims):
    """Whole vectors of zeros."""
    def make():
        columns = [constant(0x81, CREATE, n), constant(0x82, 0, n), CLOCK, packed_column(0x87, varint(dims) * n), words(0x8e, 0, n * dims)]
        return log(data(columns, n), commits(1, counts=varint(n)))
    return make


def creates_in_frames(frames, n, dims):
    def make():
        columns = [constant(0x81, CREATE, n), constant(0x82, 0, n), CLOCK, packed_column(0x87, varint(dims) * n), words(0x8e, 0, n * dims)]
        each = payload(columns)
        return log(*(data(each, n, i * n) for i in range(frames)), commits(1, counts=varint(n * frames)))
    return make


def no_values(n, dims):
    """Creates that list no value."""
    def make():
        columns = [constant(0x81, CREATE | 1 << 4, n), constant(0x82, 0, n), CLOCK, packed_column(0x87, varint(dims) * n), constant(0x88, 0, n)]
        return log(data(columns, n), commits(1, counts=varint(n)))
    return make


def sets(form, size, n, *more):
    """Sparse deltas with an index set each."""
    def make():
        kinds = bytes([SPARSE | form << 4]) * n
        columns = [packed_column(0x81, kinds), constant(0x82, 0, n), CLOCK, packed_column(0x88, varint(size) * n), words(0x8f, 0, size * n), *more]
        return log(data(columns, n), commits(1, counts=varint(n)))
    return make


def repeated_sets(size, n):
    def make():
        kinds = bytes([SPARSE | 1 << 4]) + bytes([SPARSE | 4 << 4]) * n
        columns = [packed_column(0x81, kinds), constant(0x82, 0, n + 1), CLOCK, plain_column(0x88, varint(size)), constant(0x89, 0, size),
                   constant(0x8d, 0, n), words(0x8f, 0, size * (n + 1))]
        return log(data(columns, n + 1), commits(1, counts=varint(n + 1)))
    return make


def copies(n, dims):
    def make():
        columns = [constant(0x81, CREATE, n), constant(0x82, 0, n), CLOCK, packed_column(0x87, varint(dims) * n), words(0x8e, 0, dims),
                   packed_column(0x97, b"\0" + b"\4" * (n - 1)), constant(0x9a, 0, n - 1)]
        return log(data(columns, n), commits(1, counts=varint(n)))
    return make


def scaled(n, dims):
    def make():
        columns = [constant(0x81, CREATE, n), constant(0x82, 0, n), CLOCK, packed_column(0x87, varint(dims) * n), words(0x8e, 0, dims),
                   packed_column(0x97, b"\0" + b"\2" * (n - 1)), words(0x99, 0x3f800000, n - 1)]
        return log(data(columns, n), commits(1, counts=varint(n)))
    return make


def metadata(n, size):
    def make():
        columns = [constant(0x81, NEGATE, n), constant(0x82, 0, n), CLOCK, packed_column(0x91, varint(size) * n), packed_column(0x92, b"x" * (size * n))]
        return log(data(columns, n), commits(1, counts=varint(n)))
    return make


def bytes_of_column(number, size):
    """A column of zeros that says nothing."""
    return lambda: log(data([constant(0x81, NEGATE, 2), constant(0x82, 0, 2), CLOCK, packed_column(number, bytes(size))], 2), commits(1, counts=b"\2"))


def coded_column(number, coder, raw, stored):
    return lambda: log(data([constant(0x81, CREATE, 1), plain_column(0x82, b"\0"), CLOCK, plain_column(0x87, varint(65536)), column(number, coder, raw, stored)], 1),
                       commits(), deltas=1, commits=1)


def lz4_run(n, *, offset=1, behind=b""):
    """`n` zeros as one LZ4 match. `offset`: what it says; `behind`: bytes that follow the block."""
    length = n - 1 - 5 - 4 - 15
    return b"\x1f\0" + struct.pack("<H", offset) + bytes([255]) * (length // 255) + bytes([length % 255]) + b"\x50" + bytes(5) + behind


def lz4_commits(raw, stored):
    """A COMMITS frame of some bytes that claims to be so many."""
    def make():
        frame = Frame(COMMITS, bytes(len(stored) + 1), 1, packed=stored)
        frame.claims = {"codec": 2, "raw": raw}
        return log(create(), frame, deltas=1, commits=1)
    return make


def whole(raw, claimed=None):
    return lambda: log(data(b"\0" + varint(claimed or len(raw)) + bare(raw), 2), commits(1, counts=b"\2"))


def packed_deltas(*more, n=16000):
    def make():
        block = data([constant(0x81, NEGATE, n), constant(0x82, 0, n), *more], n)
        return build([props(), ids(), block, commits(1, counts=varint(n), kind=PACKED), Frame(SYNC)], PACKED, deltas=n, commits=1)
    return make


# --- frames and segments

def claims(**what):
    def make():
        frame = commits()
        frame.claims = what
        return log(create(), frame)
    return make


def unknown(**what):
    def make():
        frame = Frame(UNKNOWN)
        frame.claims = what
        return log(create(), commits(), frame)
    return make


def empty_frames(n, kind):
    def make():
        head = log(create(), commits())
        parts = bytearray(head[:-64])
        del parts[-(64 + layout.padded(len(footer_of([props(), ids(), create(), commits(), Frame(SYNC)])))):]
        salt, start = int.from_bytes(head[48:52], "little"), 5
        body = xxh3_64(b"", 0)
        for number in range(start, start + n):
            body = xxh3_64(b"", salt << 32 | number)
            frame = struct.pack("<4sBBHIIIIQIQQQ", b"DFRM", kind, 0, 0, salt, number, 0, 0, 0, 0, 0, 0, body)
            parts += frame + struct.pack("<I", xxh3_64(frame, layout.FRAME_SEED) & 0xffffffff)
        return bytes(parts)
    return make


def segments(n, make):
    return lambda: b"".join(build(make(i), identity=b"%08d" % i) for i in range(n))


FILES = {
    # what the first ones of their kind did
    "commits-20-frames": lambda: log(create(), *(Frame(COMMITS, bytes(1_100_000), 100_000, i) for i in range(20))),
    "commits-2M-valid": commits_valid(1_600_000),
    "commits-2M-zero": commits_zeros(2_000_000, 17 * MiB),
    "ids-9M-twice": ids_empty(8_400_000, 2),
    "packed-9M-kept-ranges": packed_ranges(8_400_000),
    "props-20M-origins": props_origins(17_000_000),
    # within the limit of raw bytes
    "commits-100K-valid": commits_valid(100_000),
    "commits-100K-zero": commits_zeros(100_000, MiB),
    "commits-at-the-limit": commits_in_frames(40, 330),
    "commits-just-over": commits_in_frames(20, 700),
    "commits-one-message": commits_of_one_text(8000, 65536),
    "commits-short-message": commits_of_one_text(380, 1400),
    "commits-strings": commits_strings(1_000_000),
    "commits-empty-strings": commits_empty_strings(2_000_000),
    "commits-parents": commits_parents(1 << 20),
    "commits-rows-of-parents": commits_rows_of_parents(200, 5000),
    "commits-few-rows-of-parents": commits_rows_of_parents(80, 20),
    "commits-of-2^40": commits_endless(1 << 40),
    "commits-cycle": commits_cycle,
    "commits-properties": commits_with(properties(8000, 65_536), 8000),
    "commits-short-properties": commits_with(properties(380, 1400), 380),
    "commits-properties-without-end": commits_with(optional(0x81, varint(1_000_000) + b"\2{}" * 1_000_000)),
    "commits-properties-of-16-MiB": commits_with(optional(0x81, varint(1) + varint(15 * MiB) + bytes(15 * MiB))),
    "commits-properties-nested": commits_with(optional(0x81, varint(1) + text('{"a":' * 10_000 + "1" + "}" * 10_000) + b"\1")),
    "commits-given-before-all-time": commits_with(optional(0x82, varint(1 << 62))),
    "commits-column-of-15-MiB": commits_with(optional(5, bytes(15 * MiB))),
    "commits-columns": commits_with(b"".join(optional(number, bytes(100_000)) for number in range(3, 128))),
    "commits-column-beyond": commits_with(b"\5" + varint(1 << 62)),
    "commits-column-critical": commits_with(optional(0x85, b"x")),
    "packed-commit-of-2^40": packed_commit(1 << 40),
    "records-ranges": packed_ranges(1_000_000),
    "records-dots": packed_dots(1_000_000),
    "records-1M": packed_records(1_000_000),
    "records-numbers": packed_numbers(100, 20_000),
    "records-nodes": packed_nodes(100_000),
    "records-of-all-origins": packed_records_of_all(30, 400),
    "records-of-many-origins": packed_records_of_all(1000, 800),
    "props-1M-origins": props_origins(1_000_000),
    "props-names-of-1K": props_origins(4_000, b"n" * 1000),
    "props-1M-namespaces": props_namespaces(1_000_000),
    "props-at-the-limit": props_in_frames(20, 900),
    "props-dims-2^32": props_dims(1 << 32),
    "props-dims-2^20-and-1": props_dims((1 << 20) + 1),
    "props-wide-namespaces": props_namespaces(500, 1 << 20),
    "wide-vector": wide_vector,
    "ids-1M": ids_empty(1_000_000),
    "ids-1M-twice": ids_empty(1_000_000, 2),
    "ids-of-1K": ids_long(15_000),
    "ids-at-the-limit": ids_in_frames(20, 3000),
    "postings-pairs": postings(1, varint(2_000_000) + bytes(2_000_000)),
    "postings-vectors": postings(1_000_000, b"\1" * 1_000_000 + bytes(1_000_000)),
    "footer-2M-frames": footer_claims(2_000_000, bytes(17 * MiB)),
    "footer-300K-frames": footer_claims(300_000, bytes(3_000_000)),
    "footer-heads": footer_heads(100_000),
    "footer-some-heads": footer_heads(4000),
    # deltas
    "deltas-4M": deltas_claimed(4_000_000),
    "deltas-1M": deltas_claimed(1_000_000),
    "deltas-in-frames": deltas_in_frames(30, 16_384),
    "deltas-as-many-as-may-be": deltas_in_frames(45, 850),
    "creates-16K-of-4K": creates(4096, 4096),
    "creates-16-MiB": creates(63, 65_536),
    "creates-of-2^20": creates(3, 1 << 20),
    "creates-in-frames": creates_in_frames(30, 120, 1024),
    "creates-no-values": no_values(16_000, 65_536),
    "sets-all": sets(0, 65_536, 30),
    "sets-gaps": sets(1, 65_536, 15, constant(0x89, 0, 65_536 * 15)),
    "sets-runs": sets(2, 65_536, 15, constant(0x8a, 0, 15), packed_column(0x8b, varint(65_535) * 15)),
    "sets-bitmaps": sets(3, 65_536, 15, constant(0x8c, 255, 8192 * 15)),
    "sets-repeated": repeated_sets(65_536, 16_000),
    "sets-repeated-some": repeated_sets(1024, 60),
    "copies": copies(16_000, 65_536),
    "copies-some": copies(120, 1024),
    "scaled": scaled(16_000, 65_536),
    "scaled-some": scaled(120, 1024),
    "metadata-4-MiB": metadata(60, 65_536),
    "metadata-17-MiB": metadata(260, 65_536),
    "column-unknown": bytes_of_column(0x1d, 4 * MiB),
    "column-sizes": bytes_of_column(0x88, 4 * MiB),
    "column-table": coded_column(0x8e, 4, 4 * 65_536, varint(65_536) + varint(320_000) + b"\2" + varint(20) + bare(bytes(320_000))[:20]),
    "column-planes": coded_column(0x8e, 3, 4 * 65_536, b"\1\0" * 4),
    "column-lattices": coded_column(0x8e, 5, 4 * 65_536, varint(65_536) + varint(1 << 40)),
    "column-transposed": coded_column(0x8e, 0x13, 4 * 65_536, varint(1 << 40) + b"\1\0" * 4),
    "column-lz4": coded_column(0x8e, 10, 4 * 65_536, lz4_run(4 * 65_536)),
    "column-lz4-offset-0": coded_column(0x8e, 10, 4 * 65_536, lz4_run(4 * 65_536, offset=0)),
    "column-lz4-before-the-start": coded_column(0x8e, 10, 4 * 65_536, lz4_run(4 * 65_536, offset=2)),
    "column-lz4-longer": coded_column(0x8e, 10, 4 * 65_536, lz4_run(8 * MiB)),
    "column-lz4-cut-off": coded_column(0x8e, 10, 4 * 65_536, lz4_run(4 * 65_536)[:-7]),
    "column-lz4-bytes-behind": coded_column(0x8e, 10, 4 * 65_536, lz4_run(4 * 65_536, behind=bytes(MiB))),
    "column-lz4-16-MiB": lambda: log(data([constant(0x81, NEGATE, 2), constant(0x82, 0, 2), CLOCK, column(0x1d, 10, 16 * MiB, lz4_run(16 * MiB))], 2),
                                     commits(1, counts=b"\2"), deltas=2, commits=1),
    "lz4-16-MiB": lz4_commits(16 * MiB, lz4_run(16 * MiB)),
    "lz4-claims-16-MiB": lz4_commits(16 * MiB, lz4_run(1000)),
    "lz4-longer": lz4_commits(1000, lz4_run(16 * MiB)[:999]),
    "whole-4-MiB": whole(payload([constant(0x81, NEGATE, 2), constant(0x82, 0, 2), CLOCK, plain_column(0x1d, bytes(4 * MiB))])),
    "whole-1-GiB": whole(bytes(1 << 20), 1 << 30),
    "whole-of-nothing": whole(bytes(4 * MiB)),
    "packed-rows": packed_deltas(constant(0x93, 0, 16_000)),
    "packed-rows-all-over": packed_deltas(packed_column(0x93, varint(1 << 33) * 16_000)),
    "packed-places": packed_deltas(constant(0x93, 0, 16_000), packed_column(0x94, (varint(1 << 61) + varint((1 << 61) + 1)) * 8000)),
    "packed-lags": packed_deltas(constant(0x93, 0, 16_000), packed_column(0x95, b"\1" + varint(1 << 60) * 16_000)),
    # frames and segments
    "raw-4-GiB": claims(raw=0xffffffff, codec=1),
    "raw-17-MiB": claims(raw=17 * MiB, codec=1),
    "stored-beyond-the-file": claims(stored=15 * MiB, raw=15 * MiB),
    "count-2^32": claims(count=0xffffffff),
    "empty-frames": empty_frames(20_000, SYNC),
    "attestation-zipped": lambda: log(create(), commits(), Frame(layout.ATTESTATION, bytes(16 * MiB - 1)), deltas=1, commits=1),
    "attestation-lengths": lambda: log(create(), commits(), Frame(layout.ATTESTATION, varint(1 << 40) + b"main"), deltas=1, commits=1),
    "attestations": lambda: log(create(), commits(), *(Frame(layout.ATTESTATION, b"\4main\1" + bytes(32) + b"\1a\0" + bytes([i % 256])) for i in range(20_000)),
                                deltas=1, commits=1),
    "empty-unknown-frames": empty_frames(20_000, UNKNOWN),
    "unknown-16-MiB": unknown(raw=0xffffff, codec=9),
    "segments-of-commits": segments(25, lambda i: [props(((b"", 4),), (b"o%d" % i,)), ids((b"v%d" % i,)), create(), negations(300, 1), commits(301), Frame(SYNC)]),
    "trailer-length": lambda: log(create(), commits(), length=1 << 62),
    "trailer-frames": lambda: log(create(), commits(), frames=0xffffffff),
}


def files(names=None):
    for name, make in FILES.items():
        if names is None or name in names:
            yield name, make()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: forge.py DIRECTORY [NAME...]")
    for name, content in files(sys.argv[2:] or None):
        (pathlib.Path(sys.argv[1]) / f"{name}.dlog").write_bytes(content)
