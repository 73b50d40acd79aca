// The laws through files: a random world written as an encoder writes it, commit by commit, and read back as a log.
#include <catch2/catch.hpp>

#include <algorithm>

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

const scratch::Directory& directory() {
  static const scratch::Directory dir;
  return dir;
}

}  // namespace

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
      compare(log, w, until, {at, {}});
      compare(log, w, seen, {{}, must(log.parse_dot(d.origin + ":" + std::to_string(d.seq)))});
    }
  }));
}
