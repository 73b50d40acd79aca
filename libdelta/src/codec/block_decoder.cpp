// A DATA payload back to a batch of deltas.
//
// Constraints: a reader that wants positions only must not pay for values, and hostile bytes must neither crash nor
// inflate. So every count is known before the column that it sizes is decoded (kinds give the number of times, dims and
// sizes; these give the number of indices and values), and the bytes as rows are bounded before anything is allocated
// for them. Scratch lives as long as its thread.
#include <algorithm>
#include <array>
#include <numeric>

#include "codec/block.hpp"
#include "codec/coder.hpp"
#include "codec/columns.hpp"
#include "codec/index_sets.hpp"

namespace delta::codec {
namespace {

Error corrupt(Column column, std::string message) {
  return column_error(ErrorCode::corrupt, name_of(column), std::move(message));
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
  Buffer kinds, gaps, run_skips, run_lengths, bitmaps;
  std::vector<std::uint64_t> numbers, sizes, repeats, dims;
  std::vector<std::uint32_t> full, picked, parameters, nonzeros;
};

DecodeScratch& decode_scratch() {
  thread_local DecodeScratch instance;
  return instance;
}

class Decoder {
 public:
  Decoder(Layout layout, std::uint32_t count, std::uint32_t vectors, Wanted wanted, ChangeBatch& batch)
      : layout_(layout), count_(count), vectors_(vectors), wanted_(wanted), batch_(batch), s_(decode_scratch()) {}

