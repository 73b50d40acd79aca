// One small interface for every matrix format: a source of rows, a sink of rows.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "delta/file.hpp"
#include "delta/result.hpp"

namespace delta::formats {

/// Rows of float32, as raw bits. Shape is known at opening.
class MatrixSource {
 public:
  virtual ~MatrixSource() = default;
  virtual std::uint64_t rows() const = 0;
  virtual std::uint32_t dims() const = 0;
  /// Rows [first, first + bits.size() / dims()) into `bits`, row-major. Thread-safe. Errors name row and column.
  virtual Status read(std::uint64_t first, std::span<std::uint32_t> bits) const = 0;
};

/// Takes `rows` rows of `dims` values, in order.
class MatrixSink {
 public:
  virtual ~MatrixSink() = default;
  virtual Status write(std::span<const std::uint32_t> bits) = 0;  ///< whole rows
  virtual Status finish() = 0;  ///< every row was written; does not commit the file
};

struct ReadOptions {
  bool lossy = false;  ///< f8 that does not fit f4 exactly is rounded instead of refused
};

}  // namespace delta::formats
