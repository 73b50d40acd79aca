#include "format/layout.hpp"

#include <algorithm>

#include "base/checksum.hpp"
#include "delta/limits.hpp"
#include "format/wire.hpp"

namespace delta::format {
namespace {

constexpr std::uint32_t kFrameSync = 0x4d524644;      // "DFRM"
constexpr std::uint64_t kHeaderSeed = 0x31474f4c44;   // "DLOG1"
constexpr std::uint64_t kFrameSeed = 0x31454d415246;  // "FRAME1"
constexpr std::uint64_t kTrailerSeed = 0x314c494154;  // "TAIL1"
constexpr std::size_t kWriterAt = 80, kWriterBytes = 32, kDraftAt = 112;

bool zero(const Byte* at, std::size_t n) {
  return std::all_of(at, at + n, [](Byte b) { return b == 0; });
}

}  // namespace

std::string mask_text(std::uint64_t mask) {
  std::string out = "0x";
  bool started = false;
  for (int shift = 60; shift >= 0; shift -= 4) {
    const auto digit = mask >> shift & 15;
    started = started || digit != 0 || shift == 0;
    if (started) out += "0123456789abcdef"[digit];
  }
  return out;
}

std::string_view kind_name(Kind kind) { return kind == Kind::fresh ? "fresh" : "packed"; }

std::string_view frame_name(FrameType type) {
  switch (type) {
    case FrameType::props:
      return "PROPS";
    case FrameType::ids:
      return "IDS";
    case FrameType::data:
      return "DATA";
    case FrameType::commits:
      return "COMMITS";
    case FrameType::sync:
      return "SYNC";
    case FrameType::footer:
      return "FOOTER";
    case FrameType::postings:
      return "POSTINGS";
    case FrameType::attestation:
      return "ATTESTATION";
    case FrameType::loss:
      return "LOSS";
  }
  return "unknown";
}

std::string type_name(FrameType type) {
  return is_known(type) ? std::string(frame_name(type)) : "type " + mask_text(static_cast<std::uint8_t>(type));
}

std::uint32_t Header::salt() const { return load<std::uint32_t>(segment_id.data()); }
std::uint64_t FrameHeader::extent() const { return kFrameBytes + padded(stored); }

void write_header(const Header& h, Byte* to) {
  std::fill(to, to + kHeaderBytes, Byte{0});
  std::copy(kMagic.begin(), kMagic.end(), to);
  store(to + 8, h.major);
  store(to + 10, h.minor);
  store(to + 12, static_cast<std::uint32_t>(kHeaderBytes));
  store(to + 16, h.features.compat);
  store(to + 24, h.features.ro_compat);
  store(to + 32, h.features.incompat);
  to[40] = static_cast<Byte>(h.kind);
  std::copy(h.segment_id.begin(), h.segment_id.end(), to + 48);
  std::copy_n(h.writer.begin(), std::min(h.writer.size(), kWriterBytes), to + kWriterAt);
  store(to + kDraftAt, kDraft);
  store(to + 120, checksum({to, 120}, kHeaderSeed));
}

Parse read_header(const Byte* from, Header& h, std::string& why) {
  if (!std::equal(kMagic.begin(), kMagic.end(), from)) return Parse::damaged;
  if (load<std::uint64_t>(from + 120) != checksum({from, 120}, kHeaderSeed)) return Parse::damaged;
  h.major = load<std::uint16_t>(from + 8);
  h.minor = load<std::uint16_t>(from + 10);
  h.features = {load<std::uint64_t>(from + 16), load<std::uint64_t>(from + 24), load<std::uint64_t>(from + 32)};
  std::copy_n(from + 48, h.segment_id.size(), h.segment_id.begin());
  const auto* name = reinterpret_cast<const char*>(from + kWriterAt);
  const auto* name_end = std::find(name, name + kWriterBytes, '\0');
  h.writer.assign(name, name_end);
  const std::string by = " (written by " + h.writer + ")";
  if (h.major != kMajor) return why = "format version " + std::to_string(h.major) + by, Parse::unsupported;
  if (const auto draft = load<std::uint32_t>(from + kDraftAt); draft != kDraft) {
    return why = "draft " + std::to_string(draft) + " of format version 1, not draft " + std::to_string(kDraft) + by,
           Parse::unsupported;
  }
  if (const auto unknown = unknown_of(h.features).incompat; unknown != 0) {
    return why = "incompatible features " + mask_text(unknown) + by, Parse::unsupported;
  }
  if (load<std::uint32_t>(from + 12) != kHeaderBytes) return why = "another header length" + by, Parse::unsupported;
  if (from[40] < 1 || from[40] > 2) return why = "segment kind " + std::to_string(from[40]) + by, Parse::unsupported;
  const bool named = std::all_of(name, name_end, [](char c) { return c >= ' ' && c <= '~'; }) &&
                     std::all_of(name_end, name + kWriterBytes, [](char c) { return c == '\0'; });
  if (!zero(from + 41, 7) || !zero(from + 116, 4) || !named) {
    return why = "reserved header bytes are not zero" + by, Parse::unsupported;
  }
  h.kind = static_cast<Kind>(from[40]);
  return Parse::ok;
}

void write_frame_header(FrameHeader& f, Byte* to) {
  store(to, kFrameSync);
  to[4] = static_cast<Byte>(f.type);
  to[5] = static_cast<Byte>(f.codec);
  store(to + 6, f.flags);
  store(to + 8, f.salt);
  store(to + 12, f.number);
  store(to + 16, f.stored);
  store(to + 20, f.raw);
  store(to + 24, f.first);
  store(to + 32, f.count);
  store(to + 36, f.min_time.hlc);
  store(to + 44, f.max_time.hlc);
  store(to + 52, f.payload_checksum);
  f.checksum = static_cast<std::uint32_t>(checksum({to, 60}, kFrameSeed));
  store(to + 60, f.checksum);
}

Parse read_frame_header(const Byte* from, FrameHeader& f, std::string& why) {
  if (load<std::uint32_t>(from) != kFrameSync) return Parse::damaged;
  f.checksum = load<std::uint32_t>(from + 60);
  if (f.checksum != static_cast<std::uint32_t>(checksum({from, 60}, kFrameSeed))) return Parse::damaged;
  f.type = static_cast<FrameType>(from[4]);
  f.codec = static_cast<PayloadCodec>(from[5]);
  f.flags = load<std::uint16_t>(from + 6);
  f.salt = load<std::uint32_t>(from + 8);
  f.number = load<std::uint32_t>(from + 12);
  f.stored = load<std::uint32_t>(from + 16);
  f.raw = load<std::uint32_t>(from + 20);
  f.first = load<std::uint64_t>(from + 24);
  f.count = load<std::uint32_t>(from + 32);
  f.min_time.hlc = load<std::uint64_t>(from + 36);
  f.max_time.hlc = load<std::uint64_t>(from + 44);
  f.payload_checksum = load<std::uint64_t>(from + 52);
  if (f.stored > kMaxFrameBytes || f.raw > kMaxFrameBytes) {
    return why = "a frame over the size limit", Parse::unsupported;
  }
  if (is_ignored(f.type)) return Parse::ok;
  if (!is_known(f.type)) return why = "frame " + type_name(f.type), Parse::unsupported;
  if (from[5] > static_cast<Byte>(PayloadCodec::lz4))
    return why = "payload codec " + std::to_string(from[5]), Parse::unsupported;
  if (f.flags != 0) return why = "frame flags " + mask_text(f.flags), Parse::unsupported;
  return Parse::ok;
}

const char* misuse(const FrameHeader& f) {
  if (is_ignored(f.type)) return nullptr;  // who knows the type knows its rules
  const bool data = f.type == FrameType::data, sync = f.type == FrameType::sync,
             statement = f.type == FrameType::attestation || f.type == FrameType::loss;
  if (f.codec == PayloadCodec::plain && f.raw != f.stored) return "a plain payload with another raw length";
  if (f.codec != PayloadCodec::plain && f.stored >= f.raw) return "a payload that compression made no smaller";
  if (data && f.codec != PayloadCodec::plain) return "a compressed DATA payload";
  if (!data && (f.min_time.hlc != 0 || f.max_time.hlc != 0)) return "a time range of a frame that has none";
  const bool has_first =
      data || f.type == FrameType::ids || f.type == FrameType::commits || f.type == FrameType::postings;
  if (!has_first && f.first != 0) return "a first number of a frame that has none";
  if (statement && (f.codec != PayloadCodec::plain || f.count != 0)) {
    return "an ATTESTATION or LOSS frame that is compressed, or counts something";
  }
  if (sync && (f.count != 0 || f.stored != 0)) return "a SYNC frame that is not empty";
  return nullptr;
}

void write_trailer(const Trailer& t, Byte* to) {
  store(to, t.length);
  store(to + 8, t.footer_offset);
  store(to + 16, t.deltas);
  store(to + 24, t.commits);
  store(to + 28, t.frames);
  store(to + 32, t.digest);
  store(to + 40, t.salt);
  store(to + 44, t.footer_checksum);
  store(to + 48, checksum({to, 48}, kTrailerSeed));
  std::copy(kEndMagic.begin(), kEndMagic.end(), to + 56);
}

Parse read_trailer(const Byte* from, Trailer& t) {
  if (!std::equal(kEndMagic.begin(), kEndMagic.end(), from + 56)) return Parse::damaged;
  if (load<std::uint64_t>(from + 48) != checksum({from, 48}, kTrailerSeed)) return Parse::damaged;
  t.length = load<std::uint64_t>(from);
  t.footer_offset = load<std::uint64_t>(from + 8);
  t.deltas = load<std::uint64_t>(from + 16);
  t.commits = load<std::uint32_t>(from + 24);
  t.frames = load<std::uint32_t>(from + 28);
  t.digest = load<std::uint64_t>(from + 32);
  t.salt = load<std::uint32_t>(from + 40);
  t.footer_checksum = load<std::uint32_t>(from + 44);
  return Parse::ok;
}

std::uint64_t payload_checksum(ByteView padded_payload, std::uint32_t salt, std::uint32_t number) {
  return checksum(padded_payload, static_cast<std::uint64_t>(salt) << 32 | number);
}

}  // namespace delta::format
