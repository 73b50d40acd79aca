#include "commands/verify_repair.hpp"

#include <fmt/format.h>

#include "cli/values.hpp"
#include "delta/repair.hpp"
#include "delta/text.hpp"
#include "formats/json_writer.hpp"
#include "logs.hpp"
#include "trace/trace.hpp"
#include "ui/console.hpp"
#include "writing.hpp"

namespace deltalog {
namespace {

using delta::RepairedSegment;
using delta::RepairReport;

std::string listed(const std::vector<std::string>& names, std::size_t most) {
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < most; ++i) {
    out += (i > 0 ? ", " : "") + delta::escape(names[i], names[i].size());
  }
  if (names.size() > most) out += fmt::format(", and {} more", names.size() - most);
  return out;
}

std::string segment_text(const RepairedSegment& segment, std::size_t number) {
  std::string out = fmt::format("  segment {}: {} from {}", number, delta::repair_kind_name(segment.kind),
                                listed(segment.files, segment.files.size()));
  out += fmt::format(", {}", delta::plural(segment.frames, "frame"));
  if (segment.lost_frames > 0) out += fmt::format(" found, {} lost", segment.lost_frames);
  return out +
         fmt::format(", {}, {}\n", delta::plural(segment.commits, "commit"), delta::plural(segment.deltas, "delta"));
}

std::string text_report(const RepairReport& report, const std::string& path) {
  std::string out = fmt::format(
      "{}: wrote {}, {}, {}, {}\n", delta::escape(path, path.size()), delta::plural(report.segments.size(), "segment"),
      delta::plural(report.commits, "commit"), delta::plural(report.deltas, "delta"), delta::human_size(report.bytes));
  for (std::size_t i = 0; i < report.segments.size(); ++i) out += segment_text(report.segments[i], i);
  if (report.lost.empty() && report.lost_pruned == 0) return out + "lost: nothing that anything else mentions\n";
  if (!report.lost.empty()) out += "lost deltas: " + delta::dots_text(report.lost, ~std::size_t{0}) + "\n";
  if (report.lost_pruned > 0) {
    out += fmt::format("lost of pruned commits: {}; nobody knows which\n", delta::plural(report.lost_pruned, "delta"));
  }
  if (!report.lost_vectors.empty()) {
    out += "lost deltas of vectors: " + listed(report.lost_vectors, report.lost_vectors.size()) + "\n";
  }
  return out;
}

void put_segment(delta::formats::JsonWriter& json, const RepairedSegment& segment) {
  json.begin_object().member("kind", delta::repair_kind_name(segment.kind)).member("id", segment.id);
  json.key("files").begin_array();
  for (const auto& file : segment.files) json.string(file);
  json.end_array().key("frames").u64(segment.frames).key("lost_frames").u64(segment.lost_frames);
  json.key("commits").u64(segment.commits).key("deltas").u64(segment.deltas).end_object();
}

std::string json_report(const RepairReport& report, const std::string& path) {
  std::string out;
  delta::formats::JsonWriter json(out);
  json.begin_object().member("type", "repair").key("v").u64(1).member("log", path);
  json.key("segments").begin_array();
  for (const auto& segment : report.segments) put_segment(json, segment);
  json.end_array().key("commits").u64(report.commits).key("deltas").u64(report.deltas).key("bytes").u64(report.bytes);
  json.key("lost").begin_array();
  for (const auto& [origin, ranges] : report.lost) {
    for (const auto& range : ranges) json.string(delta::dots_text(origin, range.first, range.last));
  }
  json.end_array().key("lost_pruned").u64(report.lost_pruned).key("lost_vectors").begin_array();
  for (const auto& name : report.lost_vectors) json.string(name);
  json.end_array().end_object().end_line();
  return out;
}

Result<RepairReport> repaired(const Invocation& invocation, delta::OutputFile& out) {
  delta::RepairOptions options;
  DELTA_TRY(options.threads, threads_of(invocation));
  DELTA_TRY(options.memory, memory_of(invocation));
  trace::Span span("delta.repair");
  return delta::repair(invocation.operands(), out, options);
}

}  // namespace

std::vector<Option> repair_options() {
  return {{.name = "repair",
           .value = "OUT",
           .help = "write what can be read of the logs, which are copies of one, as a new log; name what is lost",
           .kind = Kind::output},
          {.name = "force", .letter = 'f', .help = "replace OUT"}};
}

Result<Exit> run_repair(const Invocation& invocation, Console& console) {
  const std::string& path = *invocation.value("repair");
  DELTA_TRY(auto out, delta::OutputFile::create(path, {.force = invocation.has("force")}));
  DELTA_TRY(const RepairReport report, repaired(invocation, out));
  DELTA_OK(commit_outputs({&out}, console));
  console.committed();
  if (!invocation.has("quiet") || invocation.has("json")) {
    DELTA_OK(console.print(invocation.has("json") ? json_report(report, path) : text_report(report, path)));
  }
  return report.lost.empty() && report.lost_pruned == 0 ? Exit::yes : Exit::partly;
}

}  // namespace deltalog
