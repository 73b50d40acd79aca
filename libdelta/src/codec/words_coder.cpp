// Columns of float32 bits. Two kinds of data meet here and want opposite things:
//   - continuous values (embeddings): 24 of 32 bits are noise that nothing shrinks. The word rotated left by one puts
//     the exponent in one byte; that plane is Huffman coded, the other three are stored: 26.6 bits a float against
//     a bound of 26.5, at the speed of memory.
//   - discrete values (counts, decimals, quantised floats): few distinct words, in patterns. Whole multiples of a step,
//   a table
//     with a byte or two for each element, or zstd over the words, in row order or transposed, win by large factors.
// Counting distinct words tells them apart. Continuous blocks take the planes and no trials; for discrete ones the
// candidates race over a sample (or, for `maximum`, over everything).
#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

#include "base/thread_scratch.hpp"
#include "base/varint.hpp"
#include "codec/coder.hpp"

namespace delta::codec {
namespace {

constexpr std::size_t kSampleWords = 8 << 10;
constexpr std::size_t kMaxTable = 65536;
static_assert(std::endian::native == std::endian::little, "columns are copied as they stand in memory");

struct Scratch {
  Buffer planes, trial, best;
  std::vector<std::uint32_t> transposed, table, keys, slots, whole;
  std::vector<std::uint64_t> seen, order;
};

DELTA_THREAD_SCRATCH Scratch& scratch() { return thread_scratch<Scratch>(); }

ByteView bytes_of_words(Words words) {
  return {reinterpret_cast<const Byte*>(words.data()), words.size() * sizeof(std::uint32_t)};
}

// --- planes

void split(const std::uint32_t* words, std::size_t n, Byte* p0, Byte* p1, Byte* p2, Byte* p3) {
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t w = std::rotl(words[i], 1);
    p0[i] = static_cast<Byte>(w);
    p1[i] = static_cast<Byte>(w >> 8);
    p2[i] = static_cast<Byte>(w >> 16);
    p3[i] = static_cast<Byte>(w >> 24);
  }
}

void join(const Byte* p0, const Byte* p1, const Byte* p2, const Byte* p3, std::size_t n, std::uint32_t* words) {
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t w = p0[i] | std::uint32_t{p1[i]} << 8 | std::uint32_t{p2[i]} << 16 | std::uint32_t{p3[i]} << 24;
    words[i] = std::rotr(w, 1);
  }
}

void append_planes(Words words, Effort effort, Buffer& out) {
  const std::size_t n = words.size();
  Buffer& planes = scratch().planes;
  planes.resize(4 * n);
  Byte* p = planes.data();
  split(words.data(), n, p, p + n, p + 2 * n, p + 3 * n);
  for (int k = 0; k < 4; ++k, p += n) append_part({p, n}, effort, out);
}

/// The planes of n words, of which those in `ranges` are joined.
Status read_planes(ByteView& stored, std::size_t n, std::span<const WordRange> ranges, std::span<std::uint32_t> words,
                   std::string_view what) {
  Buffer& room = scratch().planes;
  room.resize(4 * n);
  const Byte* planes[4];
  for (std::size_t k = 0; k < 4; ++k) {
    DELTA_TRY(const ByteView plane, read_part(stored, {room.data() + k * n, n}, what));
    planes[k] = plane.data();
  }
  std::uint32_t* to = words.data();
  for (const auto& [begin, end] : ranges) {
    join(planes[0] + begin, planes[1] + begin, planes[2] + begin, planes[3] + begin, end - begin, to);
    to += end - begin;
  }
  return {};
}

// --- table

std::uint32_t hash(std::uint32_t word, int bits) { return (word * 0x9E3779B1u) >> (32 - bits); }

/// The distinct words in rising order into scratch().table, and the place of each element into scratch().keys.
/// False if there are too many to pay.
bool make_table(Words words) {
  Scratch& s = scratch();
  const std::size_t most = std::min(kMaxTable, words.size() / 2 + 1);
  const int bits = static_cast<int>(std::bit_width(most)) + 1;
  s.slots.assign(std::size_t{1} << bits, 0);  // place in order of first use + 1
  s.table.clear();
  s.keys.resize(words.size());
  const std::size_t mask = s.slots.size() - 1;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::size_t at = hash(words[i], bits);
    while (s.slots[at] != 0 && s.table[s.slots[at] - 1] != words[i]) at = (at + 1) & mask;
    if (s.slots[at] == 0) {
      if (s.table.size() == most) return false;
      s.table.push_back(words[i]);
      s.slots[at] = static_cast<std::uint32_t>(s.table.size());
    }
    s.keys[i] = s.slots[at] - 1;
  }
  // Rank of each, by sorting (word, first place) pairs.
  auto& order = s.order;
  order.clear();
  for (std::size_t i = 0; i < s.table.size(); ++i) order.push_back(std::uint64_t{s.table[i]} << 32 | i);
  std::sort(order.begin(), order.end());
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    s.table[rank] = static_cast<std::uint32_t>(order[rank] >> 32);
    s.slots[order[rank] & 0xffffffff] = static_cast<std::uint32_t>(rank);
  }
  for (std::uint32_t& key : s.keys) key = s.slots[key];
  return s.table.size() >= 2;
}

