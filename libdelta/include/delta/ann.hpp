// An index of near neighbours, which finds most of the nearest vectors without comparing all of them.
//
// It is never trusted over the state that is searched: it holds the values that each vector had when it was last
// repaired, and a vector that has other values now is stale. Stale vectors, and those that it lacks, are compared one
// by one; so every distance is that of the present values, and no vector appears that does not exist.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "delta/bytes.hpp"
#include "delta/metric.hpp"
#include "delta/result.hpp"
#include "delta/search.hpp"
#include "delta/state.hpp"
#include "delta/timestamp.hpp"
#include "delta/vector_set.hpp"

namespace delta {

namespace nearest {
struct AnnSection;
class Repair;
}  // namespace nearest

struct AnnOptions {
  Metric metric = Metric::l2;
  std::uint32_t links = 16;     ///< of a vector in the graph, 2 to 256; twice as many on its lowest level ("M")
  std::uint32_t breadth = 200;  ///< candidates while a vector is linked, from `links` to 65,536 ("efConstruction")
};

/// Which vectors are repaired first.
enum class AnnOrder : std::uint8_t {
  changed,  ///< that the index lacks, then those that moved most, as a part of their length
  oldest,   ///< that are stale for the longest time
};

struct AnnRepairOptions {
  VectorSet vectors = VectorSet::all();  ///< others stay as they are, in the index or not
  bool anew = false;                     ///< builds anew of these and of those in the index, whatever is to be done
  /// A vector is linked anew when it has moved by this part of its length since it was linked; else only its values are
  /// replaced. 0: always linked anew. It is linked with 3/5 of AnnOptions::breadth.
  double relink = 0.5;
  AnnOrder order = AnnOrder::changed;          ///< decides what is left if not everything is repaired
  std::optional<std::uint64_t> most = {};      ///< vectors that are repaired; none: all
  std::function<bool()> spent = {};            ///< asked before each vector; true: stop there; empty: never
  std::function<Micros(VectorNo)> since = {};  ///< when a vector first changed after time(); empty: its last create
  Micros time = 0;                             ///< of the state; time() of the index, afterwards
};

/// What a repair did, in vectors.
struct AnnRepair {
  std::uint64_t added = 0, overwritten = 0, relinked = 0, removed = 0;
  std::uint64_t left = 0;  ///< stale or not in the index, because `most` or `spent` ended the repair
  bool rebuilt = false;    ///< too much of the graph was dead: it was built anew
  bool due = false;        ///< too much of the graph is dead, and the bounds did not let it be built anew
};

/// An index beside a state, in vectors of its namespace.
struct AnnCounts {
  std::uint64_t synchronised = 0;  ///< with the values that the index holds
  std::uint64_t stale = 0;         ///< with other values
  std::uint64_t unindexed = 0;     ///< not in the index
  std::uint64_t removed = 0;       ///< in the index alone
  std::uint64_t drifted = 0;       ///< of the stale ones: moved so far since they were linked that they need it anew
  /// By which part of its length a stale vector has moved since it was last repaired: infinity for one without length.
  double mean_drift = 0, largest_drift = 0;

  std::uint64_t rows() const { return synchronised + stale + unindexed; }
};

/// How many of the ten nearest a search finds.
struct AnnQuality {
  std::uint32_t breadth = 0;  ///< of the searches that were measured; 0: none were
  std::uint32_t queries = 0;  ///< vectors that asked for their neighbours
  float recall = 0;           ///< the share that was found, 0 to 1
  float low = 0, high = 0;    ///< its 95 % interval
};

struct AnnSearchOptions {
  SearchOptions search = {};  ///< its metric does not count
  std::size_t breadth =
      0;  ///< vectors that the graph offers, at least k; more find more; 0: as was measured for ten ("ef")
};

struct AnnAnswer {
  Neighbours neighbours;
  bool exact = false;     ///< all rows were compared
  std::size_t stale = 0;  ///< neighbours that are stale, or not in the index; of an answer that is not exact
};

/// Of vectors of one namespace, by one metric: of all, or of those that were chosen. Vectors with a value that is not
/// finite are not indexed. Memory: the values twice, and about 4 bytes for each link.
class DELTA_EXPORT AnnIndex {
 public:
  /// Adds the rows of the namespace that are among `vectors`, in order, on one thread: the same state makes the same
  /// index. Errors: usage: the options are outside of their bounds.
  static Result<AnnIndex> build(const State& state, NamespaceNo ns, const AnnOptions& options = {},
                                const VectorSet& vectors = VectorSet::all());
  AnnIndex(AnnIndex&&) noexcept;
  AnnIndex& operator=(AnnIndex&&) noexcept;
  ~AnnIndex();

