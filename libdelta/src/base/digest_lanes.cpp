// The vector types of g++ and clang: one text for all widths, which the compiler turns into the instructions of each
// target. Functions that take vectors take references and are always inlined: by value they would have a calling
// convention of their own for each target.
#include "base/digest_lanes.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "base/copy_short.hpp"
#include "delta/error.hpp"

#define DELTA_INLINE [[gnu::always_inline]] inline

namespace delta {
namespace {

constexpr std::size_t kBlock = kDigestBlock, kWords = 16;
constexpr std::uint64_t kStart[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
                                     0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
constexpr std::uint8_t kOrder[12][kWords] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3}};

// Not by a size that depends on N: g++ 12 forgets such an attribute.
template <int N>
struct VectorOf;
template <>
struct VectorOf<2> {
  typedef std::uint64_t Type __attribute__((vector_size(16)));
};
template <>
struct VectorOf<4> {
  typedef std::uint64_t Type __attribute__((vector_size(32)));
};
template <>
struct VectorOf<8> {
  typedef std::uint64_t Type __attribute__((vector_size(64)));
};

template <int N>
struct Lanes {
  using Vector = typename VectorOf<N>::Type;

  Vector h[8];          // the states
  Vector counts, ends;  // of the blocks that are next: bytes up to their end, and all ones in the last of a message
  const Byte* blocks[N];

  template <int By>
  DELTA_INLINE static void xor_rotate(Vector& a, const Vector& b) {
    a ^= b;
    a = (a >> By) | (a << (64 - By));
  }
  DELTA_INLINE static void mix(Vector& a, Vector& b, Vector& c, Vector& d, const Vector& x, const Vector& y) {
    a += b + x;
    xor_rotate<32>(d, a);
    c += d;
    xor_rotate<24>(b, c);
    a += b + y;
    xor_rotate<16>(d, a);
    c += d;
    xor_rotate<63>(b, c);
  }

  /// Swaps, of two rows whose numbers differ by D alone, the elements that a transposition moves from one to the other.
  template <int D, int... I>
  DELTA_INLINE static void swap_halves(Vector& a, Vector& b, std::integer_sequence<int, I...>) {
    const Vector first = __builtin_shufflevector(a, b, ((I & D) != 0 ? N + (I ^ D) : I)...);
    b = __builtin_shufflevector(a, b, ((I & D) != 0 ? N + I : (I ^ D))...);
    a = first;
  }
  template <int D>
  DELTA_INLINE static void transpose(Vector* rows) {
    for (int row = 0; row < N; ++row) {
      if ((row & D) == 0) swap_halves<D>(rows[row], rows[row | D], std::make_integer_sequence<int, N>());
    }
    if constexpr (2 * D < N) transpose<2 * D>(rows);
  }

  /// The compression function F of RFC 7693, 3.2, in each lane.
  DELTA_INLINE void compress() {
    Vector m[kWords], v[kWords];
    for (std::size_t part = 0; part < kWords; part += N) {
      for (std::size_t lane = 0; lane < N; ++lane) {
        std::memcpy(&m[part + lane], blocks[lane] + 8 * part, sizeof(Vector));
      }
      transpose<1>(&m[part]);
    }
    for (std::size_t i = 0; i < 8; ++i) v[i] = h[i], v[8 + i] = kStart[i] - Vector{};
    v[12] ^= counts;
    v[14] ^= ends;
#pragma GCC unroll 12
    for (const auto& order : kOrder) {
      mix(v[0], v[4], v[8], v[12], m[order[0]], m[order[1]]);
      mix(v[1], v[5], v[9], v[13], m[order[2]], m[order[3]]);
      mix(v[2], v[6], v[10], v[14], m[order[4]], m[order[5]]);
      mix(v[3], v[7], v[11], v[15], m[order[6]], m[order[7]]);
      mix(v[0], v[5], v[10], v[15], m[order[8]], m[order[9]]);
      mix(v[1], v[6], v[11], v[12], m[order[10]], m[order[11]]);
      mix(v[2], v[7], v[8], v[13], m[order[12]], m[order[13]]);
      mix(v[3], v[4], v[9], v[14], m[order[14]], m[order[15]]);
    }
    for (std::size_t i = 0; i < 8; ++i) h[i] ^= v[i] ^ v[8 + i];
  }
};

[[gnu::noinline]] void compress(Lanes<2>& lanes) { lanes.compress(); }
#ifdef __x86_64__
[[gnu::target("avx2"), gnu::noinline]] void compress(Lanes<4>& lanes) { lanes.compress(); }
[[gnu::target("avx512f"), gnu::noinline]] void compress(Lanes<8>& lanes) { lanes.compress(); }
#endif

/// What becomes of the lanes: messages in, hashes out. Those of one block need no more than a place in a row of lanes;
/// of longer ones each lane takes the next when its own has ended.
template <int N>
class Feeder {
 public:
  Feeder(std::span<const Byte, 16> personal, std::span<const ByteView> messages, std::span<Hash> hashes, Behind behind)
      : messages_(messages), hashes_(hashes), behind_(behind) {
    std::ranges::copy(kStart, start_.begin());
    start_[0] ^= std::tuple_size_v<Hash> | 1 << 16 | 1 << 24;  // digest length, fanout, depth
    std::uint64_t words[2];
    std::memcpy(words, personal.data(), sizeof words);
    start_[6] ^= words[0];
    start_[7] ^= words[1];
  }

