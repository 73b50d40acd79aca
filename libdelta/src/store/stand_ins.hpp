// Commits that stand for others which are not read. Where each commit of a log has seen all before it, one without
// deltas may stand for all of an origin's that are missing between two that are here.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "store/lookup_index.hpp"
#include "store/union.hpp"

namespace delta::store {

/// Adds them to the history of a union.
class StandIns {
 public:
  StandIns(Union& to, std::shared_ptr<const ByteSource> file, const LookupIndex& index)
      : to_(to), file_(std::move(file)), index_(index) {}  ///< keeps the references

  /// The origins and namespaces of the index are then in the catalog of the union. First of all.
  void add_names();
  /// The seqs of an origin are then here up to this one. `time`: of what stands for them.
  Status reach(OriginNo origin, std::uint64_t seq, Timestamp time);
  /// All that comes before the end of the log is then here; the origin that wrote last comes last. `firsts`: of some
  /// origins the seq from which on their commits are still to be added.
  using Firsts = std::map<std::string, std::uint64_t, std::less<>>;
  Status complete(const Firsts& firsts);
  /// Where each origin stands, as a segment without deltas: what is read is held against it, and an append goes on
  /// from there.
  void add_heads();
  /// What the union keeps of each commit is there for all that its history has.
  void pad();

 private:
  Union& to_;
  std::shared_ptr<const ByteSource> file_;
  const LookupIndex& index_;
};

}  // namespace delta::store
