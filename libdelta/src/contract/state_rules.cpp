// Rules that look at the vectors of one namespace at one moment. Each is a pass over the rows of its own: simple, and
// small beside reading them.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/checksum.hpp"
#include "contract/judging.hpp"
#include "delta/text.hpp"
#include "model/rules.hpp"

namespace delta::contract {
namespace {

using Bits = std::span<const std::uint32_t>;

float value_of(std::uint32_t bits) { return std::bit_cast<float>(bits); }

/// Vectors that break a rule.
class Breakers {
 public:
  explicit Breakers(const Catalog& catalog) : catalog_(catalog) {}
  void add(VectorNo vector) {
    if (ids_.size() < kMaxExamples) ids_.emplace_back(catalog_.id(vector));
    ++count_;
  }
  std::uint64_t count() const { return count_; }
  std::vector<std::string> ids() const { return ids_; }
  /// Kept if there is none. `what` follows "3 of 10 vectors".
  Outcome outcome(std::size_t of, const std::string& what) const {
    if (count_ == 0) return {};
    const std::string some = std::to_string(count_) + " of " + plural(of, "vector") + " " + what;
    return Outcome::broken(some, static_cast<double>(count_), ids_);
  }

 private:
  const Catalog& catalog_;
  std::vector<std::string> ids_;
  std::uint64_t count_ = 0;
};

template <class Breaks>
Breakers those_that(const StateView& view, const Breaks& breaks) {
  Breakers out(view.state->catalog());
  for (const VectorNo vector : view.rows) {
    if (breaks(vector)) out.add(vector);
  }
  return out;
}

/// Of vectors, by their values.
template <class Breaks>
Breakers those_whose_bits(const StateView& view, const Breaks& breaks) {
  return those_that(view, [&](VectorNo vector) { return breaks(view.state->bits(vector)); });
}

bool is_zero(Bits bits) {
  return std::ranges::all_of(bits, [](std::uint32_t b) { return (b & 0x7fffffffu) == 0; });
}

Outcome judge_dims(const Rule& rule, const StateView& view) {
  const std::uint32_t dims = view.state->catalog().name_space(view.ns).dims;
  if (dims == rule.asked.count) return {};
  return Outcome::broken("vectors have " + plural(dims, "dimension") + ", not " + std::to_string(rule.asked.count),
                         dims);
}

bool fits_f16(std::uint32_t bits) {
  const std::uint32_t exponent = bits >> 23 & 0xff, mantissa = bits & 0x7fffff;
  if (exponent == 255 || (exponent >= 113 && exponent <= 142)) return (mantissa & 0x1fff) == 0;
  if (exponent == 0) return mantissa == 0;
  if (exponent > 142 || exponent < 103) return false;
  const std::uint32_t dropped = 13 + (113 - exponent);  // a subnormal: so many bits are not there
  return ((mantissa | 0x800000) & ((1u << dropped) - 1)) == 0;
}

bool fits(Element element, std::uint32_t bits) {
  const float x = value_of(bits);
  const bool whole = x == std::trunc(x) && bits != 0x80000000u;
  switch (element) {
    case Element::f32:
      return true;
    case Element::f16:
      return fits_f16(bits);
    case Element::bf16:
      return (bits & 0xffff) == 0;
    case Element::i8:
      return whole && x >= -128 && x <= 127;
    case Element::u8:
      return whole && x >= 0 && x <= 255;
  }
  return false;
}

Outcome judge_element(const Rule& rule, const StateView& view) {
  const std::string_view asked = element_name(rule.asked.element);
  const std::string_view said = view.element.empty() ? element_name(Element::f32) : view.element;
  if (said != asked) {
    return Outcome::broken("the log says that the elements are " + escape(said, 60) + ", not " + std::string(asked));
  }
  const auto bad = those_whose_bits(view, [&](Bits bits) {
    return !std::ranges::all_of(bits, [&](std::uint32_t b) { return fits(rule.asked.element, b); });
  });
  return bad.outcome(view.rows.size(), "have values that no " + std::string(asked) + " can hold");
}

Outcome judge_finite(const StateView& view) {
  const auto bad = those_whose_bits(view, [](Bits bits) { return !model::all_finite(bits); });
  return bad.outcome(view.rows.size(), "have a value that is not finite");
}

Outcome judge_range(const Rule& rule, const StateView& view) {
  const auto inside = [&](std::uint32_t bits) {
    const double x = value_of(bits);
    return !std::isnan(x) && (!rule.asked.least || x >= *rule.asked.least) &&
           (!rule.asked.most || x <= *rule.asked.most);
  };
  const auto bad = those_whose_bits(view, [&](Bits bits) { return !std::ranges::all_of(bits, inside); });
  return bad.outcome(view.rows.size(), "have a value outside of the range");
}

Outcome judge_norm(const Rule& rule, const StateView& view) {
  Breakers zero(view.state->catalog()), off(view.state->catalog());
  for (const VectorNo vector : view.rows) {
    const Bits bits = view.state->bits(vector);
    if (is_zero(bits)) {
      zero.add(vector);
    } else if (!(std::abs(norm_of(bits) - rule.asked.length) <= rule.asked.within)) {
      off.add(vector);
    }
  }
  if (zero.count() == 0) return off.outcome(view.rows.size(), "have another length");
  const std::string zeros = "hold zeros alone, which have no length";
  if (off.count() == 0) return zero.outcome(view.rows.size(), zeros);
  auto out = off.outcome(view.rows.size(), "have another length, and " + std::to_string(zero.count()) + " " + zeros);
  out.measured = static_cast<double>(off.count() + zero.count());
  return out;
}

/// A limit on how many of the vectors are of a kind.
Outcome judge_share(const Rule& rule, const StateView& view, const Breakers& bad, const std::string& what) {
  const auto of = static_cast<double>(view.rows.size());
  if (rule.asked.limit.allows(static_cast<double>(bad.count()), of)) return {};
  auto out = bad.outcome(view.rows.size(), what + ", more than " + rule.asked.limit.text());
  if (rule.asked.limit.percent) out.measured = static_cast<double>(bad.count()) / of;
  return out;
}

Outcome judge_count(const Rule& rule, const StateView& view) {
  const std::uint64_t count = view.rows.size();
  const bool least = rule.kind->id == RuleId::min_count;
  if (least ? count >= rule.asked.count : count <= rule.asked.count) return {};
  return Outcome::broken("there are " + plural(count, "vector") + ", " + (least ? "fewer" : "more") + " than " +
                             std::to_string(rule.asked.count),
                         static_cast<double>(count));
}

Outcome judge_required_ids(const Rule& rule, const StateView& view) {
  std::vector<std::string> missing;
  std::uint64_t count = 0;
  for (const auto& id : rule.asked.names) {
    const auto vector = view.state->catalog().find_vector(view.ns, id);
    if (vector && view.state->exists(*vector)) continue;
    if (missing.size() < kMaxExamples) missing.push_back(id);
    ++count;
  }
  if (count == 0) return {};
  return Outcome::broken(std::to_string(count) + " of " + plural(rule.asked.names.size(), "id") + " do not exist",
                         static_cast<double>(count), std::move(missing));
}

Json metadata_of(const State& state, VectorNo vector) {
  const std::string_view text = state.metadata(vector);
  if (text.empty()) return Json::object();
  return or_bad_alloc(parse_json_object(text));
}

Outcome judge_required_metadata(const Rule& rule, const StateView& view) {
  const auto bad = those_that(view, [&](VectorNo vector) {
    const Json metadata = metadata_of(*view.state, vector);
    return std::ranges::any_of(rule.asked.names, [&](const auto& key) { return metadata.find(key) == nullptr; });
  });
  return bad.outcome(view.rows.size(), "lack a key in their metadata");
}

Outcome judge_schema(const Rule& rule, const StateView& view) {
  std::string first;
  const auto bad = those_that(view, [&](VectorNo vector) {
    auto breach = rule.asked.schema->breach(metadata_of(*view.state, vector));
    if (breach && first.empty()) first = std::move(*breach);
    return breach.has_value();
  });
  return bad.outcome(view.rows.size(), "have metadata that break the schema, the first one in this way: " + first);
}

Breakers duplicates(const StateView& view) {
  struct Hashed {
    std::uint64_t hash;
    VectorNo vector;
  };
  std::vector<Hashed> hashed;
  for (const VectorNo vector : view.rows) {
    const Bits bits = view.state->bits(vector);
    hashed.push_back({checksum({reinterpret_cast<const std::uint8_t*>(bits.data()), bits.size_bytes()}), vector});
  }
  std::ranges::stable_sort(hashed, {}, &Hashed::hash);
  Breakers out(view.state->catalog());
  // Other values of one hash would hide some duplicates behind them: 1 in 2^64 pairs.
  for (std::size_t i = 1; i < hashed.size(); ++i) {
    if (hashed[i].hash != hashed[i - 1].hash) continue;
    const Bits a = view.state->bits(hashed[i - 1].vector), b = view.state->bits(hashed[i].vector);
    if (std::memcmp(a.data(), b.data(), a.size_bytes()) == 0) out.add(hashed[i].vector);
  }
  return out;
}

Outcome judge_constant_dims(const Rule& rule, const StateView& view) {
  if (view.rows.size() < 2) return Outcome::exempt("there are fewer than two vectors");
  const Bits first = view.state->bits(view.rows[0]);
  std::vector<bool> varies(first.size());
  for (const VectorNo vector : view.rows) {
    const Bits bits = view.state->bits(vector);
    for (std::size_t dim = 0; dim < first.size(); ++dim) {
      if (bits[dim] != first[dim]) varies[dim] = true;
    }
  }
  const auto constant = static_cast<double>(std::ranges::count(varies, false));
  if (rule.asked.limit.allows(constant, static_cast<double>(first.size()))) return {};
  const auto dim = static_cast<std::size_t>(std::ranges::find(varies, false) - varies.begin());
  return Outcome::broken(number_text(constant) + " of " + plural(first.size(), "dimension") +
                             " are the same in all vectors, such as dimension " + std::to_string(dim),
                         constant);
}

}  // namespace

Outcome judge_state(const Rule& rule, const StateView& view) {
  switch (rule.kind->id) {
    case RuleId::dims:
      return judge_dims(rule, view);
    case RuleId::element:
      return judge_element(rule, view);
    case RuleId::finite:
      return judge_finite(view);
    case RuleId::range:
      return judge_range(rule, view);
    case RuleId::norm:
      return judge_norm(rule, view);
    case RuleId::max_zero:
      return judge_share(rule, view, those_whose_bits(view, is_zero), "hold zeros alone");
    case RuleId::id_pattern: {
      const auto& catalog = view.state->catalog();
      const auto bad = those_that(view, [&](VectorNo vector) { return !rule.asked.pattern(catalog.id(vector)); });
      return bad.outcome(view.rows.size(), "have an id that does not match");
    }
    case RuleId::min_count:
    case RuleId::max_count:
      return judge_count(rule, view);
    case RuleId::required_ids:
      return judge_required_ids(rule, view);
    case RuleId::required_metadata:
      return judge_required_metadata(rule, view);
    case RuleId::metadata_schema:
      return judge_schema(rule, view);
    case RuleId::max_duplicates:
      return judge_share(rule, view, duplicates(view), "have the values of another one");
    case RuleId::max_constant_dims:
      return judge_constant_dims(rule, view);
    default:
      DELTA_CHECK(rule.kind->looks == Looks::state);
      return Outcome::unknown("is judged nowhere");
  }
}

}  // namespace delta::contract
