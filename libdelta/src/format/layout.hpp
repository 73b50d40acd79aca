// The fixed parts of a segment: header (128 B), frame header (64 B), trailer (64 B). Byte tables:
// formats/spec/dlog-1.md. Everything is a multiple of 64 bytes, so a frame stands aligned wherever a segment is put by
// concatenation.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/payload_codec.hpp"
#include "delta/commit.hpp"

namespace delta::format {

inline constexpr std::size_t kHeaderBytes = 128, kFrameBytes = 64, kTrailerBytes = 64;
inline constexpr std::array<Byte, 8> kMagic = {0x89, 'D', 'L', 'G', 0x0d, 0x0a, 0x1a, 0x0a};
inline constexpr std::array<Byte, 8> kEndMagic = {0x89, 'D', 'L', 'E', 0x0d, 0x0a, 0x1a, 0x0a};
inline constexpr std::uint16_t kMajor = 1, kMinor = 0;
inline constexpr std::uint32_t kDraft =
    2;  // of version 1, until that is frozen; each change of the bytes takes the next number

enum class Kind : std::uint8_t { fresh = 1, packed = 2 };
std::string_view kind_name(Kind kind);

/// What this version knows of each feature mask.
struct Features {
  std::uint64_t compat = 0;     ///< ignored when unknown
  std::uint64_t ro_compat = 0;  ///< unknown: read and copy, refuse to rewrite
  std::uint64_t incompat = 0;   ///< unknown: unsupported
};
inline constexpr Features kKnownFeatures{};
/// What of a mask is not known here.
constexpr Features unknown_of(const Features& features) {
  return {features.compat & ~kKnownFeatures.compat, features.ro_compat & ~kKnownFeatures.ro_compat,
          features.incompat & ~kKnownFeatures.incompat};
}
std::string mask_text(std::uint64_t mask);  ///< "0x10"

struct Header {
  std::uint16_t major = kMajor, minor = kMinor;
  Features features;
  Kind kind = Kind::fresh;
  Hash segment_id{};
  std::string writer;  ///< at most 32 bytes of printable ASCII

  std::uint32_t salt() const;  ///< the first four bytes of the id
};

enum class FrameType : std::uint8_t {
  props = 1,           ///< names of namespaces and origins
  ids = 2,             ///< names of vectors
  data = 3,            ///< deltas
  commits = 4,         ///< closes the deltas before it
  sync = 5,            ///< everything before it was made durable
  footer = 6,          ///< a cache of what a forward scan finds
  postings = 0x87,     ///< a cache too: which DATA frames hold deltas of which vectors
  attestation = 0x90,  ///< what somebody states of a commit: format/attestation.hpp
  loss = 0x91,         ///< dots that damage took: format/loss.hpp
};
inline constexpr std::uint8_t kIgnorable = 0x80;  ///< type bit: skip when unknown
inline constexpr std::uint8_t kUnsafeToCopy = 0x40;
constexpr bool is_known(FrameType type) {
  return (type >= FrameType::props && type <= FrameType::footer) || type == FrameType::postings ||
         type == FrameType::attestation || type == FrameType::loss;
}
/// Not known, and skipped.
constexpr bool is_ignored(FrameType type) {
  return (static_cast<std::uint8_t>(type) & kIgnorable) != 0 && !is_known(type);
}
/// Holds something that no other frame of the segment says, and that no reader of deltas needs: whoever copies commits
/// copies it, too.
constexpr bool is_extra(FrameType type) { return is_ignored(type) || type == FrameType::attestation; }
/// May stand in another segment than the one that it was written for.
constexpr bool is_safe_to_copy(FrameType type) { return (static_cast<std::uint8_t>(type) & kUnsafeToCopy) == 0; }
std::string_view frame_name(FrameType type);
std::string type_name(FrameType type);  ///< the same, or "type 0x88" of one that is not known

struct FrameHeader {
  FrameType type = FrameType::data;
  PayloadCodec codec = PayloadCodec::plain;
  std::uint16_t flags = 0;  ///< zero, but of types that are not known
  std::uint32_t salt = 0;
  std::uint32_t number = 0;  ///< of the frame in its segment, from 0
  std::uint32_t stored = 0;  ///< payload bytes without padding
  std::uint32_t raw = 0;     ///< payload bytes when decompressed
  std::uint64_t first = 0;   ///< DATA, COMMITS: ordinal of the first delta; IDS, POSTINGS: of the first vector; else 0
  std::uint32_t count =
      0;  ///< DATA: deltas; IDS, POSTINGS: vectors; COMMITS: commits; PROPS: names; FOOTER: frames; SYNC: 0
  Timestamp min_time, max_time;  ///< DATA: of its deltas; else 0
  std::uint64_t payload_checksum = 0;
  std::uint32_t checksum = 0;  ///< of the header itself, and so of all of the frame: set by reading and by writing it

  std::uint64_t extent() const;  ///< bytes on disk, header and padding included
  friend bool operator==(const FrameHeader&, const FrameHeader&) = default;
};

struct Trailer {
  std::uint64_t length = 0;         ///< of the segment, this trailer included
  std::uint64_t footer_offset = 0;  ///< from the segment's start
  std::uint64_t deltas = 0;
  std::uint32_t commits = 0, frames = 0;
  std::uint64_t digest = 0;  ///< XXH3-64 of the segment header and all frame headers in order
  std::uint32_t salt = 0;
  std::uint32_t footer_checksum = 0;  ///< FrameHeader::checksum of the FOOTER
};

void write_header(const Header& header, Byte* to);
void write_frame_header(FrameHeader& frame, Byte* to);  // sets frame.checksum
void write_trailer(const Trailer& trailer, Byte* to);

enum class Parse : std::uint8_t {
  ok,
  damaged,      ///< magic, sync or checksum wrong
  unsupported,  ///< checksum right, something unknown in it
};

/// Each looks at as many bytes as the structure has. On `unsupported`, `why` says what is unknown.
Parse read_header(const Byte* from, Header& header, std::string& why);
Parse read_frame_header(const Byte* from, FrameHeader& frame, std::string& why);
Parse read_trailer(const Byte* from, Trailer& trailer);

/// What is against the rules in a header that was read, of a type that is known: a field that is to be zero, a codec
/// without gain. Null: nothing.
const char* misuse(const FrameHeader& frame);

/// Checksum of a payload (padding included) in its place.
std::uint64_t payload_checksum(ByteView padded_payload, std::uint32_t salt, std::uint32_t number);

}  // namespace delta::format
