// Whole numbers of very different sizes: a byte that says the size, which the entropy stage makes small, and the bits
// that tell the number from others of that size, which nothing makes small. The bytes stand together as a part of the
// column, and the bits behind them, lowest first.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "base/bytes.hpp"
#include "codec/coder.hpp"
#include "delta/result.hpp"

namespace delta::codec {

/// Numbers below 16 are classes of their own; the others share their length and the three bits below the leading one
/// with up to 2^28 others. So the classes follow a smooth distribution to a hundredth of a bit.
struct Class {
  Byte symbol = 0;
  unsigned bits = 0;  ///< how many low bits are left to say
};
inline constexpr Byte kMaxClass = 239;

constexpr Class class_of(std::uint32_t z) {
  if (z < 16) return {static_cast<Byte>(z), 0};
  const auto length = static_cast<unsigned>(std::bit_width(z));
  return {static_cast<Byte>(16 + (length - 5) * 8 + ((z >> (length - 4)) & 7)), length - 4};
}
/// Bits of a class, and its least number. REQUIRES: symbol <= kMaxClass.
constexpr unsigned class_bits(Byte symbol) { return symbol < 16 ? 0 : (symbol - 16u) / 8 + 1; }
constexpr std::uint32_t class_least(Byte symbol) {
  return symbol < 16 ? symbol : ((8u | (symbol & 7u)) << class_bits(symbol));
}
static_assert(class_of(~0u).symbol == kMaxClass && class_of(16).symbol == 16 && class_least(16) == 16);

constexpr std::uint32_t zigzag32(std::int32_t n) {
  return (static_cast<std::uint32_t>(n) << 1) ^ static_cast<std::uint32_t>(n >> 31);
}
constexpr std::int32_t unzigzag32(std::uint32_t z) { return static_cast<std::int32_t>((z >> 1) ^ (0 - (z & 1))); }

/// Bits onto the end of a buffer, lowest first.
class BitWriter {
 public:
  explicit BitWriter(Buffer& out) : out_(out) {}
  /// REQUIRES: bits <= 32, value < 2^bits.
  void put(std::uint64_t value, unsigned bits) {
    held_ |= value << count_;
    count_ += bits;
    while (count_ >= 8) {
      out_.push_back(static_cast<Byte>(held_));
      held_ >>= 8;
      count_ -= 8;
    }
  }
  void finish() {
    if (count_ > 0) out_.push_back(static_cast<Byte>(held_));
    held_ = 0;
    count_ = 0;
  }

 private:
  Buffer& out_;
  std::uint64_t held_ = 0;
  unsigned count_ = 0;
};

/// Bits off the front of some bytes. What is read beyond their end is zero, and told by finished().
class BitReader {
 public:
  BitReader() = default;
  explicit BitReader(ByteView bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}
  /// REQUIRES: bits <= 32.
  std::uint32_t get(unsigned bits) {
    if (count_ < bits) fill(bits);
    const auto value = static_cast<std::uint32_t>(held_ & ((std::uint64_t{1} << bits) - 1));
    held_ >>= bits;
    count_ -= bits;
    return value;
  }
  /// Every byte was used, the last one's spare bits are zero, and none was missing.
  bool finished() const {
    return at_ == end_ && missing_ == 0 && count_ < 8 && (held_ & ((std::uint64_t{1} << count_) - 1)) == 0;
  }

 private:
  /// As many bytes at once as there is room for; held_ then has bits beyond count_, which the next filling puts there
  /// again.
  void fill(unsigned bits) {
    if (end_ - at_ >= 8) {
      std::uint64_t next;
      std::memcpy(&next, at_, 8);
      held_ |= next << count_;
      at_ += (63 - count_) >> 3;
      count_ |= 56;
      return;
    }
    while (count_ < bits) {
      held_ |= std::uint64_t{at_ < end_ ? *at_ : Byte{0}} << count_;
      missing_ += at_ >= end_;
      at_ += at_ < end_;
      count_ += 8;
    }
  }

  const Byte *at_ = nullptr, *end_ = nullptr;
  std::uint64_t held_ = 0;
  std::size_t missing_ = 0;
  unsigned count_ = 0;
};

}  // namespace delta::codec
