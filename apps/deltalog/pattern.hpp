// Regular expressions, for the texts that people write. They run in time linear in the text, whatever it is.
#pragma once

#include <memory>
#include <string_view>

#include "command.hpp"

namespace deltalog {

/// A regular expression. Cheap to copy, never changes.
class Pattern {
 public:
  enum class Syntax : unsigned char {
    posix,  ///< extended, with \d \s \w \b beside it; ^ and $ match at each line
    perl,   ///< as JSON Schema has it, except what takes more than linear time; ^ and $ match at the ends of the text
  };
  /// usage: the text is not an expression, or takes more than a few MiB. The message says why.
  static Result<Pattern> parse(std::string_view text, Syntax syntax = Syntax::posix);

  bool matches(std::string_view text) const;  ///< somewhere in the text

  struct Compiled;

 private:
  explicit Pattern(std::shared_ptr<const Compiled> compiled);
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace deltalog
