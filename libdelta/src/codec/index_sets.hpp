// Sets of dimensions (strictly increasing, < 2^20): which of a vector's dims a delta touches. Clusters, scattered
// dims, most dims, and the same dims again all occur, so each set takes the form that costs least, by exact count:
//
//   all       0 .. k-1: nothing but k
//   gaps      for each index, how many are skipped before it: varints
//   runs      for each run, how many are skipped before it (a later run: less 1) and its length less 1: two columns
//   bitmap    bit d % 8 of byte d / 8; ends with the byte of the last index
//   repeat    how many spelled-out sets (gaps, runs, bitmap) of this block lie between it and its twin
//
// The size k stands apart ("sizes"; a repeat has none), so that sets of equal size cost nothing there.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "delta/result.hpp"

namespace delta::codec {

/// The numbers are those of the file format: the high half of a delta's kind byte.
enum class Form : std::uint8_t { all = 0, gaps = 1, runs = 2, bitmap = 3, repeat = 4 };
inline constexpr int kForms = 5;
constexpr bool is_spelled(Form form) { return form >= Form::gaps && form <= Form::bitmap; }

using Indices = std::span<const std::uint32_t>;

/// The raw columns that sets are written to. Reused from block to block.
class SetWriter {
 public:
  void clear(std::size_t sets);  ///< for a block with at most so many sets

  struct Choice {
    Form form = Form::all;
    std::size_t bytes = 0;   ///< in the columns below
    std::uint32_t twin = 0;  ///< repeat: which spelled-out set
    std::uint64_t hash = 0;
  };
  /// The cheapest form of `indices`; `spell`: not Form::all, which says something else of a create.
  Choice choose(Indices indices, bool spell);
  /// Writes the set as chosen; `indices` must stay in place until clear().
  void write(Indices indices, const Choice& choice);

  Buffer gaps, skips, lengths, bitmaps;
  std::vector<std::uint64_t> sizes, repeats, twins;  ///< repeats: as distances, and as numbers of spelled-out sets

 private:
  std::uint32_t* slot(Indices indices, std::uint64_t hash);

  std::vector<Indices> spelled_;
  std::vector<std::uint32_t> slots_;  // open addressing by hash: number of a spelled-out set + 1
};

/// Takes sets back out of the columns. The spans must outlive the reader.
class SetReader {
 public:
  SetReader(ByteView gaps, ByteView skips, ByteView lengths, ByteView bitmaps);

  /// Fills `to` (its size is k) with a set of this form; not for repeats. An error names the column.
  Status read(Form form, std::span<std::uint32_t> to);
  /// Skips sets of this form that have so many indices together; not for repeats. Which they are is not looked
  /// at.
  Status skip(Form form, std::size_t size) {
    if (form != Form::gaps) return skip_spelled(form, size);
    passed_ += size;
    return {};
  }
  /// Everything read, nothing left over.
  Status finish();

 private:
  Status skip_spelled(Form form, std::size_t size);
  Status pass_gaps();
  Status read_gaps(std::span<std::uint32_t> to);
  Status read_runs(std::span<std::uint32_t> to);
  Status read_bitmap(std::span<std::uint32_t> to);

  struct Cursor {
    const Byte *at, *end;
    explicit Cursor(ByteView bytes) : at(bytes.data()), end(bytes.data() + bytes.size()) {}
  };
  Cursor gaps_, skips_, lengths_, bitmaps_;
  std::uint64_t passed_ = 0;  // gaps that are still to be skipped: many at once are quicker
  std::vector<std::uint32_t> unwanted_;
};

}  // namespace delta::codec
