// What a reader gets after any cursor that it may have come to.
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "delta/compact.hpp"
#include "delta/feed.hpp"
#include "sample_log.hpp"
#include "world.hpp"
#include "world_file.hpp"

using namespace world;
using sample::must;

namespace {

struct Given {
  std::vector<delta::CommitNo> commits;
  std::vector<std::string> dots;
};

Given read(const delta::Log& log, delta::Cursor cursor) {
  Given given;
  auto feed = must(delta::Feed::after(log, std::move(cursor)));
  delta::FeedBatch batch;
  while (must(feed.next(batch))) {
    given.commits.insert(given.commits.end(), batch.commits.begin(), batch.commits.end());
    for (std::size_t i = 0; i < batch.deltas.size(); ++i) {
      given.dots.push_back(log.dot_text({log.commit(batch.deltas.commits[i]).origin, batch.deltas.seqs[i]}));
    }
  }
  RC_ASSERT(feed.cursor() == must(log.cursor()));
  return given;
}

}  // namespace

TEST_CASE("after any cursor come the commits behind it, each once and after its causes, with all of their deltas") {
  CHECK(check_histories("feed", 0.5, [](const Plan& plan) {
    const World w = admissible(play(plan));
    if (w.commits.empty()) return;
    const std::string path = directory().file("feed.dlog"), packed = directory().file("packed.dlog");
    must(write_world(w, path));
    const std::string paths[] = {path};
    must(delta::compact(paths, packed, {.threads = 1, .force = true}));
    const auto split = *rc::gen::inRange<std::size_t>(0, w.commits.size() + 1);
    for (const std::string& file : {path, packed}) {
      const std::string one[] = {file};
      const auto log = must(delta::Log::open(one, {.threads = 1}));
      const auto order = must(log.commits_in_causal_order());
      delta::Cursor cursor;
      for (std::size_t i = 0; i < std::min(split, order.size()); ++i) {
        const auto& commit = log.commit(order[i]);
        cursor.advance(log.catalog().origin(commit.origin), commit.last());
      }
      const Given given = read(log, cursor);
      const std::vector<delta::CommitNo> rest(
          order.begin() + static_cast<std::ptrdiff_t>(std::min(split, order.size())), order.end());
      RC_ASSERT(given.commits == rest);
      std::vector<std::string> dots;
      for (const auto number : rest) {
        const auto& commit = log.commit(number);
        for (std::uint64_t i = 0; i < commit.deltas(); ++i)
          dots.push_back(log.dot_text({commit.origin, commit.first + i}));
      }
      RC_ASSERT(given.dots == dots);
    }
  }));
}
