// What the rules of a compaction keep of a log: whole stills (law 8), and releases.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "delta/compact.hpp"
#include "delta/log.hpp"

namespace delta::ops {

struct Retention {
  KeptTimes times;  ///< with now's ray, and the time before the beginning; all() if everything is kept
  std::vector<std::vector<Dot>> releases;  ///< of each the maximal dots, in order of origin number; rising, each once
  std::vector<KeptCut> why;                ///< by rule, in order of time
};

/// `moments`: of the deltas and commits that are not pending, each microsecond once, rising. `last` is not among the
/// rules looked at, as it is each vector's own. bad_input: rules count back from a time ahead of the clock; usage: a
/// step of 0.
Result<Retention> retention(const Log& log, std::span<const Micros> moments, const CompactOptions& options);

/// Sorts, and takes out what is there twice.
void settle_moments(std::vector<Micros>& moments);

}  // namespace delta::ops
