// The one file with RE2. The regular expressions of glibc 2.36 free memory twice where there is none left.
#include "pattern.hpp"

#include <re2/re2.h>

#include <utility>

#include "delta/text.hpp"

namespace deltalog {

struct Pattern::Compiled {
  Compiled(std::string_view text, const RE2::Options& options)
      : expression(re2::StringPiece(text.data(), text.size()), options) {}
  RE2 expression;
};

Pattern::Pattern(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}

Result<Pattern> Pattern::parse(std::string_view text) {
  RE2::Options options(RE2::POSIX);
  options.set_perl_classes(true);
  options.set_word_boundary(true);
  options.set_log_errors(false);
  auto compiled = std::make_shared<const Compiled>(text, options);
  if (compiled->expression.ok()) return Pattern(std::move(compiled));
  return delta::error(delta::ErrorCode::usage, delta::quote(text, 60) + " is no regular expression: " +
                                                   delta::escape(compiled->expression.error(), 200));
}

bool Pattern::matches(std::string_view text) const {
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), compiled_->expression);
}

}  // namespace deltalog
