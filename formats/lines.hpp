// Lines out of a stream, in one reused buffer: no copy and no allocation per line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "delta/bytes.hpp"
#include "delta/result.hpp"

namespace delta::formats {

/// Splits a stream at LF; a CR before it goes too, and the last line may lack either. A byte-order mark at the front is
/// dropped. Memory: the longest line, or 1 MiB.
class LineReader {
 public:
  /// After each line that many bytes can be read, whatever they are: vectorised parsers look ahead.
  static constexpr std::size_t kPadding = 64;

  LineReader(std::unique_ptr<ByteStream> stream, std::size_t max_line)
      : stream_(std::move(stream)), max_line_(max_line) {}

  /// The next line, valid until the next call; nothing at the end. Errors: `limit` for a line of more than max_line
  /// bytes, after which the next call goes on behind it; `bad_input` for UTF-16, which PowerShell writes; what reading
  /// gives; always with the stream's name.
  Result<std::optional<std::string_view>> next();

  bool ready() const;                               ///< whether next() has a line without reading
  std::uint64_t number() const { return number_; }  ///< of the last line given, from 1
  std::uint64_t offset() const { return offset_; }  ///< of its first byte in the stream
  const std::string& name() const { return stream_->name(); }

 private:
  Status fill();
  Status take_mark();
  Status pass_rest();

  std::unique_ptr<ByteStream> stream_;
  std::size_t max_line_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;  // without the padding
  std::size_t begin_ = 0, end_ = 0;
  std::uint64_t number_ = 0;
  std::uint64_t offset_ = 0;
  std::uint64_t taken_ = 0;  // bytes of the stream before buffer_[begin_]
  bool ended_ = false, begun_ = false;
  bool too_long_ = false;  // what comes next is the rest of a line that was refused
};

}  // namespace delta::formats
