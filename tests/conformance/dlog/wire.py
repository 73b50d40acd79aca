"""What all pages of the format are written with: numbers, texts, and zstd by its command line."""
import subprocess

ZSTD_MAGIC = bytes.fromhex("28b52ffd")


class Broken(Exception):
    """Bytes that a reader of version 1 refuses: damaged or invalid."""


class Unsupported(Broken):
    """Undamaged, but of a kind that this reader does not know."""


def need(condition, message):
    if not condition:
        raise Broken(message)


def unzigzag(n):
    return n >> 1 ^ -(n & 1)


def wrap64(n):
    return n & (1 << 64) - 1


def varint(n):
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7f | 0x80)
        n >>= 7
    return bytes(out) + bytes([n])


def text(string):
    data = string.encode()
    return varint(len(data)) + data


def utf8(data, what):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Broken(f"{what}: a text that is not UTF-8") from None


class Reader:
    """Takes bytes off the front of a payload; `what` names it in complaints."""

    def __init__(self, data, what):
        self.data, self.what, self.at = data, what, 0

    def raw(self, n):
        need(n <= len(self.data) - self.at, f"{self.what}: cut off")
        self.at += n
        return self.data[self.at - n:self.at]

    def u8(self):
        return self.raw(1)[0]

    def varint(self, most=(1 << 64) - 1):
        value = shift = 0
        while True:
            byte = self.u8()
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                break
        need(byte != 0 or shift == 7, f"{self.what}: a varint that is not minimal")
        need(value <= most, f"{self.what}: a number too large: {value}")
        return value

    def varints(self, n, most=(1 << 64) - 1):
        return [self.varint(most) for _ in range(n)]

    def text(self):
        return utf8(self.raw(self.varint()), self.what)

    def rest(self):
        return self.raw(len(self.data) - self.at)

    def done(self):
        need(self.at == len(self.data), f"{self.what}: bytes left over")


def unzstd(frames):
    """[(frame, its size when decoded)] -> their bytes. One process for all, since the command decodes a concatenation."""
    if not frames:
        return []
    done = subprocess.run(["zstd", "-d", "-q", "-c"], input=b"".join(frame for frame, _ in frames), capture_output=True)
    need(done.returncode == 0, "zstd: " + done.stderr.decode(errors="replace").strip())
    need(len(done.stdout) == sum(size for _, size in frames), "zstd: frames of another size")
    out = Reader(done.stdout, "zstd")
    return [out.raw(size) for _, size in frames]
