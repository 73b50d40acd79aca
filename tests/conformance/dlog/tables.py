"""The payloads that are not deltas: PROPS, IDS, COMMITS, POSTINGS, ATTESTATION, LOSS, FOOTER."""
from math import gcd
from typing import NamedTuple

from .wire import Reader, Unsupported, need, unzigzag, utf8, wrap64

NO_HASH = bytes(32)
MAX_DIMS = 1 << 20
MAX_NAME = 1024
MAX_MICROS, MAX_TICK = (1 << 52) - 1, (1 << 12) - 1


def read_props(payload, count):
    """[(name, dims)], [origin]"""
    reader = Reader(payload, "PROPS")
    namespaces = [(reader.text(), reader.varint(MAX_DIMS)) for _ in range(reader.varint())]
    origins = [reader.text() for _ in range(reader.varint())]
    reader.done()
    need(all(dims > 0 for _, dims in namespaces), "PROPS: a namespace of no dims")
    need(len(namespaces) + len(origins) == count, "PROPS: another number of names")
    return namespaces, origins


def read_ids(payload, count, namespaces):
    """[(namespace number, id)]"""
    reader = Reader(payload, "IDS")
    owners, last = [], None
    while len(owners) < count:
        owner, run = reader.varint(namespaces - 1), reader.varint(count - len(owners))
        need(run > 0 and owner != last, "IDS: an empty run, or one that is split")
        owners += [owner] * run
        last = owner
    shared, following = reader.varints(count, 1024), reader.varints(count, 1024)
    ids, before = [], b""
    for common, more in zip(shared, following):
        text = before[:common] + reader.raw(more)
        need(common <= len(before) and 1 <= len(text) <= 1024, "IDS: impossible lengths")
        need(more == 0 or text[common] not in before[common:common + 1], "IDS: a shared prefix that is not maximal")
        ids.append(utf8(text, "IDS"))
        before = text
    reader.done()
    return list(zip(owners, ids))


class Row:
    """A commit as a COMMITS frame has it; origins by number in the segment."""
    __slots__ = ("origin", "count", "time", "message", "tool", "source", "trace", "setting", "parents", "first", "previous",
                 "records", "nodes", "properties", "given")

    @property
    def last(self):
        return self.first + self.count - 1

    def texts(self):
        return self.message, self.tool, self.source, self.trace, self.setting, self.properties


def read_commits(payload, count, origins, packed):
    """Rows, in order, and how many elements their lists have together."""
    reader = Reader(payload, "COMMITS")
    strings = [""] + [reader.text() for _ in range(reader.varint())]
    need(all(strings[1:]), "COMMITS: an empty string in the table")
    rows = [Row() for _ in range(count)]
    for row in rows:
        row.origin = reader.varint(origins - 1)
    for row in rows:
        row.count = reader.varint()
        need(row.count > 0, "COMMITS: a row without deltas")
    read_times(reader, rows)
    read_strings(reader, rows, strings)
    held = read_places(reader, rows, origins)
    for row in rows:
        row.records, row.nodes = [], []
    if packed:
        held += read_pruning(reader, rows, origins)
    read_optional(reader, rows)
    return rows, held


PROPERTIES, GIVEN, CRITICAL = 1, 2, 0x80


def read_optional(reader, rows):
    """Columns up to the end of the payload; an absent one says nothing of any row."""
    for row in rows:
        row.properties, row.given = "", None
    before = 0
    while reader.at < len(reader.data):
        column = reader.u8()
        number = column & ~CRITICAL
        need(number > before, "COMMITS: optional columns out of order")
        before = number
        body = Reader(reader.raw(reader.varint()), "COMMITS: an optional column")
        need(body.data, "COMMITS: an optional column of no bytes")
        need(number not in (PROPERTIES, GIVEN) or column & CRITICAL, "COMMITS: a column without its critical bit")
        if number == PROPERTIES:
            read_properties(body, rows)
        elif number == GIVEN:
            read_given(body, rows)
        elif column & CRITICAL:
            raise Unsupported(f"COMMITS: critical column {number}")


