// `log --window`: sums over windows of time, and those of them that late commits changed.
#include <fmt/format.h>

#include "cli/values.hpp"
#include "commands/log_views.hpp"
#include "delta/out_of_memory.hpp"
#include "delta/text.hpp"
#include "delta/windows.hpp"
#include "formats/json_writer.hpp"
#include "ui/console.hpp"
#include "ui/table.hpp"

namespace deltalog {

namespace {

using delta::Window;
using delta::formats::JsonWriter;

// "250ms", "12.5s", "3h20m05s": to the microsecond below a minute, to the second above.
std::string duration_text(delta::Micros us) {
  if (us < 1000) return fmt::format("{}us", us);
  if (us < 1'000'000) return fmt::format("{:.6g}ms", static_cast<double>(us) / 1e3);
  if (us < 60'000'000) return fmt::format("{:.8g}s", static_cast<double>(us) / 1e6);
  const auto seconds = us / 1'000'000;
  if (seconds < 3600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  return fmt::format("{}h{:02}m{:02}s", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

delta::Micros duration(const Window& window) { return window.last.us() - window.first.us(); }
double mean_bytes(const Window& window) {
  return static_cast<double>(window.bytes) / static_cast<double>(window.deltas);
}

std::string json_line(const Window& window) {
  std::string line;
  JsonWriter json(line);
  json.begin_object().member("type", "window").key("v").u64(1);
  json.member("begin", delta::format_time(window.begin)).member("end", delta::format_time(window.end));
  json.key("gone").boolean(window.gone).key("deltas").u64(window.deltas);
  if (!window.gone) {
    json.key("vectors").u64(window.vectors).key("bytes").u64(window.bytes).key("mean_bytes").number(mean_bytes(window));
    json.member("first", delta::format_time(window.first.us())).member("last", delta::format_time(window.last.us()));
    json.key("duration").u64(duration(window)).key("conflicts").u64(window.conflicts).key("mean_l2");
    window.mean_distance ? json.number(*window.mean_distance) : json.null();
  }
  json.end_object().end_line();
  return line;
}

std::vector<std::string> cells(const Window& window) {
  std::vector<std::string> out = {delta::format_time(window.begin), delta::format_time(window.end)};
  if (window.gone) return out.push_back("gone"), out.resize(9), out;
  for (auto& text :
       {std::to_string(window.deltas), std::to_string(window.vectors), delta::human_size(window.bytes),
        fmt::format("{:.6g}", mean_bytes(window)), duration_text(duration(window)), std::to_string(window.conflicts),
        window.mean_distance ? fmt::format("{:.6g}", *window.mean_distance) : std::string("-")}) {
    out.push_back(text);
  }
  return out;
}

// A list of dots with commas between; the origin of one alone may hold commas itself. Empty: nothing has been seen.
Result<std::vector<delta::Dot>> dots_of(const delta::Log& log, std::string_view text) {
  std::vector<delta::Dot> dots;
  if (text.empty()) return dots;
  if (const auto whole = delta::unless_out_of_memory(log.parse_dot(text))) return std::vector{*whole};
  for (bool more = true; more;) {
    const auto comma = text.find(',');
    DELTA_TRY(const auto dot, find_dot(log, text.substr(0, comma)));
    dots.push_back(dot);
    more = comma != text.npos;
    if (more) text.remove_prefix(comma + 1);
  }
  return dots;
}

Result<std::optional<delta::SeenSeqs>> context_after(const LogView& view) {
  if (!view.invocation.has("after")) return {std::nullopt};
  std::vector<delta::Dot> all;
  for (const auto& text : view.invocation.values("after")) {
    DELTA_TRY(const auto dots, dots_of(view.log, text));
    all.insert(all.end(), dots.begin(), dots.end());
  }
  DELTA_TRY(auto context, view.log.context(all));
  return std::optional(std::move(context));
}

}  // namespace

Status print_heads_json(const LogView& view) {
  std::string line;
  JsonWriter json(line);
  json.begin_object().member("type", "heads").key("v").u64(1).key("dots").begin_array();
  DELTA_TRY(const auto heads, view.log.heads());
  for (const auto& head : heads) json.string(view.log.dot_text(head));
  json.end_array().end_object().end_line();
  return view.console.print(line);
}

Result<Exit> list_windows(const LogView& view, const delta::VectorSet& vectors) {
  DELTA_TRY(const auto spec, value_of(view.invocation, "window", parse_window));
  DELTA_TRY(const auto after, context_after(view));
  const auto takes = [&](const delta::DeltaEffect& effect) {
    return view.takes({.vector = effect.vector,
                       .op = effect.op,
                       .time = effect.key.time,
                       .commit = effect.commit,
                       .seq = effect.key.seq});
  };
  delta::WindowOptions options{vectors, {}, after ? &*after : nullptr};
  if (!view.takes_all()) options.takes = takes;
  auto windows = delta::windows(view.log, *spec, options);
  if (!windows) {
    if (windows.error().code == delta::ErrorCode::usage) {
      windows.error().message = "--window: " + windows.error().message;
    }
    return std::move(windows).error();
  }
  const bool json = view.invocation.has("json");
  TableWriter rows(view.console, {{"begin"},
                                  {"end"},
                                  {"deltas", Align::right},
                                  {"vectors", Align::right},
                                  {"bytes", Align::right},
                                  {"mean", Align::right},
                                  {"duration", Align::right},
                                  {"conflicts", Align::right},
                                  {"mean L2", Align::right}});
  for (const auto& window : *windows) DELTA_OK(json ? view.console.print(json_line(window)) : rows.add(cells(window)));
  DELTA_OK(json ? print_heads_json(view) : rows.flush());
  return exit_with(view.log, windows->empty() ? Exit::no : Exit::yes);
}

}  // namespace deltalog