bool append_table(Words words, Effort effort, Buffer& out) {
  if (!make_table(words)) return false;
  Scratch& s = scratch();
  put_varint(out, s.table.size());
  Buffer& raw = s.planes;
  raw.clear();
  for (std::size_t i = 0; i < s.table.size(); ++i) {
    put_varint(raw, i == 0 ? s.table[0] : s.table[i] - s.table[i - 1] - 1);
  }
  put_varint(out, raw.size());
  append_part(raw, effort, out);
  raw.resize(s.keys.size());
  for (int shift = 0; shift < (s.table.size() > 256 ? 16 : 8); shift += 8) {
    for (std::size_t i = 0; i < raw.size(); ++i) raw[i] = static_cast<Byte>(s.keys[i] >> shift);
    append_part(raw, effort, out);
  }
  return true;
}

Status read_table_words(ByteView& stored, std::size_t elements, std::string_view what) {
  Scratch& s = scratch();
  const Byte *at = stored.data(), *end = at + stored.size();
  std::uint64_t size = 0, raw_length = 0;
  if (!get_varint(at, end, size) || !get_varint(at, end, raw_length) || size < 2 || size > kMaxTable ||
      size > elements || raw_length < size || raw_length > 5 * size) {
    return column_error(ErrorCode::corrupt, what, "bad size of a table");
  }
  stored = {at, end};
  s.planes.resize(static_cast<std::size_t>(raw_length));
  DELTA_TRY(const ByteView raw, read_part(stored, s.planes, what));
  s.table.resize(static_cast<std::size_t>(size));
  at = raw.data();
  end = at + raw.size();
  std::uint64_t next = 0, gap = 0;
  for (std::uint32_t& word : s.table) {
    if (!get_varint(at, end, gap) || gap > 0xffffffff || next + gap > 0xffffffff) {
      return column_error(ErrorCode::corrupt, what, "bad word of a table");
    }
    word = static_cast<std::uint32_t>(next + gap);
    next = std::uint64_t{word} + 1;
  }
  if (at != end) return column_error(ErrorCode::corrupt, what, "bytes behind the table");
  return {};
}

/// The words of some ranges of a column of n, one range behind the other. Keys of others are not looked at.
Status read_table(ByteView& stored, std::size_t n, std::span<const WordRange> ranges, std::span<std::uint32_t> words,
                  std::string_view what) {
  DELTA_OK(read_table_words(stored, n, what));
  Scratch& s = scratch();
  s.planes.resize(2 * n);
  DELTA_TRY(const ByteView low, read_part(stored, {s.planes.data(), n}, what));
  ByteView high;
  if (s.table.size() > 256) {
    DELTA_TRY(high, read_part(stored, {s.planes.data() + n, n}, what));
  }
  std::uint32_t largest = 0;
  std::uint32_t* to = words.data();
  for (const auto& [begin, end] : ranges) {
    for (std::size_t i = begin; i < end && high.empty(); ++i) *to++ = low[i];
    for (std::size_t i = begin; i < end && !high.empty(); ++i) *to++ = low[i] | std::uint32_t{high[i]} << 8;
  }
  for (const std::uint32_t key : words) largest = std::max(largest, key);
  if (largest >= s.table.size()) return column_error(ErrorCode::corrupt, what, "a key beyond the table");
  for (std::uint32_t& word : words) word = s.table[word];
  return {};
}

// --- choice

/// The size of all groups, if they are of one; else 0.
std::size_t common_size(Groups groups) {
  for (const std::uint64_t size : groups) {
    if (size != groups[0]) return 0;
  }
  return groups.empty() ? 0 : static_cast<std::size_t>(groups[0]);
}

Words transpose(Words words, std::size_t columns, std::vector<std::uint32_t>& out) {
  out.resize(words.size());
  const std::size_t rows = words.size() / columns;
  std::uint32_t* to = out.data();
  for (std::size_t c = 0; c < columns; ++c) {
    for (std::size_t r = 0; r < rows; ++r) *to++ = words[r * columns + c];
  }
  return out;
}

constexpr std::uint8_t coder_byte(Coder coder, bool transposed) {
  return static_cast<std::uint8_t>(static_cast<std::uint8_t>(coder) | (transposed ? kTransposed : 0));
}

