// A DATA payload back to a batch of deltas.
//
// Constraints: a reader that wants positions only must not pay for values, and hostile bytes must neither crash nor
// inflate. So every count is known before the column that it sizes is decoded (kinds give the number of times, dims and
// sizes; these give the number of indices and values), and the bytes as rows are bounded before anything is allocated
// for them. Scratch lives as long as its thread.
#include <algorithm>
#include <array>
#include <numeric>

#include "base/thread_scratch.hpp"
#include "base/transform.hpp"
#include "codec/block.hpp"
#include "codec/coder.hpp"
#include "codec/columns.hpp"
#include "codec/expected.hpp"
#include "codec/index_sets.hpp"
#include "codec/relations.hpp"

namespace delta::codec {
namespace {

Error corrupt(Column column, std::string message) {
  return column_error(ErrorCode::corrupt, name_of(column), std::move(message));
}

Error unknown(Column column, std::string message) {
  return column_error(ErrorCode::unsupported, name_of(column), std::move(message));
}

/// An index set of the block: where its indices are to stand, and of which earlier one they are a copy.
struct Place {
  Form form = Form::all;
  bool sparse = false;  ///< in the batch; else (non-zeros of a create or dense update) in scratch
  std::uint64_t at = 0, size = 0;
  std::size_t twin = 0;
};

struct DecodeScratch {
  std::vector<Place> sets;
  std::vector<std::size_t> spelled;  // which of them can be repeated
  Buffer kinds, relations, gaps, run_skips, run_lengths, bitmaps, inner;
  std::vector<std::uint64_t> numbers, sizes, repeats, dims, copies, full_groups, picked_groups;
  std::vector<std::uint32_t> full, picked, parameters, nonzeros, factors;
  std::vector<std::size_t> assignments;  // those decoded so far, by number in the batch
  std::vector<std::uint64_t> order;      // of a fresh payload whose deltas stand by vector
  std::vector<std::uint32_t> places;     // there, of each delta in the order of commits
  DeltaBatch by_vector;
  KnownValues known;
  StepReader steps;
};

DELTA_THREAD_SCRATCH DecodeScratch& decode_scratch() { return thread_scratch<DecodeScratch>(); }

/// The pieces of `values` between `ends`, piece places[i] as the i-th. Of values that were not decoded the ends alone.
template <class Values>
void reorder(std::span<const std::uint32_t> places, std::span<const std::uint64_t> ends, const Values& values,
             std::vector<std::uint64_t>& to_ends, Values& to) {
  std::uint64_t end = 0;
  for (const std::uint32_t i : places) {
    const std::uint64_t begin = i == 0 ? 0 : ends[i - 1];
    if (!values.empty()) {
      to.insert(to.end(), values.begin() + static_cast<std::ptrdiff_t>(begin),
                values.begin() + static_cast<std::ptrdiff_t>(ends[i]));
    }
    to_ends.push_back(end += ends[i] - begin);
  }
}

class Decoder {
 public:
  /// `most`: what the payload may hold.
  Decoder(Layout layout, std::uint32_t count, std::uint32_t vectors, const BlockBounds& most, Wanted wanted,
          DeltaBatch& batch)
      : layout_(layout),
        count_(count),
        vectors_(vectors),
        most_(most),
        wanted_(wanted),
        batch_(batch),
        s_(decode_scratch()) {}

