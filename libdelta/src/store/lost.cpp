#include "store/lost.hpp"

#include <map>
#include <utility>
#include <vector>

#include "delta/text.hpp"
#include "format/loss.hpp"
#include "store/union.hpp"

namespace delta {
namespace {

std::vector<SeqRange> inside(const DotRanges& dots, std::string_view origin, const CommitView& commit) {
  const auto ranges = dots.find(origin);
  if (ranges == dots.end()) return {};
  const SeqRange all{commit.first, commit.last()};
  return without({&all, 1}, without({&all, 1}, ranges->second));
}

}  // namespace

namespace store {

Result<DotRanges> read_lost(const Segment& segment) {
  DotRanges lost;
  for (std::size_t i = 0; i < segment.footer.frames.size(); ++i) {
    if (segment.footer.frames[i].type != format::FrameType::loss) continue;
    DELTA_TRY(const Buffer payload, read_frame(segment, i));
    const auto read = format::read_loss(payload);
    if (!read) return damaged(segment, place_name(segment.number, nullptr), read.error().message);
    add_dots(lost, *read);
  }
  return lost;
}

DotRanges lost_of(const Catalog& catalog, const model::History& history, std::span<const IncompleteCopy> copies) {
  DotRanges lost;
  for (const OriginNo origin : numbers<OriginNo>(catalog.origins())) {
    for (const SeqRange& range : history.lost(origin)) add_dots(lost, catalog.origin(origin), range);
  }
  std::map<CommitNo, std::vector<SeqRange>> in_all;
  for (const IncompleteCopy& copy : copies) {
    const CommitView& commit = history.commit(copy.commit);
    auto here = inside(*copy.lost, catalog.origin(commit.origin), commit);
    const auto [place, fresh] = in_all.try_emplace(copy.commit, here);
    if (!fresh) place->second = without(place->second, without(place->second, here));
  }
  for (const auto& [number, ranges] : in_all) {
    for (const SeqRange& range : ranges) add_dots(lost, catalog.origin(history.origin(number)), range);
  }
  return lost;
}

Finding lost_notice(const DotRanges& lost) {
  return {Verdict::lost,
          "",
          0,
          "",
          plural(count_of(lost), "delta") + " lost to damage: " + dots_text(lost, 20),
          "what is left is read; merge a copy of the log that has them"};
}

}  // namespace store

Status store::Union::admit_lost() {
  DotRanges all;
  for (LoadedSegment& part : parts) {
    DELTA_TRY(const DotRanges stated, read_lost(part.segment));
    add_dots(part.lost, stated);
    add_dots(all, part.lost);
  }
  for (const auto& [origin, ranges] : all) catalog.add_origin(origin);
  history.admit_lost(all);
  return {};
}

void store::Union::note_lost() {
  std::vector<IncompleteCopy> copies;
  for (const LoadedSegment& part : parts) {
    for (const RowNo row : part.commits.numbers()) {
      if (!history.incomplete(part.commits[row]) || part.superseded[row]) continue;
      copies.push_back({part.commits[row], &part.lost});
    }
  }
  lost = lost_of(catalog, history, copies);
  if (!lost.empty()) notices.push_back(lost_notice(lost));
}

}  // namespace delta
