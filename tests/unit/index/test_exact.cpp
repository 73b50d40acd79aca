// Distances, beside a twin without vector code that adds in the order that index/distance.hpp states; and the search,
// beside sorting all rows.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "delta/search.hpp"
#include "index/distance.hpp"
#include "index_states.hpp"
#include "must.hpp"

using namespace delta;
using index_states::bits_of;
using index_states::Made;
using index_states::Random;
using sample::must;

namespace {

const float kNan = std::numeric_limits<float>::quiet_NaN(), kInf = std::numeric_limits<float>::infinity();

/// The twin.
template <class Term>
float summed(std::size_t dims, Term term) {
  std::array<float, 16> lanes{};
  for (std::size_t d = 0; d < dims; ++d) {
    const float product = term(d);
    lanes[d % 16] = lanes[d % 16] + product;
  }
  std::array<float, 8> eight{};
  for (std::size_t i = 0; i < 8; ++i) eight[i] = lanes[i] + lanes[i + 8];
  std::array<float, 4> four{};
  for (std::size_t i = 0; i < 4; ++i) four[i] = eight[i] + eight[i + 4];
  return (four[0] + four[2]) + (four[1] + four[3]);
}

double plain_order(Metric metric, const std::vector<float>& a, const std::vector<float>& b) {
  const auto product = [](const std::vector<float>& x, const std::vector<float>& y) {
    return summed(x.size(), [&](std::size_t d) { return x[d] * y[d]; });
  };
  double order = 0;
  if (metric == Metric::l2) {
    order = summed(a.size(), [&](std::size_t d) {
      const float by = a[d] - b[d];
      return by * by;
    });
  } else if (metric == Metric::ip) {
    order = -static_cast<double>(product(a, b));
  } else {
    const double lengths = static_cast<double>(product(a, a)) * static_cast<double>(product(b, b));
    const double mixed = product(a, b);
    if (!std::isfinite(lengths) || !std::isfinite(mixed)) return std::numeric_limits<double>::infinity();
    order = lengths == 0 ? 1 : 1 - std::min(1.0, std::max(-1.0, mixed / std::sqrt(lengths)));
  }
  return std::isfinite(order) ? order : std::numeric_limits<double>::infinity();
}

constexpr std::array kMetrics = {Metric::l2, Metric::cosine, Metric::ip};

/// What a search must give, by sorting everything.
std::vector<std::pair<double, std::size_t>> by_sorting(Metric metric, const std::vector<std::vector<float>>& rows,
                                                       const std::vector<float>& query, std::size_t k) {
  std::vector<std::pair<double, std::size_t>> all;
  for (std::size_t i = 0; i < rows.size(); ++i) all.emplace_back(plain_order(metric, query, rows[i]), i);
  std::sort(all.begin(), all.end());
  all.resize(std::min(k, all.size()));
  return all;
}

}  // namespace

TEST_CASE("the distance has the bits of its twin without vector code, at every dimension count") {
  Random numbers(1);
  for (std::size_t dims = 1; dims <= 131; ++dims) {
    const auto a = numbers.vector(dims), b = numbers.vector(dims);
    const auto x = bits_of(a), y = bits_of(b);
    for (const Metric metric : kMetrics) {
      const double order = nearest::DistanceFrom(metric, x).order(y.data());
      CAPTURE(dims, metric_name(metric));
      CHECK(std::bit_cast<std::uint64_t>(order) == std::bit_cast<std::uint64_t>(plain_order(metric, a, b) + 0.0));
    }
  }
}

TEST_CASE("distances are those of the formulas") {
  const auto a = bits_of({3, 0}), b = bits_of({0, 4}), zero = bits_of({0, 0}), back = bits_of({-6, 0});
  const auto distance = [](Metric metric, const auto& x, const auto& y) {
    return nearest::distance_of(metric, nearest::DistanceFrom(metric, x).order(y.data()));
  };
  CHECK(distance(Metric::l2, a, b) == 5);
  CHECK(distance(Metric::cosine, a, b) == 1);
  CHECK(distance(Metric::cosine, a, a) == 0);
  CHECK(distance(Metric::cosine, a, back) == 2);
  CHECK(distance(Metric::cosine, a, zero) == 1);
  CHECK(distance(Metric::cosine, zero, a) == 1);
  CHECK(distance(Metric::ip, a, back) == 18);
  CHECK_FALSE(std::signbit(distance(Metric::ip, a, b)));
}

TEST_CASE("a distance that is not finite is infinite, whatever it comes from") {
  const auto one = bits_of({1, 1}), great = bits_of({1e30f, 1e30f});
  const auto none = bits_of({kNan, 0}), inf = bits_of({kInf, 0}), minus = bits_of({-kInf, 0});
  for (const Metric metric : kMetrics) {
    CAPTURE(metric_name(metric));
    for (const auto& row : {none, inf, minus}) CHECK(std::isinf(nearest::DistanceFrom(metric, one).order(row.data())));
    const double order = nearest::DistanceFrom(metric, great).order(great.data());
    CHECK((metric == Metric::l2 ? order == 0 : std::isinf(order)));
    CHECK(nearest::DistanceFrom(metric, one).order(inf.data()) > 0);
  }
}

