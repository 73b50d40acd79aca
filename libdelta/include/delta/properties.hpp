// Properties of a commit: a JSON object of the writer's own, such as the number of a run or the name of a model.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "delta/export.hpp"
#include "delta/result.hpp"

namespace delta {

/// The properties with one more. Properties are text in the one form that metadata has (share/doc/delta/dlog-1.md,
/// "Metadata"); "": none. `json`: one JSON value. bad_input: it is not, the name stands there already or is no UTF-8;
/// limit: over 64 KiB together.
DELTA_EXPORT Result<std::string> add_property(std::string_view properties, std::string_view name,
                                              std::string_view json);
/// The same with a string.
DELTA_EXPORT Result<std::string> add_text_property(std::string_view properties, std::string_view name,
                                                   std::string_view text);

/// Whether this name has this value: of a string its characters, of any other value the JSON text.
DELTA_EXPORT Result<bool> has_property(std::string_view properties, std::string_view name, std::string_view value);

/// Names, and values as JSON text, in order of name.
DELTA_EXPORT Result<std::vector<std::pair<std::string, std::string>>> list_properties(std::string_view properties);

/// Names that begin so have a meaning of their own; a user cannot give them.
constexpr bool is_reserved_property(std::string_view name) { return name.starts_with("deltalog."); }

}  // namespace delta
