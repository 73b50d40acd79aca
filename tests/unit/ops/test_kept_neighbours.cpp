// How many neighbours stayed the same, beside sets that are found by sorting.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "delta/kept_neighbours.hpp"
#include "index_states.hpp"
#include "must.hpp"

using namespace delta;
using index_states::Made;
using index_states::Random;
using sample::must;

namespace {

constexpr NamespaceNo kOnly{0};

double squared(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
  return sum;
}

std::set<std::size_t> nearest_of(const std::vector<std::vector<float>>& rows, std::size_t query, std::size_t k) {
  std::vector<std::pair<double, std::size_t>> all;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i != query) all.emplace_back(squared(rows[i], rows[query]), i);
  }
  std::sort(all.begin(), all.end());
  std::set<std::size_t> some;
  for (std::size_t i = 0; i < std::min(k, all.size()); ++i) some.insert(all[i].second);
  return some;
}

/// Two states of the same ids; the second moves each vector by `by`.
struct Moved {
  std::vector<std::vector<float>> before, after;
  Made old_side, new_side;

  Moved(std::size_t rows, std::size_t dims, float by, std::uint32_t seed) {
    Random random(seed);
    for (std::size_t i = 0; i < rows; ++i) {
      before.push_back(random.vector(dims));
      after.push_back(before.back());
      for (float& value : after.back()) value += by * random.next();
      old_side.put("v" + std::to_string(i), before[i]);
    }
    for (std::size_t i = rows; i-- > 0;) new_side.put("v" + std::to_string(i), after[i]);  // numbered otherwise
  }
  KeptNeighbours kept(const KeptNeighboursOptions& options) const {
    return must(kept_neighbours(old_side.state, kOnly, new_side.state, kOnly, options));
  }
};

}  // namespace

TEST_CASE("the neighbours that are kept are those of both sets") {
  const Moved moved(120, 6, 0.4f, 5);
  const auto kept = moved.kept({.k = 7, .sample = 0, .threads = 1});
  REQUIRE(kept.vectors.size() == 120);
  CHECK(kept.common == 120);
  double sum = 0;
  for (const auto& vector : kept.vectors) {
    const auto row = static_cast<std::size_t>(std::stoul(std::string(vector.id.substr(1))));
    const auto a = nearest_of(moved.before, row, 7), b = nearest_of(moved.after, row, 7);
    const auto both = std::count_if(a.begin(), a.end(), [&](std::size_t i) { return b.contains(i); });
    CHECK(vector.kept == static_cast<std::size_t>(both));
    CHECK(vector.of == 7);
    sum += static_cast<double>(both) / 7;
  }
  CHECK(kept.mean == Approx(sum / 120));
  CHECK(kept.low == kept.mean);
  CHECK(kept.high == kept.mean);
  CHECK(std::is_sorted(kept.vectors.begin(), kept.vectors.end(),
                       [](const auto& a, const auto& b) { return a.kept < b.kept; }));
  CHECK(kept.quantile(0) == static_cast<double>(kept.vectors.front().kept) / 7);
  CHECK(kept.quantile(1) == static_cast<double>(kept.vectors.back().kept) / 7);
}

TEST_CASE("a state keeps all of its own neighbours") {
  const Moved moved(60, 4, 0, 6);
  CHECK(moved.kept({.k = 5}).mean == 1);
  CHECK(moved.kept({.k = 500}).mean == 1);
  CHECK(moved.kept({.k = 500}).vectors[0].of == 59);
}

TEST_CASE("the interval of a sample holds the mean of all, mostly, and the sample depends on ids alone") {
  std::size_t held = 0;
  for (std::uint32_t seed = 0; seed < 40; ++seed) {
    const Moved moved(400, 5, 0.5f, 100 + seed);
    const auto all = moved.kept({.k = 5, .sample = 0}), some = moved.kept({.k = 5, .sample = 60});
    REQUIRE(some.vectors.size() == 60);
    CHECK(some.common == 400);
    CHECK(some.low < some.high);
    if (some.low <= all.mean && all.mean <= some.high) ++held;
  }
  CHECK(held >= 34);  // of 40, where 38 are expected
  const Moved a(400, 5, 0.5f, 1), b(400, 5, 0.5f, 2);
  std::set<std::string> of_a, of_b;
  for (const auto& vector : a.kept({.k = 1, .sample = 20}).vectors) of_a.emplace(vector.id);
  for (const auto& vector : b.kept({.k = 1, .sample = 20}).vectors) of_b.emplace(vector.id);
  CHECK(of_a == of_b);
}

TEST_CASE("only vectors of both states count, and a neighbour that was deleted is lost") {
  Made before, after;
  for (const auto& [id, at] : {std::pair("a", 0.0f), std::pair("b", 1.0f), std::pair("c", 3.0f)}) before.put(id, {at});
  for (const auto& [id, at] : {std::pair("a", 0.0f), std::pair("c", 3.0f), std::pair("d", 9.0f)}) after.put(id, {at});
  const auto kept = must(kept_neighbours(before.state, kOnly, after.state, kOnly, {.k = 1}));
  CHECK(kept.common == 2);
  REQUIRE(kept.vectors.size() == 2);
  CHECK(kept.mean == 0);  // both had b
}

TEST_CASE("the namespaces may have different dimensions; values that are not finite do not count") {
  Made before, after;
  before.put("a", {0});
  before.put("b", {1});
  before.put("c", {5});
  after.put("a", {0, 0});
  after.put("b", {1, 1});
  after.put("c", {std::nanf(""), 1});
  const auto kept = must(kept_neighbours(before.state, kOnly, after.state, kOnly, {.k = 1}));
  CHECK(kept.common == 2);
  CHECK(kept.skipped == 1);
  CHECK(kept.mean == 1);
  CHECK(kept_neighbours(before.state, kOnly, after.state, kOnly, {.k = 0}).error().code == ErrorCode::usage);
  Made alone;
  alone.put("a", {0});
  CHECK(must(kept_neighbours(alone.state, kOnly, after.state, kOnly, {.k = 1})).vectors.empty());
}
