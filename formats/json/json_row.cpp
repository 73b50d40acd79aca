// Members are looked at once, in whatever order they come; the vector is only found here, and read elsewhere.
#define SIMDJSON_EXCEPTIONS 0
#include "formats/json/json_row.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <utility>

#include "delta/text.hpp"
#include "formats/json/json_values.hpp"
#include "formats/json_writer.hpp"
#include "formats/ndjson_tokens.hpp"
#include "formats/placed_rows.hpp"

namespace delta::formats {
namespace {

namespace ondemand = simdjson::ondemand;
static_assert(kRowPadding >= simdjson::SIMDJSON_PADDING);

constexpr std::size_t kShown = 60;  // bytes of a value in a message

Error bad(std::string message) { return error(ErrorCode::bad_input, std::move(message)); }
Error broken(simdjson::error_code code) {
  if (code == simdjson::MEMALLOC) return error(ErrorCode::no_memory, "out of memory for an object");
  return bad(std::string("not JSON: ") + simdjson::error_message(code));
}

bool is_pointer(std::string_view name) { return name.starts_with('/'); }
/// The text of a value, whatever it is.
Result<std::string_view> raw(ondemand::value& value) {
  ondemand::json_type type{};
  std::string_view text;
  if (const auto e = value.type().get(type)) return broken(e);
  if (type == ondemand::json_type::object) {
    ondemand::object object;
    if (const auto e = value.get_object().get(object)) return broken(e);
    if (const auto e = object.raw_json().get(text)) return broken(e);
  } else if (type == ondemand::json_type::array) {
    ondemand::array array;
    if (const auto e = value.get_array().get(array)) return broken(e);
    if (const auto e = array.raw_json().get(text)) return broken(e);
  } else {
    text = value.raw_json_token();
  }
  return ndjson::trimmed(text);
}

Status read_text(std::string_view name, ondemand::value& value, std::string& out) {
  std::string_view text;
  if (value.get_string().get(text)) return bad(fmt::format("member {} is no string", quote(name, kShown)));
  out = text;
  return {};
}

/// A string, or a whole number as it is written.
Status read_id(std::string_view name, ondemand::value& value, std::string& out) {
  ondemand::json_type type{};
  if (const auto e = value.type().get(type)) return broken(e);
  if (type == ondemand::json_type::string) return read_text(name, value, out);
  DELTA_TRY(const std::string_view text, raw(value));
  const bool whole = !text.empty() && text.find_first_not_of("-0123456789") == std::string_view::npos;
  if (!whole) return bad(fmt::format("member {} is no string and no whole number", quote(name, kShown)));
  out = text;
  return {};
}

}  // namespace

std::string_view outermost_member(std::string_view field) {
  return is_pointer(field) ? field.substr(1, field.find('/', 1) - 1) : field;
}

struct JsonRowParser::State {
  FieldOptions fields;
  bool own = false, keep_all = false;  // our own shape: what a snapshot writes
  ondemand::parser parser;
  ondemand::document document;
  std::string_view vector;  // its text
  bool has_id = false, has_dims = false;
  std::string type;

