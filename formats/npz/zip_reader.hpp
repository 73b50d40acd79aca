// Files inside of a .zip: stored or deflated, with sizes of 64 bits. What the directory says is checked before it is
// believed: each entry lies inside of the file, and none in another.
//
// Own code and not libzip, since a stored entry is then read where it stands, at any place and by many threads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "delta/bytes.hpp"
#include "delta/result.hpp"

namespace delta::formats {

struct ZipEntry {
  std::string name;
  bool deflated = false;
  std::uint32_t crc = 0;
  std::uint64_t begin = 0, packed = 0,
                size = 0;  ///< where its bytes stand in the file, how many, and how many unpacked
};

/// In the order in which they stand in the file. Errors: bad_input: no zip file, cut off, entries beyond the file or in
/// each other, two of one name; unsupported: encrypted, in several parts, packed in another way.
Result<std::vector<ZipEntry>> read_zip(const ByteSource& bytes);

/// An entry's bytes, called `name`; held against its size and checksum before they are given: what is stored is read
/// once for that, what is deflated is unpacked (see unpack_all()). Errors: bad_input: damaged; limit: it is said to
/// become more than deflate can make of it, or than most_unpacked().
Result<std::unique_ptr<ByteSource>> open_zip_entry(std::shared_ptr<const ByteSource> bytes, const ZipEntry& entry,
                                                   std::string name);

}  // namespace delta::formats
