#include "formats/table_names.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "delta/text.hpp"

namespace delta::formats {

Error none_chosen(const ReadOptions& options, std::string_view what, std::span<const std::string> names) {
  constexpr std::size_t kShown = 8;
  std::string some;
  for (const std::string& name : names.first(std::min(names.size(), kShown))) {
    some += (some.empty() ? "" : ", ") + quote(name, 60);
  }
  if (names.size() > kShown) some += fmt::format(" and {} more", names.size() - kShown);
  return error(ErrorCode::bad_input, fmt::format("no {} is called {}", what, quote(*options.name, 60)))
      .with_hint("there are " + some);
}

Result<std::vector<std::string>> written_names(std::span<const TableShape> tables, std::string_view unnamed) {
  std::vector<std::string> names;
  for (const TableShape& table : tables) names.push_back(table.name.empty() ? std::string(unnamed) : table.name);
  auto sorted = names;
  std::ranges::sort(sorted);
  const auto twice = std::ranges::adjacent_find(sorted);
  if (twice == sorted.end()) return names;
  return error(ErrorCode::bad_input, fmt::format("two namespaces would both be called {} in the file", quote(*twice)))
      .with_hint("choose one with --namespace NS/DIMS");
}

}  // namespace delta::formats
