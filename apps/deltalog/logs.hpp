// What commands share about logs: opening their union, choosing vectors and times, saying what a delta is.
#pragma once

#include <regex.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/parse.hpp"
#include "command.hpp"
#include "delta/log.hpp"
#include "delta/snapshot.hpp"

namespace deltalog {

class VectorChoice;

/// The union of the logs, with what reading them noticed as warnings. `choice`: what alone will be asked about; null:
/// anything.
Result<delta::Log> open_logs(const Invocation& invocation, std::span<const std::string> operands, Console& console,
                             const VectorChoice* choice = nullptr);

/// A log ends before all that was written to it, or before it was sealed: what was read is a part, as far as anybody
/// knows. (Only of a damaged trailer it is known that nothing is missing.)
bool is_cut_short(const delta::Finding& notice);
/// Warns of what reading a log noticed; where it is cut short also with -q, and the program's 0 and 1 become a 4.
/// open_logs() does so.
void warn_of(std::span<const delta::Finding> notices, Console& console);
/// The same. Error: the log is cut short before its first commit, so that there is nothing that could be read.
Status warn_of(const delta::Log& log, Console& console);

/// What an answer about the state is worth: partly, when the log holds commits that no state may hold yet.
Exit exit_with(const delta::Log& log, Exit answer = Exit::yes);

/// A delta or a commit, as people name it.
struct Named {
  std::uint32_t commit = 0;
  std::optional<std::uint64_t> seq;  ///< none: the whole commit
  std::optional<delta::Hash> hash;   ///< of the commit, if it was named by that
};
/// "origin:seq" is a delta; "origin:first..last", as `log` prints it, a commit, and so are 4 to 64 digits of a hash
/// (which reads every delta); a tag names the last delta of its release, or of its time. Errors: usage for none of
/// these, for digits that begin several hashes, or for a release of several last deltas; not_found.
Result<Named> find_named(const delta::Log& log, std::string_view text);
/// The same as a dot: of a commit its last.
Result<delta::Dot> find_dot(const delta::Log& log, std::string_view text);

/// A time as people write it, or a tag of the log, which names a time or a release. usage: neither; not_found: not all
/// of the release is here.
Result<delta::CutOptions> parse_cut(const delta::Log& log, std::string_view text);
/// The same where only a time will do. usage: a release.
Result<delta::Micros> parse_time_in(const delta::Log& log, std::string_view text);
/// A delta, or a tag of the log: what its author saw.
Result<delta::CutOptions> parse_seen(const delta::Log& log, std::string_view text);

/// --at and --as-seen-by, of a command that has both.
Result<delta::CutOptions> cut_of(const Invocation& invocation, const delta::Log& log);

/// --policy; empty: not given. usage: malformed, or a strategy that is not known.
Result<std::optional<delta::Policy>> policy_option(const Invocation& invocation);
/// The setting that records a policy.
std::string policy_setting(const delta::Policy& policy);
/// Has conflicts decided by `policy`, which must outlive the cut, and says so where the log has another at the cut.
/// Null: by the log's own.
void override_policy(delta::CutOptions& cut, const delta::Policy* policy, const delta::Log& log, Console& console);

/// Vectors chosen by --id, --id-glob, --ids-from and --namespace (a union of ids within the namespaces).
struct Chosen {
  bool all = true;
  std::vector<bool> vectors;                    ///< by catalog number; empty if all
  std::vector<std::string> missing;             ///< ids asked for that no chosen namespace of the log has, in order
  std::vector<std::string> missing_namespaces;  ///< and namespaces that the log lacks

  const std::vector<bool>* mask() const { return all ? nullptr : &vectors; }
};
/// The question alone, before a log is there to answer it. Files of ids are read once.
class VectorChoice {
 public:
  static Result<VectorChoice> read(const Invocation& invocation);
  static VectorChoice none();  ///< no vector is asked about
  bool all() const { return !by_id_ && namespaces_.empty(); }
  Chosen in(const delta::Catalog& catalog) const;
  bool by_id() const { return by_id_; }
  const std::vector<std::string>& ids() const { return ids_; }  ///< each of which is asked for
  std::optional<std::vector<std::string>> only_ids()
      const;  ///< no vector of another id is chosen; none: not known before

 private:
  bool by_id_ = false;
  std::vector<std::string> ids_, globs_, namespaces_;
};
/// Whether the name of a vector's namespace is also that of one with other dimensions: NS/DIMS tells them apart.
bool is_ambiguous(const delta::Catalog& catalog, std::string_view name_space);
/// The namespaces that --namespace means: NS, all of this name; NS/DIMS, the one. A name that ends like this wins.
std::vector<delta::NamespaceNo> namespaces_of(const delta::Catalog& catalog, std::string_view text);
/// What missing namespaces mean: not_found.
delta::Error no_namespace(std::string_view name);
/// Errors: not_found for a namespace that the log lacks.
Result<Chosen> choose_vectors(const VectorChoice& choice, const delta::Catalog& catalog);

/// Names each id that was asked for and has no part in the answer: it is not in the log, or not `where`. Says so, too,
/// if the answer is empty. True if it said anything: the command's answer is then no.
bool report_absent(const VectorChoice& choice, const Chosen& chosen, const delta::Catalog& catalog,
                   const std::vector<bool>& answered, std::string_view where, Console& console);
/// Only of ids that are not in the log.
bool report_missing(const Chosen& chosen, Console& console);

/// Deltas chosen by --origin, --op, --since and --until.
class DeltaFilter {
 public:
  static Result<DeltaFilter> make(const Invocation& invocation, const delta::Log& log);
  bool takes_all() const { return all_; }
  bool takes_origin(delta::OriginNo origin) const {
    return origins_.empty() || (origins_.contains(origin) && origins_[origin]);
  }
  /// A delta of this dot and time lies between --since and --until.
  bool takes_moment(delta::Dot dot, delta::Timestamp time) const {
    return time.us() >= since_ && time.us() < until_ && (seen_since_.empty() || dot.seq > seen_since_[dot.origin]) &&
           (seen_until_.empty() || dot.seq <= seen_until_[dot.origin]);
  }
  bool takes(delta::OriginNo origin, const delta::Delta& delta) const {
    return takes_origin(origin) && takes_moment({origin, delta.seq}, delta.time) &&
           (ops_ >> static_cast<unsigned>(delta.op) & 1u) != 0;
  }

 private:
  bool all_ = true;
  delta::Indexed<delta::OriginNo, bool> origins_;  // empty: all
  unsigned ops_ = ~0u;
  delta::Micros since_ = 0, until_ = ~delta::Micros{0};
  delta::SeenSeqs seen_since_, seen_until_;  // of releases
};

/// Commits chosen by --property, --grep, --source and --trace.
class CommitFilter {
 public:
  static Result<CommitFilter> make(const Invocation& invocation);
  bool takes_all() const { return properties_.empty() && !grep_ && sources_.empty() && traces_.empty(); }
  bool takes(const delta::Commit& commit) const;

 private:
  bool takes_message(const std::string& message) const;

  std::vector<std::pair<std::string, std::string>> properties_;
  std::shared_ptr<const regex_t> grep_;  // null: any message
  std::vector<std::string> sources_, traces_;
};

}  // namespace deltalog
