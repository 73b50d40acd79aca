// Answers of a search, as text, as NDJSON, or as the numbers of rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/parse.hpp"
#include "command.hpp"
#include "delta/ann.hpp"
#include "delta/file.hpp"
#include "delta/search.hpp"

namespace deltalog {

enum class AnswerFormat : unsigned char { table, ndjson, ivecs };

/// What the answers to all queries of a search have in common.
struct Searched {
  const delta::State& state;
  delta::NamespaceNo ns{};
  delta::Metric metric = delta::Metric::l2;
  std::size_t rows = 0;  ///< that were searched
};

/// The neighbours of one query, in the order of the queries.
class AnswerWriter {
 public:
  /// -o, --to and --json. usage: they do not go together. exists: OUT is there.
  static Result<AnswerWriter> create(const Invocation& invocation, Console& console);

  Status add(const Searched& searched, const std::string& query, const delta::AnnAnswer& answer);
  /// Puts the file in place.
  Status finish();

 private:
  AnswerWriter(Console& console, AnswerFormat format) : console_(console), format_(format) {}
  Status put(std::string_view text);

  Console& console_;
  AnswerFormat format_;
  std::optional<delta::OutputFile> file_;  // none: standard output, as a command prints
  bool first_ = true;
};

}  // namespace deltalog
