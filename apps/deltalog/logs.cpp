// Ids and names out of a log are untrusted and leave here escaped.
#include "logs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "cli/hints.hpp"
#include "cli/values.hpp"
#include "delta/conflicts.hpp"
#include "delta/out_of_memory.hpp"
#include "delta/setting.hpp"
#include "delta/text.hpp"
#include "formats/json_writer.hpp"
#include "selection.hpp"
#include "texts.hpp"
#include "trace/trace.hpp"
#include "ui/console.hpp"

namespace deltalog {

using delta::ErrorCode;

namespace {

/// How logs are opened: for these ids and those that match the globs, or for all.
struct Opening {
  delta::OpenOptions options = {};
  std::vector<std::string> globs = {};
};
Result<Opening> opening_of(const Invocation& invocation, const delta::VectorSelection* vectors) {
  Opening opening;
  DELTA_TRY(opening.options.threads, threads_of(invocation));
  if (vectors != nullptr && !vectors->any_id) {
    opening.options.ids = vectors->ids;
    opening.globs = vectors->globs;
  }
  return opening;
}

Status warn_of_opened(const delta::Log& log, Console& console) {
  DELTA_OK(warn_of(log, console));
  DELTA_TRY(const auto conflicts, delta::namespace_conflicts(log));
  for (const auto& conflict : conflicts) {
    console.warn(conflict.text(), "--namespace " + delta::escape(conflict.name) + "/" +
                                      std::to_string(conflict.dims[0]) + " chooses some of them");
  }
  return {};
}

/// A cut by dots, or one that a tag names, which may be a release: then all commits count.
bool needs_all_commits(const Invocation& invocation) {
  const auto* at = invocation.value("at");
  return invocation.has("as-seen-by") || (at != nullptr && !delta::unless_out_of_memory(parse_time(*at)));
}

}  // namespace

Result<delta::Log> open_logs(const Invocation& invocation, std::span<const std::string> operands, Console& console,
                             const delta::VectorSelection* vectors) {
  DELTA_TRY(const auto opening, opening_of(invocation, vectors));
  DELTA_TRY(auto log, delta::open_for_vectors(operands, opening.options, opening.globs));
  DELTA_OK(warn_of_opened(log, console));
  return log;
}

Result<delta::Log> open_logs_for_state(const Invocation& invocation, Console& console,
                                       const delta::VectorSelection& vectors) {
  const auto& operands = invocation.operands();
  if (needs_all_commits(invocation)) return open_logs(invocation, operands, console, &vectors);
  DELTA_TRY(const auto opening, opening_of(invocation, &vectors));
  DELTA_TRY(auto log, delta::open_for_state(operands, opening.options, opening.globs));
  DELTA_OK(warn_of_opened(log, console));
  return log;
}

namespace {

bool is_like_dot(std::string_view text) {
  const auto colon = text.rfind(':');
  return colon != text.npos && colon + 1 < text.size() && text[colon + 1] >= '0' && text[colon + 1] <= '9';
}

}  // namespace

Result<delta::Log> open_logs_for_dots(const Invocation& invocation, std::span<const std::string> operands,
                                      Console& console, std::span<const std::string> deltas,
                                      const std::optional<delta::CommitsWanted>& wanted) {
  const bool twice = std::ranges::find(operands, "-") == operands.end();  // may be opened again
  const auto none = no_vectors();
  if (!std::ranges::all_of(deltas, is_like_dot) || (!twice && !deltas.empty())) {
    return open_logs(invocation, operands, console);
  }
  DELTA_TRY(const auto unnamed, opening_of(invocation, &none));
  DELTA_TRY(auto log, wanted ? delta::open_for_commits(operands, unnamed.options, *wanted)
                             : delta::Log::open(operands, unnamed.options));
  DELTA_OK(warn_of_opened(log, console));
  const auto is_tag = [&](const std::string& text) {
    return !log.catalog().find_origin(text.substr(0, text.rfind(':'))) && delta::or_bad_alloc(log.tag(text));
  };
  if (std::ranges::none_of(deltas, is_tag)) return log;
  DELTA_TRY(const auto all, opening_of(invocation, nullptr));
  return delta::Log::open(operands, all.options);
}

bool is_cut_short(const delta::Finding& notice) {
  using delta::Verdict;
  return notice.verdict == Verdict::unsealed || notice.verdict == Verdict::torn ||
         notice.verdict == Verdict::damaged_tail || notice.verdict == Verdict::lost;
}

void warn_of(std::span<const delta::Finding> notices, Console& console) {
  for (const auto& notice : notices) is_cut_short(notice) ? console.cut_short(notice) : console.warn(notice);
}

Status warn_of(const delta::Log& log, Console& console) {
  warn_of(log.notices(), console);
  const auto cut = std::ranges::find_if(log.notices(), is_cut_short);
  if (cut == log.notices().end() || cut->verdict == delta::Verdict::lost || log.commits() > 0) return {};
  return delta::error(ErrorCode::corrupt, "ends before its first commit: nothing can be read").in(cut->file);
}

Exit exit_with(const delta::Log& log, Exit answer) {
  for (const auto number : delta::numbers<delta::CommitNo>(log.commits())) {
    if (log.pending(number)) return Exit::partly;
  }
  return answer;
}

namespace {

struct TagNames {
  explicit TagNames(const delta::Log& log) : tags(delta::or_bad_alloc(log.tags())) {
    for (const auto& tag : tags) all.push_back(tag.name);
  }
  std::vector<delta::Tag> tags;
  std::vector<std::string_view> all;  // in `tags`
};

Status check_whole(const delta::Tag& tag) {
  if (tag.missing.empty()) return {};
  return delta::error(ErrorCode::not_found, "release " + delta::quote(tag.name, 200) + " holds " +
                                                delta::escape(tag.missing, 200) +
                                                ", which is not in this log, or waits for its causes")
      .with_hint("merge the log that has it first");
}

/// The last delta of a vector until a time, by key. Reads every delta.
Result<Named> last_until(const delta::Log& log, delta::Micros time) {
  std::optional<delta::Key> last;
  delta::CommitNo commit{};
  DELTA_OK(log.each(delta::VectorSet::all(), [&](const delta::DeltaBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const delta::Key key{batch.times[i], log.commit_origin(batch.commits[i]), batch.seqs[i]};
      if (key.time.us() > time || log.pending(batch.commits[i]) || (last && !key_less(log.catalog(), *last, key))) {
        continue;
      }
      last = key;
      commit = batch.commits[i];
    }
    return {};
  }));
  if (last) return Named{commit, last->seq, {}};
  return delta::error(ErrorCode::not_found, "there is no delta at " + delta::format_time(time) + " or before");
}

/// The delta that a tag names.
Result<Named> tagged(const delta::Log& log, const delta::Tag& tag) {
  DELTA_OK(check_whole(tag));
  if (tag.heads.size() == 1) return Named{*log.find_commit(tag.heads[0]), tag.heads[0].seq, {}};
  if (!tag.at) {
    return delta::error(ErrorCode::usage, "release " + delta::quote(tag.name, 200) + " has " +
                                              delta::plural(tag.heads.size(), "last delta") +
                                              ": no single one is meant");
  }
  return last_until(log, *tag.at);
}

/// "origin:first..last", as a commit is printed; empty: not written so. Errors: not_found, where no commit holds just
/// these dots.
Result<std::optional<Named>> find_range(const delta::Log& log, std::string_view text) {
  const auto colon = text.rfind(':'), dots = text.rfind("..");
  if (colon == text.npos || dots == text.npos || dots < colon) return {std::nullopt};
  const auto last = parse_count(text.substr(dots + 2));
  if (!last || !parse_count(text.substr(colon + 1, dots - colon - 1))) return {std::nullopt};
  DELTA_TRY(const auto dot, log.parse_dot(text.substr(0, dots)));
  const delta::CommitNo number = *log.find_commit(dot);
  const auto& commit = log.commit(number);
  if (commit.first == dot.seq && commit.last() == *last) return std::optional(Named{number, {}, {}});
  return delta::error(ErrorCode::not_found, "no commit is " + delta::quote(text) + ": " + log.dot_text(dot) +
                                                " is in " + dots_text(log, commit));
}

}  // namespace

