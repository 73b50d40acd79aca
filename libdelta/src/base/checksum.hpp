// XXH3-64: finds damage, proves nothing.
#pragma once

#include <string>

#include "base/bytes.hpp"

namespace delta {

std::uint64_t checksum(ByteView bytes, std::uint64_t seed = 0);

/// A checksum over pieces, equal to checksum() over their concatenation.
class Checksum {
 public:
  explicit Checksum(std::uint64_t seed = 0);
  Checksum(Checksum&&) noexcept;
  Checksum& operator=(Checksum&&) noexcept;
  ~Checksum();
  void add(ByteView bytes);
  std::uint64_t value() const;

 private:
  void* state_;
};

/// Of xxHash.
std::string checksum_library_version();

}  // namespace delta
