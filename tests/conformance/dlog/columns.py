"""A DATA payload: the directory, the columns, and the deltas that they say.

To add a column, name it in COLUMNS, and take it where its meaning belongs below, or in values.py.
"""
from bisect import bisect, insort
from itertools import islice
from math import floor, gcd
from typing import NamedTuple

from . import coders
from .delta import ALL, CREATE, DELETE, FOLLOWING, LOST_MARK, LOST_SETTLED, LOST_VALUES, PLAIN, REPEAT, REPEATED, SPARSE, Delta
from .values import read_values
from .wire import Reader, Unsupported, need, unzigzag, utf8, wrap64

CRITICAL = 0x80
MAX_METADATA, MAX_COLUMN = 65536, 16 << 20
MAX_MICROS, MAX_TICK = (1 << 52) - 1, (1 << 12) - 1

COLUMNS = {
    0x81: ("kinds", coders.BYTES),
    0x82: ("vectors", coders.NUMBERS),
    0x83: ("vector steps", coders.NUMBERS),
    0x84: ("clock", coders.NUMBERS),
    0x85: ("steps", coders.NUMBERS),
    0x86: ("ticks", coders.NUMBERS),
    0x87: ("dims", coders.NUMBERS),
    0x88: ("sizes", coders.NUMBERS),
    0x89: ("gaps", coders.BYTES),
    0x8a: ("run skips", coders.BYTES),
    0x8b: ("run lengths", coders.BYTES),
    0x8c: ("bitmaps", coders.BYTES),
    0x8d: ("repeats", coders.NUMBERS),
    0x8e: ("dense values", coders.WORDS),
    0x8f: ("sparse values", coders.WORDS),
    0x90: ("parameters", coders.WORDS),
    0x91: ("metadata sizes", coders.NUMBERS),
    0x92: ("metadata", coders.BYTES),
    0x93: ("rows", coders.NUMBERS),
    0x94: ("places", coders.NUMBERS),
    0x95: ("lags", coders.NUMBERS),
    0x96: ("lost", coders.BYTES),
    0x97: ("relations", coders.BYTES),
    0x98: ("value steps", coders.STEPS),
    0x99: ("factors", coders.WORDS),
    0x9a: ("copies", coders.NUMBERS),
    0x9b: ("twins", coders.NUMBERS),
    0x9c: ("lag steps", coders.NUMBERS),
}

class Entry(NamedTuple):
    """A column as it stands in a payload."""
    number: int
    coder: int
    raw: int
    stored: bytes


def directory(payload):
    """The columns of a payload that this reader knows, by number."""
    reader = Reader(payload, "directory")
    heads, last = [], 0
    for _ in range(reader.varint(127)):
        number, coder, raw = reader.u8(), reader.u8(), reader.varint(MAX_COLUMN)
        stored = raw if coder == coders.RAW else reader.varint(MAX_COLUMN)
        need(number & ~CRITICAL > last and raw > 0, "directory: columns out of order, or empty")
        last = number & ~CRITICAL
        heads.append((number, coder, raw, stored))
    entries = [Entry(number, coder, raw, reader.raw(stored)) for number, coder, raw, stored in heads]
    reader.done()
    for entry in entries:
        if entry.number not in COLUMNS and entry.number & CRITICAL:
            raise Unsupported(f"unknown column {entry.number}")
    return [entry for entry in entries if entry.number in COLUMNS]


def unwrapped(payloads):
    """Payloads as columns: those of the second form are the zstd frame of one of the first."""
    wholes = {}
    for number, payload in enumerate(payloads):
        if payload[:1] == b"\0":
            reader = Reader(payload[1:], "payload")
            size = reader.varint(MAX_COLUMN)
            wholes[number] = coders.Part(coders.ZSTD, reader.rest(), size, reader.what)
    out = list(payloads)
    for number, payload in zip(wholes, coders.decode_parts(wholes.values())):
        need(payload[:1] not in (b"", b"\0"), "payload: empty, or a whole in a whole")
        out[number] = payload
    return out