  Status run(ByteView payload) {
    if (count_ == 0 || count_ > most_.count) return error(ErrorCode::corrupt, "bad number of deltas").at("block");
    DELTA_OK(each_column(payload, [this](const Entry& entry) { return take(entry); }));
    DELTA_OK(read_lost());
    DELTA_OK(read_kinds());
    DELTA_OK(read_relations());
    DELTA_OK(read_vectors());
    DELTA_OK(layout_ == Layout::fresh ? read_times() : read_rows());
    const bool by_vector = layout_ == Layout::fresh && follows_;
    if (by_vector) stand_by_vector();
    DELTA_OK(read_shapes());
    DELTA_OK(read_metadata());
    if (wanted_.values) DELTA_OK(read_values());
    if (by_vector) stand_by_commit();
    return {};
  }

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
  Status read_places();
  Status read_lags();
  bool partial(std::size_t i) const { return (batch_.lost[i] & pruned::values) != 0; }
  Status read_shapes();
  Status place_sets();
  Status read_metadata();
  Status read_values();
  Status read_sets();
  void count_values();
  void count_steps(std::size_t i, std::size_t values);
  Status read_related();
  Status scatter();
  Status place_values(std::size_t i, Relation relation, std::span<std::uint32_t> to);
  Status place_set(const Place& set, std::span<std::uint32_t> to);
  Status repeat_values(std::span<std::uint32_t> to);
  Status derive_values(std::size_t i, Relation relation, std::span<std::uint32_t> to);
  void learn(std::size_t i, std::span<const std::uint32_t> values);

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

  std::uint32_t* begin_of(const Place& place) {
    return (place.sparse ? batch_.indices.data() : s_.nonzeros.data()) + place.at;
  }

  Layout layout_;
  std::uint32_t count_, vectors_;
  BlockBounds most_;
  Wanted wanted_;
  DeltaBatch& batch_;
  DecodeScratch& s_;
  std::array<Entry, kColumns> columns_{};
  std::uint64_t rows_ = 0, largest_ = 0;            // bytes as rows: of all deltas, and without metadata of the largest
  std::size_t sized_ = 0, repeats_ = 0, dims_ = 0;  // deltas with a set of its own, with a repeat, with dims
  std::size_t assignments_ = 0;
  bool follows_ = false;  // some values are said by those before them
  std::uint64_t full_ = 0, picked_ = 0, parameters_ = 0, steps_ = 0, factors_ = 0,
                copies_ = 0;                 // elements of the value columns
  std::uint64_t nonzeros_ = 0, listed_ = 0;  // indices of creates; of all sets
  std::size_t next_set_ = 0, next_full_ = 0, next_picked_ = 0, next_factor_ = 0, next_copy_ = 0, next_parameter_ = 0;
};

Status Decoder::read_lost() {
  batch_.lost.assign(count_, 0);
  if (!present(Column::lost)) return {};
  if (layout_ == Layout::fresh) return corrupt(Column::lost, "a pruned delta in a fresh segment");
  if (entry(Column::lost).size.raw != count_) return corrupt(Column::lost, "another number of deltas");
  DELTA_OK(read_bytes_of(Column::lost, count_, batch_.lost));
  if (std::all_of(batch_.lost.begin(), batch_.lost.end(), [](Byte b) { return b == 0; })) {
    return corrupt(Column::lost, "all zero");
  }
  return {};
}

Status Decoder::read_kinds() {
  rows_ = 16 * std::uint64_t{count_};
  if (entry(Column::kinds).size.raw != count_) return corrupt(Column::kinds, "another number of deltas");
  DELTA_OK(read_bytes_of(Column::kinds, count_, s_.kinds));
  batch_.ops.resize(count_);
  for (std::size_t i = 0; i < count_; ++i) {
    const std::uint8_t kind = s_.kinds[i];
    const Operation op = operation_of(kind);
    if (op < Operation::create || op > Operation::remove) {
      return unknown(Column::kinds, "unknown operation " + std::to_string(kind & 15));
    }
    if (kind >> 4 >= kForms) return unknown(Column::kinds, "unknown form " + std::to_string(kind >> 4));
    if (!is_assignment(op) && kind >> 4 != 0) return corrupt(Column::kinds, "a form of an operation that has none");
    batch_.ops[i] = op;
    const std::uint8_t lost = batch_.lost[i];
    if ((lost & ~pruned::all) != 0) return unknown(Column::lost, "unknown bits " + std::to_string(lost & ~pruned::all));
    if (((lost & (pruned::values | pruned::settled)) != 0 && !is_assignment(op)) ||
        ((lost & pruned::mark) != 0 && op != Operation::create)) {
      return corrupt(Column::lost, "not of this operation");
    }
    if (is_full(op) && partial(i) && !has_set(kind)) return corrupt(Column::kinds, "values lost and none listed");
    if (is_full(op) && !partial(i)) ++dims_;
    if (has_set(kind)) ++(form_of(kind) == Form::repeat ? repeats_ : sized_);
    assignments_ += is_assignment(op);
    if (!is_assignment(op)) parameters_ += static_cast<std::uint64_t>(parameter_count(op));
  }
  return {};
}

Status Decoder::read_relations() {
  s_.relations.assign(assignments_, 0);
  if (!present(Column::relations)) return {};
  if (entry(Column::relations).size.raw != assignments_) return corrupt(Column::relations, "another number of deltas");
  DELTA_OK(read_bytes_of(Column::relations, assignments_, s_.relations));
  bool any = false;
  std::size_t next = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    if (!is_assignment(batch_.ops[i])) continue;
    const auto relation = static_cast<Relation>(s_.relations[next++]);
    if (static_cast<std::uint8_t>(relation) >= kRelations) {
      return unknown(Column::relations, "unknown relation " + std::to_string(s_.relations[next - 1]));
    }
    any = any || relation != Relation::plain;
    if (relation == Relation::plain) continue;
    if (is_full(batch_.ops[i]) && !partial(i) && has_set(s_.kinds[i])) {
      return corrupt(Column::relations, "of non-zeros");
    }
    follows_ = follows_ || is_following(relation);
  }
  return any ? Status{} : corrupt(Column::relations, "all zero");
}

Status Decoder::read_vectors() {
  const bool steps = present(Column::vector_steps);
  DELTA_OK(expect(Column::vectors, steps ? 0 : count_));
  DELTA_OK(read_numbers_of(steps ? Column::vector_steps : Column::vectors, count_, s_.numbers));
  batch_.vectors.resize(count_);
  std::uint64_t expected = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    // Wraps rather than overflows; whatever comes out is checked.
    const std::uint64_t vector = steps ? expected + static_cast<std::uint64_t>(unzigzag(s_.numbers[i])) : s_.numbers[i];
    if (vector >= vectors_) {
      return corrupt(steps ? Column::vector_steps : Column::vectors, "ordinal beyond the segment's");
    }
    batch_.vectors[i] = static_cast<std::uint32_t>(vector);
    expected = vector + 1;
  }
  return {};
}

