// The creates and deletes of one vector, for the question whether it exists in a context that is not everything. By
// chain, in order, each with the last by key of those up to it: of a chain a context holds a beginning. What a part of
// a context says of the vector is noted, since contexts share their parts.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "delta/state.hpp"
#include "model/chain_trie.hpp"
#include "model/history.hpp"

namespace delta::model {

class Existence {
 public:
  struct Event {
    CommitNo commit;
    bool create;
    Key key;
  };

  /// Keeps the references.
  Existence(const Catalog& catalog, const History& history) : catalog_(&catalog), history_(&history) {}

  /// Of a folded commit. An event may come twice. What a context that was asked about has seen, was here by then.
  void add(const Event& event);
  /// The last by key of those in a context of all chains; null: there is none. Valid until the next add().
  const Event* last(Contexts::Set context);
  /// Of those in the context of a delta, of a folded commit.
  const Event* last_before(CommitNo commit, std::uint64_t seq);

  std::uint64_t steps() const { return steps_; }  ///< events and nodes that were looked at

 private:
  static constexpr std::size_t kFew = 16;  // are looked at one by one
  static constexpr std::uint32_t kNone = ChainTrie::kNone;
  struct List {                         // of one chain
    std::vector<std::uint32_t> events;  // in order
    std::vector<std::uint32_t> best;    // of those up to and with each, the last by key
  };

  std::uint32_t later(std::uint32_t a, std::uint32_t b) const;
  const Event* at(std::uint32_t event) const { return event == kNone ? nullptr : &events_[event]; }
  bool comes_before(std::uint32_t a, std::uint32_t b) const;
  template <class Seen>
  const Event* look_at_all(const Seen& seen);
  void file();
  void sort(List& list);
  std::uint32_t best_of(const List& list, std::uint32_t index, std::uint64_t seq) const;
  std::uint32_t walk(Contexts::Set set);
  std::uint32_t walk(Contexts::Set set, std::uint32_t node);

  const Catalog* catalog_;
  const History* history_;
  std::vector<Event> events_;
  std::size_t filed_ = 0;  // of them, in lists_
  ChainTrie chains_;       // places in lists_
  std::vector<List> lists_;
  std::vector<std::uint32_t> unsorted_;                     // of lists_
  std::unordered_map<std::uint64_t, std::uint32_t> known_;  // node of a context, and its height -> the answer
  std::uint64_t steps_ = 0;
};

}  // namespace delta::model
