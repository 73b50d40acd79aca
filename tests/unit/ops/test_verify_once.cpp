// verify reads a log that is in order once.
#include <algorithm>
#include <catch2/catch.hpp>

#include "delta/verify.hpp"
#include "unit/store/counted.hpp"

using namespace delta;
using sample::must;

namespace {

VerifyReport verify_counted(const std::shared_ptr<const counted::Counted>& source) {
  const std::shared_ptr<const ByteSource> sources[] = {source};
  return must(verify(sources, {.threads = 1}));
}

}  // namespace

TEST_CASE("verify reads each byte of a log that is in order once, and headers of frames twice") {
  for (const auto& bytes : {counted::fresh_log(), counted::packed_log()}) {
    const auto source = std::make_shared<const counted::Counted>(bytes);
    const auto report = verify_counted(source);
    CHECK(report.verdict == Verdict::ok);
    CHECK(source->bytes >= bytes.size());
    CHECK(source->bytes <= bytes.size() + report.frames * 192);
  }
}

TEST_CASE("verify says of damage what a scan of all frames says") {
  auto bytes = counted::packed_log();
  bytes[bytes.size() / 2] ^= 1;
  const auto source = std::make_shared<const counted::Counted>(bytes);
  const auto report = verify_counted(source);
  CHECK(report.verdict == Verdict::corrupt);
  CHECK(std::ranges::count(report.findings, "the payload does not match its checksum", &Finding::what) == 1);
}
