// A batch of deltas to a DATA payload. formats/spec/dlog-1.md has the byte tables.
//
// Constraints: a log of single deltas must not pay for columns that it does not use, so an absent column is an empty
// one; this runs for every delta written, so deltas are gathered into flat columns once, each column is coded as a
// whole, and scratch lives as long as its thread: no allocation per delta, and none per block in steady state.
#include <algorithm>
#include <bit>
#include <numeric>

#include "codec/block.hpp"
#include "codec/coder.hpp"
#include "codec/columns.hpp"
#include "codec/index_sets.hpp"
#include "support/varint.hpp"

namespace delta::codec {
namespace {

/// Columns behind one another, and the directory entries for them.
class Assembly {
 public:
  void clear() { entries_.clear(), body_.clear(); }

  void numbers(Column column, std::span<const std::uint64_t> values, Effort effort) {
    if (values.empty()) return;
    begin();
    end(column, append_numbers(values, effort, body_));
  }
  void bytes(Column column, ByteView raw, Effort effort) {
    if (raw.empty()) return;
    begin();
    const Coder coder = append_bytes(raw, effort, body_);
    end(column, {static_cast<std::uint8_t>(coder), raw.size()});
  }
  void words(Column column, std::span<const std::uint32_t> values, std::size_t row, Effort effort) {
    if (values.empty()) return;
    begin();
    end(column, append_words(values, row, effort, body_));
  }

  void write(Buffer& out) const {
    put_varint(out, entries_.size());
    for (const ColumnSize& entry : entries_) {
      out.push_back(entry.column);
      out.push_back(entry.coder);
      put_varint(out, entry.raw);
      if (entry.coder != static_cast<std::uint8_t>(Coder::raw)) put_varint(out, entry.stored);
    }
    out.insert(out.end(), body_.begin(), body_.end());
  }

 private:
  void begin() { base_ = body_.size(); }
  void end(Column column, Coded coded) {
    entries_.push_back({static_cast<std::uint8_t>(column), coded.coder, coded.raw, body_.size() - base_});
  }

  std::vector<ColumnSize> entries_;
  Buffer body_;
  std::size_t base_ = 0;
};

struct EncodeScratch {
  Assembly assembly;
  SetWriter sets;
  Buffer kinds;
  std::vector<std::uint64_t> numbers, places, dims;
  std::vector<std::uint32_t> full, picked, parameters, nonzeros;
};

EncodeScratch& encode_scratch() {
  thread_local EncodeScratch instance;
  return instance;
}

void encode_vectors(const ChangeBatch& batch, Effort effort, EncodeScratch& s) {
  s.numbers.clear();
  std::uint64_t step_cost = 0, plain_cost = 0;
  std::int64_t expected = 0;
  for (const std::uint32_t vector : batch.vectors) {
    const std::uint64_t step = zigzag(std::int64_t{vector} - expected);
    expected = std::int64_t{vector} + 1;
    s.numbers.push_back(step);
    step_cost += static_cast<std::uint64_t>(std::bit_width(step));
    plain_cost += static_cast<std::uint64_t>(std::bit_width(vector));
  }
  if (step_cost < plain_cost) return s.assembly.numbers(Column::vector_steps, s.numbers, effort);
  s.numbers.assign(batch.vectors.begin(), batch.vectors.end());
  s.assembly.numbers(Column::vectors, s.numbers, effort);
}

void encode_times(const ChangeBatch& batch, Effort effort, EncodeScratch& s) {
  std::uint64_t unit = 0, any_tick = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    any_tick |= batch.times[i].tick();
    if (i == 0) continue;
    const Micros a = batch.times[i - 1].us(), b = batch.times[i].us();
    if (unit != 1 && a != b) unit = std::gcd(unit, a < b ? b - a : a - b);
  }
  s.numbers.assign({batch.times[0].us(), unit});
  s.assembly.numbers(Column::clock, s.numbers, effort);
  s.numbers.clear();
  for (std::size_t i = 1; i < batch.size() && unit != 0; ++i) {
    const auto step =
        static_cast<std::int64_t>(batch.times[i].us()) - static_cast<std::int64_t>(batch.times[i - 1].us());
    s.numbers.push_back(zigzag(step / static_cast<std::int64_t>(unit)));
  }
  s.assembly.numbers(Column::steps, s.numbers, effort);
  s.numbers.clear();
  for (std::size_t i = 0; i < batch.size() && any_tick != 0; ++i) s.numbers.push_back(batch.times[i].tick());
  s.assembly.numbers(Column::ticks, s.numbers, effort);
}

/// Packed: which commit each delta is of, where in it, and when.
void encode_rows(const ChangeBatch& batch, Effort effort, EncodeScratch& s) {
  Expectation expected;
  s.numbers.clear(), s.places.clear();
  std::uint64_t any_place = 0, any_lost = 0, unit = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const std::uint32_t vector = batch.vectors[i], row = batch.commits[i];
    s.numbers.push_back(zigzag(std::int64_t{row} - std::int64_t{expected.row(vector)}));
    s.places.push_back(zigzag(static_cast<std::int64_t>(batch.seqs[i] - expected.place(row))));
    expected.note_row(vector, row);
    expected.note_place(row, batch.seqs[i]);
    any_place |= s.places.back(), any_lost |= batch.lost[i];
    unit = std::gcd(unit, batch.times[i].hlc);
  }
  s.assembly.numbers(Column::rows, s.numbers, effort);
  if (any_place != 0) s.assembly.numbers(Column::places, s.places, effort);
  if (unit != 0) {
    s.numbers.assign(1, unit);
    for (const Timestamp lag : batch.times) s.numbers.push_back(lag.hlc / unit);
    s.assembly.numbers(Column::lags, s.numbers, effort);
  }
  if (any_lost != 0) s.assembly.bytes(Column::lost, batch.lost, effort);
}

