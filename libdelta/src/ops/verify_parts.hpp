// What the passes of verify use: a part of the payloads, and the report as it is given out.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "delta/verify.hpp"
#include "store/segment.hpp"

namespace delta::ops {

/// usage: there is no such part, or the level needs more than a part.
Status check_sample(const VerifyOptions& options);
/// The payloads of all frames but DATA, and of those DATA frames of which `wanted`, asked of each in turn, says so. An
/// Error only for I/O.
Status check_payloads(const store::Segment& segment, const std::function<bool()>& wanted,
                      const std::function<void(Finding)>& report);

/// Puts the findings in order of file and place, and takes the worst for the verdict.
void settle(VerifyReport& report, std::span<const std::string> files);

}  // namespace delta::ops
