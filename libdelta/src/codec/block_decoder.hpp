// The decoder of one DATA payload, in two parts: block_decoder.cpp reads what deltas there are and of what shape,
// block_values.cpp the index sets and values of that shape.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "codec/block.hpp"
#include "codec/coder.hpp"
#include "codec/columns.hpp"
#include "codec/expected.hpp"
#include "codec/index_sets.hpp"
#include "codec/relations.hpp"

namespace delta::codec {

inline Error corrupt(Column column, std::string message) {
  return column_error(ErrorCode::corrupt, name_of(column), std::move(message));
}

inline Error unknown(Column column, std::string message) {
  return column_error(ErrorCode::unsupported, name_of(column), std::move(message));
}

/// An index set of the block: where its indices are to stand, and of which earlier one they are a copy.
struct Place {
  Form form = Form::all;
  bool sparse = false;  ///< in the batch; else (non-zeros of a create or dense update) in scratch
  std::uint64_t at = 0, size = 0;
  std::size_t twin = 0;
};

/// Where the values of a delta stand, of those that are decoded when not all are.
struct ValueSource {
  std::size_t delta = 0;
  const Place* set = nullptr;   ///< null: it has no index set
  const Place* from = nullptr;  ///< the set that it is, or repeats: in the scratch
  std::size_t at = 0;           ///< of a transform: among the parameters
  bool assigns = false;         ///< else it is a transform
  bool plain = false;           ///< else it repeats another delta
};

struct DecodeScratch {
  std::vector<Place> sets;
  std::vector<std::size_t> spelled;  // which of them can be repeated
  Buffer kinds, relations, gaps, run_skips, run_lengths, bitmaps, inner;
  std::vector<std::uint64_t> numbers, sizes, repeats, dims, copies, dense_groups, sparse_groups;
  std::vector<std::uint32_t> dense, sparse, parameters, nonzeros, factors;
  std::vector<Byte> needed;                            // of each delta: its values are decoded
  std::vector<Byte> needed_sets;                       // of each set: its indices are
  std::vector<std::size_t> twins;                      // of each delta that repeats another: which
  std::vector<ValueSource> sources;                    // of the deltas that are needed, in order
  std::vector<WordRange> dense_ranges, sparse_ranges;  // of the columns of values
  std::vector<std::size_t> assignments;                // those decoded so far, by number in the batch
  std::vector<std::uint64_t> order;                    // of a fresh payload whose deltas stand by vector
  std::vector<std::uint32_t> places;                   // there, of each delta in the order of commits
  SegmentBatch by_vector;
  ExpectedPlace expected_place;
  KnownValues known;
  StepReader steps;
};

class Decoder {
 public:
  /// `most`: what the payload may hold.
  Decoder(Layout layout, std::uint32_t count, std::uint32_t vectors, const BlockBounds& most, Wanted wanted,
          SegmentBatch& batch, DecodeScratch& scratch)
      : layout_(layout), count_(count), vectors_(vectors), most_(most), wanted_(wanted), batch_(batch), s_(scratch) {}

  Status run(ByteView payload);
  /// Of a packed payload: vectors and rows alone.
  Status run_rows(ByteView payload);

  std::uint64_t rows() const { return rows_; }  ///< bytes as rows, as far as they are known

 private:
  Status take(const Entry& entry) {
    const std::uint8_t c = entry.size.column;
    if (c >= kFirstColumn && c < kFirstColumn + kColumns) {
      columns_[c - kFirstColumn] = entry;
      return {};
    }
    if ((c & kCritical) == 0) return {};
    return error(ErrorCode::unsupported, "unknown column " + std::to_string(c)).at("block directory");
  }

  const Entry& entry(Column column) const { return columns_[slot_of(column)]; }
  bool present(Column column) const { return entry(column).size.raw != 0; }

