// Rows that each have a place and a length of their own, such as lines of text. The places are found when the file is
// opened; the values are parsed when they are asked for, on many threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/dataset.hpp"
#include "formats/ids.hpp"

namespace delta::formats {

/// Turns the bytes of a row into values. One thread uses one at a time.
class RowParser {
 public:
  virtual ~RowParser() = default;
  /// Behind the row stand kRowPadding bytes that can be read, the last of which is a zero. bad_input: another number of
  /// values than bits.size(), or no number.
  virtual Status parse(std::string_view text, std::span<std::uint32_t> bits) = 0;
};
inline constexpr std::size_t kRowPadding = 64;
inline constexpr std::size_t kMaxRowBytes = 64 << 20;

struct PlacedRows {
  struct Place {
    std::uint64_t begin = 0;
    std::uint32_t length = 0;
    std::uint32_t line = 0;  ///< for messages, from 1; 0: the file has no lines
  };

  std::string name;  ///< of the table
  std::uint32_t dims = 0;
  std::vector<Place> places;
  std::vector<std::string> ids;  ///< one a row, or none
  IdList metadata;               ///< one a row, or none
  std::function<std::unique_ptr<RowParser>()> parser;
  std::optional<Element> element = {};

  void add(std::uint64_t begin, std::size_t length, std::uint64_t line) {
    places.push_back({begin, static_cast<std::uint32_t>(length),
                      static_cast<std::uint32_t>(std::min<std::uint64_t>(line, ~std::uint32_t{0}))});
  }
};

/// REQUIRES: the places are inside of the file, kMaxRowBytes long at most; dims were checked.
std::unique_ptr<MatrixSource> placed_rows(std::shared_ptr<const ByteSource> bytes, PlacedRows rows);

}  // namespace delta::formats
