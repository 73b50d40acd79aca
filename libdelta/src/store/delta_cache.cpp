#include "store/delta_cache.hpp"

#include <mutex>
#include <utility>

namespace delta::store {
namespace {

/// What a batch and its place in the cache take.
std::uint64_t memory_of(const DeltaBatch& deltas) {
  const auto bytes = [](const auto& column) { return column.capacity() * sizeof(column[0]); };
  constexpr std::uint64_t kPlace = 128;
  return kPlace + sizeof deltas + bytes(deltas.ops) + bytes(deltas.times) + bytes(deltas.seqs) + bytes(deltas.lost) +
         bytes(deltas.index_ends) + bytes(deltas.bits_ends) + bytes(deltas.metadata_ends) + bytes(deltas.indices) +
         bytes(deltas.bits) + bytes(deltas.metadata) + bytes(deltas.vectors) + bytes(deltas.commits);
}

}  // namespace

DeltaCache::Deltas DeltaCache::find(VectorNo vector) const {
  Part& part = part_of(vector);
  const std::lock_guard lock(part.mutex);
  const auto found = part.places.find(vector);
  if (found == part.places.end()) return nullptr;
  part.entries.splice(part.entries.begin(), part.entries, found->second);
  return found->second->deltas;
}

void DeltaCache::add(VectorNo vector, Deltas deltas) const {
  const std::uint64_t bytes = memory_of(*deltas);
  if (bytes > most_) return;
  std::list<Entry> fresh;  // made and freed outside of the lock
  fresh.push_back({vector, std::move(deltas), bytes});
  std::list<Entry> gone;
  Part& part = part_of(vector);
  const std::lock_guard lock(part.mutex);
  if (!part.places.try_emplace(vector, fresh.begin()).second) return;  // another thread was first
  part.entries.splice(part.entries.begin(), fresh);
  part.bytes += bytes;
  while (part.bytes > most_) {
    const Entry& oldest = part.entries.back();
    part.bytes -= oldest.bytes;
    part.places.erase(oldest.vector);
    gone.splice(gone.begin(), part.entries, std::prev(part.entries.end()));
  }
}

}  // namespace delta::store
