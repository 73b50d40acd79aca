// A vector exists if its last create or delete by key creates it (law 3), so of the deltas nothing else has to be read.
#include "ops/namespace_conflicts.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "base/boundary.hpp"
#include "model/names.hpp"

namespace delta {
namespace ops {
namespace {

/// Vectors of namespaces of one name with several dimension counts.
VectorSet in_question(const Catalog& catalog) {
  Indexed<NamespaceNo, bool> several;
  bool any = false;
  for (const NamespaceNo ns : numbers<NamespaceNo>(catalog.namespaces())) {
    several.push_back(catalog.namespaces_named(catalog.name_space(ns).name).size() > 1);
    any = any || several.back();
  }
  VectorSet vectors;
  if (!any) return vectors;
  for (const VectorNo v : numbers<VectorNo>(catalog.vectors())) {
    if (several[catalog.namespace_of(v)]) vectors.insert(v);
  }
  return vectors;
}

}  // namespace

Result<std::vector<NamespaceConflict>> namespace_conflicts(const store::Union& log) {
  struct Last {
    Key key;
    bool create = false;
  };
  std::vector<NamespaceConflict> out;
  const Catalog& catalog = log.catalog;
  const auto wanted = in_question(catalog);
  if (wanted.empty()) return out;
  std::unordered_map<VectorNo, Last> last;
  store::Union::StreamOptions options;
  options.vectors = &wanted;
  options.values = store::Values::skipped;
  options.lifecycles = true;
  DELTA_OK(log.stream(options, [&](const store::Union::Block& block) -> Status {
    const DeltaBatch& batch = block.batch;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (!is_lifecycle(batch.ops[i]) || !wanted.contains(batch.vectors[i]) || !log.history.folded(batch.commits[i]))
        continue;
      const Last event{{batch.times[i], log.history.origin(batch.commits[i]), batch.seqs[i]},
                       batch.ops[i] == Operation::create};
      const auto [place, fresh] = last.try_emplace(batch.vectors[i], event);
      if (!fresh && key_less(catalog, place->second.key, event.key)) place->second = event;
    }
    return {};
  }));
  std::map<std::string_view, std::set<std::uint32_t>> found;
  for (const auto& [vector, event] : last) {
    const Namespace& space = catalog.name_space(catalog.namespace_of(vector));
    if (event.create) found[space.name].insert(space.dims);
  }
  for (const auto& [name, dims] : found) {
    if (dims.size() > 1) out.push_back({std::string(name), {dims.begin(), dims.end()}});
  }
  return out;
}

}  // namespace ops

Result<std::vector<NamespaceConflict>> namespace_conflicts(const Log& log) try {
  const Boundary boundary;
  return ops::namespace_conflicts(log.impl());
} catch (...) {
  return caught();
}

std::string NamespaceConflict::text() const {
  return "vectors of " + model::namespace_phrase(name) + " have " + model::list_text(dims) +
         " dimensions: writers that had not seen each other created them";
}

}  // namespace delta
