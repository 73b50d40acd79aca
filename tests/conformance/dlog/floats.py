"""Float32 arithmetic on bits. A product or sum of two float32 values is rounded in float64 so finely that rounding it again is the
same as rounding once, and struct rounds to nearest; so every result here is that of one float32 operation."""
import struct

WORD, FLOAT = struct.Struct("<I"), struct.Struct("<f")
SIGN, INFINITY, NAN = 0x80000000, 0x7f800000, 0x7fc00000


def value_of(bits):
    return FLOAT.unpack(WORD.pack(bits))[0]


def bits_of(x):
    """A float64 rounded to float32. A NaN that was made is 7fc00000."""
    if x != x:
        return NAN
    try:
        return WORD.unpack(FLOAT.pack(x))[0]
    except OverflowError:
        return INFINITY | (SIGN if x < 0 else 0)


def scaled(bits, factor):
    return bits_of(value_of(bits) * value_of(factor))


def shifted(bits, amount):
    return bits_of(value_of(bits) + value_of(amount))


def clamped(bits, least, greatest):
    x = value_of(bits)
    return least if x < value_of(least) else greatest if x > value_of(greatest) else bits


def ordinal(bits):
    """Rises as the float does."""
    return ~bits & 0xffffffff if bits & SIGN else bits | SIGN


def of_ordinal(n):
    return n & ~SIGN if n & SIGN else ~n & 0xffffffff
