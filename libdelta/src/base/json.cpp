// Texts are hashed, so a value has one spelling: a writer in another language has to come to the same bytes. Hence an
// own printer (nlohmann's floats are not always the shortest), and a parser by events that refuses what JSON leaves
// open: a member twice, integers that would be rounded.
#include "base/json.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "delta/text.hpp"

namespace delta {
namespace {

constexpr std::size_t kMaxDepth = 64;

enum class Root { object, any };

// Builds a value from parser events; the first event it dislikes ends the parse with `failure`.
class Builder {
 public:
  explicit Builder(Root allowed) : allowed_(allowed) {}

  std::optional<Error> failure;
  Json root;

  bool null() { return put(Json()); }
  bool boolean(bool v) { return put(Json(v)); }
  bool number_integer(std::int64_t v) { return put(Json(v)); }
  bool number_unsigned(std::uint64_t v) { return put(Json(v)); }
  bool number_float(double v, const std::string& literal) {
    if (!std::isfinite(v)) return fail("holds " + quote(literal) + ", which float64 cannot hold");
    if (literal.find_first_of(".eE") == std::string::npos && exact_digits(v) != literal) {
      return fail("holds the integer " + quote(literal) + ", which neither 64 bits nor float64 can hold");
    }
    return put(Json(v));
  }
  bool string(std::string& v) { return put(Json(std::move(v))); }
  bool binary(nlohmann::json::binary_t&) { return fail("is not JSON"); }
  bool start_object(std::size_t) { return open(Json::object()); }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& name) {
    if (open_.back()->find(name) != nullptr) return fail("has the member " + quote(name) + " twice");
    name_ = std::move(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string& token, const nlohmann::detail::exception& e) {
    constexpr int kNumberOverflow = 406;
    if (e.id == kNumberOverflow) return fail("holds " + quote(token) + ", which float64 cannot hold");
    return fail("is not JSON: byte " + std::to_string(position) + " is unexpected, after " + quote(token));
  }

 private:
  bool fail(const std::string& what) {
    if (!failure) failure = error(ErrorCode::bad_input, what);
    return false;
  }
  static std::string exact_digits(double v) {
    std::array<char, 400> text;
    const auto [end, failed] = std::to_chars(text.data(), text.data() + text.size(), v, std::chars_format::fixed, 0);
    return failed == std::errc{} ? std::string(text.data(), end) : std::string();
  }
  Json* place(Json&& v) {
    if (open_.empty()) return &(root = std::move(v));
    if (open_.back()->is_object()) return &(open_.back()->members()[name_] = std::move(v));
    return &open_.back()->elements().emplace_back(std::move(v));
  }
  bool put(Json&& v) {
    if (open_.empty() && allowed_ == Root::object) return fail("is not an object");
    place(std::move(v));
    return true;
  }
  bool open(Json&& v) {
    if (open_.empty() && allowed_ == Root::object && !v.is_object()) return fail("is not an object");
    if (open_.size() == kMaxDepth) return fail("is nested deeper than " + std::to_string(kMaxDepth));
    open_.push_back(place(std::move(v)));  // stays put: its container grows only after it is closed
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  const Root allowed_;
  std::vector<Json*> open_;
  std::string name_;
};

// An integer that 64 bits hold is written by its digits, also when it came as "1.0" or "1e3"; anything else by the
// fewest digits that read back as the same float64, with an exponent below 1e-6 and where the value is a greater
// integer (digits alone would look exact there and not be). So no two numbers are written alike, and none in two ways.
void print_float(std::string& out, double v) {
  const bool integer = v == std::trunc(v);
  if (integer) {
    if (v >= -0x1p63 && v < 0x1p63) {
      out += std::to_string(static_cast<std::int64_t>(v));
      return;
    }
    if (v >= 0 && v < 0x1p64) {
      out += std::to_string(static_cast<std::uint64_t>(v));
      return;
    }
  }
  std::array<char, 32> text;
  const auto [end, failed] =
      std::to_chars(text.data(), text.data() + text.size(), std::abs(v), std::chars_format::scientific);
  DELTA_CHECK(failed == std::errc{});
  const std::string_view shortest(text.data(), static_cast<std::size_t>(end - text.data()));
  const std::size_t e = shortest.find('e');
  std::string digits(1, shortest[0]);
  if (e > 2) digits += shortest.substr(2, e - 2);
  int exponent = 0;
  const char* const sign = shortest.data() + e + 1;
  std::from_chars(*sign == '+' ? sign + 1 : sign, end, exponent);
  const int point = exponent + 1;  // value = 0.digits * 10^point
  if (std::signbit(v)) out += '-';
  if (integer || point < -5) {
    out += digits[0];
    if (digits.size() > 1) (out += '.') += std::string_view(digits).substr(1);
    (out += exponent < 0 ? "e-" : "e+") += std::to_string(std::abs(exponent));
  } else if (point <= 0) {
    (out += "0.").append(static_cast<std::size_t>(-point), '0') += digits;
  } else {
    const auto whole = static_cast<std::size_t>(point);
    ((out += std::string_view(digits).substr(0, whole)) += '.') += std::string_view(digits).substr(whole);
  }
}

// As short as JSON allows: only what must be escaped is.
void print_string(std::string& out, std::string_view text) {
  static constexpr std::string_view kShort = "btn?fr", kHex = "0123456789abcdef";  // from 0x08 on; '?': none
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (byte >= 0x20) {
      out += c;
    } else if (byte >= 8 && byte < 8 + kShort.size() && kShort[byte - 8u] != '?') {
      (out += '\\') += kShort[byte - 8u];
    } else {
      ((out += "\\u00") += kHex[byte >> 4]) += kHex[byte & 15];
    }
  }
  out += '"';
}

void print(std::string& out, const Json& v);

void print_value(std::string& out, std::nullptr_t) { out += "null"; }
void print_value(std::string& out, bool v) { out += v ? "true" : "false"; }
void print_value(std::string& out, std::int64_t v) { out += std::to_string(v); }
void print_value(std::string& out, std::uint64_t v) { out += std::to_string(v); }
void print_value(std::string& out, double v) { print_float(out, v); }
void print_value(std::string& out, const std::string& v) { print_string(out, v); }
void print_value(std::string& out, const Json::Array& v) {
  char separator = '[';
  if (v.empty()) out += separator;
  for (const Json& element : v) print(out += std::exchange(separator, ','), element);
  out += ']';
}
void print_value(std::string& out, const Json::Object& v) {
  char separator = '{';
  if (v.empty()) out += separator;
  for (const auto& [name, member] : v) {
    print_string(out += std::exchange(separator, ','), name);
    print(out += ':', member);
  }
  out += '}';
}

void print(std::string& out, const Json& v) {  // recursion is bounded by kMaxDepth
  std::visit([&](const auto& value) { print_value(out, value); }, v.value());
}

Result<Json> parse(std::string_view text, Root allowed) {
  Builder builder(allowed);
  const bool whole = nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  if (builder.failure) return *std::move(builder.failure);
  if (!whole) return error(ErrorCode::bad_input, "is not JSON");
  return std::move(builder.root);
}

}  // namespace

Result<Json> parse_json(std::string_view text) { return parse(text, Root::any); }
Result<Json> parse_json_object(std::string_view text) { return parse(text, Root::object); }

void print_json(std::string& out, const Json& value) { print(out, value); }
void print_json_string(std::string& out, std::string_view text) { print_string(out, text); }

}  // namespace delta
