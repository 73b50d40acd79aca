// Messages are part of the behaviour: each names the value, made safe to print, and the bound that it breaks.
#include "model/rules.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "delta/limits.hpp"
#include "delta/setting.hpp"
#include "delta/text.hpp"
#include "model/history.hpp"
#include "model/metadata.hpp"
#include "model/names.hpp"
#include "model/pieces.hpp"

namespace delta::model {
namespace {

constexpr std::uint32_t kUsualDims = 1 << 16;
static_assert(16 + 8 * std::uint64_t{kUsualDims} <= kMaxDeltaBytes);  // however many of them are given

Error bad(std::string message) { return error(ErrorCode::bad_input, std::move(message)); }
Error over(std::string message) { return error(ErrorCode::limit, std::move(message)); }

std::string number(std::uint64_t n) { return std::to_string(n); }

std::string float_text(std::uint32_t bits) { return number_text(std::bit_cast<float>(bits)); }

Status check_indices(std::uint32_t dims, std::span<const std::uint32_t> indices) {
  for (std::size_t i = 0; i < indices.size(); ++i) {
    if (indices[i] >= dims) {
      return bad("index " + number(indices[i]) + " is out of range: the vector has " + plural(dims, "dimension"));
    }
    if (i > 0 && indices[i] == indices[i - 1]) return bad("index " + number(indices[i]) + " is given twice");
    if (i > 0 && indices[i] < indices[i - 1]) {
      return bad("index " + number(indices[i]) + " stands after " + number(indices[i - 1]));
    }
  }
  return {};
}

Status check_pairs(std::size_t indices, std::size_t values) {
  if (indices == values) return {};
  return bad(plural(indices, "index", "indices") + " but " + plural(values, "value"));
}

/// What cannot be lost, is not; and something is left.
Status check_lost(const DeltaContent& c, std::uint32_t dims) {
  const std::string name(operation_name(c.op));
  const auto lost = [&](std::uint8_t bit) { return (c.lost & bit) != 0; };
  if ((c.lost & ~pruned::all) != 0) return bad("a pruned delta that has lost what deltas do not have");
  if (lost(pruned::values) && !is_assignment(c.op)) return bad("a " + name + " has no values to lose");
  if (lost(pruned::values) && c.indices.size() > dims) return bad("a " + name + " has more values than dims");
  if (lost(pruned::settled) && !is_assignment(c.op)) {
    return bad("a " + name + " has no values to go through transforms");
  }
  if (lost(pruned::mark) && c.op != Operation::create) return bad("a " + name + " cannot lose its mark");
  const bool none =
      is_assignment(c.op) && c.bits.empty() && (c.op != Operation::create || lost(pruned::mark)) && c.metadata.empty();
  return none ? bad("a " + name + " that has lost everything") : Status();
}

Status check_counts(const DeltaContent& c, std::uint32_t dims) {
  if (has_indices(c)) return check_pairs(c.indices.size(), c.bits.size());
  if (!c.indices.empty()) return bad("only a sparse delta has indices");
  const int parameters = parameter_count(c.op);
  const std::uint64_t needed = parameters < 0 ? dims : static_cast<std::uint64_t>(parameters);
  if (c.bits.size() == needed) return {};
  return bad(std::string(operation_name(c.op)) + " needs " + plural(needed, "value") + ", not " +
             number(c.bits.size()));
}

Status check_parameters(const DeltaContent& c) {
  if (const auto at = first_nonfinite(c.bits)) {
    return bad(std::string(operation_name(c.op)) + " by " + float_text(c.bits[*at]) + ": parameters must be finite");
  }
  if (c.op == Operation::scale && (c.bits[0] & 0x7fffffff) == 0) return bad("scale by 0: delete or assign instead");
  if (c.op == Operation::clamp && std::bit_cast<float>(c.bits[0]) > std::bit_cast<float>(c.bits[1])) {
    return bad("clamp from " + float_text(c.bits[0]) + " to " + float_text(c.bits[1]) +
               ": the bounds are the wrong way round");
  }
  return {};
}

}  // namespace

Status check_dims(std::uint64_t dims, std::uint32_t most) {
  if (dims == 0) return bad("a vector needs one dimension at least");
  if (dims <= most) return {};
  Error refused = over(number(dims) + " dimensions, more than " + number(most));
  return dims <= kMostDims ? std::move(refused).with_hint("--max-dims allows up to " + number(kMostDims)) : refused;
}

Status check_same_dims(std::string_view name, std::uint32_t declared, std::uint64_t dims) {
  if (declared == dims) return {};
  return bad(plural(dims, "dimension") + ", but vectors of " + namespace_phrase(name) + " have " + number(declared));
}

Status sort_sparse(std::uint32_t dims, std::vector<std::uint32_t>& indices, std::vector<std::uint32_t>& bits) {
  DELTA_OK(check_pairs(indices.size(), bits.size()));
  if (!std::is_sorted(indices.begin(), indices.end())) {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs(indices.size());
    for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i] = {indices[i], bits[i]};
    std::sort(pairs.begin(), pairs.end());
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      indices[i] = pairs[i].first;
      bits[i] = pairs[i].second;
    }
  }
  return check_indices(dims, indices);
}

