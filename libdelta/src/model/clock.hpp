// Times held against the clock of a machine: the rules of the model for live input.
#pragma once

#include <optional>

#include "delta/catalog.hpp"
#include "delta/clock.hpp"
#include "model/history.hpp"

namespace delta::model {

/// A time of live input. bad_input: it is ahead, or older than may be.
Status check_live(const ClockRules& rules, Micros time);

/// See delta::commits_ahead().
std::optional<Finding> commits_ahead(const Catalog& catalog, const History& history, Micros latest);

}  // namespace delta::model
