// The names that deltas speak of, as small numbers: namespaces, origins, vectors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delta/export.hpp"

namespace delta {

/// A namespace with its dimension count. Replicas that disagree on the count make two entries of one name.
struct Namespace {
  std::string name;
  std::uint32_t dims = 0;
  friend bool operator==(const Namespace&, const Namespace&) = default;
};

/// Interns namespaces, origins and vectors; numbers count from 0 in order of first use and never change.
/// Views that it returns live as long as the catalog and survive later insertions.
class DELTA_EXPORT Catalog {
 public:
  std::uint32_t add_namespace(std::string_view name, std::uint32_t dims);
  std::uint32_t add_origin(std::string_view name);
  std::uint32_t add_vector(std::uint32_t ns, std::string_view id);

  std::optional<std::uint32_t> find_namespace(std::string_view name, std::uint32_t dims) const;
  std::optional<std::uint32_t> find_origin(std::string_view name) const;
  std::optional<std::uint32_t> find_vector(std::uint32_t ns, std::string_view id) const;

  std::size_t namespaces() const { return namespaces_.size(); }
  std::size_t origins() const { return origins_.size(); }
  std::size_t vectors() const { return owners_.size(); }

  const Namespace& name_space(std::uint32_t ns) const { return namespaces_[ns]; }
  std::string_view origin(std::uint32_t origin) const { return origins_[origin]; }
  std::string_view id(std::uint32_t vector) const;
  std::uint32_t namespace_of(std::uint32_t vector) const { return owners_[vector]; }
  std::uint32_t dims(std::uint32_t vector) const { return namespaces_[owners_[vector]].dims; }

 private:
  std::uint64_t hash(std::uint32_t ns, std::string_view id) const;
  void grow();

  std::vector<Namespace> namespaces_;
  std::vector<std::string> origins_;
  std::vector<std::uint32_t> owners_;      // vector -> namespace
  std::vector<std::uint64_t> offsets_;     // vector -> place of its id in the chunks
  std::vector<std::uint32_t> lengths_;
  std::vector<std::vector<char>> chunks_;  // ids; a chunk never moves its bytes
  std::vector<std::uint32_t> slots_;       // open addressing: vector + 1, 0 = free
};

}  // namespace delta
