// A subset of JSON Schema, for metadata: type, required, properties, enum, const, minimum, maximum, pattern and items
// (one schema for all elements). Any other keyword is refused by name: one that is skipped would let pass what its
// writer meant to refuse.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "delta/contract.hpp"
#include "delta/result.hpp"

namespace delta::contract {

class JsonSchema {
 public:
  /// bad_input: `where` the wrong part is ("#/properties/lang"), and what is wrong there.
  static Result<JsonSchema> compile(const Json& schema, const PatternCompiler& patterns);

  /// What the value breaks first, "/lang is no string"; none: it fits. Recursion is bounded by the nesting of both.
  std::optional<std::string> breach(const Json& value) const;

  struct Node;

 private:
  explicit JsonSchema(std::shared_ptr<const Node> root) : root_(std::move(root)) {}
  std::shared_ptr<const Node> root_;
};

}  // namespace delta::contract
