#include "commands/diff_neighbours.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "cli/values.hpp"
#include "delta/kept_neighbours.hpp"
#include "delta/out_of_memory.hpp"
#include "delta/text.hpp"
#include "formats/json_writer.hpp"
#include "ui/console.hpp"
#include "ui/table.hpp"

namespace deltalog {

using delta::KeptNeighbours;
using delta::KeptNeighboursOptions;
using delta::KeptOfVector;
using delta::NamespaceNo;
using delta::State;

namespace {

constexpr std::size_t kWorst = 10;  // vectors that are named

struct Part {
  std::string_view name;
  double of;
};
constexpr Part kParts[] = {{"min", 0}, {"p5", 0.05}, {"p25", 0.25}, {"p50", 0.5}, {"p75", 0.75}, {"max", 1}};

/// Two namespaces of one name, one in each state.
struct Pair {
  std::string_view name;
  NamespaceNo old_ns{}, new_ns{};
};

std::multimap<std::string_view, NamespaceNo> with_rows(const State& state) {
  std::multimap<std::string_view, NamespaceNo> all;
  for (const NamespaceNo ns : delta::numbers<NamespaceNo>(state.catalog().namespaces())) {
    if (!delta::or_bad_alloc(state.rows(ns)).empty()) all.emplace(state.catalog().name_space(ns).name, ns);
  }
  return all;
}

/// Those of one dimension count; and where a name has one count in each state, these.
std::vector<Pair> pairs_of(const State& old_state, const State& new_state) {
  const auto before = with_rows(old_state), after = with_rows(new_state);
  std::vector<Pair> pairs;
  for (const auto& [name, old_ns] : before) {
    const auto [begin, end] = after.equal_range(name);
    const auto dims = old_state.catalog().name_space(old_ns).dims;
    auto same = std::find_if(
        begin, end, [&](const auto& entry) { return new_state.catalog().name_space(entry.second).dims == dims; });
    if (same == end && before.count(name) == 1 && after.count(name) == 1) same = begin;
    if (same != end) pairs.push_back({name, old_ns, same->second});
  }
  return pairs;
}

Result<delta::Metric> metric_of(const Invocation& invocation, std::string_view name_space,
                                const std::vector<delta::NamespaceProperty>& properties) {
  DELTA_TRY(const auto stated, value_of(invocation, "metric", delta::parse_metric));
  const auto recorded = property_named(properties, name_space, delta::kMetricKey);
  if (stated || recorded.empty()) return stated.value_or(delta::Metric::l2);
  auto known = delta::parse_metric(recorded);
  if (known) return *known;
  return std::move(known).error().with_hint("--metric l2, cosine or ip chooses one");
}

/// Vectors that lost the most, and at least one.
std::span<const KeptOfVector> worst_of(const KeptNeighbours& kept) {
  const std::span some(kept.vectors.data(), std::min(kWorst, kept.vectors.size()));
  const auto whole = std::ranges::find_if(some, [](const KeptOfVector& vector) { return vector.kept == vector.of; });
  return some.first(static_cast<std::size_t>(whole - some.begin()));
}

std::string as_text(const Pair& pair, const KeptNeighboursOptions& options, const KeptNeighbours& kept) {
  const auto row = [](std::string_view name, const std::string& value) {
    return fmt::format("{:<12}{}\n", name, value);
  };
  std::string out;
  if (!pair.name.empty()) out += row("namespace", delta::escape(pair.name));
  out += row("neighbours", fmt::format("{} by {}", options.k, metric_name(options.metric)));
  out += row("vectors", fmt::format("{} of {} that both states have", kept.vectors.size(), kept.common));
  if (kept.skipped > 0) out += row("skipped", fmt::format("{} with a value that is not finite", kept.skipped));
  out += row("kept", fmt::format("{:.4f} ({:.4f} to {:.4f})", kept.mean, kept.low, kept.high));
  std::string parts;
  for (const Part& part : kParts) parts += fmt::format("{} {:.4g}, ", part.name, kept.quantile(part.of));
  out += row("by vector", parts.substr(0, parts.size() - 2));
  const auto some = worst_of(kept);
  if (some.empty()) return out;
  Table worst({{"fewest kept"}, {"kept", Align::right}, {"of", Align::right}});
  for (const KeptOfVector& vector : some) {
    worst.add({delta::escape(vector.id), std::to_string(vector.kept), std::to_string(vector.of)});
  }
  return out + "\n" + worst.text();
}

std::string as_json(const Pair& pair, const KeptNeighboursOptions& options, const KeptNeighbours& kept) {
  std::string out;
  delta::formats::JsonWriter json(out);
  json.begin_object().member("type", "diff-neighbours").key("v").u64(1).member("namespace", pair.name);
  json.member("metric", metric_name(options.metric)).key("k").u64(options.k).key("common").u64(kept.common);
  json.key("skipped").u64(kept.skipped).key("vectors").u64(kept.vectors.size());
  json.key("mean").number(kept.mean).key("low").number(kept.low).key("high").number(kept.high);
  for (const Part& part : kParts) json.key(part.name).number(kept.quantile(part.of));
  json.key("worst").begin_array();
  for (const KeptOfVector& vector : worst_of(kept)) {
    json.begin_object().member("id", vector.id).key("kept").u64(vector.kept).key("of").u64(vector.of).end_object();
  }
  json.end_array().end_object().end_line();
  return out;
}

}  // namespace

Status check_neighbours(const Invocation& invocation) {
  if (!invocation.has("neighbours")) {
    if (!invocation.has("all") && !invocation.has("metric")) return {};
    return usage_error(invocation, "--all and --metric go with --neighbours");
  }
  for (const std::string_view other : {"stat", "fail-over", "with-old"}) {
    if (!invocation.has(other)) continue;
    return usage_error(invocation, fmt::format("--neighbours and --{} exclude each other", other));
  }
  return {};
}

Result<bool> report_neighbours(const Invocation& invocation, const State& old_state, const State& new_state,
                               const std::vector<delta::NamespaceProperty>& properties, Console& console) {
  KeptNeighboursOptions options;
  DELTA_TRY(const auto k, value_of(invocation, "neighbours", parse_neighbours));
  DELTA_TRY(options.threads, threads_of(invocation));
  options.k = *k;
  if (invocation.has("all")) options.sample = 0;
  bool any = false, lost = false;
  for (const Pair& pair : pairs_of(old_state, new_state)) {
    DELTA_TRY(options.metric, metric_of(invocation, pair.name, properties));
    DELTA_TRY(const auto kept, delta::kept_neighbours(old_state, pair.old_ns, new_state, pair.new_ns, options));
    if (kept.vectors.empty()) continue;
    if (any && !invocation.has("json")) DELTA_OK(console.print("\n"));
    any = true;
    lost = lost || kept.mean < 1;
    DELTA_OK(console.print(invocation.has("json") ? as_json(pair, options, kept) : as_text(pair, options, kept)));
  }
  if (!any) {
    console.error(delta::error(delta::ErrorCode::not_found, "no vector with neighbours is in both states"));
  }
  return lost || !any;
}

}  // namespace deltalog
