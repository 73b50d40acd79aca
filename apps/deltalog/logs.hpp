// What commands share about logs: opening their union, and what names and times mean in it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/parse.hpp"
#include "command.hpp"
#include "delta/log.hpp"
#include "delta/lookup.hpp"
#include "delta/selection.hpp"
#include "delta/snapshot.hpp"

namespace deltalog {

/// The union of the logs, with what reading them noticed as warnings. `vectors`: what alone will be asked about;
/// null: anything.
Result<delta::Log> open_logs(const Invocation& invocation, std::span<const std::string> operands, Console& console,
                             const delta::VectorSelection* vectors = nullptr);

/// The same for a question about the state of `vectors`, which may be answered through an index of the log.
Result<delta::Log> open_logs_for_state(const Invocation& invocation, Console& console,
                                       const delta::VectorSelection& vectors);

/// The same for a question that names deltas, for find_named(): without names of vectors (delta::name_vectors() reads
/// them) if each of `deltas` is a dot of the logs, or a range of dots. Other things take all names to be found: a tag
/// may stand for the last delta of a time, and digits for a hash. `wanted`: what commits alone will be asked about,
/// which may be read through an index of the log.
Result<delta::Log> open_logs_for_dots(const Invocation& invocation, std::span<const std::string> operands,
                                      Console& console, std::span<const std::string> deltas,
                                      const std::optional<delta::CommitsWanted>& wanted = {});

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

/// "did you mean 'main'?" of an origin that the log lacks; empty: none is near.
std::string origin_hint(const delta::Log& log, std::string_view name);

/// A delta or a commit, as people name it.
struct Named {
  delta::CommitNo commit{};
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

/// delta::snapshot(), as a span of a trace.
Result<delta::State> composed(const delta::Log& log, const delta::CutOptions& cut, const delta::VectorSet& vectors);

/// --policy; empty: not given. usage: malformed, or a strategy that is not known.
Result<std::optional<delta::Policy>> policy_option(const Invocation& invocation);
/// The setting that records a policy.
std::string policy_setting(const delta::Policy& policy);
/// Has conflicts decided by `policy`, which must outlive the cut, and says so where the log has another at the cut.
/// Null: by the log's own.
void override_policy(delta::CutOptions& cut, const delta::Policy* policy, const delta::Log& log, Console& console);

}  // namespace deltalog
