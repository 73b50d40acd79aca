// The index of near neighbours: how much it finds, that it never tells of what is not there, and that it stays small.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "delta/ann.hpp"
#include "index/distance.hpp"
#include "index_states.hpp"
#include "must.hpp"

using namespace delta;
using index_states::bits_of;
using index_states::Made;
using index_states::Random;
using sample::must;

namespace {

constexpr NamespaceNo kOnly{0};

/// Vectors as embeddings are: of fewer dimensions than they have.
class Latent {
 public:
  Latent(std::size_t inner, std::size_t dims, std::uint32_t seed) : random_(seed) {
    for (std::size_t i = 0; i < inner; ++i) base_.push_back(random_.vector(dims));
  }
  std::vector<float> vector() {
    std::vector<float> values(base_[0].size(), 0);
    for (const auto& direction : base_) {
      const float by = random_.next();
      for (std::size_t d = 0; d < values.size(); ++d) values[d] += by * direction[d];
    }
    return values;
  }
  /// Moved by a part of its length.
  std::vector<float> moved(const std::vector<float>& from, float part) {
    auto to = vector();
    double own = 0, other = 0;
    for (std::size_t d = 0; d < to.size(); ++d) {
      own += double{from[d]} * from[d];
      other += double{to[d]} * to[d];
    }
    const auto by = static_cast<float>(part * std::sqrt(own / other));
    for (std::size_t d = 0; d < to.size(); ++d) to[d] = from[d] + by * to[d];
    return to;
  }
  Random& random() { return random_; }

 private:
  Random random_;
  std::vector<std::vector<float>> base_;
};

struct Sample {
  std::vector<VectorNo> rows;
  std::vector<SearchQuery> queries;
};
/// Each n-th vector of the state asks for its own neighbours.
Sample sample_of(const State& state, std::size_t step) {
  Sample sample{must(state.rows(kOnly)), {}};
  for (std::size_t i = 0; i < sample.rows.size(); i += step) {
    sample.queries.push_back({state.bits(sample.rows[i]), sample.rows[i]});
  }
  return sample;
}

double recall_of(const AnnIndex& index, const State& state, std::size_t step, std::size_t breadth = 0) {
  const Sample sample = sample_of(state, step);
  const auto found = must(index.search(state, sample.rows, sample.queries, {.search = {.k = 10}, .breadth = breadth}));
  const auto wanted =
      must(search_exact(state, sample.rows, sample.queries, {.k = 10, .metric = index.options().metric}));
  std::size_t same = 0, all = 0;
  for (std::size_t q = 0; q < wanted.size(); ++q) {
    CHECK_FALSE(found[q].exact);
    std::set<VectorNo> there;
    for (const Neighbour& neighbour : found[q].neighbours) there.insert(neighbour.vector);
    for (const Neighbour& neighbour : wanted[q]) same += there.contains(neighbour.vector);
    all += wanted[q].size();
  }
  return static_cast<double>(same) / static_cast<double>(all);
}

std::vector<std::uint8_t> file_of(const AnnIndex& index) {
  BufferSink sink;
  must(write_ann({&index, 1}, sink));
  return sink.bytes;
}

}  // namespace

TEST_CASE("the index finds most of the nearest, by each metric, and the same state makes the same file") {
  for (const Metric metric : {Metric::l2, Metric::cosine, Metric::ip}) {
    CAPTURE(metric_name(metric));
    Latent latent(8, 24, 1);
    Made made;
    for (int i = 0; i < 1500; ++i) made.put("v" + std::to_string(i), latent.vector());
    auto index = must(AnnIndex::build(made.state, kOnly, {.metric = metric}));
    CHECK(index.size() == 1500);
    CHECK(index.nodes() == 1500);
    CHECK(recall_of(index, made.state, 10) >= (metric == Metric::ip ? 0.9 : 0.97));
    const auto quality = must(index.measure(made.state, kOnly, 0.9));
    CHECK(quality.queries == 200);
    CHECK(quality.recall >= 0.9f);
    CHECK(quality.low <= quality.recall);
    CHECK(quality.recall <= quality.high);
    CHECK(must(index.measure(made.state, kOnly, 1.1)).breadth == 512);
    CHECK(index.quality().breadth == 512);
    const auto bytes = file_of(index);
    auto again = must(AnnIndex::build(made.state, kOnly, {.metric = metric}));
    must(again.measure(made.state, kOnly, 1.1));
    CHECK(bytes == file_of(again));
    const auto back = must(read_ann(*memory_source("file", bytes)));
    REQUIRE(back.size() == 1);
    CHECK(back[0].options().metric == metric);
    CHECK(back[0].quality().recall == index.quality().recall);
    CHECK(file_of(back[0]) == bytes);
    CHECK(recall_of(back[0], made.state, 10) == recall_of(index, made.state, 10));
    CHECK(file_of(back[0]) == bytes);  // now from a graph
    const auto counts = must(index.compare(made.state, kOnly));
    CHECK(counts.synchronised == 1500);
    CHECK(counts.stale + counts.unindexed + counts.removed == 0);
  }
}