std::string origin_hint(const delta::Log& log, std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto origin : delta::numbers<delta::OriginNo>(log.catalog().origins())) {
    names.push_back(log.catalog().origin(origin));
  }
  return did_you_mean_name(name, names);
}

Result<Named> find_named(const delta::Log& log, std::string_view text) {
  const auto colon = text.rfind(':');
  const bool known = colon != text.npos && log.catalog().find_origin(text.substr(0, colon));
  std::optional<delta::Tag> tag;
  if (!known) {
    DELTA_TRY(tag, log.tag(text));
  }
  if (known || (colon != text.npos && !tag)) {
    DELTA_TRY(const auto range, find_range(log, text));
    if (range) return *range;
    auto dot = delta::unless_out_of_memory(log.parse_dot(text));
    if (dot) return Named{*log.find_commit(*dot), dot->seq, {}};
    if (!known) dot.error().hint = origin_hint(log, text.substr(0, colon));
    return std::move(dot).error();
  }
  if (tag) return tagged(log, *tag);
  const auto prefix = delta::unless_out_of_memory(delta::parse_hash_prefix(text));
  if (!prefix) {
    return delta::error(ErrorCode::usage,
                        delta::quote(text) +
                            " is not a dot (ORIGIN:SEQ), a tag of the log, or a hash (4 to 64 hexadecimal digits)")
        .with_hint(did_you_mean_name(text, TagNames(log).all));
  }
  DELTA_TRY(const auto hashes, log.hashes());
  std::optional<delta::CommitNo> found;
  for (const auto number : hashes.numbers()) {
    if (!prefix->matches(hashes[number])) continue;
    if (found) {
      return delta::error(ErrorCode::usage, delta::quote(text) + " begins the hashes of several commits")
          .with_hint("give more digits");
    }
    found = number;
  }
  if (!found) return delta::error(ErrorCode::not_found, "no commit " + delta::quote(text) + " in the log");
  return Named{*found, {}, hashes[*found]};
}

