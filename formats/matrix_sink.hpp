// Values as binary files hold them: little-endian numbers of one type, row after row.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "formats/dataset.hpp"

namespace delta::formats {

/// Takes `rows` rows of `dims` values, in order.
class MatrixSink {
 public:
  /// Before each row, if `counted`, its dimension count as 32 bits. `out` must outlive the sink.
  MatrixSink(ByteSink& out, std::uint64_t rows, std::uint32_t dims, Element element, bool counted = false)
      : out_(out), rest_(rows * dims), dims_(dims), element_(element), counted_(counted) {}

  Status write(std::span<const std::uint32_t> bits);  ///< whole rows. REQUIRES: the element type holds the values
  Status finish();                                    ///< REQUIRES: every row was written. Does not commit the file
  std::uint64_t rest() const { return rest_; }        ///< values still to come

 private:
  ByteSink& out_;
  std::uint64_t rest_;
  std::uint32_t dims_;
  Element element_;
  bool counted_;
  std::vector<std::uint8_t> bytes_;
};

/// The sink of a file that is one matrix, and has no ids.
std::unique_ptr<DatasetSink> sink_of(MatrixSink matrix);

}  // namespace delta::formats
