// Blocks as packed segments hold them, for the codec's tests: the deltas of a vector one after the other, whole or in
// part.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "base/transform.hpp"
#include "codec/block.hpp"
#include "codec/block_rows.hpp"
#include "unit/codec/codec_batches.hpp"

namespace delta::test {

using Row = std::vector<std::uint32_t>;

inline float uniform(Random& random) { return static_cast<float>(below(random, 1 << 24)) / (1 << 24); }
inline float gauss(Random& random) {
  float sum = -6;
  for (int i = 0; i < 12; ++i) sum += uniform(random);
  return sum;
}
inline Row gaussian(Random& random, std::size_t n, float sigma) {
  Row row(n);
  for (auto& w : row) w = word(gauss(random) * sigma);
  return row;
}

/// How the next values of a vector come from those before.
enum class Course : int { noise, proportional, scaled, shifted, counted, rounded, anew, special, kinds };

inline Row next_row(Random& random, const Row& from, Course kind) {
  Row to = from;
  const float f = 0.5f + uniform(random), a = gauss(random);
  for (auto& w : to) {
    const float x = value_of(w), g = gauss(random);
    std::uint64_t o = 0;
    switch (kind) {
      case Course::noise:
        w = word(x + g * 1e-3f);
        break;
      case Course::proportional:
        w = word(x * (1 + g * 1e-4f));
        break;
      case Course::scaled:
        w = delta::scaled(w, f, o);
        break;
      case Course::shifted:
        w = delta::shifted(w, a, o);
        break;
      case Course::counted:
        w = word(x + static_cast<float>(below(random, 5) == 0 ? below(random, 3) : 0));
        break;
      case Course::rounded:
        w = word(std::nearbyint(x) + static_cast<float>(below(random, 3)));
        break;
      case Course::anew:
        w = random_bits(random, 0);
        break;
      default:
        w = below(random, 8) == 0 ? random_bits(random, 4 + static_cast<int>(below(random, 2))) : w;
    }
  }
  return to;
}

/// Deltas with rows, places and lags in the order in which they are put.
class PackedBlock {
 public:
  explicit PackedBlock(std::uint32_t first_vector = 0) : vector_(first_vector) {}

  PackedBlock& next_vector() { return ++vector_, row_ = 0, *this; }
  PackedBlock& put(Operation op, const Row& bits, const Row& indices = {}, std::uint8_t lost = 0) {
    SegmentDelta c;
    c.vector = delta::SegmentVector{vector_};
    c.op = op;
    c.bits = bits;
    c.indices = indices;
    c.lost = lost;
    c.commit = RowNo{row_++};
    batch.add(c);
    return *this;
  }
  std::uint32_t vectors() const { return vector_ + 1; }

  SegmentBatch batch;

 private:
  std::uint32_t vector_, row_ = 0;
};

inline Buffer packed(const SegmentBatch& batch, Preset preset = Preset::balanced) {
  Buffer out;
  codec::encode_block(batch, codec::Layout::packed, preset, out);
  return out;
}

inline bool same_packed(const SegmentBatch& a, const SegmentBatch& b) {
  return same(a, b) && a.commits == b.commits && a.seqs == b.seqs && a.lost == b.lost;
}

/// Bytes of the balanced payload.
inline std::size_t require_packed(const SegmentBatch& batch, std::uint32_t vectors, bool maximum = false) {
  std::size_t bytes = 0;
  for (const Preset preset : {Preset::fastest, Preset::maximum, Preset::balanced}) {
    if (preset == Preset::maximum && !maximum) continue;  // slow
    const Buffer payload = packed(batch, preset);
    SegmentBatch back;
    const Status status = codec::decode_block(payload, codec::Layout::packed, static_cast<std::uint32_t>(batch.size()),
                                              vectors, {}, back);
    if (!status) FAIL(status.error().text());
    REQUIRE(same_packed(batch, back));
    REQUIRE(reads_in_part(batch, payload, codec::Layout::packed, vectors));
    const auto rows = codec::decode_rows(payload, static_cast<std::uint32_t>(batch.size()), vectors);
    REQUIRE(rows);
    REQUIRE(std::ranges::equal(*rows, batch.commits));
    bytes = payload.size();
  }
  return bytes;
}

inline bool has_column(ByteView payload, std::string_view name) {
  const auto columns = codec::block_columns(payload);
  REQUIRE(columns);
  return std::ranges::any_of(*columns,
                             [&](const codec::ColumnSize& c) { return codec::column_name(c.column) == name; });
}

/// Vectors in rising order, each with a chain of deltas whose values come from those before, transforms between, some
/// in part.
inline SegmentBatch random_packed(Random& random, std::uint32_t vectors) {
  SegmentBatch batch;
  const auto dims = static_cast<std::uint32_t>(1 + below(random, 120));
  const bool lossy = below(random, 2) == 0, tidy = below(random, 3) == 0;
  const auto kinds = static_cast<std::uint64_t>(Course::kinds);
  const auto only = static_cast<Course>(below(random, kinds));
  std::vector<Row> payloads;
  for (std::uint32_t v = 0; v < vectors; v += 1 + static_cast<std::uint32_t>(below(random, 2))) {
    Row state = below(random, 3) == 0 ? Row(dims, 0) : random_values(random, dims);
    if (tidy && only == Course::rounded) {
      std::ranges::generate(state, [&] { return word(static_cast<float>(below(random, 90))); });
    }
    for (std::uint64_t n = 1 + below(random, 9); n > 0; --n) {
      SegmentDelta c;
      Row set, bits;
      c.vector = delta::SegmentVector{v};
      c.op = static_cast<Operation>(1 + below(random, below(random, 2) == 0 ? 3 : 9));
      c.commit = nth<RowNo>(below(random, 1000));
      c.seq = below(random, 1u << 20);
      c.time = Timestamp{below(random, 3) * 4096000};
      if (!is_assignment(c.op)) {
        bits = random_values(random, static_cast<std::size_t>(parameter_count(c.op)));
        if (below(random, 2) == 0 && !bits.empty()) bits[0] = word(0.9f);
        std::uint64_t o = 0;
        transform_row(state, c.op, bits, o);
      } else {
        if (lossy && below(random, 3) == 0) c.lost = static_cast<std::uint8_t>(below(random, 16));
        if (c.op != Operation::create) c.lost &= static_cast<std::uint8_t>(~pruned::mark);
        state = next_row(random, state, tidy ? only : static_cast<Course>(below(random, kinds)));
        if (!payloads.empty() && below(random, 5) == 0) state = payloads[below(random, payloads.size())];
        payloads.push_back(state);
        const bool listed = c.op == Operation::sparse || (c.lost & pruned::values) != 0;
        if (listed) set = random_set(random, dims);
        if (!listed) bits = state;
        for (const std::uint32_t d : set) bits.push_back(state[d]);
      }
      c.indices = set;
      c.bits = bits;
      batch.add(c);
    }
  }
  return batch;
}

}  // namespace delta::test
