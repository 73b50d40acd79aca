#include "delta/cursor.hpp"

#include <algorithm>
#include <optional>

#include "base/boundary.hpp"
#include "base/json.hpp"
#include "delta/limits.hpp"
#include "delta/text.hpp"

namespace delta {
namespace {

std::optional<std::uint64_t> seq_of(const Json& value) {
  if (const auto* seq = std::get_if<std::uint64_t>(&value.value()); seq != nullptr && *seq > 0) return *seq;
  if (const auto* seq = std::get_if<std::int64_t>(&value.value()); seq != nullptr && *seq > 0) {
    return static_cast<std::uint64_t>(*seq);
  }
  return std::nullopt;
}

}  // namespace

Result<Cursor> Cursor::parse(std::string_view json) try {
  const Boundary boundary;
  const auto bad = [](std::string what) { return error(ErrorCode::bad_input, "the cursor " + std::move(what)); };
  const auto object = parse_json_object(json);
  if (!object) return bad(object.error().message);
  Cursor cursor;
  for (const auto& [origin, value] : object->members()) {
    if (!check_origin(origin)) return bad("names " + quote(origin, 60) + ", which is no origin");
    const auto seq = seq_of(value);
    if (!seq) return bad("has no seq of origin " + quote(origin, 60) + ": a whole number from 1 is wanted");
    cursor.seqs_.emplace(origin, *seq);
  }
  return cursor;
} catch (...) {
  return caught();
}

std::string Cursor::text() const {
  Json object = Json::object();
  for (const auto& [origin, seq] : seqs_) object.members().emplace(origin, Json(seq));
  std::string out;
  print_json(out, object);
  return out;
}

std::uint64_t Cursor::seq(std::string_view origin) const noexcept {
  const auto found = seqs_.find(origin);
  return found == seqs_.end() ? 0 : found->second;
}

void Cursor::advance(std::string_view origin, std::uint64_t seq) {
  if (seq == 0) return;
  auto& last = seqs_[std::string(origin)];
  last = std::max(last, seq);
}

}  // namespace delta
