// Names of tables in files where each table needs one: the default namespace, which has none, has a name there, too.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "formats/dataset.hpp"

namespace delta::formats {

/// Whether the table of this name is to be read: a choice matters only among several.
inline bool is_chosen(const ReadOptions& options, std::string_view name, std::size_t tables) {
  return tables <= 1 || !options.name || *options.name == name;
}

/// bad_input: none has the name that was chosen. `what` is what the format calls a table.
Error none_chosen(const ReadOptions& options, std::string_view what, std::span<const std::string> names);

/// The names of the tables that are to be written, `unnamed` standing for the default namespace. bad_input: two tables
/// would have one name.
Result<std::vector<std::string>> written_names(std::span<const TableShape> tables, std::string_view unnamed);

}  // namespace delta::formats
