// Paths to files: a directory stands for the logs in it.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/boundary.hpp"
#include "delta/lookup.hpp"
#include "os/directory.hpp"
#include "store/union.hpp"

namespace delta::store {

namespace {

/// The logs of a directory. What only looks like one is named in `notices`: to open a pipe would be to wait for its
/// other end.
Result<std::vector<std::string>> logs_inside(const std::string& directory, std::vector<Finding>& notices) {
  std::vector<std::string> inside;
  DELTA_TRY(auto entries, os::entries(directory, ".dlog"));
  for (os::Entry& entry : entries) {
    const bool nowhere = entry.kind == os::Entry::Kind::nowhere;
    if (!nowhere && entry.kind != os::Entry::Kind::other) {  // what must not be looked at is an error when it is opened
      inside.push_back(std::move(entry.path));
    } else {
      notices.push_back({Verdict::ok, std::move(entry.path), 0, "",
                         nowhere ? "a link that leads nowhere, skipped" : "not a regular file, skipped", ""});
    }
  }
  if (inside.empty()) return error(ErrorCode::not_found, "no *.dlog in this directory").in(directory);
  return inside;
}

}  // namespace

Result<std::vector<std::string>> log_files(std::span<const std::string> paths, std::vector<Finding>& notices) {
  std::vector<std::string> files;
  for (const auto& path : paths) {
    if (path == "-" || !os::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    DELTA_TRY(const auto inside, logs_inside(path, notices));
    files.insert(files.end(), inside.begin(), inside.end());
  }
  return files;
}

Result<std::shared_ptr<const ByteSource>> open_log_file(const std::string& path) {
  DELTA_TRY(InputFile opened, InputFile::open_acknowledged(path));
  if (opened.size() == 0) {
    return error(ErrorCode::corrupt, "empty file (0 bytes)")
        .in(opened.name())
        .with_hint("often a producer that failed before it wrote anything");
  }
  return std::shared_ptr<const ByteSource>(std::make_shared<const InputFile>(std::move(opened)));
}

}  // namespace delta::store

namespace delta {

Result<std::vector<std::string>> log_files(std::span<const std::string> paths, std::vector<Finding>& notices) try {
  const Boundary boundary;
  return store::log_files(paths, notices);
} catch (...) {
  return caught();
}

}  // namespace delta
