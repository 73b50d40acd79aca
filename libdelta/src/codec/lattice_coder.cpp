// Columns of float32 values on lattices: whole numbers by their classes. Mostly one lattice holds all; where each
// vector was scaled by itself, each delta has its own.
#include <algorithm>

#include "base/thread_scratch.hpp"
#include "base/varint.hpp"
#include "codec/classes.hpp"
#include "codec/coder.hpp"
#include "codec/lattice.hpp"

namespace delta::codec {
namespace {

struct Scratch {
  Buffer symbols, bits, numbers;
  std::vector<Lattice> lattices;
};

DELTA_THREAD_SCRATCH Scratch& scratch() { return thread_scratch<Scratch>(); }

/// Calls use(words of a group) for each group that has any.
template <class Word, class Use>
void each_group(std::span<Word> words, Groups groups, Use&& use) {
  std::size_t at = 0;
  for (const std::uint64_t size : groups) {
    const auto n = static_cast<std::size_t>(size);
    if (n > 0) use(words.subspan(at, n));
    at += n;
  }
}

std::size_t count_groups(Groups groups) {
  return groups.size() - static_cast<std::size_t>(std::count(groups.begin(), groups.end(), 0u));
}

/// One lattice for all, or one for each group, in scratch().lattices; empty: there are none.
void find_lattices(Words words, Groups groups) {
  auto& found = scratch().lattices;
  found.clear();
  if (const auto one = find_lattice(words)) return found.push_back(*one);
  const std::size_t n = count_groups(groups);
  if (n < 2 || words.size() < 8 * n) return;
  bool all = true;
  each_group(words, groups, [&](Words group) {
    const auto lattice = all ? find_lattice(group) : std::nullopt;
    all = lattice.has_value();
    if (all) found.push_back(*lattice);
  });
  if (!all) found.clear();
}

void append_multiples(Words words, const Lattice& lattice, BitWriter& bits) {
  for (const std::uint32_t word : words) {
    const std::uint32_t z = zigzag32(*multiple_of(lattice, word));
    const Class c = class_of(z);
    scratch().symbols.push_back(c.symbol);
    bits.put(z - class_least(c.symbol), c.bits);
  }
}

/// REQUIRES: checked symbols.
Status read_multiples(const Byte*& symbol, BitReader& bits, const Lattice& lattice, std::span<std::uint32_t> words,
                      std::string_view what) {
  for (std::uint32_t& word : words) {
    const std::int32_t k = unzigzag32(class_least(*symbol) + bits.get(class_bits(*symbol)));
    ++symbol;
    if (std::abs(static_cast<std::int64_t>(k)) >= kMaxMultiple) {
      return column_error(ErrorCode::corrupt, what, "a multiple too large");
    }
    word = std::bit_cast<std::uint32_t>(lattice.value(k));
  }
  return {};
}

Status read_numbers(ByteView& stored, std::size_t groups, std::string_view what) {
  const auto bad = [&] { return column_error(ErrorCode::corrupt, what, "bad lattice"); };
  Scratch& s = scratch();
  s.lattices.clear();
  const Byte *at = stored.data(), *end = at + stored.size();
  std::uint64_t count = 0, length = 0, next = 0;
  if (!get_varint(at, end, count) || (count != 1 && (count != groups || count == 0))) return bad();
  if (!get_varint(at, end, length)) return bad();  // of one the number itself
  stored = {at, end};
  if (count == 1) {
    const auto lattice = Lattice::numbered(length);
    return lattice ? s.lattices.push_back(*lattice), Status{} : bad();
  }
  if (length < count || length > 5 * count) return bad();
  s.numbers.resize(static_cast<std::size_t>(length));
  DELTA_TRY(const ByteView raw, read_part(stored, s.numbers, what));
  at = raw.data();
  end = at + raw.size();
  for (std::uint64_t i = 0; i < count; ++i) {
    std::uint64_t step = 0;
    if (!get_varint(at, end, step)) return bad();
    next += static_cast<std::uint64_t>(unzigzag(step));  // wraps; what comes out is checked
    const auto lattice = Lattice::numbered(next);
    if (!lattice) return bad();
    s.lattices.push_back(*lattice);
  }
  return at == end ? Status{} : bad();
}

}  // namespace

bool maybe_on_lattices(Words words, Groups groups) {
  if (find_lattice(words)) return true;
  if (count_groups(groups) < 2) return false;
  std::size_t tried = 0;
  bool any = true;
  each_group(words, groups, [&](Words group) {
    if (tried++ < 3) any = any && find_lattice(group).has_value();
  });
  return any;
}

bool append_lattices(Words words, Groups groups, Effort effort, Buffer& out) {
  find_lattices(words, groups);
  Scratch& s = scratch();
  if (s.lattices.empty()) return false;
  put_varint(out, s.lattices.size());
  if (s.lattices.size() == 1) {
    put_varint(out, s.lattices[0].number());
  } else {
    s.numbers.clear();
    std::int64_t before = 0;
    for (const Lattice& lattice : s.lattices) {
      put_varint(s.numbers, zigzag(std::int64_t{lattice.number()} - before));
      before = lattice.number();
    }
    put_varint(out, s.numbers.size());
    append_part(s.numbers, effort, out);
  }
  s.symbols.clear();
  s.bits.clear();
  BitWriter bits(s.bits);
  if (s.lattices.size() == 1) {
    append_multiples(words, s.lattices[0], bits);
  } else {
    std::size_t next = 0;
    each_group(words, groups, [&](Words group) { append_multiples(group, s.lattices[next++], bits); });
  }
  bits.finish();
  append_part(s.symbols, effort, out);
  out.insert(out.end(), s.bits.begin(), s.bits.end());
  return true;
}

Status read_lattices(ByteView& stored, std::span<std::uint32_t> words, Groups groups, std::string_view what) {
  DELTA_OK(read_numbers(stored, count_groups(groups), what));
  Scratch& s = scratch();
  s.symbols.resize(words.size());
  DELTA_TRY(const ByteView symbols, read_part(stored, s.symbols, what));
  if (std::any_of(symbols.begin(), symbols.end(), [](Byte b) { return b > kMaxClass; })) {
    return column_error(ErrorCode::corrupt, what, "unknown class");
  }
  BitReader bits(stored);
  const Byte* symbol = symbols.data();
  Status status;
  if (s.lattices.size() == 1) {
    status = read_multiples(symbol, bits, s.lattices[0], words, what);
  } else {
    std::size_t next = 0;
    each_group(words, groups, [&](std::span<std::uint32_t> group) {
      if (status) status = read_multiples(symbol, bits, s.lattices[next++], group, what);
    });
  }
  if (!status) return status;
  if (!bits.finished()) return column_error(ErrorCode::corrupt, what, "bits of another length");
  stored = {};
  return {};
}

void release_lattice_scratch() { scratch() = {}; }

}  // namespace delta::codec
