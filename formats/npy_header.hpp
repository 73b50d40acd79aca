// The header of an .npy file: a Python dict of three members, and nothing else of Python.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "delta/result.hpp"
#include "delta/text.hpp"

namespace delta::formats::npy {

inline Error bad(std::string message) { return error(ErrorCode::bad_input, std::move(message)); }

struct Header {
  std::optional<std::string> descr;
  std::optional<bool> fortran;
  std::optional<std::vector<std::uint64_t>> shape;
};

class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : text_(text) {}

  Result<Header> parse() {
    if (!take('{')) return fail("a dict");
    while (!take('}')) {
      DELTA_TRY(const std::string key, string());
      if (!take(':')) return fail("':'");
      DELTA_OK(member(key));
      if (take(',')) continue;
      if (!take('}')) return fail("',' or '}'");
      break;
    }
    skip();
    if (at_ != text_.size()) return fail("the end");
    if (!header_.descr) return bad("the header lacks 'descr'");
    if (!header_.fortran) return bad("the header lacks 'fortran_order'");
    if (!header_.shape) return bad("the header lacks 'shape'");
    return std::move(header_);
  }

 private:
  Status member(const std::string& key) {
    const auto twice = [&] { return bad("the header has '" + key + "' twice"); };
    if (key == "descr") {
      if (header_.descr) return twice();
      skip();
      if (peek() == '[' || peek() == '(') {
        return bad("structured elements are not supported: 'descr' must be one number type");
      }
      DELTA_TRY(header_.descr, string());
    } else if (key == "fortran_order") {
      if (header_.fortran) return twice();
      skip();
      if (word("True")) {
        header_.fortran = true;
      } else if (word("False")) {
        header_.fortran = false;
      } else {
        return fail("True or False");
      }
    } else if (key == "shape") {
      if (header_.shape) return twice();
      DELTA_TRY(header_.shape, tuple());
    } else {
      return bad("the header has an unknown key " + quote(key));
    }
    return {};
  }

  Result<std::string> string() {
    skip();
    if ((peek() == 'u' || peek() == 'b') && at_ + 1 < text_.size() &&
        (text_[at_ + 1] == '\'' || text_[at_ + 1] == '"')) {
      ++at_;  // Python's prefixes
    }
    const char q = peek();
    if (q != '\'' && q != '"') return fail("a string");
    const std::size_t end = text_.find(q, at_ + 1);
    if (end == std::string_view::npos) return fail("a string that ends");
    const std::string_view body = text_.substr(at_ + 1, end - at_ - 1);
    if (body.find_first_of("\\\n") != std::string_view::npos) return fail("a string without escapes");
    at_ = end + 1;
    return std::string(body);
  }

  Result<std::vector<std::uint64_t>> tuple() {
    if (!take('(')) return fail("a tuple");
    std::vector<std::uint64_t> values;
    bool comma = true;
    while (!take(')')) {
      if (!comma) return fail("',' or ')'");
      DELTA_TRY(const std::uint64_t value, number());
      values.push_back(value);
      comma = take(',');
    }
    // In Python (5) is a number, not a tuple.
    if (values.size() == 1 && !comma) return bad("the header's 'shape' is not a tuple");
    return values;
  }

  Result<std::uint64_t> number() {
    skip();
    const std::size_t start = at_;
    std::uint64_t value = 0;
    for (; peek() >= '0' && peek() <= '9'; ++at_) {
      const auto digit = static_cast<std::uint64_t>(peek() - '0');
      if (value > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) {
        return bad("a number in 'shape' is too large");
      }
      value = value * 10 + digit;
    }
    if (at_ == start) return fail("a whole number");
    if (peek() == 'L') ++at_;  // Python 2's long
    return value;
  }

  bool word(std::string_view w) {
    if (text_.substr(at_, w.size()) != w) return false;
    at_ += w.size();
    return true;
  }

  bool take(char c) {
    skip();
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  void skip() {
    while (at_ < text_.size() && std::string_view(" \t\r\n\f\v").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }  // NUL is never asked for

  Error fail(std::string_view wanted) const {
    return bad(fmt::format("the header is not a dict as NumPy writes it: {} expected at its byte {}, found {}", wanted,
                           at_, at_ < text_.size() ? quote(text_.substr(at_, 12)) : "its end"));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Header header_;
};

}  // namespace delta::formats::npy