  Status run(ByteView payload) {
    DELTA_OK(each_column(payload, [this](const Entry& entry) { return take(entry); }));
    DELTA_OK(read_lost());
    DELTA_OK(read_kinds());
    DELTA_OK(read_vectors());
    DELTA_OK(layout_ == Layout::fresh ? read_times() : read_rows());
    DELTA_OK(read_shapes());
    DELTA_OK(read_metadata());
    return wanted_.values ? read_values() : Status{};
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
  Status read_words_of(Column column, std::span<std::uint32_t> to) {
    DELTA_OK(expect(column, to.size()));
    if (to.empty()) return {};
    const Entry& e = entry(column);
    return read_words({e.size.coder, e.size.raw}, e.stored, to, name_of(column));
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
  Status read_vectors();
  Status read_times();
  Status read_rows();
  Status read_places();
  Status read_lags();
  bool partial(std::size_t i) const { return (batch_.lost[i] & pruned::values) != 0; }
  Status read_shapes();
  Status place_sets();
  Status read_metadata();
  Status read_values();
  Status read_sets();
  Status scatter();

  std::uint32_t* begin_of(const Place& place) {
    return (place.sparse ? batch_.indices.data() : s_.nonzeros.data()) + place.at;
  }

  Layout layout_;
  std::uint32_t count_, vectors_;
  Wanted wanted_;
  ChangeBatch& batch_;
  DecodeScratch& s_;
  std::array<Entry, kColumns> columns_{};
  std::uint64_t rows_ = 0;
  std::size_t sized_ = 0, repeats_ = 0, dims_ = 0;  // deltas with a set of its own, with a repeat, with dims
  std::uint64_t full_ = 0, picked_ = 0, parameters_ = 0, nonzeros_ = 0;  // elements of the value columns
};

Status Decoder::read_lost() {
  if (count_ == 0 || count_ > kMaxBlockBytes / 16) return error(ErrorCode::corrupt, "bad number of deltas").at("block");
  batch_.lost.assign(count_, 0);
  if (!present(Column::lost)) return {};
  if (layout_ == Layout::fresh) return corrupt(Column::lost, "a pruned delta in a fresh segment");
  if (entry(Column::lost).size.raw != count_) return corrupt(Column::lost, "another number of deltas");
  DELTA_OK(read_bytes_of(Column::lost, count_, batch_.lost));
  if (std::all_of(batch_.lost.begin(), batch_.lost.end(), [](Byte b) { return b == 0; })) return corrupt(Column::lost, "all zero");
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
    if (op < Operation::create || op > Operation::remove) return corrupt(Column::kinds, "unknown operation");
    if (kind >> 4 >= kForms || (!is_assignment(op) && kind >> 4 != 0)) return corrupt(Column::kinds, "unknown form");
    batch_.ops[i] = op;
    const std::uint8_t lost = batch_.lost[i];
    if ((lost & ~pruned::all) != 0) return corrupt(Column::lost, "unknown bits");
    if (((lost & (pruned::values | pruned::settled)) != 0 && !is_assignment(op)) || ((lost & pruned::mark) != 0 && op != Operation::create)) {
      return corrupt(Column::lost, "not of this operation");
    }
    if (is_full(op) && partial(i) && !has_set(kind)) return corrupt(Column::kinds, "values lost and none listed");
    if (is_full(op) && !partial(i)) ++dims_;
    if (has_set(kind)) ++(form_of(kind) == Form::repeat ? repeats_ : sized_);
    if (!is_assignment(op)) parameters_ += static_cast<std::uint64_t>(parameter_count(op));
  }
  return {};
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
    if (vector >= vectors_)
      return corrupt(steps ? Column::vector_steps : Column::vectors, "ordinal beyond the segment's");
    batch_.vectors[i] = static_cast<std::uint32_t>(vector);
    expected = vector + 1;
  }
  return {};
}

Status Decoder::read_times() {
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
    batch_.times[i].hlc |= s_.numbers[i], any |= s_.numbers[i];
  }
  return any != 0 ? Status{} : corrupt(Column::ticks, "all zero");
}

Status Decoder::read_rows() {
  for (const Column column : {Column::clock, Column::steps, Column::ticks}) DELTA_OK(expect(column, 0));
  DELTA_OK(read_numbers_of(Column::rows, count_, s_.numbers));
  batch_.commits.resize(count_);
  Expectation expected;
  for (std::size_t i = 0; i < count_; ++i) {
    const std::uint64_t row = expected.row(batch_.vectors[i]) + static_cast<std::uint64_t>(unzigzag(s_.numbers[i]));
    if (row > 0xffffffff) return corrupt(Column::rows, "beyond 32 bits");
    batch_.commits[i] = static_cast<std::uint32_t>(row);
    expected.note_row(batch_.vectors[i], batch_.commits[i]);
  }
  DELTA_OK(read_places());
  return read_lags();
}

Status Decoder::read_places() {
  batch_.seqs.resize(count_);
  s_.numbers.assign(count_, 0);
  if (present(Column::places)) {
    DELTA_OK(read_numbers_of(Column::places, count_, s_.numbers));
    if (std::all_of(s_.numbers.begin(), s_.numbers.end(), [](std::uint64_t n) { return n == 0; })) return corrupt(Column::places, "all zero");
  }
  Expectation expected;
  for (std::size_t i = 0; i < count_; ++i) {
    batch_.seqs[i] = expected.place(batch_.commits[i]) + static_cast<std::uint64_t>(unzigzag(s_.numbers[i]));
    if (batch_.seqs[i] >> 62 != 0) return corrupt(Column::places, "beyond 62 bits");
    expected.note_place(batch_.commits[i], batch_.seqs[i]);
  }
  return {};
}

Status Decoder::read_lags() {
  batch_.times.assign(count_, Timestamp{});
  if (!present(Column::lags)) return {};
  DELTA_OK(read_numbers_of(Column::lags, std::size_t{count_} + 1, s_.numbers));
  const std::uint64_t unit = s_.numbers[0];
  std::uint64_t common = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    const std::uint64_t lag = s_.numbers[i + 1];
    if (lag != 0 && unit > ~std::uint64_t{0} / lag) return corrupt(Column::lags, "beyond 64 bits");
    batch_.times[i] = Timestamp{lag * unit};
    common = std::gcd(common, lag);
  }
  return common == 1 && unit != 0 ? Status{} : corrupt(Column::lags, "the unit is not the largest");
}

/// From kinds, dims, sizes and repeats: how many indices and values each delta has, bounded.
Status Decoder::read_shapes() {
  DELTA_OK(read_numbers_of(Column::dims, dims_, s_.dims));
  DELTA_OK(read_numbers_of(Column::sizes, sized_, s_.sizes));
  DELTA_OK(read_numbers_of(Column::repeats, repeats_, s_.repeats));
  for (const std::uint64_t d : s_.dims) {
    if (d > kMaxDims) return corrupt(Column::dims, "too many");
  }
  for (const std::uint64_t k : s_.sizes) {
    if (k > kMaxDims) return corrupt(Column::sizes, "too many");
  }
  DELTA_OK(place_sets());
  rows_ = 16 * std::uint64_t{count_} + 4 * (batch_.index_ends.back() + batch_.bits_ends.back()) +
          entry(Column::metadata).size.raw;
  if (rows_ > kMaxBlockBytes) return error(ErrorCode::corrupt, "more values than a frame may hold").at("block");
  return {};
}

