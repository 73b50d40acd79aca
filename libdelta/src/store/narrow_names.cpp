// Logs of which all commits are read, and the names of a few vectors by their indexes. So nothing is asked of the logs:
// they may be several, concurrent, pruned, or wait for causes.
#include "store/narrow_names.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "base/boundary.hpp"
#include "delta/glob.hpp"
#include "delta/lookup.hpp"
#include "delta/out_of_memory.hpp"
#include "os/side_file.hpp"
#include "store/open_indexed.hpp"
#include "store/union.hpp"

namespace delta {

using store::LookupIndex;

namespace {

Error no_match() { return error(ErrorCode::corrupt, "the index is not that of this log"); }

/// What every text that the glob matches begins with.
std::string literal_prefix(std::string_view glob) {
  std::string prefix;
  for (std::size_t i = 0; i < glob.size(); ++i) {
    if (glob[i] == '*' || glob[i] == '?' || glob[i] == '[') break;
    if (glob[i] == '\\' && i + 1 < glob.size()) ++i;
    prefix += glob[i];
  }
  return prefix;
}

}  // namespace

Status store::name_found(Segment& segment, std::span<const LookupIndex::Found> found,
                         std::span<const std::string> ids) {
  segment.some_ids = true;
  for (const auto& place : found) {
    if (index(place.vector) >= segment.footer.vectors || !segment.names.namespaces.contains(place.ns)) {
      return no_match();
    }
    if (!segment.id_vectors.empty() && segment.id_vectors.back() >= place.vector) return no_match();
    const std::string& id = ids[place.id];
    const auto& text = segment.id_text.emplace_back(id.begin(), id.end());
    segment.ids.emplace_back(text.data(), text.size());
    segment.id_vectors.push_back(place.vector);
    const auto before = static_cast<std::uint32_t>(index(place.vector)) - segment.vectors();
    if (before > 0) segment.owners.add(place.ns, before);
    segment.owners.add(place.ns, 1);
  }
  const std::uint32_t rest = segment.footer.vectors - segment.vectors();
  if (rest > 0) segment.owners.add(SegmentNamespace{0}, rest);
  return {};
}

Result<bool> store::add_matching(const LookupIndex& index, std::span<const std::string> globs,
                                 std::vector<std::string>& ids) {
  constexpr std::size_t kMost = 4096;
  for (const std::string& glob : globs) {
    DELTA_TRY(auto some, index.ids_with(literal_prefix(glob), kMost));
    if (!some) return false;
    for (std::string& id : *some) {
      if (glob_match(glob, id)) ids.push_back(std::move(id));
    }
  }
  return ids.size() <= kMost || globs.empty();
}

namespace {

/// Files and their indexes, as far as these are whole.
class NamedFiles {
 public:
  Status open(std::span<const std::string> names) {
    for (const std::string& name : names) {
      DELTA_TRY(auto file, store::open_log_file(name));
      DELTA_TRY(auto state, store::index_state(os::index_path(name), *file));
      const bool whole = state.kind == store::IndexState::Kind::whole;
      if (!whole && state.kind != store::IndexState::Kind::absent) {
        notices.push_back(store::unused_index(name, state.kind));
      }
      files.push_back(std::move(file));
      indexes_.push_back({whole ? std::move(state.index) : nullptr, {}});
    }
    return {};
  }

  /// Finds these ids, and those that match one of the globs. False: the indexes are of no use.
  Result<bool> find(std::vector<std::string>& ids, std::span<const std::string> globs) {
    const auto none = [](const Indexed& one) { return one.index == nullptr; };
    if (globs.empty() ? std::ranges::all_of(indexes_, none) : std::ranges::any_of(indexes_, none)) return false;
    for (asked = 0; !globs.empty() && asked < indexes_.size(); ++asked) {
      DELTA_TRY(const bool told, store::add_matching(*indexes_[asked].index, globs, ids));
      if (!told) return false;
    }
    for (asked = 0; asked < indexes_.size(); ++asked) {
      Indexed& one = indexes_[asked];
      if (one.index == nullptr) continue;
      DELTA_TRY(one.found, one.index->find(ids));
    }
    return true;
  }