def decode_payloads(payloads):
    """The columns of each payload, {name: elements}; all their zstd frames are decoded at once."""
    pieces, parts = [], []
    for number, payload in enumerate(unwrapped(payloads)):
        for entry in directory(payload):
            name, kind = COLUMNS[entry.number]
            some, join = coders.split_column(kind, entry.coder, entry.stored, entry.raw, "column " + name)
            pieces.append((number, name, join, len(some)))
            parts += some
    decoded = iter(coders.decode_parts(parts))
    columns = [{} for _ in payloads]
    for number, name, join, n in pieces:
        columns[number][name] = join(list(islice(decoded, n)))
    return columns


class Columns:
    """The columns of one payload, each taken once by whoever knows how many elements it has."""

    def __init__(self, columns):
        self.columns = dict(columns)

    def has(self, name):
        return name in self.columns

    def take_whole(self, name, n):
        """`n` elements; the column stands exactly if it has any."""
        elements = self.columns.pop(name, [])
        need(len(elements) == n, f"column {name}: {len(elements)} elements, not {n}")
        return elements

    def take(self, name, n):
        return iter(self.take_whole(name, n))

    def take_words(self, name, n, groups=()):
        """Words, of which so many after one another belong to one delta."""
        elements = self.take_whole(name, n)
        return iter(elements.words(groups) if hasattr(elements, "words") else elements)

    def take_unless_zero(self, name, n):
        """A column that is absent exactly if all its elements are 0."""
        if name not in self.columns:
            return iter([0] * n)
        need(any(self.columns[name]), f"column {name}: all zero")
        return self.take(name, n)

    def take_stream(self, name):
        """Bytes that are read as far as the index sets need them."""
        return Reader(self.columns.pop(name, b""), "column " + name)

    def done(self):
        need(not self.columns, "columns without elements: " + ", ".join(self.columns))


def read_deltas(columns, count, packed):
    """The deltas of one payload. Of a packed segment they have rows, places and lags instead of times."""
    need(count >= 1, "a payload without deltas")
    columns = Columns(columns)
    deltas = [Delta() for _ in range(count)]
    read_kinds(columns, deltas, packed)
    read_relations(columns, deltas)
    if not packed and any(delta.relation in FOLLOWING for delta in deltas):
        return read_by_vector(columns, deltas)
    read_vectors(columns, deltas)
    if packed:
        read_rows(columns, deltas)
        read_lags(columns, deltas)
        read_places(columns, deltas)
    else:
        read_times(columns, deltas)
    read_contents(columns, deltas)
    return deltas


def read_by_vector(columns, deltas):
    """Of a fresh segment: only vectors and times stand in the order of commits. Returned in that order, too."""
    arrived = [Delta() for _ in deltas]
    read_vectors(columns, arrived)
    read_times(columns, arrived)
    order = sorted(range(len(arrived)), key=lambda i: arrived[i].vector)  # stable
    for delta, number in zip(deltas, order):
        delta.vector, delta.time = arrived[number].vector, arrived[number].time
    read_contents(columns, deltas)
    for delta, number in zip(deltas, order):
        arrived[number] = delta
    return arrived


def read_contents(columns, deltas):
    read_values(columns, deltas)
    read_metadata(columns, deltas)
    columns.done()


def read_kinds(columns, deltas, packed):
    need(packed or not columns.has("lost"), "a pruned delta in a fresh segment")
    lost = columns.take_unless_zero("lost", len(deltas))
    for delta, kind in zip(deltas, columns.take("kinds", len(deltas))):
        delta.op, delta.form, delta.lost = kind & 15, kind >> 4, next(lost)
        need(CREATE <= delta.op <= DELETE and delta.form <= REPEAT, f"unknown kind {kind}")
        need(delta.form == ALL or delta.op <= SPARSE, f"an index set of operation {delta.op}")
        need(delta.lost <= 15, f"unknown losses {delta.lost}")
        if delta.lost & (LOST_VALUES | LOST_SETTLED):
            need(delta.op <= SPARSE, f"operation {delta.op} without values")
        need(not delta.lost & LOST_MARK or delta.op == CREATE, f"operation {delta.op} without a mark")
        if delta.lost & LOST_VALUES:
            need(delta.op == SPARSE or delta.form != ALL, "values are lost, and none is named")


