#include "os/spool.hpp"

#include <unistd.h>

#include <atomic>
#include <cstdlib>

#include "delta/text.hpp"
#include "os/syscalls.hpp"

namespace delta::os {
namespace {

std::string directory() {
  const char* const set = std::getenv("TMPDIR");
  return set != nullptr && *set != '\0' ? set : "/tmp";
}

Error failed(Error why) {
  why.message = "no temporary file in " + quote(directory()) + ": " + why.message;
  return std::move(why).with_hint("set TMPDIR to a directory with enough room");
}

}  // namespace

Result<Spool> Spool::create() {
  static std::atomic<unsigned> counter = 0;
  while (true) {
    auto file = OutputFile::create(
        directory() + "/deltalog-" + std::to_string(::getpid()) + "-" + std::to_string(counter++) + ".spool", {});
    if (file) return Spool(std::move(file).value());
    if (file.error().code != ErrorCode::exists) return failed(std::move(file).error());
  }
}

Status Spool::write(std::span<const std::uint8_t> bytes) {
  if (auto written = file_.write(bytes); !written) return failed(std::move(written).error());
  return {};
}

Result<InputFile> Spool::finish() && {
  const std::string path = file_.name();
  if (auto done = file_.commit(); !done) return failed(std::move(done).error());
  auto input = InputFile::open(path);
  sys().unlink(path.c_str());
  let_signals_kill();  // what was committed is not what the command is for
  return input;
}

}  // namespace delta::os
