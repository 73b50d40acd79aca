// JSON text as it stands in a line, for what simdjson does not hand out: the raw elements of an array, and values in
// messages.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace delta::formats::ndjson {

inline bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

inline std::string_view trimmed(std::string_view s) {
  while (!s.empty() && is_space(s.back())) s.remove_suffix(1);
  return s;
}

inline const char* skip_space(const char* p, const char* end) {
  while (p != end && is_space(*p)) ++p;
  return p;
}

// The text of the array's element at `p`, whatever it is.
inline std::string_view element_text(const char* p, const char* end) {
  const char* q = p;
  if (p != end && *p == '"') {
    q = std::find(p + 1, end, '"');
    return {p, static_cast<std::size_t>(q - p) + (q != end ? 1 : 0)};
  }
  while (q != end && !is_space(*q) && *q != ',' && *q != ']' && *q != '}') ++q;
  return {p, static_cast<std::size_t>(q - p)};
}

}  // namespace delta::formats::ndjson
