#include "ops/existence_index.hpp"

#include <algorithm>

namespace delta::ops {

void ExistenceIndex::index(const Catalog& catalog) {
  for (; indexed_ < events_.size(); ++indexed_) {
    Of& of = by_vector_[events_[indexed_].first];
    if (of.events.empty() || later(catalog, indexed_, of.latest)) of.latest = indexed_;
    of.events.push_back(indexed_);
  }
}

bool ExistenceIndex::any_of(const Catalog& catalog, const model::History& history,
                            std::span<const NamespaceNo> namespaces, const Seen& seen) const {
  return std::ranges::any_of(events_, [&](const auto& event) {
    const auto& [vector, e] = event;
    if (std::ranges::find(namespaces, catalog.namespace_of(vector)) == namespaces.end()) return false;
    return seen.all || e.commit == seen.open ||
           (history.folded(e.commit) && history.in(seen.context, e.commit, e.key.seq));
  });
}

bool ExistenceIndex::exists(const Catalog& catalog, const model::History& history, VectorNo vector, const Seen& seen) {
  index(catalog);
  const auto found = by_vector_.find(vector);
  if (found == by_vector_.end()) return false;
  const Of& of = found->second;
  if (seen.all) return events_[of.latest].second.create;
  std::optional<std::size_t> last;
  if (of.events.size() <= kFew) {
    for (const std::size_t i : of.events) {
      const Event& e = events_[i].second;
      const bool is_seen =
          e.commit == seen.open || (history.folded(e.commit) && history.in(seen.context, e.commit, e.key.seq));
      if (is_seen && (!last || later(catalog, i, *last))) last = i;
    }
    return last && events_[*last].second.create;
  }
  Asked& asked = asked_.try_emplace(vector, model::Existence(catalog, history)).first->second;
  take(catalog, history, of, seen.open, asked);
  const Event* folded = asked.folded.last(seen.context);
  if (asked.own && (!folded || key_less(catalog, folded->key, events_[*asked.own].second.key))) {
    return events_[*asked.own].second.create;
  }
  return folded && folded->create;
}

/// Events that are new, and those whose commit has been folded since.
void ExistenceIndex::take(const Catalog& catalog, const model::History& history, const Of& of, CommitNo open,
                          Asked& asked) {
  std::vector<std::size_t> wait;
  if (asked.open != open) {
    asked.own.reset();
    wait.swap(asked.waiting);
    asked.open = open;
  }
  const auto file = [&](std::size_t i) {
    const Event& e = events_[i].second;
    if (e.commit != open && history.folded(e.commit)) return asked.folded.add(e);
    asked.waiting.push_back(i);
    if (e.commit == open && (!asked.own || later(catalog, i, *asked.own))) asked.own = i;
  };
  for (const std::size_t i : wait) file(i);
  for (; asked.taken < of.events.size(); ++asked.taken) file(of.events[asked.taken]);
}

}  // namespace delta::ops
