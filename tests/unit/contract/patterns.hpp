// Patterns for tests of a layer that has no regular expressions: a pattern is a text that must occur; "(" is none.
#pragma once

#include <string>

#include "delta/contract.hpp"

inline delta::Result<delta::TextMatcher> occurs(std::string_view text) {
  if (text == "(") return delta::error(delta::ErrorCode::usage, "'(' is no regular expression");
  return delta::TextMatcher(
      [part = std::string(text)](std::string_view of) { return of.find(part) != std::string_view::npos; });
}