  Result<bool> name(std::size_t file, store::Segment& segment, std::span<const std::string> ids) {
    asked = file;
    const Indexed& one = indexes_[file];
    if (one.index == nullptr) return false;
    if (segment.number >= one.index->seal().segments) return no_match();
    DELTA_TRY(const auto place, one.index->segment(segment.number));
    const bool same = segment.sealed && segment.offset == place.offset && segment.length == place.length &&
                      segment.trailer.digest == place.digest && segment.trailer.commits == place.commits;
    if (!same) return no_match();
    // clang 14 does not compile equal_range()
    const auto first = std::ranges::lower_bound(one.found, segment.number, {}, &LookupIndex::Found::segment);
    const auto end = std::ranges::upper_bound(one.found, segment.number, {}, &LookupIndex::Found::segment);
    DELTA_OK(store::name_found(segment, {first, end}, ids));
    return true;
  }

  std::vector<std::shared_ptr<const ByteSource>> files;
  std::vector<Finding> notices;
  std::size_t asked = 0;  // the file whose index was asked last

 private:
  struct Indexed {
    std::shared_ptr<const LookupIndex> index;  // null: it has none that can be used
    std::vector<LookupIndex::Found> found;
  };
  std::vector<Indexed> indexes_;
};

Result<store::Narrowed> open_named(std::span<const std::string> names, const OpenOptions& options,
                                   std::span<const std::string> globs) {
  NamedFiles named;
  DELTA_OK(named.open(names));
  OpenOptions wanted = options;
  const auto damaged = [&](const Error& error) -> Result<store::Narrowed> {
    if (error.code == ErrorCode::no_memory || !error.file.empty()) return error;
    return store::Narrowed{{}, store::unused_index(names[named.asked], store::IndexState::Kind::damaged)};
  };
  const auto found = named.find(*wanted.ids, globs);
  if (!found) return damaged(found.error());
  if (!*found && named.notices.empty()) return store::Narrowed();
  if (!*found && !globs.empty()) wanted.ids.reset();
  const auto load = [&](std::size_t file, store::Segment& segment) { return named.name(file, segment, *wanted.ids); };
  auto log = store::Union::open(named.files, wanted, *found ? store::Union::LoadNames(load) : nullptr);
  if (!log) return damaged(log.error());
  log->impl().files = named.files;
  auto& notices = log->impl().notices;
  notices.insert(notices.end(), named.notices.begin(), named.notices.end());
  return store::Narrowed{*std::move(log), {}};
}

}  // namespace

Result<Log> open_for_vectors(std::span<const std::string> paths, const OpenOptions& options,
                             std::span<const std::string> globs) try {
  const Boundary boundary;
  OpenOptions all = options;
  if (!globs.empty()) all.ids.reset();
  const bool none = !options.ids || (options.ids->empty() && globs.empty());
  if (none || std::ranges::find(paths, "-") != paths.end()) return Log::open(paths, all);
  std::vector<Finding> notices;
  DELTA_TRY(const auto names, store::log_files(paths, notices));
  auto named = unless_out_of_memory(open_named(names, options, globs));
  if (!named || !named->log) {
    DELTA_TRY(Log log, Log::open(paths, all));  // which says what is wrong with a log
    if (named && named->notice) log.impl().notices.push_back(*std::move(named->notice));
    return log;
  }
  Log log = *std::move(named->log);
  log.impl().paths.assign(paths.begin(), paths.end());
  auto& found = log.impl().notices;
  found.insert(found.begin(), std::make_move_iterator(notices.begin()), std::make_move_iterator(notices.end()));
  return log;
} catch (...) {
  return caught();
}

}  // namespace delta
