// One vector's deltas are gathered and resolved as the fold would; what it keeps of each dimension is the answer. A top-level
// scan of canonical JSON is all that the metadata needs, so that no JSON library comes in here.
#include "model/blame.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "delta/text.hpp"

namespace delta::model {
namespace {

DeltaRef reference(const VectorFold& fold, std::size_t delta) {
  const Change& c = fold.deltas()[delta];
  return {{fold.origin(delta), c.seq}, c.time, c.op, c.commit};
}

std::vector<DeltaRef> references(const VectorFold& fold, std::span<const std::uint32_t> deltas) {
  std::vector<DeltaRef> out;
  for (const std::uint32_t delta : deltas) out.push_back(reference(fold, delta));
  return out;
}

BlameRun run_at(const VectorFold& fold, std::uint32_t dim) {
  const auto standing = fold.standing(dim);
  BlameRun run{.first = dim, .bits = {}, .chosen = references(fold, standing.last(1)),
               .transforms = references(fold, fold.transforms_after(standing.back())),
               .losers = references(fold, standing.first(standing.size() - 1))};
  return run;
}

bool same_answer(const VectorFold& fold, std::uint32_t a, std::uint32_t b) {
  const auto x = fold.standing(a), y = fold.standing(b);
  return fold.set_of(a) == fold.set_of(b) || std::equal(x.begin(), x.end(), y.begin(), y.end());
}

std::vector<BlameRun> runs_of(const VectorFold& fold, std::uint32_t dims) {
  std::vector<BlameRun> runs;
  std::uint64_t overflows = 0;
  for (std::uint32_t dim = 0; dim < dims; ++dim) {
    if (dim == 0 || !same_answer(fold, dim - 1, dim)) runs.push_back(run_at(fold, dim));
    runs.back().bits.push_back(fold.branch(dim, fold.standing(dim).back(), overflows));
  }
  return runs;
}

/// Place after the JSON string that begins at `at`.
std::size_t string_end(std::string_view json, std::size_t at) {
  for (++at; at < json.size() && json[at] != '"'; ++at) at += json[at] == '\\';
  return std::min(at + 1, json.size());
}

/// Place after the JSON value that begins at `at`: where a comma or bracket ends it.
std::size_t value_end(std::string_view json, std::size_t at) {
  for (int depth = 0; at < json.size();) {
    const char c = json[at];
    if (depth == 0 && (c == ',' || c == '}')) break;
    depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
    at = c == '"' ? string_end(json, at) : at + 1;
  }
  return at;
}

/// Names (as escaped text, which in canonical JSON is unique) and values of the top-level members of a canonical object.
std::vector<std::pair<std::string_view, std::string_view>> members(std::string_view json) {
  std::vector<std::pair<std::string_view, std::string_view>> out;
  for (std::size_t at = 1; at < json.size() && json[at] == '"';) {
    const std::size_t name_end = string_end(json, at), end = value_end(json, name_end + 1);
    out.emplace_back(json.substr(at + 1, name_end - at - 2), json.substr(name_end + 1, end - name_end - 1));
    at = end + 1;
  }
  return out;
}

int hex_digit(char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; }

/// The text of a canonical JSON string, which escapes nothing but quotes, backslashes and C0 control characters.
std::string unescaped(std::string_view text) {
  static constexpr std::string_view kShort = "bfnrt", kMeant = "\b\f\n\r\t";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 >= text.size()) {
      out += text[i];
    } else if (const char c = text[++i]; c == 'u' && i + 4 < text.size()) {
      out += static_cast<char>(hex_digit(text[i + 3]) << 4 | hex_digit(text[i + 4]));
      i += 4;
    } else {
      const auto place = kShort.find(c);
      out += place == std::string_view::npos ? c : kMeant[place];
    }
  }
  return out;
}

std::vector<BlameMember> members_of(const VectorFold& fold) {
  const std::string json = fold.metadata();
  std::vector<BlameMember> out;
  std::map<std::string_view, std::size_t> places;
  for (const auto& [name, value] : members(json)) {
    places[name] = out.size();
    out.push_back({unescaped(name), std::string(value), {}});
  }
  for (std::size_t delta = fold.live(); delta < fold.deltas().size(); ++delta) {
    for (const auto& member : members(fold.deltas()[delta].metadata)) {
      const auto place = places.find(member.first);
      if (place != places.end()) out[place->second].set_by = reference(fold, delta);
    }
  }
  return out;
}

}  // namespace

Result<Blame> blame(const Catalog& catalog, const History& history, DeltaSource& source, const Cut& cut,
                    std::uint32_t vector) {
  DELTA_CHECK(vector < catalog.vectors());
  DELTA_TRY(const ChangeBatch batch, gather(catalog, history, source, cut, vector));
  std::vector<Change> deltas;
  for (std::size_t i = 0; i < batch.size(); ++i) deltas.push_back(batch[i]);
  const VectorFold fold(history, origin_ranks(catalog), catalog.dims(vector), std::move(deltas));
  if (!fold.exists()) {
    return error(ErrorCode::not_found, "vector " + quote(catalog.id(vector)) +
                                           (fold.deltas().empty() ? " does not exist" : " does not exist any more or yet") +
                                           (cut.at || cut.as_seen_by ? " at the cut asked for" : ""));
  }
  return Blame{vector, reference(fold, fold.created()), runs_of(fold, catalog.dims(vector)), members_of(fold)};
}

}  // namespace delta::model
