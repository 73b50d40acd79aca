"""The coders of columns: how the elements of one column stand as bytes.

A coder is a function (stored bytes, raw length, what) -> (parts, join). `parts` are the runs of bytes that it is made of, each
plain, constant, zstd or LZ4; `join` makes the elements from what they hold. Every part's raw length follows from the column's own
bytes, so the zstd frames of a whole file are known before any is decoded, and one process decodes them all. Where elements depend
on other columns, `join` makes an object that makes them; see multiples.py.

To add a coder, write its function and name it in the table of its kind.
"""
import struct
from typing import NamedTuple

from . import multiples
from .lz4 import unlz4
from .wire import ZSTD_MAGIC, Reader, Unsupported, need, unzstd

RAW, CONSTANT, ZSTD, PLANES, TABLE, LATTICE, TRANSPOSED = 0, 1, 2, 3, 4, 5, 0x10
SCATTERED, ORDINAL, MOVED, MULTIPLES = 6, 7, 8, 9
LZ4 = 10


class Part(NamedTuple):
    """Bytes coded on their own: the whole of a column, or a plane in it."""
    coder: int
    stored: bytes
    size: int  # when decoded
    what: str


def take_part(reader, size):
    """The part at the front: coder, stored length where it does not follow, bytes."""
    coder = reader.u8()
    need(coder in (RAW, CONSTANT, ZSTD), f"{reader.what}: a part of coder {coder}")
    stored = {RAW: size, CONSTANT: 1}.get(coder)
    return Part(coder, reader.raw(reader.varint() if stored is None else stored), size, reader.what)


def decode_parts(parts):
    """What the parts hold, in order."""
    frames = []
    for part in parts:
        if part.coder == ZSTD:
            need(part.stored[:1] == b"\0", f"{part.what}: not a plain zstd frame")
            frames.append((ZSTD_MAGIC + part.stored, part.size))
    inflated = iter(unzstd(frames))
    out = []
    for part in parts:
        if part.coder == ZSTD:
            out.append(next(inflated))
        elif part.coder == LZ4:
            out.append(unlz4(part.stored, part.size, part.what))
        elif part.coder == CONSTANT:
            need(len(part.stored) == 1 and part.size >= 2, f"{part.what}: a bad constant")
            out.append(part.stored * part.size)
        else:
            need(len(part.stored) == part.size, f"{part.what}: raw bytes of another length")
            out.append(part.stored)
    return out


def words_of(data):
    return list(struct.unpack(f"<{len(data) // 4}I", data))


def varints_of(data, what):
    reader, numbers = Reader(data, what), []
    while reader.at < len(data):
        numbers.append(reader.varint())
    return numbers


# --- coders of every kind: the column is one part, and the kind says what its bytes are

def bytes_by(coder):
    return lambda stored, raw, what: ([Part(coder, stored, raw, what)], lambda got: got[0])


def numbers_by(coder):
    return lambda stored, raw, what: ([Part(coder, stored, raw, what)], lambda got: varints_of(got[0], what))


def words_by(coder):
    return lambda stored, raw, what: ([Part(coder, stored, raw, what)], lambda got: words_of(got[0]))


# --- coders of one kind

