// What is recorded of an accuracy, and when.
#include <bit>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "delta/accuracy.hpp"
#include "delta/encode.hpp"
#include "delta/setting.hpp"
#include "sample_log.hpp"

using namespace delta;
using sample::must;

namespace {

std::uint32_t f(float x) { return std::bit_cast<std::uint32_t>(x); }

void encode(Encoder& encoder, const std::string& name_space, std::vector<float> row, Micros second) {
  std::vector<std::uint32_t> bits;
  for (const float x : row) bits.push_back(f(x));
  DeltaInput input;
  input.id = "v";
  input.name_space = name_space;
  input.bits = bits;
  input.at = second * 1'000'000;
  must(encoder.delta(input));
}

EncodeOptions lossy(const std::string& accuracy) {
  EncodeOptions options;
  options.threads = 1;
  if (!accuracy.empty()) options.accuracy = must(Accuracy::parse(accuracy));
  return options;
}

std::string settings(const std::string& path) {
  const std::string paths[] = {path};
  const Log log = must(Log::open(paths, {1}));
  std::string out;
  for (const CommitNo number : must(log.commits_in_key_order())) {
    const std::string setting(log.commit(number).setting);
    out += (setting.empty() ? "-" : setting) + "; ";
  }
  out += "now";
  for (const auto& recorded : must(log.accuracies())) out += " " + recorded.name_space + ":" + recorded.text;
  return out;
}

}  // namespace

TEST_CASE("an accuracy is recorded once for each namespace, when something is written under it") {
  const scratch::Directory dir;
  const std::string path = dir.file("a.dlog");
  {
    auto encoder = must(Encoder::create(path, {}, lossy("f16")));
    encode(encoder, "", {1, 2}, 1);
    encode(encoder, "n", {1}, 2);
    encode(encoder, "", {1, 3}, 3);
    must(encoder.finish());
  }
  CHECK(settings(path) == "accuracy f16@%; -; accuracy f16@n; -; now :f16 n:f16");

  for (const std::string accuracy : {"f16", ""}) {  // what it is already; and exact values
    auto more = must(Encoder::append(path, lossy(accuracy)));
    encode(more, "", {1, accuracy.empty() ? 0.1f : 4}, accuracy.empty() ? 5 : 4);
    must(more.finish());
  }
  CHECK(settings(path) == "accuracy f16@%; -; accuracy f16@n; -; -; -; now :f16 n:f16");

  for (const float x : {1.0f, 7.0f}) {  // what is there, and on the lattice; and what is not
    auto encoder = must(Encoder::append(path, lossy("max-error=0.5")));
    encode(encoder, "n", {x}, 6);
    CHECK(must(encoder.finish()).unchanged == (x == 1 ? 1u : 0u));
  }
  CHECK(settings(path) ==
        "accuracy f16@%; -; accuracy f16@n; -; -; -; accuracy max-error=0.5@n; -; now :f16 n:max-error=0.5");
}

TEST_CASE("commits that state what they have seen have seen it still") {
  const scratch::Directory dir;
  const std::string path = dir.file("a.dlog");
  auto encoder = must(Encoder::create(path, {}, lossy("max-error=0.5")));
  encode(encoder, "", {1, 2}, 1);
  const std::string_view parents[] = {"main:2"};
  for (const std::string_view origin : {"ann", "bob"}) {
    const std::vector<std::uint32_t> bits{f(3), f(4)};
    DeltaInput input;
    input.id = "v";
    input.bits = bits;
    input.at = 2'000'000;
    input.origin = origin;
    input.parents = parents;
    must(encoder.delta(input));
  }
  must(encoder.finish());
  const std::string paths[] = {path};
  const Log log = must(Log::open(paths, {1}));
  const auto number = [&](const std::string& dot) { return *log.find_commit(must(log.parse_dot(dot))); };
  CHECK(!log.sees(number("ann:1"), must(log.parse_dot("bob:1"))));
  CHECK(!log.sees(number("bob:1"), must(log.parse_dot("ann:1"))));
  CHECK(log.sees(number("bob:1"), must(log.parse_dot("main:2"))));
}

// ---- what is left of a search ----
