// The laws through files: a random world written as an encoder writes it, commit by commit, and read back as a log.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "delta/blame.hpp"
#include "delta/compact.hpp"
#include "delta/encode.hpp"
#include "delta/log.hpp"
#include "delta/snapshot.hpp"
#include "delta/verify.hpp"
#include "sample_log.hpp"
#include "world.hpp"
#include "world_file.hpp"

using namespace world;
using sample::must;

namespace {

using Names = std::vector<std::string>;

/// Vectors of the log whose ids are these, by number.
delta::VectorSet named(const delta::Log& log, const Names& ids) {
  delta::VectorSet out;
  for (const delta::VectorNo v : delta::numbers<delta::VectorNo>(log.catalog().vectors())) {
    if (std::ranges::find(ids, log.catalog().id(v)) != ids.end()) out.insert(v);
  }
  return out;
}

/// Everything that a log says of vectors with these ids at a cut, by id.
std::map<std::string, std::string> told(const delta::Log& log, const Names& ids, const delta::CutOptions& cut) {
  const auto wanted = named(log, ids);
  const auto state = must(delta::snapshot(log, cut, wanted));
  std::map<std::string, std::string> out;
  for (const delta::VectorNo v : wanted.numbers()) {
    std::string& text = out[std::string(log.catalog().id(v))];
    if (!state.exists(v)) continue;
    for (const auto bits : state.bits(v)) text += std::to_string(bits) + " ";
    text += state.metadata(v);
    for (const auto& run : must(delta::blame(log, v, cut)).runs) {
      text += "\n" + std::to_string(run.first);
      for (const auto* refs : {&run.chosen, &run.transforms, &run.losers}) {
        for (const auto& ref : *refs) text += " " + log.dot_text(ref.dot) + "@" + std::to_string(index(ref.commit));
        text += ";";
      }
    }
  }
  return out;
}

/// The dots of their deltas, in order of reading.
Names dots(const delta::Log& log, const Names& ids) {
  const auto wanted = named(log, ids);
  Names out;
  must(log.each(wanted, [&](const delta::DeltaBatch& batch) -> delta::Status {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (wanted.contains(batch.vectors[i]))
        out.push_back(log.dot_text({log.commit(batch.commits[i]).origin, batch.seqs[i]}));
    }
    return {};
  }));
  return out;
}

}  // namespace

TEST_CASE("a log opened for some ids says of them what the whole log says, and hashes are those of the whole") {
  CHECK(check_histories("some ids", 0.3, [](const Plan& plan) {
    const World w = admissible(play(plan));
    if (w.commits.empty()) return;
    const std::string path = directory().file("some.dlog"), packed = directory().file("packed.dlog");
    must(write_world(w, path));
    const std::string paths[] = {path};
    must(delta::compact(paths, packed, {.threads = 1, .force = true}));
    const Names ids =
        *rc::gen::container<Names>(rc::gen::map(rc::gen::inRange(0, 5), [](int v) { return std::to_string(v); }));
    for (const Names& files : {Names{path}, Names{packed}, Names{packed, path}}) {
      const auto whole = must(delta::Log::open(files, {.threads = 1}));
      const auto some = must(delta::Log::open(files, {.threads = 1, .ids = ids}));
      RC_ASSERT(some.catalog().vectors() <= ids.size());
      RC_ASSERT(dots(some, ids) == dots(whole, ids));
      RC_ASSERT(must(some.hashes()) == must(whole.hashes()));
      RC_ASSERT(told(some, ids, {}) == told(whole, ids, {}));
      const Delta& d = w.deltas[w.deltas.size() / 2];
      RC_ASSERT(told(some, ids, {.at = d.hlc >> 12}) == told(whole, ids, {.at = d.hlc >> 12}));
      const auto dot = must(whole.parse_dot(d.origin + ":" + std::to_string(d.seq)));
      RC_ASSERT(told(some, ids, {.at = {}, .as_seen_by = {dot}}) == told(whole, ids, {.at = {}, .as_seen_by = {dot}}));
    }
  }));
}

TEST_CASE("a world written by an encoder reads back as the world, at every cut, and verifies") {
  CHECK(check_histories("the laws through files", 1, [](const Plan& plan) {
    const World w = admissible(play(plan));
    if (w.commits.empty()) return;
    const std::string path = directory().file("world.dlog");
    const auto written = write_world(w, path);
    if (!written) RC_FAIL(written.error().text() + "\n" + show(w));
    const std::string paths[] = {path};
    const auto report = must(delta::verify(paths, {delta::VerifyLevel::chain, 1}));
    for (const auto& finding : report.findings) RC_LOG() << finding.where << ": " << finding.what << "\n";
    RC_ASSERT(report.verdict == delta::Verdict::ok);
    const auto log = must(delta::Log::open(paths, {1}));
    compare(log, w, w.deltas, {});
    for (std::size_t i = 0; i < w.deltas.size(); i += 1 + w.deltas.size() / 3) {
      const Delta& d = w.deltas[i];
      const delta::Micros at = d.hlc >> 12;
      auto until = w.deltas, seen = w.deltas;
      std::erase_if(until, [&](const Delta& o) { return o.hlc >> 12 > at; });
      std::erase_if(seen, [&](const Delta& o) { return !happens_before(o, d) && o.key() != d.key(); });
      compare(log, w, until, {.at = at});
      compare(log, w, seen, {.as_seen_by = {must(log.parse_dot(d.origin + ":" + std::to_string(d.seq)))}});
    }
  }));
}
