// Windows by hand: where each kind begins and ends, and what a list of changes says.
#include <catch2/catch.hpp>
#include <string>

#include "delta/timestamp.hpp"
#include "model/windows.hpp"

using namespace delta;
using Kind = WindowSpec::Kind;

namespace {

/// "begin-end:deltas ..."
std::string ranges(const WindowSpec& spec, std::vector<Micros> times) {
  REQUIRE(model::check_windows(spec));
  std::string out;
  for (const auto& r : model::window_ranges(spec, times)) {
    out += (out.empty() ? "" : " ") + std::to_string(r.begin) + "-" + std::to_string(r.end) + ":" +
           std::to_string(r.last - r.first);
  }
  return out;
}

DeltaEffect effect(Micros us, VectorNo vector, std::optional<double> distance, bool conflict = false) {
  return {{Timestamp::of(us), {}, us + 1}, {}, vector, 100, Operation::dense, conflict, 1, distance};
}

}  // namespace

TEST_CASE("tumbling windows stand on multiples of their length, and empty ones are left out") {
  const WindowSpec spec{Kind::tumbling, 10, 0, 0, 0};
  CHECK(ranges(spec, {}).empty());
  CHECK(ranges(spec, {0, 9, 10, 19, 40}) == "0-10:2 10-20:2 40-50:1");
  CHECK(ranges({Kind::tumbling, 1, 0, 0, 0}, {5, 5, 1'000'000'000'000}) == "5-6:2 1000000000000-1000000000001:1");
  CHECK(ranges({Kind::tumbling, kMaxMicros, 0, 0, 0}, {0, kMaxMicros - 1, kMaxMicros}) ==
        "0-" + std::to_string(kMaxMicros) + ":2 " + std::to_string(kMaxMicros) + "-" + std::to_string(2 * kMaxMicros) +
            ":1");
}

TEST_CASE("sliding windows overlap") {
  CHECK(ranges({Kind::sliding, 10, 5, 0, 0}, {3, 7, 12, 100}) == "0-10:2 5-15:2 10-20:1 95-105:1 100-110:1");
  CHECK(ranges({Kind::sliding, 10, 4, 0, 0}, {20}) == "12-22:1 16-26:1 20-30:1");
  CHECK(ranges({Kind::sliding, 10, 10, 0, 0}, {0, 9, 10}) == "0-10:2 10-20:1");
}

TEST_CASE("a session ends where nothing comes for its gap") {
  CHECK(ranges({Kind::session, 10, 0, 0, 0}, {3, 3, 12, 22, 31, 50}) == "3-22:3 22-41:2 50-60:1");
}

TEST_CASE("an adaptive window ends when it is full and old enough, or too old, and never within a microsecond") {
  const WindowSpec spec{Kind::adaptive, 20, 0, 3, 5};
  CHECK(ranges(spec, {0, 1, 2, 3, 4, 5, 6}) == "0-5:5 5-25:2");  // full at 2, old enough at 5
  CHECK(ranges(spec, {0, 8, 9, 10, 11}) == "0-10:3 10-30:2");    // full with the one at 9
  CHECK(ranges(spec, {0, 8, 9, 9, 9, 10}) == "0-10:5 10-30:1");  // those at 9 stay together
  CHECK(ranges(spec, {0, 1, 2, 9}) == "0-5:3 9-29:1");
  CHECK(ranges(spec, {0, 19, 20, 21}) == "0-20:2 20-40:2");  // too old
  CHECK(ranges({Kind::adaptive, 20, 0, 1, 0}, {0, 0, 1}) == "0-1:2 1-2:1");
  CHECK(ranges({Kind::adaptive, 1, 0, 1, 1}, {0, 0, 1}) == "0-1:2 1-2:1");
}

TEST_CASE("windows out of bounds are refused") {
  for (const auto& spec : {WindowSpec{Kind::tumbling, 0, 0, 0, 0}, WindowSpec{Kind::session, kMaxMicros + 1, 0, 0, 0},
                           WindowSpec{Kind::sliding, 10, 0, 0, 0}, WindowSpec{Kind::sliding, 10, 11, 0, 0},
                           WindowSpec{Kind::sliding, 20'000, 1, 0, 0}, WindowSpec{Kind::adaptive, 10, 0, 0, 1},
                           WindowSpec{Kind::adaptive, 10, 0, 1, 11}}) {
    const auto refused = model::check_windows(spec);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::usage);
  }
  CHECK(model::check_windows({Kind::sliding, 10'000, 1, 0, 0}));
}

TEST_CASE("a window sums up what is in it") {
  const DeltaEffect deltas[] = {effect(1, VectorNo{0}, 3.0), effect(2, VectorNo{1}, std::nullopt, true),
                                effect(2, VectorNo{0}, 5.0), effect(11, VectorNo{1}, std::nullopt)};
  const auto list = model::windows({Kind::tumbling, 10, 0, 0, 0}, deltas, 2);
  REQUIRE(list.size() == 2);
  CHECK(list[0] == Window{0, 10, false, 3, 2, 300, Timestamp::of(1), Timestamp::of(2), 1, 4.0});
  CHECK(list[1] == Window{10, 20, false, 1, 1, 100, Timestamp::of(11), Timestamp::of(11), 0, std::nullopt});
}

TEST_CASE("changes of windows are those that differ, and where one was and none is") {
  const Window a{.begin = 0, .end = 10, .deltas = 1}, b{.begin = 20, .end = 30, .deltas = 2},
      c{.begin = 40, .end = 50, .deltas = 3};
  Window longer = b, more = c;
  longer.end = 35;
  more.deltas = 4;
  const auto gone = [](const Window& w) { return Window{.begin = w.begin, .end = w.end, .gone = true}; };
  using List = std::vector<Window>;
  CHECK(model::window_changes(List{a, b, c}, List{a, b, c}).empty());
  CHECK(model::window_changes(List{}, List{a, b}) == List{a, b});
  CHECK(model::window_changes(List{a, b, c}, List{a, longer, more}) == List{longer, more});
  CHECK(model::window_changes(List{a, b, c}, List{b}) == List{gone(a), gone(c)});
  CHECK(model::window_changes(List{b}, List{a, c}) == List{a, gone(b), c});
}