def read_properties(body, rows):
    strings = [""] + [body.text() for _ in range(body.varint(len(rows)))]
    need(len(strings) > 1 and all(strings[1:]) and len(set(strings)) == len(strings), "COMMITS: no properties, empty ones, or one twice")
    seen = 0
    for row in rows:
        number = body.varint(min(seen + 1, len(strings) - 1))
        seen = max(seen, number)
        row.properties = strings[number]
    need(seen == len(strings) - 1, "COMMITS: properties of no row")
    body.done()


def read_given(body, rows):
    for row in rows:
        before = body.varint(row.time >> 12)
        row.given = (row.time >> 12) - before if before else None
    need(any(row.given is not None for row in rows), "COMMITS: a column of times that says nothing")
    body.done()


def read_times(reader, rows):
    unit = reader.varint(MAX_MICROS)
    us, steps = 0, [unzigzag(reader.varint()) for _ in rows]
    need(unit > 0 and (gcd(*steps) == 1 or unit == 1 and not any(steps)), "COMMITS: the unit of time is not the greatest")
    for row, step in zip(rows, steps):
        us += step * unit
        need(0 <= us <= MAX_MICROS, "COMMITS: a time out of range")
        row.time = us << 12
    for row in rows:
        row.time |= reader.varint(MAX_TICK)


def read_strings(reader, rows, strings):
    seen = 0  # they are numbered in order of first use
    for name in ("message", "tool", "source", "trace", "setting"):
        for row in rows:
            number = reader.varint(min(seen + 1, len(strings) - 1))
            seen = max(seen, number)
            setattr(row, name, strings[number])
    need(seen == len(strings) - 1, "COMMITS: a string of no row")
    need(all(row.count == 1 for row in rows if row.setting), "COMMITS: a setting of more than one dot")


def read_places(reader, rows, origins):
    """Parents, first seqs and the hashes that rows link to."""
    forms = reader.varints(len(rows))
    last, before = {}, None  # of each origin the last seq; the row before
    for row, form in zip(rows, forms):
        if form == 0:
            need(before is not None, "COMMITS: the first row refers to one before it")
            row.parents = [(before.origin, before.last)]
        else:
            row.parents = [(reader.varint(origins - 1), reader.varint()) for _ in range(form - 1)]
            need(before is None or row.parents != [(before.origin, before.last)], "COMMITS: a chained row is spelled out")
        first, known = reader.varint(), row.origin in last
        row.first = last[row.origin] + 1 + first if known else first
        need(0 < row.first and row.last < 1 << 64, "COMMITS: a seq out of range")
        row.previous = reader.raw(32) if first > (0 if known else 1) else None if known else NO_HASH
        last[row.origin] = row.last
        before = row
    return sum(max(0, form - 1) for form in forms)


def read_pruning(reader, rows, origins):
    """What rows of packed segments say beyond: under which records they are pruned copies, and what stands for the rest."""
    records = [read_record(reader, origins) for _ in range(reader.varint())]
    used = set()
    for row in rows:
        numbers = reader.varints(reader.varint(len(records)), len(records) - 1)
        need(numbers == sorted(set(numbers)), "COMMITS: records out of order")
        need(not numbers or not row.setting, "COMMITS: a pruned setting")
        used.update(numbers)
        row.records = [records[number] for number in numbers]
    need(len(used) == len(records), "COMMITS: a record of no row")
    for row in rows:
        if row.records:
            row.nodes = [reader.raw(32) for _ in range(reader.varint())]
            need(row.nodes, "COMMITS: a pruned row without hashes")
            need(NO_HASH not in row.nodes or any(lost for *_, lost in row.records), "COMMITS: a hash of zeros, and nothing was lost")
    return sum(1 + len(kept) + len(seen) + sum(1 + len(r) for r in releases) for _, kept, seen, releases, _ in records) + sum(len(row.records) + len(row.nodes) for row in rows)


def read_record(reader, origins):
    """(closed, [(first µs, last µs)] kept, [(origin, seq)] seen, kept releases as lists of dots, lost)"""
    flags = reader.u8()
    if flags > 7:
        raise Unsupported(f"COMMITS: record flags {flags & ~7}")
    kept, least = [], 0
    for _ in range(reader.varint()):
        first = least + reader.varint(MAX_MICROS)
        kept.append((first, first + reader.varint(MAX_MICROS)))
        least = kept[-1][1] + 2
        need(kept[-1][1] <= MAX_MICROS, "COMMITS: kept times out of range")
    seen, releases = read_dots(reader, origins), []
    if flags & 2:
        releases = [read_dots(reader, origins) for _ in range(reader.varint())]
        need(releases and all(releases) and releases == sorted(set(map(tuple, releases))), "COMMITS: kept releases that are none, or out of order")
    return flags & 1 == 1, kept, seen, releases, flags & 4 == 4


