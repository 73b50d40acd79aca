// FOOTER: where everything is in a segment, and where each origin stands.
#include <algorithm>
#include <utility>

#include "format/table_parts.hpp"
#include "format/tables.hpp"

namespace delta::format {

FrameEntry entry_of(const FrameHeader& f, std::uint64_t offset) {
  return {f.type, f.stored, f.count, f.first, f.min_time, f.max_time, {}, {}, f.checksum, offset};
}

bool is_of(const FrameHeader& f, const FrameEntry& e) {
  return f.checksum == e.checksum && f.type == e.type && f.stored == e.stored && f.count == e.count &&
         f.first == e.first && f.min_time == e.min_time && f.max_time == e.max_time;
}

void note_head(Footer& footer, const CommitViewOf<SegmentOrigin>& commit, const Hash& previous, const Hash& hash) {
  const SegmentOrigin origin = commit.origin;
  auto head = std::ranges::lower_bound(footer.heads, origin, {}, &HeadEntry::origin);
  if (head == footer.heads.end() || head->origin != origin) {
    head = footer.heads.insert(head, {origin, commit.first, 0, {}, previous, {}});
  }
  head->last = commit.last();
  head->time = commit.time;
  head->hash = hash;
}

Load load_of(const Footer& footer) { return {footer.frames.size(), footer.heads.size(), 0}; }

void fit_heads(Footer& footer) {
  constexpr std::size_t kFrameMost = 5 + 7 * kMaxVarint, kHeadMost = 4 * kMaxVarint + 2 * sizeof(Hash);
  if (footer.frames.size() * kFrameMost + footer.heads.size() * kHeadMost + 4 * kMaxVarint <= kMaxFrameBytes) return;
  Buffer raw;
  write_footer(footer, raw);
  if (raw.size() > kMaxFrameBytes) footer.heads.clear();
}

void write_footer(const Footer& footer, Buffer& buffer) {
  Writer out(buffer);
  for (const auto& f : footer.frames) out.fixed(f.checksum);
  out.varint(footer.namespaces);
  out.varint(footer.origins);
  out.varint(footer.vectors);
  for (const auto& f : footer.frames) out.u8(static_cast<Byte>(f.type));
  for (const auto& f : footer.frames) out.varint(f.stored);
  for (const auto& f : footer.frames) out.varint(f.count);
  for (const auto& f : footer.frames) out.varint(f.first);
  for (const auto& f : footer.frames) out.varint(f.min_time.hlc);
  for (const auto& f : footer.frames) out.varint(f.max_time.hlc - f.min_time.hlc);
  for (const auto& f : footer.frames) out.varint(index(f.min_vector));
  for (const auto& f : footer.frames) out.varint(index(f.max_vector) - index(f.min_vector));
  out.varint(footer.heads.size());
  for (const auto& h : footer.heads) {
    out.varint(index(h.origin));
    out.varint(h.first);
    out.varint(h.last - h.first);
    out.varint(h.time.hlc);
    if (h.first > 1) write_hash(out, h.previous);
    write_hash(out, h.hash);
  }
}

Status read_footer(ByteView payload, std::uint32_t count, Footer& footer, std::uint64_t stored) {
  Reader in(payload);
  const Load most = most_in(FrameType::footer, payload, stored);
  constexpr std::uint64_t kAny32 = 0xffffffff;
  constexpr std::uint64_t kLeast = 1 + 7 + 4;  // of a frame: its type, seven varints, its checksum
  if (!believable(kLeast * count, in) || count > most.count) return bad("FOOTER: more frames than bytes");
  footer.frames.assign(count, {});
  for (auto& f : footer.frames) f.checksum = in.fixed<std::uint32_t>();
  footer.namespaces = static_cast<std::uint32_t>(in.bounded(kAny32));
  footer.origins = static_cast<std::uint32_t>(in.bounded(kAny32));
  footer.vectors = static_cast<std::uint32_t>(in.bounded(kAny32));
  for (auto& f : footer.frames) f.type = static_cast<FrameType>(in.u8());
  for (auto& f : footer.frames) f.stored = static_cast<std::uint32_t>(in.bounded(kMaxFrameBytes));
  for (auto& f : footer.frames) f.count = static_cast<std::uint32_t>(in.bounded(kAny32));
  for (auto& f : footer.frames) f.first = in.varint();
  for (auto& f : footer.frames) f.min_time.hlc = in.varint();
  for (auto& f : footer.frames) {
    f.max_time.hlc = f.min_time.hlc + in.varint();  // wraps: of a type that is not known they may be in any order
  }
  for (auto& f : footer.frames) f.min_vector = nth<SegmentVector>(in.bounded(kAny32));
  for (auto& f : footer.frames) {
    f.max_vector = nth<SegmentVector>(index(f.min_vector) + in.bounded(kAny32 - index(f.min_vector)));
  }
  std::uint64_t offset = kHeaderBytes;
  for (auto& f : footer.frames) {
    f.offset = offset;
    offset += kFrameBytes + padded(f.stored);
  }
  const auto heads = in.varint();
  if (!believable(heads, in) || heads > most.items) return bad("FOOTER: more heads than its bytes may hold");
  for (std::uint64_t i = 0; i < heads && in.ok(); ++i) {
    HeadEntry h;
    h.origin = nth<SegmentOrigin>(in.bounded(kAny32));
    h.first = in.varint();
    h.last = h.first + in.varint();
    h.time.hlc = in.varint();
    if (h.first == 0 || h.last < h.first || index(h.origin) >= footer.origins) in.fail();
    if (h.first > 1) h.previous = read_hash(in);
    h.hash = read_hash(in);
    footer.heads.push_back(h);
  }
  if (!in.done()) return bad("FOOTER: malformed");
  return {};
}

}  // namespace delta::format
