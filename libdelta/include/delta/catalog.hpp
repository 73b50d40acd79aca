// The names that deltas speak of, as small numbers: namespaces, origins, vectors.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "delta/export.hpp"
#include "delta/numbers.hpp"
#include "delta/pages.hpp"
#include "delta/result.hpp"

namespace delta {

/// A namespace with its dimension count. Replicas that disagree on the count make two entries of one name.
struct Namespace {
  std::string name;
  std::uint32_t dims = 0;
  friend bool operator==(const Namespace&, const Namespace&) = default;
};

/// What a vector is called: its namespace ("": the default one) and its id. Views the texts.
struct VectorName {
  std::string_view name_space, id;
  std::optional<std::uint32_t> dims = {};  ///< needed where the namespace has the id with several dimension counts
};

/// Interns namespaces, origins and vectors; numbers count from 0 in order of first use and never change.
/// Views and references that it returns live as long as the catalog and survive later insertions, and moving it.
/// It takes any text: what a name may be is checked where it is read. At most 2^32 - 2 of each. Moves, does not copy.
class DELTA_EXPORT Catalog {
 public:
  std::optional<NamespaceNo> find_namespace(std::string_view name, std::uint32_t dims) const noexcept;
  /// All entries of one name, ascending: one for each dimension count. Valid until the next add_namespace().
  std::span<const NamespaceNo> namespaces_named(std::string_view name) const noexcept;
  /// Those that have no vector here, in order of name and dimension count.
  Result<std::vector<NamespaceNo>> empty_namespaces() const;
  std::optional<OriginNo> find_origin(std::string_view name) const noexcept;
  std::optional<VectorNo> find_vector(NamespaceNo ns, std::string_view id) const noexcept;
  /// Errors: not_found: no vector of this name; usage: several, since the namespace has the id with several dimension
  /// counts and `dims` names none of them.
  Result<VectorNo> find(const VectorName& name) const;

  std::size_t namespaces() const noexcept { return namespaces_.size(); }
  std::size_t origins() const noexcept { return origins_.size(); }
  std::size_t vectors() const noexcept { return vectors_.size(); }

  const Namespace& name_space(NamespaceNo ns) const noexcept { return namespaces_[index(ns)]; }
  std::string_view origin(OriginNo origin) const noexcept { return origins_[index(origin)]; }
  std::string_view id(VectorNo vector) const noexcept {
    const Vector& v = vectors_[index(vector)];
    return {chunks_[v.chunk].data() + v.offset, v.length};
  }
  NamespaceNo namespace_of(VectorNo vector) const noexcept { return vectors_[index(vector)].ns; }
  std::uint32_t dims(VectorNo vector) const noexcept { return namespaces_[index(vectors_[index(vector)].ns)].dims; }

  // For the library itself.
  DELTA_HIDDEN NamespaceNo add_namespace(std::string_view name, std::uint32_t dims);
  DELTA_HIDDEN OriginNo add_origin(std::string_view name);
  DELTA_HIDDEN VectorNo add_vector(NamespaceNo ns, std::string_view id);  ///< `ns`: as add_namespace() gave it
  /// The same of many at once, whose numbers are appended; `namespaces` and `ids` are of one size.
  DELTA_HIDDEN void add_vectors(std::span<const NamespaceNo> namespaces, std::span<const std::string_view> ids,
                                std::vector<VectorNo>& numbers);
  DELTA_HIDDEN void reserve_vectors(std::size_t more);  ///< room for as many beside those that are here

 private:
  struct Vector {
    NamespaceNo ns;
    std::uint32_t chunk, offset, length;
  };
  /// Open addressing over numbers. A slot is two words: 32 bits of the hash, which are enough to grow without hashing
  /// again and to pass by nearly every stranger without touching its text, and the number + 1; 0 is free.
  class DELTA_HIDDEN Index {
   public:
    template <class Same>
    std::optional<std::uint32_t> find(std::uint64_t hash, Same same) const;
    void insert(std::uint64_t hash, std::uint32_t number);
    void reserve(std::size_t used);
    void prefetch(std::uint64_t hash) const;

   private:
    void resize(std::size_t slots);
    void put(std::uint32_t tag, std::uint32_t mark);
    Pages words_;  // two a slot. Looked at in no order, which is slow where every look is on another page of 4 KiB.
    std::size_t slots_ = 0, used_ = 0;
  };
  DELTA_HIDDEN VectorNo add_vector(NamespaceNo ns, std::string_view id, std::uint64_t hash);
  DELTA_HIDDEN void store(NamespaceNo ns, std::string_view id);
  DELTA_HIDDEN std::optional<std::uint32_t> find_name(std::string_view name, std::uint64_t hash) const noexcept;

  std::deque<Namespace> namespaces_;            // a deque never moves what it holds
  std::deque<std::vector<NamespaceNo>> named_;  // entries of one name
  std::deque<std::string> origins_;
  std::vector<Vector> vectors_;
  std::vector<std::vector<char>> chunks_;  // ids; each of its final size from the start, so that its bytes never move
  std::size_t used_ = 0;                   // bytes of the last chunk
  Index namespace_index_, name_index_, origin_index_, vector_index_;  // name_index_: places in named_
};

}  // namespace delta
