// Each check of verify that looks at bytes is the only one to find some change of them, even if whoever made the change
// mended all checksums: with the check left out, that log passes for better.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "counted.hpp"
#include "log_fixup.hpp"
#include "ops/verify.hpp"
#include "ops/verify_content.hpp"
#include "sample_log.hpp"

using namespace delta;
using sample::must;

namespace {

using Bytes = std::vector<std::uint8_t>;

void put(const std::string& path, const Bytes& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

std::size_t findings(const std::string& path, const ops::Checks& checks) {
  const auto report = ops::verify(std::vector{path}, {.threads = 1}, checks);
  return report ? report->findings.size() : 0;
}

/// Takes from `open` each check without which this log would pass for better.
void prove(const std::string& path, std::set<std::string_view>& open) {
  const std::size_t all = findings(path, {});
  if (all == 0) return;
  std::erase_if(open, [&](std::string_view check) { return findings(path, ops::Checks::all_but(check)) < all; });
}

/// Changes each of these bytes in some ways, mends what binds it to its place, and lets verify look.
void change_each(const std::string& path, std::size_t begin, std::size_t end, std::set<std::string_view>& open) {
  const Bytes whole = scratch::read(path);
  for (std::size_t at = begin; at < std::min(end, whole.size()) && !open.empty(); ++at) {
    for (const int change : {1, 255, 128}) {
      Bytes bytes = whole;
      bytes[at] = static_cast<std::uint8_t>(bytes[at] + change);
      fixup::seal(bytes);
      put(path, bytes);
      prove(path, open);
    }
  }
}

void change_all(const std::string& path, std::set<std::string_view>& open) {
  change_each(path, format::kHeaderBytes, ~std::size_t{0}, open);
}

/// So large that it has several blocks, and a table that says which vectors are in which.
void write_blocks(const std::string& path) {
  auto encoder = must(Encoder::create(path, {}, {.force = true}));
  std::vector<sample::Line> lines;
  for (int i = 0; i < 300; ++i) {
    lines.push_back({"v" + std::to_string(i % 150), {}, std::vector<float>(4096, static_cast<float>(i))});
  }
  sample::add(encoder, lines, 1'000'000);
  must(encoder.finish());
}

/// Where the payload of the first frame of a type is.
std::pair<std::size_t, std::size_t> payload_of(const std::string& path, format::FrameType type) {
  const Bytes bytes = scratch::read(path);
  std::size_t at = format::kHeaderBytes;
  while (at + format::kFrameBytes <= bytes.size() && bytes[at + 4] != static_cast<std::uint8_t>(type)) {
    at += format::kFrameBytes + format::padded(format::load<std::uint32_t>(bytes.data() + at + 16));
  }
  REQUIRE(at + format::kFrameBytes <= bytes.size());
  return {at + format::kFrameBytes, at + format::kFrameBytes + format::load<std::uint32_t>(bytes.data() + at + 16)};
}

}  // namespace

TEST_CASE("a change of sealed bytes is found by one check alone") {
  scratch::Directory dir;
  const std::string path = dir.file("a.dlog");
  const auto of_segments = ops::ContentCheck::names();
  std::set<std::string_view> open(of_segments.begin(), of_segments.end());
  open.erase("rules");  // see test_verify_checks.cpp
  sample::write_log(path);
  change_all(path, open);
  sample::write_pruned(path);
  change_all(path, open);
  const std::string whole[] = {dir.file("whole.dlog")};
  sample::write_log(whole[0]);
  must(compact(whole, path, {.threads = 1, .force = true}));
  change_all(path, open);
  write_blocks(path);
  const auto [begin, end] = payload_of(path, format::FrameType::postings);
  change_each(path, begin, end, open);
  for (const auto check : open) FAIL_CHECK(check << " is never alone");
  torture::counted(of_segments.size(), "checks");
}