def read_relations(columns, deltas):
    assigning = [delta for delta in deltas if delta.assigns]
    for delta, relation in zip(assigning, columns.take_unless_zero("relations", len(assigning))):
        delta.relation = relation
        need(relation <= REPEATED, f"unknown relation {relation}")
        need(relation == PLAIN or not delta.full or delta.form == ALL, "column relations: of values that are listed")


def read_vectors(columns, deltas):
    steps = columns.has("vector steps")
    expected = 0
    for delta, number in zip(deltas, columns.take("vector steps" if steps else "vectors", len(deltas))):
        delta.vector = wrap64(expected + unzigzag(number)) if steps else number
        expected = delta.vector + 1


def read_times(columns, deltas):
    us, unit = columns.take("clock", 2)
    steps = [unzigzag(n) for n in columns.take("steps", len(deltas) - 1 if unit else 0)]
    need(unit == 0 or gcd(*steps) == 1, "column clock: the unit is not the greatest")
    for i, (delta, tick) in enumerate(zip(deltas, columns.take_unless_zero("ticks", len(deltas)))):
        us += steps[i - 1] * unit if unit and i else 0
        need(0 <= us <= MAX_MICROS and tick <= MAX_TICK, "a time out of range")
        delta.time = us << 12 | tick


def read_rows(columns, deltas):
    vector = row = first_row = None
    for delta, number in zip(deltas, columns.take("rows", len(deltas))):
        expected = row if delta.vector == vector else first_row or 0
        delta.row = wrap64(expected + unzigzag(number))
        if delta.vector != vector:
            first_row = delta.row
        vector, row = delta.vector, delta.row


def read_lags(columns, deltas):
    steps = columns.has("lag steps")
    if not steps and not columns.has("lags"):
        for delta in deltas:
            delta.lag = 0
        return
    unit, *lags = columns.take("lag steps" if steps else "lags", len(deltas) + 1)
    if steps:
        lags = stepped_lags(deltas, lags)
    need(unit != 0 and gcd(*lags) == 1, "column lags: the unit is not the greatest")
    for delta, lag in zip(deltas, lags):
        delta.lag = lag * unit
        need(delta.lag < 1 << 64, "column lags: beyond 64 bits")


def stepped_lags(deltas, steps):
    vector = row = None
    first = 0  # lag of the vector before, or of this one
    lags = []
    for delta, step in zip(deltas, steps):
        expected = lags[-1] if (delta.vector, delta.row) == (vector, row) else first
        lags.append(wrap64(expected + unzigzag(step)))
        if delta.vector != vector:
            first = lags[-1]
        vector, row = delta.vector, delta.row
    return lags


def read_places(columns, deltas):
    rows, first = {}, 0  # of each row the lags in order, and the last place of each; of the row that was met first
    for delta, number in zip(deltas, columns.take_unless_zero("places", len(deltas))):
        lags, places = rows.get(delta.row, ((), ()))
        expected = place_among(lags, places, delta.lag) if lags else first
        delta.place = wrap64(expected + unzigzag(number))
        if not lags:
            first = delta.place
            lags, places = rows.setdefault(delta.row, ([], {}))
        if delta.lag not in places:
            insort(lags, delta.lag)
        places[delta.lag] = delta.place


def place_among(lags, places, lag):
    if lag in places:
        return places[lag] + 1
    if len(lags) == 1:
        return places[lags[0]]
    at = bisect(lags, lag)
    below, above = (lags[at - 1], lags[at]) if 0 < at < len(lags) else (lags[0], lags[-1])
    steps = floor(float(lag - below) * float(places[above] - places[below]) / float(above - below) + 0.5)
    return places[below] + (steps if abs(steps) < 1 << 62 else 0)


def read_metadata(columns, deltas):
    for delta in deltas:
        delta.metadata = ""
    if not columns.has("metadata") and not columns.has("metadata sizes"):
        return
    text = columns.take_stream("metadata")
    for delta, size in zip(deltas, columns.take("metadata sizes", len(deltas))):
        need(size <= MAX_METADATA, "column metadata sizes: too long")
        delta.metadata = utf8(text.raw(size), text.what)
    need(text.at > 0, "column metadata: empty")
    text.done()
