// Parts of a contract's JSON that several of its readers need.
#pragma once

#include <optional>
#include <string_view>
#include <type_traits>

#include "base/json.hpp"
#include "delta/contract.hpp"

namespace delta::contract {

/// Of a JSON number, rounded to float64 where it is an integer of more bits; none: it is none.
inline std::optional<double> number_of(const Json& value) {
  return std::visit(
      [](const auto& v) -> std::optional<double> {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, std::int64_t> || std::is_same_v<T, std::uint64_t> ||
                      std::is_same_v<T, double>) {
          return static_cast<double>(v);
        } else {
          return std::nullopt;
        }
      },
      value.value());
}

/// bad_input, or what the compiler says.
inline Result<TextMatcher> compile_pattern(const PatternCompiler& patterns, std::string_view text) {
  if (!patterns) return error(ErrorCode::unsupported, "is a pattern, and no regular expressions are at hand");
  return patterns(text);
}

}  // namespace delta::contract
