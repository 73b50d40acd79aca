// The one file with RE2. The regular expressions of glibc 2.36 free memory twice where there is none left.
#include "pattern.hpp"

#include <execinfo.h>
#include <re2/re2.h>

#include <new>
#include <utility>

#include "delta/text.hpp"

namespace deltalog {

struct Pattern::Compiled {
  Compiled(std::string_view text, const RE2::Options& options)
      : expression(re2::StringPiece(text.data(), text.size()), options) {}
  RE2 expression;
};

namespace {

/// RE2 makes some of its parts in call_once. Where one of them runs out of memory, the exception passes a frame of
/// glibc, which loads its unwinder then, and ends the program if that fails: so it is loaded before.
void load_unwinder() {
  void* frame = nullptr;
  if (::backtrace(&frame, 1) == 0) throw std::bad_alloc();
}

}  // namespace

Pattern::Pattern(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}

Result<Pattern> Pattern::parse(std::string_view text, Syntax syntax) {
  load_unwinder();
  RE2::Options options(syntax == Syntax::posix ? RE2::POSIX : RE2::DefaultOptions);
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
