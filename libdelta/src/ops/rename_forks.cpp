// A fork is found by hashes of commits, which are chained: where two copies have different commits that begin with one
// dot, and the same before it. One fork is resolved at a time, the first dot first, until none is left; so a branch
// that parted again is renamed again.
#include "ops/rename_forks.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <span>

#include "delta/properties.hpp"
#include "delta/text.hpp"
#include "ops/encode_delta.hpp"
#include "ops/merge_bundle.hpp"
#include "os/spool.hpp"
#include "store/copy.hpp"
#include "store/union.hpp"

namespace delta::ops {
namespace {

using File = std::shared_ptr<const ByteSource>;

constexpr std::size_t kShownDigits = 8;
constexpr std::string_view kRenamed =
    "deltalog.renamed";  // property of a renamed commit: "origin:seq", the first dot that it had

/// One file, as a log of its own.
struct Copy {
  File file;
  Log log;
  Indexed<CommitNo, Hash> hashes;  // zeros: not known

  std::optional<CommitNo> commit_at(std::string_view origin, std::uint64_t first) const {
    const auto number = log.catalog().find_origin(origin);
    const auto commit = number ? log.find_commit({*number, first}) : std::nullopt;
    return commit && log.commit(*commit).first == first && hashes[*commit] != Hash{} ? commit : std::nullopt;
  }
};

Result<Copy> open_copy(const File& file, unsigned threads) {
  DELTA_TRY(Log log, store::Union::open({&file, 1}, {threads, {}}));
  DELTA_TRY(auto hashes, log.hashes());
  return Copy{file, std::move(log), std::move(hashes)};
}

/// Where copies of an origin part: different commits begin with this dot.
struct Fork {
  std::string origin;
  std::uint64_t first = 0;
  std::set<Hash> branches;  // the least keeps the name
};

/// The one of the least dot, of the first origin by name that has any.
std::optional<Fork> find_fork(const std::vector<Copy>& copies) {
  std::map<std::pair<std::string, std::uint64_t>, std::set<Hash>> begun;
  for (const Copy& copy : copies) {
    for (const CommitNo n : numbers<CommitNo>(copy.log.commits())) {
      const CommitView& commit = copy.log.commit(n);
      if (copy.hashes[n] != Hash{}) {
        begun[{std::string(copy.log.catalog().origin(commit.origin)), commit.first}].insert(copy.hashes[n]);
      }
    }
  }
  for (auto& [dot, hashes] : begun) {
    if (hashes.size() > 1) return Fork{dot.first, dot.second, std::move(hashes)};
  }
  return std::nullopt;
}

/// A copy of a branch that gets another name: what of it stays, and what is renamed, each as a file.
class Renaming {
 public:
  Renaming(const Copy& copy, const Fork& fork, const Hash& branch, unsigned threads)
      : copy_(copy),
        fork_(fork),
        name_(fork.origin + "~" + hex(branch, kShownDigits)),
        threads_(threads),
        origin_(*copy.log.catalog().find_origin(fork.origin)) {
    for (const CommitNo n : numbers<CommitNo>(copy.log.commits())) {
      if (renames({copy.log.commit_origin(n), copy.log.commit(n).first})) numbers_.push_back(n);
    }
    std::ranges::sort(numbers_, {}, [&](CommitNo n) { return copy.log.commit(n).first; });
  }

  Status check() const {
    for (const CommitNo n : numbers_) {
      if (copy_.log.pruned(n)) return refused("commit " + dot_of(n) + " of it is pruned, and cannot be stated anew");
    }
    return {};
  }
  Result<File> rest() const;
  Result<File> renamed(const File& rest) const;
  Finding notice() const {
    const Log& log = copy_.log;
    const std::uint64_t last = log.commit(numbers_.back()).last();
    const auto range = [](std::uint64_t from, std::uint64_t to) {
      return std::to_string(from) + (to > from ? ".." + std::to_string(to) : "");
    };
    return {Verdict::ok,
            copy_.file->name(),
            0,
            "",
            "forked origin: " + escape(fork_.origin, 4096) + ":" + range(fork_.first, last) + " of this copy is now " +
                escape(name_, 4096) + ":" + range(1, last - fork_.first + 1),
            ""};
  }

