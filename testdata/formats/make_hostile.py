#!/usr/bin/env python3
"""Made the files of ../hostile/formats: each must be refused. make_hostile.py GOOD DIRECTORY, where GOOD is testdata/formats."""
import struct
import sys
from pathlib import Path

good, out = Path(sys.argv[1]), Path(sys.argv[2])


def tensors(header, data=b"x" * 8, length=None):
    return struct.pack("<Q", len(header) if length is None else length) + header.encode() + data


files = {
    "empty.fvecs": b"", "dims-0.fvecs": struct.pack("<i", 0), "dims-negative.fvecs": struct.pack("<if", -1, 1),
    "dims-change.fvecs": struct.pack("<ifif", 1, 1, 2, 1), "cut.bvecs": struct.pack("<i", 100) + b"abc",
    "rows-4g.fbin": struct.pack("<II", 0xffffffff, 65536), "header-cut.u8bin": b"abc",
    "trailing.i8bin": struct.pack("<II", 1, 1) + b"ab",
    "length-2e64.safetensors": b"\xff" * 8 + b"{}", "length-cut.safetensors": tensors("{}", b"", 1 << 20),
    "overlap.safetensors": tensors('{"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},'
                                   '"b":{"dtype":"F32","shape":[1,1],"data_offsets":[4,8]}}'),
    "beyond.safetensors": tensors('{"a":{"dtype":"F32","shape":[1,3],"data_offsets":[0,12]}}'),
    "shape-2e64.safetensors": tensors('{"a":{"dtype":"F32","shape":[9223372036854775808,2],"data_offsets":[0,8]}}'),
    "deep.safetensors": tensors('{"a":' + "[" * 5000, b""),
    "words-4g.bin": b"4294967296 65536\na ", "word-long.bin": b"1 1\n" + b"a" * 3000,
    "rows-2e64.vec": b"18446744073709551616 2\n", "short.vec": b"2 2\na 1 2\n", "no-number.glove": b"a 1 b\n",
    "open-quote.csv": b'id,a\n"x,1\n', "ragged.csv": b"id,a\nx,1\ny,2,3\n", "nul.csv": b"id,a\n\0,1\n",
    "deep.ndjson": b'{"a":' * 100000, "open.json": b'[{"id":"a","vector":[1', "no-utf8.json": b'{"id":"\xff","vector":[1]}',
}
for name, data in files.items():
    (out / name).write_bytes(data)
packed = (good / "packed.npz").read_bytes()
row = packed.index(b"PK\x01\x02")
second = packed.index(b"PK\x01\x02", row + 1)


def changed(name, at, data):
    (out / name).write_bytes(packed[:at] + data + packed[at + len(data):])


changed("overlap.npz", second + 42, packed[row + 42:row + 46])
changed("bomb.npz", row + 24, struct.pack("<I", 0x7ffffff0))
changed("checksum.npz", row + 16, b"abcd")
changed("encrypted.npz", row + 8, b"\1")
changed("directory-far.npz", len(packed) - 6, struct.pack("<I", 0x7fffffff))
changed("directory-4g.npz", len(packed) - 10, struct.pack("<I", 0xfffffff0))
(out / "end-alone.npz").write_bytes(packed[-22:])