Status Decoder::read_times() {
  for (const Column column : {Column::rows, Column::places, Column::lags, Column::lag_steps}) {
    DELTA_OK(expect(column, 0));
  }
  DELTA_OK(read_numbers_of(Column::clock, 2, s_.numbers));
  std::uint64_t us = s_.numbers[0];
  const std::uint64_t unit = s_.numbers[1];
  if (us > kMaxMicros || unit > kMaxMicros) return corrupt(Column::clock, "beyond 52 bits");
  DELTA_OK(read_numbers_of(Column::steps, unit == 0 ? 0 : count_ - 1, s_.numbers));
  batch_.times.resize(count_);
  batch_.times[0] = Timestamp::of(us);
  std::uint64_t common = 0;
  for (std::size_t i = 1; i < count_; ++i) {
    const std::uint64_t step = unit == 0 ? 0 : s_.numbers[i - 1], magnitude = (step >> 1) + (step & 1);
    if (magnitude > kMaxMicros || (magnitude != 0 && unit > kMaxMicros / magnitude)) {
      return corrupt(Column::steps, "beyond 52 bits");
    }
    const std::uint64_t distance = magnitude * unit;
    if ((step & 1) != 0 ? distance > us : distance > kMaxMicros - us) return corrupt(Column::steps, "beyond 52 bits");
    us = (step & 1) != 0 ? us - distance : us + distance;
    batch_.times[i] = Timestamp::of(us);
    if (common != 1) common = std::gcd(common, magnitude);
  }
  if (unit != 0 && common != 1) return corrupt(Column::clock, "the unit is not the largest");
  if (!present(Column::ticks)) return {};
  DELTA_OK(read_numbers_of(Column::ticks, count_, s_.numbers));
  std::uint64_t any = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    if (s_.numbers[i] > 0xfff) return corrupt(Column::ticks, "beyond 12 bits");
    batch_.times[i].hlc |= s_.numbers[i];
    any |= s_.numbers[i];
  }
  return any != 0 ? Status{} : corrupt(Column::ticks, "all zero");
}