Status Decoder::place_sets() {
  s_.sets.clear(), s_.spelled.clear();
  batch_.index_ends.resize(count_), batch_.bits_ends.resize(count_);
  std::uint64_t indices = 0, bits = 0;
  std::size_t next_dims = 0, next_size = 0, next_repeat = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    const std::uint8_t kind = s_.kinds[i];
    const Operation op = operation_of(kind);
    const std::uint64_t dims = is_full(op) && !partial(i) ? s_.dims[next_dims++] : 0;
    if (has_set(kind)) {
      Place set{form_of(kind), op == Operation::sparse || partial(i), 0, 0, 0};
      if (set.form == Form::repeat) {
        const std::uint64_t back = s_.repeats[next_repeat++];
        if (back >= s_.spelled.size()) return corrupt(Column::repeats, "no such set");
        set.twin = s_.spelled[s_.spelled.size() - 1 - static_cast<std::size_t>(back)];
        set.size = s_.sets[set.twin].size;
      } else {
        set.size = s_.sizes[next_size++];
        if (is_spelled(set.form)) s_.spelled.push_back(s_.sets.size());
      }
      if (!set.sparse && set.size > dims) return corrupt(Column::sizes, "more non-zeros than dims");
      std::uint64_t& next = set.sparse ? indices : nonzeros_;
      set.at = next, next += set.size;
      picked_ += set.size;
      bits += set.sparse ? set.size : dims;
      s_.sets.push_back(set);
    } else if (is_full(op)) {
      bits += dims, full_ += dims;
    } else {
      bits += static_cast<std::uint64_t>(parameter_count(op));
    }
    batch_.index_ends[i] = indices, batch_.bits_ends[i] = bits;
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
  DELTA_OK(read_bytes_of(Column::gaps, 3 * picked_, s_.gaps));
  DELTA_OK(read_bytes_of(Column::run_skips, 3 * picked_, s_.run_skips));
  DELTA_OK(read_bytes_of(Column::run_lengths, 3 * picked_, s_.run_lengths));
  DELTA_OK(read_bytes_of(Column::bitmaps, std::uint64_t{kMaxDims / 8} * sized_, s_.bitmaps));
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
  // A block of one kind of values needs no scattering.
  const bool all_full = full_ == batch_.bits.size(), all_picked = picked_ == batch_.bits.size() && nonzeros_ == 0;
  s_.full.resize(all_full ? 0 : size(full_));
  s_.picked.resize(all_picked ? 0 : size(picked_));
  s_.parameters.resize(size(parameters_));
  DELTA_OK(read_words_of(Column::full_values, all_full ? std::span(batch_.bits) : std::span(s_.full)));
  DELTA_OK(
      read_words_of(Column::picked_values, all_picked && !all_full ? std::span(batch_.bits) : std::span(s_.picked)));
  DELTA_OK(read_words_of(Column::parameters, s_.parameters));
  if (all_full || all_picked) return {};
  return scatter();
}

/// Values from their columns to their deltas.
Status Decoder::scatter() {
  const std::uint32_t *full = s_.full.data(), *picked = s_.picked.data(), *parameters = s_.parameters.data();
  std::size_t begin = 0, next_set = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    const std::uint8_t kind = s_.kinds[i];
    const auto end = static_cast<std::size_t>(batch_.bits_ends[i]);
    const std::span<std::uint32_t> to(batch_.bits.data() + begin, end - begin);
    begin = end;
    if (!has_set(kind)) {
      const std::uint32_t*& from = is_full(operation_of(kind)) ? full : parameters;
      std::copy_n(from, to.size(), to.data());
      from += to.size();
      continue;
    }
    const Place& set = s_.sets[next_set++];
    if (set.sparse) {
      std::copy_n(picked, to.size(), to.data());
    } else {
      std::fill(to.begin(), to.end(), 0);
      const Indices places(begin_of(set), static_cast<std::size_t>(set.size));
      if (!places.empty() && places.back() >= to.size()) return corrupt(Column::dims, "a non-zero beyond the dims");
      for (std::size_t k = 0; k < places.size(); ++k) to[places[k]] = picked[k];
    }
    picked += set.size;
  }
  return {};
}

}  // namespace

Status decode_block(ByteView payload, Layout layout, std::uint32_t count, std::uint32_t vectors, Wanted wanted, ChangeBatch& batch) {
  batch.clear();
  Decoder decoder(layout, count, vectors, wanted, batch);
  const Status status = decoder.run(payload);
  if (decoder.rows() > kKeepBytes) decode_scratch() = {}, release_scratch();
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