TEST_CASE("a search gives what sorting all rows gives, with any number of threads") {
  Random numbers(2);
  for (const std::size_t dims : {1u, 5u, 16u, 33u}) {
    Made made;
    std::vector<std::vector<float>> values;
    for (int i = 0; i < 700; ++i) {
      values.push_back(numbers.vector(dims));
      if (i % 7 == 0) values.back() = values[values.size() / 2];  // of one distance: the order of the rows decides
      if (i % 50 == 1) values.back()[0] = kNan;
      if (i % 90 == 2) values.back().assign(dims, 0);
      made.put("v" + std::to_string(i), values.back());
    }
    std::vector<std::vector<float>> asked;
    std::vector<std::vector<std::uint32_t>> bits;
    for (int q = 0; q < 9; ++q) {
      asked.push_back(q == 4 ? std::vector<float>(dims, 0) : numbers.vector(dims));
      bits.push_back(bits_of(asked.back()));
    }
    std::vector<SearchQuery> queries;
    for (const auto& query : bits) queries.push_back({query});
    for (const Metric metric : kMetrics) {
      for (const std::size_t k : {1u, 10u, 699u, 5000u}) {
        for (const unsigned threads : {1u, 3u}) {
          const auto found = must(search_exact(made.state, made.rows, queries, {k, metric, threads}));
          REQUIRE(found.size() == queries.size());
          for (std::size_t q = 0; q < queries.size(); ++q) {
            const auto wanted = by_sorting(metric, values, asked[q], k);
            REQUIRE(found[q].size() == wanted.size());
            for (std::size_t i = 0; i < wanted.size(); ++i) {
              REQUIRE(found[q][i].at == wanted[i].second);
              REQUIRE(found[q][i].vector == made.rows[wanted[i].second]);
              REQUIRE(found[q][i].distance == nearest::distance_of(metric, wanted[i].first));
            }
          }
        }
      }
    }
  }
}

TEST_CASE("large searches are cut into pieces, and the answer is the same") {
  Random numbers(3);
  Made made;
  for (int i = 0; i < 40'000; ++i) made.put(std::to_string(i), {numbers.next(), static_cast<float>(i % 3)});
  std::vector<std::vector<std::uint32_t>> bits;
  for (int q = 0; q < 100; ++q) bits.push_back(bits_of(numbers.vector(2)));
  std::vector<SearchQuery> queries;
  for (const auto& query : bits) queries.push_back({query});
  const auto one = must(search_exact(made.state, made.rows, queries, {20, Metric::l2, 1}));
  const auto four = must(search_exact(made.state, made.rows, queries, {20, Metric::l2, 4}));
  for (std::size_t q = 0; q < queries.size(); ++q) {
    REQUIRE(one[q].size() == 20);
    for (std::size_t i = 0; i < 20; ++i) REQUIRE(one[q][i].vector == four[q][i].vector);
  }
}

TEST_CASE("a vector is not its own neighbour") {
  Made made;
  made.put("a", {1, 1});
  made.put("b", {1, 1});
  made.put("c", {2, 1});
  const SearchQuery query{made.state.bits(made.rows[0]), made.rows[0]};
  const auto found = must(search_exact(made.state, made.rows, {&query, 1}, {.k = 3}));
  REQUIRE(found[0].size() == 2);
  CHECK(found[0][0].vector == made.rows[1]);
  CHECK(found[0][1].vector == made.rows[2]);
  CHECK(found[0][1].distance == 1);
}

TEST_CASE("only the rows that are named are searched") {
  Made made;
  for (int i = 0; i < 10; ++i) made.put(std::to_string(i), {static_cast<float>(i)});
  const auto bits = bits_of({0.25f});
  const SearchQuery query{bits};
  const std::vector<VectorNo> some = {made.rows[7], made.rows[3]};
  const auto found = must(search_exact(made.state, some, {&query, 1}, {.k = 10}));
  REQUIRE(found[0].size() == 2);
  CHECK(found[0][0].vector == made.rows[3]);
  CHECK(found[0][0].at == 1);
  CHECK(must(search_exact(made.state, {}, {&query, 1}))[0].empty());
}

TEST_CASE("a search that cannot be is refused") {
  Made made;
  made.put("a", {1, 1});
  const auto one = bits_of({1}), bad = bits_of({1, kNan}), good = bits_of({1, 1});
  const std::array<SearchQuery, 2> wrong_dims = {SearchQuery{good}, SearchQuery{one}};
  const auto of_dims = search_exact(made.state, made.rows, wrong_dims);
  REQUIRE_FALSE(of_dims);
  CHECK(of_dims.error().text() == "query 1: the query has 1 dimension, and the vectors have 2");
  const SearchQuery not_finite{bad};
  const auto of_nan = search_exact(made.state, made.rows, {&not_finite, 1});
  REQUIRE_FALSE(of_nan);
  CHECK(of_nan.error().code == ErrorCode::bad_input);
  const SearchQuery query{good};
  CHECK(search_exact(made.state, made.rows, {&query, 1}, {.k = 0}).error().code == ErrorCode::usage);
}

TEST_CASE("a metric is known by its name") {
  for (const Metric metric : kMetrics) CHECK(must(parse_metric(metric_name(metric))) == metric);
  CHECK(parse_metric("L2").error().code == ErrorCode::unsupported);
}