def constant_words(stored, raw, what):
    need(len(stored) == 4 and raw >= 8, f"{what}: a bad constant")
    return [], lambda got: words_of(stored) * (raw // 4)


def planes_of_numbers(stored, raw, what):
    reader = Reader(stored, what)
    width = reader.u8()
    need(1 <= width <= 8 and raw % width == 0, f"{what}: planes of another size")
    parts = [take_part(reader, raw // width) for _ in range(width)]
    reader.done()

    def join(planes):
        need(width == 1 or any(planes[-1]), f"{what}: planes wider than needed")
        return [int.from_bytes(digits, "little") for digits in zip(*planes)]
    return parts, join


def planes_of_words(stored, raw, what):
    reader = Reader(stored, what)
    parts = [take_part(reader, raw // 4) for _ in range(4)]
    reader.done()

    def join(planes):
        rotated = (int.from_bytes(digits, "little") for digits in zip(*planes))
        return [word >> 1 | (word & 1) << 31 for word in rotated]
    return parts, join


def table_of_words(stored, raw, what):
    reader, n = Reader(stored, what), raw // 4
    size = reader.varint(65536)
    need(2 <= size <= n, f"{what}: a table of {size} words for {n}")
    parts = [take_part(reader, reader.varint(5 * size))]
    parts += [take_part(reader, n) for _ in range(2 if size > 256 else 1)]
    reader.done()

    def join(got):
        words, least = [], 0
        for gap in varints_of(got[0], what):
            words.append(least + gap)
            least = words[-1] + 1
        need(len(words) == size and words[-1] < 1 << 32, f"{what}: a bad table")
        places = [int.from_bytes(digits, "little") for digits in zip(*got[1:])]
        need(max(places) < size, f"{what}: a place beyond the table")
        return [words[place] for place in places]
    return parts, join


def lattice_words(stored, raw, what):
    reader, n = Reader(stored, what), raw // 4
    count = reader.varint(n)
    if count == 1:
        one, parts = [multiples.Lattice(reader.varint(), what)], []
    else:
        one, parts = [], [take_part(reader, reader.varint(5 * count))]
    parts.append(take_part(reader, n))
    bits = multiples.Bits(reader.rest(), what)

    def join(got):
        return multiples.LatticeWords(one or multiples.lattices_of(got[0], count, what), got[-1], bits)
    return parts, join


def steps_by(step, on_lattice=False):
    def split(stored, raw, what):
        reader = Reader(stored, what)
        lattice = multiples.Lattice(reader.varint(), what) if on_lattice else None
        part = take_part(reader, raw // 4)
        bits = multiples.Bits(reader.rest(), what)
        return [part], lambda got: multiples.Steps(step, lattice, got[0], bits)
    return split


def transposed(coder):
    """The coding of the elements in the order 0, r, 2r, ..., 1, r + 1, ..."""
    def split(stored, raw, what):
        reader, n = Reader(stored, what), raw // 4
        row = reader.varint()
        need(row >= 2 and n % row == 0 and n >= 2 * row, f"{what}: a bad row length")
        parts, join = coder(reader.rest(), raw, what)

        def turn(got):
            words, rows = join(got), n // row
            return [words[column * rows + r] for r in range(rows) for column in range(row)]
        return parts, turn
    return split


# --- the tables

BYTES = {RAW: bytes_by(RAW), CONSTANT: bytes_by(CONSTANT), ZSTD: bytes_by(ZSTD), LZ4: bytes_by(LZ4)}

NUMBERS = {RAW: numbers_by(RAW), CONSTANT: numbers_by(CONSTANT), ZSTD: numbers_by(ZSTD), PLANES: planes_of_numbers, LZ4: numbers_by(LZ4)}

WORDS = {RAW: words_by(RAW), CONSTANT: constant_words, ZSTD: words_by(ZSTD), PLANES: planes_of_words, TABLE: table_of_words,
         LATTICE: lattice_words, LZ4: words_by(LZ4)}
WORDS |= {TRANSPOSED | coder: transposed(WORDS[coder]) for coder in (ZSTD, PLANES, TABLE)}

STEPS = {SCATTERED: steps_by(multiples.step_scattered), ORDINAL: steps_by(multiples.step_ordinal),
         MOVED: steps_by(multiples.step_moved, on_lattice=True), MULTIPLES: steps_by(multiples.step_multiples, on_lattice=True)}


def split_column(kind, coder, stored, raw, what):
    """(parts, join) of a column whose elements are of the kind BYTES, NUMBERS, WORDS or STEPS."""
    if coder not in kind:
        raise Unsupported(f"{what}: unknown coder {coder}")
    need(kind not in (WORDS, STEPS) or raw % 4 == 0, f"{what}: no whole number of words")
    return kind[coder](stored, raw, what)