/// Appends `words` by one given coder. False if it does not apply.
bool append_by(std::uint8_t coder, Words words, Groups groups, Effort effort, Buffer& out) {
  if ((coder & kTransposed) != 0) {
    const std::size_t row = common_size(groups);
    if (row < 2 || words.size() < 2 * row || words.size() % row != 0) return false;
    put_varint(out, row);
    words = transpose(words, row, scratch().transposed);
  }
  switch (static_cast<Coder>(coder & ~kTransposed)) {
    case Coder::zstd:
      return append_bytes(bytes_of_words(words), effort, out) == Coder::zstd;
    case Coder::planes:
      return append_planes(words, effort, out), true;
    case Coder::table:
      return append_table(words, effort, out);
    case Coder::lattice:
      return append_lattices(words, groups, effort, out);
    default:
      return false;
  }
}

using Candidates = std::span<const std::uint8_t>;
constexpr std::uint8_t kContinuous[] = {coder_byte(Coder::planes, false), coder_byte(Coder::planes, true)};
constexpr std::uint8_t kDiscrete[] = {coder_byte(Coder::planes, false), coder_byte(Coder::lattice, false),
                                      coder_byte(Coder::table, false),  coder_byte(Coder::zstd, false),
                                      coder_byte(Coder::table, true),   coder_byte(Coder::zstd, true),
                                      coder_byte(Coder::planes, true)};

/// Leaves the smallest coding of `words` in `best`; raw if none is smaller.
std::uint8_t race(Candidates candidates, Words words, Groups groups, Effort effort, Buffer& best) {
  std::uint8_t winner = static_cast<std::uint8_t>(Coder::raw);
  best.clear();
  std::size_t least = words.size() * sizeof(std::uint32_t);
  Buffer& trial = scratch().trial;
  for (const std::uint8_t coder : candidates) {
    trial.clear();
    if (!append_by(coder, words, groups, effort, trial) || trial.size() >= least) continue;
    winner = coder;
    least = trial.size();
    std::swap(best, trial);
  }
  return winner;
}

struct Sample {
  Words words;
  Groups groups;
};

/// The words that speak for all: whole groups from the middle.
Sample sample_of(Words words, Groups groups) {
  if (groups.empty()) return {words.subspan((words.size() - kSampleWords) / 2, kSampleWords), {}};
  std::size_t first = groups.size() / 2, last = first, begin = 0, n = 0;
  for (std::size_t i = 0; i < first; ++i) begin += static_cast<std::size_t>(groups[i]);
  while (n < kSampleWords && (first > 0 || last < groups.size())) {
    if (last < groups.size()) n += static_cast<std::size_t>(groups[last++]);
    if (first > 0) {
      --first;
      n += static_cast<std::size_t>(groups[first]);
      begin -= static_cast<std::size_t>(groups[first]);
    }
  }
  return {words.subspan(begin, n), groups.subspan(first, last - first)};
}

bool all_equal(Words words) {
  return std::memcmp(words.data(), words.data() + 1, (words.size() - 1) * sizeof(std::uint32_t)) == 0;
}

}  // namespace

/// By linear counting in a bitmap.
bool looks_continuous(Words words) {
  if (words.size() < 64) return false;
  auto& seen = scratch().seen;
  const Words sample = words.first(std::min<std::size_t>(words.size(), 1 << 16));
  const int bits = static_cast<int>(std::bit_width(sample.size())) + 2;
  seen.assign((std::size_t{1} << bits) / 64, 0);
  for (const std::uint32_t word : sample) {
    const std::uint32_t h = hash(word, bits);
    seen[h >> 6] |= std::uint64_t{1} << (h & 63);
  }
  std::size_t distinct = 0;
  for (const std::uint64_t w : seen) distinct += static_cast<std::size_t>(std::popcount(w));
  return distinct * 10 >= sample.size() * 8;
}

