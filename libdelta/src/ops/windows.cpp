#include "delta/windows.hpp"

#include "base/boundary.hpp"
#include "model/windows.hpp"

namespace delta {

namespace {

Result<std::vector<Window>> windows_of(const Log& log, const WindowSpec& spec, const WindowOptions& options,
                                       const SeenSeqs* seen) {
  DELTA_TRY(auto all, effects(log, {options.vectors, seen}));
  if (options.takes) std::erase_if(all, [&](const DeltaEffect& effect) { return !options.takes(effect); });
  return model::windows(spec, all, log.catalog().vectors());
}

}  // namespace

Result<std::vector<Window>> windows(const Log& log, const WindowSpec& spec, const WindowOptions& options) try {
  const Boundary boundary;
  DELTA_OK(model::check_windows(spec));
  DELTA_TRY(auto now, windows_of(log, spec, options, nullptr));
  if (options.after == nullptr) return now;
  DELTA_TRY(const auto then, windows_of(log, spec, options, options.after));
  return model::window_changes(then, now);
} catch (...) {
  return caught();
}

}  // namespace delta
