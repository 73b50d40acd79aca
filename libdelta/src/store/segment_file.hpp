// The outside of a segment being written, front to back: header, numbered frames, SYNC, FOOTER, trailer. What frames
// hold is their writers' business (segment_writer.hpp, packed_writer.hpp).
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "base/checksum.hpp"
#include "delta/bytes.hpp"
#include "delta/commit.hpp"
#include "delta/preset.hpp"
#include "delta/result.hpp"
#include "format/tables.hpp"
#include "store/frames.hpp"

namespace delta::store {

/// The segment id, known before the content is: see the format's page. `options`: what else tells apart segments that
/// begin alike.
Hash segment_id(format::Kind kind, Preset preset, std::string_view origin, std::uint64_t first, Timestamp time,
                const Hash& previous, ByteView options = {});

/// What the header of a segment says that this version has written.
std::string_view own_name();

class SegmentFile {
 public:
  SegmentFile(Preset preset, ByteSink& sink) : preset_(preset), sink_(sink) {}  ///< keeps the reference

  /// Settles id and kind; the header is written with the first bytes. Once.
  void start(format::Kind kind, const Hash& id);
  bool started() const { return started_; }
  /// Features of what is written anew that this version need not know to keep. Before the first bytes.
  void keep_compat(std::uint64_t features) { header_.features.compat |= features; }

  /// A frame header; salt and number come with the writing.
  static format::FrameHeader frame(format::FrameType type);
  /// Frames that are encoded already, which get the next numbers. `vectors`: of the DATA frames in turn.
  struct VectorRange {
    SegmentVector least{}, greatest{};
  };
  Status write(FrameList& list, std::span<const VectorRange> vectors);
  /// Encodes and writes a table.
  Status write_table(format::FrameHeader frame, const Buffer& raw);
  void note_head(const format::SegmentCommitView& commit, const Hash& previous, const Hash& hash) {
    format::note_head(footer_, commit, previous, hash);
  }

  struct Counts {
    std::uint32_t vectors = 0, namespaces = 0, origins = 0, commits = 0;
    std::uint64_t deltas = 0;
  };
  /// Everything before this is the data; what follows it are caches.
  Status sync() { return write_table(frame(format::FrameType::sync), {}); }
  /// FOOTER, and behind the barrier (may be empty), which makes it durable, the trailer.
  Status finish(const Counts& counts, const std::function<Status()>& barrier = {});
  std::uint64_t bytes() const { return bytes_; }

 private:
  Status write_header();
  Status write_out(ByteView bytes);

  Preset preset_;
  ByteSink& sink_;
  format::Header header_;
  bool started_ = false;
  std::uint32_t frames_ = 0;
  std::uint64_t bytes_ = 0;
  format::Footer footer_;
  std::uint32_t footer_checksum_ = 0;
  Checksum digest_;
};

}  // namespace delta::store
