// Ids and names out of a log are untrusted and leave here escaped.
#include "logs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "cli/values.hpp"
#include "delta/conflicts.hpp"
#include "delta/glob.hpp"
#include "delta/properties.hpp"
#include "delta/setting.hpp"
#include "delta/text.hpp"
#include "formats/ids.hpp"
#include "formats/json_writer.hpp"
#include "texts.hpp"
#include "ui/console.hpp"

namespace deltalog {

using delta::Catalog;
using delta::ErrorCode;
using delta::Indexed;
using delta::NamespaceNo;

Result<delta::Log> open_logs(const Invocation& invocation, std::span<const std::string> operands, Console& console,
                             const VectorChoice* choice) {
  delta::OpenOptions options;
  DELTA_TRY(options.threads, threads_of(invocation));
  if (choice != nullptr) options.ids = choice->only_ids();
  DELTA_TRY(auto log, delta::Log::open(operands, options));
  DELTA_OK(warn_of(log, console));
  DELTA_TRY(const auto conflicts, delta::namespace_conflicts(log));
  for (const auto& conflict : conflicts) {
    console.warn(conflict.text(), "--namespace " + delta::escape(conflict.name) + "/" +
                                      std::to_string(conflict.dims[0]) + " chooses some of them");
  }
  return log;
}

bool is_cut_short(const delta::Finding& notice) {
  using delta::Verdict;
  return notice.verdict == Verdict::unsealed || notice.verdict == Verdict::torn ||
         notice.verdict == Verdict::damaged_tail;
}

void warn_of(std::span<const delta::Finding> notices, Console& console) {
  for (const auto& notice : notices) is_cut_short(notice) ? console.cut_short(notice) : console.warn(notice);
}

Status warn_of(const delta::Log& log, Console& console) {
  warn_of(log.notices(), console);
  const auto cut = std::ranges::find_if(log.notices(), is_cut_short);
  if (cut == log.notices().end() || log.commits() > 0) return {};
  return delta::error(ErrorCode::corrupt, "ends before its first commit: nothing can be read").in(cut->file);
}

Exit exit_with(const delta::Log& log, Exit answer) {
  for (std::uint32_t number = 0; number < log.commits(); ++number) {
    if (log.pending(number)) return Exit::partly;
  }
  return answer;
}

namespace {

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
  std::uint32_t commit = 0;
  DELTA_OK(log.each(nullptr, [&](const delta::DeltaBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const delta::Key key{batch.times[i], log.commit(batch.commits[i]).origin, batch.seqs[i]};
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
  const std::uint32_t number = *log.find_commit(dot);
  const auto& commit = log.commit(number);
  if (commit.first == dot.seq && commit.last() == *last) return std::optional(Named{number, {}, {}});
  return delta::error(ErrorCode::not_found, "no commit is " + delta::quote(text) + ": " + log.dot_text(dot) +
                                                " is in " + dots_text(log, commit));
}

}  // namespace

Result<Named> find_named(const delta::Log& log, std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon != text.npos && (log.catalog().find_origin(text.substr(0, colon)) || !log.tag(text))) {
    DELTA_TRY(const auto range, find_range(log, text));
    if (range) return *range;
    DELTA_TRY(const auto dot, log.parse_dot(text));
    return Named{*log.find_commit(dot), dot.seq, {}};
  }
  if (const auto tag = log.tag(text)) return tagged(log, *tag);
  const auto prefix = delta::parse_hash_prefix(text);
  if (!prefix) {
    return delta::error(
        ErrorCode::usage,
        delta::quote(text) + " is not a dot (ORIGIN:SEQ), a tag of the log, or a hash (4 to 64 hexadecimal digits)");
  }
  DELTA_TRY(const auto hashes, log.hashes());
  std::optional<std::uint32_t> found;
  for (std::uint32_t number = 0; number < hashes.size(); ++number) {
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
  auto time = delta::parse_time(text, now());
  if (time) return delta::CutOptions{.at = *time};
  if (const auto tag = log.tag(text)) {
    DELTA_OK(check_whole(*tag));
    return delta::CutOptions{.at = tag->at, .as_seen_by = tag->heads};
  }
  time.error().code = ErrorCode::usage;
  if (!log.tags().empty()) time.error().message += ", and no tag of the log";
  return std::move(time).error();
}

Result<delta::Micros> parse_time_in(const delta::Log& log, std::string_view text) {
  DELTA_TRY(const auto cut, parse_cut(log, text));
  if (cut.at) return *cut.at;
  return delta::error(ErrorCode::usage,
                      "tag " + delta::quote(text, 200) + " names a release, and only a time will do here");
}

Result<delta::CutOptions> parse_seen(const delta::Log& log, std::string_view text) {
  if (const auto tag = log.tag(text); tag && !log.parse_dot(text)) return parse_cut(log, text);
  DELTA_TRY(const auto dot, find_dot(log, text));
  return delta::CutOptions{.as_seen_by = {dot}};
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
  const auto own = delta::policy_of(log, cut);
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

namespace {

Result<std::vector<std::string>> named_ids(const Invocation& invocation) {
  std::vector<std::string> ids = invocation.values("id");
  for (const auto& file : invocation.values("ids-from")) {
    DELTA_TRY(const auto list, delta::formats::read_ids(file));
    for (std::size_t i = 0; i < list.size(); ++i) ids.emplace_back(list[i]);
  }
  return ids;
}

}  // namespace

Result<VectorChoice> VectorChoice::read(const Invocation& invocation) {
  VectorChoice choice;
  choice.by_id_ = invocation.has("id") || invocation.has("id-glob") || invocation.has("ids-from");
  DELTA_TRY(choice.ids_, named_ids(invocation));
  choice.globs_ = invocation.values("id-glob");
  choice.namespaces_ = invocation.values("namespace");
  return choice;
}

VectorChoice VectorChoice::none() {
  VectorChoice choice;
  choice.by_id_ = true;
  return choice;
}

std::optional<std::vector<std::string>> VectorChoice::only_ids() const {
  return by_id_ && globs_.empty() ? std::optional(ids_) : std::nullopt;
}

namespace {

/// Vectors of these ids in these namespaces. An id may be in each of them: where that is more to ask for than there are
/// vectors, all vectors are looked at.
void choose_ids(const Catalog& catalog, const std::vector<std::string>& ids,
                const Indexed<NamespaceNo, bool>& namespaces, Chosen& chosen) {
  std::vector<NamespaceNo> spaces;
  for (const NamespaceNo ns : namespaces.numbers()) {
    if (namespaces[ns]) spaces.push_back(ns);
  }
  std::unordered_map<std::string_view, bool> found;
  for (const auto& id : ids) found.emplace(id, false);
  if (std::uint64_t{found.size()} * spaces.size() <= catalog.vectors()) {
    for (auto& [id, any] : found) {
      for (const NamespaceNo ns : spaces) {
        if (const auto vector = catalog.find_vector(ns, id)) chosen.vectors[*vector] = any = true;
      }
    }
  } else {
    for (std::uint32_t v = 0; v < catalog.vectors(); ++v) {
      const auto place = namespaces[catalog.namespace_of(v)] ? found.find(catalog.id(v)) : found.end();
      if (place != found.end()) chosen.vectors[v] = place->second = true;
    }
  }
  for (const auto& id : ids) {
    if (!found.at(id)) chosen.missing.push_back(id);
  }
}

}  // namespace

Chosen VectorChoice::in(const Catalog& catalog) const {
  Chosen chosen;
  chosen.all = all();
  if (chosen.all) return chosen;

  Indexed<NamespaceNo, bool> namespaces(catalog.namespaces(),
                                        namespaces_.empty());  // one name may have several entries
  for (const auto& name : namespaces_) {
    const auto entries = namespaces_of(catalog, name);
    for (const NamespaceNo ns : entries) namespaces[ns] = true;
    if (entries.empty()) chosen.missing_namespaces.push_back(name);
  }
  chosen.vectors.assign(catalog.vectors(), false);
  choose_ids(catalog, ids_, namespaces, chosen);
  for (std::uint32_t v = 0; v < catalog.vectors(); ++v) {
    if (!namespaces[catalog.namespace_of(v)]) continue;
    const auto hit = [&](const std::string& glob) { return delta::glob_match(glob, catalog.id(v)); };
    if (!by_id_ || std::ranges::any_of(globs_, hit)) chosen.vectors[v] = true;
  }
  return chosen;
}

bool is_ambiguous(const Catalog& catalog, std::string_view name_space) {
  return catalog.namespaces_named(name_space).size() > 1;
}

std::vector<NamespaceNo> namespaces_of(const Catalog& catalog, std::string_view text) {
  const auto named = catalog.namespaces_named(text);
  const auto slash = text.rfind('/');
  if (!named.empty() || slash == text.npos) return {named.begin(), named.end()};
  const auto dims = parse_count(text.substr(slash + 1));
  if (!dims || *dims > ~std::uint32_t{0}) return {};
  const auto one = catalog.find_namespace(text.substr(0, slash), static_cast<std::uint32_t>(*dims));
  return one ? std::vector{*one} : std::vector<NamespaceNo>();
}

delta::Error no_namespace(std::string_view name) {
  return delta::error(ErrorCode::not_found, "no namespace " + delta::quote(name) + " in the log");
}

Result<Chosen> choose_vectors(const VectorChoice& choice, const Catalog& catalog) {
  auto chosen = choice.in(catalog);
  if (!chosen.missing_namespaces.empty()) return no_namespace(chosen.missing_namespaces[0]);
  return chosen;
}

namespace {

/// The first of some, and how many more there are.
void name_absent(const std::vector<std::string>& ids, std::string_view where, Console& console) {
  constexpr std::size_t kShown = 10;
  for (std::size_t i = 0; i < std::min(kShown, ids.size()); ++i) {
    console.error(delta::error(ErrorCode::not_found, fmt::format("no vector {} {}", delta::quote(ids[i]), where)));
  }
  if (ids.size() > kShown) {
    console.error(delta::error(ErrorCode::not_found, fmt::format("and {} more", ids.size() - kShown)));
  }
}

}  // namespace

bool report_missing(const Chosen& chosen, Console& console) {
  name_absent(chosen.missing, "in the log", console);
  return !chosen.missing.empty();
}

bool report_absent(const VectorChoice& choice, const Chosen& chosen, const Catalog& catalog,
                   const std::vector<bool>& answered, std::string_view where, Console& console) {
  const bool missing = report_missing(chosen, console);
  std::unordered_set<std::string_view> there(chosen.missing.begin(), chosen.missing.end());
  const std::size_t nowhere = there.size();
  bool any = false;
  for (std::uint32_t v = 0; v < answered.size(); ++v) {
    if (!answered[v]) continue;
    any = true;
    if (!choice.ids().empty()) there.insert(catalog.id(v));
  }
  std::vector<std::string> absent;
  for (const auto& id : choice.ids()) {
    if (there.insert(id).second) absent.push_back(id);
  }
  name_absent(absent, where, console);
  if (any || missing || !absent.empty() || nowhere > 0) return missing || !absent.empty();
  console.error(delta::error(ErrorCode::not_found, fmt::format("nothing that was chosen is {}", where)));
  return true;
}

Result<DeltaFilter> DeltaFilter::make(const Invocation& invocation, const delta::Log& log) {
  const Catalog& catalog = log.catalog();
  DeltaFilter filter;
  for (const auto& name : invocation.values("origin")) {
    const auto origin = catalog.find_origin(name);
    if (!origin) return delta::error(ErrorCode::not_found, "no origin " + delta::quote(name) + " in the log");
    filter.origins_.resize(catalog.origins());
    filter.origins_[*origin] = true;
  }
  if (invocation.has("op")) filter.ops_ = 0;
  for (const auto& name : invocation.values("op")) {
    for (unsigned op = 1; op <= delta::kOperations; ++op) {
      if (delta::operation_name(static_cast<delta::Operation>(op)) == name) filter.ops_ |= 1u << op;
    }
  }
  const auto cut = [&](std::string_view text) { return parse_cut(log, text); };
  DELTA_TRY(const auto since, value_of(invocation, "since", cut));
  DELTA_TRY(const auto until, value_of(invocation, "until", cut));
  if (since && since->at) filter.since_ = *since->at;
  if (until && until->at) filter.until_ = *until->at;
  if (since && !since->at) filter.seen_since_ = log.context(since->as_seen_by);
  if (until && !until->at) filter.seen_until_ = log.context(until->as_seen_by);
  filter.all_ = filter.origins_.empty() && !invocation.has("op") && !since && !until;
  return filter;
}

Result<CommitFilter> CommitFilter::make(const Invocation& invocation) {
  CommitFilter filter;
  for (const auto& text : invocation.values("property")) {
    const auto equals = text.find('=');
    if (equals == text.npos || equals == 0) {
      return usage_error(invocation, "--property: " + delta::quote(text, 60) + " is not KEY=VALUE");
    }
    filter.properties_.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  if (const auto* pattern = invocation.value("grep")) {
    auto regex = std::make_unique<regex_t>();
    if (const int failed = regcomp(regex.get(), pattern->c_str(), REG_EXTENDED | REG_NOSUB); failed != 0) {
      if (failed == REG_ESPACE) throw std::bad_alloc();
      char why[200] = {};
      regerror(failed, regex.get(), why, sizeof why);
      return usage_error(invocation, "--grep: " + delta::quote(*pattern, 60) + " is no regular expression: " + why);
    }
    filter.grep_ = std::shared_ptr<const regex_t>(regex.release(), [](const regex_t* r) {
      regfree(const_cast<regex_t*>(r));
      delete r;
    });
  }
  filter.sources_ = invocation.values("source");
  filter.traces_ = invocation.values("trace");
  return filter;
}

bool CommitFilter::takes_message(const std::string& message) const {
  if (!grep_) return true;
  const int answer = regexec(grep_.get(), message.c_str(), 0, nullptr, 0);
  if (answer == REG_ESPACE) throw std::bad_alloc();
  return answer == 0;
}

bool CommitFilter::takes(const delta::Commit& commit) const {
  const auto has = [&](const auto& property) {
    return delta::has_property(commit.properties, property.first, property.second);
  };
  const auto any = [](const std::vector<std::string>& wanted, const auto& is) {
    return wanted.empty() || std::ranges::any_of(wanted, is);
  };
  return std::ranges::all_of(properties_, has) &&
         any(sources_, [&](const auto& source) { return commit.source == source; }) &&
         any(traces_,
             [&](const auto& trace) {
               return commit.trace == trace || (commit.trace.size() > 35 && commit.trace.substr(3, 32) == trace);
             }) &&
         takes_message(commit.message);
}

}  // namespace deltalog
