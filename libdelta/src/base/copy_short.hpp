// Copies of a few bytes, made by the million.
#pragma once

#include <cstddef>
#include <cstring>

#include "base/bytes.hpp"

namespace delta {

/// memcpy() of a few bytes: to call it takes longer than to copy them.
inline void copy_short(Byte* to, const Byte* from, std::size_t size) {
  constexpr std::size_t kStep = 16, kWord = 4;
  if (size >= kStep) {
    for (std::size_t i = 0; i + kStep <= size; i += kStep) std::memcpy(to + i, from + i, kStep);
    std::memcpy(to + size - kStep, from + size - kStep, kStep);
  } else if (size >= kWord) {
    for (std::size_t i = 0; i + kWord <= size; i += kWord) std::memcpy(to + i, from + i, kWord);
    std::memcpy(to + size - kWord, from + size - kWord, kWord);
  } else {
    for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
  }
}

}  // namespace delta
