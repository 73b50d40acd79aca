// What each delta did, and windows over it, against the laws said slowly; and that late commits change windows as they
// are said to.
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>

#include "model/effects.hpp"
#include "model/window_stream.hpp"
#include "model/windows.hpp"
#include "real.hpp"

using namespace world;

namespace {

std::vector<delta::DeltaEffect> effects(Real& real, const delta::EffectOptions& options = {}) {
  auto result = delta::model::effects(real.catalog, real.history, real.source, options);
  if (!result) throw std::runtime_error(result.error().text());
  return std::move(*result);
}

unsigned seed_of() { return static_cast<unsigned>(*rc::gen::noShrink(rc::gen::inRange(0, 1 << 30))); }

bool touches(const Delta& d, std::uint32_t dim) {
  return d.op != Operation::sparse || std::count(d.indices.begin(), d.indices.end(), dim) != 0;
}

/// An earlier assignment of one of its dims that it had not seen, and no delete between.
bool met(const std::vector<Delta>& earlier, const Delta& d, std::uint32_t dims) {
  if (!is_assignment(d.op)) return false;
  return std::ranges::any_of(earlier, [&](const Delta& e) {
    if (!is_assignment(e.op) || happens_before(e, d)) return false;
    const bool is_void =
        std::ranges::any_of(earlier, [&](const Delta& x) { return x.op == Operation::remove && x.key() > e.key(); });
    bool common = false;
    for (std::uint32_t dim = 0; dim < dims; ++dim) common = common || (touches(e, dim) && touches(d, dim));
    return common && !is_void;
  });
}

void compare(const Row& was, const Row& is, std::uint32_t dims, const delta::DeltaEffect& effect) {
  std::uint32_t changed = 0;
  double sum = 0;
  for (std::uint32_t dim = 0; dim < dims; ++dim) {
    const std::uint32_t a = was.exists ? was.bits[dim] : 0, b = is.exists ? is.bits[dim] : 0;
    if (a == b) continue;
    ++changed;
    const double by = double{std::bit_cast<float>(b)} - double{std::bit_cast<float>(a)};
    sum += by * by;
  }
  RC_ASSERT(effect.changed == (was.exists != is.exists ? dims : changed));
  RC_ASSERT(effect.distance.has_value() == std::isfinite(sum));
  RC_ASSERT((!effect.distance || *effect.distance == std::sqrt(sum)));
}

delta::WindowSpec any_spec() {
  using Kind = delta::WindowSpec::Kind;
  const auto length = *rc::gen::inRange<std::uint64_t>(1, 9), step = *rc::gen::inRange<std::uint64_t>(1, length + 1);
  switch (*rc::gen::inRange(0, 4)) {
    case 0:
      return {Kind::tumbling, length, 0, 0, 0};
    case 1:
      return {Kind::sliding, length, step, 0, 0};
    case 2:
      return {Kind::session, length, 0, 0, 0};
    default:
      return {Kind::adaptive, length, 0, *rc::gen::inRange<std::uint64_t>(1, 5), step};
  }
}

delta::SeenSeqs seqs_of(const Real& real, const World& world, const std::set<std::size_t>& commits) {
  delta::SeenSeqs out(real.catalog.origins());
  for (const std::size_t c : commits) {
    auto& seq = out[real.origin(world.commits[c].origin)];
    seq = std::max(seq, world.commits[c].last());
  }
  return out;
}

/// What a reader does who keeps windows by their begins.
std::vector<delta::Window> applied(const std::vector<delta::Window>& old_list,
                                   const std::vector<delta::Window>& deltas) {
  std::map<delta::Micros, delta::Window> kept;
  for (const auto& window : old_list) kept[window.begin] = window;
  for (const auto& window : deltas) {
    if (window.gone) {
      RC_ASSERT(kept.erase(window.begin) == 1u);
    } else {
      kept[window.begin] = window;
    }
  }
  std::vector<delta::Window> out;
  for (const auto& [begin, window] : kept) out.push_back(window);
  return out;
}

}  // namespace

TEST_CASE("the effect of a delta is the difference of the folds without and with it, in key order") {
  CHECK(check_histories("effects", 1, [](const Plan& plan) {
    const World w = play(plan);
    const auto seed = seed_of();
    const auto commits = some_commits(w, seed);
    Real real(w, seed);
    real.deliver(commits);
    real.set_deltas(deltas_of(w, commits), seed % 2 == 0);
    auto counted = deltas_of(w, folded(w, commits));
    std::ranges::sort(counted, {}, &Delta::key);
    const auto found = effects(real);
    RC_ASSERT(found.size() == counted.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      const Delta& d = counted[i];
      RC_ASSERT(found[i].key.time.hlc == d.hlc);
      RC_ASSERT(found[i].key.origin == real.origin(d.origin));
      RC_ASSERT(found[i].key.seq == d.seq);
      RC_ASSERT(found[i].vector == real.vector(d.vector));
      RC_ASSERT(found[i].bytes == 16 + 4 * (d.indices.size() + d.bits.size()) + d.metadata.size());
      std::vector<Delta> earlier(counted.begin(), counted.begin() + static_cast<std::ptrdiff_t>(i));
      std::erase_if(earlier, [&](const Delta& e) { return e.vector != d.vector; });
      auto with = earlier;
      with.push_back(d);
      compare(fold_vector(earlier, d.vector, w.dims), fold_vector(with, d.vector, w.dims), w.dims, found[i]);
      RC_ASSERT(found[i].conflict == met(earlier, d, w.dims));
    }
  }));
}

