"""Whole numbers in classes, and what is made of them: words on lattices, and steps from a value to the next.

Neither can be had from a column's bytes alone: words on lattices need to know which of them belong together, and a step where it
starts. So these columns join to objects that are asked once the deltas are known.
"""
from . import floats
from .wire import Reader, need, unzigzag

ESCAPE = 255
MAX_MULTIPLE = 1 << 23  # multiples of a lattice stay below this in size
EIGHTHS = (1, 1.0905077326652577, 1.189207115002721, 1.2968395546510096, 1.4142135623730951, 1.5422108254079407, 1.681792830507429,
           1.8340080864093424)


class Bits:
    """Bits off the front of some bytes, the lowest of each byte first."""

    def __init__(self, data, what):
        self.data, self.what, self.at = data, what, 0

    def take(self, n):
        end = self.at + n
        need(end <= 8 * len(self.data), f"{self.what}: bits are missing")
        some = int.from_bytes(self.data[self.at >> 3:(end + 7) >> 3], "little") >> (self.at & 7)
        self.at = end
        return some & (1 << n) - 1

    def done(self):
        spare = 8 * len(self.data) - self.at
        need(spare < 8 and self.take(spare) == 0, f"{self.what}: bits left over")


def number_of(symbol, bits):
    """The number of a class: below 16 itself, else three bits below the leading one and those that follow."""
    if symbol < 16:
        return symbol
    need(symbol < 240, f"{bits.what}: unknown class {symbol}")
    more = (symbol - 16) // 8 + 1
    return (8 | symbol & 7) << more | bits.take(more)


def multiple_of(symbol, bits):
    k = unzigzag(number_of(symbol, bits))
    need(abs(k) < MAX_MULTIPLE, f"{bits.what}: a multiple too large")
    return k


class Lattice:
    """Multiples of 2^(j/8), or of 10^-n. It is numbered 2 zigzag(j), or 2 n + 1."""

    def __init__(self, number, what):
        self.number, self.decimal = number, number & 1 == 1
        if self.decimal:
            need(number >> 1 <= 10, f"{what}: unknown lattice {number}")
            self.unit = float(10 ** (number >> 1))
            return
        self.j = number >> 2 ^ -(number >> 1 & 1)
        need(-1280 <= self.j <= 880, f"{what}: unknown lattice {number}")
        self.unit = EIGHTHS[self.j % 8] * 2.0 ** (self.j // 8)

    def steps(self, k):
        return k / self.unit if self.decimal else k * self.unit

    def word(self, k):
        return floats.bits_of(self.steps(k))

    def nearest(self, bits):
        """Of which multiple a word is nearest; MAX_MULTIPLE if that is none."""
        x = floats.value_of(bits)
        k = x * self.unit if self.decimal else x / self.unit
        if not -MAX_MULTIPLE < k < MAX_MULTIPLE:  # NaN as well
            return MAX_MULTIPLE
        return round(k) if abs(round(k)) < MAX_MULTIPLE else MAX_MULTIPLE

    def moved(self, bits, k):
        return floats.bits_of(floats.value_of(bits) + self.steps(k))


def lattices_of(data, count, what):
    """The lattices of all groups: each number stands as its difference from the one before."""
    reader, lattices, number = Reader(data, what), [], 0
    for _ in range(count):
        number += unzigzag(reader.varint())
        need(number >= 0, f"{what}: unknown lattice {number}")
        lattices.append(Lattice(number, what))
    reader.done()
    return lattices


class LatticeWords:
    """Words as multiples, in groups of one lattice each, or all of one."""

    def __init__(self, lattices, symbols, bits):
        self.lattices, self.symbols, self.bits = lattices, symbols, bits

    def __len__(self):
        return len(self.symbols)

    def words(self, groups):
        if len(self.lattices) == 1:
            groups = [len(self)]
        groups = [n for n in groups if n > 0]
        need(len(groups) == len(self.lattices) and sum(groups) == len(self), f"{self.bits.what}: as many lattices as no groups")
        symbols, out = iter(self.symbols), []
        for lattice, n in zip(self.lattices, groups):
            out += [lattice.word(multiple_of(next(symbols), self.bits)) for _ in range(n)]
        self.bits.done()
        return out


# --- steps: (symbol, bits, lattice, the value before) -> the value

def step_scattered(symbol, bits, _, before):
    if symbol == 0:
        return before
    length = (symbol - 1 - (before >> 23 & 0xff)) % 255
    need(1 <= length <= 32, f"{bits.what}: a step of {length} bits")
    return step_by(unzigzag(1 << length - 1 | bits.take(length - 1)), before)


def step_ordinal(symbol, bits, _, before):
    return step_by(unzigzag(number_of(symbol, bits)), before)


def step_by(r, before):
    return floats.of_ordinal(floats.ordinal(before) + r & 0xffffffff)


def step_moved(symbol, bits, lattice, before):
    if symbol == ESCAPE:
        return bits.take(32)
    return lattice.moved(before, multiple_of(symbol, bits))


def step_multiples(symbol, bits, lattice, before):
    if symbol == ESCAPE:
        return bits.take(32)
    k = lattice.nearest(before) + unzigzag(number_of(symbol, bits))
    need(abs(k) < MAX_MULTIPLE, f"{bits.what}: a multiple too large")
    return lattice.word(k)


class Steps:
    """Steps that are taken one after the other, each from the value that it starts at."""

    def __init__(self, step, lattice, symbols, bits):
        self.step, self.lattice, self.symbols, self.bits, self.taken = step, lattice, symbols, bits, 0

    def __len__(self):
        return len(self.symbols)

    def next(self, before):
        self.taken += 1
        return self.step(self.symbols[self.taken - 1], self.bits, self.lattice, before)

    def done(self):
        need(self.taken == len(self), f"{self.bits.what}: {len(self)} steps, not {self.taken}")
        self.bits.done()
