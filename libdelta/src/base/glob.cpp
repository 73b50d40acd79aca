// Patterns of ids and of strings in expressions. Backtracking goes to the last star only, which is enough and keeps it
// from being exponential.
#include "delta/glob.hpp"

#include <string_view>

namespace delta {
namespace {

std::size_t character_bytes(std::string_view text) {
  std::size_t n = 1;
  while (n < text.size() && (static_cast<unsigned char>(text[n]) & 0xc0) == 0x80) ++n;
  return n;
}

// One set "[...]" at the front of `pattern` against one character. Cuts the set off; false if it is not closed.
bool match_set(std::string_view& pattern, std::string_view c, bool& hit) {
  auto rest = pattern.substr(1);
  const bool negated = rest.starts_with('!') || rest.starts_with('^');
  if (negated) rest.remove_prefix(1);
  hit = false;
  for (bool first = true; !rest.empty() && (first || rest[0] != ']'); first = false) {
    const auto low = rest.substr(0, character_bytes(rest));
    rest.remove_prefix(low.size());
    auto high = low;
    if (rest.size() >= 2 && rest[0] == '-' && rest[1] != ']') {
      high = rest.substr(1, character_bytes(rest.substr(1)));
      rest.remove_prefix(1 + high.size());
    }
    // UTF-8 sorts by bytes as its code points do.
    if (low <= c && c <= high) hit = true;
  }
  if (rest.empty()) return false;
  pattern = rest.substr(1);
  hit = hit != negated;
  return true;
}

// One element of the pattern (not a star) against the front of `text`; cuts both.
bool match_one(std::string_view& pattern, std::string_view& text) {
  if (text.empty()) return false;
  const auto c = text.substr(0, character_bytes(text));
  if (pattern[0] == '[') {
    auto rest = pattern;
    bool hit = false;
    if (match_set(rest, c, hit)) {
      pattern = rest;
      text.remove_prefix(c.size());
      return hit;
    }
  }
  if (pattern[0] == '?') {
    pattern.remove_prefix(1);
    text.remove_prefix(c.size());
    return true;
  }
  if (pattern[0] == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
  const bool same = pattern[0] == text[0];
  pattern.remove_prefix(1);
  text.remove_prefix(1);
  return same;
}

}  // namespace

bool glob_match(std::string_view pattern, std::string_view text) noexcept {
  std::string_view star_pattern, star_text;
  bool starred = false;
  while (!text.empty() || !pattern.empty()) {
    if (!pattern.empty() && pattern[0] == '*') {
      pattern.remove_prefix(1);
      star_pattern = pattern;
      star_text = text;
      starred = true;
    } else if (pattern.empty() || !match_one(pattern, text)) {
      if (!starred || star_text.empty()) return false;
      star_text.remove_prefix(character_bytes(star_text));
      pattern = star_pattern;
      text = star_text;
    }
  }
  return true;
}

}  // namespace delta