/// From here on delta i is the i-th by vector; times stay with the order of commits.
void Decoder::stand_by_vector() {
  order_by_vector(batch_.vectors, s_.order);
  for (std::size_t i = 0; i < count_; ++i) batch_.vectors[i] = static_cast<std::uint32_t>(s_.order[i] >> 32);
}

/// Back to the order of commits.
void Decoder::stand_by_commit() {
  DeltaBatch& from = s_.by_vector;
  std::swap(from, batch_);
  batch_.clear();
  batch_.times.swap(from.times);
  batch_.lost.swap(from.lost);
  s_.places.resize(count_);
  for (std::uint32_t i = 0; i < count_; ++i) s_.places[static_cast<std::uint32_t>(s_.order[i])] = i;
  for (const std::uint32_t i : s_.places) {
    batch_.ops.push_back(from.ops[i]);
    batch_.vectors.push_back(from.vectors[i]);
  }
  reorder(s_.places, from.index_ends, from.indices, batch_.index_ends, batch_.indices);
  reorder(s_.places, from.bits_ends, from.bits, batch_.bits_ends, batch_.bits);
  reorder(s_.places, from.metadata_ends, from.metadata, batch_.metadata_ends, batch_.metadata);
}

Status Decoder::read_rows() {
  for (const Column column : {Column::clock, Column::steps, Column::ticks}) DELTA_OK(expect(column, 0));
  DELTA_OK(read_numbers_of(Column::rows, count_, s_.numbers));
  batch_.commits.resize(count_);
  ExpectedRow expected;
  for (std::size_t i = 0; i < count_; ++i) {
    const std::uint64_t row = expected(batch_.vectors[i]) + static_cast<std::uint64_t>(unzigzag(s_.numbers[i]));
    if (row > 0xffffffff) return corrupt(Column::rows, "beyond 32 bits");
    batch_.commits[i] = static_cast<std::uint32_t>(row);
    expected.note(batch_.vectors[i], batch_.commits[i]);
  }
  DELTA_OK(read_lags());
  return read_places();
}

Status Decoder::read_places() {
  batch_.seqs.resize(count_);
  s_.numbers.assign(count_, 0);
  if (present(Column::places)) {
    DELTA_OK(read_numbers_of(Column::places, count_, s_.numbers));
    if (std::all_of(s_.numbers.begin(), s_.numbers.end(), [](std::uint64_t n) { return n == 0; })) {
      return corrupt(Column::places, "all zero");
    }
  }
  ExpectedPlace expected;
  for (std::size_t i = 0; i < count_; ++i) {
    const std::uint64_t lag = batch_.times[i].hlc;
    batch_.seqs[i] = expected(batch_.commits[i], lag) + static_cast<std::uint64_t>(unzigzag(s_.numbers[i]));
    if (batch_.seqs[i] >> 62 != 0) return corrupt(Column::places, "beyond 62 bits");
    expected.note(batch_.commits[i], lag, batch_.seqs[i]);
  }
  return {};
}

