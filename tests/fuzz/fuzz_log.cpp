// A whole log file, its checksums made right so that every parser behind them is reached; then all that reads a log.
#include <cstdlib>
#include <memory>

#include "../log_fixup.hpp"
#include "delta/log.hpp"
#include "delta/snapshot.hpp"
#include "delta/verify.hpp"
#include "format/tables.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace delta;
  if (size < 1 || size > 1 << 20) return 0;
  std::vector<std::uint8_t> bytes(data + 1, data + size);
  format::Postings postings;  // behind a checksum and zstd a mutation hardly comes to them
  if (format::read_postings(bytes, static_cast<std::uint32_t>(data[0]), 300, postings)) {
    Buffer again;
    format::write_postings(postings, again);
    if (again != bytes) std::abort();
  }
  if (data[0] & 1) fixup::seal(bytes);
  const std::shared_ptr<const ByteSource> sources[] = {memory_source("log", bytes)};
  const auto report = verify(sources, {VerifyLevel::chain, 1});
  if (const auto log = Log::open(sources, {1})) {
    const auto state = snapshot(*log);
    const auto hashes = log->hashes();
    // What verify calls good, everything reads.
    if (report && report->verdict == Verdict::ok && (!state || !hashes)) std::abort();
  }
  return 0;
}
