// Names inside the text of a setting. The text is cut at its special characters before any name in it is read, so a
// name has them, and control characters, written %XX.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "delta/result.hpp"

namespace delta::model {

/// The name that a text stands for. usage: empty, a special or control character left in it, no UTF-8, over the limit.
Result<std::string> parse_name(std::string_view text);
/// What parse_name() reads back.
std::string name_text(std::string_view name);

/// The same of namespaces: "%", the escape of nothing, is the default one, whose name is empty.
Result<std::string> parse_namespace(std::string_view text);
std::string namespace_text(std::string_view name);

/// "namespace 'images'", or "the default namespace": as messages have it.
std::string namespace_phrase(std::string_view name);
/// "2", "2 and 3", "2, 3 and 4".
std::string list_text(std::span<const std::uint32_t> numbers);

}  // namespace delta::model