Status Decoder::read_lags() {
  batch_.times.assign(count_, Timestamp{});
  const bool steps = present(Column::lag_steps);
  if (!steps && !present(Column::lags)) return {};
  const Column column = steps ? Column::lag_steps : Column::lags;
  if (steps) DELTA_OK(expect(Column::lags, 0));
  DELTA_OK(read_numbers_of(column, std::size_t{count_} + 1, s_.numbers));
  const std::uint64_t unit = s_.numbers[0];
  if (unit == 0) return corrupt(column, "the unit is not the largest");
  ExpectedLag expected;  // in units
  std::uint64_t common = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    const std::uint32_t vector = batch_.vectors[i], row = batch_.commits[i];
    // Wraps rather than overflows; whatever comes out is checked.
    const std::uint64_t lag =
        steps ? expected(vector, row) + static_cast<std::uint64_t>(unzigzag(s_.numbers[i + 1])) : s_.numbers[i + 1];
    if (lag != 0 && unit > ~std::uint64_t{0} / lag) return corrupt(column, "beyond 64 bits");
    batch_.times[i] = Timestamp{lag * unit};
    expected.note(vector, row, lag);
    common = std::gcd(common, lag);
  }
  return common == 1 ? Status{} : corrupt(column, "the unit is not the largest");
}

/// From kinds, dims, sizes and repeats: how many indices and values each delta has, bounded.
Status Decoder::read_shapes() {
  DELTA_OK(read_numbers_of(Column::dims, dims_, s_.dims));
  DELTA_OK(read_numbers_of(Column::sizes, sized_, s_.sizes));
  const bool twins = present(Column::twins);
  DELTA_OK(expect(Column::repeats, twins ? 0 : repeats_));
  DELTA_OK(read_numbers_of(twins ? Column::twins : Column::repeats, repeats_, s_.repeats));
  for (const std::uint64_t d : s_.dims) {
    if (d > kMostDims) return corrupt(Column::dims, "too many");
  }
  for (const std::uint64_t k : s_.sizes) {
    if (k > kMostDims) return corrupt(Column::sizes, "too many");
  }
  DELTA_OK(place_sets());
  rows_ = 16 * std::uint64_t{count_} + 4 * (batch_.index_ends.back() + batch_.bits_ends.back()) +
          entry(Column::metadata).size.raw;
  if (rows_ > kMaxBlockBytes || rows_ - largest_ > most_.rows) {
    return error(ErrorCode::corrupt, "more values than a frame may hold").at("block");
  }
  return {};
}

Status Decoder::place_sets() {
  s_.sets.clear();
  s_.spelled.clear();
  batch_.index_ends.resize(count_);
  batch_.bits_ends.resize(count_);
  std::uint64_t indices = 0, bits = 0;
  std::size_t next_dims = 0, next_size = 0, next_repeat = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    const std::uint8_t kind = s_.kinds[i];
    const Operation op = operation_of(kind);
    const std::uint64_t dims = is_full(op) && !partial(i) ? s_.dims[next_dims++] : 0;
    if (has_set(kind)) {
      Place set{form_of(kind), op == Operation::sparse || partial(i), 0, 0, 0};
      if (set.form == Form::repeat) {
        const std::uint64_t which = s_.repeats[next_repeat++];
        if (which >= s_.spelled.size()) {
          return corrupt(present(Column::twins) ? Column::twins : Column::repeats, "no such set");
        }
        set.twin = s_.spelled[present(Column::twins) ? which : s_.spelled.size() - 1 - static_cast<std::size_t>(which)];
        set.size = s_.sets[set.twin].size;
      } else {
        set.size = s_.sizes[next_size++];
        if (is_spelled(set.form)) s_.spelled.push_back(s_.sets.size());
      }
      if (!set.sparse && set.size > dims) return corrupt(Column::sizes, "more non-zeros than dims");
      std::uint64_t& next = set.sparse ? indices : nonzeros_;
      set.at = next;
      next += set.size;
      listed_ += set.size;
      bits += set.sparse ? set.size : dims;
      s_.sets.push_back(set);
    } else if (is_full(op)) {
      bits += dims;
    } else {
      bits += static_cast<std::uint64_t>(parameter_count(op));
    }
    const std::uint64_t before = i == 0 ? 0 : batch_.index_ends[i - 1] + batch_.bits_ends[i - 1];
    largest_ = std::max(largest_, 16 + 4 * (indices + bits - before));
    batch_.index_ends[i] = indices;
    batch_.bits_ends[i] = bits;
  }
  return {};
}

