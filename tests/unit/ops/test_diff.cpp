// Two states side by side: what counts as a difference, how far it is, and in which order it is told.
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "delta/diff.hpp"
#include "sample_log.hpp"

using namespace delta;
using sample::must;

namespace {

/// A state by hand, with a catalog of its own.
struct Side {
  Catalog catalog;
  State state{catalog};

  Side& put(const std::string& name, const std::string& id, const std::vector<float>& values,
            const std::string& metadata = {}) {
    const auto v = catalog.add_vector(catalog.add_namespace(name, static_cast<std::uint32_t>(values.size())), id);
    state.set_exists(v, true);
    const auto row = state.put(v);
    for (std::size_t i = 0; i < values.size(); ++i) row[i] = sample::bits(values[i]);
    state.set_metadata(v, metadata);
    return *this;
  }
};

/// "+ns/id", "-ns/id" or "ns/id[dims]", one a word.
std::string told(const State& a, const State& b, DiffSummary* summary = nullptr,
                 std::vector<VectorDiff>* numbers = nullptr) {
  std::string out;
  auto sum = must(diff(a, b, [&](const VectorDiff& d) -> Status {
    if (!out.empty()) out += ' ';
    if (d.kind == Difference::created) out += '+';
    if (d.kind == Difference::deleted) out += '-';
    ((out += d.name_space) += '/') += d.id;
    if (d.kind == Difference::changed) {
      out += '[';
      for (const auto dim : d.dims) out += std::to_string(dim);
      out += d.metadata_differs() ? "m]" : "]";
    }
    if (numbers) numbers->push_back(d);
    return {};
  }));
  if (summary) *summary = sum;
  return out;
}

const float kNan = std::numeric_limits<float>::quiet_NaN(), kInf = std::numeric_limits<float>::infinity();

}  // namespace

TEST_CASE("a state does not differ from itself, nor from its like in another catalog") {
  Side a, b;
  a.put("", "x", {1, 2}).put("n", "y", {kNan, -0.0f, 3}, "{\"k\":1}");
  b.put("n", "y", {kNan, -0.0f, 3}, "{\"k\":1}").put("m", "unused", {1}).put("", "x", {1, 2});
  b.state.set_exists(*b.catalog.find_vector(NamespaceNo{1}, "unused"), false);
  DiffSummary summary;
  CHECK(told(a.state, a.state, &summary) == "");
  CHECK(summary.same());
  CHECK(told(a.state, b.state, &summary) == "");
  CHECK(summary.same());
  CHECK(!summary.max_distance);
  CHECK(!summary.min_cosine);
}

TEST_CASE("differences come in order of namespace, dimension count and id, whatever the order of the catalogs") {
  Side a, b;
  a.put("z", "q", {1}).put("", "b", {1, 2}).put("", "a", {1, 2}).put("", "gone", {0, 0}).put("n", "v", {1, 2});
  b.put("n", "v", {1, 2, 3})
      .put("", "new", {5, 5})
      .put("", "a", {1, 3})
      .put("z", "q", {1}, "{\"k\":1}")
      .put("", "b", {9, 9});
  DiffSummary summary;
  CHECK(told(a.state, b.state, &summary) == "/a[1] /b[01] -/gone +/new -n/v +n/v z/q[m]");
  CHECK(summary.created == 2);
  CHECK(summary.deleted == 2);
  CHECK(summary.changed == 3);
  CHECK(summary.values == 3);
  CHECK(summary.metadata == 1);
  CHECK(summary.undefined == 0);
  CHECK(told(b.state, a.state) == "/a[1] /b[01] +/gone -/new +n/v -n/v z/q[m]");
}

TEST_CASE("distance and cosine are those of all values") {
  Side a, b;
  a.put("", "x", {1, 0, 2}).put("", "y", {3, 4, 0}).put("", "z", {1, 1, 1});
  b.put("", "x", {1, 3, -2}).put("", "y", {0, 0, 5}).put("", "z", {2, 2, 2});
  DiffSummary summary;
  std::vector<VectorDiff> found;
  told(a.state, b.state, &summary, &found);
  REQUIRE(found.size() == 3);
  CHECK(*found[0].distance == 5);
  CHECK(*found[0].cosine == -3 / std::sqrt(5.0 * 14.0));
  CHECK(*found[1].distance == std::sqrt(50.0));
  CHECK(*found[1].cosine == 0);
  CHECK(*found[2].cosine == 1);
  CHECK(*summary.max_distance == std::sqrt(50.0));
  CHECK(*summary.mean_distance == (5 + std::sqrt(50.0) + std::sqrt(3.0)) / 3);
  CHECK(*summary.min_cosine == *found[0].cosine);
}

TEST_CASE("a change without distance or direction says so, and does not spoil the others' numbers") {
  Side a, b;
  a.put("", "inf", {1, 2}).put("", "nan", {kNan, 2}).put("", "sign", {0.0f, 0.0f}).put("", "x", {1, 0});
  b.put("", "inf", {kInf, 2}).put("", "nan", {kNan, 3}).put("", "sign", {-0.0f, 0.0f}).put("", "x", {0, 1});
  DiffSummary summary;
  std::vector<VectorDiff> found;
  CHECK(told(a.state, b.state, &summary, &found) == "/inf[0] /nan[1] /sign[0] /x[01]");
  CHECK(!found[0].distance);
  CHECK(!found[0].cosine);
  CHECK(*found[1].distance == 1);  // the NaN is in both and did not change
  CHECK(!found[1].cosine);
  CHECK(*found[2].distance == 0);  // of bits, not of value
  CHECK(!found[2].cosine);
  CHECK(summary.undefined == 1);
  CHECK(*summary.max_distance == std::sqrt(2.0));
  CHECK(*summary.mean_distance == (1 + std::sqrt(2.0)) / 3);
  CHECK(*summary.min_cosine == 0);
}

TEST_CASE("the greatest and the least float32 do not overflow a distance or a cosine") {
  const float most = std::numeric_limits<float>::max(), least = std::numeric_limits<float>::denorm_min();
  Side a, b;
  a.put("", "least", {least, 0}).put("", "most", {most, -most});
  b.put("", "least", {least, least}).put("", "most", {-most, most});
  std::vector<VectorDiff> found;
  told(a.state, b.state, nullptr, &found);
  REQUIRE(found.size() == 2);
  CHECK(*found[0].distance == double{least});
  CHECK(*found[0].cosine == Approx(std::sqrt(0.5)));
  CHECK(*found[1].distance == Approx(std::sqrt(8.0) * double{most}));
  CHECK(*found[1].cosine == -1);
}

TEST_CASE("an error of the visitor ends the visit") {
  Side a, b;
  a.put("", "x", {1}).put("", "y", {1});
  int visits = 0;
  const auto stopped = diff(
      a.state, b.state, [&](const VectorDiff&) -> Status { return ++visits, error(ErrorCode::closed_pipe, "gone"); });
  REQUIRE(!stopped);
  CHECK(stopped.error().code == ErrorCode::closed_pipe);
  CHECK(visits == 1);
}