TEST_CASE("distances are the present ones, also of vectors that the index knows otherwise") {
  Latent latent(6, 12, 2);
  Made made;
  for (int i = 0; i < 400; ++i) made.put("v" + std::to_string(i), latent.vector());
  const auto index = must(AnnIndex::build(made.state, kOnly));
  const auto query = latent.vector();
  for (int i = 0; i < 10; ++i) made.put("v" + std::to_string(i), query);  // 2.5 %
  made.put("new", query);
  const auto bits = bits_of(query);
  const SearchQuery asked{bits};
  const auto answer =
      must(index.search(made.state, must(made.state.rows(kOnly)), {&asked, 1}, {.search = {.k = 15}}))[0];
  CHECK_FALSE(answer.exact);
  CHECK(answer.stale == 11);
  for (std::size_t i = 0; i < 11; ++i) CHECK(answer.neighbours[i].distance == 0);
  CHECK(answer.neighbours[11].distance > 0);
  const auto counts = must(index.compare(made.state, kOnly));
  CHECK(counts.stale == 10);
  CHECK(counts.unindexed == 1);
  for (int i = 10; i < 30; ++i) made.put("v" + std::to_string(i), latent.vector());
  CHECK(must(index.search(made.state, must(made.state.rows(kOnly)), {&asked, 1}, {.search = {.k = 15}}))[0].exact);
}

TEST_CASE("where few rows are asked for, all of them are compared") {
  Latent latent(6, 12, 3);
  Made made;
  for (int i = 0; i < 4000; ++i) made.put("v" + std::to_string(i), latent.vector());
  const auto index = must(AnnIndex::build(made.state, kOnly, {.links = 8, .breadth = 40}));
  const auto rows = must(made.state.rows(kOnly));
  const auto bits = bits_of(latent.vector());
  const SearchQuery asked{bits};
  const auto exact = [&](std::size_t some, std::size_t k) {
    const auto answer =
        must(index.search(made.state, std::span(rows).first(some), {&asked, 1}, {.search = {.k = k}}))[0];
    CHECK(answer.neighbours.size() == std::min(k, some));
    return answer.exact;
  };
  CHECK(exact(199, 5));
  CHECK_FALSE(exact(3000, 5));
  CHECK(exact(499, 50));
  CHECK(exact(3, 5));
  CHECK(exact(0, 5));
}

TEST_CASE("where the nearest are not searched, the graph is asked for more before all rows are compared") {
  Latent latent(6, 12, 9);
  Made made;
  for (int i = 0; i < 1000; ++i) made.put("v" + std::to_string(i), latent.vector());
  const auto index = must(AnnIndex::build(made.state, kOnly));
  auto rows = must(made.state.rows(kOnly));
  const auto bits = bits_of(latent.vector());
  const SearchQuery asked{bits};
  const auto near = must(search_exact(made.state, rows, {&asked, 1}, {.k = 301}))[0];
  const auto without = [&](std::size_t nearest) {
    const std::set<VectorNo> gone = [&] {
      std::set<VectorNo> some;
      for (std::size_t i = 0; i < nearest; ++i) some.insert(near[i].vector);
      return some;
    }();
    auto left = rows;
    std::erase_if(left, [&](VectorNo vector) { return gone.contains(vector); });
    const AnnSearchOptions options{.search = {.k = 5}, .breadth = 16};
    const auto answer = must(index.search(made.state, left, {&asked, 1}, options))[0];
    REQUIRE(answer.neighbours.size() == 5);
    CHECK(answer.neighbours[0].vector == near[nearest].vector);
    return answer.exact;
  };
  CHECK_FALSE(without(3));
  CHECK_FALSE(without(30));  // of 16 offers none counts, of 128 many do
  CHECK(without(300));
}

