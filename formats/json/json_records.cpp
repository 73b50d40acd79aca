#include "formats/json/json_records.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "delta/text.hpp"
#include "formats/placed_rows.hpp"

namespace delta::formats {
namespace {

constexpr std::size_t kBuffer = 256 << 10;
constexpr std::size_t kMaxDepth = 1024;
constexpr std::size_t kMaxKey = 4096;  // bytes of a name that are looked at
constexpr std::string_view kWrapper = "data";
constexpr std::string_view kMark = "\xef\xbb\xbf";

/// Whether a byte outside of strings changes nothing while a record is open, wherever it stands; commas and colons do
/// so only in the outermost object.
constexpr auto plain_table(bool outermost) {
  std::array<bool, 256> plain{};
  plain.fill(true);
  for (const char c : std::string_view("\"{}[]\n")) plain[static_cast<unsigned char>(c)] = false;
  if (outermost) plain[','] = plain[':'] = false;
  return plain;
}
constexpr auto kPlainInside = plain_table(false), kPlainOutermost = plain_table(true);

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

JsonRecords::JsonRecords(std::unique_ptr<ByteStream> stream, std::string vector)
    : stream_(std::move(stream)), vector_(std::move(vector)), buffer_(kBuffer) {}

Error JsonRecords::here(std::string message) const {
  return error(ErrorCode::bad_input, std::move(message)).at("line " + std::to_string(line_));
}

/// False at the end.
Result<bool> JsonRecords::fill() {
  DELTA_TRY(end_, stream_->read(buffer_));
  at_ = 0;
  if (offset_ == 0 && end_ >= kMark.size() &&
      std::equal(kMark.begin(), kMark.end(), buffer_.begin(),
                 [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; })) {
    at_ = offset_ = kMark.size();
  }
  return end_ != 0;
}

Result<std::optional<std::string_view>> JsonRecords::next() {
  record_.clear();
  for (;;) {
    if (at_ == end_) {
      DELTA_TRY(const bool more, fill());
      if (more) continue;
      if (!brackets_.empty()) return here("the file ends inside of an object or array");
      return std::optional<std::string_view>();
    }
    if (skip_plain()) continue;
    const char c = static_cast<char>(buffer_[at_++]);
    DELTA_TRY(const Step step, take(c));
    ++offset_;
    line_ += c == '\n';
    if (recording_ || step == Step::record) record_ += c;
    if (record_.size() > kMaxRowBytes) {
      return error(ErrorCode::limit, "the object is longer than " + human_size(kMaxRowBytes))
          .at("line " + std::to_string(record_line_));
    }
    if (step == Step::record) return std::optional<std::string_view>(record_);
  }
}

/// Takes bytes that only make an open record longer. False: there are none.
bool JsonRecords::skip_plain() {
  if (!recording_ || in_string_ || record_.size() > kMaxRowBytes) return false;
  const auto& plain = brackets_.size() == 1 ? kPlainOutermost : kPlainInside;
  std::size_t end = at_;
  while (end < end_ && plain[buffer_[end]]) ++end;
  if (end == at_) return false;
  record_.append(reinterpret_cast<const char*>(buffer_.data()) + at_, end - at_);
  offset_ += end - at_;
  at_ = end;
  return true;
}

Result<JsonRecords::Step> JsonRecords::take(char c) {
  if (in_string_) {
    if (escaped_) {
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = true;
    } else if (c == '"') {
      return end_string();
    }
    if (is_key_ && key_.size() < kMaxKey) key_ += c;
    return Step::more;
  }
  switch (c) {
    case '"':
      if (!recording_ && !wrapped_) return here("a state is made of objects, not of " + quote(std::string_view(&c, 1)));
      in_string_ = true;
      if (is_key_) key_.clear();
      return Step::more;
    case ',':
    case ':':
      if (brackets_.empty()) break;
      is_key_ = c == ',' && brackets_ == "{";
      return Step::more;
    case '{':
    case '[':
      return open(c);
    case '}':
    case ']':
      return close(c);
    default:
      break;
  }
  if (recording_ || wrapped_ || is_blank(c)) return Step::more;
  return here("a state is made of objects, not of " + quote(std::string_view(&c, 1)));
}

JsonRecords::Step JsonRecords::end_string() {
  in_string_ = false;
  if (is_key_ && key_ == vector_) has_vector_ = true;
  return Step::more;
}

void JsonRecords::begin_record(std::size_t depth) {
  recording_ = true;
  record_.clear();
  record_depth_ = depth;
  record_offset_ = offset_;
  record_line_ = line_;
}

Result<JsonRecords::Step> JsonRecords::open(char c) {
  if (brackets_.size() >= kMaxDepth) return here("nested too deep");
  const bool object = c == '{';
  if (brackets_.empty()) {
    has_vector_ = wrapped_ = false;
    is_key_ = object;
    if (object) begin_record(0);
  } else if (brackets_ == "[" && !recording_) {
    if (!object) return here("an element of the array is no object");
    begin_record(1);
  } else if (brackets_ == "{[" && key_ == kWrapper && object && !has_vector_) {
    wrapped_ = true;
    begin_record(2);
  }
  brackets_ += c;
  return Step::more;
}

Result<JsonRecords::Step> JsonRecords::close(char c) {
  if (brackets_.empty() || brackets_.back() != (c == '}' ? '{' : '[')) return here("a bracket that closes nothing");
  brackets_.pop_back();
  if (brackets_.empty() && wrapped_) {
    wrapped_ = false;
    if (has_vector_) return here("both 'data' and a vector");
    return Step::more;
  }
  if (!recording_ || brackets_.size() != record_depth_) return Step::more;
  recording_ = false;
  return Step::record;
}

}  // namespace delta::formats