 private:
  bool renames(const Dot& dot) const { return dot.origin == origin_ && dot.seq >= fork_.first; }
  std::string dot_of(CommitNo number) const {
    return escape(copy_.log.dot_text({copy_.log.commit_origin(number), copy_.log.commit(number).first}));
  }
  Error refused(const std::string& why) const {
    return error(ErrorCode::forked, "forked origin " + quote(fork_.origin) + " is not renamed: " + why)
        .in(copy_.file->name());
  }
  std::vector<std::string> parents_of(CommitNo number) const;
  Result<std::string> properties_of(const CommitView& commit) const;
  Status state(DeltaEncoder& encoder, CommitNo number, const DeltaBatch& deltas) const;
  Result<std::map<CommitNo, DeltaBatch>> deltas() const;

  const Copy& copy_;
  const Fork& fork_;
  std::string name_;
  unsigned threads_;
  OriginNo origin_;
  std::vector<CommitNo> numbers_;  // commits that are renamed, in order
};

/// All commits that keep their names. A segment without a renamed commit is copied; of the others, what stays is
/// written anew. Null: nothing stays.
Result<File> Renaming::rest() const {
  MergeSet set(threads_);
  std::vector<Finding> known;  // said when the file itself was opened, or not to be said twice
  DELTA_OK(set.add(copy_.file, MergeSet::Role::united, known));
  DELTA_OK(set.settle());
  DELTA_TRY(auto spool, os::Spool::create());
  bool any = false;
  for (const MergePart& part : set.parts()) {
    std::vector<RowNo> rows;
    for (const RowNo r : part.commits.numbers()) {
      const CommitView& commit = set.history().commit(part.commits[r]);
      if (set.catalog().origin(commit.origin) != fork_.origin || commit.first < fork_.first) rows.push_back(r);
    }
    any = any || !rows.empty();
    if (rows.size() == part.commits.size()) {
      store::SegmentCopier copier(threads_, spool);
      DELTA_OK(copier.copy(part.segment, part.seal ? &*part.seal : nullptr, part.twins));
      DELTA_OK(copier.finish());
    } else if (!rows.empty()) {
      DELTA_TRY(auto source, BundleSource::open(part.segment, threads_));
      for (const Bundle& bundle : cut_bundles(set, part, rows)) DELTA_OK(source.write(bundle, spool));
    }
  }
  if (!any) return File();
  return File(std::move(spool).finish(copy_.file->name()));
}

/// Dots as the renamed commit names them. The first has seen what the origin wrote before, which was its own.
std::vector<std::string> Renaming::parents_of(CommitNo number) const {
  const Log& log = copy_.log;
  const bool begins = number == numbers_.front();
  const Dot before{origin_, fork_.first - 1};
  std::vector<std::string> out;
  bool seen = fork_.first == 1 || !begins;
  for (const Dot& parent : log.commit(number).parents) {
    const auto holder = log.find_commit(parent);
    if (renames(parent)) {
      out.push_back(name_ + ":" + std::to_string(parent.seq - fork_.first + 1));
    } else if (parent.origin != origin_) {  // of its own past the last counts, below
      out.push_back(log.dot_text(parent));
      seen = seen || (holder && log.sees(*holder, before));
    }
  }
  if (!seen) out.push_back(log.dot_text(before));
  return out;
}

/// Those of the renamed commits, by commit.
Result<std::map<CommitNo, DeltaBatch>> Renaming::deltas() const {
  std::map<CommitNo, DeltaBatch> out;
  for (const CommitNo n : numbers_) out[n];
  DELTA_OK(copy_.log.each(VectorSet::all(), [&](const DeltaBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const auto of = out.find(batch.commits[i]);
      if (of != out.end()) of->second.add(batch[i]);
    }
    return {};
  }));
  return out;
}

/// A commit with its deltas, each at its own time. A counter of 0 may have to tick: what was the origin's own past is
/// now another's. With the dot that it had; of one that is renamed again, the first one.
Result<std::string> Renaming::properties_of(const CommitView& commit) const {
  const auto has = [](const auto& property) { return property.first == kRenamed; };
  DELTA_TRY(const auto properties, list_properties(commit.properties));
  if (std::ranges::any_of(properties, has)) return std::string(commit.properties);
  return add_text_property(commit.properties, kRenamed, copy_.log.dot_text({commit.origin, commit.first}));
}

Status Renaming::state(DeltaEncoder& encoder, CommitNo number, const DeltaBatch& deltas) const {
  const CommitView& commit = copy_.log.commit(number);
  const auto tick_of = [](Timestamp time) { return time.tick() > 0 ? std::optional(time.tick()) : std::nullopt; };
  const auto texts = parents_of(number);
  const std::vector<std::string_view> parents(texts.begin(), texts.end());
  DELTA_TRY(const std::string properties, properties_of(commit));
  DELTA_OK(encoder.commit({.origin = name_,
                           .first = commit.first - fork_.first + 1,
                           .deltas = commit.count,
                           .parents = parents,
                           .message = commit.message,
                           .tool = commit.tool,
                           .source = commit.source,
                           .trace = commit.trace,
                           .setting = commit.setting,
                           .at = commit.time.us(),
                           .tick = tick_of(commit.time),
                           .properties = properties,
                           .given = commit.given}));
  std::vector<std::size_t> order(deltas.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {}, [&](std::size_t i) { return deltas.seqs[i]; });
  const Catalog& catalog = copy_.log.catalog();
  for (const std::size_t i : order) {
    const Delta delta = deltas[i];
    const Namespace& space = catalog.name_space(catalog.namespace_of(delta.vector));
    DELTA_OK(encoder.delta({.id = catalog.id(delta.vector),
                            .name_space = space.name,
                            .op = delta.op,
                            .indices = delta.indices,
                            .bits = delta.bits,
                            .metadata = delta.metadata,
                            .at = delta.time.us(),
                            .tick = tick_of(delta.time),
                            .origin = {},
                            .seq = {},
                            .parents = {},
                            .dims = space.dims}));
  }
  return {};
}

Result<File> Renaming::renamed(const File& rest) const {
  DELTA_TRY(auto spool, os::Spool::create());
  DELTA_TRY(Log base, store::Union::open({&rest, rest ? 1u : 0u}, {threads_, {}}));
  EncodeOptions options;
  options.threads = threads_;
  options.allow_nonfinite = true;
  EncodeSession session(std::move(base), &spool, std::move(options));
  DELTA_OK(session.start());
  DeltaEncoder encoder(session);
  DELTA_TRY(const auto batches, deltas());
  for (const CommitNo n : numbers_) {
    if (auto done = state(encoder, n, batches.at(n)); !done) return refused(dot_of(n) + ": " + done.error().text());
  }
  DELTA_OK(encoder.finish());
  DELTA_OK(session.finish());
  return File(std::move(spool).finish(copy_.file->name()));
}

/// What another origin wrote, having seen what is renamed, would name dots of the branch that keeps the name.
Status refuse_witnesses(const std::vector<Copy>& copies, const Fork& fork) {
  for (const Copy& copy : copies) {
    const auto origin = copy.log.catalog().find_origin(fork.origin);
    const auto begin = copy.commit_at(fork.origin, fork.first);
    const bool keeps = begin && copy.hashes[*begin] == *fork.branches.begin();
    for (const CommitNo n : numbers<CommitNo>(origin && !keeps ? copy.log.commits() : 0)) {
      const CommitView& commit = copy.log.commit(n);
      const auto seen = std::ranges::find_if(commit.parents,
                                             [&](const Dot& p) { return p.origin == *origin && p.seq >= fork.first; });
      if (commit.origin == *origin || seen == commit.parents.end()) continue;
      return error(ErrorCode::forked, "forked origin " + quote(fork.origin) + " is not renamed: " +
                                          escape(copy.log.dot_text({commit.origin, commit.first})) + " has seen " +
                                          escape(copy.log.dot_text(*seen)))
          .in(copy.file->name());
    }
  }
  return {};
}

/// The files of all copies after one fork was resolved; empty: there is none.
Result<std::vector<File>> resolve_one(const std::vector<File>& files, unsigned threads, std::vector<Finding>& notices) {
  std::vector<Copy> copies;
  for (const File& file : files) {
    DELTA_TRY(auto copy, open_copy(file, threads));
    copies.push_back(std::move(copy));
  }
  const auto fork = find_fork(copies);
  std::vector<File> out;
  if (!fork) return out;
  DELTA_OK(refuse_witnesses(copies, *fork));
  for (const Copy& copy : copies) {
    const auto begin = copy.commit_at(fork->origin, fork->first);
    if (!begin || copy.hashes[*begin] == *fork->branches.begin()) {
      out.push_back(copy.file);
      continue;
    }
    const Renaming renaming(copy, *fork, copy.hashes[*begin], threads);
    DELTA_OK(renaming.check());
    DELTA_TRY(const File rest, renaming.rest());
    DELTA_TRY(out.emplace_back(), renaming.renamed(rest));
    if (rest) out.push_back(rest);
    notices.push_back(renaming.notice());
  }
  return out;
}

}  // namespace

Status rename_forks(std::vector<File>& files, unsigned threads, std::vector<Finding>& notices) {
  while (true) {
    DELTA_TRY(auto resolved, resolve_one(files, threads, notices));
    if (resolved.empty()) return {};
    files = std::move(resolved);
  }
}

}  // namespace delta::ops
