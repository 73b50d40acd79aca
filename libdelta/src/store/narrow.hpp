// Opening a log through its index: see delta/lookup.hpp.
#pragma once

#include <span>
#include <string>

#include "delta/log.hpp"
#include "store/open_indexed.hpp"

namespace delta::store {

enum class Deltas : std::uint8_t {
  all,
  lifecycles,  ///< those that say whether a vector exists; maybe some others
};
/// For the ids of the options, and those that match one of the globs. REQUIRES: options.ids. Errors: those of the
/// system.
Result<Narrowed> open_through_index(const std::string& path, const OpenOptions& options,
                                    std::span<const std::string> globs = {}, Deltas deltas = Deltas::all);

}  // namespace delta::store
