#include "ops/compact_survey.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <tuple>

#include "ops/retention.hpp"
#include "store/union.hpp"

namespace delta::ops {

std::uint64_t plain_bytes(const DeltaBatch& batch, std::size_t i) {
  const auto size = [i](const std::vector<std::uint64_t>& ends) { return ends[i] - (i == 0 ? 0 : ends[i - 1]); };
  return Place::kBytes + 4 * (size(batch.index_ends) + size(batch.bits_ends));
}

Result<Survey> Survey::make(const Log& log, std::uint64_t last, bool moments) {
  Survey survey;
  if (moments) survey.note_commits(log);
  survey.places.resize(log.catalog().vectors());
  survey.ranks_ = model::origin_ranks(log.catalog());
  Indexed<VectorNo, std::vector<Micros>> times(last > 0 ? log.catalog().vectors() : 0);
  const auto count = [&](const DeltaBatch& batch, std::size_t i) {
    ++survey.places[batch.vectors[i]].deltas;
    if (last > 0 && !log.pending(batch.commits[i])) times[batch.vectors[i]].push_back(batch.times[i].us());
  };
  const bool pieces = log.impl().shares_any();  // room is needed for each, and they count as one
  store::Union::StreamOptions options;
  options.values = store::Values::skipped;
  options.pieces = pieces;
  DELTA_OK(log.impl().stream(options, [&](const store::Union::Block& block) -> Status {
    for (std::size_t i = 0; i < block.batch.size(); ++i) {
      survey.take(log, block.batch, i);
      if (!pieces) count(block.batch, i);
    }
    return {};
  }));
  options.pieces = false;
  if (pieces) {
    DELTA_OK(log.impl().stream(options, [&](const store::Union::Block& block) -> Status {
      for (std::size_t i = 0; i < block.batch.size(); ++i) count(block.batch, i);
      return {};
    }));
  }
  for (auto& of_vector : times) {
    const bool all = of_vector.size() <= last;
    if (!all) {
      std::ranges::nth_element(of_vector, of_vector.begin() + static_cast<std::ptrdiff_t>(last) - 1, std::greater());
    }
    survey.kept_since.push_back(all ? 0 : of_vector[last - 1]);
  }
  survey.sort(log.catalog());
  settle_moments(survey.moments);
  return survey;
}

std::uint64_t Survey::bytes() const {
  return std::accumulate(places.begin(), places.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const Place& place) { return sum + place.bytes; });
}

void Survey::note_commits(const Log& log) {
  wants_moments_ = true;
  for (const CommitNo number : numbers<CommitNo>(log.commits())) {
    if (!log.pending(number)) note(log.commit_time(number).us());
  }
}

void Survey::note(Micros moment) {
  if (!moments.empty() && moments.back() == moment) return;
  if (moments.size() >= settle_at_) {  // most logs have fewer moments than deltas
    settle_moments(moments);
    settle_at_ = std::max(kSettleAt, 2 * moments.size());
  }
  moments.push_back(moment);
}

void Survey::take(const Log& log, const DeltaBatch& batch, std::size_t i) {
  Place& place = places[batch.vectors[i]];
  place.bytes += plain_bytes(batch, i);
  const Key key{batch.times[i], log.commit_origin(batch.commits[i]), batch.seqs[i]};
  if (place.pieces++ == 0 || model::RankedKey(ranks_, key) < model::RankedKey(ranks_, place.first)) place.first = key;
  if (wants_moments_ && !log.pending(batch.commits[i])) note(batch.times[i].us());
}

void Survey::sort(const Catalog& catalog) {
  for (const VectorNo v : places.numbers()) {
    if (places[v].deltas > 0) order.push_back(v);
  }
  std::ranges::sort(order, {}, [&](VectorNo v) {  // ids only where a damaged log has one dot for two vectors
    return std::tuple(model::RankedKey(ranks_, places[v].first), catalog.id(v));
  });
}

}  // namespace delta::ops
