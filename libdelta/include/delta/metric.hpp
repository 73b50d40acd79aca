// How far two vectors are from each other.
#pragma once

#include <cstdint>
#include <string_view>

#include "delta/export.hpp"
#include "delta/result.hpp"

namespace delta {

/// A distance: the smaller, the nearer. Sums are in float32, in one fixed order, so that every machine gives the same
/// bits. A distance that is not finite (a value is not, or a sum is beyond float32) is beyond every other one.
enum class Metric : std::uint8_t {
  l2,      ///< the root of the sum of the squared differences
  cosine,  ///< 1 - a.b / (|a| |b|), from 0 to 2; 1 where |a| or |b| is 0 in float32
  ip,      ///< -(a.b), for the inner product
};

/// "l2", "cosine", "ip".
DELTA_EXPORT std::string_view metric_name(Metric metric) noexcept;
/// unsupported: a metric that this version does not know.
DELTA_EXPORT Result<Metric> parse_metric(std::string_view name);
/// The property of a namespace that names its metric.
inline constexpr std::string_view kMetricKey = "metric";

}  // namespace delta
