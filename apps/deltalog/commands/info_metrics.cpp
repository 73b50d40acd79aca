// What a log tells without a running process. Of the nine metrics of the delta-behavior records a file knows five;
// latencies, the depth of a queue and how often somebody compacted are facts of a process.
#include "commands/info_metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "cli/values.hpp"
#include "delta/baselines.hpp"
#include "delta/checkpoint.hpp"
#include "delta/conflicts.hpp"
#include "delta/file.hpp"
#include "delta/text.hpp"
#include "delta/verify.hpp"
#include "logs.hpp"
#include "ui/console.hpp"
#include "verdicts/report.hpp"
#include "writing.hpp"

namespace deltalog {
namespace {

using Labels = std::vector<std::pair<std::string_view, std::string>>;

/// Text format 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/. Every sample bears the name of the
/// log, so that the files of several logs can stand side by side.
class Metrics {
 public:
  explicit Metrics(std::string log) : log_(std::move(log)) {}

  /// The samples that follow are of this metric.
  Metrics& metric(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    out_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
    return *this;
  }
  Metrics& sample(double value, const Labels& labels = {}, std::string_view suffix = {}) {
    out_ += fmt::format("{}{}{{log=\"{}\"", name_, suffix, escaped(log_));
    for (const auto& [label, text] : labels) out_ += fmt::format(",{}=\"{}\"", label, escaped(text));
    out_ += fmt::format("}} {}\n", value);
    return *this;
  }
  Metrics& sample(std::uint64_t value, const Labels& labels = {}, std::string_view suffix = {}) {
    return sample(static_cast<double>(value), labels, suffix);
  }
  const std::string& text() const { return out_; }

 private:
  static std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : delta::escape(text, text.size())) {
      if (c == '\\' || c == '"') out += '\\';
      out += c;
    }
    return out;
  }

  std::string log_, name_, out_;
};

double seconds(delta::Timestamp time) { return static_cast<double>(time.us()) / 1e6; }

void put_verdicts(Metrics& out, const delta::VerifyReport& report) {
  verdicts::Report judged{
      .command = {}, .files = {}, .rules = verdicts::judge_integrity(report.findings), .summary = {}};
  const bool good = verdicts::kept(judged, verdicts::Suite::integrity).value_or(true);
  out.metric("deltalog_verdict_ok", "gauge", "Whether all rules of this kind are kept.")
      .sample(std::uint64_t{good}, {{"suite", "integrity"}});
  out.metric("deltalog_findings", "gauge", "Findings of a rule.");
  for (const auto& rule : judged.rules) {
    out.sample(std::uint64_t{rule.hits.size()},
               {{"rule", rule.id()}, {"severity", std::string(verdicts::severity_name(rule.severity))}});
  }
}

void put_sizes(Metrics& out, const delta::VerifyReport& report) {
  out.metric("deltalog_bytes", "gauge", "Size of the files.").sample(report.bytes);
  out.metric("deltalog_segments", "gauge", "Segments of the files.").sample(report.segments);
  out.metric("deltalog_frames", "gauge", "Frames of the segments.").sample(report.frames);
}

void put_counts(Metrics& out, const delta::Log& log) {
  std::uint64_t deltas = 0, pending = 0;
  for (const auto number : delta::numbers<delta::CommitNo>(log.commits())) {
    deltas += log.commit(number).deltas();
    pending += log.pending(number);
  }
  out.metric("ruvector_delta_applied_total", "counter", "Deltas of the log.").sample(deltas);
  out.metric("deltalog_commits", "gauge", "Commits, each counted once.").sample(std::uint64_t{log.commits()});
  out.metric("deltalog_pending_commits", "gauge", "Commits that wait for a cause.").sample(pending);
  delta::Indexed<delta::NamespaceNo, std::uint64_t> vectors(log.catalog().namespaces(), 0);
  for (const auto vector : delta::numbers<delta::VectorNo>(log.catalog().vectors()))
    ++vectors[log.catalog().namespace_of(vector)];
  out.metric("deltalog_vectors", "gauge", "Vectors that the log has deltas of.");
  for (const auto ns : vectors.numbers()) {
    const auto& space = log.catalog().name_space(ns);
    out.sample(vectors[ns], {{"namespace", space.name}, {"dims", std::to_string(space.dims)}});
  }
}

void put_ages(Metrics& out, const delta::Log& log, delta::Micros clock) {
  std::map<std::string, delta::Timestamp, std::less<>> last;
  delta::Timestamp newest{};
  for (const auto number : delta::numbers<delta::CommitNo>(log.commits())) {
    auto& time = last[std::string(log.catalog().origin(log.commit(number).origin))];
    time = std::max(time, log.commit_time(number));
    newest = std::max(newest, time);
  }
  if (last.empty()) return;
  out.metric("deltalog_last_commit_timestamp_seconds", "gauge", "Time of the newest commit of an origin.");
  for (const auto& [origin, time] : last) out.sample(seconds(time), {{"origin", origin}});
  out.metric("deltalog_last_commit_age_seconds", "gauge", "How old the newest commit was when this was written.");
  out.sample(static_cast<double>(clock) / 1e6 - seconds(newest));
}

