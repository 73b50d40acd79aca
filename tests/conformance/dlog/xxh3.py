"""XXH3-64 with a seed, of bytes of any length, after its specification: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md

Four ways by length, each with its own mixing; all arithmetic is modulo 2^64.
"""
import struct

M64 = (1 << 64) - 1
P32_1, P32_2, P32_3 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
P64_1, P64_2, P64_3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
P64_4, P64_5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
PMX1, PMX2 = 0x165667919E3779F9, 0x9FB21C651E98DF25

SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e"
    "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e")
STRIPE, LANES = 64, 8


def u32(data, at):
    return int.from_bytes(data[at:at + 4], "little")


def u64(data, at):
    return int.from_bytes(data[at:at + 8], "little")


def swap32(x):
    return int.from_bytes(x.to_bytes(4, "little"), "big")


def swap64(x):
    return int.from_bytes(x.to_bytes(8, "little"), "big")


def rotl64(x, by):
    return (x << by | x >> (64 - by)) & M64


def fold(a, b):
    """The 128 bits of a product, its halves xored."""
    product = a * b
    return (product ^ product >> 64) & M64


def avalanche(h):
    h = (h ^ h >> 37) * PMX1 & M64
    return h ^ h >> 32


def avalanche64(h):
    """The finish of XXH64, which the shortest inputs keep."""
    h = (h ^ h >> 33) * P64_2 & M64
    h = (h ^ h >> 29) * P64_3 & M64
    return h ^ h >> 32


def mix16(data, at, secret_at, seed):
    return fold(u64(data, at) ^ (u64(SECRET, secret_at) + seed & M64),
                u64(data, at + 8) ^ (u64(SECRET, secret_at + 8) - seed & M64))


def up_to_16(data, seed):
    n = len(data)
    if n == 0:
        return avalanche64(seed ^ u64(SECRET, 56) ^ u64(SECRET, 64))
    if n <= 3:
        combined = data[0] << 16 | data[n >> 1] << 24 | data[n - 1] | n << 8
        return avalanche64(combined ^ (u32(SECRET, 0) ^ u32(SECRET, 4)) + seed & M64)
    if n <= 8:
        seed ^= swap32(seed & 0xffffffff) << 32
        value = u32(data, n - 4) + (u32(data, 0) << 32) ^ ((u64(SECRET, 8) ^ u64(SECRET, 16)) - seed & M64)
        value ^= rotl64(value, 49) ^ rotl64(value, 24)
        value = value * PMX2 & M64
        value = (value ^ (value >> 35) + n) * PMX2 & M64
        return value ^ value >> 28
    low = u64(data, 0) ^ ((u64(SECRET, 24) ^ u64(SECRET, 32)) + seed & M64)
    high = u64(data, n - 8) ^ ((u64(SECRET, 40) ^ u64(SECRET, 48)) - seed & M64)
    return avalanche(n + swap64(low) + high + fold(low, high) & M64)


def up_to_240(data, seed):
    n = len(data)
    total = n * P64_1
    if n <= 128:
        for i in reversed(range((n - 1) // 32 + 1)):
            total += mix16(data, 16 * i, 32 * i, seed) + mix16(data, n - 16 * (i + 1), 32 * i + 16, seed)
        return avalanche(total & M64)
    for i in range(8):
        total += mix16(data, 16 * i, 16 * i, seed)
    total = avalanche(total & M64)
    for i in range(8, n // 16):
        total += mix16(data, 16 * i, 16 * (i - 8) + 3, seed)
    return avalanche(total + mix16(data, n - 16, 136 - 17, seed) & M64)


def seeded_secret(seed):
    """The secret of long inputs: the seed added to every first word of a pair and taken from every second."""
    words = struct.unpack("<24Q", SECRET)
    return b"".join((word + (-seed if i % 2 else seed) & M64).to_bytes(8, "little") for i, word in enumerate(words))


def accumulate(lanes, data, at, keys):
    words = struct.unpack_from("<8Q", data, at)
    for i in range(LANES):
        key = words[i] ^ keys[i]
        lanes[i ^ 1] += words[i]
        lanes[i] = lanes[i] + (key & 0xffffffff) * (key >> 32) & M64


def beyond_240(data, seed):
    secret = seeded_secret(seed)
    keys = [struct.unpack_from("<8Q", secret, at) for at in range(0, len(secret) - STRIPE + 1, 8)]
    block = len(keys) - 1  # stripes that one pass over the secret serves; the last key is for scrambling
    lanes = [P32_3, P64_1, P64_2, P64_3, P64_4, P32_2, P64_5, P32_1]
    stripes = (len(data) - 1) // STRIPE
    for stripe in range(stripes):
        accumulate(lanes, data, STRIPE * stripe, keys[stripe % block])
        if stripe % block == block - 1:
            lanes = [((x & M64) ^ (x & M64) >> 47 ^ key) * P32_1 & M64 for x, key in zip(lanes, keys[-1])]
    accumulate(lanes, data, len(data) - STRIPE, struct.unpack_from("<8Q", secret, len(secret) - STRIPE - 7))
    total = len(data) * P64_1
    for i in range(0, LANES, 2):
        total += fold((lanes[i] & M64) ^ u64(secret, 11 + 8 * i), (lanes[i + 1] & M64) ^ u64(secret, 19 + 8 * i))
    return avalanche(total & M64)


def xxh3_64(data, seed=0):
    if len(data) <= 16:
        return up_to_16(data, seed)
    return up_to_240(data, seed) if len(data) <= 240 else beyond_240(data, seed)
