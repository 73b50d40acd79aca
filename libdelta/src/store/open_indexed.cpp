#include "store/open_indexed.hpp"

#include <map>
#include <string_view>

#include "delta/out_of_memory.hpp"
#include "delta/text.hpp"
#include "os/side_file.hpp"
#include "store/index_file.hpp"
#include "store/union.hpp"

namespace delta::store {
namespace {

/// A name of several dimension counts is a question about all its vectors.
bool names_are_plain(const LookupIndex& index) {
  std::map<std::string_view, std::uint32_t> dims;
  for (const auto& level : index.names()) {
    for (const Namespace& ns : level.namespaces) {
      if (dims.try_emplace(ns.name, ns.dims).first->second != ns.dims) return false;
    }
  }
  return true;
}

std::string_view worth_text(IndexState::Kind kind) {
  using Kind = IndexState::Kind;
  return kind == Kind::behind        ? "lacks what was appended since"
         : kind == Kind::foreign     ? "is not of this log as it is now"
         : kind == Kind::unsupported ? "is of another version"
                                     : "is damaged";
}

}  // namespace

Finding unused_index(const std::string& log, IndexState::Kind kind) {
  return {Verdict::ok,
          os::index_path(log),
          0,
          "",
          "the index " + std::string(worth_text(kind)) + ": it is not used",
          "`deltalog reindex " + escape(log) + "` mends it"};
}

Result<Narrowed> open_indexed(const std::string& path, const OpenPart& open) {
  using Kind = IndexState::Kind;
  IndexState state;
  std::shared_ptr<const ByteSource> file;
  constexpr int kTries = 2;  // somebody may have appended in between
  for (int tries = 0; tries < kTries && state.kind != Kind::whole; ++tries) {
    DELTA_TRY(file, open_log_file(path));
    DELTA_TRY(state, index_state(os::index_path(path), *file));
    if (state.kind == Kind::absent) return Narrowed();
  }
  if (state.kind != Kind::whole) return Narrowed{{}, unused_index(path, state.kind)};
  if (!state.index->linear() || !names_are_plain(*state.index)) return Narrowed();
  auto opened = open(file, *state.index);
  if (!opened && opened.error().code == ErrorCode::no_memory) return std::move(opened).error();
  if (!opened && !opened.error().file.empty())
    return Narrowed();  // of the log: the question says it, if it comes to that
  if (!opened) return Narrowed{{}, unused_index(path, Kind::damaged)};
  if (!*opened) return Narrowed();
  Log log = **std::move(opened);
  log.impl().files = {file};
  log.impl().paths = {path};
  return Narrowed{std::move(log), {}};
}

Result<Log> open_or_all(std::span<const std::string> paths,
                        const std::function<Result<Narrowed>(const std::string& path)>& narrow,
                        const std::function<Result<Log>(bool usable)>& open) {
  Narrowed narrowed;
  if (paths.size() == 1 && paths[0] != "-") {
    auto tried = unless_out_of_memory(narrow(paths[0]));
    if (tried) narrowed = *std::move(tried);  // an error is said when the log is opened
  }
  if (narrowed.log) return *std::move(narrowed.log);
  DELTA_TRY(Log log, open(!narrowed.notice));
  if (narrowed.notice) log.impl().notices.push_back(*std::move(narrowed.notice));
  return log;
}

}  // namespace delta::store
