#include "store/stand_ins.hpp"

#include <algorithm>

namespace delta::store {

void StandIns::add_names() {
  for (const auto& level : index_.names()) {
    for (const Namespace& ns : level.namespaces) to_.catalog.add_namespace(ns.name, ns.dims);
    for (const auto& head : level.heads) to_.catalog.add_origin(head.origin);
  }
}

Status StandIns::reach(OriginNo origin, std::uint64_t seq, Timestamp time) {
  const std::uint64_t head = to_.history.head(origin);
  if (head >= seq) return {};
  Commit missing;
  missing.origin = origin;
  missing.first = head + 1;
  missing.count = seq - head;
  missing.time = time;
  missing.parents = to_.history.heads();
  std::erase_if(missing.parents, [&](const Dot& dot) { return dot.origin == origin; });
  DELTA_TRY([[maybe_unused]] const CommitNo number, to_.history.add(std::move(missing)));
  pad();
  return {};
}

Status StandIns::complete(const Firsts& firsts) {
  const auto reach_end = [&](const format::IndexedHead& head) {
    const auto first = firsts.find(head.origin);
    const std::uint64_t end = first == firsts.end() ? head.seq : first->second - 1;
    return reach(*to_.catalog.find_origin(head.origin), end, head.time);
  };
  const format::IndexedHead* latest = nullptr;
  for (const auto& level : index_.names()) {
    if (!level.heads.empty()) latest = &level.heads[level.last];
  }
  for (const auto& level : index_.names()) {
    for (const auto& head : level.heads) {
      if (head.origin != latest->origin) DELTA_OK(reach_end(head));
    }
  }
  return latest == nullptr ? Status() : reach_end(*latest);
}

void StandIns::add_heads() {
  LoadedSegment part;
  part.segment.file = file_;
  part.segment.sealed = true;
  part.segment.number = index_.seal().segments;
  for (const auto& level : index_.names()) {
    for (const auto& head : level.heads) {
      const SegmentOrigin origin = part.segment.names.origins.push_back(head.origin);
      part.segment.footer.heads.push_back({origin, 1, head.seq, head.time, {}, head.hash});
    }
  }
  to_.parts.push_back(std::move(part));
}

void StandIns::pad() {
  to_.first_in.resize(to_.history.size());
  std::ranges::replace(to_.first_in, nullptr, file_.get());
}

}  // namespace delta::store
