// The objects of a file of JSON that are records: one after the other, as NDJSON has them; elements of one array; or
// elements of the array "data" of an object that is no record itself, as answers of web services are.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delta/bytes.hpp"

namespace delta::formats {

/// Cuts a stream into records by its brackets and strings alone: whether a record is JSON is seen by who parses it.
class JsonRecords {
 public:
  /// `vector`: the member that makes an object a record, also if it has a member "data".
  JsonRecords(std::unique_ptr<ByteStream> stream, std::string vector);

  /// The next one, valid until the next call; nothing at the end. Errors: bad_input with the line: what is no object,
  /// or does not end; limit: longer than kMaxRowBytes; what reading gives.
  Result<std::optional<std::string_view>> next();
  std::uint64_t line() const { return record_line_; }  ///< on which it begins, from 1
  std::uint64_t offset() const { return record_offset_; }

 private:
  enum class Step : std::uint8_t { more, record };

  Result<bool> fill();
  bool skip_plain();
  Result<Step> take(char c);
  Result<Step> open(char c);
  Result<Step> close(char c);
  void begin_record(std::size_t depth);
  Step end_string();
  Error here(std::string message) const;

  std::unique_ptr<ByteStream> stream_;
  std::string vector_;
  std::vector<std::uint8_t> buffer_;
  std::size_t at_ = 0, end_ = 0;  // in the buffer
  std::uint64_t offset_ = 0, line_ = 1;
  std::string brackets_;  // that are open
  bool in_string_ = false, escaped_ = false;
  bool is_key_ = false;  // the string, or the next one, is the name of a member of the outermost object
  std::string key_;      // the last such name, as it is written
  bool has_vector_ = false, wrapped_ = false;  // of the outermost object: it has `vector_`; its records are in "data"
  std::size_t record_depth_ = 0;               // brackets around the open record; 0 and not open: none
  bool recording_ = false;
  std::string record_;
  std::uint64_t record_offset_ = 0, record_line_ = 0;
};

}  // namespace delta::formats
