// A batch of deltas to a DATA payload. formats/spec/dlog-1.md has the byte tables.
//
// Constraints: a log of single deltas must not pay for columns that it does not use, so an absent column is an empty
// one; this runs for every delta written, so deltas are gathered into flat columns once, each column is coded as a
// whole, and scratch lives as long as its thread: no allocation per delta, and none per block in steady state.
#include <algorithm>
#include <bit>
#include <numeric>
#include <optional>
#include <utility>

#include "base/checksum.hpp"
#include "base/thread_scratch.hpp"
#include "base/varint.hpp"
#include "codec/block.hpp"
#include "codec/coder.hpp"
#include "codec/columns.hpp"
#include "codec/expected.hpp"
#include "codec/index_sets.hpp"
#include "codec/lattice.hpp"
#include "codec/relations.hpp"

namespace delta::codec {
namespace {

/// Columns behind one another, and the directory entries for them.
class Assembly {
 public:
  void clear() { entries_.clear(), body_.clear(), late_entries_.clear(), late_.clear(); }

  void numbers(Column column, std::span<const std::uint64_t> values, Effort effort) {
    if (values.empty()) return;
    begin();
    end(column, append_numbers(values, effort, body_));
  }
  /// The same facts in two ways, the smaller stays. The second stands where its number puts it: behind all others,
  /// those in the order of these calls.
  void either(Column column, std::span<const std::uint64_t> values, Column other, std::span<const std::uint64_t> others,
              Effort effort) {
    if (values.empty()) return;
    trial_.clear();
    const Coded coded = append_numbers(others, effort, trial_);
    begin();
    const Coded first = append_numbers(values, effort, body_);
    if (body_.size() - base_ <= trial_.size()) return end(column, first);
    body_.resize(base_);
    late_entries_.push_back({static_cast<std::uint8_t>(other), coded.coder, coded.raw, trial_.size()});
    late_.insert(late_.end(), trial_.begin(), trial_.end());
  }
  void bytes(Column column, ByteView raw, Effort effort) {
    if (raw.empty()) return;
    begin();
    const Coder coder = append_bytes(raw, effort, body_);
    end(column, {static_cast<std::uint8_t>(coder), raw.size()});
  }
  void text(Column column, std::string_view text, Effort effort) {
    begin();
    const Coder coder = append_text(bytes_of(text), effort, body_);
    end(column, {static_cast<std::uint8_t>(coder), text.size()});
  }
  void words(Column column, Words values, Groups groups, Effort effort) {
    if (values.empty()) return;
    begin();
    end(column, append_words(values, groups, effort, body_));
  }
  void steps(std::span<const Pair> pairs, const std::optional<Lattice>& lattice, Effort effort) {
    if (pairs.empty()) return;
    begin();
    end(Column::value_steps, append_steps(pairs, lattice, effort, body_));
  }

