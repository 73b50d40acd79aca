// Rows that stand one after the other in a file, each of as many bytes: what most binary formats are behind their
// header.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "formats/binary_number.hpp"
#include "formats/dataset.hpp"

namespace delta::formats {

struct FixedRows {
  std::uint64_t rows = 0;
  std::uint32_t dims = 0;
  BinaryNumber number = {};
  std::uint64_t begin = 0;  ///< of the first row in the file
  bool counted = false;     ///< before each row stands its dimension count, as 32 bits
  std::string name = {};    ///< of the table

  std::uint64_t stride() const { return (counted ? 4 : 0) + std::uint64_t{dims} * number.width(); }
};

/// How many rows `bytes` bytes hold. bad_input: the last one is not whole.
Result<std::uint64_t> rows_in(std::uint64_t bytes, const FixedRows& layout);

/// Reads them. REQUIRES: all rows are inside of the file, which was checked; dims were checked. Errors: bad_input with
/// the file's name for a row that says to have other dimensions, and for numbers that are no float32, unless `lossy`.
std::unique_ptr<MatrixSource> fixed_rows(std::shared_ptr<const ByteSource> bytes, FixedRows layout, bool lossy);

}  // namespace delta::formats
