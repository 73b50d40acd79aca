#include "codec/lz4.hpp"

#include <algorithm>
#include <cstring>

namespace delta::codec {
namespace {

constexpr std::size_t kLastLiterals = 5;  // the output ends with so many at least
constexpr std::size_t kLastMatch = 12;    // and a match begins so long before the end
constexpr std::size_t kLeastMatch = 4;

/// The bytes of a block from the front.
struct Input {
  const Byte *at, *end;

  std::size_t left() const { return static_cast<std::size_t>(end - at); }

  /// Adds to a length of 15 the bytes that continue it. The sum is at most 255 times the length of the block.
  bool continue_length(std::size_t& length) {
    if (length != 15) return true;
    for (;;) {
      if (at == end) return false;
      length += *at;
      if (*at++ != 255) return true;
    }
  }
};

/// Appends `length` bytes of `offset` bytes before `to`. Where the two overlap, what is written is read again.
void repeat(Byte* to, std::size_t offset, std::size_t length) {
  if (offset == 1) {
    std::memset(to, to[-1], length);
    return;
  }
  for (const Byte* const from = to - offset; length > 0;) {  // what lies between `from` and `to` grows with each round
    const std::size_t n = std::min(length, static_cast<std::size_t>(to - from));
    std::memcpy(to, from, n);
    to += n;
    length -= n;
  }
}

}  // namespace

bool read_lz4(ByteView stored, std::span<Byte> raw) {
  Input in{stored.data(), stored.data() + stored.size()};
  std::size_t done = 0;
  while (in.at != in.end) {
    const Byte token = *in.at++;
    std::size_t length = token >> 4;
    if (!in.continue_length(length) || length > in.left() || length > raw.size() - done) return false;
    if (length > 0) std::memcpy(raw.data() + done, in.at, length);
    in.at += length;
    done += length;
    if (in.at == in.end) return done == raw.size() && (token & 15) == 0;
    if (in.left() < 2 || raw.size() - done < kLastMatch) return false;
    const std::size_t offset = in.at[0] | std::size_t{in.at[1]} << 8;
    in.at += 2;
    length = token & 15;
    if (offset == 0 || offset > done || !in.continue_length(length)) return false;
    length += kLeastMatch;
    if (length > raw.size() - done - kLastLiterals) return false;
    repeat(raw.data() + done, offset, length);
    done += length;
  }
  return false;
}

}  // namespace delta::codec
