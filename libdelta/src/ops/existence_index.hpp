// Creates and deletes of vectors, as an encoder has to know them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "delta/catalog.hpp"
#include "model/existence.hpp"
#include "model/history.hpp"

namespace delta::ops {

/// Creates and deletes, for the one question that needs them: does a vector exist in a context that is not everything?
class ExistenceIndex {
 public:
  using Event = model::Existence::Event;
  /// What is asked about: everything; or a context, and whatever the open commit holds so far.
  struct Seen {
    bool all = false;
    model::Contexts::Set context = {};
    CommitNo open{};
  };
  void add(VectorNo vector, const Event& event) { events_.push_back({vector, event}); }
  /// Was any event of a vector of these namespaces seen?
  bool any_of(const Catalog& catalog, const model::History& history, std::span<const NamespaceNo> namespaces,
              const Seen& seen) const;
  /// Does the last event of `vector` by key, among those that were seen, create it?
  bool exists(const Catalog& catalog, const model::History& history, VectorNo vector, const Seen& seen);

 private:
  struct Of {                         // one vector
    std::vector<std::size_t> events;  // in events_
    std::size_t latest = 0;           // by key
  };
  struct Asked {  // one with many events
    explicit Asked(model::Existence all) : folded(std::move(all)) {}
    model::Existence folded;
    std::size_t taken = 0;             // of its events
    std::vector<std::size_t> waiting;  // those of commits that are not folded, ...
    CommitNo open{};                   // ... as it was when this commit was open
    std::optional<std::size_t> own;    // of this the latest
  };
  static constexpr std::size_t kFew = 16;

  void index(const Catalog& catalog);
  bool later(const Catalog& catalog, std::size_t a, std::size_t b) const {
    return key_less(catalog, events_[b].second.key, events_[a].second.key);
  }
  void take(const Catalog& catalog, const model::History& history, const Of& of, CommitNo open, Asked& asked);

  std::vector<std::pair<VectorNo, Event>> events_;
  std::unordered_map<VectorNo, Of> by_vector_;
  std::unordered_map<VectorNo, Asked> asked_;
  std::size_t indexed_ = 0;
};

}  // namespace delta::ops
