// A whole log file, its checksums made right so that every parser behind them is reached; then all that reads a log.
#include <sys/mman.h>
#include <unistd.h>

#include <string>

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
  const int fd = ::memfd_create("log", 0);
  if (::write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) std::abort();
  const std::string paths[] = {"/proc/self/fd/" + std::to_string(fd)};
  const auto report = verify(paths, {VerifyLevel::chain, 1});
  if (const auto log = Log::open(paths, {1})) {
    const auto state = snapshot(*log);
    const auto hashes = log->hashes();
    // What verify calls good, everything reads.
    if (report && report->verdict == Verdict::ok && (!state || !hashes)) std::abort();
  }
  ::close(fd);
  return 0;
}
