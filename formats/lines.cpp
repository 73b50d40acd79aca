// Reads are large (1 MiB) because a pipe's are small anyway and a file's cost a system call each; what is left of a
// line at the end of the buffer is moved to its front, which costs at most one line a megabyte.
#include "formats/lines.hpp"

#include <algorithm>
#include <cstring>

#include "delta/text.hpp"

namespace delta::formats {
namespace {

constexpr std::size_t kBuffer = 1 << 20;

std::string_view without_cr(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

}  // namespace

/// What the first bytes say of the encoding. Text has no zero byte, and of UTF-16 one of the first two is zero or they
/// are its mark.
Status LineReader::take_mark() {
  begun_ = true;
  while (end_ - begin_ < 3 && !ended_) DELTA_OK(fill());
  const std::string_view text(buffer_.get() + begin_, end_ - begin_);
  if (text.starts_with("\xef\xbb\xbf")) {
    begin_ += 3;
    taken_ += 3;
  }
  const bool marked = text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff");
  if (text.size() < 2 || (!marked && (text[0] == '\0') == (text[1] == '\0'))) return {};
  return error(ErrorCode::bad_input, "the text is UTF-16, not UTF-8")
      .in(name())
      .at("line 1")
      .with_hint("iconv -f UTF-16 -t UTF-8 converts it; PowerShell writes UTF-8 with -Encoding utf8");
}

/// Of a line that was too long.
Status LineReader::pass_rest() {
  while (too_long_ && (begin_ < end_ || !ended_)) {
    const char* const from = buffer_.get() + begin_;
    const void* const found = begin_ == end_ ? nullptr : std::memchr(from, '\n', end_ - begin_);
    const std::size_t length =
        found == nullptr ? end_ - begin_ : static_cast<std::size_t>(static_cast<const char*>(found) - from) + 1;
    begin_ += length;
    taken_ += length;
    too_long_ = found == nullptr;
    if (too_long_) DELTA_OK(fill());
  }
  return {};
}

Result<std::optional<std::string_view>> LineReader::next() {
  if (!begun_) DELTA_OK(take_mark());
  DELTA_OK(pass_rest());
  std::size_t searched = 0;  // of the line, without finding its end
  for (;;) {
    const char* const from = buffer_.get() + begin_;
    const std::size_t have = end_ - begin_;
    const void* const found = have == searched ? nullptr : std::memchr(from + searched, '\n', have - searched);
    if (found == nullptr && have <= max_line_ && !ended_) {
      searched = have;
      DELTA_OK(fill());
      continue;
    }
    if (found == nullptr && have == 0) return std::optional<std::string_view>();
    const std::size_t length =
        found != nullptr ? static_cast<std::size_t>(static_cast<const char*>(found) - from) : have;
    ++number_;
    if (length > max_line_) {
      too_long_ = true;
      return error(ErrorCode::limit, "the line is longer than " + human_size(max_line_))
          .in(name())
          .at("line " + std::to_string(number_));
    }
    offset_ = taken_;
    taken_ += length + (found != nullptr ? 1 : 0);
    begin_ += length + (found != nullptr ? 1 : 0);
    return std::optional(without_cr({from, length}));
  }
}

bool LineReader::ready() const {
  return begin_ < end_ && std::memchr(buffer_.get() + begin_, '\n', end_ - begin_) != nullptr;
}

// More bytes behind what is there, or ended_.
Status LineReader::fill() {
  const std::size_t have = end_ - begin_;
  if (end_ == capacity_) {
    if (have > capacity_ / 2 || capacity_ == 0) {
      const std::size_t grown = std::max(std::min(kBuffer, max_line_ + 1), 2 * capacity_);
      std::unique_ptr<char[]> larger(new char[grown + kPadding]);  // not make_unique: it would clear a megabyte
      if (have != 0) std::memcpy(larger.get(), buffer_.get() + begin_, have);
      buffer_ = std::move(larger);
      capacity_ = grown;
    } else {
      std::memmove(buffer_.get(), buffer_.get() + begin_, have);
    }
    begin_ = 0;
    end_ = have;
  }
  auto got = stream_->read({reinterpret_cast<std::uint8_t*>(buffer_.get()) + end_, capacity_ - end_});
  if (!got) return std::move(got).error().in(name());
  ended_ = *got == 0;
  end_ += *got;
  std::memset(buffer_.get() + end_, 0, kPadding);
  return {};
}

}  // namespace delta::formats
