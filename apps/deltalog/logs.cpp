// Ids and names out of a log are untrusted and leave here escaped.
#include "logs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "cli/values.hpp"
#include "delta/conflicts.hpp"
#include "delta/setting.hpp"
#include "delta/text.hpp"
#include "formats/ids.hpp"
#include "formats/json_writer.hpp"
#include "ui/console.hpp"

namespace deltalog {

using delta::Catalog;
using delta::ErrorCode;

Result<delta::Log> open_logs(const Invocation& invocation, std::span<const std::string> operands, Console& console, const VectorChoice* choice) {
  delta::OpenOptions options;
  DELTA_TRY(options.threads, threads_of(invocation));
  if (choice != nullptr) options.ids = choice->only_ids();
  DELTA_TRY(auto log, delta::Log::open(operands, options));
  DELTA_OK(warn_of(log, console));
  DELTA_TRY(const auto conflicts, delta::namespace_conflicts(log));
  for (const auto& conflict : conflicts) {
    console.warn(conflict.text(), "--namespace " + delta::escape(conflict.name) + "/" + std::to_string(conflict.dims[0]) + " chooses some of them");
  }
  return log;
}

bool is_cut_short(const delta::Finding& notice) {
  using delta::Verdict;
  return notice.verdict == Verdict::unsealed || notice.verdict == Verdict::torn || notice.verdict == Verdict::damaged_tail;
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

/// "origin:first..last", as a commit is printed; empty: not written so. Errors: not_found, where no commit holds just these dots.
Result<std::optional<Named>> find_range(const delta::Log& log, std::string_view text) {
  const auto colon = text.rfind(':'), dots = text.rfind("..");
  if (colon == text.npos || dots == text.npos || dots < colon) return {std::nullopt};
  const auto last = parse_count(text.substr(dots + 2));
  if (!last || !parse_count(text.substr(colon + 1, dots - colon - 1))) return {std::nullopt};
  DELTA_TRY(const auto dot, log.parse_dot(text.substr(0, dots)));
  const std::uint32_t number = *log.find_commit(dot);
  const auto& commit = log.commit(number);
  if (commit.first == dot.seq && commit.last() == *last) return std::optional(Named{number, {}, {}});
  return delta::error(ErrorCode::not_found, "no commit is " + delta::quote(text) + ": " + log.dot_text(dot) + " is in " + dots_text(log, commit));
}

}  // namespace

Result<Named> find_named(const delta::Log& log, std::string_view text) {
  if (text.find(':') != text.npos) {
    DELTA_TRY(const auto range, find_range(log, text));
    if (range) return *range;
    DELTA_TRY(const auto dot, log.parse_dot(text));
    return Named{*log.find_commit(dot), dot.seq, {}};
  }
  const auto prefix = delta::parse_hash_prefix(text);
  if (!prefix) {
    return delta::error(ErrorCode::usage, delta::quote(text) + " is no dot (ORIGIN:SEQ) and no hash (4 to 64 hexadecimal digits)");
  }
  DELTA_TRY(const auto hashes, log.hashes());
  std::optional<std::uint32_t> found;
  for (std::uint32_t number = 0; number < hashes.size(); ++number) {
    if (!prefix->matches(hashes[number])) continue;
    if (found) {
      return delta::error(ErrorCode::usage, delta::quote(text) + " begins the hashes of several commits").with_hint("give more digits");
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

Result<delta::Micros> parse_time_in(const delta::Log& log, std::string_view text) {
  auto time = delta::parse_time(text, now());
  if (time) return time;
  if (const auto tagged = log.tag(text)) return *tagged;
  time.error().code = ErrorCode::usage;
  if (!log.tags().empty()) time.error().message += ", and no tag of the log";
  return time;
}

Result<std::optional<delta::Micros>> time_of(const Invocation& invocation, std::string_view option, const delta::Log& log) {
  return value_of(invocation, option, [&](std::string_view text) { return parse_time_in(log, text); });
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
  delta::CutOptions cut;
  DELTA_TRY(cut.at, time_of(invocation, "at", log));
  if (const auto* text = invocation.value("as-seen-by")) {
    DELTA_TRY(cut.as_seen_by, find_dot(log, *text));
  }
  return cut;
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

/// Vectors of these ids in these namespaces. An id may be in each of them: where that is more to ask for than there are vectors, all
/// vectors are looked at.
void choose_ids(const Catalog& catalog, const std::vector<std::string>& ids, const std::vector<bool>& namespaces, Chosen& chosen) {
  std::vector<std::uint32_t> spaces;
  for (std::uint32_t ns = 0; ns < namespaces.size(); ++ns) {
    if (namespaces[ns]) spaces.push_back(ns);
  }
  std::unordered_map<std::string_view, bool> found;
  for (const auto& id : ids) found.emplace(id, false);
  if (std::uint64_t{found.size()} * spaces.size() <= catalog.vectors()) {
    for (auto& [id, any] : found) {
      for (const std::uint32_t ns : spaces) {
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

  std::vector<bool> namespaces(catalog.namespaces(), namespaces_.empty());  // one name may have several entries
  for (const auto& name : namespaces_) {
    const auto entries = namespaces_of(catalog, name);
    for (const std::uint32_t ns : entries) namespaces[ns] = true;
    if (entries.empty()) chosen.missing_namespaces.push_back(name);
  }
  chosen.vectors.assign(catalog.vectors(), false);
  choose_ids(catalog, ids_, namespaces, chosen);
  for (std::uint32_t v = 0; v < catalog.vectors(); ++v) {
    if (!namespaces[catalog.namespace_of(v)]) continue;
    const auto hit = [&](const std::string& glob) { return glob_match(glob, catalog.id(v)); };
    if (!by_id_ || std::ranges::any_of(globs_, hit)) chosen.vectors[v] = true;
  }
  return chosen;
}

bool is_ambiguous(const Catalog& catalog, std::string_view name_space) { return catalog.namespaces_named(name_space).size() > 1; }

std::vector<std::uint32_t> namespaces_of(const Catalog& catalog, std::string_view text) {
  const auto named = catalog.namespaces_named(text);
  const auto slash = text.rfind('/');
  if (!named.empty() || slash == text.npos) return {named.begin(), named.end()};
  const auto dims = parse_count(text.substr(slash + 1));
  if (!dims || *dims > ~std::uint32_t{0}) return {};
  const auto one = catalog.find_namespace(text.substr(0, slash), static_cast<std::uint32_t>(*dims));
  return one ? std::vector{*one} : std::vector<std::uint32_t>();
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
  if (ids.size() > kShown) console.error(delta::error(ErrorCode::not_found, fmt::format("and {} more", ids.size() - kShown)));
}

}  // namespace

bool report_missing(const Chosen& chosen, Console& console) {
  name_absent(chosen.missing, "in the log", console);
  return !chosen.missing.empty();
}

bool report_absent(const VectorChoice& choice, const Chosen& chosen, const Catalog& catalog, const std::vector<bool>& answered,
                   std::string_view where, Console& console) {
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
  DELTA_TRY(const auto since, time_of(invocation, "since", log));
  DELTA_TRY(const auto until, time_of(invocation, "until", log));
  filter.since_ = since.value_or(filter.since_);
  filter.until_ = until.value_or(filter.until_);
  filter.all_ = filter.origins_.empty() && !invocation.has("op") && !since && !until;
  return filter;
}

std::string vector_name(const Catalog& catalog, std::uint32_t vector) {
  const auto& space = catalog.name_space(catalog.namespace_of(vector));
  const auto id = delta::escape(catalog.id(vector));
  if (is_ambiguous(catalog, space.name)) return fmt::format("{}/{}/{}", delta::escape(space.name), space.dims, id);
  return space.name.empty() ? id : delta::escape(space.name) + "/" + id;
}

std::string time_text(delta::Timestamp time) {
  auto text = delta::format_time(time.us());
  if (time.tick() > 0) text += fmt::format("+{}", time.tick());
  return text;
}

std::string values_text(std::span<const std::uint32_t> bits) {
  constexpr std::size_t kShown = 3;
  std::string out;
  for (std::size_t i = 0; i < std::min(kShown, bits.size()); ++i) {
    if (i > 0) out += ' ';
    out += float_text(bits[i]);
  }
  return bits.size() > kShown ? out + " ..." : out;
}

std::string float_text(std::uint32_t bits) {
  std::string out;
  delta::formats::JsonWriter(out).float32(bits);
  std::erase(out, '"');
  return out;
}

std::string change_text(const delta::Change& change, std::uint32_t dims) {
  using delta::Operation;
  const auto name = delta::operation_name(change.op);
  if ((change.lost & delta::pruned::values) != 0) return fmt::format("{}, {} of {} dims left", name, change.indices.size(), dims);
  switch (change.op) {
    case Operation::sparse: return fmt::format("{}, {} of {} dims", name, change.indices.size(), dims);
    case Operation::create:
    case Operation::dense: return fmt::format("{}, {} dims", name, dims);
    case Operation::scale:
    case Operation::offset: return fmt::format("{} by {}", name, float_text(change.bits[0]));
    case Operation::clamp: return fmt::format("{} to {}..{}", name, float_text(change.bits[0]), float_text(change.bits[1]));
    default: return std::string(name);
  }
}

std::string touched_text(const delta::Change& change, std::uint32_t dims, std::size_t most) {
  const auto range = [](std::uint32_t first, std::uint32_t last) {
    return first == last ? std::to_string(first) : fmt::format("{}-{}", first, last);
  };
  if (change.op == delta::Operation::remove || dims == 0) return {};
  const bool named = change.op == delta::Operation::sparse || (change.lost & delta::pruned::values) != 0;
  if (!named) return range(0, dims - 1);
  std::string out;
  for (std::size_t i = 0; i < change.indices.size();) {
    std::size_t end = i + 1;
    while (end < change.indices.size() && change.indices[end] == change.indices[end - 1] + 1) ++end;
    const auto next = (i == 0 ? "" : ",") + range(change.indices[i], change.indices[end - 1]);
    if (out.size() + next.size() > most) return out + ",...";
    out += next;
    i = end;
  }
  return out;
}

std::string setting_text(std::string_view setting) {
  const auto known = delta::Setting::parse(setting);
  if (!known) return delta::escape(setting, 200);
  if (known->kind == delta::Setting::Kind::policy) return "policy " + delta::escape(known->text, 200);
  if (known->kind == delta::Setting::Kind::accuracy) return delta::escape(setting, 200);
  return fmt::format("tag {} at {}", delta::escape(known->text, 200), delta::format_time(known->at));
}

std::string dots_text(const delta::Log& log, const delta::Commit& commit) {
  auto text = delta::escape(log.dot_text({commit.origin, commit.first}), 4096);
  if (commit.count > 1) text += fmt::format("..{}", commit.last());
  return text;
}

std::string first_line(std::string_view message) {
  const auto end = message.find('\n');
  return delta::escape(message.substr(0, end), 200) + (end == message.npos ? "" : " ...");
}

}  // namespace deltalog
