// The names of a matrix's rows: a text file, one id a line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "delta/bytes.hpp"
#include "delta/result.hpp"

namespace delta::formats {

/// Ids in one piece of memory: their bytes and 8 each.
class IdList {
 public:
  std::size_t size() const { return ends_.size(); }
  std::string_view operator[](std::size_t i) const {
    const std::uint64_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(text_).substr(begin, ends_[i] - begin);
  }
  void add(std::string_view id) {
    text_ += id;
    ends_.push_back(text_.size());
  }

 private:
  std::string text_;
  std::vector<std::uint64_t> ends_;  // id i is [ends_[i - 1], ends_[i])
};

/// Reads ids, one a line, LF or CRLF; the last line may lack its end, and a byte-order mark is dropped. Order is kept;
/// whether one stands twice is for the caller to say. Errors: those of delta::check_id(), with file and line; what
/// reading gives.
Result<IdList> read_ids(std::unique_ptr<ByteStream> stream);
Result<IdList> read_ids(const std::string& path);  ///< "-" is stdin

}  // namespace delta::formats
