// 64-bit numbers that name something are strings; counts stay numbers. Members that do not apply are left out.
#include "json_rows.hpp"

#include <algorithm>

#include "delta/text.hpp"
#include "formats/json_writer.hpp"
#include "logs.hpp"
#include "texts.hpp"

namespace deltalog {

namespace {

using delta::formats::JsonWriter;

void put_time(JsonWriter& json, delta::Timestamp time) {
  json.member("time", delta::format_time(time.us())).key("tick").u64(time.tick());
}

// The time that was meant, where it is another.
void put_given(JsonWriter& json, const delta::CommitView& commit) {
  if (commit.given) json.member("given", delta::format_time(*commit.given));
}

void put_floats(JsonWriter& json, std::span<const std::uint32_t> bits) {
  json.begin_array();
  for (const auto b : bits) json.float32(b);
  json.end_array();
}

// The members that NDJSON input has for the same.
void put_values(JsonWriter& json, const delta::Delta& delta) {
  using delta::Operation;
  switch (delta.op) {
    case Operation::create:
    case Operation::dense:
      json.key("vector");
      put_floats(json, delta.bits);
      break;
    case Operation::sparse:
      json.key("indices").begin_array();
      for (const auto i : delta.indices) json.u64(i);
      json.end_array().key("values");
      put_floats(json, delta.bits);
      break;
    case Operation::scale:
      json.key("factor").float32(delta.bits[0]);
      break;
    case Operation::offset:
      json.key("amount").float32(delta.bits[0]);
      break;
    case Operation::clamp:
      json.key("args");
      put_floats(json, delta.bits);
      break;
    default:
      break;
  }
}

}  // namespace

void json_commit(std::string& out, const delta::Log& log, delta::CommitNo number, const delta::Hash* hash,
                 bool merge_base) {
  const auto& commit = log.commit(number);
  JsonWriter json(out);
  json.begin_object().member("type", "commit").key("v").u64(1);
  json.member("origin", log.catalog().origin(commit.origin));
  json.key("first").u64_text(commit.first).key("last").u64_text(commit.last()).key("deltas").u64(commit.deltas());
  put_time(json, log.commit_time(number));
  put_given(json, commit);
  json.key("parents").begin_array();
  for (const auto& parent : commit.parents) json.string(log.dot_text(parent));
  json.end_array().key("pending").boolean(log.pending(number));
  if (hash != nullptr) json.member("hash", delta::hex(*hash));
  if (merge_base) json.key("merge_base").boolean(true);
  if (!commit.setting.empty()) json.member("setting", commit.setting);
  json.member("message", commit.message).member("tool", commit.tool).member("source", commit.source);
  json.member("trace", commit.trace);
  if (!commit.properties.empty()) json.key("properties").raw(commit.properties);
  json.end_object().end_line();
}

void json_delta(std::string& out, const delta::Log& log, const delta::Delta& delta, const DeltaDetail& detail) {
  const auto* effect = detail.effect;
  const auto& catalog = log.catalog();
  JsonWriter json(out);
  json.begin_object().member("type", "delta").key("v").u64(1);
  json.member("dot", log.dot_text({log.commit_origin(delta.commit), delta.seq}));
  put_time(json, delta.time);
  put_given(json, log.commit(delta.commit));
  json.member("namespace", catalog.name_space(catalog.namespace_of(delta.vector)).name);
  json.member("id", catalog.id(delta.vector)).member("op", delta::operation_name(delta.op));
  const bool sparse = delta.op == delta::Operation::sparse;
  const auto dims = delta::is_assignment(delta.op) && !sparse ? catalog.dims(delta.vector) : delta.indices.size();
  if (delta::is_assignment(delta.op)) json.key("dims").u64(dims);
  if (detail.values) put_values(json, delta);
  if (!delta.metadata.empty()) json.key("metadata").raw(delta.metadata);
  if (effect != nullptr) {
    json.member("touched", touched_text(delta, catalog.dims(delta.vector), ~std::size_t{0}));
    json.key("conflict").boolean(effect->conflict);
    if (effect->changed) json.key("changed").u64(*effect->changed);
    json.key("l2");
    effect->distance ? json.number(*effect->distance) : json.null();
  }
  json.end_object().end_line();
}

void json_conflict(std::string& out, const delta::Log& log, const delta::Conflict& conflict) {
  const auto& catalog = log.catalog();
  JsonWriter json(out);
  json.begin_object().member("type", "conflict").key("v").u64(1);
  json.member("namespace", catalog.name_space(catalog.namespace_of(conflict.vector)).name)
      .member("id", catalog.id(conflict.vector));
  json.key("first")
      .u64(conflict.first)
      .key("last")
      .u64(conflict.first + conflict.dims() - 1)
      .member("rule", conflict.rule);
  json.key("values");
  put_floats(json, conflict.bits);
  if (conflict.chosen) json.member("chosen", log.dot_text(conflict.candidates[*conflict.chosen].dot));
  json.key("candidates").begin_array();
  for (std::size_t i = 0; i < conflict.candidates.size(); ++i) {
    const auto& candidate = conflict.candidates[i];
    json.begin_object().member("dot", log.dot_text(candidate.dot));
    put_time(json, candidate.time);
    json.member("op", delta::operation_name(candidate.op)).key("values");
    put_floats(json, conflict.values_of(i));
    json.end_object();
  }
  json.end_array().end_object().end_line();
}

void json_namespace_conflict(std::string& out, const delta::NamespaceConflict& conflict) {
  JsonWriter json(out);
  json.begin_object()
      .member("type", "namespace-conflict")
      .key("v")
      .u64(1)
      .member("namespace", conflict.name)
      .key("dims")
      .begin_array();
  for (const auto dims : conflict.dims) json.u64(dims);
  json.end_array().end_object().end_line();
}

void json_diff(std::string& out, const delta::VectorDiff& diff, bool with_old) {
  using delta::Difference;
  JsonWriter json(out);
  const auto floats = [&](std::string_view name, std::span<const std::uint32_t> bits) {
    json.key(name);
    put_floats(json, bits);
  };
  const auto changed_dims = [&](std::string_view name, std::span<const std::uint32_t> bits) {
    json.key(name).begin_array();
    for (const auto dim : diff.dims) json.float32(bits[dim]);
    json.end_array();
  };
  const auto number = [&](std::string_view name, std::optional<double> value) {
    json.key(name);
    value ? json.number(*value) : json.null();
  };
  const auto metadata = [&](std::string_view name, std::string_view text) {
    json.key(name).raw(text.empty() ? "{}" : text);
  };
  json.begin_object().member("type", "diff").key("v").u64(1);
  json.member("namespace", diff.name_space).member("id", diff.id).member("change", delta::difference_name(diff.kind));
  json.key("dims").u64(std::max(diff.old_bits.size(), diff.new_bits.size()));
  if (diff.kind == Difference::changed) {
    json.key("indices").begin_array();
    for (const auto dim : diff.dims) json.u64(dim);
    json.end_array();
    changed_dims("values", diff.new_bits);
    if (with_old) changed_dims("old_values", diff.old_bits);
    number("l2", diff.distance);
    number("cosine", diff.cosine);
  }
  if (diff.kind == Difference::created) floats("vector", diff.new_bits);
  if (diff.kind == Difference::deleted && with_old) floats("old_vector", diff.old_bits);
  if (diff.metadata_differs()) {
    if (diff.kind != Difference::deleted) metadata("metadata", diff.new_metadata);
    if (diff.kind != Difference::created && with_old) metadata("old_metadata", diff.old_metadata);
  }
  json.end_object().end_line();
}

void json_setting(std::string& out, const delta::Log& log, delta::CommitNo number) {
  const auto& commit = log.commit(number);
  JsonWriter json(out);
  json.begin_object().member("type", "setting").key("v").u64(1);
  json.member("dot", log.dot_text({commit.origin, commit.first}));
  put_time(json, commit.time);
  put_given(json, commit);
  json.member("setting", commit.setting).end_object().end_line();
}

}  // namespace deltalog
