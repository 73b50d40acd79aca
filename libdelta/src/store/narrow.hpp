// Opening a log through its index: see delta/lookup.hpp.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "delta/finding.hpp"
#include "delta/log.hpp"

namespace delta::store {

enum class Deltas : std::uint8_t {
  all,
  lifecycles,  ///< those that say whether a vector exists; maybe some others
};
struct Narrowed {
  std::optional<Log> log = {};         // none: to be opened as always,
  std::optional<Finding> notice = {};  // and why, if it has an index
};
/// For the ids of the options, and those that match one of the globs. REQUIRES: options.ids. Errors: those of the
/// system.
Result<Narrowed> open_through_index(const std::string& path, const OpenOptions& options,
                                    std::span<const std::string> globs = {}, Deltas deltas = Deltas::all);

}  // namespace delta::store
