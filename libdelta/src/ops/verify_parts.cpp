#include "ops/verify_parts.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

namespace delta::ops {

Status check_sample(const VerifyOptions& options) {
  if (options.sample->part < 1 || options.sample->part > options.sample->parts) {
    return error(ErrorCode::usage, "the part of a sample is a number from 1 to how many parts there are");
  }
  if (options.level == VerifyLevel::frame || options.level == VerifyLevel::content) return {};
  return error(ErrorCode::usage, "a sample is looked at up to the level frame or content");
}

Status check_payloads(const store::Segment& segment, const std::function<bool()>& wanted,
                      const std::function<void(Finding)>& report) {
  for (std::size_t i = 0; i < segment.footer.frames.size(); ++i) {
    if (segment.footer.frames[i].type == format::FrameType::data && !wanted()) continue;
    format::FrameHeader header;
    const auto stored = store::read_stored(segment, i, header);
    if (stored) continue;
    if (stored.error().code == ErrorCode::io) return stored.error();
    report({Verdict::corrupt, segment.file->name(), segment.offset + segment.footer.frames[i].offset,
            stored.error().where, stored.error().message, ""});
  }
  return {};
}

void settle(VerifyReport& report, std::span<const std::string> files) {
  std::map<std::string_view, std::size_t> place;
  for (std::size_t i = 0; i < files.size(); ++i) place.try_emplace(files[i], i);
  std::ranges::stable_sort(report.findings, {}, [&](const Finding& finding) {
    const auto of_file = place.find(finding.file);
    return std::pair(of_file == place.end() ? files.size() : of_file->second, finding.offset);
  });
  for (const auto& finding : report.findings) {
    if (!is_note(finding.verdict)) report.verdict = std::max(report.verdict, finding.verdict);
  }
}

}  // namespace delta::ops