TEST_CASE("a thousand rounds of change, repair and search give no stale distance, no deleted id, and no growth") {
  Latent latent(5, 9, 4);
  Random& random = latent.random();
  Made made;
  std::map<std::string, std::vector<float>> model;
  const auto put = [&](const std::string& id, const std::vector<float>& values) {
    made.put(id, values);
    model[id] = values;
  };
  for (int i = 0; i < 200; ++i) put("v" + std::to_string(i), latent.vector());
  auto index = must(AnnIndex::build(made.state, kOnly, {.metric = Metric::l2, .links = 6, .breadth = 30}));
  std::size_t from_graph = 0, rebuilt = 0, most = 0;
  for (int round = 0; round < 1000; ++round) {
    for (std::size_t i = 0; i < 1 + random.below(4); ++i) {
      const std::string id = "v" + std::to_string(random.below(220));
      const auto known = model.find(id);
      if (random.below(5) == 0 && known != model.end()) {
        made.state.set_exists(*made.catalog.find_vector(kOnly, id), false);
        model.erase(known);
      } else if (known != model.end()) {
        put(id, latent.moved(known->second, random.below(2) == 0 ? 0.05f : 1.0f));
      } else {
        put(id, latent.vector());
        if (random.below(20) == 0) model[id][0] = std::numeric_limits<float>::quiet_NaN();
        made.put(id, model[id]);
      }
    }
    if (random.below(3) == 0) {
      rebuilt += must(index.repair(made.state, kOnly)).rebuilt;
      const auto counts = must(index.compare(made.state, kOnly));
      CHECK(counts.stale + counts.removed == 0);
    }
    most = std::max(most, index.nodes());
    const auto rows = must(made.state.rows(kOnly));
    REQUIRE(rows.size() == model.size());
    const auto query = latent.vector();
    const auto bits = bits_of(query);
    const SearchQuery asked{bits};
    const std::size_t k = 1 + random.below(12);
    const auto answer = must(index.search(made.state, rows, {&asked, 1}, {.search = {.k = k}}))[0];
    REQUIRE(answer.neighbours.size() == std::min(k, model.size()));
    from_graph += !answer.exact;
    std::set<VectorNo> once;
    for (const Neighbour& neighbour : answer.neighbours) {
      const auto found = model.find(std::string(made.catalog.id(neighbour.vector)));
      REQUIRE(found != model.end());
      REQUIRE(once.insert(neighbour.vector).second);
      const auto values = bits_of(found->second);
      const double order = nearest::DistanceFrom(Metric::l2, bits).order(values.data());
      REQUIRE(neighbour.distance == nearest::distance_of(Metric::l2, order));
    }
    REQUIRE(std::is_sorted(answer.neighbours.begin(), answer.neighbours.end(),
                           [](const Neighbour& a, const Neighbour& b) { return a.distance < b.distance; }));
  }
  CHECK(from_graph > 300);
  CHECK(rebuilt > 0);
  CHECK(most <= 220 * 3 / 2 + 1);
}

TEST_CASE("a repair keeps the recall after a fifth of the vectors moved") {
  // The size of the claim: DELTA_ANN=full. Otherwise one that takes a second.
  const char* const full = std::getenv("DELTA_ANN");
  const std::size_t rows = full != nullptr ? 20'000 : 2'000, dims = full != nullptr ? 384 : 48;
  const auto seconds = [](const auto& work) {  // of the processor
    const std::clock_t begin = std::clock();
    work();
    return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  };
  for (const float part : {1.0f, 0.3f, 0.1f}) {
    Latent latent(full != nullptr ? 32 : 12, dims, 5);
    Made made;
    std::vector<std::vector<float>> values;
    for (std::size_t i = 0; i < rows; ++i) {
      values.push_back(latent.vector());
      made.put("v" + std::to_string(i), values.back());
    }
    auto index = must(AnnIndex::build(made.state, kOnly));
    for (std::size_t i = 0; i < rows; i += 5) made.put("v" + std::to_string(i), latent.moved(values[i], part));
    AnnRepair done;
    const double repair = seconds([&] { done = must(index.repair(made.state, kOnly)); });
    CHECK(done.overwritten + done.relinked == (rows + 4) / 5);
    CHECK_FALSE(done.rebuilt);
    const AnnQuality quality = must(index.measure(made.state, kOnly));
    CHECK(quality.recall >= 0.95f);
    CHECK(recall_of(index, made.state, rows / 100 + 1) >= 0.94);  // of other queries
    if (full == nullptr) continue;
    std::optional<AnnIndex> anew;
    const double rebuild = seconds([&] { anew = must(AnnIndex::build(made.state, kOnly)); });
    std::printf("of the moved vectors %.4f, anew %.4f; ", recall_of(index, made.state, rows / 100, quality.breadth),
                recall_of(*anew, made.state, rows / 100, quality.breadth));
    std::printf("moved by %g: %llu overwritten, %llu linked anew, recall@10 %.4f with ef %u; ",
                static_cast<double>(part), static_cast<unsigned long long>(done.overwritten),
                static_cast<unsigned long long>(done.relinked), static_cast<double>(quality.recall), quality.breadth);
    std::printf("repair %.3f s, rebuild %.2f s: %.1f x\n", repair, rebuild, rebuild / repair);
  }
}

