// JSON as all of deltalog writes it: one line, no spaces, the same bytes for the same facts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace delta::formats {

/// Appends JSON to a string that the caller owns and may flush or clear between values. Commas and colons come by
/// themselves; that keys stand in objects and every begin has its end is the caller's part.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}  ///< keeps the reference

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);

  /// Controls, and characters that cannot be seen or reorder what is around them (delta/code_point.hpp), come out as
  /// \uXXXX; bytes that are no UTF-8 as U+FFFD each, counted by replaced().
  JsonWriter& string(std::string_view text);
  JsonWriter& u64(std::uint64_t value);
  JsonWriter& i64(std::int64_t value);
  /// A 64-bit number as a string, because readers that hold numbers as doubles would round it.
  JsonWriter& u64_text(std::uint64_t value);
  /// The shortest decimal that gives the same double back; null if it is not finite.
  JsonWriter& number(double value);
  /// The shortest decimal that gives the same float32 back by one rounding, whole numbers below 2^24 without an
  /// exponent, -0 as -0.0; what JSON cannot hold as its raw bits: "0x7fc00001".
  JsonWriter& float32(std::uint32_t bits);
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  /// Text that is JSON already, unchecked; escaped like string() where it is not ASCII.
  JsonWriter& raw(std::string_view json);

  /// key() and value in one.
  JsonWriter& member(std::string_view name, std::string_view text) { return key(name).string(text); }
  /// Ends a line of NDJSON.
  void end_line() { out_ += '\n', comma_ = false; }

  std::uint64_t replaced() const { return replaced_; }  ///< bytes that were no UTF-8, so far

 private:
  JsonWriter& open(char c);
  JsonWriter& close(char c);
  void separate() {
    if (comma_) out_ += ',';
    comma_ = true;
  }
  void quoted(std::string_view text);

  std::string& out_;
  bool comma_ = false;  // something stands before at this level
  std::uint64_t replaced_ = 0;
};

}  // namespace delta::formats
