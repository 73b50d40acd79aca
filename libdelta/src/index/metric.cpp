#include "delta/metric.hpp"

#include <algorithm>
#include <array>

#include "base/boundary.hpp"
#include "delta/text.hpp"

namespace delta {
namespace {

constexpr std::array<std::string_view, 3> kMetrics = {"l2", "cosine", "ip"};  // in order of Metric

}  // namespace

std::string_view metric_name(Metric metric) noexcept { return kMetrics[static_cast<std::size_t>(metric)]; }

Result<Metric> parse_metric(std::string_view name) try {
  const Boundary boundary;
  const auto found = std::ranges::find(kMetrics, name);
  if (found == kMetrics.end()) {
    return error(ErrorCode::unsupported, "unknown metric " + quote(name, 60)).with_hint("metrics are l2, cosine, ip");
  }
  return static_cast<Metric>(found - kMetrics.begin());
} catch (...) {
  return caught();
}

}  // namespace delta