Result<delta::Dot> find_dot(const delta::Log& log, std::string_view text) {
  DELTA_TRY(const auto named, find_named(log, text));
  const auto& commit = log.commit(named.commit);
  return delta::Dot{commit.origin, named.seq.value_or(commit.last())};
}

Result<delta::CutOptions> parse_cut(const delta::Log& log, std::string_view text) {
  auto time = parse_time(text);
  if (time) return delta::CutOptions{.at = *time};
  DELTA_TRY(const auto tag, log.tag(text));
  if (tag) {
    DELTA_OK(check_whole(*tag));
    return delta::CutOptions{.at = tag->at, .as_seen_by = tag->heads};
  }
  time.error().code = ErrorCode::usage;
  const TagNames tags(log);
  if (auto hint = did_you_mean_name(text, tags.all); !hint.empty()) time.error().hint = std::move(hint);
  if (!tags.all.empty()) time.error().message += ", and no tag of the log";
  return std::move(time).error();
}

Result<delta::Micros> parse_time_in(const delta::Log& log, std::string_view text) {
  DELTA_TRY(const auto cut, parse_cut(log, text));
  if (cut.at) return *cut.at;
  return delta::error(ErrorCode::usage,
                      "tag " + delta::quote(text, 200) + " names a release, and only a time will do here");
}

Result<delta::CutOptions> parse_seen(const delta::Log& log, std::string_view text) {
  DELTA_TRY(const auto tag, log.tag(text));
  if (tag && !delta::unless_out_of_memory(log.parse_dot(text))) return parse_cut(log, text);
  DELTA_TRY(const auto dot, find_dot(log, text));
  return delta::CutOptions{.as_seen_by = {dot}};
}

Result<delta::State> composed(const delta::Log& log, const delta::CutOptions& cut, const delta::VectorSet& vectors) {
  trace::Span span("delta.compose");
  auto state = delta::snapshot(log, cut, vectors);
  if (state) span.set("delta.vectors", std::uint64_t{state->size()});
  return state;
}

Result<std::optional<delta::Policy>> policy_option(const Invocation& invocation) {
  return value_of(invocation, "policy", [](std::string_view text) { return delta::Policy::parse(text); });
}

std::string policy_setting(const delta::Policy& policy) {
  const std::string text = policy.text();
  return delta::Setting{delta::Setting::Kind::policy, text}.to_text();
}

void override_policy(delta::CutOptions& cut, const delta::Policy* policy, const delta::Log& log, Console& console) {
  if (policy == nullptr) return;
  const auto own = delta::unless_out_of_memory(delta::policy_of(log, cut));
  const auto text = policy->text();
  cut.policy = policy;
  if (own && own->text() == text) return;
  console.warn("conflicts decided by " + delta::escape(text) + ", not by the log's own " +
               (own ? delta::escape(own->text()) : "policy, which cannot be read (" + own.error().text() + ")"));
}

Result<delta::CutOptions> cut_of(const Invocation& invocation, const delta::Log& log) {
  DELTA_TRY(const auto at, value_of(invocation, "at", [&](std::string_view text) { return parse_cut(log, text); }));
  const auto* text = invocation.value("as-seen-by");
  if (text == nullptr) return at.value_or(delta::CutOptions());
  DELTA_TRY(auto seen, parse_seen(log, *text));
  if (!at) return seen;
  if (!at->at || seen.at) {
    return usage_error(invocation, "--at and --as-seen-by name a time and what somebody had seen, not two of one");
  }
  seen.at = at->at;
  return seen;
}

}  // namespace deltalog