TEST_CASE("each delta is in the windows that hold its time, and no window is empty or begins where another does") {
  CHECK(check_cases("windows", 1, [] {
    const auto spec = any_spec();
    auto times = *rc::gen::container<std::vector<delta::Micros>>(rc::gen::inRange<delta::Micros>(0, 40));
    std::ranges::sort(times);
    const auto ranges = delta::model::window_ranges(spec, times);
    std::map<delta::Micros, int> in;
    for (std::size_t w = 0; w < ranges.size(); ++w) {
      const auto& range = ranges[w];
      RC_ASSERT((range.first < range.last && range.begin < range.end));
      RC_ASSERT((w == 0 || ranges[w - 1].begin < range.begin));
      for (std::size_t i = 0; i < times.size(); ++i) {
        const bool inside = times[i] >= range.begin && times[i] < range.end;
        RC_ASSERT(inside == (i >= range.first && i < range.last));
        if (inside) ++in[times[i]];
      }
    }
    using Kind = delta::WindowSpec::Kind;
    for (const auto time : times) {
      int most = 1;
      if (spec.kind == Kind::sliding) {
        most = 0;
        for (delta::Micros k = 0; k * spec.step <= time; ++k) most += time < k * spec.step + spec.length;
      }
      RC_ASSERT(in[time] == most * static_cast<int>(std::ranges::count(times, time)));
    }
  }));
}

TEST_CASE("windows that late commits changed, put over the old ones, are the windows of all, whoever computed them") {
  CHECK(check_histories("windows after a context", 1, [](const Plan& plan) {
    const World w = play(plan);
    const auto seed = seed_of();
    const auto spec = any_spec();
    const auto windows = [&](Real& real, const delta::SeenSeqs* seen) {
      return delta::model::windows(spec, effects(real, {delta::VectorSet::all(), seen}), real.catalog.vectors());
    };
    const auto some = folded(w, some_commits(w, seed));
    Real early(w, seed);
    early.deliver(some);
    early.set_deltas(deltas_of(w, some), seed % 2 == 0);
    const auto old_list = windows(early, nullptr);

    Real late(w, seed + 1);
    late.deliver(all_commits(w));
    late.set_deltas(w.deltas, seed % 3 == 0);
    const auto seen = seqs_of(late, w, some);
    RC_ASSERT(windows(late, &seen) == old_list);
    const auto new_list = windows(late, nullptr);
    const auto deltas = delta::model::window_changes(old_list, new_list);
    RC_ASSERT(applied(old_list, deltas) == new_list);
    // Each window that a new delta is in is among them.
    for (const Delta& d : w.deltas) {
      if (d.seq <= seen[late.origin(d.origin)]) continue;
      for (const auto& window : new_list) {
        if (window.begin > d.hlc >> 12 || window.end <= d.hlc >> 12) continue;
        RC_ASSERT(std::ranges::find(deltas, window) != deltas.end());
      }
    }
  }));
}

TEST_CASE("windows of deltas that come one by one are those of the list of their effects") {
  CHECK(check_histories("windows as a stream", 0.5, [](const Plan& plan) {
    const World w = play(plan);
    const auto seed = seed_of();
    auto spec = any_spec();
    if (!delta::model::WindowStream::can_tell(spec)) spec.kind = delta::WindowSpec::Kind::session;
    Real real(w, seed);
    real.deliver(some_commits(w, seed));
    real.set_deltas(deltas_of(w, some_commits(w, seed)), seed % 2 == 0);
    delta::model::WindowStream stream(spec, real.catalog.vectors());
    const auto place = [&](delta::Timestamp time) { stream.place(time.us()); };
    const auto add = [&](const delta::DeltaEffect& effect) { stream.add(effect); };
    RC_ASSERT(!!delta::model::each_effect(
        real.catalog, real.history, real.source, real.source, {}, place, [](delta::VectorNo) {}, add));
    const auto list = delta::model::windows(spec, effects(real), real.catalog.vectors());
    RC_ASSERT(stream.finish() == list);
    RC_CLASSIFY(list.size() > 1, "several windows");
  }));
}
