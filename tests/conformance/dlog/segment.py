"""Segments: header, frames, footer and trailer; then what their frames say together."""
import struct
from typing import NamedTuple

from . import hashes, tables
from .columns import decode_payloads, read_deltas
from .delta import CREATE, DELETE
from .lz4 import unlz4
from .tables import NO_HASH
from .wire import Unsupported, need, text, unzstd
from .xxh3 import xxh3_64

MAGIC, END_MAGIC = bytes.fromhex("89444c470d0a1a0a"), bytes.fromhex("89444c450d0a1a0a")
FRAME_SYNC = b"DFRM"
HEADER, FRAME, TRAILER, STEP = 128, 64, 64, 64
HEADER_SEED, FRAME_SEED, TRAILER_SEED = 0x31474F4C44, 0x31454D415246, 0x314C494154
FRESH, PACKED = 1, 2
PROPS, IDS, DATA, COMMITS, SYNC, FOOTER = range(1, 7)
IGNORABLE = 0x80
POSTINGS = 7 | IGNORABLE
ATTESTATION = 0x90
LOSS = 0x91
KNOWN = (PROPS, IDS, DATA, COMMITS, SYNC, FOOTER, POSTINGS, ATTESTATION, LOSS)
POSTINGS_FROM = 17  # DATA frames of a fresh segment
PLAIN, ZSTD, LZ4 = 0, 1, 2
MAX_PAYLOAD = 16 << 20
DRAFT = 2
PRESETS = 3
MAX_FRAMES = 1 << 18
KIB = 1 << 10


def ignored(kind):
    """A type that may be passed over, and is not known."""
    return kind & IGNORABLE and kind not in KNOWN


def bounds(kind, stored):
    """What a frame may hold: (count, elements of lists, bytes of texts or of plain rows)."""
    return {PROPS: (512 + 8 * stored, 0, 256 * KIB + 64 * stored),
            IDS: (1024 + 16 * stored, 0, 256 * KIB + 64 * stored),
            DATA: (256 + 16 * stored, 0, 512 * KIB + 1024 * stored),
            COMMITS: (256 + 2 * stored, 1024 + 16 * stored, 512 * KIB + 64 * stored),
            FOOTER: (MAX_FRAMES - 1, 1024 + 16 * stored, 0)}.get(kind, (MAX_PAYLOAD, MAX_PAYLOAD, 0))


