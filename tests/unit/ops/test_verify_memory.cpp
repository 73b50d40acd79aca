// verify says the same of a packed log when it may keep next to nothing of it in memory.
#include <catch2/catch.hpp>

#include "delta/verify.hpp"
#include "sample_log.hpp"

using namespace delta;
using sample::must;

namespace {

/// 200 commits of 15 deltas each, every 15th delta of one vector.
void write_many(const std::string& path) {
  auto encoder = must(Encoder::create(path, {}, {.threads = 1, .commit_every = 15}));
  for (std::uint32_t i = 0; i < 3'000; ++i) {
    const std::uint32_t bits[] = {sample::bits(static_cast<float>(i)), sample::bits(0.5f)};
    DeltaInput input;
    const std::string id = "v" + std::to_string(i % 15);
    input.id = id;
    input.op = i < 15 ? Operation::create : Operation::dense;
    input.bits = bits;
    input.at = 1'000'000 + i;
    must(encoder.delta(input));
  }
  must(encoder.finish());
}

VerifyReport report_of(const std::string& path, std::uint64_t memory) {
  const std::string paths[] = {path};
  return must(verify(paths, {.threads = 1, .memory = memory}));
}

}  // namespace

TEST_CASE("verify of a packed log finds the same whatever memory it may take") {
  scratch::Directory dir;
  const std::string log[] = {dir.file("log.dlog")}, packed = dir.file("packed.dlog"), pruned = dir.file("pruned.dlog");
  write_many(log[0]);
  must(compact(log, packed, {.threads = 1}));
  must(compact(log, pruned, {.threads = 1, .keep = {{.kind = KeepRule::Kind::last, .count = 3}}}));
  for (const auto& path : {log[0], packed, pruned}) {
    const auto much = report_of(path, 256 << 20), little = report_of(path, 0);
    CHECK(much.verdict == Verdict::ok);
    CHECK(little.verdict == Verdict::ok);
    CHECK(little.deltas == much.deltas);
    REQUIRE(little.findings.size() == much.findings.size());
    for (std::size_t i = 0; i < much.findings.size(); ++i) CHECK(little.findings[i].what == much.findings[i].what);
  }
}
