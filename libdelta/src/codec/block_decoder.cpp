// A DATA payload back to a batch of deltas.
//
// Constraints: a reader that wants positions only must not pay for values, and hostile bytes must neither crash nor
// inflate. So every count is known before the column that it sizes is decoded (kinds give the number of times, dims and
// sizes; these give the number of indices and values), and the bytes as rows are bounded before anything is allocated
// for them. Scratch lives as long as its thread.
#include "codec/block_decoder.hpp"

#include <algorithm>
#include <numeric>

#include "base/thread_scratch.hpp"
#include "codec/block_rows.hpp"

namespace delta::codec {
namespace {

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

Status Decoder::run(ByteView payload) {
  if (count_ == 0 || count_ > most_.count) return error(ErrorCode::corrupt, "bad number of deltas").at("block");
  DELTA_OK(each_column(payload, [this](const Entry& entry) { return take(entry); }));
  DELTA_OK(read_lost());
  DELTA_OK(read_kinds());
  DELTA_OK(read_relations());
  DELTA_OK(read_vectors());
  const auto wanted = [this](SegmentVector vector) { return wanted_.wants(vector); };
  if (std::ranges::none_of(batch_.vectors, wanted)) wanted_.values = wanted_.metadata = false;
  DELTA_OK(layout_ == Layout::fresh ? read_times() : read_rows());
  const bool by_vector = layout_ == Layout::fresh && follows_;
  if (by_vector) stand_by_vector();
  DELTA_OK(read_shapes());
  DELTA_OK(read_metadata());
  if (wanted_.values) DELTA_OK(read_values());
  if (by_vector) stand_by_commit();
  return {};
}

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
    batch_.vectors[i] = nth<SegmentVector>(vector);
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
  const std::uint64_t most = unit == 0 ? 0 : kMaxMicros / unit;
  std::uint64_t common = 0;
  for (std::size_t i = 1; i < count_; ++i) {
    const std::uint64_t step = unit == 0 ? 0 : s_.numbers[i - 1], magnitude = (step >> 1) + (step & 1);
    if (magnitude > most) {
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
  for (std::size_t i = 0; i < count_; ++i) batch_.vectors[i] = nth<SegmentVector>(s_.order[i] >> 32);
}

/// Back to the order of commits.
void Decoder::stand_by_commit() {
  SegmentBatch& from = s_.by_vector;
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

Status Decoder::run_rows(ByteView payload) {
  if (count_ == 0 || count_ > most_.count) return error(ErrorCode::corrupt, "bad number of deltas").at("block");
  DELTA_OK(each_column(payload, [this](const Entry& entry) { return take(entry); }));
  DELTA_OK(read_vectors());
  return read_row_numbers();
}

Status Decoder::read_rows() {
  for (const Column column : {Column::clock, Column::steps, Column::ticks}) DELTA_OK(expect(column, 0));
  DELTA_OK(read_row_numbers());
  DELTA_OK(read_lags());
  return read_places();
}

Status Decoder::read_row_numbers() {
  DELTA_OK(read_numbers_of(Column::rows, count_, s_.numbers));
  batch_.commits.resize(count_);
  ExpectedRow expected;
  for (std::size_t i = 0; i < count_; ++i) {
    const std::uint64_t row = index(expected(batch_.vectors[i])) + static_cast<std::uint64_t>(unzigzag(s_.numbers[i]));
    if (row > 0xffffffff) return corrupt(Column::rows, "beyond 32 bits");
    batch_.commits[i] = nth<RowNo>(row);
    expected.note(batch_.vectors[i], batch_.commits[i]);
  }
  return {};
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
  ExpectedPlace& expected = s_.expected_place;
  expected.clear();
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
  const std::uint64_t most = ~std::uint64_t{0} / unit;
  std::uint64_t common = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    const SegmentVector vector = batch_.vectors[i];
    const RowNo row = batch_.commits[i];
    // Wraps rather than overflows; whatever comes out is checked.
    const std::uint64_t lag =
        steps ? expected(vector, row) + static_cast<std::uint64_t>(unzigzag(s_.numbers[i + 1])) : s_.numbers[i + 1];
    if (lag > most) return corrupt(column, "beyond 64 bits");
    batch_.times[i] = Timestamp{lag * unit};
    expected.note(vector, row, lag);
    if (common != 1) common = std::gcd(common, lag);
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

Status decode_block(ByteView payload, Layout layout, std::uint32_t count, std::uint32_t vectors, Wanted wanted,
                    SegmentBatch& batch) {
  batch.clear();
  Decoder decoder(layout, count, vectors, bounds_of_block(payload.size()), wanted, batch, decode_scratch());
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
    batch.commits.assign(count, RowNo{});
    batch.seqs.assign(count, 0);
  }
  return {};
}

Result<std::span<const RowNo>> decode_rows(ByteView payload, std::uint32_t count, std::uint32_t vectors) {
  DecodeScratch& scratch = decode_scratch();
  SegmentBatch& batch = scratch.by_vector;
  batch.clear();
  Decoder decoder(Layout::packed, count, vectors, bounds_of_block(payload.size()), {}, batch, scratch);
  const bool whole = !payload.empty() && payload[0] == 0;
  const auto columns = whole ? unwrapped(payload, scratch.inner) : Result<ByteView>(payload);
  if (!columns) return columns.error();
  DELTA_OK(decoder.run_rows(*columns));
  return std::span<const RowNo>(batch.commits);
}

}  // namespace delta::codec
