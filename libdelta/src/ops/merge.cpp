// Merge is set union (law 1), and most of it is deciding what need not be copied.
#include "delta/merge.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/boundary.hpp"
#include "ops/merge_bundle.hpp"
#include "ops/merge_set.hpp"
#include "ops/rename_forks.hpp"
#include "store/copy.hpp"
#include "store/lost.hpp"
#include "store/union.hpp"

namespace delta {

struct Merge::Impl {
  using Role = ops::MergeSet::Role;
  /// A segment of the output: a part as it is, or some rows of one.
  struct Item {
    const ops::MergePart* part = nullptr;
    std::optional<ops::Bundle> bundle;

    const Key& first() const { return bundle ? bundle->first : part->first; }
  };

  explicit Impl(unsigned count) : threads(thread_count(count)), set(threads) {}

  Status open(std::span<const std::string> paths, Role role, const MergeOptions& options);
  Status add(const std::shared_ptr<const ByteSource>& file, Role role);
  Status settle();
  void plan();
  void plan_without_excluded();
  void plan_rests(const std::vector<const ops::MergePart*>& some, Indexed<CommitNo, bool>& known);
  void count();
  void note_unknown(const ops::MergePart& part);
  Result<MergeSummary> write(ByteSink& out, const std::function<void(std::uint64_t)>& progress);

  unsigned threads;
  ops::MergeSet set;
  std::vector<std::shared_ptr<const ByteSource>> files;
  std::vector<Item> items;  // in order
  std::vector<Finding> notices;
  std::size_t opened = 0;  // segments, without those of excluded logs
  MergeSummary summary;
  std::uint64_t bytes = 0;
};

Status Merge::Impl::open(std::span<const std::string> paths, Role role, const MergeOptions& options) {
  DELTA_TRY(const auto names, store::log_files(paths, notices));
  std::vector<std::shared_ptr<const ByteSource>> opened_files;
  for (const auto& name : names) {
    DELTA_TRY(opened_files.emplace_back(), store::open_log_file(name));
  }
  if (role == Role::united && options.rename_forks) DELTA_OK(ops::rename_forks(opened_files, threads, notices));
  for (const auto& file : opened_files) DELTA_OK(add(file, role));
  return {};
}

Status Merge::Impl::add(const std::shared_ptr<const ByteSource>& file, Role role) {
  files.push_back(file);
  const std::size_t before = set.parts().size();
  DELTA_OK(set.add(file, role, notices));
  if (role == Role::united) opened += set.parts().size() - before;
  return {};
}

Status Merge::Impl::settle() {
  DELTA_OK(set.settle());
  plan();
  return {};
}

void Merge::Impl::plan() {
  const bool bundling = std::ranges::any_of(set.parts(), &ops::MergePart::excluded);
  set.drop_contained();
  std::ranges::stable_sort(set.parts(), [this](const auto& a, const auto& b) { return set.before(a, b); });
  if (bundling) {
    plan_without_excluded();
  } else {
    for (const auto& part : set.parts()) items.push_back({&part, {}});
  }
  count();
}

/// Parts are copied if all their commits are wanted, or more of them than commits; of the others, what neither the
/// excluded logs nor a copied part nor one before them holds.
void Merge::Impl::plan_without_excluded() {
  Indexed<CommitNo, bool> known(set.history().size());
  const auto learn = [&](const ops::MergePart& part) {
    for (const auto number : part.whole) known[number] = true;
  };
  std::set<Hash> extras;
  std::set<std::pair<std::string, std::uint32_t>> namespaces;
  const auto learn_extras = [&](const ops::MergePart& part) {
    extras.insert(part.extras.begin(), part.extras.end());
    namespaces.insert(part.namespaces.begin(), part.namespaces.end());
  };
  for (const auto& part : set.parts()) {
    if (part.excluded) {
      learn(part);
      learn_extras(part);
    }
  }
  // A frame or a feature that nobody here knows goes with its segment whole; so do namespaces without any vector, and
  // what a repair left of a segment.
  const auto needs_whole = [&](const ops::MergePart& part, std::int64_t wanted) {
    const auto unknown = format::unknown_of(part.segment.header.features);
    const bool features = wanted > 0 && (unknown.compat != 0 || unknown.ro_compat != 0);
    const auto is_new = [](const auto& known_ones) {
      return [&known_ones](const auto& one) { return !known_ones.contains(one); };
    };
    return features || (wanted > 0 && !part.lost.empty()) || std::ranges::any_of(part.extras, is_new(extras)) ||
           (part.all.empty() && std::ranges::any_of(part.namespaces, is_new(namespaces)));
  };
  const auto excluded = known;
  std::vector<const ops::MergePart*> some;
  for (const auto& part : set.parts()) {
    if (part.excluded) continue;
    const auto any = std::ranges::count_if(part.all, [&](CommitNo number) { return !excluded[number]; });
    const bool whole = needs_whole(part, any);
    if (any == 0 && !whole) continue;
    if (whole || static_cast<std::size_t>(any) == part.all.size()) {
      items.push_back({&part, {}});
      learn(part);
      learn_extras(part);
    } else {
      some.push_back(&part);
    }
  }
  plan_rests(some, known);
  std::ranges::stable_sort(
      items, [this](const Item& a, const Item& b) { return key_less(set.catalog(), a.first(), b.first()); });
}

/// Of each part the commits that are not known before it.
void Merge::Impl::plan_rests(const std::vector<const ops::MergePart*>& some, Indexed<CommitNo, bool>& known) {
  for (const auto* part : some) {
    std::vector<RowNo> rows;
    for (const RowNo row : part->commits.numbers()) {
      if (!known[part->commits[row]]) rows.push_back(row);
    }
    if (rows.empty()) continue;
    for (auto& bundle : ops::cut_bundles(set, *part, rows)) items.push_back({part, std::move(bundle)});
    for (const auto number : part->whole) known[number] = true;
  }
}

/// Optional columns of COMMITS that are not known here, of a segment of which only some commits are written.
void Merge::Impl::note_unknown(const ops::MergePart& part) {
  if (part.unknown.any()) {
    notices.push_back(
        ops::unknown_columns(part.segment, part.unknown, ", and left out of the commits that are written apart"));
  }
}

void Merge::Impl::count() {
  Indexed<CommitNo, bool> in(set.history().size());
  std::vector<bool> copied(set.parts().size());
  for (const auto& item : items) {
    if (item.bundle) {
      ++summary.remade;
      note_unknown(*item.part);
      for (const RowNo row : item.bundle->rows) in[item.part->commits[row]] = true;
    } else {
      bytes += item.part->length;
      for (const auto number : item.part->all) in[number] = true;
    }
    copied[static_cast<std::size_t>(item.part - set.parts().data())] = true;
  }
  if (const DotRanges lost = set.lost(); !lost.empty()) notices.push_back(store::lost_notice(lost));
  summary.segments = items.size();
  summary.left_out = opened - static_cast<std::size_t>(std::ranges::count(copied, true));
  for (const CommitNo number : in.numbers()) {
    if (!in[number]) continue;
    const CommitView& commit = set.history().commit(number);
    ++summary.commits;
    summary.deltas += commit.deltas();
    if (set.history().folded(number)) continue;
    notices.push_back({Verdict::pending, "", 0, model::dot_text(set.catalog(), {commit.origin, commit.first}),
                       "a commit that depends on commits that are not in these logs; it is kept, and part of no state "
                       "until they come",
                       ""});
  }
}

namespace {

/// Counts what goes through, and says so if somebody asked.
class CountedSink final : public ByteSink {
 public:
  CountedSink(ByteSink& out, std::uint64_t& bytes, std::function<void(std::uint64_t)> progress)
      : out_(out), bytes_(bytes), progress_(std::move(progress)) {}
  Status write(std::span<const std::uint8_t> piece) override {
    bytes_ += piece.size();
    if (progress_) progress_(piece.size());
    return out_.write(piece);
  }