Status Decoder::read_metadata() {
  batch_.metadata_ends.assign(count_, 0);
  if (!wanted_.metadata || !present(Column::metadata)) {
    if (present(Column::metadata_sizes) != present(Column::metadata)) return corrupt(Column::metadata, "missing");
    return {};
  }
  DELTA_OK(read_numbers_of(Column::metadata_sizes, count_, s_.numbers));
  const Entry& e = entry(Column::metadata);
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    if (s_.numbers[i] > kMaxMetadataBytes) return corrupt(Column::metadata_sizes, "too long");
    batch_.metadata_ends[i] = total += s_.numbers[i];
  }
  if (total != e.size.raw) return corrupt(Column::metadata_sizes, "another total length");
  batch_.metadata.resize(static_cast<std::size_t>(total));
  const std::span<Byte> to(reinterpret_cast<Byte*>(batch_.metadata.data()), batch_.metadata.size());
  return read_bytes(e.size.coder, e.stored, to, name_of(Column::metadata));
}

Status Decoder::read_sets() {
  DELTA_OK(read_bytes_of(Column::gaps, 3 * listed_, s_.gaps));
  DELTA_OK(read_bytes_of(Column::run_skips, 3 * listed_, s_.run_skips));
  DELTA_OK(read_bytes_of(Column::run_lengths, 3 * listed_, s_.run_lengths));
  DELTA_OK(read_bytes_of(Column::bitmaps, std::uint64_t{kMostDims / 8} * sized_, s_.bitmaps));
  SetReader reader(s_.gaps, s_.run_skips, s_.run_lengths, s_.bitmaps);
  for (const Place& set : s_.sets) {
    if (set.form == Form::repeat) {
      std::copy_n(begin_of(s_.sets[set.twin]), set.size, begin_of(set));
    } else {
      DELTA_OK(reader.read(set.form, {begin_of(set), static_cast<std::size_t>(set.size)}));
    }
  }
  return reader.finish();
}

Status Decoder::read_values() {
  const auto size = [](std::uint64_t n) { return static_cast<std::size_t>(n); };
  batch_.indices.resize(size(batch_.index_ends.back()));
  batch_.bits.resize(size(batch_.bits_ends.back()));
  s_.nonzeros.resize(size(nonzeros_));
  DELTA_OK(read_sets());
  count_values();
  // A block of one kind of values needs no scattering.
  const bool alone = copies_ == 0, all_full = alone && full_ == batch_.bits.size();
  const bool all_picked = alone && picked_ == batch_.bits.size() && nonzeros_ == 0;
  s_.full.resize(all_full ? 0 : size(full_));
  s_.picked.resize(all_picked ? 0 : size(picked_));
  s_.parameters.resize(size(parameters_));
  DELTA_OK(read_words_of(Column::full_values, all_full ? std::span(batch_.bits) : std::span(s_.full), s_.full_groups));
  DELTA_OK(read_words_of(Column::picked_values, all_picked && !all_full ? std::span(batch_.bits) : std::span(s_.picked),
                         s_.picked_groups));
  DELTA_OK(read_words_of(Column::parameters, s_.parameters, {}));
  DELTA_OK(read_related());
  if (all_full || all_picked) return {};
  return scatter();
}

