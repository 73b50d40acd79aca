// The built-in strategies of law 4, beside lww, which needs none: the last candidate.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "delta/policy.hpp"

namespace delta::model {

using Weights = std::vector<std::pair<std::string, double>>;  ///< by origin, in order of name, each once

std::shared_ptr<const Strategy> max_strategy();
std::shared_ptr<const Strategy> min_strategy();
std::shared_ptr<const Strategy> average_strategy();
std::shared_ptr<const Strategy> weighted_strategy(Weights weights);  ///< finite and > 0; 1 for other origins
std::shared_ptr<const Strategy> priority_strategy(std::vector<std::string> origins);  ///< the first counts most

}  // namespace delta::model