  void run() {
    run_short();
    for (int lane = 0; lane < N; ++lane) begin(lane);
    while (busy_ > 0) {
      for (int lane = 0; lane < N; ++lane) offer_block(lane);
      compress(lanes_);
      for (int lane = 0; lane < N; ++lane) {
        if (at_[lane].message == kNone || lanes_.ends[lane] == 0) continue;
        take(lane, at_[lane].message);
        --busy_;
        begin(lane);
      }
    }
  }

 private:
  static constexpr std::size_t kNone = ~std::size_t{0};
  struct Place {
    std::size_t message = kNone, done = 0;
    std::array<Byte, kBlock> padded{};
  };

  /// All messages of one block.
  void run_short() {
    std::array<std::size_t, N> chosen{};
    int count = 0;
    for (std::size_t i = 0; i < messages_.size(); ++i) {
      if (messages_[i].size() > kBlock) {
        long_.push_back(i);
        continue;
      }
      chosen[count++] = i;
      if (count == N) run_row(chosen, std::exchange(count, 0));
    }
    if (count > 0) run_row(chosen, count);
  }
  void run_row(const std::array<std::size_t, N>& chosen, int count) {
    using Vector = typename Lanes<N>::Vector;
    for (std::size_t i = 0; i < 8; ++i) lanes_.h[i] = start_[i] - Vector{};
    lanes_.ends = ~Vector{};
    for (int lane = 0; lane < N; ++lane) {
      const ByteView message = messages_[chosen[lane < count ? lane : 0]];
      lanes_.counts[lane] = message.size();
      lanes_.blocks[lane] = block_of(message, at_[lane].padded);
    }
    compress(lanes_);
    for (int lane = 0; lane < count; ++lane) take(lane, chosen[lane]);
  }

  /// At most a block, and zeros behind it.
  const Byte* block_of(ByteView bytes, std::array<Byte, kBlock>& room) const {
    if (bytes.size() == kBlock || (behind_ == Behind::zeros && !bytes.empty())) return bytes.data();
    room.fill(0);
    copy_short(room.data(), bytes.data(), bytes.size());
    return room.data();
  }

  void begin(int lane) {
    at_[lane].message = next_ < long_.size() ? long_[next_++] : kNone;
    at_[lane].done = 0;
    busy_ += at_[lane].message != kNone;
    for (std::size_t i = 0; i < 8; ++i) lanes_.h[i][lane] = start_[i];
  }

  /// The block that follows what is done; one without a message has some block.
  void offer_block(int lane) {
    Place& at = at_[lane];
    lanes_.blocks[lane] = at.padded.data();
    if (at.message == kNone) return;
    const ByteView rest = messages_[at.message].subspan(at.done);
    const std::size_t size = std::min(rest.size(), kBlock);
    lanes_.counts[lane] = at.done += size;
    lanes_.ends[lane] = size == rest.size() ? ~std::uint64_t{0} : 0;
    lanes_.blocks[lane] = block_of(rest.first(size), at.padded);
  }

  void take(int lane, std::size_t message) {
    std::uint64_t words[4];
    for (std::size_t i = 0; i < 4; ++i) words[i] = lanes_.h[i][lane];
    static_assert(sizeof words == sizeof(Hash));
    std::memcpy(hashes_[message].data(), words, sizeof words);
  }

  std::span<const ByteView> messages_;
  std::span<Hash> hashes_;
  Behind behind_;
  std::vector<std::size_t> long_;  // messages of more than a block
  std::array<std::uint64_t, 8> start_{};
  Lanes<N> lanes_{};
  std::array<Place, N> at_;
  std::size_t next_ = 0;  // of the long ones
  int busy_ = 0;
};

}  // namespace

LaneSet widest_lanes() {
#ifdef __x86_64__
  static const LaneSet widest = __builtin_cpu_supports("avx512f") ? LaneSet::eight
                                : __builtin_cpu_supports("avx2")  ? LaneSet::four
                                                                  : LaneSet::two;
  return widest;
#else
  return LaneSet::two;
#endif
}

void digest_in_lanes(LaneSet lanes, std::span<const Byte, 16> personal, std::span<const ByteView> messages,
                     std::span<Hash> hashes, Behind behind) {
  DELTA_CHECK(messages.size() == hashes.size());
  switch (lanes) {
#ifdef __x86_64__
    case LaneSet::eight:
      return Feeder<8>(personal, messages, hashes, behind).run();
    case LaneSet::four:
      return Feeder<4>(personal, messages, hashes, behind).run();
#else
    case LaneSet::eight:
    case LaneSet::four:
#endif
    case LaneSet::two:
      return Feeder<2>(personal, messages, hashes, behind).run();
  }
}

}  // namespace delta
