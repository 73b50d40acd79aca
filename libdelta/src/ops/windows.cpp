#include "delta/windows.hpp"

#include "base/boundary.hpp"
#include "model/effects.hpp"
#include "model/window_stream.hpp"
#include "model/windows.hpp"
#include "store/union.hpp"

namespace delta {

namespace {

Result<std::vector<Window>> windows_of(const Log& log, const WindowSpec& spec, const WindowOptions& options,
                                       const SeenSeqs* seen) {
  const bool sessions_of_some = spec.kind == WindowSpec::Kind::session && options.takes;
  if (model::WindowStream::can_tell(spec) && !sessions_of_some) {
    const store::Union& impl = log.impl();
    model::WindowStream stream(spec, log.catalog().vectors());
    store::LogSource places(impl, {.values = store::Values::skipped}), source(impl);
    const auto place = [&](Timestamp time) { stream.place(time.us()); };
    const auto expect = [&](VectorNo vector) { stream.expect(vector); };
    const auto add = [&](const DeltaEffect& effect) {
      if (!options.takes || options.takes(effect)) stream.add(effect);
    };
    DELTA_OK(
        model::each_effect(log.catalog(), impl.history, places, source, {options.vectors, seen}, place, expect, add));
    return stream.finish();
  }
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