  void write(Buffer& out) {
    entries_.insert(entries_.end(), late_entries_.begin(), late_entries_.end());
    body_.insert(body_.end(), late_.begin(), late_.end());
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
  std::vector<ColumnSize> late_entries_;  // their bytes are late_
  Buffer body_, late_, trial_;
  std::size_t base_ = 0;
};

/// How far to look for relations of values to others of the block.
struct Search {
  bool steps = false;     ///< from the values that the vector had before: of deltas that stand by vector
  double plain_bits = 0;  ///< what a plain value takes; 0: by the lattice
  std::optional<Lattice> lattice;
  std::size_t least_copied = 6;  ///< values of a delta worth the pointer to its twin
};
constexpr std::size_t kNever = ~std::size_t{0};

struct EncodeScratch {
  Assembly assembly;
  SetWriter sets;
  Buffer kinds, relations, trial, best;
  std::vector<std::uint64_t> numbers, places, lags, lag_steps, dims, copies, dense_groups, sparse_groups;
  std::vector<std::uint32_t> dense, sparse, parameters, nonzeros, factors;
  KnownValues known;
  std::vector<Pair> pairs, pairs_here;  // of all steps; of the delta looked at
  std::vector<std::uint32_t> assigned;  // the deltas that assign, by number in the batch
  std::vector<std::uint32_t> slots;     // by hash of their values: the last of assigned, + 1
  SegmentBatch by_vector;               // the deltas of a fresh block
  std::vector<std::uint64_t> order;
};

DELTA_THREAD_SCRATCH EncodeScratch& encode_scratch() { return thread_scratch<EncodeScratch>(); }

void encode_vectors(const SegmentBatch& batch, Effort effort, EncodeScratch& s) {
  s.numbers.clear();
  std::uint64_t step_cost = 0, plain_cost = 0;
  std::int64_t expected = 0;
  for (const SegmentVector vector : batch.vectors) {
    const auto number = static_cast<std::int64_t>(index(vector));
    const std::uint64_t step = zigzag(number - expected);
    expected = number + 1;
    s.numbers.push_back(step);
    step_cost += static_cast<std::uint64_t>(std::bit_width(step));
    plain_cost += static_cast<std::uint64_t>(std::bit_width(index(vector)));
  }
  if (step_cost < plain_cost) return s.assembly.numbers(Column::vector_steps, s.numbers, effort);
  s.numbers.clear();
  for (const SegmentVector vector : batch.vectors) s.numbers.push_back(index(vector));
  s.assembly.numbers(Column::vectors, s.numbers, effort);
}

void encode_times(const SegmentBatch& batch, Effort effort, EncodeScratch& s) {
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
void encode_rows(const SegmentBatch& batch, Effort effort, EncodeScratch& s) {
  ExpectedRow expected_row;
  ExpectedLag expected_lag;
  ExpectedPlace expected_place;
  std::uint64_t any_place = 0, any_lost = 0, unit = 0;
  for (const Timestamp lag : batch.times) unit = std::gcd(unit, lag.hlc);
  s.numbers.clear();
  s.places.clear();
  s.lags.assign(1, unit);
  s.lag_steps.assign(1, unit);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const SegmentVector vector = batch.vectors[i];
    const RowNo row = batch.commits[i];
    const std::uint64_t lag = batch.times[i].hlc;
    s.numbers.push_back(zigzag(static_cast<std::int64_t>(index(row) - index(expected_row(vector)))));
    s.places.push_back(zigzag(static_cast<std::int64_t>(batch.seqs[i] - expected_place(row, lag))));
    if (unit != 0) {
      s.lags.push_back(lag / unit);
      s.lag_steps.push_back(zigzag(static_cast<std::int64_t>(lag / unit - expected_lag(vector, row) / unit)));
      expected_lag.note(vector, row, lag);
    }
    expected_row.note(vector, row);
    expected_place.note(row, lag, batch.seqs[i]);
    any_place |= s.places.back();
    any_lost |= batch.lost[i];
  }
  s.assembly.numbers(Column::rows, s.numbers, effort);
  if (any_place != 0) s.assembly.numbers(Column::places, s.places, effort);
  if (unit != 0) s.assembly.either(Column::lags, s.lags, Column::lag_steps, s.lag_steps, effort);
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
  for (const std::uint32_t d : set) s.sparse.push_back(bits[d]);
  s.sparse_groups.push_back(set.size());
  return choice.form;
}

/// Room for all non-zeros at once: written sets are remembered by address.
void reserve_nonzeros(const SegmentBatch& batch, EncodeScratch& s) {
  std::size_t most = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (is_full(batch.ops[i]) && (batch.lost[i] & pruned::values) == 0) most += batch[i].bits.size();
  }
  s.nonzeros.clear();
  s.nonzeros.reserve(most);
}

bool is_indexed(const SegmentDelta& c) { return c.op == Operation::sparse || (c.lost & pruned::values) != 0; }
std::uint32_t dim_of(const SegmentDelta& c, std::size_t place) {
  return is_indexed(c) ? c.indices[place] : static_cast<std::uint32_t>(place);
}

/// Which of the deltas that assign has the same values; enters this one, the next of them. None: kNoTwin.
constexpr std::uint32_t kNoTwin = ~std::uint32_t{0};
std::uint32_t find_twin(const SegmentBatch& batch, const SegmentDelta& delta, EncodeScratch& s) {
  const std::uint64_t hash = checksum({reinterpret_cast<const Byte*>(delta.bits.data()), delta.bits.size_bytes()});
  const std::size_t mask = s.slots.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    std::uint32_t& slot = s.slots[at];
    if (slot == 0) return slot = static_cast<std::uint32_t>(s.assigned.size()) + 1, kNoTwin;
    if (!std::ranges::equal(batch[s.assigned[slot - 1]].bits, delta.bits)) continue;
    return std::exchange(slot, static_cast<std::uint32_t>(s.assigned.size()) + 1) - 1;
  }
}

double plain_bits(const SegmentDelta& delta, const Search& search) {
  double bits = 0;
  for (const std::uint32_t word : delta.bits) {
    if (search.plain_bits > 0) {
      bits += word == 0 ? 1 : search.plain_bits;
    } else {
      const auto k = search.lattice ? multiple_of(*search.lattice, word) : std::nullopt;
      bits += k ? 1.5 + static_cast<double>(std::bit_width(zigzag32(*k))) : 20;
    }
  }
  return bits;
}

/// Says how the values relate to others, and writes what stands for them if they do.
Relation relate(const SegmentBatch& batch, const SegmentDelta& delta, const Search& search, EncodeScratch& s) {
  if (delta.bits.size() >= search.least_copied) {
    if (const std::uint32_t twin = find_twin(batch, delta, s); twin != kNoTwin) {
      s.copies.push_back(s.assigned.size() - 1 - twin);
      return Relation::repeated;
    }
  }
  if (!search.steps) return Relation::plain;
  s.pairs_here.clear();
  for (std::size_t i = 0; i < delta.bits.size(); ++i) {
    const std::uint32_t dim = dim_of(delta, i);
    if (s.known.has(dim)) s.pairs_here.push_back({delta.bits[i], s.known.at(dim)});
  }
  if (s.pairs_here.empty()) return Relation::plain;
  if (s.pairs_here.size() == delta.bits.size()) {
    if (const auto factor = common_factor(s.pairs_here)) return s.factors.push_back(*factor), Relation::scaled;
    if (const auto amount = common_amount(s.pairs_here)) return s.factors.push_back(*amount), Relation::shifted;
  }
  const double unknown = search.plain_bits * static_cast<double>(delta.bits.size() - s.pairs_here.size());
  if (step_bits(s.pairs_here, search.plain_bits == 0, search.lattice) + unknown >= plain_bits(delta, search)) {
    return Relation::plain;
  }
  const std::size_t base = s.sparse.size();
  for (std::size_t i = 0; i < delta.bits.size(); ++i) {
    if (!s.known.has(dim_of(delta, i))) s.sparse.push_back(delta.bits[i]);
  }
  if (s.sparse.size() > base) s.sparse_groups.push_back(s.sparse.size() - base);
  s.pairs.insert(s.pairs.end(), s.pairs_here.begin(), s.pairs_here.end());
  return Relation::steps;
}

/// The index set and the plain values of an assignment. Returns the form.
Form gather_assignment(const SegmentDelta& delta, bool plain, EncodeScratch& s) {
  if (is_indexed(delta)) {
    const SetWriter::Choice choice = s.sets.choose(delta.indices, delta.op != Operation::sparse);
    s.sets.write(delta.indices, choice);
    if (!plain || delta.bits.empty()) return choice.form;
    s.sparse.insert(s.sparse.end(), delta.bits.begin(), delta.bits.end());
    s.sparse_groups.push_back(delta.bits.size());
    return choice.form;
  }
  s.dims.push_back(delta.bits.size());
  if (!plain) return Form::all;
  const std::size_t zeros = count_zeros(delta.bits);
  const Form form = zeros >= 2 ? write_nonzeros(delta.bits, zeros, s) : Form::all;
  if (form != Form::all) return form;
  s.dense.insert(s.dense.end(), delta.bits.begin(), delta.bits.end());
  s.dense_groups.push_back(delta.bits.size());
  return form;
}

void learn(const SegmentDelta& delta, EncodeScratch& s) {
  if (!is_assignment(delta.op)) return s.known.transform(delta.op, delta.bits);
  if (!is_indexed(delta)) return s.known.set_row(delta.bits);
  for (std::size_t i = 0; i < delta.bits.size(); ++i) s.known.set(dim_of(delta, i), delta.bits[i]);
}

void gather(const SegmentBatch& batch, const Search& search, EncodeScratch& s) {
  s.sets.clear(batch.size());
  s.kinds.clear();
  s.dims.clear();
  s.dense.clear();
  s.sparse.clear();
  s.parameters.clear();
  s.relations.clear();
  s.copies.clear();
  s.dense_groups.clear();
  s.sparse_groups.clear();
  s.factors.clear();
  s.pairs.clear();
  s.assigned.clear();
  s.slots.assign(std::bit_ceil(2 * batch.size() + 1), 0);
  reserve_nonzeros(batch, s);
  if (search.steps) {
    s.known.clear();
    s.pairs.reserve(batch.bits.size());
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const SegmentDelta delta = batch[i];
    Form form = Form::all;
    if (search.steps) s.known.follow(delta.vector);
    if (is_assignment(delta.op)) {
      const Relation relation = relate(batch, delta, search, s);
      s.relations.push_back(static_cast<Byte>(relation));
      s.assigned.push_back(static_cast<std::uint32_t>(i));
      form = gather_assignment(delta, relation == Relation::plain, s);
    } else {
      s.parameters.insert(s.parameters.end(), delta.bits.begin(), delta.bits.end());
    }
    if (search.steps) learn(delta, s);
    s.kinds.push_back(static_cast<Byte>(static_cast<unsigned>(delta.op) | static_cast<unsigned>(form) << 4));
  }
}

void encode_metadata(const SegmentBatch& batch, Effort effort, EncodeScratch& s) {
  if (batch.metadata.empty()) return;
  s.numbers.clear();
  for (std::size_t i = 0; i < batch.size(); ++i) s.numbers.push_back(batch[i].metadata.size());
  s.assembly.numbers(Column::metadata_sizes, s.numbers, effort);
  s.assembly.text(Column::metadata, batch.metadata, effort);
}

/// `arrived`: the same deltas in the order of their commits, in which a fresh payload has vectors and times.
void encode_columns(const SegmentBatch& batch, const SegmentBatch& arrived, Layout layout, Effort effort,
                    const Search& search, EncodeScratch& s) {
  s.assembly.clear();
  gather(batch, search, s);
  s.assembly.bytes(Column::kinds, s.kinds, effort);
  encode_vectors(arrived, effort, s);
  if (layout == Layout::fresh) encode_times(arrived, effort, s);
  s.assembly.numbers(Column::dims, s.dims, effort);
  s.assembly.numbers(Column::sizes, s.sets.sizes, effort);
  s.assembly.bytes(Column::gaps, s.sets.gaps, effort);
  s.assembly.bytes(Column::run_skips, s.sets.skips, effort);
  s.assembly.bytes(Column::run_lengths, s.sets.lengths, effort);
  s.assembly.bytes(Column::bitmaps, s.sets.bitmaps, effort);
  s.assembly.either(Column::repeats, s.sets.repeats, Column::twins, s.sets.twins, effort);
  s.assembly.words(Column::dense_values, s.dense, s.dense_groups, effort);
  s.assembly.words(Column::sparse_values, s.sparse, s.sparse_groups, effort);
  s.assembly.words(Column::parameters, s.parameters, {}, effort);
  encode_metadata(batch, effort, s);
  if (layout == Layout::packed) encode_rows(batch, effort, s);
  if (std::any_of(s.relations.begin(), s.relations.end(), [](Byte b) { return b != 0; })) {
    s.assembly.bytes(Column::relations, s.relations, effort);
  }
  s.assembly.steps(s.pairs, search.lattice, effort);
  s.assembly.words(Column::factors, s.factors, {}, effort);
  s.assembly.numbers(Column::copies, s.copies, effort);
}

/// Whether any delta has values before it.
bool follows(const EncodeScratch& s) {
  return std::any_of(s.relations.begin(), s.relations.end(),
                     [](Byte b) { return is_following(static_cast<Relation>(b)); });
}

/// Keeps what was assembled in s.best if that is smaller. A fresh payload in which nothing follows would be taken for
/// one in the order of commits.
void keep_smaller(Layout layout, EncodeScratch& s) {
  if (layout == Layout::fresh && !follows(s)) return;
  s.trial.clear();
  s.assembly.write(s.trial);
  if (s.best.empty() || s.trial.size() < s.best.size()) std::swap(s.best, s.trial);
}

/// Deltas that stand by vector, to s.best. Continuous values relate delta by delta, by what it saves. Of discrete ones
/// it is hard to tell beforehand: a packed block is written with steps and without, and the smaller stays; a fresh one
/// has been written without.
void encode_by_vector(const SegmentBatch& batch, const SegmentBatch& arrived, Layout layout, Effort effort,
                      EncodeScratch& s) {
  constexpr double kContinuousBits = 26.6;
  const auto lattice = find_lattice(batch.bits);
  s.best.clear();
  if (looks_continuous(batch.bits) && !lattice) {
    encode_columns(batch, arrived, layout, effort,
                   {.steps = true, .plain_bits = kContinuousBits, .lattice = {}, .least_copied = 4}, s);
    return keep_smaller(layout, s);
  }
  for (const bool steps : {true, false}) {
    if (!steps && layout == Layout::fresh) break;
    for (const std::size_t least_copied : {std::size_t{6}, kNever}) {
      encode_columns(batch, arrived, layout, effort,
                     {.steps = steps, .plain_bits = 0, .lattice = lattice, .least_copied = least_copied}, s);
      const bool copied = !s.copies.empty();
      keep_smaller(layout, s);
      if (!copied) break;  // then it was the same without
    }
  }
}

/// In the place of the payload from `base` on, if there is one and it is smaller.
void take_best(std::size_t base, EncodeScratch& s, Buffer& out) {
  if (s.best.empty() || s.best.size() >= out.size() - base) return;
  out.resize(base);
  out.insert(out.end(), s.best.begin(), s.best.end());
}

/// A fresh block in which the same vectors come again, by vector.
void try_by_vector(const SegmentBatch& batch, Effort effort, std::size_t base, EncodeScratch& s, Buffer& out) {
  order_by_vector(batch.vectors, s.order);
  std::size_t again = 0;
  for (std::size_t i = 1; i < s.order.size(); ++i) again += s.order[i] >> 32 == s.order[i - 1] >> 32;
  if (again * 4 < batch.size()) return;
  s.by_vector.clear();
  s.by_vector.bits.reserve(batch.bits.size());
  s.by_vector.indices.reserve(batch.indices.size());
  for (const std::uint64_t o : s.order) s.by_vector.add(batch[static_cast<std::uint32_t>(o)]);
  encode_by_vector(s.by_vector, batch, Layout::fresh, effort, s);
  take_best(base, s, out);
}

/// What repeats itself across columns, zstd may find: all of them as they are, in one frame, if that is smaller.
void try_whole(const SegmentBatch& batch, Layout layout, Effort effort, std::size_t base, EncodeScratch& s,
               Buffer& out) {
  encode_columns(batch, batch, layout, kStored, {.lattice = {}, .least_copied = kNever}, s);
  s.trial.clear();
  s.best.clear();
  s.assembly.write(s.trial);
  if (s.trial.size() > kMaxBlockBytes) return;  // the columns of very many small deltas take more than their rows
  s.best.push_back(0);
  put_varint(s.best, s.trial.size());
  if (append_frame(s.trial, effort, s.best)) take_best(base, s, out);
}

}  // namespace

void encode_block(const SegmentBatch& batch, Layout layout, Preset preset, Buffer& out) {
  DELTA_CHECK(!batch.empty() && batch.row_bytes() <= kMaxBlockBytes);
  EncodeScratch& s = encode_scratch();
  const Effort effort = effort_of(preset);
  const std::size_t base = out.size();
  // Of a block that has grown each way of writing it may take several times its rows: one after the other.
  const auto tidy = [&] {
    if (batch.row_bytes() > kKeepBytes) {
      s = {};
      release_scratch();
    }
  };
  if (layout == Layout::packed) {
    encode_by_vector(batch, batch, layout, effort, s);
    out.insert(out.end(), s.best.begin(), s.best.end());
  } else {
    encode_columns(batch, batch, layout, effort, {}, s);
    s.assembly.write(out);
    tidy();
    try_by_vector(batch, effort, base, s, out);
  }
  tidy();
  // What has come out at more than half is noise, in which nothing repeats; so are values of which hardly one occurs
  // twice.
  if (preset != Preset::fastest && (out.size() - base) * 2 < batch.row_bytes() && !looks_continuous(batch.bits)) {
    try_whole(batch, layout, effort, base, s, out);
  }
  tidy();
}

}  // namespace delta::codec
