// The lookup index of a log (formats/spec/index-1.md) as it is asked: a few small reads for each question. What it says
// is held against the log before it is believed, as far as that costs nothing: of a segment that is opened, its place,
// length and digest.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "delta/bytes.hpp"
#include "format/index_table.hpp"

namespace delta::store {

class LookupIndex {
 public:
  /// corrupt: damaged, or not one; unsupported: of another version. Of an index that was not written to its end, what
  /// stands before that counts.
  static Result<LookupIndex> open(std::shared_ptr<const ByteSource> file);

  enum class Fit : std::uint8_t {
    whole,   ///< it is of all that the log holds
    behind,  ///< the log has grown since
    not_at_all,
  };
  /// By the length of the log and its last trailer, or the one that was the last then.
  Result<Fit> fit(const ByteSource& log) const;

  const format::IndexSeal& seal() const { return seal_; }
  std::uint64_t end() const { return end_; }  ///< bytes up to the seal, and with it
  bool linear() const;
  const std::vector<format::LevelHeader>& headers() const { return levels_; }  ///< of each level
  std::uint64_t ids_of(std::size_t level) const { return levels_[level].ids; }
  std::uint64_t ids() const;                                               ///< of all levels: some may be counted twice
  const std::vector<format::LevelNames>& names() const { return names_; }  ///< of each level
  std::uint32_t segments_of(std::size_t level) const { return levels_[level].segments; }

  /// A vector that has one of the ids that were asked for.
  struct Found {
    std::uint64_t segment = 0;
    SegmentVector vector{};
    SegmentNamespace ns{};
    std::size_t id = 0;      // among those that were asked for
    bool lifecycle = false;  // the segment may hold a create or delete of it
    friend auto operator<=>(const Found&, const Found&) = default;
  };
  /// In order of segment and vector. corrupt: what was read of it is damaged.
  Result<std::vector<Found>> find(std::span<const std::string> ids) const;
  /// The ids that begin so, in no order, some of them maybe more than once. None: there are more than `most`, or the
  /// index does not have its ids in order.
  Result<std::optional<std::vector<std::string>>> ids_with(std::string_view prefix, std::size_t most) const;
  /// `table` is an offset in the index.
  Result<format::IndexedSegment> segment(std::uint64_t number) const;
  /// A whole level, its checksum compared.
  Result<format::IndexLevel> level(std::size_t number) const;
  /// Of the file itself, which no question looks at. corrupt, or unsupported.
  Status check_header() const;
  Status read(std::uint64_t offset, std::span<Byte> into) const;

 private:
  Result<Buffer> bytes(std::uint64_t offset, std::uint64_t size) const;
  Status read_levels();
  Status ids_in(std::size_t level, std::string_view prefix, std::size_t most, std::vector<std::string>& out) const;
  Status find_in(std::size_t level, const format::IdHash& hash, std::size_t id, std::vector<Found>& out) const;

  std::shared_ptr<const ByteSource> file_;
  Buffer tail_;  // the end of the file, which is read at once: of a small index all of it
  std::uint64_t tail_at_ = 0;
  format::IndexSeal seal_;
  std::uint64_t end_ = 0;
  std::vector<format::LevelHeader> levels_;
  std::vector<format::LevelNames> names_;
};

}  // namespace delta::store
