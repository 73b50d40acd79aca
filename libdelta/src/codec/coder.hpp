// Bytes, numbers and float32 bits to their smallest coding that is quick enough, and back.
//
// Constraints: every block decodes alone, so blocks are small and contexts are reused (one set a thread, no allocation
// in steady state); one entropy stage does for all: libzstd, also for plain Huffman, which it writes when it is told to
// find no matches and to code the literals. How a zstd frame was found is no part of the format. A decoder knows four
// coders of bytes: raw, constant, zstd, and LZ4 blocks, which are not written here (codec/lz4.hpp).
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.hpp"
#include "codec/block.hpp"
#include "delta/result.hpp"

namespace delta::codec {

/// The numbers are those of the file format.
enum class Coder : std::uint8_t {
  raw = 0,       ///< as is
  constant = 1,  ///< one byte (of float32 columns: one word), repeated
  zstd = 2,      ///< a zstd frame without magic number, checksum, dictionary and content size
  planes = 3,    ///< byte k of every element together, each plane coded on its own
  table = 4,     ///< float32 columns: the distinct words in order, and the place of each element among them
  lattice = 5,   ///< float32 columns: whole multiples of a step
  lz4 = 10,      ///< an LZ4 block: of whole columns, not of parts; read, never written. 6 to 9 are StepCoder
};
inline constexpr std::uint8_t kTransposed =
    0x10;  ///< added to zstd, planes and table: element 0 of all rows, then 1, …

/// What a preset spends: zstd levels for what is written and for what is only compared; 0: everything raw.
struct Effort {
  int level = 0, trial_level = 0;
  bool exhaustive = false;  ///< compare whole columns, not samples

  constexpr Effort trial() const { return {trial_level, trial_level, exhaustive}; }
  friend constexpr bool operator==(const Effort&, const Effort&) = default;
};
constexpr Effort effort_of(Preset preset) {
  return preset == Preset::fastest    ? Effort{1, 1, false}
         : preset == Preset::balanced ? Effort{5, 1, false}
                                      : Effort{19, 19, true};
}

inline constexpr Effort kStored{};

/// Appends one zstd frame without magic number; false, and `out` as it was, if it is not smaller than `raw`.
bool append_frame(ByteView raw, Effort effort, Buffer& out);
/// Appends the coding of `raw` and returns its coder: raw, constant or zstd.
Coder append_bytes(ByteView raw, Effort effort, Buffer& out);
/// The same for texts: what repeats may be far apart, so no sample is asked whether to look for it.
Coder append_text(ByteView raw, Effort effort, Buffer& out);
/// Fills `raw` (its size is the raw length) from all of `stored`. `what` names the column.
Status read_bytes(std::uint8_t coder, ByteView stored, std::span<Byte> raw, std::string_view what);

/// A coding inside a column: coder, stored length (zstd only), bytes. The raw length is known to the reader.
void append_part(ByteView raw, Effort effort, Buffer& out);
/// Reads a part of room.size() raw bytes off the front of `stored`. The view is of `stored` or of `room`.
Result<ByteView> read_part(ByteView& stored, std::span<Byte> room, std::string_view what);

struct Coded {
  std::uint8_t coder = 0;
  std::uint64_t raw = 0;  ///< bytes before the entropy stage
};

/// Whole numbers: as varints or, where that is smaller, as byte planes of the width of the largest.
Coded append_numbers(std::span<const std::uint64_t> numbers, Effort effort, Buffer& out);
Status read_numbers(Coded coded, ByteView stored, std::span<std::uint64_t> numbers, std::string_view what);

using Words = std::span<const std::uint32_t>;
/// How many words of a column belong to each delta, in order; they add up to the column, or there are none.
using Groups = std::span<const std::uint64_t>;

/// Raw float32 bits.
Coded append_words(Words words, Groups groups, Effort effort, Buffer& out);
Status read_words(Coded coded, ByteView stored, std::span<std::uint32_t> words, Groups groups, std::string_view what);
/// Places of a column.
struct WordRange {
  std::size_t begin, end;
};
/// Of a column of n words those in `ranges`, which are ascending and apart, one after the other.
Status read_words_in(std::span<const WordRange> ranges, Coded coded, ByteView stored, std::size_t n, Groups groups,
                     std::span<std::uint32_t> words, std::string_view what);

/// Whether hardly a word occurs twice.
bool looks_continuous(Words words);
/// False if the words certainly lie on no lattices; for most columns that takes a look at a few.
bool maybe_on_lattices(Words words, Groups groups);
/// False, and `out` as it was, if they do not lie on lattices.
bool append_lattices(Words words, Groups groups, Effort effort, Buffer& out);
Status read_lattices(ByteView& stored, std::span<std::uint32_t> words, Groups groups, std::string_view what);

/// Frees what this thread keeps from call to call: for after an unusually large block.
void release_scratch();
void release_numbers_scratch();  ///< their parts of that
void release_lattice_scratch();
void release_step_scratch();

/// An error about a column: "block column NAME: MESSAGE".
Error column_error(ErrorCode code, std::string_view what, std::string message);

}  // namespace delta::codec
