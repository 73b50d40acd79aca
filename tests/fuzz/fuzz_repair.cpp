// Any bytes as a damaged log: it is refused, or what is saved of it verifies and can be read.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>

#include "delta/log.hpp"
#include "delta/repair.hpp"
#include "delta/snapshot.hpp"
#include "scratch.hpp"

using namespace delta;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const scratch::Directory dir;
  const std::string paths[] = {dir.file("bad.dlog")}, to = dir.file("out.dlog");
  scratch::write(paths[0], {data, data + size});
  auto out = OutputFile::create(to, {.force = true});
  if (!out) std::abort();
  const auto report = repair(paths, *out, {.threads = 1});
  if (!report) return 0;
  const auto bytes = out->read_back();  // repair() has verified it
  if (!bytes) std::abort();
  const auto log = Log::open({&*bytes, 1}, {.threads = 1});
  if (!log || log->lost() != report->lost) std::abort();
  if (log->commits() < 100) static_cast<void>(snapshot(*log));
  return 0;
}