std::optional<std::size_t> first_nonfinite(std::span<const std::uint32_t> bits) {
  if (all_finite(bits)) return std::nullopt;
  const auto at =
      std::find_if(bits.begin(), bits.end(), [](std::uint32_t b) { return (b & 0x7f800000) == 0x7f800000; });
  return static_cast<std::size_t>(at - bits.begin());
}

Status check_finite(std::span<const std::uint32_t> bits, std::span<const std::uint32_t> indices) {
  const auto at = first_nonfinite(bits);
  if (!at) return {};
  const std::uint64_t dim = indices.empty() ? *at : indices[*at];
  return std::move(bad("the value of dimension " + number(dim) + " is " + float_text(bits[*at])))
      .with_hint("--allow-nonfinite accepts infinities and NaNs");
}

namespace {

/// What nearly all deltas are: whole assignments without metadata, and nothing is wrong with them. This is asked of
/// each delta that is read or written, so it makes no Status.
bool is_usual(const DeltaContent& c, std::uint32_t dims, DeltaRules rules) {
  if (c.lost != 0 || !c.metadata.empty() || c.bits.size() > dims || dims > kUsualDims) return false;
  if (c.op == Operation::sparse) {
    if (c.indices.empty() || c.indices.size() != c.bits.size() || c.indices.back() >= dims) return false;
    bool rising = true;
    for (std::size_t i = 1; i < c.indices.size(); ++i) rising &= c.indices[i - 1] < c.indices[i];
    if (!rising) return false;
  } else if ((c.op != Operation::create && c.op != Operation::dense) || !c.indices.empty() || c.bits.size() != dims) {
    return false;
  }
  return rules.allow_nonfinite || all_finite(c.bits);
}

}  // namespace

Status check_delta(const DeltaContent& c, std::uint32_t dims, DeltaRules rules) {
  if (is_usual(c, dims, rules)) return {};
  if (c.op < Operation::create || c.op > Operation::remove) return bad("an operation that does not exist");
  DELTA_OK(check_counts(c, dims));
  if (c.lost != 0) DELTA_OK(check_lost(c, dims));
  DELTA_OK(check_indices(dims, c.indices));
  if (c.op == Operation::sparse && c.lost == 0 && c.indices.empty() && c.metadata.empty()) {
    return bad("a sparse delta that changes nothing");
  }
  if (is_transform(c.op)) {
    DELTA_OK(check_parameters(c));
  } else if (!rules.allow_nonfinite) {
    DELTA_OK(check_finite(c.bits, c.indices));
  }
  if (c.metadata.size() > kMaxMetadataBytes) {
    return over("metadata of " + number(c.metadata.size()) + " bytes, more than " + number(kMaxMetadataBytes));
  }
  const std::uint64_t size = 16 + 4 * (c.indices.size() + c.bits.size()) + c.metadata.size();
  if (!rules.reading && size > kMaxDeltaBytes) {
    return over("a delta of " + number(size) + " bytes, more than " + number(kMaxDeltaBytes));
  }
  return {};
}

