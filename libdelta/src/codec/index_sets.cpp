// One pass over a set counts the bytes of all its forms; a second one writes the cheapest. Both run for every delta of
// every log, so their inner loops have the short case (a gap below 128) first and never allocate.
#include "codec/index_sets.hpp"

#include <algorithm>
#include <bit>

#include "base/checksum.hpp"
#include "base/varint.hpp"
#include "codec/coder.hpp"
#include "delta/limits.hpp"

namespace delta::codec {
namespace {

struct Costs {
  std::size_t gaps = 0, runs = 0, bitmap = 0;
};

/// Exact bytes of each form in its columns.
Costs costs_of(Indices indices) {
  Costs costs;
  std::uint32_t next = 0;  // the index that would go on the run
  std::size_t begin = 0;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const std::uint32_t gap = indices[i] - next;
    next = indices[i] + 1;
    costs.gaps += gap < 0x80 ? 1 : varint_size(gap);
    if (gap == 0 && i != 0) continue;
    costs.runs += varint_size(i == 0 ? gap : gap - 1);
    if (i != 0) costs.runs += varint_size(i - begin - 1);
    begin = i;
  }
  costs.runs += varint_size(indices.size() - begin - 1);
  costs.bitmap = indices.back() / 8 + 1;
  return costs;
}

}  // namespace

void SetWriter::clear(std::size_t sets) {
  gaps.clear();
  skips.clear();
  lengths.clear();
  bitmaps.clear();
  sizes.clear();
  repeats.clear();
  twins.clear();
  spelled_.clear();
  slots_.assign(std::bit_ceil(2 * sets + 1), 0);
}

std::uint32_t* SetWriter::slot(Indices indices, std::uint64_t hash) {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    if (slots_[at] == 0 || std::ranges::equal(spelled_[slots_[at] - 1], indices)) return &slots_[at];
  }
}

SetWriter::Choice SetWriter::choose(Indices indices, bool spell) {
  if (!spell && (indices.empty() || indices.back() + 1 == indices.size())) return {};
  if (indices.empty()) return {Form::gaps, 0, 0, 0};
  const Costs costs = costs_of(indices);
  Choice choice{Form::gaps, costs.gaps, 0, 0};
  if (costs.runs < choice.bytes) {
    choice.form = Form::runs;
    choice.bytes = costs.runs;
  }
  if (costs.bitmap < choice.bytes) {
    choice.form = Form::bitmap;
    choice.bytes = costs.bitmap;
  }
  choice.hash = checksum({reinterpret_cast<const Byte*>(indices.data()), indices.size_bytes()});
  if (const std::uint32_t twin = *slot(indices, choice.hash); twin != 0) {
    const std::size_t cost = varint_size(spelled_.size() - twin);
    // A spelled-out set costs its size as well.
    if (cost < choice.bytes + 1) {
      choice.form = Form::repeat;
      choice.bytes = cost;
      choice.twin = twin - 1;
    }
  }
  return choice;
}

void SetWriter::write(Indices indices, const Choice& choice) {
  if (choice.form == Form::repeat) {
    repeats.push_back(spelled_.size() - 1 - choice.twin);
    twins.push_back(choice.twin);
    return;
  }
  sizes.push_back(indices.size());
  if (choice.form == Form::all) return;
  if (!indices.empty()) *slot(indices, choice.hash) = static_cast<std::uint32_t>(spelled_.size()) + 1;
  spelled_.push_back(indices);
  std::uint32_t next = 0;
  if (choice.form == Form::gaps) {
    const std::size_t base = gaps.size();
    gaps.resize(base + choice.bytes);
    Byte* to = gaps.data() + base;
    for (const std::uint32_t index : indices) {
      to = write_varint(to, index - next);
      next = index + 1;
    }
  } else if (choice.form == Form::runs) {
    for (std::size_t i = 0, begin = 0; i < indices.size(); begin = i) {
      put_varint(skips, i == 0 ? indices[i] : indices[i] - next - 1);
      do next = indices[i++] + 1;
      while (i < indices.size() && indices[i] == next);
      put_varint(lengths, i - begin - 1);
    }
  } else {
    const std::size_t base = bitmaps.size();
    bitmaps.resize(base + choice.bytes);
    for (const std::uint32_t index : indices) bitmaps[base + index / 8] |= static_cast<Byte>(1 << index % 8);
  }
}

SetReader::SetReader(ByteView gaps, ByteView skips, ByteView lengths, ByteView bitmaps)
    : gaps_(gaps), skips_(skips), lengths_(lengths), bitmaps_(bitmaps) {}

