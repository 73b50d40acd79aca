#include "delta/locked_log.hpp"

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "base/boundary.hpp"
#include "os/append_file.hpp"

namespace delta {

struct LockedLog::State {
  std::string path;
  Options options;
  os::AppendFile file;
};

LockedLog::LockedLog(std::unique_ptr<State> state) : state_(std::move(state)) {}
LockedLog::LockedLog(LockedLog&&) noexcept = default;
LockedLog& LockedLog::operator=(LockedLog&&) noexcept = default;
LockedLog::~LockedLog() = default;

Result<LockedLog> LockedLog::open(const std::string& path, Options options) try {
  const Boundary boundary;
  if (path == "-") return error(ErrorCode::usage, "only a file can be replaced, not '-'");
  std::error_code failed;
  const auto resolved = std::filesystem::canonical(path, failed);
  const std::string name =
      failed || resolved == std::filesystem::absolute(path).lexically_normal() ? path : resolved.string();
  DELTA_TRY(os::AppendFile file, os::AppendFile::open(name, options.wait));
  if (file.hard_links() > 1 && !options.force) {
    return error(ErrorCode::io,
                 "has " + std::to_string(file.hard_links()) + " hard links: the others would keep the old file")
        .in(path)
        .with_hint("-f replaces it under this name");
  }
  return LockedLog(std::make_unique<State>(State{name, options, std::move(file)}));
} catch (...) {
  return caught();
}

const std::string& LockedLog::path() const noexcept { return state_->path; }

Result<OutputFile> LockedLog::create_output() const try {
  const Boundary boundary;
  return OutputFile::create(state_->path, {.force = true});
} catch (...) {
  return caught();
}

Result<bool> LockedLog::changed_by(OutputFile& output) const try {
  const Boundary boundary;
  DELTA_TRY(const bool same, output.same_as(state_->path));
  DELTA_OK(state_->file.check_named());
  if (!same && !output.caution().empty() && !state_->options.force) {
    return error(ErrorCode::io, output.caution()).in(state_->path).with_hint("-f replaces it all the same");
  }
  return !same;
} catch (...) {
  return caught();
}

}  // namespace delta