 private:
  ByteSink& out_;
  std::uint64_t& bytes_;
  std::function<void(std::uint64_t)> progress_;
};

}  // namespace

Result<MergeSummary> Merge::Impl::write(ByteSink& out, const std::function<void(std::uint64_t)>& progress) {
  CountedSink copied(out, summary.bytes, progress), remade(out, summary.bytes, {});
  store::SegmentCopier copier(threads, copied);
  std::map<const ops::MergePart*, ops::BundleSource> sources;
  for (const auto& item : items) {
    if (!item.bundle) {
      DELTA_OK(copier.copy(item.part->segment, item.part->seal ? &*item.part->seal : nullptr, item.part->twins));
      continue;
    }
    DELTA_OK(copier.finish());
    auto source = sources.find(item.part);
    if (source == sources.end()) {
      DELTA_TRY(auto fresh, ops::BundleSource::open(item.part->segment, threads));
      source = sources.emplace(item.part, std::move(fresh)).first;
    }
    DELTA_OK(source->second.write(*item.bundle, remade));
  }
  DELTA_OK(copier.finish());
  return summary;
}

Merge::Merge(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Merge::Merge(Merge&&) noexcept = default;
Merge& Merge::operator=(Merge&&) noexcept = default;
Merge::~Merge() = default;

Result<Merge> Merge::open(std::span<const std::string> paths, MergeOptions options) try {
  const Boundary boundary;
  auto impl = std::make_unique<Impl>(options.threads);
  DELTA_OK(impl->open(paths, Impl::Role::united, options));
  DELTA_OK(impl->open(options.not_in, Impl::Role::excluded, options));
  DELTA_OK(impl->settle());
  if (impl->items.empty() && options.not_in.empty()) {
    return error(ErrorCode::corrupt, "nothing was ever committed to what is given");
  }
  return Merge(std::move(impl));
} catch (...) {
  return caught();
}

Result<Merge> Merge::of(const Log& log, MergeOptions options) try {
  const Boundary boundary;
  auto impl = std::make_unique<Impl>(options.threads);
  std::set<const ByteSource*> known;
  for (const auto& part : log.impl().parts) {
    if (known.insert(part.segment.file.get()).second) DELTA_OK(impl->add(part.segment.file, Impl::Role::united));
  }
  DELTA_OK(impl->open(options.not_in, Impl::Role::excluded, options));
  DELTA_OK(impl->settle());
  return Merge(std::move(impl));
} catch (...) {
  return caught();
}

const std::vector<Finding>& Merge::notices() const noexcept { return impl_->notices; }
bool Merge::empty() const noexcept { return impl_->items.empty(); }
std::uint64_t Merge::bytes() const noexcept { return impl_->bytes; }
Result<Log> Merge::log() const try {
  const Boundary boundary;
  return store::Union::open(impl_->files, {impl_->threads});
} catch (...) {
  return caught();
}

Result<MergeSummary> Merge::write(OutputFile& out, const std::function<void(std::uint64_t)>& progress) try {
  const Boundary boundary;
  return impl_->write(out, progress);
} catch (...) {
  return caught();
}

Result<MergeSummary> Merge::rehearse(const std::function<void(std::uint64_t)>& progress) try {
  const Boundary boundary;
  return impl_->write(null_sink(), progress);
} catch (...) {
  return caught();
}

}  // namespace delta
