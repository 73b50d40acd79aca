#include "model/key_order.hpp"

#include <algorithm>
#include <vector>

namespace delta {

bool key_less(const Catalog& catalog, const Key& a, const Key& b) noexcept {
  if (a.time != b.time) return a.time < b.time;
  if (a.origin != b.origin) return catalog.origin(a.origin) < catalog.origin(b.origin);
  return a.seq < b.seq;
}

namespace model {

OriginRanks origin_ranks(const Catalog& catalog) {
  std::vector<OriginNo> order;
  for (const OriginNo origin : numbers<OriginNo>(catalog.origins())) order.push_back(origin);
  OriginRanks ranks(catalog.origins());
  std::ranges::sort(order, {}, [&](OriginNo origin) { return catalog.origin(origin); });
  for (std::uint32_t rank = 0; rank < order.size(); ++rank) ranks[order[rank]] = rank;
  return ranks;
}

}  // namespace model
}  // namespace delta
