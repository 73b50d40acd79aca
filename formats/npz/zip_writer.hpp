// Files into a .zip, stored, from front to back: a checksum follows the bytes that it is of.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "delta/bytes.hpp"

namespace delta::formats {

class ZipWriter final : public ByteSink {
 public:
  explicit ZipWriter(ByteSink& out) : out_(out) {}  ///< which must outlive it

  /// What is written from here on is an entry of that many bytes. REQUIRES: the one before is ended; a name of 65,535
  /// bytes at most.
  Status begin(std::string name, std::uint64_t size);
  Status write(std::span<const std::uint8_t> bytes) override;
  Status end();     ///< REQUIRES: all bytes of the entry were written
  Status finish();  ///< the directory

 private:
  struct Entry {
    std::string name;
    std::uint64_t begin = 0, size = 0;
    std::uint32_t crc = 0;
    bool large() const;  // sizes need 64 bits
  };
  Status put(const std::string& bytes);

  ByteSink& out_;
  std::vector<Entry> entries_;
  std::uint64_t at_ = 0, rest_ = 0;  // in the file; of the entry
};

}  // namespace delta::formats