Status SetReader::read(Form form, std::span<std::uint32_t> to) {
  switch (form) {
    case Form::gaps:
      return read_gaps(to);
    case Form::runs:
      return read_runs(to);
    case Form::bitmap:
      return read_bitmap(to);
    default:
      for (std::size_t i = 0; i < to.size(); ++i) to[i] = static_cast<std::uint32_t>(i);
      return {};
  }
}

Status SetReader::read_gaps(std::span<std::uint32_t> to) {
  if (passed_ > 0) DELTA_OK(pass_gaps());
  const auto too_large = [] { return column_error(ErrorCode::corrupt, "gaps", "index too large"); };
  std::uint64_t next = 0, gap = 0;
  std::uint32_t* index = to.data();
  std::uint32_t* const last = index + to.size();
  for (;;) {
    const Byte* at = gaps_.at;  // a byte each, mostly
    for (; index != last && at != gaps_.end && *at < 0x80; ++at, ++next) {
      *index++ = static_cast<std::uint32_t>(next += *at);
    }
    gaps_.at = at;
    if (next > kMostDims) return too_large();
    if (index == last) return {};
    if (!get_varint(gaps_.at, gaps_.end, gap)) return column_error(ErrorCode::corrupt, "gaps", "bad varint");
    if (gap >= kMostDims || next + gap >= kMostDims) return too_large();
    *index++ = static_cast<std::uint32_t>(next += gap);
    ++next;
  }
}

/// Each gap ends with a byte below 0x80.
Status SetReader::pass_gaps() {
  constexpr std::ptrdiff_t kStep = 64;
  while (gaps_.end - gaps_.at >= kStep) {
    std::uint8_t ends = 0;
    for (std::ptrdiff_t i = 0; i < kStep; ++i) ends = static_cast<std::uint8_t>(ends + (gaps_.at[i] < 0x80 ? 1 : 0));
    if (ends >= passed_) break;
    passed_ -= ends;
    gaps_.at += kStep;
  }
  for (; passed_ > 0; ++gaps_.at) {
    if (gaps_.at == gaps_.end) return column_error(ErrorCode::corrupt, "gaps", "bad varint");
    passed_ -= *gaps_.at < 0x80 ? 1 : 0;
  }
  return {};
}

Status SetReader::skip_spelled(Form form, std::size_t size) {
  unwanted_.resize(size);
  return read(form, unwanted_);
}

Status SetReader::read_runs(std::span<std::uint32_t> to) {
  std::uint64_t next = 0, skip = 0, more = 0;
  for (std::size_t i = 0; i < to.size();) {
    if (!get_varint(skips_.at, skips_.end, skip)) return column_error(ErrorCode::corrupt, "run skips", "bad varint");
    if (!get_varint(lengths_.at, lengths_.end, more)) {
      return column_error(ErrorCode::corrupt, "run lengths", "bad varint");
    }
    if (more >= to.size() - i) return column_error(ErrorCode::corrupt, "run lengths", "a run longer than its set");
    if (skip >= kMostDims) return column_error(ErrorCode::corrupt, "run skips", "index too large");
    next += skip + (i != 0 ? 1 : 0);
    if (next + more >= kMostDims) return column_error(ErrorCode::corrupt, "run skips", "index too large");
    for (const std::size_t end = i + static_cast<std::size_t>(more) + 1; i < end; ++i, ++next) {
      to[i] = static_cast<std::uint32_t>(next);
    }
  }
  return {};
}

Status SetReader::read_bitmap(std::span<std::uint32_t> to) {
  std::size_t filled = 0;
  for (std::uint32_t base = 0; filled < to.size(); base += 8) {
    if (bitmaps_.at == bitmaps_.end || base >= kMostDims) {
      return column_error(ErrorCode::corrupt, "bitmaps", "fewer bits than the set's size");
    }
    for (unsigned byte = *bitmaps_.at++; byte != 0; byte &= byte - 1) {
      if (filled == to.size()) return column_error(ErrorCode::corrupt, "bitmaps", "more bits than the set's size");
      to[filled++] = base + static_cast<std::uint32_t>(std::countr_zero(byte));
    }
  }
  return {};
}

Status SetReader::finish() {
  if (passed_ > 0) DELTA_OK(pass_gaps());
  const auto spent = [](const Cursor& c) { return c.at == c.end; };
  if (!spent(gaps_)) return column_error(ErrorCode::corrupt, "gaps", "bytes behind the last set");
  if (!spent(skips_)) return column_error(ErrorCode::corrupt, "run skips", "bytes behind the last set");
  if (!spent(lengths_)) return column_error(ErrorCode::corrupt, "run lengths", "bytes behind the last set");
  if (!spent(bitmaps_)) return column_error(ErrorCode::corrupt, "bitmaps", "bytes behind the last set");
  return {};
}

}  // namespace delta::codec
