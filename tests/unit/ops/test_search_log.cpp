// A search of a log part by part finds what a search of its whole state finds.
#include <catch2/catch.hpp>

#include "delta/search_log.hpp"
#include "index_states.hpp"
#include "sample_log.hpp"

using namespace delta;
using index_states::Random;
using sample::must;

namespace {

constexpr NamespaceNo kOnly{0};

/// 60 vectors of few values, so that many are equally near; some deleted, some created again, so that their rows are
/// not in the order of their numbers.
void write(const std::string& path) {
  Random random(3);
  std::vector<sample::Line> lines;
  const auto some = [&] {
    std::vector<float> values(4);
    for (float& value : values) value = static_cast<float>(random.below(3));
    return values;
  };
  for (int i = 0; i < 60; ++i) {
    lines.push_back(
        {"v" + std::to_string(i), Operation::create, some(), {}, "main", i % 2 == 0 ? R"({"even":true})" : ""});
  }
  for (int i = 0; i < 60; i += 7) lines.push_back({"v" + std::to_string(i), Operation::remove, {}});
  for (int i = 0; i < 60; i += 14) lines.push_back({"v" + std::to_string(i), Operation::create, some()});
  auto encoder = must(Encoder::create(path, {}, {.force = true}));
  sample::add(encoder, lines, 1'000'000);
  must(encoder.finish());
}

bool same(const LogNeighbours& a, const LogNeighbours& b) {
  if (a.rows != b.rows || a.of.size() != b.of.size()) return false;
  for (std::size_t q = 0; q < a.of.size(); ++q) {
    if (a.of[q].size() != b.of[q].size()) return false;
    for (std::size_t i = 0; i < a.of[q].size(); ++i) {
      const Neighbour &x = a.of[q][i], &y = b.of[q][i];
      if (x.vector != y.vector || x.at != y.at || x.distance != y.distance) return false;
    }
  }
  return true;
}

}  // namespace

TEST_CASE("a log that is searched part by part gives what its state gives") {
  const scratch::Directory directory;
  const std::string fresh = directory.file("fresh.dlog"), packed = directory.file("packed.dlog");
  write(fresh);
  must(compact(std::span(&fresh, 1), packed, {}));
  for (const std::string& path : {fresh, packed}) {
    const Log log = must(Log::open({&path, 1}));
    for (const bool all : {true, false}) {
      const CutOptions cut = all ? CutOptions{} : CutOptions{.at = 1'000'050'000'000};
      const State state = must(snapshot(log, cut));
      const auto takes = [&](const State& some, VectorNo vector) { return all || !some.metadata(vector).empty(); };
      auto rows = must(state.rows(kOnly));
      std::erase_if(rows, [&](VectorNo vector) { return !takes(state, vector); });
      const std::vector<std::uint32_t> bits = index_states::bits_of({1, 1, 0, 2});
      const SearchQuery queries[] = {{bits}, {state.bits(rows[3]), rows[3]}};
      for (const std::size_t k : {1u, 7u, 100u}) {
        const SearchOptions search{.k = k, .metric = all ? Metric::l2 : Metric::cosine};
        const LogNeighbours wanted{must(search_exact(state, rows, queries, search)), rows.size()};
        for (const std::uint64_t memory : {1u, 700u, 1u << 20}) {
          CAPTURE(path, all, k, memory);
          CHECK(same(must(search_log(log, cut, kOnly, VectorSet::all(), queries, {search, memory, takes})), wanted));
        }
      }
    }
  }
}

TEST_CASE("a search part by part of no vector, and of a cut that is not there") {
  const scratch::Directory directory;
  const std::string path = directory.file("a.dlog");
  write(path);
  const Log log = must(Log::open({&path, 1}));
  const std::vector<std::uint32_t> bits(4, 0);
  const SearchQuery query{bits};
  const auto none = must(search_log(log, {}, kOnly, {}, {&query, 1}));
  CHECK(none.rows == 0);
  REQUIRE(none.of.size() == 1);
  CHECK(none.of[0].empty());
  CHECK(search_log(log, {.as_seen_by = {{OriginNo{0}, 900}}}, kOnly, {}, {&query, 1}).error().code ==
        ErrorCode::not_found);
  CHECK(search_log(log, {}, kOnly, VectorSet::all(), {&query, 1}, {.search = {.k = 0}}).error().code ==
        ErrorCode::usage);
}