  const std::string& name_space() const noexcept;
  std::uint32_t dims() const noexcept;
  const AnnOptions& options() const noexcept;
  std::size_t nodes() const noexcept;  ///< vectors, and places of those that were relinked or removed
  std::size_t size() const noexcept;   ///< vectors

  /// The state that the index was last built from or repaired to: AnnRepairOptions::time.
  Micros time() const noexcept;
  void set_time(Micros time) noexcept;  ///< of the state that it was built from

  /// Brings the index up to the state. A third of the nodes dead: builds anew. With `most` or `spent` it does that only
  /// if `most` allows as many vectors; otherwise it then links no vector anew and adds none, so that no more nodes die.
  /// Vectors that are left stay stale. After an error the index is of no use.
  /// REQUIRES: the namespace has the name and the dimensions of the index.
  Result<AnnRepair> repair(const State& state, NamespaceNo ns, const AnnRepairOptions& options = {});
  const AnnQuality& quality() const noexcept;  ///< as it was measured last
  /// Asks 200 vectors, chosen by their ids, for their ten nearest, beside comparing all: of those that the index holds
  /// as they are in the state. It does so with 16, 24, 32, 48, 64 and so on up to 512 offers, until it is 95 % sure
  /// that the share `least` is found, and searches then use as many. REQUIRES: see repair().
  Result<AnnQuality> measure(const State& state, NamespaceNo ns, double least = 0.95);
  /// What a repair would find: of its vectors; but `removed` is of all. REQUIRES: see repair().
  Result<AnnCounts> compare(const State& state, NamespaceNo ns, const AnnRepairOptions& options = {}) const;
  /// AnnSearch::run() of one that is made for this call.
  Result<std::vector<AnnAnswer>> search(const State& state, std::span<const VectorNo> rows,
                                        std::span<const SearchQuery> queries,
                                        const AnnSearchOptions& options = {}) const;

 private:
  friend struct nearest::AnnSection;
  friend class nearest::Repair;
  friend class AnnSearch;
  friend Status write_ann(std::span<const AnnIndex> indexes, ByteSink& out);
  friend Result<std::vector<AnnIndex>> read_ann(const ByteSource& bytes);
  struct DELTA_HIDDEN Parts;
  DELTA_HIDDEN explicit AnnIndex(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// An index beside the rows that are to be searched. Making one reads the values of all rows, to see which are stale; a
/// query then costs only by what it finds. Threads may share it.
class DELTA_EXPORT AnnSearch {
 public:
  /// Keeps the references: index and state must live, and stay as they are. `rows`: see search_exact(); of a namespace
  /// with the name and the dimensions of the index.
  static Result<AnnSearch> make(const AnnIndex& index, const State& state, std::span<const VectorNo> rows);
  AnnSearch(AnnSearch&&) noexcept;
  AnnSearch& operator=(AnnSearch&&) noexcept;
  ~AnnSearch();

  /// The k nearest of the rows: min(k, rows without `self`) come back, with their present distances. All rows are
  /// compared where more than 5 % of them are stale or not in the index, where there are fewer rows than 10 k or 5 % of
  /// the index, and for a query where the graph offers fewer than k. Errors: those of search_exact().
  Result<std::vector<AnnAnswer>> run(std::span<const SearchQuery> queries, const AnnSearchOptions& options = {}) const;

 private:
  struct DELTA_HIDDEN Parts;
  DELTA_HIDDEN explicit AnnSearch(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// Writes indexes as a file, as share/doc/delta/ann-1.md specifies it. Errors: what writing gives.
DELTA_EXPORT Status write_ann(std::span<const AnnIndex> indexes, ByteSink& out);
/// Reads such a file. Every count and link is checked before it is used. Errors: corrupt: it is not one, or damaged;
/// unsupported: of a later version; what reading gives.
DELTA_EXPORT Result<std::vector<AnnIndex>> read_ann(const ByteSource& bytes);

}  // namespace delta
