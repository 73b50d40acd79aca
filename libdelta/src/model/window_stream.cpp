#include "model/window_stream.hpp"

#include <algorithm>
#include <utility>

namespace delta::model {

WindowStream::WindowStream(const WindowSpec& spec, std::size_t vectors)
    : spec_(spec), width_(spec.kind == WindowSpec::Kind::sliding ? spec.step : spec.length), counted_(vectors) {}

void WindowStream::place(Micros time) {
  const Micros number = time / width_;
  if (bucket_ == nullptr || number != number_) {
    const auto [place, fresh] = buckets_.try_emplace(number, Bucket{time, time});
    bucket_ = &place->second;
    number_ = number;
  }
  bucket_->first = std::min(bucket_->first, time);
  bucket_->last = std::max(bucket_->last, time);
}

void WindowStream::begin() {
  begun_ = true;
  std::vector<Bucket> buckets;
  buckets.reserve(buckets_.size());
  for (const auto& [number, bucket] : buckets_) buckets.push_back(bucket);
  std::ranges::sort(buckets, {}, &Bucket::first);
  buckets_.clear();
  bucket_ = nullptr;
  spec_.kind == WindowSpec::Kind::session ? begin_sessions(buckets) : begin_sliding(buckets);
}

/// tumbling is sliding by the length. A window that holds any time of a bucket holds its first, or begins in it.
void WindowStream::begin_sliding(const std::vector<Bucket>& buckets) {
  Micros next = 0;
  for (const Bucket& bucket : buckets) {
    if (bucket.first >= spec_.length) next = std::max(next, (bucket.first - spec_.length) / width_ + 1);
    for (; next <= bucket.last / width_; ++next) {
      windows_.push_back({{.begin = next * width_, .end = next * width_ + spec_.length}, {}});
    }
  }
}

/// Times of one bucket are nearer than the gap.
void WindowStream::begin_sessions(const std::vector<Bucket>& buckets) {
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    const bool joins = i > 0 && buckets[i].first - buckets[i - 1].last < spec_.length;
    if (!joins) windows_.push_back({{.begin = buckets[i].first}, {}});
    windows_.back().window.end = buckets[i].last + spec_.length;
  }
}

/// The last one that begins at the time or before.
std::size_t WindowStream::last_window_with(Micros time) {
  const auto begins = [&](std::size_t i) { return windows_[i].window.begin <= time; };
  if (!begins(at_) || (at_ + 1 < windows_.size() && begins(at_ + 1))) {
    const auto after = std::ranges::upper_bound(windows_, time, {}, [](const Sums& s) { return s.window.begin; });
    at_ = static_cast<std::size_t>(after - windows_.begin()) - 1;
  }
  return at_;
}

void WindowStream::add(const DeltaEffect& effect) {
  if (!begun_) begin();
  const Micros time = effect.key.time.us();
  const std::size_t last = last_window_with(time);
  std::uint64_t& counted = counted_[effect.vector];
  for (std::size_t i = last + 1; i-- > 0 && windows_[i].window.end > time;) {
    auto& [window, distances, measured] = windows_[i];
    const bool fresh = window.deltas == 0;
    ++window.deltas;
    window.vectors += i >= counted;
    window.bytes += effect.bytes;
    window.conflicts += effect.conflict;
    window.first = fresh ? effect.key.time : std::min(window.first, effect.key.time);
    window.last = fresh ? effect.key.time : std::max(window.last, effect.key.time);
    if (!effect.distance) continue;
    distances.add(*effect.distance);
    ++measured;
  }
  counted = last + 1;
}

std::vector<Window> WindowStream::finish() {
  std::vector<Window> out;
  for (auto& [window, distances, measured] : windows_) {
    if (window.deltas == 0) continue;
    if (measured > 0) window.mean_distance = distances.value() / static_cast<double>(measured);
    out.push_back(window);
  }
  return out;
}

}  // namespace delta::model
