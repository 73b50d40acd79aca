#include "index/checkpoint.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <span>
#include <type_traits>
#include <utility>

#include "delta/text.hpp"
#include "os/side_file.hpp"

namespace delta::checkpoint {
namespace {

constexpr std::size_t kFew = 16;  // where fewer than one in so many vectors is asked for, their own blocks are less

void tell(std::vector<Finding>* notices, const std::string& path, std::string what) {
  if (notices == nullptr || std::ranges::find(*notices, path, &Finding::file) != notices->end()) return;
  notices->push_back({Verdict::ok, path, 0, "", std::move(what) + "; the checkpoints are not used",
                      "deltalog reindex --rebuild makes them anew"});
}

/// The hash of a head, as some footer of the log states it. None: no footer does.
std::optional<Hash> stated_hash(const store::Union& log, const CheckpointHead& head) {
  for (const store::LoadedSegment& part : log.parts) {
    for (const format::HeadEntry& entry : part.segment.footer.heads) {
      if (entry.last == head.last && part.segment.names.origins.contains(entry.origin) &&
          part.segment.names.origins[entry.origin] == head.origin) {
        return entry.hash;
      }
    }
  }
  return std::nullopt;
}

Result<BoundFile> bound_to(const store::Union& log, std::shared_ptr<const ByteSource> file) {
  DELTA_TRY(auto directory, read_checkpoint_directory(*file));
  BoundFile bound{std::move(file), std::move(directory), {}, {}};
  if (!log.lost.empty()) return error(ErrorCode::not_found, "damage took deltas of the log");  // no hash tells which
  for (const CheckpointHead& head : bound.directory.heads) {
    const auto origin = log.catalog.find_origin(head.origin);
    if (!origin || (head.last > 0 && stated_hash(log, head) != head.hash)) {
      return error(ErrorCode::not_found, "it was made of another state of this log");
    }
    bound.origins.push_back(*origin);
  }
  for (const Namespace& ns : bound.directory.namespaces) {
    bound.namespaces.push_back(log.catalog.find_namespace(ns.name, ns.dims));
  }
  return bound;
}

}  // namespace

std::optional<BoundFile> open_bound(const store::Union& log, const std::string& path, std::vector<Finding>* notices) {
  auto file = InputFile::open(path);
  if (!file) {
    if (file.error().code != ErrorCode::not_found) tell(notices, path, file.error().message);
    return std::nullopt;
  }
  auto bound = bound_to(log, std::make_shared<const InputFile>(std::move(*file)));
  if (bound) return std::move(*bound);
  tell(notices, path, bound.error().message);
  return std::nullopt;
}

SeenSeqs BoundFile::seen(const CheckpointEntry& entry, std::size_t origins_of_log) const {
  SeenSeqs seen(origins_of_log);
  for (const HeadNo head : entry.seen.numbers()) seen[origins[head]] = entry.seen[head];
  return seen;
}

Base::Base(const store::Union& log, const BoundFile& file, const CheckpointEntry& entry)
    : log_(&log), file_(&file), entry_(&entry), seen_(file.seen(entry, log.catalog.origins())) {
  rest_ = std::make_unique<store::LogSource>(log, store::LogSource::Options{.beyond = &seen_});
}

std::optional<VectorNo> Base::number(const CheckpointChunk& chunk, std::string_view id) const {
  const auto ns = file_->namespaces[chunk.name_space];
  return ns ? log_->catalog.find_vector(*ns, id) : std::nullopt;
}

Result<std::unique_ptr<Base>> Base::open(const store::Union& log, const BoundFile& file, std::size_t number) {
  std::unique_ptr<Base> base(new Base(log, file, file.directory.checkpoints[number]));
  for (const CheckpointChunk& chunk : base->entry_->chunks) {
    if (chunk.kind != CheckpointChunk::Kind::unresolved) continue;
    DELTA_OK(read_checkpoint_chunk(*file.file, file.directory, chunk, [&](const ChunkVector& vector) -> Status {
      if (const auto found = base->number(chunk, vector.id)) base->unresolved_.insert(*found);
      return {};
    }));
  }
  return base;
}

Status Base::each(const VectorSet& vectors, const Visit& visit) const {
  const auto fail = [this](const char* what) {
    failed_ = true;
    return error(ErrorCode::corrupt, std::string("damaged checkpoints: ") + what).in(file_->file->name());
  };
  for (const CheckpointChunk& chunk : entry_->chunks) {
    if (chunk.kind != CheckpointChunk::Kind::vectors) continue;
    Status read = read_checkpoint_chunk(*file_->file, file_->directory, chunk, [&](const ChunkVector& at) -> Status {
      const auto vector = number(chunk, at.id);
      if (!vector || !vectors.contains(*vector)) return {};
      const Key last = key(at.last);
      if (!covers(last.origin, last.seq)) return fail("a delta that it does not cover");
      return visit({*vector, last, at.exists, key(at.created), at.bits, at.metadata, at.overflows});
    });
    if (!read) {
      failed_ = true;
      return read;
    }
  }
  return {};
}

namespace {

/// The files that a log was opened from by name.
std::set<std::string> files_of(const store::Union& log) {
  std::set<std::string> files;
  if (log.paths.empty()) return files;
  for (const store::LoadedSegment& part : log.parts) files.insert(part.segment.file->name());
  return files;
}

/// So many vectors are asked for that their own deltas may be more than a checkpoint. A log that was opened for some
/// ids does not know how many others there are.
bool are_many(const store::Union& log, const VectorSet& vectors) {
  return !log.wanted && (vectors.is_all() || vectors.size() * kFew >= log.catalog.vectors());
}

/// A checkpoint to start from.
struct Start {
  std::unique_ptr<BoundFile> file;
  std::unique_ptr<Base> base;
};

using Cuts = std::span<const model::CutTest>;

/// The checkpoint of a file that lies inside all cuts and spares most deltas: its number and how many it has.
std::optional<std::pair<std::size_t, std::uint64_t>> best_of(const store::Union& log, const BoundFile& file,
                                                             Cuts cuts) {
  std::optional<std::pair<std::size_t, std::uint64_t>> best;
  for (std::size_t n = 0; n < file.directory.checkpoints.size(); ++n) {
    const CheckpointEntry& entry = file.directory.checkpoints[n];
    const SeenSeqs seen = file.seen(entry, log.catalog.origins());
    const auto deltas = std::accumulate(seen.begin(), seen.end(), std::uint64_t{0});
    const auto inside = [&](const model::CutTest& cut) { return cut.contains(seen, entry.latest); };
    if ((!best || deltas > best->second) && std::ranges::all_of(cuts, inside)) best = {n, deltas};
  }
  return best;
}

/// None: no checkpoint spares anything.
Start choose(const store::Union& log, Cuts cuts, std::vector<Finding>* notices) {
  Start start;
  std::optional<std::pair<std::size_t, std::uint64_t>> best;
  for (const std::string& path : files_of(log)) {
    auto file = open_bound(log, os::checkpoints_path(path), notices);
    if (!file) continue;
    const auto found = best_of(log, *file, cuts);
    if (!found || (best && found->second <= best->second)) continue;
    best = found;
    start.file = std::make_unique<BoundFile>(std::move(*file));
  }
  if (!best) return {};
  auto base = Base::open(log, *start.file, best->first);
  if (!base) {
    tell(notices, start.file->file->name(), "it is damaged");
    return {};
  }
  start.base = std::move(*base);
  return start;
}

/// fold(base) from the best checkpoint; where that cannot be read, from the beginning.
template <class Fold>
auto fold_from_best(const store::Union& log, Cuts cuts, std::vector<Finding>* notices, const Fold& fold)
    -> std::invoke_result_t<Fold, const Base*> {
  const Start start = choose(log, cuts, notices);
  if (!start.base) return fold(nullptr);
  auto folded = fold(start.base.get());
  if (folded || !start.base->failed()) return folded;
  tell(notices, start.file->file->name(), "it is damaged");
  return fold(nullptr);
}

}  // namespace

Result<State> fold(const store::Union& log, model::DeltaSource& source, const model::Cut& cut, const VectorSet& vectors,
                   const Policy* policy, std::vector<VectorNo>* conflicted, std::vector<Finding>* notices) {
  const auto from = [&](const Base* base) {
    if (conflicted != nullptr) conflicted->clear();
    return model::fold(log.catalog, log.history, source, cut, vectors, policy, conflicted, base);
  };
  if (!are_many(log, vectors)) return from(nullptr);
  DELTA_TRY(const auto test, model::CutTest::make(log.catalog, log.history, cut));
  return fold_from_best(log, {&test, 1}, notices, from);
}

Result<std::pair<State, State>> fold_two(const store::Union& log, model::DeltaSource& source,
                                         const model::PolicyCut& first, const model::PolicyCut& second,
                                         const VectorSet& vectors, std::vector<Finding>* notices) {
  const auto from = [&](const Base* base) {
    return model::fold_two(log.catalog, log.history, source, first, second, vectors, base);
  };
  if (!are_many(log, vectors)) return from(nullptr);
  DELTA_TRY(auto first_test, model::CutTest::make(log.catalog, log.history, first.cut));
  DELTA_TRY(auto second_test, model::CutTest::make(log.catalog, log.history, second.cut));
  const model::CutTest tests[] = {std::move(first_test), std::move(second_test)};
  return fold_from_best(log, tests, notices, from);
}

}  // namespace delta::checkpoint
