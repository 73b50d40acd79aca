// Columns of whole numbers (ordinals, times, counts). Varints suit the small and skewed; numbers of one size (the gaps
// between commits, random ordinals) have noise in their low bytes and order in the high ones, which varints smear over
// all bytes and planes keep apart. Both are tried: these columns are short.
#include <algorithm>

#include "base/thread_scratch.hpp"
#include "base/varint.hpp"
#include "codec/coder.hpp"

namespace delta::codec {
namespace {

struct Scratch {
  Buffer raw, planes;
};

DELTA_THREAD_SCRATCH Scratch& scratch() { return thread_scratch<Scratch>(); }

std::size_t width_of(std::span<const std::uint64_t> numbers) {
  std::uint64_t all = 0;
  for (const std::uint64_t n : numbers) all |= n;
  std::size_t width = 1;
  while (width < 8 && all >> (8 * width) != 0) ++width;
  return width;
}

void append_planes(std::span<const std::uint64_t> numbers, std::size_t width, Effort effort, Buffer& out) {
  out.push_back(static_cast<Byte>(width));
  Buffer& raw = scratch().raw;
  raw.resize(numbers.size());
  for (std::size_t k = 0; k < width; ++k) {
    for (std::size_t i = 0; i < numbers.size(); ++i) raw[i] = static_cast<Byte>(numbers[i] >> (8 * k));
    append_part(raw, effort, out);
  }
}

Status read_planes(Coded coded, ByteView stored, std::span<std::uint64_t> numbers, std::string_view what) {
  if (stored.empty() || stored[0] < 1 || stored[0] > 8 || coded.raw != numbers.size() * stored[0]) {
    return column_error(ErrorCode::corrupt, what, "planes of another size");
  }
  const std::size_t width = stored[0];
  std::fill(numbers.begin(), numbers.end(), 0);
  Buffer& raw = scratch().raw;
  raw.resize(numbers.size());
  stored = stored.subspan(1);
  for (std::size_t k = 0; k < width; ++k) {
    DELTA_TRY(const ByteView plane, read_part(stored, raw, what));
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] |= std::uint64_t{plane[i]} << (8 * k);
  }
  if (!stored.empty()) return column_error(ErrorCode::corrupt, what, "bytes behind the last plane");
  if (width_of(numbers) != width) return column_error(ErrorCode::corrupt, what, "planes wider than needed");
  return {};
}

}  // namespace

Coded append_numbers(std::span<const std::uint64_t> numbers, Effort effort, Buffer& out) {
  Buffer& raw = scratch().raw;
  raw.resize(numbers.size() * kMaxVarint);
  Byte* to = raw.data();
  for (const std::uint64_t n : numbers) to = write_varint(to, n);
  raw.resize(static_cast<std::size_t>(to - raw.data()));

  const std::uint64_t varint_bytes = raw.size();
  const std::size_t base = out.size();
  const Coder coder = append_bytes(raw, effort, out);
  if (effort == kStored || varint_bytes == numbers.size() || numbers.size() < 8) {
    return {static_cast<std::uint8_t>(coder), varint_bytes};
  }

  Buffer& planes = scratch().planes;
  planes.clear();
  const std::size_t width = width_of(numbers);
  append_planes(numbers, width, effort, planes);
  if (planes.size() >= out.size() - base) return {static_cast<std::uint8_t>(coder), varint_bytes};
  out.resize(base);
  out.insert(out.end(), planes.begin(), planes.end());
  return {static_cast<std::uint8_t>(Coder::planes), width * numbers.size()};
}

Status read_numbers(Coded coded, ByteView stored, std::span<std::uint64_t> numbers, std::string_view what) {
  if (coded.coder == static_cast<std::uint8_t>(Coder::planes)) return read_planes(coded, stored, numbers, what);
  if (coded.raw < numbers.size() || coded.raw > numbers.size() * kMaxVarint) {
    return column_error(ErrorCode::corrupt, what, "varints of another length");
  }
  Buffer& raw = scratch().raw;
  raw.resize(static_cast<std::size_t>(coded.raw));
  DELTA_OK(read_bytes(coded.coder, stored, raw, what));
  const Byte *at = raw.data(), *end = at + raw.size();
  for (std::uint64_t& n : numbers) {
    if (!get_varint(at, end, n)) return column_error(ErrorCode::corrupt, what, "bad varint");
  }
  if (at != end) return column_error(ErrorCode::corrupt, what, "bytes behind the last number");
  return {};
}

void release_numbers_scratch() { scratch() = {}; }

}  // namespace delta::codec