/// How many values stand in which column, and of the words how many of each delta.
void Decoder::count_values() {
  s_.full_groups.clear();
  s_.picked_groups.clear();
  if (follows_) s_.known.clear();
  std::size_t next_relation = 0, next_set = 0;
  const auto pick = [&](std::uint64_t n) {
    picked_ += n;
    if (n > 0) s_.picked_groups.push_back(n);
  };
  for (std::size_t i = 0; i < count_; ++i) {
    const Place* place = has_set(s_.kinds[i]) ? &s_.sets[next_set++] : nullptr;
    if (follows_) s_.known.follow(batch_.vectors[i]);
    if (!is_assignment(batch_.ops[i])) continue;
    const std::size_t values = values_of(i);
    switch (static_cast<Relation>(s_.relations[next_relation++])) {
      case Relation::plain:
        if (place) {
          pick(place->size);
        } else if (values > 0) {
          full_ += values;
          s_.full_groups.push_back(values);
        }
        break;
      case Relation::steps: {
        std::uint64_t unknown = 0;
        for (std::size_t v = 0; v < values && !knows_row(i, values); ++v) unknown += !s_.known.has(dim_of(i, v));
        steps_ += values - unknown;
        pick(unknown);
        break;
      }
      case Relation::repeated:
        ++copies_;
        break;
      default:
        ++factors_;
    }
    if (!follows_) continue;
    if (!indexed(i)) s_.known.know_row(values);
    for (std::size_t v = 0; v < values && indexed(i); ++v) s_.known.set(dim_of(i, v), 0);
  }
}

Status Decoder::read_related() {
  s_.factors.resize(static_cast<std::size_t>(factors_));
  DELTA_OK(read_words_of(Column::factors, s_.factors, {}));
  DELTA_OK(read_numbers_of(Column::copies, static_cast<std::size_t>(copies_), s_.copies));
  DELTA_OK(expect(Column::value_steps, static_cast<std::size_t>(steps_)));
  if (steps_ == 0) return {};
  const Entry& e = entry(Column::value_steps);
  return s_.steps.open({e.size.coder, e.size.raw}, e.stored, static_cast<std::size_t>(steps_),
                       name_of(Column::value_steps));
}

/// Values from their columns to their deltas.
Status Decoder::scatter() {
  s_.assignments.clear();
  if (follows_) s_.known.clear();
  std::size_t begin = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    const auto end = static_cast<std::size_t>(batch_.bits_ends[i]);
    const std::span<std::uint32_t> to(batch_.bits.data() + begin, end - begin);
    if (follows_) s_.known.follow(batch_.vectors[i]);
    if (is_assignment(batch_.ops[i])) {
      DELTA_OK(place_values(i, static_cast<Relation>(s_.relations[s_.assignments.size()]), to));
      s_.assignments.push_back(i);
    } else {
      std::copy_n(s_.parameters.data() + next_parameter_, to.size(), to.data());
      next_parameter_ += to.size();
    }
    if (follows_) learn(i, to);
    begin = end;
  }
  return steps_ > 0 ? s_.steps.finish() : Status{};
}

Status Decoder::place_values(std::size_t i, Relation relation, std::span<std::uint32_t> to) {
  const Place* set = has_set(s_.kinds[i]) ? &s_.sets[next_set_++] : nullptr;
  if (relation == Relation::repeated) return repeat_values(to);
  if (relation != Relation::plain) return derive_values(i, relation, to);
  if (set) return place_set(*set, to);
  std::copy_n(s_.full.data() + next_full_, to.size(), to.data());
  next_full_ += to.size();
  return {};
}

Status Decoder::place_set(const Place& set, std::span<std::uint32_t> to) {
  const std::uint32_t* picked = s_.picked.data() + next_picked_;
  next_picked_ += static_cast<std::size_t>(set.size);
  if (set.sparse) return std::copy_n(picked, to.size(), to.data()), Status{};
  std::fill(to.begin(), to.end(), 0);
  const Indices places(begin_of(set), static_cast<std::size_t>(set.size));
  if (!places.empty() && places.back() >= to.size()) return corrupt(Column::dims, "a non-zero beyond the dims");
  for (std::size_t k = 0; k < places.size(); ++k) to[places[k]] = picked[k];
  return {};
}

