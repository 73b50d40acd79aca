// What info and reindex say of the index of near neighbours beside a log.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "delta/ann.hpp"
#include "formats/json_writer.hpp"

namespace deltalog {

/// An index, and how far what it holds is from a state.
struct IndexFacts {
  const delta::AnnIndex* index = nullptr;
  std::optional<delta::AnnCounts> counts = {};  ///< none: it was not compared
};

/// "298 synchronised, 1 stale, ..."
std::string counts_text(const delta::AnnCounts& counts);
/// The members of a JSON object.
void put_counts(delta::formats::JsonWriter& json, const delta::AnnCounts& counts);

/// A table behind an empty line, and another one of counts; empty: there is no index.
std::string ann_text(const std::vector<IndexFacts>& indexes);
/// {"type":"ann",…} and a newline, for each.
std::string ann_json(const std::vector<IndexFacts>& indexes);

}  // namespace deltalog
