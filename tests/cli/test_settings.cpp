// Commits that change no vector, as lists show them.
#include <catch2/catch.hpp>
#include <vector>

#include "delta/encode.hpp"
#include "json_rows.hpp"
#include "logs.hpp"
#include "sample_log.hpp"
#include "texts.hpp"

using namespace deltalog;

TEST_CASE("a setting is told by what it sets, and a commit that is one has no deltas") {
  const scratch::Directory dir;
  const std::string paths[] = {dir.file("a.dlog")};
  auto encoder = sample::must(delta::Encoder::create(paths[0], {}, {.message = "why"}));
  sample::add(encoder, sample::first_lines(), 1'000'000);
  sample::must(encoder.set("policy max@/0-15", 2'000'000'000'000));
  sample::must(encoder.set("tag 1700000000000000 v\u202e1", 3'000'000'000'000));
  sample::must(encoder.finish());
  const auto log = sample::must(delta::Log::open(paths, {1}));
  std::vector<std::string> texts, lines;
  for (const auto number : sample::must(log.commits_in_key_order())) {
    if (log.commit(number).setting.empty()) continue;
    texts.push_back(setting_text(log.commit(number).setting));
    std::string line;
    json_setting(line, log, number);
    json_commit(line, log, number, nullptr);
    lines.push_back(line);
  }
  CHECK(texts == std::vector<std::string>{"policy max@/0-15", "tag v\\xe2\\x80\\xae1 at 2023-11-14T22:13:20Z"});
  REQUIRE(lines.size() == 2);
  CHECK_THAT(lines[0], Catch::StartsWith(R"({"type":"setting","v":1,"dot":"main:)"));
  CHECK_THAT(lines[0], Catch::Contains(R"("time":"1970-01-24T03:33:20Z","tick":0,"setting":"policy max@/0-15"})"));
  CHECK_THAT(lines[0], Catch::Contains(R"("deltas":0,)"));
  CHECK_THAT(lines[1], Catch::Contains("\"setting\":\"tag 1700000000000000 v\\u202e1\",\"message\":"));
}
