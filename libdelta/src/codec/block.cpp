// A DATA payload: a directory of columns, then their bytes. formats/spec/dlog-1.md has the byte tables.
//
// Constraints: a block decodes alone; a reader that wants positions only must not pay for values; a log of single
// deltas must not pay for columns that it does not use, so an absent column is an empty one; hostile bytes must neither
// crash nor inflate. Therefore every count is known before the column that it sizes is decoded (kinds give the number
// of times, dims and sizes; these give the number of indices and values), and the row bytes of a block are bounded by
// kMaxFrameBytes before anything is allocated for them. Scratch lives as long as its thread: no allocation per block.
#include "codec/block.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <numeric>

#include "codec/coder.hpp"
#include "codec/index_sets.hpp"
#include "codec/varint.hpp"
#include "support/limits.hpp"

namespace delta::codec {

/// All of them are critical. The order is that of the payload.
enum class Column : std::uint8_t {
  kinds = 0x81,         ///< operation, and form of the index set times 16
  vectors = 0x82,       ///< ordinals; or
  vector_steps = 0x83,  ///< zigzag of their differences less 1
  clock = 0x84,         ///< the first microsecond; the unit of the steps
  steps = 0x85,         ///< zigzag of the differences of microseconds, in units
  ticks = 0x86,         ///< counters of the clock
  dims = 0x87,          ///< values of creates and dense updates
  sizes = 0x88,         ///< indices of each set but repeats
  gaps = 0x89,
  run_skips = 0x8a,
  run_lengths = 0x8b,
  bitmaps = 0x8c,
  repeats = 0x8d,
  full_values = 0x8e,    ///< of creates and dense updates without an index set
  picked_values = 0x8f,  ///< one for each index of a set
  parameters = 0x90,     ///< of transforms
  metadata_sizes = 0x91,
  metadata = 0x92,
};

namespace {

constexpr std::uint8_t kFirstColumn = 0x81;
constexpr std::size_t kColumns = 18;
constexpr std::uint8_t kCritical = 0x80;
constexpr std::size_t kMaxBlockBytes = kMaxFrameBytes;
constexpr std::uint64_t kKeepBytes = 8 << 20;  // rows of a block whose scratch a thread keeps; usual ones have 256 KiB

constexpr std::array<std::string_view, kColumns> kColumnNames = {
    "kinds",   "vectors",     "vector steps",  "clock",      "steps",          "ticks",
    "dims",    "sizes",       "gaps",          "run skips",  "run lengths",    "bitmaps",
    "repeats", "full values", "picked values", "parameters", "metadata sizes", "metadata"};

constexpr std::size_t slot_of(Column column) { return static_cast<std::uint8_t>(column) - kFirstColumn; }
std::string_view name_of(Column column) { return kColumnNames[slot_of(column)]; }
Error corrupt(Column column, std::string message) {
  return column_error(ErrorCode::corrupt, name_of(column), std::move(message));
}
Error bad_directory(std::string message) { return error(ErrorCode::corrupt, std::move(message)).at("block directory"); }

constexpr Operation operation_of(std::uint8_t kind) { return static_cast<Operation>(kind & 15); }
constexpr Form form_of(std::uint8_t kind) { return static_cast<Form>(kind >> 4); }
constexpr bool is_full(Operation op) { return op == Operation::create || op == Operation::dense; }
/// Whether a kind stands for values at the places of an index set.
constexpr bool has_set(std::uint8_t kind) {
  return operation_of(kind) == Operation::sparse || (is_full(operation_of(kind)) && form_of(kind) != Form::all);
}

// --- encoding

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
  std::vector<std::uint64_t> numbers, dims;
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
    if (is_full(batch.ops[i])) most += batch[i].bits.size();
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
    if (change.op == Operation::sparse) {
      const SetWriter::Choice choice = s.sets.choose(change.indices, false);
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

// --- the directory

struct Entry {
  ColumnSize size;
  ByteView stored;
};

/// Calls use(entry) for each column, after checking all that can be checked without knowing the column.
template <class Use>
Status each_column(ByteView payload, Use&& use) {
  const Byte *at = payload.data(), *end = at + payload.size();
  std::uint64_t columns = 0, total = 0;
  if (!get_varint(at, end, columns) || columns > 127) return bad_directory("bad number of columns");
  std::array<ColumnSize, 127> entries;
  int last = 0;
  for (std::uint64_t i = 0; i < columns; ++i) {
    ColumnSize& e = entries[static_cast<std::size_t>(i)];
    if (end - at < 2) return bad_directory("cut off");
    e.column = *at++, e.coder = *at++;
    const int number = e.column & ~kCritical;
    if (number <= last) return bad_directory("columns out of order");
    last = number;
    if (!get_varint(at, end, e.raw) || e.raw == 0 || e.raw > kMaxBlockBytes) return bad_directory("bad raw length");
    e.stored = e.raw;
    if (e.coder != static_cast<std::uint8_t>(Coder::raw) && !get_varint(at, end, e.stored)) {
      return bad_directory("bad stored length");
    }
    if (e.stored > kMaxBlockBytes) return bad_directory("bad stored length");
    total += e.stored;
  }
  if (total != static_cast<std::uint64_t>(end - at)) return bad_directory("columns of another total length");
  for (std::uint64_t i = 0; i < columns; ++i) {
    const ColumnSize& e = entries[static_cast<std::size_t>(i)];
    DELTA_OK(use(Entry{e, {at, static_cast<std::size_t>(e.stored)}}));
    at += e.stored;
  }
  return {};
}

// --- decoding

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
  Decoder(std::uint32_t count, std::uint32_t vectors, Wanted wanted, ChangeBatch& batch)
      : count_(count), vectors_(vectors), wanted_(wanted), batch_(batch), s_(decode_scratch()) {}

  Status run(ByteView payload) {
    DELTA_OK(each_column(payload, [this](const Entry& entry) { return take(entry); }));
    DELTA_OK(read_kinds());
    DELTA_OK(read_vectors());
    DELTA_OK(read_times());
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

  Status read_kinds();
  Status read_vectors();
  Status read_times();
  Status read_shapes();
  Status place_sets();
  Status read_metadata();
  Status read_values();
  Status read_sets();
  Status scatter();

  std::uint32_t* begin_of(const Place& place) {
    return (place.sparse ? batch_.indices.data() : s_.nonzeros.data()) + place.at;
  }

  std::uint32_t count_, vectors_;
  Wanted wanted_;
  ChangeBatch& batch_;
  DecodeScratch& s_;
  std::array<Entry, kColumns> columns_{};
  std::uint64_t rows_ = 0;
  std::size_t sized_ = 0, repeats_ = 0, dims_ = 0;  // deltas with a set of its own, with a repeat, with dims
  std::uint64_t full_ = 0, picked_ = 0, parameters_ = 0, nonzeros_ = 0;  // elements of the value columns
};

Status Decoder::read_kinds() {
  if (count_ == 0 || count_ > kMaxBlockBytes / 16) return error(ErrorCode::corrupt, "bad number of deltas").at("block");
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
    if (is_full(op)) ++dims_;
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
    const std::uint64_t dims = is_full(op) ? s_.dims[next_dims++] : 0;
    if (has_set(kind)) {
      Place set{form_of(kind), op == Operation::sparse, 0, 0, 0};
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

void encode_block(const ChangeBatch& batch, Preset preset, Buffer& out) {
  DELTA_CHECK(!batch.empty() && batch.row_bytes() <= kMaxBlockBytes);
  EncodeScratch& s = encode_scratch();
  const Effort effort = effort_of(preset);
  s.assembly.clear();
  gather(batch, s);
  s.assembly.bytes(Column::kinds, s.kinds, effort);
  encode_vectors(batch, effort, s);
  encode_times(batch, effort, s);
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
  s.assembly.write(out);
  if (batch.row_bytes() > kKeepBytes) s = {}, release_scratch();
}

Status decode_block(ByteView payload, std::uint32_t count, std::uint32_t vectors, Wanted wanted, ChangeBatch& batch) {
  batch.clear();
  Decoder decoder(count, vectors, wanted, batch);
  const Status status = decoder.run(payload);
  if (decoder.rows() > kKeepBytes) decode_scratch() = {}, release_scratch();
  if (!status) {
    batch.clear();
    return status;
  }
  batch.commits.assign(count, 0);
  batch.seqs.assign(count, 0);
  return {};
}

Result<std::vector<ColumnSize>> block_columns(ByteView payload) {
  std::vector<ColumnSize> columns;
  DELTA_OK(each_column(payload, [&](const Entry& entry) -> Status { return columns.push_back(entry.size), Status{}; }));
  return columns;
}

std::string_view column_name(std::uint8_t column) {
  return column >= kFirstColumn && column < kFirstColumn + kColumns ? kColumnNames[column - kFirstColumn] : "unknown";
}

std::string_view coder_name(std::uint8_t coder) {
  static constexpr std::array<std::string_view, 5> names = {"raw", "constant", "zstd", "planes", "table"};
  static constexpr std::array<std::string_view, 3> transposed = {"zstd, transposed", "planes, transposed",
                                                                 "table, transposed"};
  if (coder < names.size()) return names[coder];
  const std::size_t t = static_cast<std::size_t>(coder) - kTransposed - static_cast<std::size_t>(Coder::zstd);
  return t < transposed.size() ? transposed[t] : "unknown";
}

}  // namespace delta::codec
