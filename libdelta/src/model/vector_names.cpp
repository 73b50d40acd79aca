// Vectors by the names that people call them.
#include <algorithm>
#include <cstring>

#include "base/boundary.hpp"
#include "delta/state.hpp"
#include "delta/text.hpp"
#include "model/names.hpp"

namespace delta {
namespace {

/// The one vector of a name that counts.
template <class Counts>
Result<VectorNo> find_one(const Catalog& catalog, const VectorName& name, const Counts& counts) {
  std::optional<VectorNo> found;
  std::vector<std::uint32_t> dims;
  for (const NamespaceNo ns : catalog.namespaces_named(name.name_space)) {
    if (name.dims && catalog.name_space(ns).dims != *name.dims) continue;
    const auto vector = catalog.find_vector(ns, name.id);
    if (!vector || !counts(*vector)) continue;
    found = vector;
    dims.push_back(catalog.name_space(ns).dims);
  }
  if (dims.size() == 1) return *found;
  const std::string what = "vector " + quote(name.id) + " in " + model::namespace_phrase(name.name_space);
  if (dims.size() > 1) {
    std::ranges::sort(dims);
    return error(ErrorCode::usage, what + " is ambiguous: there is one of " + model::list_text(dims) + " dimensions")
        .with_hint("say which dimension count is meant");
  }
  const std::string of = name.dims ? " of " + plural(*name.dims, "dimension") : "";
  return error(ErrorCode::not_found, "no " + what + of);
}

}  // namespace

Result<VectorNo> Catalog::find(const VectorName& name) const try {
  const Boundary boundary;
  return find_one(*this, name, [](VectorNo) { return true; });
} catch (...) {
  return caught();
}

Result<VectorNo> State::find(const VectorName& name) const try {
  const Boundary boundary;
  return find_one(*catalog_, name, [this](VectorNo vector) { return exists(vector); });
} catch (...) {
  return caught();
}

Result<std::vector<float>> State::values(const VectorName& name) const try {
  const Boundary boundary;
  DELTA_TRY(const VectorNo vector, find(name));
  const auto from = bits(vector);
  std::vector<float> values(from.size());
  std::memcpy(values.data(), from.data(), from.size_bytes());
  return values;
} catch (...) {
  return caught();
}

}  // namespace delta
