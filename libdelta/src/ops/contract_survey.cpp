#include "ops/contract_survey.hpp"

#include <algorithm>

#include "store/union.hpp"

namespace delta::ops {

std::optional<std::size_t> ScopeSurvey::first_of(NamespaceNo ns) const {
  const auto holds = [&](const auto& scope) { return scope.contains(ns); };
  const auto found = std::ranges::find_if(touched, holds);
  if (found == touched.end()) return std::nullopt;
  return static_cast<std::size_t>(found - touched.begin());
}

Status ContractSurvey::run(const Log& log, const std::function<bool(CommitNo)>& is_new) {
  Indexed<CommitNo, bool> judged(log.commits(), true);
  for (const CommitNo commit : judged.numbers()) {
    if (is_new) judged[commit] = is_new(commit);
  }
  const Catalog& catalog = log.catalog();
  namespaces.resize(catalog.namespaces());
  Indexed<VectorNo, std::uint64_t> deltas(catalog.vectors());
  store::LogSource source(log.impl(), {.values = store::Values::skipped});
  DELTA_OK(source.each(VectorSet::all(), std::nullopt, [&](const DeltaBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      Delta delta;  // batch[i] would look at values, which were not read
      delta.vector = batch.vectors[i];
      delta.op = batch.ops[i];
      delta.time = batch.times[i];
      delta.commit = batch.commits[i];
      delta.seq = batch.seqs[i];
      if (log.pending(delta.commit)) continue;
      const NamespaceNo ns = catalog.namespace_of(delta.vector);
      NamespaceSurvey& of = namespaces[ns];
      of.is_new = of.is_new || judged[delta.commit];
      of.newest = std::max(of.newest.value_or(delta.time), delta.time);
      if (++deltas[delta.vector] > of.longest) {
        of.longest = deltas[delta.vector];
        of.longest_vector = delta.vector;
      }
      for (ScopeSurvey& kind : kinds) {
        const auto scope = kind.scopes.of(delta);
        if (!scope) continue;
        Touched& touched = kind.touched[*scope][ns];
        touched.vectors.insert(delta.vector);
        touched.origins.insert(log.commit(delta.commit).origin);
        touched.operations |= 1u << static_cast<unsigned>(delta.op);
        ++touched.times[delta.time.us()];
      }
    }
    return {};
  }));
  return {};
}

}  // namespace delta::ops