def read_dots(reader, origins):
    dots, least = [], 0
    for _ in range(reader.varint(origins)):
        dots.append((least + reader.varint(), reader.varint()))
        least = dots[-1][0] + 1
        need(least <= origins and dots[-1][1] > 0, "COMMITS: an unknown dot seen")
    return tuple(dots)


def read_postings(payload, count):
    """For each vector the numbers of the DATA frames that hold deltas of it, each with whether a create or delete is among them."""
    reader = Reader(payload, "POSTINGS")
    sizes = reader.varints(count)
    need(all(sizes), "POSTINGS: a vector of no frame")
    out = []
    for size in sizes:
        least, numbers = 0, []
        for written in reader.varints(size):
            numbers.append((least + written // 2, written % 2 == 1))
            least += written // 2 + 1
        out.append(numbers)
    reader.done()
    return out


class Attestation(NamedTuple):
    """What somebody states of a commit."""
    origin: str
    seq: int
    commit: bytes
    algorithm: str
    key: str
    content: bytes


def read_attestation(payload):
    reader = Reader(payload, "ATTESTATION")
    stated = Attestation(reader.text(), reader.varint(), reader.raw(32), reader.text(), reader.text(), reader.rest())
    need(0 < len(stated.origin.encode()) <= MAX_NAME and len(stated.key.encode()) <= MAX_NAME and stated.seq > 0, "ATTESTATION: a bad name or seq")
    need(0 < len(stated.algorithm) <= 64 and all("!" <= c <= "~" for c in stated.algorithm), "ATTESTATION: no name of an algorithm")
    need(not any(control(c) for c in stated.origin + stated.key), "ATTESTATION: a control character in a name")
    need(0 < len(stated.content) <= 64 << 10, "ATTESTATION: no bytes, or too many")
    return stated


def read_loss(payload):
    """[(origin, first seq, last seq)]"""
    reader = Reader(payload, "LOSS")
    lost, before = [], b""
    for _ in range(reader.varint()):
        origin, ranges, least = reader.text(), reader.varint(), 1
        need(before < origin.encode() and len(origin.encode()) <= MAX_NAME and not any(map(control, origin)) and ranges > 0, "LOSS: a bad name, or no range")
        before = origin.encode()
        for _ in range(ranges):
            first = least + reader.varint()
            last = first + reader.varint()
            need(last < (1 << 64) - 1, "LOSS: seqs beyond the last")
            lost.append((origin, first, last))
            least = last + 2
    need(lost, "LOSS: nothing")
    reader.done()
    return lost


def control(c):
    return c < " " or "\x7f" <= c < "\xa0"


class Entry(NamedTuple):
    """What a FOOTER says of a frame."""
    checksum: int
    type: int
    stored: int
    count: int
    first: int
    least: int
    greatest: int
    least_vector: int
    greatest_vector: int


class Footer(NamedTuple):
    """What a FOOTER frame says, so that one made from all the rest compares with ==."""
    totals: tuple  # namespaces, origins, vectors
    entries: list
    heads: list    # (origin, first, last, last time, hash before the first or zeros, last hash)


def read_footer(payload, count, most_heads):
    reader = Reader(payload, "FOOTER")
    checksums = [int.from_bytes(reader.raw(4), "little") for _ in range(count)]
    totals = tuple(reader.varints(3))
    types = [reader.u8() for _ in range(count)]
    stored, counts, firsts, least, spans, vectors, more = [reader.varints(count) for _ in range(7)]
    entries = [Entry(*entry[:6], wrap64(entry[5] + entry[6]), entry[7], entry[7] + entry[8])
               for entry in zip(checksums, types, stored, counts, firsts, least, spans, vectors, more)]
    heads = []
    for _ in range(reader.varint(most_heads)):
        origin, first, more, time = reader.varints(4)
        previous = reader.raw(32) if first > 1 else NO_HASH
        heads.append((origin, first, first + more, time, previous, reader.raw(32)))
    reader.done()
    return Footer(totals, entries, heads)
