// Canonical bytes and hashes: what a delta and a commit mean, apart from how they are packed (law 11).
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "delta/catalog.hpp"
#include "delta/change.hpp"
#include "delta/commit.hpp"
#include "support/bytes.hpp"

namespace delta::model {

/// H(head || H(metadata) || H(values)); head = origin, seq, timestamp, namespace, dims, id, operation, indices.
/// Layout: formats/spec/dlog-1.md, "Hashes".
/// Names are given apart from a catalog, because workers hash while the catalog grows.
struct LeafNames {
  std::string_view origin, name_space, id;
  std::uint32_t dims = 0;  ///< of the namespace
};
Hash leaf_hash(const LeafNames& names, const Change& change);

/// The leaf of a setting commit, which is its root too: that of a delta of operation 10 on no vector, with the setting as metadata.
Hash setting_hash(const Catalog& catalog, const Commit& commit);

/// Merkle root over leaves in order of seq, as in RFC 6962: a tree of n leaves splits at the largest power of two
/// below n. Fed leaf by leaf; O(log n) memory.
class MerkleTree {
 public:
  void add(const Hash& leaf);
  Hash root() const;
  std::uint64_t size() const { return size_; }

 private:
  std::vector<Hash> peaks_;
  std::uint64_t size_ = 0;
};

/// Hash of a commit: root, dots, parents, message, provenance, trace id, and the hash of the same origin's previous
/// commit (all zero for the first).
Hash commit_hash(const Catalog& catalog, const Commit& commit, const Hash& root, const Hash& previous);

}  // namespace delta::model
