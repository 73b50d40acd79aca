// What a question is about: some vectors, some deltas, and a cut. Questions about a state take vectors and a cut;
// questions about the history take all three.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "delta/delta.hpp"
#include "delta/expression.hpp"
#include "delta/log.hpp"
#include "delta/snapshot.hpp"
#include "delta/state.hpp"
#include "delta/vector_set.hpp"

namespace delta {

/// Vectors by their names and their metadata.
struct DELTA_EXPORT VectorSelection {
  bool any_id = true;  ///< false: only those of `ids`, and those that one of `globs` matches
  std::vector<std::string> ids = {}, globs = {};
  std::vector<std::string> namespaces = {};  ///< NS: all of this name; NS/DIMS: the one; none: all
  std::vector<Expression> where = {};        ///< only those that exist and whose metadata meets all of these

  bool all_names() const { return any_id && namespaces.empty(); }
  /// What OpenOptions::ids may be for a question about this selection; none: not known before all names are read.
  Result<std::optional<std::vector<std::string>>> only_ids() const;
  /// The vector exists in the state, and its metadata meets `where`.
  Result<bool> meets(const State& state, VectorNo vector) const;
};

/// What the names of a VectorSelection are in one catalog.
struct NamedVectors {
  VectorSet vectors = VectorSet::all();
  std::vector<std::string> missing_ids = {};         ///< that none of the namespaces has, in the order given
  std::vector<std::string> missing_namespaces = {};  ///< that the catalog lacks
};
/// `where` is not looked at: that takes a state.
DELTA_EXPORT Result<NamedVectors> find_vectors(const Catalog& catalog, const VectorSelection& selection);

/// The entries of a catalog that NS or NS/DIMS means. A name that ends like the latter wins.
DELTA_EXPORT Result<std::vector<NamespaceNo>> find_namespaces(const Catalog& catalog, std::string_view text);

/// Deltas by what they and their commits say.
struct DeltaSelection {
  std::vector<std::string> origins = {};                             ///< none: all, as of each list here
  std::vector<Operation> operations = {};                            ///< none: all
  std::vector<std::pair<std::string, std::string>> properties = {};  ///< the commit has all of these
  std::function<bool(std::string_view)> message = {};                ///< is true of its message; empty: any
  std::vector<std::string> sources = {};                             ///< it has one of these
  std::vector<std::string> traces = {};                              ///< one of these: a traceparent, or its trace id
  std::optional<CutOptions> since = {};  ///< at or after its time; or not among what its dots had seen
  std::optional<CutOptions> until = {};  ///< before its time; or among what its dots had seen

  bool all() const;
};

struct Selection {
  VectorSelection vectors = {};
  DeltaSelection deltas = {};
  CutOptions cut = {};
};

/// A DeltaSelection and a cut, made ready to be asked about each delta of one log, which must outlive it.
class DELTA_EXPORT DeltaFilter {
 public:
  /// not_found: the log lacks an origin.
  static Result<DeltaFilter> make(const Log& log, const DeltaSelection& selection, const CutOptions& cut = {});
  /// Of one commit, or of one delta of it.
  static Result<DeltaFilter> of_commit(const Log& log, CommitNo commit, std::optional<std::uint64_t> seq = {});

  bool takes_all() const { return all_; }
  bool takes(const Delta& delta) const {
    const Dot dot{log_->commit_origin(delta.commit), delta.seq};
    return (all_ || commits_[delta.commit]) && takes_moment(dot, delta.time) &&
           (operations_ >> static_cast<unsigned>(delta.op) & 1u) != 0;
  }
  /// Of a commit that holds some before a moment of the selection and some after it, its last delta decides.
  bool takes_commit(CommitNo number) const noexcept;
  /// False: it takes no delta of the commit.
  bool may_take(CommitNo number) const noexcept;
  Micros since() const { return since_; }  ///< it takes no delta of an earlier time,
  Micros until() const { return until_; }  ///< none of this time or later

 private:
  explicit DeltaFilter(const Log& log) : log_(&log) {}
  bool takes_moment(Dot dot, Timestamp time) const {
    return time.us() >= since_ && time.us() < until_ && (seen_since_.empty() || dot.seq > seen_since_[dot.origin]) &&
           (seen_until_.empty() || dot.seq <= seen_until_[dot.origin]);
  }
  DELTA_HIDDEN void keep_until(const SeenSeqs& seen);

  const Log* log_;
  bool all_ = true;
  Indexed<CommitNo, bool> commits_;  // that the selection takes; not looked at if it takes all
  unsigned operations_ = ~0u;        // bits, by number
  Micros since_ = 0, until_ = ~Micros{0};
  SeenSeqs seen_since_, seen_until_;  // empty: any
};

/// Visits the deltas that a filter of the log takes, and others: of the blocks of the log, what cannot hold any of them
/// is not read, or only where and when its deltas are. Else as Log::each().
DELTA_EXPORT Status each_delta(const Log& log, const VectorSet& vectors, const DeltaFilter& filter,
                               const std::function<Status(const DeltaBatch&)>& visit);

}  // namespace delta
