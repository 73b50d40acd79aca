#include "delta/selection.hpp"

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "base/boundary.hpp"
#include "delta/glob.hpp"
#include "delta/name_vectors.hpp"
#include "delta/out_of_memory.hpp"
#include "delta/properties.hpp"
#include "delta/text.hpp"
#include "store/union.hpp"

namespace delta {
namespace {

/// Vectors of these ids in these namespaces. An id may be in each of them: where that is more to ask for than there are
/// vectors, all vectors are looked at.
void find_ids(const Catalog& catalog, const std::vector<std::string>& ids, const Indexed<NamespaceNo, bool>& namespaces,
              NamedVectors& named) {
  std::vector<NamespaceNo> spaces;
  for (const NamespaceNo ns : namespaces.numbers()) {
    if (namespaces[ns]) spaces.push_back(ns);
  }
  std::unordered_map<std::string_view, bool> found;
  for (const auto& id : ids) found.emplace(id, false);
  if (std::uint64_t{found.size()} * spaces.size() <= catalog.vectors()) {
    for (auto& [id, any] : found) {
      for (const NamespaceNo ns : spaces) {
        const auto vector = catalog.find_vector(ns, id);
        if (!vector) continue;
        named.vectors.insert(*vector);
        any = true;
      }
    }
  } else {
    for (const VectorNo v : numbers<VectorNo>(catalog.vectors())) {
      const auto place = namespaces[catalog.namespace_of(v)] ? found.find(catalog.id(v)) : found.end();
      if (place == found.end()) continue;
      named.vectors.insert(v);
      place->second = true;
    }
  }
  for (const auto& id : ids) {
    if (!found.at(id)) named.missing_ids.push_back(id);
  }
}

}  // namespace

Result<std::optional<std::vector<std::string>>> VectorSelection::only_ids() const try {
  const Boundary boundary;
  return !any_id && globs.empty() ? std::optional(ids) : std::nullopt;
} catch (...) {
  return caught();
}

Result<bool> VectorSelection::meets(const State& state, VectorNo vector) const try {
  const Boundary boundary;
  if (!state.exists(vector)) return false;
  for (const Expression& one : where) {
    DELTA_TRY(const bool holds, one.matches(state.metadata(vector)));
    if (!holds) return false;
  }
  return true;
} catch (...) {
  return caught();
}

Result<std::vector<NamespaceNo>> find_namespaces(const Catalog& catalog, std::string_view text) try {
  const Boundary boundary;
  const auto named = catalog.namespaces_named(text);
  const auto slash = text.rfind('/');
  if (!named.empty() || slash == text.npos) return std::vector(named.begin(), named.end());
  std::uint32_t dims = 0;
  const auto digits = text.substr(slash + 1);
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), dims);
  if (failed != std::errc() || end != digits.data() + digits.size()) return std::vector<NamespaceNo>();
  const auto one = catalog.find_namespace(text.substr(0, slash), dims);
  return one ? std::vector{*one} : std::vector<NamespaceNo>();
} catch (...) {
  return caught();
}

Result<NamedVectors> find_vectors(const Catalog& catalog, const VectorSelection& selection) try {
  const Boundary boundary;
  NamedVectors named;
  if (selection.all_names()) return named;
  named.vectors = {};
  Indexed<NamespaceNo, bool> namespaces(catalog.namespaces(), selection.namespaces.empty());
  for (const auto& name : selection.namespaces) {
    DELTA_TRY(const auto entries, find_namespaces(catalog, name));
    for (const NamespaceNo ns : entries) namespaces[ns] = true;
    if (entries.empty()) named.missing_namespaces.push_back(name);
  }
  find_ids(catalog, selection.ids, namespaces, named);
  if (!selection.any_id && selection.globs.empty()) return named;
  for (const VectorNo v : numbers<VectorNo>(catalog.vectors())) {
    if (!namespaces[catalog.namespace_of(v)]) continue;
    const auto hit = [&](const std::string& glob) { return glob_match(glob, catalog.id(v)); };
    if (selection.any_id || std::ranges::any_of(selection.globs, hit)) named.vectors.insert(v);
  }
  return named;
} catch (...) {
  return caught();
}

namespace {

constexpr std::size_t kTraceIdAt = 3, kTraceIdSize = 32;  // in a traceparent

/// Whether a selection takes a commit, whenever it was.
bool takes(const DeltaSelection& selection, const Catalog& catalog, const CommitView& commit) {
  const auto any = [](const std::vector<std::string>& texts, const auto& is) {
    return texts.empty() || std::ranges::any_of(texts, is);
  };
  const auto is_trace = [&](const std::string& trace) {
    return commit.trace == trace || (commit.trace.size() > kTraceIdAt + kTraceIdSize &&
                                     commit.trace.compare(kTraceIdAt, kTraceIdSize, trace) == 0);
  };
  const auto has = [&](const auto& property) {
    return or_bad_alloc(has_property(commit.properties, property.first, property.second));
  };
  return any(selection.origins, [&](const auto& origin) { return catalog.origin(commit.origin) == origin; }) &&
         any(selection.sources, [&](const auto& source) { return commit.source == source; }) &&
         any(selection.traces, is_trace) && std::ranges::all_of(selection.properties, has) &&
         (!selection.message || selection.message(commit.message));
}

/// What the dots of a cut had seen, themselves included unless `before`.
SeenSeqs seen_by(const Log& log, const CutOptions& cut) {
  SeenSeqs seen(log.catalog().origins());
  for (const Dot& dot : cut.as_seen_by) {
    auto one = or_bad_alloc(log.context({&dot, 1}));
    if (cut.before) one[dot.origin] = dot.seq - 1;
    for (const OriginNo origin : seen.numbers()) seen[origin] = std::max(seen[origin], one[origin]);
  }
  return seen;
}

}  // namespace