  Status begin(std::string_view text, ondemand::object& object);
  Status read(std::string_view text, JsonRow& row);
  Status read_member(std::string_view key, ondemand::value& value, JsonRow& row);
  Status read_own(std::string_view key, ondemand::value& value, JsonRow& row);
  Status read_pointers(JsonRow& row);
  Status find_vector(std::string_view text);
  Status keep(std::string_view key, ondemand::value& value, JsonRow& row);
  Status finish(JsonRow& row);
};

Status JsonRowParser::State::begin(std::string_view text, ondemand::object& object) {
  if (const auto e = parser.iterate(text.data(), text.size(), text.size() + kRowPadding).get(document))
    return broken(e);
  if (const auto e = document.get_object().get(object)) return broken(e);
  return {};
}

Status JsonRowParser::State::read(std::string_view text, JsonRow& row) {
  row = {};
  vector = {};
  type.clear();
  has_id = has_dims = false;
  ondemand::object object;
  DELTA_OK(begin(text, object));
  for (auto item : object) {
    ondemand::field field;
    std::string_view key;
    if (const auto e = std::move(item).get(field)) return broken(e);
    if (const auto e = field.unescaped_key().get(key)) return broken(e);
    DELTA_OK(read_member(key, field.value(), row));
  }
  const char* rest = nullptr;
  if (document.current_location().get(rest) != simdjson::OUT_OF_BOUNDS) return bad("not JSON behind the object");
  DELTA_OK(read_pointers(row));
  return finish(row);
}

Status JsonRowParser::State::read_member(std::string_view key, ondemand::value& value, JsonRow& row) {
  if (key == fields.id) {
    if (std::exchange(has_id, true)) return bad(fmt::format("member {} stands twice", quote(key, kShown)));
    return read_id(key, value, row.id);
  }
  if (key == fields.vector) {
    if (!vector.empty()) return bad(fmt::format("member {} stands twice", quote(key, kShown)));
    DELTA_TRY(vector, raw(value));
    return {};
  }
  if (key == "metadata") {
    DELTA_TRY(const std::string_view text, raw(value));
    if (!text.starts_with('{')) return bad("member 'metadata' is no object");
    if (!row.metadata.empty() && row.metadata.front() == '{') return bad("member 'metadata' stands twice");
    const std::string kept = std::exchange(row.metadata, std::string(text));
    if (kept.empty()) return {};
    row.metadata.pop_back();
    row.metadata += kept + '}';
    return {};
  }
  if (own) return read_own(key, value, row);
  const bool used = key == outermost_member(fields.id) || key == outermost_member(fields.vector);
  const bool named = std::ranges::find(fields.keep, key) != fields.keep.end();
  return named || (keep_all && !used) ? keep(key, value, row) : Status();
}

/// What our own shape has beside id, vector and metadata.
Status JsonRowParser::State::read_own(std::string_view key, ondemand::value& value, JsonRow& row) {
  if (key == "namespace") return read_text(key, value, row.name_space);
  if (key == "type") return read_text(key, value, type);
  if (key == "dims") {
    std::uint64_t dims = 0;
    if (value.get_uint64().get(dims) || dims == 0 || dims > kMostDims)
      return bad("member 'dims' is no dimension count");
    row.declared = static_cast<std::uint32_t>(dims);
    return {};
  }
  auto e = bad("a state does not take member " + quote(key, kShown));
  static constexpr std::array<std::string_view, 6> updates = {"op", "ts", "origin", "seq", "parents", "indices"};
  const bool update = std::ranges::find(updates, key) != updates.end();
  return std::move(e).with_hint(
      update ? "updates are encoded without --state"
             : "--keep-field takes it into metadata; --id-field and --vector-field name what an object holds");
}

Status JsonRowParser::State::read_pointers(JsonRow& row) {
  for (const bool is_id : {true, false}) {
    const std::string& pointer = is_id ? fields.id : fields.vector;
    if (!is_pointer(pointer)) continue;
    ondemand::value value;
    document.rewind();
    if (document.at_pointer(pointer).get(value)) continue;  // said to be missing below
    if (is_id) {
      has_id = true;
      DELTA_OK(read_id(pointer, value, row.id));
    } else {
      DELTA_TRY(vector, raw(value));
    }
  }
  return {};
}

/// Members that are kept stand in `metadata`: each behind a comma, until the object is there that they belong to.
Status JsonRowParser::State::keep(std::string_view key, ondemand::value& value, JsonRow& row) {
  DELTA_TRY(const std::string_view text, raw(value));
  const bool open = !row.metadata.empty() && row.metadata.front() == '{';
  if (open) row.metadata.pop_back();
  std::string name;
  JsonWriter(name).string(key);
  row.metadata += ',';
  row.metadata += name;
  row.metadata += ':';
  row.metadata += text;
  if (open) row.metadata += '}';
  return {};
}

Status JsonRowParser::State::finish(JsonRow& row) {
  if (!row.metadata.empty()) {
    if (row.metadata.front() == ',') row.metadata = '{' + row.metadata.substr(1) + '}';
    const std::size_t comma = row.metadata.find_first_not_of(" \t\r\n", 1);
    if (comma != std::string::npos && row.metadata[comma] == ',') row.metadata[comma] = ' ';  // of an empty object
  }
  if (type == "namespace") {
    if (has_id || !vector.empty() || !row.declared)
      return bad("a namespace takes 'namespace' and 'dims', and needs 'dims'");
    return {};
  }
  if (!type.empty()) return bad("a state does not take type " + quote(type, kShown));
  if (!has_id && !fields.optional_id) {
    return bad("member " + quote(fields.id, kShown) + " is missing")
        .with_hint("--id-field names the one that holds ids");
  }
  if (vector.empty()) {
    return bad("member " + quote(fields.vector, kShown) + " is missing")
        .with_hint("--vector-field names the one that holds vectors");
  }
  if (has_id) DELTA_OK(check_id(row.id));
  DELTA_OK(check_namespace(row.name_space));
  DELTA_TRY(row.values, count_json_values(vector));
  if (row.declared && *row.declared != row.values) return bad("member 'dims' is not the number of values");
  row.declared.reset();
  return {};
}

/// What read() found before, found again.
Status JsonRowParser::State::find_vector(std::string_view text) {
  ondemand::object object;
  ondemand::value value;
  vector = {};
  DELTA_OK(begin(text, object));
  if (is_pointer(fields.vector)) {
    document.rewind();
    if (const auto e = document.at_pointer(fields.vector).get(value)) return broken(e);
  } else if (const auto e = object.find_field_unordered(fields.vector).get(value)) {
    return broken(e);
  }
  DELTA_TRY(vector, raw(value));
  return {};
}

JsonRowParser::JsonRowParser(FieldOptions fields) : state_(std::make_unique<State>()) {
  state_->own = !fields.any();
  state_->keep_all = std::ranges::find(fields.keep, "*") != fields.keep.end();
  state_->fields = std::move(fields);
  if (state_->fields.id.empty()) state_->fields.id = "id";
  if (state_->fields.vector.empty()) state_->fields.vector = "vector";
}
JsonRowParser::~JsonRowParser() = default;
JsonRowParser::JsonRowParser(JsonRowParser&&) noexcept = default;

Status JsonRowParser::read(std::string_view text, JsonRow& row) { return state_->read(text, row); }

Status JsonRowParser::read_values(std::string_view text, std::span<std::uint32_t> bits) {
  DELTA_OK(state_->find_vector(text));
  return parse_json_values(state_->vector, bits);
}

}  // namespace delta::formats