Coded append_words(Words words, Groups groups, Effort effort, Buffer& out) {
  const std::uint64_t raw = words.size() * sizeof(std::uint32_t);
  const auto plain = [&](ByteView bytes, Coder coder) -> Coded {
    out.insert(out.end(), bytes.begin(), bytes.end());
    return {static_cast<std::uint8_t>(coder), raw};
  };
  if (effort == kStored) return plain(bytes_of_words(words), Coder::raw);
  if (words.size() >= 2 && all_equal(words)) return plain(bytes_of_words(words.first(1)), Coder::constant);
  if (words.size() < 8) return plain(bytes_of_words(words), Coder::raw);

  const std::size_t base = out.size();
  std::uint8_t coder = static_cast<std::uint8_t>(Coder::planes);
  const bool continuous = looks_continuous(words) && !maybe_on_lattices(words, groups);
  if (effort.exhaustive || !continuous) {
    Buffer& best = scratch().best;
    const Sample sample =
        effort.exhaustive || words.size() <= 2 * kSampleWords ? Sample{words, groups} : sample_of(words, groups);
    coder = race(continuous ? Candidates(kContinuous) : Candidates(kDiscrete), sample.words, sample.groups,
                 effort.trial(), best);
    if (sample.words.size() == words.size() && effort == effort.trial()) {
      out.insert(out.end(), best.begin(), best.end());
    }
  }
  if (out.size() == base && !append_by(coder, words, groups, effort, out)) {
    // Nothing helped, or the sample misled: planes always apply.
    out.resize(base);
    coder = static_cast<std::uint8_t>(Coder::planes);
    append_planes(words, effort, out);
  }
  if (out.size() - base < raw) return {coder, raw};
  out.resize(base);
  return plain(bytes_of_words(words), Coder::raw);
}

/// The words of a column that is not transposed, as far as they are stored.
static Status read_in_order(Coder coder, ByteView& stored, std::span<std::uint32_t> to, Groups groups,
                            std::string_view what) {
  const std::size_t n = to.size();
  const WordRange all{0, n};
  switch (coder) {
    case Coder::constant:
      if (stored.size() != 4 || n < 2) return column_error(ErrorCode::corrupt, what, "bad constant");
      std::uint32_t word;
      std::memcpy(&word, stored.data(), 4);
      std::fill(to.begin(), to.end(), word);
      stored = {};
      return {};
    case Coder::planes:
      return read_planes(stored, n, {&all, 1}, to, what);
    case Coder::table:
      return read_table(stored, n, {&all, 1}, to, what);
    case Coder::lattice:
      return read_lattices(stored, to, groups, what);
    default:
      DELTA_OK(read_bytes(static_cast<std::uint8_t>(coder), stored,
                          {reinterpret_cast<Byte*>(to.data()), n * sizeof(std::uint32_t)}, what));
      stored = {};
      return {};
  }
}

Status read_words(Coded coded, ByteView stored, std::span<std::uint32_t> words, Groups groups, std::string_view what) {
  const std::size_t n = words.size();
  if (coded.raw != n * sizeof(std::uint32_t)) return column_error(ErrorCode::corrupt, what, "another number of words");
  const auto base = static_cast<std::uint8_t>(coded.coder & ~kTransposed);
  const bool transposed = base != coded.coder;
  std::uint64_t columns = 0;
  std::span<std::uint32_t> to = words;
  if (transposed) {
    const Byte *at = stored.data(), *end = at + stored.size();
    if (base < static_cast<std::uint8_t>(Coder::zstd) || base > static_cast<std::uint8_t>(Coder::table)) {
      return column_error(ErrorCode::unsupported, what, "unknown coder " + std::to_string(coded.coder));
    }
    if (!get_varint(at, end, columns) || columns < 2 || columns > n / 2 || n % columns != 0) {
      return column_error(ErrorCode::corrupt, what, "bad row length");
    }
    stored = {at, end};
    scratch().transposed.resize(n);
    to = scratch().transposed;
  }
  DELTA_OK(read_in_order(static_cast<Coder>(base), stored, to, groups, what));
  if (!stored.empty()) return column_error(ErrorCode::corrupt, what, "bytes behind the last part");
  if (transposed) {
    const std::size_t rows = n / static_cast<std::size_t>(columns);
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < columns; ++c) words[r * columns + c] = to[c * rows + r];
    }
  }
  return {};
}

Status read_words_in(std::span<const WordRange> ranges, Coded coded, ByteView stored, std::size_t n, Groups groups,
                     std::span<std::uint32_t> words, std::string_view what) {
  const bool planes = coded.coder == static_cast<std::uint8_t>(Coder::planes);
  const bool table = coded.coder == static_cast<std::uint8_t>(Coder::table);
  if ((planes || table) && coded.raw == n * sizeof(std::uint32_t)) {
    DELTA_OK(planes ? read_planes(stored, n, ranges, words, what) : read_table(stored, n, ranges, words, what));
    return stored.empty() ? Status() : column_error(ErrorCode::corrupt, what, "bytes behind the last part");
  }
  auto& whole = scratch().whole;
  whole.resize(n);
  DELTA_OK(read_words(coded, stored, whole, groups, what));
  auto to = words.begin();
  for (const auto& [begin, end] : ranges) to = std::copy(whole.data() + begin, whole.data() + end, to);
  return {};
}

void release_scratch() {
  scratch() = {};
  release_numbers_scratch();
  release_lattice_scratch();
  release_step_scratch();
}

}  // namespace delta::codec