Status Decoder::repeat_values(std::span<std::uint32_t> to) {
  const std::uint64_t back = s_.copies[next_copy_++];
  if (back >= s_.assignments.size()) return corrupt(Column::copies, "no such delta");
  const std::size_t twin = s_.assignments[s_.assignments.size() - 1 - static_cast<std::size_t>(back)];
  if (values_of(twin) != to.size()) return corrupt(Column::copies, "of another number of values");
  std::copy_n(batch_.bits.data() + (static_cast<std::size_t>(batch_.bits_ends[twin]) - to.size()), to.size(),
              to.data());
  return {};
}

Status Decoder::derive_values(std::size_t i, Relation relation, std::span<std::uint32_t> to) {
  const std::uint32_t parameter = relation == Relation::steps ? 0 : s_.factors[next_factor_++];
  std::uint64_t overflows = 0;
  if (relation == Relation::steps && knows_row(i, to.size())) {
    for (std::size_t v = 0; v < to.size(); ++v) to[v] = s_.steps.next(s_.known.at(static_cast<std::uint32_t>(v)));
    return {};
  }
  for (std::size_t v = 0; v < to.size(); ++v) {
    const std::uint32_t dim = dim_of(i, v);
    if (!s_.known.has(dim)) {
      if (relation != Relation::steps) return corrupt(Column::relations, "of values that are not known");
      to[v] = s_.picked[next_picked_++];
    } else if (relation == Relation::steps) {
      to[v] = s_.steps.next(s_.known.at(dim));
    } else if (relation == Relation::scaled) {
      to[v] = scaled(s_.known.at(dim), value_of(parameter), overflows);
    } else {
      to[v] = shifted(s_.known.at(dim), value_of(parameter), overflows);
    }
  }
  return {};
}

void Decoder::learn(std::size_t i, std::span<const std::uint32_t> values) {
  if (!is_assignment(batch_.ops[i])) return s_.known.transform(batch_.ops[i], values);
  if (!indexed(i)) return s_.known.set_row(values);
  for (std::size_t v = 0; v < values.size(); ++v) s_.known.set(dim_of(i, v), values[v]);
}

/// A payload in one frame: what it holds has all columns raw.
Result<ByteView> unwrapped(ByteView payload, Buffer& room) {
  const Byte *at = payload.data() + 1, *end = payload.data() + payload.size();
  std::uint64_t size = 0;
  if (!get_varint(at, end, size) || size == 0 || size > kMaxBlockBytes) {
    return directory_error("bad length of the whole");
  }
  room.resize(static_cast<std::size_t>(size));
  DELTA_OK(read_bytes(static_cast<std::uint8_t>(Coder::zstd), {at, end}, room, "whole"));
  if (room[0] == 0) return directory_error("a whole in a whole");
  return ByteView(room);
}

}  // namespace

Status decode_block(ByteView payload, Layout layout, std::uint32_t count, std::uint32_t vectors, Wanted wanted,
                    DeltaBatch& batch) {
  batch.clear();
  Decoder decoder(layout, count, vectors, bounds_of_block(payload.size()), wanted, batch);
  const bool whole = !payload.empty() && payload[0] == 0;
  const auto columns = whole ? unwrapped(payload, decode_scratch().inner) : Result<ByteView>(payload);
  const Status status = columns ? decoder.run(*columns) : Status(columns.error());
  if (decoder.rows() > kKeepBytes || decode_scratch().inner.size() > kKeepBytes) {
    decode_scratch() = {};
    release_scratch();
  }
  if (!status) {
    batch.clear();
    return status;
  }
  if (layout == Layout::fresh) {
    batch.commits.assign(count, 0);
    batch.seqs.assign(count, 0);
  }
  return {};
}

}  // namespace delta::codec
