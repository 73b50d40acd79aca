// Varints: 7 bits a byte, low first, bit 7 set on all bytes but the last. One number has one spelling: the reader
// refuses a longer one, so that equal columns have equal bytes. Numbers below 128, nearly all gaps and counts, take the
// first branch of every function here.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.hpp"

namespace delta {

inline constexpr std::size_t kMaxVarint = 10;  // bytes of 64 bits

constexpr std::size_t varint_size(std::uint64_t v) {
  std::size_t n = 1;
  while (v >= 0x80) {
    v >>= 7;
    ++n;
  }
  return n;
}

/// Writes at `to`, which has room for kMaxVarint bytes; returns the end.
inline Byte* write_varint(Byte* to, std::uint64_t v) {
  while (v >= 0x80) {
    *to++ = static_cast<Byte>(v | 0x80);
    v >>= 7;
  }
  *to++ = static_cast<Byte>(v);
  return to;
}

inline void put_varint(Buffer& out, std::uint64_t v) {
  while (v >= 0x80) {
    out.push_back(static_cast<Byte>(v | 0x80));
    v >>= 7;
  }
  out.push_back(static_cast<Byte>(v));
}

/// Reads one number and advances `at`. False, with `at` anywhere before `end`, if the bytes end first, the spelling is
/// not the shortest, or the number is over 64 bits.
inline bool get_varint(const Byte*& at, const Byte* end, std::uint64_t& v) {
  if (at == end) return false;
  v = *at++;
  if (v < 0x80) return true;
  v &= 0x7f;
  for (int shift = 7; shift < 64; shift += 7) {
    if (at == end) return false;
    const std::uint64_t byte = *at++;
    if (shift == 63 && byte > 1) return false;
    v |= (byte & 0x7f) << shift;
    if (byte < 0x80) return byte != 0;
  }
  return false;
}

constexpr std::uint64_t zigzag(std::int64_t v) {
  return static_cast<std::uint64_t>(v) << 1 ^ static_cast<std::uint64_t>(v >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t v) { return static_cast<std::int64_t>(v >> 1 ^ (~(v & 1) + 1)); }

}  // namespace delta
