#include "commands/search_answers.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "cli/values.hpp"
#include "delta/text.hpp"
#include "formats/json_writer.hpp"
#include "formats/little_endian.hpp"
#include "texts.hpp"
#include "ui/console.hpp"
#include "ui/table.hpp"
#include "writing.hpp"

namespace deltalog {

using delta::Neighbour;
using delta::Neighbours;

namespace {

std::string as_table(const Searched& searched, const std::string& query, const delta::AnnAnswer& answer) {
  const Neighbours& neighbours = answer.neighbours;
  Table table({{"rank", Align::right}, {"vector"}, {"distance", Align::right}});
  for (std::size_t i = 0; i < neighbours.size(); ++i) {
    const double distance = neighbours[i].distance;
    table.add({std::to_string(i + 1), vector_name(searched.state.catalog(), neighbours[i].vector),
               std::isfinite(distance) ? fmt::format("{:.6g}", distance) : "-"});
  }
  const std::string stale = answer.stale > 0 ? fmt::format(", {} stale", answer.stale) : "";
  return fmt::format("nearest to {} by {}, {}, of {}{}\n", delta::escape(query, 200), metric_name(searched.metric),
                     answer.exact ? "exact" : "by the index", delta::plural(searched.rows, "vector"), stale) +
         table.text();
}

std::string as_json(const Searched& searched, const std::string& query, const delta::AnnAnswer& answer) {
  const delta::Catalog& catalog = searched.state.catalog();
  std::string out;
  delta::formats::JsonWriter json(out);
  json.begin_object().member("type", "search").key("v").u64(1).member("query", query);
  json.member("namespace", catalog.name_space(searched.ns).name).member("metric", metric_name(searched.metric));
  json.member("method", answer.exact ? "exact" : "index").key("searched").u64(searched.rows);
  json.key("stale").u64(answer.stale).key("neighbours").begin_array();
  for (const Neighbour& neighbour : answer.neighbours) {
    json.begin_object().member("id", catalog.id(neighbour.vector)).key("row").u64(neighbour.at);
    json.key("distance").number(neighbour.distance).end_object();
  }
  json.end_array().end_object().end_line();
  return out;
}

std::string as_ivecs(const delta::AnnAnswer& answer) {
  const Neighbours& neighbours = answer.neighbours;
  std::string out;
  delta::formats::put_little_endian(out, neighbours.size(), 4);
  for (const Neighbour& neighbour : neighbours) delta::formats::put_little_endian(out, neighbour.at, 4);
  return out;
}

AnswerFormat format_of_name(std::string_view path) {
  if (path.ends_with(".ivecs")) return AnswerFormat::ivecs;
  return path.ends_with(".ndjson") || path.ends_with(".jsonl") ? AnswerFormat::ndjson : AnswerFormat::table;
}

}  // namespace

Result<AnswerWriter> AnswerWriter::create(const Invocation& invocation, Console& console) {
  const auto *path = invocation.value("output"), *to = invocation.value("to");
  if (path == nullptr) {
    if (to != nullptr) return usage_error(invocation, "--to says what OUT is: --output OUT is missing");
    return AnswerWriter(console, invocation.has("json") ? AnswerFormat::ndjson : AnswerFormat::table);
  }
  if (invocation.has("json")) return usage_error(invocation, "--json prints; for a file say --to ndjson");
  AnswerFormat format = format_of_name(*path);
  if (to != nullptr) format = format_of_name("." + *to);
  AnswerWriter writer(console, format);
  DELTA_TRY(writer.file_, delta::OutputFile::create(
                              *path, {.force = invocation.has("force"), .binary = format == AnswerFormat::ivecs}));
  return writer;
}

Status AnswerWriter::put(std::string_view text) {
  if (!file_) return console_.print(text);
  return file_->write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

Status AnswerWriter::add(const Searched& searched, const std::string& query, const delta::AnnAnswer& answer) {
  const bool later = !std::exchange(first_, false);
  if (format_ == AnswerFormat::ivecs) return put(as_ivecs(answer));
  if (format_ == AnswerFormat::ndjson) return put(as_json(searched, query, answer));
  return put((later ? "\n" : "") + as_table(searched, query, answer));
}

Status AnswerWriter::finish() {
  if (!file_) return {};
  DELTA_OK(file_->prepare());
  return commit_outputs({&*file_}, console_);
}

}  // namespace deltalog
