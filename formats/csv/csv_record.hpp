// Records of a table of text: lines, where no quoted field holds a line end; and the fields of one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "formats/lines.hpp"

namespace delta::formats {

/// Cuts a stream into records. Blank lines between them are skipped.
class CsvRecords {
 public:
  explicit CsvRecords(std::unique_ptr<ByteStream> stream);

  /// The next one, without its line end, valid until the next call; nothing at the end. Errors: bad_input: the last
  /// quoted field does not end; limit: over kMaxRowBytes; what reading gives.
  Result<std::optional<std::string_view>> next();
  std::uint64_t line() const { return line_; }      ///< on which it begins, from 1
  std::uint64_t offset() const { return offset_; }  ///< of its first byte

 private:
  LineReader lines_;
  std::string joined_;  // of several lines
  std::uint64_t line_ = 0, offset_ = 0;
};

/// The fields of a record; quotes are taken off. Views of the record, or of texts that are kept here: valid until the
/// next call. bad_input: a quote out of place.
class CsvFields {
 public:
  Result<std::vector<std::string_view>*> split(std::string_view record);

 private:
  std::vector<std::string_view> fields_;
  std::vector<std::unique_ptr<std::string>> texts_;  // of fields that hold quotes
};

}  // namespace delta::formats