TEST_CASE("a repair that is bounded begins with what matters most, and says what it left") {
  Latent latent(6, 12, 6);
  Made made;
  std::vector<std::vector<float>> values;
  for (int i = 0; i < 300; ++i) {
    values.push_back(latent.vector());
    made.put("v" + std::to_string(i), values.back());
  }
  auto index = must(AnnIndex::build(made.state, kOnly));
  const auto stale = [&] {
    std::set<int> some;
    const auto rows = must(made.state.rows(kOnly));
    for (int i = 0; i < 10; ++i) {
      const SearchQuery asked{made.state.bits(rows[static_cast<std::size_t>(i)])};
      if (must(index.search(made.state, rows, {&asked, 1}, {.search = {.k = 1}}))[0].stale > 0) some.insert(i);
    }
    return some;
  };
  const auto back = [&] { index = std::move(must(read_ann(*memory_source("file", file_of(index))))[0]); };
  for (int i = 0; i < 10; ++i) {  // the first moves most; the last changed first
    const auto at = static_cast<std::size_t>(i);
    made.put("v" + std::to_string(i), latent.moved(values[at], 0.4f - 0.03f * static_cast<float>(i)));
  }
  CHECK(stale().size() == 10);
  const auto since = [&](Micros first) {
    return [&made, first](VectorNo v) { return first + 10 - std::stoul(std::string(made.catalog.id(v)).substr(1)); };
  };
  auto done = must(index.repair(made.state, kOnly, {.most = 3, .since = since(100), .time = 200}));
  CHECK(done.overwritten == 3);
  CHECK(done.left == 7);
  CHECK(index.time() == 200);
  CHECK(stale() == std::set<int>{3, 4, 5, 6, 7, 8, 9});
  back();
  // What was left is older than what changed since, whatever `since` says now, and changes again.
  CHECK(index.time() == 200);
  made.put("v0", latent.moved(values[0], 2));
  made.put("v9", latent.moved(values[9], 2));
  made.put("new", latent.vector());
  const AnnRepairOptions oldest{.order = AnnOrder::oldest, .most = 2, .since = since(300), .time = 400};
  done = must(index.repair(made.state, kOnly, oldest));
  CHECK(done.added == 1);  // created at 0
  CHECK(done.relinked == 1);
  CHECK(done.left == 7);
  CHECK(stale() == std::set<int>{0, 3, 4, 5, 6, 7, 8});
  back();
  int asked = 0;
  done = must(index.repair(made.state, kOnly, {.order = AnnOrder::oldest, .spent = [&] { return asked++ == 4; }}));
  CHECK(done.overwritten == 4);
  CHECK(done.left == 3);
  CHECK(asked == 5);
  CHECK(stale() == std::set<int>{0, 3, 4});
  done = must(index.repair(made.state, kOnly, {.most = 0}));
  CHECK(done.left == 3);
  done = must(index.repair(made.state, kOnly));
  CHECK(done.overwritten + done.relinked == 3);
  CHECK(done.left == 0);
  CHECK(stale().empty());
}

TEST_CASE("a bounded repair does not build anew, unless all vectors are within the bound") {
  Latent latent(6, 12, 7);
  const auto after = [&](const AnnRepairOptions& options, std::size_t nodes) {
    Made made;
    for (int i = 0; i < 100; ++i) made.put("v" + std::to_string(i), latent.vector());
    auto index = must(AnnIndex::build(made.state, kOnly));
    for (int i = 0; i < 60; ++i) made.put("v" + std::to_string(i), latent.vector());
    made.put("new", latent.vector());
    const auto done = must(index.repair(made.state, kOnly, options));
    CHECK(index.nodes() == nodes);
    const auto counts = must(index.compare(made.state, kOnly));
    CHECK(counts.stale + counts.unindexed == done.left);
    return done;
  };
  const auto due = after({.relink = 0, .most = 80}, 100);
  CHECK(due.due);
  CHECK(due.overwritten == 60);
  CHECK(due.left == 1);
  CHECK_FALSE(due.rebuilt);
  CHECK_FALSE(after({.relink = 0, .spent = [] { return false; }}, 100).rebuilt);
  CHECK(after({.relink = 0, .most = 101}, 101).rebuilt);
  CHECK(after({.relink = 0}, 101).rebuilt);
}