def padded(n):
    return -(-n // STEP) * STEP


class Header(NamedTuple):
    kind: int
    id: bytes

    @property
    def salt(self):
        return int.from_bytes(self.id[:4], "little")


class Frame(NamedTuple):
    type: int
    codec: int
    number: int
    stored: int
    raw: int
    first: int
    count: int
    least: int
    greatest: int
    checksum: int
    payload: bytes


def read_header(data):
    need(len(data) >= HEADER, "torn: a segment header is cut off")
    (magic, major, _, length, _, _, incompat, kind, reserved, identity, writer, draft, more, checksum) = \
        struct.unpack("<8sHHIQQQB7s32s32sI4sQ", data[:HEADER])
    need(magic == MAGIC, "no segment begins here")
    need(checksum == xxh3_64(data[:HEADER - 8], HEADER_SEED), "header: checksum mismatch")
    if major != 1 or draft != DRAFT or incompat or length != HEADER or kind not in (FRESH, PACKED) or any(reserved + more):
        raise Unsupported(f"header: another version of the format, written by {writer.rstrip(bytes(1)).decode('ascii', 'replace')}")
    return Header(kind, identity)


def read_frame(data, salt, number):
    """The frame at the front of `data`, its checksums good, its payload as it is stored."""
    where = f"frame {number}"
    need(len(data) >= FRAME, f"torn: {where} is cut off")
    (sync, kind, codec, flags, its_salt, its_number, stored, raw, first, count, least, greatest, payload_sum, header_sum) = \
        struct.unpack("<4sBBHIIIIQIQQQI", data[:FRAME])
    need(sync == FRAME_SYNC, f"{where}: no frame begins here")
    need(header_sum == xxh3_64(data[:FRAME - 4], FRAME_SEED) & 0xffffffff, f"{where}: checksum mismatch in the header")
    need((its_salt, its_number) == (salt, number), f"{where}: belongs to another place")
    need(max(stored, raw) <= MAX_PAYLOAD and len(data) >= FRAME + padded(stored), f"torn: {where} is cut off")
    body = data[FRAME:FRAME + padded(stored)]
    need(payload_sum == xxh3_64(body, salt << 32 | number), f"{where}: checksum mismatch in the payload")
    if not ignored(kind) and (kind not in KNOWN or codec not in (PLAIN, ZSTD, LZ4) or flags):
        raise Unsupported(f"{where}: type {kind}, codec {codec}, flags {flags}")
    need(not any(body[stored:]), f"{where}: padding that is not zero")
    need((codec == PLAIN) == (stored == raw) and stored <= raw or ignored(kind), f"{where}: codec {codec} of {raw} bytes")
    need(codec == PLAIN or kind != DATA, f"{where}: DATA is always plain")
    need(kind not in (ATTESTATION, LOSS) or (codec == PLAIN and count == 0), f"{where}: ATTESTATION and LOSS are plain and count nothing")
    need(kind == DATA or ignored(kind) or least == greatest == 0, f"{where}: times of a frame that has none")
    need(kind in (DATA, IDS, COMMITS, POSTINGS) or ignored(kind) or first == 0, f"{where}: a first number of a frame that has none")
    return Frame(kind, codec, number, stored, raw, first, count, least, greatest, header_sum, body[:stored])


def check_trailer(data, begin, end, frames, salt):
    """The trailer at `end` of the segment that begins at `begin`. Returns (deltas, commits)."""
    trailer = data[end:end + TRAILER]
    need(len(trailer) == TRAILER and trailer[-8:] == END_MAGIC, "the trailer is missing")
    length, footer, deltas, commits, count, digest, its_salt, footer_sum, checksum = struct.unpack("<QQQIIQIIQ", trailer[:-8])
    need(checksum == xxh3_64(trailer[:48], TRAILER_SEED), "trailer: checksum mismatch")
    headers, at = [data[begin:begin + HEADER]], begin + HEADER
    for frame in frames:
        headers.append(data[at:at + FRAME])
        at += FRAME + padded(frame.stored)
    need(digest == xxh3_64(b"".join(headers)), "trailer: digest mismatch")
    footer_at = end - begin - FRAME - padded(frames[-1].stored)
    need((length, footer, count, its_salt, footer_sum) == (end - begin + TRAILER, footer_at, len(frames), salt, frames[-1].checksum),
         "trailer: it is of another segment")
    return deltas, commits


def split(data):
    """[(header, frames, (deltas, commits))] of a file, with all checksums good; payloads inflated but DATA undecoded."""
    need(data, "an empty file")
    segments, at = [], 0
    while at < len(data):
        begin, header = at, read_header(data[at:])
        at += HEADER
        frames = []
        while not frames or frames[-1].type != FOOTER:
            frames.append(read_frame(data[at:], header.salt, len(frames)))
            at += FRAME + padded(frames[-1].stored)
        totals = check_trailer(data, begin, at, frames, header.salt)
        at += TRAILER
        segments.append((header, frames, totals))
    inflated = inflate([frame for _, frames, _ in segments for frame in frames if not ignored(frame.type)])
    return [(header, [frame._replace(payload=inflated.get(id(frame), frame.payload)) for frame in frames], totals)
            for header, frames, totals in segments]


def inflate(frames):
    """{id(frame): its payload} of those that are not plain."""
    zstd, lz4 = ([frame for frame in frames if frame.codec == codec] for codec in (ZSTD, LZ4))
    inflated = dict(zip(map(id, zstd), unzstd([(frame.payload, frame.raw) for frame in zstd])))
    return inflated | {id(frame): unlz4(frame.payload, frame.raw, f"frame {frame.number}") for frame in lz4}


class Segment:
    """A segment's names, commits and deltas, linked: deltas[i].row says the commit, and time and seq stand in each."""

    def __init__(self, header, frames, columns):
        self.header, self.packed = header, header.kind == PACKED
        self.namespaces, self.origins, self.vectors, self.rows, self.deltas = [], [], [], [], []
        self.closed = 0  # ordinals that COMMITS frames have closed
        self.data = []   # (frame, its deltas)
        self.lost = []   # (origin, first, last) of dots that damage took
        for frame in frames:
            self.take(frame, columns)
        if self.packed:
            self.link_packed()
        need(self.packed or self.closed == len(self.deltas), "deltas that no COMMITS frame closes")
        for frame, deltas in self.data:
            times = [delta.time for delta in deltas]
            need((frame.least, frame.greatest) == (min(times), max(times)), f"frame {frame.number}: other times than it says")
        self.by_row = [[] for _ in self.rows]
        for delta in self.deltas:
            self.by_row[delta.row].append(delta)
        self.check_rows()
        self.hash_rows()

    def take(self, frame, columns):
        count, items, texts = bounds(frame.type, frame.stored)
        need(frame.count <= count, f"frame {frame.number}: more than its bytes may hold")
        if frame.type == PROPS:
            namespaces, origins = tables.read_props(frame.payload, frame.count)
            held = sum(len(name.encode()) for name in [*origins, *(name for name, _ in namespaces)])
            need(held <= texts, "PROPS: more text than its bytes may hold")
            self.namespaces += namespaces
            self.origins += origins
        elif frame.type == IDS:
            need(frame.first == len(self.vectors), "IDS: another first number")
            vectors = tables.read_ids(frame.payload, frame.count, len(self.namespaces))
            need(sum(len(name.encode()) for _, name in vectors) <= texts, "IDS: more text than its bytes may hold")
            self.vectors += vectors
        elif frame.type == DATA:
            need(frame.first == len(self.deltas), "DATA: another first ordinal")
            deltas = read_deltas(columns[frame.number], frame.count, self.packed)
            for delta in deltas:
                need(delta.vector < len(self.vectors), "DATA: a vector without a name")
                dims = self.namespaces[self.vectors[delta.vector][0]][1]
                need(len(delta.bits) == dims if delta.full else all(index < dims for index in delta.indices), "DATA: beyond the dims")
            rows = [16 + 4 * (len(delta.indices) + len(delta.bits)) for delta in deltas]
            held = sum(rows) + sum(len(delta.metadata.encode()) for delta in deltas)
            need(held <= MAX_PAYLOAD and held - max(rows) <= texts, "DATA: more than its bytes may hold")
            self.data.append((frame, deltas))
            self.deltas += deltas
        elif frame.type == COMMITS:
            need(frame.first == (len(self.rows) if self.packed else self.closed), "COMMITS: another first number")
            rows, held = tables.read_commits(frame.payload, frame.count, len(self.origins), self.packed)
            need(held <= items, "COMMITS: longer lists than its bytes may hold")
            need(sum(len(text.encode()) for row in rows for text in row.texts()) <= texts, "COMMITS: more text than its bytes may hold")
            if not self.packed:
                self.close(rows, len(self.rows))
            self.rows += rows
        elif frame.type == ATTESTATION:
            tables.read_attestation(frame.payload)
        elif frame.type == LOSS:
            self.lost += tables.read_loss(frame.payload)
        elif frame.type == SYNC:
            need(not frame.payload and frame.count == 0, "SYNC: a payload")

    def close(self, rows, number):
        """Fresh: each row takes its deltas from those that stand since the row before."""
        for number, row in enumerate(rows, number):
            if row.setting:
                continue
            mine = self.deltas[self.closed:self.closed + row.count]
            need(len(mine) == row.count, "COMMITS: a row of more deltas than there are")
            for seq, delta in enumerate(mine, row.first):
                delta.seq, delta.row = seq, number
            self.closed += row.count

    def link_packed(self):
        """Packed: each delta names its row, and stands relative to it; those of a vector stand together, in key order."""
        for delta in self.deltas:
            need(delta.row < len(self.rows), "DATA: a row that is not there")
            row = self.rows[delta.row]
            need(not row.setting and delta.place < row.count and delta.lag <= row.time, "DATA: a place beyond its commit")
            delta.seq, delta.time = row.first + delta.place, row.time - delta.lag
        order = [(delta.vector, delta.time, self.origins[self.rows[delta.row].origin].encode(), delta.seq) for delta in self.deltas]
        need(all(a < b for a, b in zip(order, order[1:])), "DATA: packed deltas out of order")

    def check_rows(self):
        for row, deltas in zip(self.rows, self.by_row):
            if row.records:
                need(any(delta.lost for delta in deltas) or len(deltas) < row.count, "COMMITS: a pruned copy that lost nothing")
                need(len({delta.seq for delta in deltas}) == len(deltas), "DATA: a delta twice")
            elif not row.setting:
                need(len({delta.seq for delta in deltas}) == len(deltas) == row.count, "DATA: a commit is not whole")
                need(not any(delta.lost for delta in deltas), "DATA: a pruned delta of a whole commit")
                need(max(deltas, key=lambda delta: delta.seq).time == row.time, "COMMITS: another time than of its last delta")

    def hash_rows(self):
        """The hash of each row; no hash (zeros) where that of the commit before is not known."""
        self.roots, self.hashes, last = [], [], {}  # of each origin its last seq and hash
        for row, deltas in zip(self.rows, self.by_row):
            seq, known = last.get(row.origin, (0, NO_HASH))
            if row.previous is None:
                row.previous = known
            need(seq + 1 != row.first or row.previous == known, "COMMITS: another hash of the commit before")
            origin = self.origins[row.origin]
            self.roots.append(self.root(row, deltas, origin))
            self.hashes.append(hashes.commit(self.roots[-1], row.previous, origin, row, self.parents(row)))
            last[row.origin] = row.last, self.hashes[-1]

    def parents(self, row):
        return [(self.origins[number], seq) for number, seq in row.parents]

    def root(self, row, deltas, origin):
        if row.setting:
            return hashes.setting_leaf(origin, row.first, row.time, row.setting)
        whole = sorted((delta for delta in deltas if not delta.lost), key=lambda delta: delta.seq)
        nodes = iter(row.nodes)
        top = hashes.root([(delta.seq - row.first, self.leaf(origin, delta)) for delta in whole], row.count, nodes)
        need(next(nodes, None) is None, "COMMITS: more hashes than deltas that are not there")
        return top

    def leaf(self, origin, delta):
        owner, name = self.vectors[delta.vector]
        return hashes.delta_leaf(origin, *self.namespaces[owner], name, delta)

    def footer(self, frames):
        """The footer that these frames should have."""
        entries, data = [], iter(self.data)
        for frame in frames:
            vectors = [delta.vector for delta in next(data)[1]] if frame.type == DATA else [0]
            entries.append(tables.Entry(frame.checksum, frame.type, frame.stored, frame.count, frame.first, frame.least, frame.greatest,
                                        min(vectors), max(vectors)))
        heads = {}
        for row, known in zip(self.rows, self.hashes):
            first, previous = heads.get(row.origin, (0, row.first, 0, 0, row.previous))[1:5:3]
            heads[row.origin] = row.origin, first, row.last, row.time, previous, known
        return tables.Footer((len(self.namespaces), len(self.origins), len(self.vectors)),
                             entries, [heads[origin] for origin in sorted(heads)])

    def check_postings(self, frames):
        """The frames that hold each vector, as the DATA frames have them."""
        holding = [[] for _ in self.vectors]
        for number, (_, deltas) in enumerate(self.data):
            lifecycles = {change.vector for change in deltas if change.op in (CREATE, DELETE)}
            for vector in {change.vector for change in deltas}:
                holding[vector].append((number, vector in lifecycles))
        stated = []
        for frame in frames:
            if frame.type == POSTINGS:
                need(frame.first == len(stated), "POSTINGS: another first number")
                stated += tables.read_postings(frame.payload, frame.count)
        due = not self.packed and len(self.data) >= POSTINGS_FROM
        need(stated == (holding if due else []), "POSTINGS: they do not say what the frames do")

    def check_id(self):
        """Fresh: the id follows from the first delta and one of the presets."""
        start, previous = text("") + struct.pack("<QQ", 0, 0), NO_HASH
        if self.rows:
            row, time = self.rows[0], self.by_row[0][0].time if self.by_row[0] else self.rows[0].time
            start, previous = text(self.origins[row.origin]) + struct.pack("<QQ", row.first, time), row.previous
        ids = [hashes.digest("dlog1 segment", bytes([self.header.kind, preset]), start, previous) for preset in range(PRESETS)]
        need(self.packed or self.header.id in ids, "header: a segment id of another segment")


def read_segments(data):
    """The segments of a file, checked from the checksums up to the hashes and the footer."""
    raw = split(data)
    payloads = [(i, frame) for i, (_, frames, _) in enumerate(raw) for frame in frames if frame.type == DATA]
    columns = [{} for _ in raw]
    for (i, frame), decoded in zip(payloads, decode_payloads([frame.payload for _, frame in payloads])):
        columns[i][frame.number] = decoded
    segments = []
    for (header, frames, totals), mine in zip(raw, columns):
        segment = Segment(header, frames, mine)
        need(totals == (len(segment.deltas), len(segment.rows)), "trailer: other numbers of deltas or commits")
        need(not segment.packed or len(frames) > 1 and frames[-2].type == SYNC, "a packed segment without SYNC")
        need(frames[-1].count == len(frames) - 1 < MAX_FRAMES, "FOOTER: another number of frames")
        stated = tables.read_footer(frames[-1].payload, frames[-1].count, bounds(FOOTER, frames[-1].stored)[1])
        need(stated == segment.footer(frames[:-1]), "FOOTER: it does not say what the frames do")
        segment.check_postings(frames)
        segment.check_id()
        segments.append(segment)
    return segments