bool DeltaSelection::all() const {
  return origins.empty() && operations.empty() && properties.empty() && !message && sources.empty() && traces.empty() &&
         !since && !until;
}

Result<DeltaFilter> DeltaFilter::make(const Log& log, const DeltaSelection& selection, const CutOptions& cut) try {
  const Boundary boundary;
  for (const auto& name : selection.origins) {
    if (!log.catalog().find_origin(name)) {
      return error(ErrorCode::not_found, "no origin " + quote(name) + " in the log");
    }
  }
  DeltaFilter filter(log);
  filter.all_ = selection.all() && !cut.at && cut.as_seen_by.empty();
  if (filter.all_) return filter;
  for (const CommitNo number : numbers<CommitNo>(log.commits())) {
    filter.commits_.push_back(delta::takes(selection, log.catalog(), log.commit(number)));
  }
  if (!selection.operations.empty()) filter.operations_ = 0;
  for (const Operation op : selection.operations) filter.operations_ |= 1u << static_cast<unsigned>(op);
  const auto &since = selection.since, &until = selection.until;
  if (since && since->at) filter.since_ = *since->at;
  if (since && !since->as_seen_by.empty()) filter.seen_since_ = seen_by(log, *since);
  if (until && until->at) filter.until_ = *until->at;
  if (until && !until->as_seen_by.empty()) filter.keep_until(seen_by(log, *until));
  if (cut.at) filter.until_ = std::min(filter.until_, *cut.at + 1);
  if (!cut.as_seen_by.empty()) filter.keep_until(seen_by(log, cut));
  return filter;
} catch (...) {
  return caught();
}

void DeltaFilter::keep_until(const SeenSeqs& seen) {
  if (seen_until_.empty()) {
    seen_until_ = seen;
  } else {
    for (const OriginNo origin : seen.numbers()) seen_until_[origin] = std::min(seen_until_[origin], seen[origin]);
  }
}

bool DeltaFilter::takes_commit(CommitNo number) const noexcept {
  const CommitView& commit = log_->commit(number);
  return (all_ || commits_[number]) && takes_moment({commit.origin, commit.last()}, commit.time);
}

bool DeltaFilter::may_take(CommitNo number) const noexcept {
  const CommitView& commit = log_->commit(number);
  return (all_ || commits_[number]) && commit.time.us() >= since_ &&
         (seen_since_.empty() || commit.last() > seen_since_[commit.origin]) &&
         (seen_until_.empty() || commit.first <= seen_until_[commit.origin]);
}

Result<DeltaFilter> DeltaFilter::of_commit(const Log& log, CommitNo commit, std::optional<std::uint64_t> seq) try {
  const Boundary boundary;
  DeltaFilter filter(log);
  filter.all_ = false;
  filter.commits_.resize(log.commits());
  filter.commits_[commit] = true;
  if (seq) {
    const OriginNo origin = log.commit_origin(commit);
    filter.seen_since_ = SeenSeqs(log.catalog().origins());
    filter.seen_until_ = filter.seen_since_;
    filter.seen_since_[origin] = *seq - 1;
    filter.seen_until_[origin] = *seq;
  }
  return filter;
} catch (...) {
  return caught();
}

namespace {

/// Calls `use` with what a stream needs of a filter that does not take all.
template <class Use>
Status with_options(const Log& log, const VectorSet& vectors, const DeltaFilter& filter, const Use& use) {
  Indexed<CommitNo, std::uint32_t> commits(log.commits());
  for (const CommitNo number : commits.numbers()) commits[number] = filter.may_take(number);
  const std::function<bool(const Delta&)> takes = [&](const Delta& delta) { return filter.takes(delta); };
  if (filter.until() == 0) return {};
  return use({.vectors = &vectors,
              .until = filter.until() - 1,
              .commits = &commits,
              .since = filter.since(),
              .takes = &takes});
}

}  // namespace

Status each_delta(const Log& log, const VectorSet& vectors, const DeltaFilter& filter,
                  const std::function<Status(const DeltaBatch&)>& visit) try {
  const Boundary boundary;
  if (filter.takes_all()) return log.each(vectors, visit);
  return with_options(log, vectors, filter, [&](const store::Union::StreamOptions& options) {
    return log.impl().stream(options, [&](const store::Union::Block& block) { return visit(block.batch); });
  });
} catch (...) {
  return caught();
}

Status name_vectors(Log& log, const DeltaFilter& filter) try {
  const Boundary boundary;
  if (!log.impl().unnamed()) return {};
  if (filter.takes_all() && !log.impl().some_commits()) return log.impl().name_all();
  return with_options(log, VectorSet::all(), filter,
                      [&](const store::Union::StreamOptions& options) { return log.impl().name_changed(options); });
} catch (...) {
  return caught();
}

}  // namespace delta
