// The lines that the reader takes back to the same facts: each member only where it says something, in one fixed order.
#include "formats/json_writer.hpp"
#include "formats/ndjson.hpp"

namespace delta::formats {
namespace {

void write_values(JsonWriter& json, std::string_view key, std::span<const std::uint32_t> bits) {
  json.key(key).begin_array();
  for (const std::uint32_t b : bits) json.float32(b);
  json.end_array();
}

void write_operation(JsonWriter& json, const Delta& delta) {
  const std::string_view name = operation_name(delta.op);
  const bool named = delta.op == Operation::negate || delta.op == Operation::abs || delta.op == Operation::clamp;
  json.member("op", named ? "transform" : name);
  if (named) json.member("transform", name);
  const bool partial = (delta.lost & pruned::values) != 0;
  switch (partial ? Operation::sparse : delta.op) {
    case Operation::create:
    case Operation::dense:
      return write_values(json, "vector", delta.bits);
    case Operation::sparse:
      json.key("indices").begin_array();
      for (const std::uint32_t i : delta.indices) json.u64(i);
      json.end_array();
      return write_values(json, "values", delta.bits);
    case Operation::scale:
      json.key("factor").float32(delta.bits[0]);
      return;
    case Operation::offset:
      json.key("amount").float32(delta.bits[0]);
      return;
    case Operation::clamp:
      return write_values(json, "args", delta.bits);
    default:
      return;
  }
}

/// What pruning took: a line that encode refuses, because the delta is not whole.
void write_lost(JsonWriter& json, std::uint8_t lost) {
  static constexpr std::pair<std::uint8_t, std::string_view> names[] = {
      {pruned::values, "values"}, {pruned::mark, "mark"}, {pruned::metadata, "metadata"}, {pruned::settled, "settled"}};
  json.key("lost").begin_array();
  for (const auto& [bit, name] : names) {
    if ((lost & bit) != 0) json.string(name);
  }
  json.end_array();
}

}  // namespace

void write_record(std::string& out, const RecordNames& names, const Delta& delta) {
  JsonWriter json(out);
  json.begin_object().member("id", names.id);
  if (!names.name_space.empty()) json.member("namespace", names.name_space);
  if (names.dims != 0) json.key("dims").u64(names.dims);
  json.member("ts", format_time(delta.time.us()));
  if (delta.time.tick() != 0) json.key("tick").u64(delta.time.tick());
  if (!names.origin.empty()) json.member("origin", names.origin);
  if (delta.seq != 0) json.key("seq").u64(delta.seq);
  write_operation(json, delta);
  if (!delta.metadata.empty()) json.key("metadata").raw(delta.metadata);
  if (delta.lost != 0) write_lost(json, delta.lost);
  json.end_object().end_line();
}

void write_record(std::string& out, std::string_view origin, std::span<const Record::Parent> parents,
                  const CommitView& commit) {
  JsonWriter json(out);
  json.begin_object().member("type", "commit").member("origin", origin);
  json.key("seq").u64(commit.first).key("deltas").u64(commit.count);
  json.key("parents").begin_array();
  for (const auto& p : parents) json.string(std::string(p.origin) + ":" + std::to_string(p.seq));
  json.end_array();
  if (!commit.message.empty()) json.member("message", commit.message);
  if (!commit.tool.empty()) json.member("tool", commit.tool);
  if (!commit.source.empty()) json.member("source", commit.source);
  if (!commit.trace.empty()) json.member("trace", commit.trace);
  if (!commit.properties.empty()) json.key("properties").raw(commit.properties);
  if (commit.given) json.member("given", format_time(*commit.given));
  if (!commit.setting.empty()) {
    json.member("setting", commit.setting).member("ts", format_time(commit.time.us()));
    if (commit.time.tick() != 0) json.key("tick").u64(commit.time.tick());
  }
  json.end_object().end_line();
}

void write_namespace(std::string& out, std::string_view name_space, std::uint32_t dims) {
  JsonWriter json(out);
  json.begin_object().member("type", "namespace");
  if (!name_space.empty()) json.member("namespace", name_space);
  json.key("dims").u64(dims).end_object().end_line();
}

void write_vector(std::string& out, const RecordNames& names, std::span<const std::uint32_t> bits,
                  std::string_view metadata) {
  JsonWriter json(out);
  json.begin_object().member("id", names.id);
  if (!names.name_space.empty()) json.member("namespace", names.name_space);
  if (names.dims != 0) json.key("dims").u64(names.dims);
  if (!bits.empty()) write_values(json, "vector", bits);
  if (!metadata.empty()) json.key("metadata").raw(metadata);
  json.end_object().end_line();
}

}  // namespace delta::formats