Status put_chains(Metrics& out, const delta::Log& log) {
  delta::Indexed<delta::VectorNo, std::uint64_t> lengths(log.catalog().vectors(), 0);
  DELTA_OK(log.each(delta::VectorSet::all(), [&](const delta::DeltaBatch& batch) -> Status {
    for (const delta::VectorNo vector : batch.vectors) ++lengths[vector];
    return {};
  }));
  std::vector<std::uint64_t> sorted;
  std::uint64_t sum = 0;
  for (const auto vector : lengths.numbers()) {
    sorted.push_back(lengths[vector]);
    sum += sorted.back();
  }
  std::ranges::sort(sorted);
  out.metric("ruvector_delta_chain_length", "summary", "Deltas of a vector.");
  for (const auto& [label, share] :
       {std::pair("0.5", 0.5), std::pair("0.9", 0.9), std::pair("0.99", 0.99), std::pair("1", 1.0)}) {
    if (sorted.empty()) break;
    const auto place = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
    out.sample(sorted[place], {{"quantile", label}});
  }
  out.sample(sum, {}, "_sum").sample(std::uint64_t{sorted.size()}, {}, "_count");
  return {};
}

Status put_ratios(Metrics& out, const delta::Log& log, std::uint64_t bytes) {
  DELTA_TRY(const auto sizes, delta::baselines(log));
  const std::pair<std::string_view, std::uint64_t> all[] = {
      {"dense", sizes.dense}, {"pairs", sizes.pairs}, {"rows_zstd", sizes.rows_zstd}};
  out.metric("deltalog_baseline_bytes", "gauge",
             "What the same deltas take as whole vectors, as pairs of index and value, and as rows under zstd -3.");
  for (const auto& [baseline, size] : all) out.sample(size, {{"baseline", std::string(baseline)}});
  out.metric("ruvector_delta_compression_ratio", "gauge",
             "What the same deltas take elsewhere, over the size of the log.");
  for (const auto& [baseline, size] : all) {
    if (bytes > 0)
      out.sample(static_cast<double>(size) / static_cast<double>(bytes), {{"baseline", std::string(baseline)}});
  }
  return {};
}

Status put_conflicts(Metrics& out, const delta::Log& log) {
  DELTA_TRY(const auto count, delta::count_conflicts(log));
  out.metric("ruvector_delta_conflicts_total", "counter", "Dimensions of vectors with several concurrent values.")
      .sample(count.cells);
  out.metric("deltalog_conflicting_vectors", "gauge", "Vectors with such a dimension.").sample(count.vectors);
  return {};
}

Status put_checkpoints(Metrics& out, const std::vector<std::string>& paths) {
  std::uint64_t count = 0;
  for (const std::string& path : paths) {
    if (path == "-") continue;
    const auto here = delta::count_checkpoints(path);
    count += here ? *here : 0;  // a damaged file is of no use, and none is missed
  }
  out.metric("ruvector_delta_checkpoints_total", "counter", "Checkpoints in the files beside the logs.").sample(count);
  return {};
}

Status put_all(Metrics& out, const Invocation& invocation, Console& console) {
  DELTA_TRY(const unsigned threads, threads_of(invocation));
  DELTA_TRY(const auto clock, default_time());
  DELTA_TRY(const auto report, delta::verify(invocation.operands(), {.threads = threads, .latest = {}}));
  put_verdicts(out, report);
  put_sizes(out, report);
  DELTA_TRY(const auto log, open_logs(invocation, invocation.operands(), console));
  put_counts(out, log);
  put_ages(out, log, clock);
  DELTA_OK(put_chains(out, log));
  DELTA_OK(put_ratios(out, log, report.bytes));
  DELTA_OK(put_conflicts(out, log));
  return put_checkpoints(out, invocation.operands());
}

Status put(const Invocation& invocation, Console& console, const std::string& text) {
  const std::string* path = invocation.value("metrics-out");
  if (path == nullptr) return console.print(text);
  DELTA_TRY(auto file, delta::OutputFile::create(*path, {.force = true, .binary = false}));
  DELTA_OK(file.write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
  return commit_outputs({&file}, console);
}

}  // namespace

std::vector<Option> metrics_options() {
  return {{.name = "metrics", .help = "print metrics in the text format of Prometheus; verifies, and reads everything"},
          {.name = "metrics-out",
           .value = "FILE",
           .help = "the same into FILE, which is replaced in one step: for node_exporter's textfile collector",
           .kind = Kind::output}};
}

Result<Exit> write_metrics(const Invocation& invocation, Console& console) {
  std::string name;
  for (const std::string& path : invocation.operands()) name += (name.empty() ? "" : " ") + path;
  Metrics out(name);
  const Status done = put_all(out, invocation, console);
  out.metric("deltalog_readable", "gauge", "Whether the logs could be read.").sample(std::uint64_t{done ? 1u : 0u});
  DELTA_OK(put(invocation, console, out.text()));
  if (!done) return done.error();
  return Exit::yes;
}

}  // namespace deltalog
