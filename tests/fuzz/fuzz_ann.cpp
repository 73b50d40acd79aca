// Any bytes as a section of an index: refused, or written as they were, and searched and repaired within its bounds.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "ann_file.hpp"
#include "delta/ann.hpp"
#include "delta/state.hpp"

using namespace delta;

namespace {

template <class T>
T must(Result<T> result) {
  if (!result) std::abort();
  return std::move(result).value();
}

void search(const AnnIndex& index, const State& state, NamespaceNo ns) {
  const auto rows = must(state.rows(ns));
  const SearchQuery query{state.bits(rows[0])};
  const auto found = must(index.search(state, rows, {&query, 1}, {.search = {.k = 2, .threads = 1}, .breadth = 20}));
  if (found[0].neighbours.size() != 2) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Buffer file = ann_file::with_head({Buffer(data, data + size)});
  auto indexes = read_ann(*memory_source("fuzz", file));
  if (!indexes) return 0;
  BufferSink again;
  if (!write_ann(*indexes, again)) std::abort();
  if (again.bytes != file) std::abort();
  AnnIndex& index = (*indexes)[0];
  if (index.dims() > 64 || index.name_space().empty()) return 0;
  Catalog catalog;
  State state(catalog);
  const NamespaceNo ns = catalog.add_namespace(index.name_space(), index.dims());
  for (std::uint32_t i = 0; i < 30; ++i) {
    const VectorNo vector = catalog.add_vector(ns, std::string(1, static_cast<char>('a' + i)));
    state.set_exists(vector, true);
    for (auto& bits : state.put(vector)) bits = 0x3f800000u + i;
  }
  search(index, state, ns);
  must(index.repair(state, ns));
  search(index, state, ns);
  return 0;
}