std::size_t count_zeros(std::span<const std::uint32_t> bits) {
  std::uint32_t zeros = 0;
  for (const std::uint32_t b : bits) zeros += b == 0 ? 1 : 0;
  return zeros;
}

/// A create or dense update as its non-zeros, if that takes fewer bytes before the entropy stage.
Form write_nonzeros(std::span<const std::uint32_t> bits, std::size_t zeros, EncodeScratch& s) {
  const std::size_t base = s.nonzeros.size();
  for (std::size_t d = 0; d < bits.size(); ++d) {
    if (bits[d] != 0) s.nonzeros.push_back(static_cast<std::uint32_t>(d));
  }
  const Indices set(s.nonzeros.data() + base, s.nonzeros.size() - base);
  const SetWriter::Choice choice = s.sets.choose(set, true);
  if (choice.bytes + 1 >= 4 * zeros) return s.nonzeros.resize(base), Form::all;
  s.sets.write(set, choice);
  for (const std::uint32_t d : set) s.picked.push_back(bits[d]);
  return choice.form;
}

/// Room for all non-zeros at once: written sets are remembered by address.
void reserve_nonzeros(const ChangeBatch& batch, EncodeScratch& s) {
  std::size_t most = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (is_full(batch.ops[i]) && (batch.lost[i] & pruned::values) == 0) most += batch[i].bits.size();
  }
  s.nonzeros.clear();
  s.nonzeros.reserve(most);
}

void gather(const ChangeBatch& batch, EncodeScratch& s) {
  s.sets.clear(batch.size());
  s.kinds.clear(), s.dims.clear(), s.full.clear(), s.picked.clear(), s.parameters.clear();
  reserve_nonzeros(batch, s);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const Change change = batch[i];
    Form form = Form::all;
    if (change.op == Operation::sparse || (change.lost & pruned::values) != 0) {
      const SetWriter::Choice choice = s.sets.choose(change.indices, change.op != Operation::sparse);
      s.sets.write(change.indices, choice);
      s.picked.insert(s.picked.end(), change.bits.begin(), change.bits.end());
      form = choice.form;
    } else if (is_full(change.op)) {
      s.dims.push_back(change.bits.size());
      const std::size_t zeros = count_zeros(change.bits);
      if (zeros >= 2) form = write_nonzeros(change.bits, zeros, s);
      if (form == Form::all) s.full.insert(s.full.end(), change.bits.begin(), change.bits.end());
    } else {
      s.parameters.insert(s.parameters.end(), change.bits.begin(), change.bits.end());
    }
    s.kinds.push_back(static_cast<Byte>(static_cast<unsigned>(change.op) | static_cast<unsigned>(form) << 4));
  }
}

/// The length of a row of full values, if all rows have the same; else 0.
std::size_t common_row(std::span<const std::uint64_t> dims) {
  for (const std::uint64_t d : dims) {
    if (d != dims[0]) return 0;
  }
  return dims.empty() ? 0 : static_cast<std::size_t>(dims[0]);
}

void encode_metadata(const ChangeBatch& batch, Effort effort, EncodeScratch& s) {
  if (batch.metadata.empty()) return;
  s.numbers.clear();
  for (std::size_t i = 0; i < batch.size(); ++i) s.numbers.push_back(batch[i].metadata.size());
  s.assembly.numbers(Column::metadata_sizes, s.numbers, effort);
  s.assembly.bytes(Column::metadata, bytes_of(batch.metadata), effort);
}

}  // namespace

void encode_block(const ChangeBatch& batch, Layout layout, Preset preset, Buffer& out) {
  DELTA_CHECK(!batch.empty() && batch.row_bytes() <= kMaxBlockBytes);
  EncodeScratch& s = encode_scratch();
  const Effort effort = effort_of(preset);
  s.assembly.clear();
  gather(batch, s);
  s.assembly.bytes(Column::kinds, s.kinds, effort);
  encode_vectors(batch, effort, s);
  if (layout == Layout::fresh) encode_times(batch, effort, s);
  s.assembly.numbers(Column::dims, s.dims, effort);
  s.assembly.numbers(Column::sizes, s.sets.sizes, effort);
  s.assembly.bytes(Column::gaps, s.sets.gaps, effort);
  s.assembly.bytes(Column::run_skips, s.sets.skips, effort);
  s.assembly.bytes(Column::run_lengths, s.sets.lengths, effort);
  s.assembly.bytes(Column::bitmaps, s.sets.bitmaps, effort);
  s.assembly.numbers(Column::repeats, s.sets.repeats, effort);
  s.assembly.words(Column::full_values, s.full, common_row(s.dims), effort);
  s.assembly.words(Column::picked_values, s.picked, 0, effort);
  s.assembly.words(Column::parameters, s.parameters, 0, effort);
  encode_metadata(batch, effort, s);
  if (layout == Layout::packed) encode_rows(batch, effort, s);
  s.assembly.write(out);
  if (batch.row_bytes() > kKeepBytes) s = {}, release_scratch();
}

}  // namespace delta::codec