TEST_CASE("the drift is that of the stale vectors, as a part of their length") {
  Made made;
  for (int i = 0; i < 20; ++i) made.put("v" + std::to_string(i), {3, 4, static_cast<float>(i)});
  auto index = must(AnnIndex::build(made.state, kOnly));
  made.put("v0", {3, 5, 0});  // by 1 of 5
  made.put("v5", {3, 4, 0});  // by 5 of the root of 50
  made.put("new", {1, 1, 1});
  auto counts = must(index.compare(made.state, kOnly));
  CHECK(counts.rows() == 21);
  CHECK(counts.stale == 2);
  CHECK(counts.drifted == 1);
  CHECK(counts.mean_drift == Approx((0.2 + std::sqrt(0.5)) / 2));
  CHECK(counts.largest_drift == Approx(std::sqrt(0.5)));
  CHECK(must(index.compare(made.state, kOnly, {.relink = 0.1})).drifted == 2);
  must(index.repair(made.state, kOnly, {.relink = 1}));
  counts = must(index.compare(made.state, kOnly));
  CHECK(counts.stale + counts.drifted == 0);
  CHECK(counts.largest_drift == 0);
  made.put("v5", {0, 4, 0});  // by 3 of 5, beside what it moved before
  CHECK(must(index.compare(made.state, kOnly, {.relink = 1.3})).drifted == 1);
  CHECK(must(index.compare(made.state, kOnly, {.relink = 1.4})).drifted == 0);
  made.put("v5", {0, 0, 0});
  must(index.repair(made.state, kOnly));
  made.put("v5", {0, 0, 1});
  CHECK(std::isinf(must(index.compare(made.state, kOnly)).largest_drift));
}

TEST_CASE("vectors that are not chosen stay as they are, in the index or not") {
  Latent latent(6, 12, 8);
  Made made;
  std::vector<std::vector<float>> values;
  for (int i = 0; i < 400; ++i) {
    values.push_back(latent.vector());
    made.put("v" + std::to_string(i), values.back());
  }
  const auto first = [&](std::size_t from, std::size_t to) {
    return VectorSet(std::span(made.rows).subspan(from, to - from));
  };
  auto index = must(AnnIndex::build(made.state, kOnly, {}, first(0, 300)));
  CHECK(index.size() == 300);
  auto counts = must(index.compare(made.state, kOnly));
  CHECK(counts.synchronised == 300);
  CHECK(counts.unindexed == 100);
  CHECK(must(index.compare(made.state, kOnly, {.vectors = first(290, 305)})).unindexed == 5);
  CHECK(must(index.measure(made.state, kOnly)).recall >= 0.95f);  // of those that it holds
  // A search of the chosen ones goes by the graph; one of all compares all.
  const SearchQuery asked{made.state.bits(made.rows[0])};
  const auto rows = must(made.state.rows(kOnly));
  CHECK_FALSE(must(index.search(made.state, std::span(rows).first(300), {&asked, 1}))[0].exact);
  CHECK(must(index.search(made.state, rows, {&asked, 1}))[0].exact);
  for (const std::size_t i : {0u, 1u, 310u, 311u}) {
    made.put("v" + std::to_string(i), latent.moved(values[i], 0.1f));
  }
  made.state.set_exists(made.rows[5], false);
  auto done = must(index.repair(made.state, kOnly, {.vectors = first(1, 311)}));
  CHECK(done.overwritten == 1);
  CHECK(done.added == 11);
  CHECK(done.removed == 1);
  CHECK(done.left == 0);
  counts = must(index.compare(made.state, kOnly));
  CHECK(counts.stale == 1);
  CHECK(counts.unindexed == 89);
  CHECK(counts.removed == 0);
  done = must(index.repair(made.state, kOnly, {.vectors = first(311, 312), .anew = true}));
  CHECK(done.rebuilt);
  CHECK(index.nodes() == 311);
  CHECK(must(index.compare(made.state, kOnly)).unindexed == 88);
}

TEST_CASE("an index that cannot be is refused") {
  Made made;
  made.put("a", {1, 2});
  for (const AnnOptions& options : {AnnOptions{.links = 1}, AnnOptions{.links = 257},
                                    AnnOptions{.links = 16, .breadth = 15}, AnnOptions{.breadth = 70'000}}) {
    CHECK(AnnIndex::build(made.state, kOnly, options).error().code == ErrorCode::usage);
  }
}
