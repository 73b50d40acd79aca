// What a log says the vectors are, at one cut.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "delta/catalog.hpp"
#include "delta/pages.hpp"
#include "delta/result.hpp"
#include "delta/timestamp.hpp"
#include "delta/vector_set.hpp"

namespace delta {

/// (timestamp, origin, seq): the one total order of deltas. Compared by origin *name*: see key_less().
struct Key {
  Timestamp time;
  OriginNo origin{};
  std::uint64_t seq = 0;
};

/// The key order over origins named by `catalog`.
DELTA_EXPORT bool key_less(const Catalog& catalog, const Key& a, const Key& b) noexcept;

/// Vectors with values, by their catalog number. Values stand in pools, one a namespace: dims x 4 bytes a vector
/// that ever existed, and about 48 bytes of bookkeeping. Numbers beyond the catalog at hand do not exist. A state that
/// snapshot() made keeps its catalog alive: it may outlive the log.
/// Moves, does not copy: a state may be most of the memory there is.
class DELTA_EXPORT State {
 public:
  /// Keeps the reference. `most`: how many vectors will have values, as far as is known: room is made for no more.
  explicit State(const Catalog& catalog, std::size_t most = ~std::size_t{0})
      : State(std::shared_ptr<const Catalog>(std::shared_ptr<void>(), &catalog), most) {}
  /// Keeps the catalog.
  explicit State(std::shared_ptr<const Catalog> catalog, std::size_t most = ~std::size_t{0})
      : catalog_(std::move(catalog)), most_(most) {
    if (most <= Rows::kFew) rows_ = Rows::for_few(catalog_->vectors());
  }

  const Catalog& catalog() const noexcept { return *catalog_; }
  bool exists(VectorNo vector) const noexcept { return rows_.contains(vector) && rows_[vector].exists; }
  std::size_t size() const noexcept { return existing_; }  ///< vectors that exist
  Result<VectorSet> existing() const;
  /// Existing vectors of a namespace, in order of their last create.
  Result<std::vector<VectorNo>> rows(NamespaceNo ns) const;
  /// Some of its vectors as a state of their own, which keeps the same catalog.
  Result<State> part(const VectorSet& vectors) const;
  /// Raw float32 bits, dims of them. Empty if it does not exist. Valid while the state lives: values never move.
  std::span<const std::uint32_t> bits(VectorNo vector) const noexcept {
    if (!exists(vector) || rows_[vector].values == nullptr) return {};
    return {rows_[vector].values, rows_[vector].dims};
  }
  /// The vector of a name. Errors: not_found: none that exists; usage: several exist, of several dimension counts, and
  /// `dims` names none of them.
  Result<VectorNo> find(const VectorName& name) const;
  /// The values of the vector of a name, dims of them, as a copy. Errors: those of find().
  Result<std::vector<float>> values(const VectorName& name) const;
  /// Canonical JSON object; empty: none, or the vector does not exist. Valid until the next set_metadata().
  std::string_view metadata(VectorNo vector) const noexcept;
  /// Key of its last create. REQUIRES: exists(vector).
  Key created(VectorNo vector) const noexcept { return rows_[vector].created; }

  /// How often a transform turned a finite value into an infinity while this state was folded: a function of the
  /// deltas.
  std::uint64_t overflows = 0;

  // For the library itself.
  void keep(std::shared_ptr<const Catalog> catalog) { catalog_ = std::move(catalog); }  ///< the one that it refers to
  DELTA_HIDDEN void take(const State& from, VectorNo vector);  ///< one vector as it is there, of the same catalog
  std::span<std::uint32_t> put(VectorNo vector) {  ///< its values, made room for (zeros); existence unchanged
    if (!rows_.contains(vector) || rows_[vector].values == nullptr) give_row(vector);
    return {rows_[vector].values, rows_[vector].dims};
  }
  /// For all vectors of the catalog. Until one is added, bits() of some vectors and put() of others may run at the same
  /// time.
  DELTA_HIDDEN void make_room();
  DELTA_HIDDEN void set_exists(VectorNo vector, bool exists);
  DELTA_HIDDEN void set_created(VectorNo vector, Key key);
  DELTA_HIDDEN void set_metadata(VectorNo vector, std::string text);
  /// Merges a canonical patch, which is not empty. It may wait until the patches have as many bytes as the text
  /// that they are merged with, so many patches cost by their own size. REQUIRES of whoever reads metadata then:
  /// settle_metadata().
  DELTA_HIDDEN void patch_metadata(VectorNo vector, std::string_view patch);
  DELTA_HIDDEN void settle_metadata();
  DELTA_HIDDEN void settle_metadata(VectorNo vector);  ///< of one
  /// Metadata that was set, whether or not the vector exists: a patch between a delete and a later create counts.
  DELTA_HIDDEN std::string_view stored_metadata(VectorNo vector) const noexcept;

 private:
  struct Row {
    Key created;
    std::uint32_t* values;  // in the pool of its namespace, whose chunks never move
    std::uint32_t dims;     // if it has values
    bool exists, listed;    // now; in `existed` of its namespace
  };
  using Rows = ZeroedTable<VectorNo, Row>;
  struct Pool {
    std::uint32_t dims = 0;
    std::uint32_t used = 0;         // rows
    std::uint32_t left = 0;         // rows in the last chunk
    std::uint32_t* next = nullptr;  // the first of these
    std::vector<Pages> chunks;
    std::vector<VectorNo> existed;  // vectors that exist or did
  };
  DELTA_HIDDEN Row& row(VectorNo vector);
  DELTA_HIDDEN std::string* text_at(VectorNo vector) const noexcept;  // null: it has none, and no place for one
  DELTA_HIDDEN std::string& text_place(VectorNo vector);
  DELTA_HIDDEN Pool& pool(NamespaceNo ns);
  DELTA_HIDDEN void add_chunk(Pool& pool);
  DELTA_HIDDEN void give_row(VectorNo vector);
  struct Patches {
    std::string text;               // one after the other
    std::vector<std::size_t> ends;  // of each in it
  };
  DELTA_HIDDEN void merge(VectorNo vector, const Patches& patches);

  std::shared_ptr<const Catalog> catalog_;
  std::size_t most_;
  Rows rows_;
  Indexed<NamespaceNo, Pool> pools_;
  static constexpr std::uint32_t kTexts = 256;
  std::vector<std::unique_ptr<std::string[]>> metadata_;  // by vector, kTexts together; null: none of these has any
  std::unordered_map<VectorNo, Patches> patches_;         // that wait, by vector
  std::size_t existing_ = 0;
};

}  // namespace delta
