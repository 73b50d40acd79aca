// The members of an NDJSON line, and which of them each kind of line takes and needs.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "delta/delta.hpp"

namespace delta::formats::ndjson {

enum class Member : unsigned {
  type,
  id,
  name_space,
  dims,
  ts,
  tick,
  origin,
  seq,
  parents,
  metadata,  // what a change may have
  op,
  vector,
  indices,
  values,
  factor,
  amount,
  transform,
  args,  // its operation
  deltas,
  message,
  tool,
  source,
  trace,
  setting,
  properties,
  given,  // a commit
};
inline constexpr std::array<std::string_view, 26> kMembers = {
    "type",     "id",      "namespace", "dims",    "ts",     "tick",    "origin",     "seq",       "parents",
    "metadata", "op",      "vector",    "indices", "values", "factor",  "amount",     "transform", "args",
    "deltas",   "message", "tool",      "source",  "trace",  "setting", "properties", "given"};

constexpr std::string_view name_of(Member m) { return kMembers[static_cast<std::size_t>(m)]; }

using Members = std::uint32_t;  // a set
template <class... M>
constexpr Members set(M... m) {
  return ((Members{1} << static_cast<unsigned>(m)) | ... | 0);
}

inline constexpr Members kAnyDelta =
    set(Member::type, Member::id, Member::name_space, Member::dims, Member::ts, Member::tick, Member::origin,
        Member::seq, Member::parents, Member::metadata, Member::op);
inline constexpr Members kCommitNeeds = set(Member::type, Member::origin, Member::seq, Member::deltas);
inline constexpr Members kCommitTakes =
    kCommitNeeds | set(Member::parents, Member::message, Member::tool, Member::source, Member::trace,
                       Member::properties, Member::given);
inline constexpr Members kSettingTakes = kCommitTakes | set(Member::setting, Member::ts, Member::tick);

inline constexpr Members kNamespaceNeeds = set(Member::type, Member::dims);
inline constexpr Members kNamespaceTakes = kNamespaceNeeds | set(Member::name_space);

inline constexpr Members kSparseCreateNeeds = set(Member::dims, Member::indices, Member::values);

// One row an operation as written; clamp alone of the transforms takes arguments.
struct OpInfo {
  std::string_view name;
  Operation op;
  Members needs;
};
inline constexpr std::array<OpInfo, 6> kOps = {{
    {"create", Operation::create, set(Member::vector)},
    {"dense", Operation::dense, set(Member::vector)},
    {"sparse", Operation::sparse, set(Member::indices, Member::values)},
    {"scale", Operation::scale, set(Member::factor)},
    {"offset", Operation::offset, set(Member::amount)},
    {"delete", Operation::remove, 0},
}};
inline constexpr std::array<OpInfo, 3> kTransforms = {{
    {"negate", Operation::negate, set(Member::transform)},
    {"abs", Operation::abs, set(Member::transform)},
    {"clamp", Operation::clamp, set(Member::transform, Member::args)},
}};

/// "'indices', 'values'".
inline std::string listed(Members members) {
  std::string out;
  for (std::size_t i = 0; i < kMembers.size(); ++i) {
    if ((members >> i & 1) != 0) ((out += out.empty() ? "'" : ", '") += kMembers[i]) += '\'';
  }
  return out;
}

}  // namespace delta::formats::ndjson