Status check_commit(const Catalog& catalog, const CommitView& c) {
  if (index(c.origin) >= catalog.origins()) return bad("a commit of an unknown origin");
  const auto who = [&] { return "commit " + dot_text(catalog, {c.origin, c.first}); };  // mostly nobody asks
  if (c.first == 0) return bad(who() + ": seqs count from 1");
  if (c.count == 0) return bad(who() + " holds no deltas");
  if (c.count - 1 > std::numeric_limits<std::uint64_t>::max() - c.first) {
    return bad(who() + ": its seqs go beyond 64 bits");
  }
  if (c.parents.size() > kMaxParents) return over(who() + " has " + number(c.parents.size()) + " parents");
  for (const std::string_view text : {std::string_view(c.message), std::string_view(c.tool), std::string_view(c.source),
                                      std::string_view(c.trace), std::string_view(c.setting)}) {
    if (text.size() > kMaxMessageBytes) return over(who() + ": a text of " + number(text.size()) + " bytes");
    if (!valid_utf8(text)) return bad(who() + ": " + quote(text, 40) + " is not valid UTF-8");
  }
  if (c.properties.size() > kMaxMetadataBytes) {
    return over(who() + ": properties of " + number(c.properties.size()) + " bytes");
  }
  if (!is_canonical_metadata(c.properties)) return bad(who() + ": properties that are not in their canonical form");
  if (c.given && *c.given >= c.time.us()) {
    return bad(who() + ": the time that was given, " + format_time(*c.given) + ", is not before its time, " +
               format_time(c.time.us()));
  }
  if (!c.setting.empty()) {
    DELTA_OK(Setting::parse(c.setting));
    if (c.count != 1) return bad(who() + ": a setting is a commit of one delta");
  }
  for (std::size_t i = 0; i < c.parents.size(); ++i) {
    const Dot parent = c.parents[i];
    if (index(parent.origin) >= catalog.origins()) return bad(who() + " has a parent of an unknown origin");
    const auto what = [&] { return "parent " + dot_text(catalog, parent) + " of " + who(); };
    if (parent.seq == 0) return bad(what() + ": seqs count from 1");
    if (parent.origin == c.origin && parent.seq >= c.first) return bad(what() + " is not before it");
    if (i == 0) continue;
    const std::string_view before = catalog.origin(c.parents[i - 1].origin), name = catalog.origin(parent.origin);
    if (before == name) return bad(what() + ": another parent is of the same origin");
    if (before > name) return bad(what() + " is out of order: parents stand in order of origin name");
  }
  return {};
}

Status check_clock(const Catalog& catalog, const CommitView& c, Timestamp first,
                   const std::function<std::optional<Timestamp>(Dot)>& time_of) {
  const auto refuse = [&](Dot seen, Timestamp time) {
    return bad("the clock of " + dot_text(catalog, {c.origin, c.first}) + " (" + format_time(first.us()) + ", tick " +
               number(first.tick()) + ") is behind what it has seen: " + dot_text(catalog, seen) + " (" +
               format_time(time.us()) + ", tick " + number(time.tick()) + ")");
  };
  const Dot own{c.origin, c.first - 1};
  if (own.seq != 0) {
    if (const auto time = time_of(own); time && first < *time) return refuse(own, *time);
  }
  for (const Dot& parent : c.parents) {
    const auto time = time_of(parent);
    if (time && (parent.origin == c.origin ? first < *time : first <= *time)) return refuse(parent, *time);
  }
  return {};
}

Status check_clock_step(const Catalog& catalog, Dot dot, Timestamp previous, Timestamp time) {
  if (time >= previous) return {};
  return bad("the clock of " + dot_text(catalog, dot) + " (" + format_time(time.us()) + ", tick " +
             number(time.tick()) + ") is behind the delta before it (" + format_time(previous.us()) + ", tick " +
             number(previous.tick()) + ")");
}

Result<Timestamp> next_timestamp(Micros now, std::optional<Timestamp> own, std::optional<Timestamp> others) {
  if (now > kMaxMicros) return over("the time is beyond the last one that a timestamp can hold");
  Timestamp time = Timestamp::of(now);
  if (own) time = std::max(time, *own);
  if (others) {
    if (others->hlc == ~std::uint64_t{0}) return over("no timestamp is left after the greatest one that was seen");
    time = std::max(time, others->next());
  }
  return time;
}

}  // namespace delta::model
