// Conditions on a JSON object, such as the metadata of a vector: share/doc/delta/expression-1.md.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "delta/export.hpp"
#include "delta/result.hpp"

namespace delta {

/// `lang in (en, de) and not views < 1000`. Cheap to copy, never changes, and may be asked by several threads at once.
class DELTA_EXPORT Expression {
 public:
  /// usage: the text is not an expression, or exceeds a bound. The message names the byte, from 1, and what was
  /// expected there.
  static Result<Expression> parse(std::string_view text);

  /// Whether it holds of an object. REQUIRES: canonical JSON as State::metadata() returns it; "": the empty object.
  Result<bool> matches(std::string_view canonical_json) const;

  /// The canonical text: what parse() reads as the same expression.
  std::string text() const;

  struct Node;  // for the library itself

 private:
  DELTA_HIDDEN explicit Expression(std::shared_ptr<const Node> root);
  std::shared_ptr<const Node> root_;
};

}  // namespace delta
