// Whole numbers as most files hold them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace delta::formats {

/// The number that `width` bytes from place `at` on are.
constexpr std::uint64_t little_endian(std::span<const std::uint8_t> bytes, std::size_t at, std::size_t width) {
  std::uint64_t x = 0;
  for (std::size_t i = 0; i < width; ++i) x |= std::uint64_t{bytes[at + i]} << 8 * i;
  return x;
}

/// Appends the lowest `width` bytes of a number to text or bytes.
template <class Bytes>
void put_little_endian(Bytes& out, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i) out.push_back(static_cast<typename Bytes::value_type>(value >> 8 * i & 0xff));
}

}  // namespace delta::formats
