// One small interface for every format: bytes in, rows out, and which file is what.
//
// Parsers see ByteSource and ByteStream rather than files, so that tests and fuzzers feed them memory, in pieces as
// awkward as they like.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "delta/bytes.hpp"
#include "delta/limits.hpp"
#include "delta/property.hpp"
#include "delta/result.hpp"

namespace delta::formats {

/// Rows of float32, as raw bits. Shape is known at opening.
class MatrixSource {
 public:
  virtual ~MatrixSource() = default;
  virtual std::uint64_t rows() const = 0;
  virtual std::uint32_t dims() const = 0;  ///< 1 to ReadOptions::max_dims
  virtual Element element() const {
    return Element::f32;
  }  ///< the narrowest type that holds all values of the file, except for float64
  /// Rows [first, first + bits.size() / dims()) into `bits`, row-major. Thread-safe. Errors name row and column.
  /// REQUIRES: whole rows, inside the matrix.
  virtual Status read(std::uint64_t first, std::span<std::uint32_t> bits) const = 0;
};

/// Takes `rows` rows of `dims` values, in order.
class MatrixSink {
 public:
  virtual ~MatrixSink() = default;
  virtual Status write(
      std::span<const std::uint32_t> bits) = 0;  ///< whole rows. REQUIRES: the element type holds the values
  virtual Status finish() = 0;                   ///< REQUIRES: every row was written. Does not commit the file
};

struct ReadOptions {
  bool lossy = false;  ///< f8 that does not fit f4 exactly is rounded to nearest even instead of refused
  std::optional<Element> element = {};  ///< what elements without a name of their own are
  std::uint32_t max_dims = kMaxDims;
};

enum class Format : std::uint8_t { npy, ndjson };

/// What `--from` and `--to` call it.
std::string_view format_name(Format format);
/// All of them.
std::vector<std::string_view> format_names();
/// "npy, ndjson": for messages and help.
std::string known_formats();
/// Errors: `usage` for an unknown name, listing the known ones.
Result<Format> format_named(std::string_view name);
/// By the first bytes (16 are enough; fewer or none are fine), then by the suffix; "-" without a magic is NDJSON.
/// Errors: `usage`, listing the known formats.
Result<Format> detect_format(std::string_view path, std::span<const std::uint8_t> head);
/// True if a file of this format is a matrix: a state. NDJSON is a stream of updates.
bool is_matrix(Format format);

/// Opens a matrix of a format for which is_matrix() holds. Errors: what the format refuses, with the file's name.
Result<std::unique_ptr<MatrixSource>> open_matrix(Format format, std::unique_ptr<ByteSource> bytes,
                                                  const ReadOptions& options);
/// A sink that writes `rows` x `dims` elements to `out`, which must outlive it. REQUIRES: is_matrix(), 1 <= dims.
Result<std::unique_ptr<MatrixSink>> open_matrix_sink(Format format, ByteSink& out, std::uint64_t rows,
                                                     std::uint32_t dims, Element element = Element::f32);

}  // namespace delta::formats
