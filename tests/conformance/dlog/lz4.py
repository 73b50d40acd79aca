"""LZ4 blocks, decoded as the page describes them; no library has a part in it."""
from .wire import Reader, need


def length_of(reader, four_bits):
    total = more = four_bits
    if four_bits == 15:
        more = 255
    while more == 255:
        more = reader.u8()
        total += more
    return total


def unlz4(block, size, what):
    """The `size` bytes that a block makes; Broken if it makes others."""
    reader, out = Reader(block, what), bytearray()
    while True:
        token = reader.u8()
        literals = length_of(reader, token >> 4)
        need(literals <= size - len(out), f"{what}: an LZ4 block of more bytes than stated")
        out += reader.raw(literals)
        if reader.at == len(block):
            break
        offset = int.from_bytes(reader.raw(2), "little")
        need(1 <= offset <= len(out), f"{what}: an LZ4 offset of {offset} at {len(out)}")
        length, begin = length_of(reader, token & 15) + 4, len(out)
        need(begin <= size - 12 and length <= size - begin - 5, f"{what}: an LZ4 match that comes too late")
        while len(out) < begin + length:  # what the match appends may be part of it
            out += out[len(out) - offset:][:begin + length - len(out)]
    need(token & 15 == 0, f"{what}: the last token of an LZ4 block")
    need(len(out) == size, f"{what}: an LZ4 block of {len(out)} bytes, not {size}")
    return bytes(out)
