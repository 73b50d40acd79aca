// What every format is read as and written from: one table of vectors, or several that have names.
//
// Readers see a ByteSource and writers a ByteSink rather than files, so that tests and fuzzers feed them memory. Values
// are read when they are asked for: a reader holds names and places in memory, not rows.
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

/// A table: rows of float32, as raw bits. Everything but the values is known at opening.
class MatrixSource {
 public:
  virtual ~MatrixSource() = default;
  virtual std::uint64_t rows() const = 0;
  virtual std::uint32_t dims() const = 0;  ///< 1 to ReadOptions::max_dims
  /// The narrowest type that holds all values that the file may hold, except those that float32 does not hold. None:
  /// text, which has no types.
  virtual std::optional<Element> element() const { return Element::f32; }
  /// The name that the file gives it: a namespace. Empty: it gives none.
  virtual std::string_view name() const { return {}; }
  /// One a row, not checked; empty: the file has none. Valid while the source lives.
  virtual std::span<const std::string> ids() const { return {}; }
  /// Whether metadata() gives the metadata of the rows; else the file holds none.
  virtual bool has_metadata() const { return false; }
  /// JSON text from { to }, otherwise unchecked; empty: the row has none. Valid while the source lives. Thread-safe.
  virtual std::string_view metadata(std::uint64_t) const { return {}; }
  /// Rows [first, first + bits.size() / dims()) into `bits`, row-major. Thread-safe. Errors name row and column.
  /// REQUIRES: whole rows, inside the matrix.
  virtual Status read(std::uint64_t first, std::span<std::uint32_t> bits) const = 0;
};

/// All tables of a file. With several, each has a name of its own.
struct Dataset {
  std::vector<std::unique_ptr<MatrixSource>> tables;
  bool by_row = false;  ///< each row says of which table it is; else a single table may be given another name

  Dataset() = default;
  explicit Dataset(std::unique_ptr<MatrixSource> only) { tables.push_back(std::move(only)); }
};

/// Which members of an object, or columns of a table of text, are what. A name is that of a member or column, or, of an
/// object, a JSON Pointer (RFC 6901), which begins with "/".
struct FieldOptions {
  std::string id;                 ///< empty: "id"
  std::string vector;             ///< empty: "vector", or of a table of text all columns that have no other use
  std::vector<std::string> keep;  ///< into metadata, under their own names; "*": all that have no other use
  bool optional_id = false;       ///< an object without an id is a row, and its id is empty

  bool any() const { return !id.empty() || !vector.empty() || !keep.empty(); }
};

struct ReadOptions {
  bool lossy = false;  ///< round a number that does not fit float32 to nearest even, instead of refusing it
  std::optional<Element> element = {};  ///< what elements without a name of their own are
  std::uint32_t max_dims = kMaxDims;
  std::uint32_t dims = 0;                ///< of a file that does not say; 0: not given
  std::optional<std::string> name = {};  ///< of several tables only that of this name, whatever the others are
  FieldOptions fields = {};
};

/// bad_input: 0 dimensions, or more than `most`.
Status check_dims(std::uint64_t dims, std::uint32_t most);

/// What a table that is to be written is.
struct TableShape {
  std::string name;  ///< of its namespace
  std::uint64_t rows = 0;
  std::uint32_t dims = 0;  ///< from 1
  Element element = Element::f32;
};

/// Rows to be written. Ids and metadata are one a row.
struct Rows {
  std::span<const std::uint32_t> bits;  ///< whole rows. REQUIRES: the element type holds the values
  std::span<const std::string_view> ids;
  std::span<const std::string_view> metadata;  ///< JSON objects; empty: none
};

/// Takes the rows of one table after the other, in the order of the shapes that it was made for. What the format cannot
/// hold of a row (metadata, mostly) is left out.
class DatasetSink {
 public:
  virtual ~DatasetSink() = default;
  /// Rows of one table. bad_input: an id that the format cannot hold, or a value. What writing gives.
  virtual Status write(const Rows& rows) = 0;
  virtual Status finish() = 0;  ///< REQUIRES: every row was written. Does not commit the file
};

}  // namespace delta::formats
