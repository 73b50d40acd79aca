// Canonical bytes and hashes: what a delta and a commit mean, apart from how they are packed (law 11).
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "delta/catalog.hpp"
#include "delta/commit.hpp"
#include "delta/delta.hpp"

namespace delta::model {

/// H(head || H(metadata) || H(values)); head = origin, seq, timestamp, namespace, dims, id, operation, indices.
/// Layout: formats/spec/dlog-1.md, "Hashes".
/// Names are given apart from a catalog, because workers hash while the catalog grows.
struct LeafNames {
  std::string_view origin, name_space, id;
  std::uint32_t dims = 0;  ///< of the namespace
};
Hash leaf_hash(const LeafNames& names, const DeltaContent& delta);

/// The leaves of a block, hashed together.
class LeafHasher {
 public:
  /// Appends to `leaves` the leaf of each delta that is added, in order.
  explicit LeafHasher(std::vector<Hash>& leaves);
  /// The values and the metadata of the change are read until finish().
  void add(const LeafNames& names, const DeltaContent& delta);
  void add_unknown();  ///< of a delta that is not whole: zeros
  void finish();

 private:
  struct Empty;
  struct Part {
    std::size_t place;  // of its hash, in the heads
    ByteView bytes;
  };
  void put_inner(std::string_view domain, std::vector<Part>& parts);

  std::vector<Hash>& leaves_;
  const Empty& empty_;
  Buffer heads_;         // each from a multiple of kDigestBlock on, with zeros behind it
  std::size_t end_ = 0;  // of what is used of it
  struct Head {
    std::size_t begin = 0, size = 0;  // size 0: unknown
  };
  std::vector<Head> places_;
  std::vector<Part> values_, metadata_;
  std::vector<ByteView> messages_;  // room, as is the next
  std::vector<Hash> hashes_;
};

/// The leaf of a setting commit, which is its root too: that of a delta of operation 10 on no vector, with the setting
/// as metadata.
Hash setting_hash(const Catalog& catalog, const CommitView& commit);

/// Merkle root over leaves in order of seq, as in RFC 6962: a tree of n leaves splits at the largest power of two
/// below n. Fed leaf by leaf; O(log n) memory.
class MerkleTree {
 public:
  void add(const Hash& leaf);
  Hash root() const;
  std::uint64_t size() const { return size_; }

 private:
  std::vector<Hash> peaks_;    // of whole groups of leaves
  std::vector<Hash> waiting_;  // leaves of the group that is not whole yet
  std::uint64_t size_ = 0;
};

/// The tree of a commit, if some of its leaves are not known. Places count from 0, in order of seq. The hash of a node
/// is zeros if damage took what is below the node, because then nobody knows the hash. Every node above it has zeros,
/// too.
class PartialTree {
 public:
  explicit PartialTree(std::uint64_t leaves) : size_(leaves) {}
  /// In any order; the same leaf again is ignored.
  void add(std::uint64_t place, const Hash& leaf) { leaves_.push_back({place, leaf}), sorted_ = false; }
  /// What a pruned copy says: `nodes` are the roots, in order, of the greatest subtrees without a leaf at one of
  /// `places`, which ascend. False: there are not as many as that takes.
  bool add_copy(std::span<const std::uint64_t> places, std::span<const Hash> nodes);

  /// How many nodes a copy has that keeps only the leaves at `places`, which ascend, of so many.
  static std::size_t gaps(std::uint64_t leaves, std::span<const std::uint64_t> places);

  /// None: the leaves and nodes do not make the tree; zeros: not known.
  std::optional<Hash> root();
  /// The nodes of a copy that keeps only the leaves at `places`, which ascend.
  std::optional<std::vector<Hash>> nodes(std::span<const std::uint64_t> places);

 private:
  struct Leaf {
    std::uint64_t place;
    Hash hash;
  };
  using Range = std::pair<std::uint64_t, std::uint64_t>;  // begin, size
  std::optional<Hash> hash_of(Range range) const;
  std::optional<Hash> hash_below(Range range) const;
  /// visit(range) for each greatest subtree of `range` without one of `places`.
  template <class Visit>
  static bool each_gap(Range range, std::span<const std::uint64_t> places, const Visit& visit);
  void sort();

  std::uint64_t size_;
  std::vector<Leaf> leaves_;
  std::map<Range, Hash> known_;
  bool sorted_ = true;
};

/// Hash of a commit: root, dots, parents, message, provenance, trace id, and the hash of the same origin's previous
/// commit (all zero for the first); then properties and the time that was given, where there are any.
Hash commit_hash(const Catalog& catalog, const CommitView& commit, const Hash& root, const Hash& previous);

}  // namespace delta::model
