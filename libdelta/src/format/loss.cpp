#include "format/loss.hpp"

#include "delta/limits.hpp"
#include "delta/text.hpp"
#include "format/wire.hpp"

namespace delta::format {
namespace {

constexpr std::uint64_t kMost = ~std::uint64_t{0} - 1;  // a seq, so that what follows a range is a number, too

Status read_ranges(Reader& in, std::vector<SeqRange>& ranges) {
  const std::uint64_t n = in.varint();
  if (n == 0 || n > in.left() / 2) return error(ErrorCode::corrupt, "LOSS: more ranges than bytes, or none");
  std::uint64_t least = 1;
  for (std::uint64_t i = 0; i < n && in.ok(); ++i) {
    if (least > kMost) return error(ErrorCode::corrupt, "LOSS: seqs beyond the last");
    const std::uint64_t first = least + in.bounded(kMost - least);
    const std::uint64_t last = first + in.bounded(kMost - first);
    ranges.push_back({first, last});
    least = last >= kMost - 1 ? kMost + 1 : last + 2;
  }
  return {};
}

}  // namespace

void write_loss(const DotRanges& dots, Buffer& buffer) {
  Writer out(buffer);
  out.varint(dots.size());
  for (const auto& [origin, ranges] : dots) {
    out.text(origin);
    out.varint(ranges.size());
    std::uint64_t least = 1;
    for (const SeqRange& range : ranges) {
      out.varint(range.first - least);
      out.varint(range.last - range.first);
      least = range.last + 2;
    }
  }
}

Result<DotRanges> read_loss(ByteView payload) {
  const auto bad = [](const char* what) { return error(ErrorCode::corrupt, std::string("LOSS: ") + what); };
  Reader in(payload);
  DotRanges dots;
  const std::uint64_t origins = in.varint();
  if (origins == 0 || origins > in.left() / 5) return bad("more origins than bytes, or none");
  for (std::uint64_t i = 0; i < origins && in.ok(); ++i) {
    const std::string_view origin = in.text(kMaxNameBytes);
    if (!in.ok() || origin.empty() || !valid_utf8(origin) || has_control(origin)) return bad("no name of an origin");
    if (!dots.empty() && dots.rbegin()->first >= origin) return bad("origins out of order");
    DELTA_OK(read_ranges(in, dots.emplace_hint(dots.end(), origin, std::vector<SeqRange>())->second));
  }
  if (!in.done()) return bad("malformed");
  return dots;
}

}  // namespace delta::format
