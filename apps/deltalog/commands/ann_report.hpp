// What info says of the index of near neighbours beside a log.
#pragma once

#include <string>
#include <vector>

#include "delta/ann.hpp"

namespace deltalog {

/// A table behind an empty line; empty: there is no index.
std::string ann_text(const std::vector<delta::AnnIndex>& indexes);
/// {"type":"ann",…} and a newline, for each.
std::string ann_json(const std::vector<delta::AnnIndex>& indexes);

}  // namespace deltalog
