// One small interface for every format: bytes in, rows out, and which file is what.
//
// Parsers see ByteSource and ByteStream rather than files, so that tests and fuzzers feed them memory, in pieces as
// awkward as they like. The adapters from InputFile and InputStream stand in format.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "delta/file.hpp"
#include "delta/limits.hpp"
#include "delta/property.hpp"
#include "delta/result.hpp"

namespace delta::formats {

/// Bytes addressed by offset. read() fills `into` or fails, is thread-safe, and need not fill in the file of an error.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual const std::string& name() const = 0;  ///< for messages
  virtual std::uint64_t size() const = 0;
  virtual Status read(std::uint64_t offset, std::span<std::uint8_t> into) const = 0;
};

/// Bytes read once, from front to back. read() gives up to into.size() bytes; 0 is the end.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  virtual const std::string& name() const = 0;  ///< for messages
  virtual Result<std::size_t> read(std::span<std::uint8_t> into) = 0;
};

std::unique_ptr<ByteSource> byte_source(InputFile file);
std::unique_ptr<ByteStream> byte_stream(InputStream stream);
/// The same bytes from front to back.
std::unique_ptr<ByteStream> byte_stream(std::unique_ptr<ByteSource> source);

/// Memory as a source or a stream; keeps the reference. A stream gives at most `piece` bytes a read (0: no bound).
std::unique_ptr<ByteSource> memory_source(std::string name, std::span<const std::uint8_t> bytes);
std::unique_ptr<ByteStream> memory_stream(std::string name, std::string_view bytes, std::size_t piece = 0);

/// Rows of float32, as raw bits. Shape is known at opening.
class MatrixSource {
 public:
  virtual ~MatrixSource() = default;
  virtual std::uint64_t rows() const = 0;
  virtual std::uint32_t dims() const = 0;  ///< 1 to ReadOptions::max_dims
  virtual Element element() const {
    return Element::f32;
  }  ///< the narrowest type that holds whatever the file may hold, but for float64
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
Result<std::unique_ptr<MatrixSource>> open_matrix(Format format, InputFile file, const ReadOptions& options);
/// A sink that writes `rows` x `dims` elements to `file`, which must outlive it. REQUIRES: is_matrix(), 1 <= dims.
Result<std::unique_ptr<MatrixSink>> open_matrix_sink(Format format, OutputFile& file, std::uint64_t rows,
                                                     std::uint32_t dims, Element element = Element::f32);

}  // namespace delta::formats