  /// A column is there exactly if it has something to say.
  Status expect(Column column, std::size_t elements) const {
    if (present(column) == (elements != 0)) return {};
    return corrupt(column, elements == 0 ? "a column without elements" : "missing");
  }
  Status read_numbers_of(Column column, std::size_t n, std::vector<std::uint64_t>& to) {
    DELTA_OK(expect(column, n));
    to.resize(n);
    if (n == 0) return {};
    const Entry& e = entry(column);
    return read_numbers({e.size.coder, e.size.raw}, e.stored, to, name_of(column));
  }
  Status read_words_of(Column column, std::span<std::uint32_t> to, Groups groups) {
    DELTA_OK(expect(column, to.size()));
    if (to.empty()) return {};
    const Entry& e = entry(column);
    return read_words({e.size.coder, e.size.raw}, e.stored, to, groups, name_of(column));
  }
  /// Bytes whose number only the directory knows; `most` bounds it.
  Status read_bytes_of(Column column, std::uint64_t most, Buffer& to) {
    const Entry& e = entry(column);
    if (e.size.raw > most) return corrupt(column, "too long");
    to.resize(static_cast<std::size_t>(e.size.raw));
    return to.empty() ? Status{} : read_bytes(e.size.coder, e.stored, to, name_of(column));
  }

  Status read_lost();
  Status read_kinds();
  Status read_relations();
  Status read_vectors();
  Status read_times();
  void stand_by_vector();
  void stand_by_commit();
  Status read_rows();
  Status read_row_numbers();
  Status read_places();
  Status read_lags();
  bool partial(std::size_t i) const { return (batch_.lost[i] & pruned::values) != 0; }
  Status read_shapes();
  Status place_sets();
  Status read_metadata();
  Status read_values();
  Status read_set_columns();
  Status read_sets();
  Status read_needed_sets();
  Status read_wanted_values();
  Status mark_needed();
  void list_needed();
  Status scatter_needed();
  Status read_ranges(Column column, std::uint64_t n, std::span<const WordRange> ranges, Groups groups,
                     std::vector<std::uint32_t>& to);
  void count_values();
  void count_steps(std::size_t i, std::size_t values);
  Status read_related();
  Status scatter();
  Status place_values(std::size_t i, Relation relation, std::span<std::uint32_t> to);
  Status place_set(bool sparse, Indices places, std::span<std::uint32_t> to);
  Result<std::size_t> twin_of(std::size_t copy) const;
  Status repeat_values(std::size_t twin, std::span<std::uint32_t> to);
  Status derive_values(std::size_t i, Relation relation, std::span<std::uint32_t> to);
  void learn(std::size_t i, std::span<const std::uint32_t> values);

  Relation relation_of(std::size_t assignment) const { return static_cast<Relation>(s_.relations[assignment]); }
  bool knows_row(std::size_t i, std::size_t values) const { return !indexed(i) && s_.known.has_row(values); }
  bool indexed(std::size_t i) const { return batch_.ops[i] == Operation::sparse || partial(i); }
  /// REQUIRES: the sets have been read.
  std::uint32_t dim_of(std::size_t i, std::size_t place) const {
    if (!indexed(i)) return static_cast<std::uint32_t>(place);
    return batch_.indices[(i == 0 ? 0 : static_cast<std::size_t>(batch_.index_ends[i - 1])) + place];
  }
  std::size_t values_of(std::size_t i) const {
    return static_cast<std::size_t>(batch_.bits_ends[i] - (i == 0 ? 0 : batch_.bits_ends[i - 1]));
  }

  Indices indices_of(const ValueSource& source) const {
    return {s_.nonzeros.data() + source.from->at, static_cast<std::size_t>(source.from->size)};
  }
  std::uint32_t* begin_of(const Place& place) {
    return (place.sparse ? batch_.indices.data() : s_.nonzeros.data()) + place.at;
  }

  Layout layout_;
  std::uint32_t count_, vectors_;
  BlockBounds most_;
  Wanted wanted_;
  SegmentBatch& batch_;
  DecodeScratch& s_;
  std::array<Entry, kColumns> columns_{};
  std::uint64_t rows_ = 0, largest_ = 0;            // bytes as rows: of all deltas, and without metadata of the largest
  std::size_t sized_ = 0, repeats_ = 0, dims_ = 0;  // deltas with a set of its own, with a repeat, with dims
  std::size_t assignments_ = 0;
  bool follows_ = false;  // some values are said by those before them
  std::uint64_t dense_ = 0, sparse_ = 0, parameters_ = 0, steps_ = 0, factors_ = 0,
                copies_ = 0;                 // elements of the value columns
  std::uint64_t nonzeros_ = 0, listed_ = 0;  // indices of creates; of all sets
  std::size_t next_set_ = 0, next_dense_ = 0, next_sparse_ = 0, next_factor_ = 0, next_copy_ = 0, next_parameter_ = 0;
};

}  // namespace delta::codec
