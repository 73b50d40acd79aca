// Hashing a delta is on the path of every encode and every verify, so the canonical bytes are shaped by BLAKE2b's block
// of 128 bytes: a typical sparse delta costs one block for its values, and its head with the two inner hashes fits in
// one or two. And messages of one kind are hashed many at a time: the values of a block's deltas, their heads, the
// nodes of one level of a tree.
#include "model/canonical.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <iterator>
#include <string>

#include "base/digest.hpp"
#include "base/varint.hpp"

namespace delta::model {
namespace {

static_assert(std::endian::native == std::endian::little, "values are hashed as they stand in memory");

constexpr std::size_t kHashBytes = std::tuple_size_v<Hash>;

ByteView bytes_of_values(std::span<const std::uint32_t> bits) {
  return {reinterpret_cast<const Byte*>(bits.data()), bits.size_bytes()};
}

// Writes behind the first `begin` bytes of a buffer, and makes room there for `room` more: that much cannot overflow
// it.
class Writer {
 public:
  Writer(Buffer& buffer, std::size_t begin, std::size_t room) {
    if (buffer.size() < begin + room) buffer.resize((begin + room) * 3 / 2);
    buffer_ = buffer.data();
    at_ = buffer_ + begin;
  }
  void u8(std::uint8_t v) { *at_++ = v; }
  void u32(std::uint32_t v) { fixed(v, 4); }
  void u64(std::uint64_t v) { fixed(v, 8); }
  void varint(std::uint64_t v) { at_ = write_varint(at_, v); }
  void raw(ByteView bytes) {
    if (!bytes.empty()) std::memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
  }
  void text(std::string_view s) {
    varint(s.size());
    raw(bytes_of(s));
  }
  void skip(std::size_t bytes) { at_ += bytes; }
  std::size_t end() const { return static_cast<std::size_t>(at_ - buffer_); }

 private:
  void fixed(std::uint64_t v, int n) {
    for (int i = 0; i < n; ++i) u8(static_cast<std::uint8_t>(v >> (8 * i)));
  }
  Byte* buffer_;
  Byte* at_;
};

constexpr std::size_t kMaxVarint = 10;
constexpr std::size_t text_room(std::string_view s) { return s.size() + kMaxVarint; }

void put_indices(Writer& out, std::span<const std::uint32_t> indices) {
  out.varint(indices.size());
  std::uint32_t next = 0;  // the least that the next index can be
  for (const std::uint32_t index : indices) {
    DELTA_CHECK(index >= next);
    out.varint(index - next);
    next = index + 1;
  }
}

constexpr std::string_view kNode = "dlog1 node";

Hash node_hash(const Hash& left, const Hash& right) {
  std::array<Byte, 2 * kHashBytes> both;
  std::ranges::copy(right, std::ranges::copy(left, both.begin()).out);
  return digest(kNode, both);
}

constexpr std::size_t kGroup =
    32;  // leaves: few enough to wait for, and enough to fill the lanes of most levels above them

// The root of a full tree of 2^k leaves, at most a group.
Hash full_root(std::span<const Hash> leaves) {
  std::array<Hash, kGroup> nodes;
  std::array<Hash, kGroup / 2> above;
  std::array<ByteView, kGroup / 2> pairs;
  std::ranges::copy(leaves, nodes.begin());
  for (std::size_t n = leaves.size() / 2; n > 0; n /= 2) {
    for (std::size_t i = 0; i < n; ++i) pairs[i] = {nodes[2 * i].data(), 2 * kHashBytes};
    digests(kNode, std::span(pairs).first(n), std::span(above).first(n));
    std::copy_n(above.begin(), n, nodes.begin());
  }
  return nodes[0];
}

// The parents in order of origin name; a copy only when the caller's order is another.
std::vector<Dot> sorted_parents(const Catalog& catalog, const DotsOf<OriginNo>& parents) {
  std::vector<Dot> sorted(parents.begin(), parents.end());
  std::ranges::sort(sorted, [&](const Dot& a, const Dot& b) {
    return a.origin != b.origin ? catalog.origin(a.origin) < catalog.origin(b.origin) : a.seq < b.seq;
  });
  return sorted;
}

}  // namespace

void LeafHasher::add(const LeafNames& names, const DeltaContent& delta) {
  Writer out(heads_, ends_.empty() ? 0 : ends_.back(),
             21 + text_room(names.origin) + text_room(names.name_space) + text_room(names.id) + kMaxVarint +
                 5 * delta.indices.size() + 2 * kHashBytes);
  out.u64(delta.seq);
  out.u64(delta.time.hlc);
  out.u32(names.dims);
  out.u8(static_cast<std::uint8_t>(delta.op));
  out.text(names.origin);
  out.text(names.name_space);
  out.text(names.id);
  put_indices(out, delta.indices);
  out.skip(2 * kHashBytes);
  ends_.push_back(out.end());
  metadata_.push_back(bytes_of(delta.metadata));
  values_.push_back(bytes_of_values(delta.bits));
}

void LeafHasher::add_unknown() {
  ends_.push_back(ends_.empty() ? 0 : ends_.back());
  metadata_.emplace_back();
  values_.emplace_back();
}

bool LeafHasher::known(std::size_t i) const { return ends_[i] > (i == 0 ? 0 : ends_[i - 1]); }

// The hashes of `parts`, many of which may be empty, go into the heads: to so many bytes before their ends.
void LeafHasher::put_inner(std::string_view domain, const std::vector<ByteView>& parts, std::size_t before_end) {
  const Hash of_none = digest(domain, {});
  std::vector<ByteView> some;
  std::ranges::copy_if(parts, std::back_inserter(some), [](ByteView part) { return !part.empty(); });
  std::vector<Hash> hashes(some.size());
  digests(domain, some, hashes);
  auto next = hashes.begin();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (known(i)) std::ranges::copy(parts[i].empty() ? of_none : *next++, heads_.data() + ends_[i] - before_end);
  }
}

void LeafHasher::finish(std::vector<Hash>& leaves) && {
  if (ends_.empty()) return;
  put_inner("dlog1 metadata", metadata_, 2 * kHashBytes);
  put_inner("dlog1 values", values_, kHashBytes);
  std::vector<ByteView> heads;
  for (std::size_t i = 0; i < ends_.size(); ++i) {
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    if (known(i)) heads.push_back(ByteView(heads_).subspan(begin, ends_[i] - begin));
  }
  std::vector<Hash> hashes(heads.size());
  digests("dlog1 leaf", heads, hashes);
  auto next = hashes.begin();
  for (std::size_t i = 0; i < ends_.size(); ++i) leaves.push_back(known(i) ? *next++ : Hash{});
}

Hash leaf_hash(const LeafNames& names, const DeltaContent& delta) {
  std::vector<Hash> leaf;
  LeafHasher hasher;
  hasher.add(names, delta);
  std::move(hasher).finish(leaf);
  return leaf[0];
}

Hash setting_hash(const Catalog& catalog, const CommitView& commit) {
  static constexpr auto kSetting = static_cast<Operation>(kOperations + 1);
  const Delta delta{.op = kSetting, .time = commit.time, .metadata = commit.setting, .seq = commit.first};
  return leaf_hash({.origin = catalog.origin(commit.origin), .name_space = {}, .id = {}, .dims = 0}, delta);
}

void MerkleTree::add(const Hash& leaf) {
  waiting_.push_back(leaf);
  ++size_;
  if (waiting_.size() < kGroup) return;
  peaks_.push_back(full_root(waiting_));
  waiting_.clear();
  for (std::uint64_t full = size_ / kGroup - 1; (full & 1) != 0;
       full >>= 1) {  // one peak a set bit of the groups' number, largest first
    const Hash right = peaks_.back();
    peaks_.pop_back();
    peaks_.back() = node_hash(peaks_.back(), right);
  }
}

Hash MerkleTree::root() const {
  DELTA_CHECK(size_ > 0);  // a commit has a delta
  std::vector<Hash> peaks = peaks_;
  std::span<const Hash> rest = waiting_;
  while (!rest.empty()) {
    const std::size_t full = std::bit_floor(rest.size());
    peaks.push_back(full_root(rest.first(full)));
    rest = rest.subspan(full);
  }
  Hash root = peaks.back();
  for (std::size_t i = peaks.size() - 1; i-- > 0;) root = node_hash(peaks[i], root);
  return root;
}

namespace {

/// Leaves of the left subtree of a tree of n >= 2: the largest power of two below n.
std::uint64_t left_size(std::uint64_t n) { return std::bit_floor(n - 1); }

}  // namespace

template <class Visit>
bool PartialTree::each_gap(Range range, std::span<const std::uint64_t> places, const Visit& visit) {
  const auto [begin, size] = range;
  if (places.empty()) return visit(range);
  if (size == 1) return true;
  const std::uint64_t left = left_size(size);
  const auto middle = static_cast<std::size_t>(std::ranges::lower_bound(places, begin + left) - places.begin());
  return each_gap({begin, left}, places.first(middle), visit) &&
         each_gap({begin + left, size - left}, places.subspan(middle), visit);
}

bool PartialTree::add_copy(std::span<const std::uint64_t> places, std::span<const Hash> nodes) {
  std::size_t next = 0;
  const bool enough = each_gap({0, size_}, places, [&](Range range) {
    if (next == nodes.size()) return false;
    known_.emplace(range, nodes[next++]);
    return true;
  });
  return enough && next == nodes.size();
}

void PartialTree::sort() {
  if (sorted_) return;
  std::ranges::sort(leaves_, {}, &Leaf::place);
  sorted_ = true;
}

std::optional<Hash> PartialTree::hash_of(Range range) const {
  if (const auto known = known_.find(range); known != known_.end()) return known->second;
  const auto [begin, size] = range;
  if (size == 1) {
    const auto leaf = std::ranges::lower_bound(leaves_, begin, {}, &Leaf::place);
    if (leaf == leaves_.end() || leaf->place != begin) return std::nullopt;
    return leaf->hash;
  }
  const std::uint64_t left = left_size(size);
  const auto a = hash_of({begin, left});
  if (!a) return std::nullopt;
  const auto b = hash_of({begin + left, size - left});
  if (!b) return std::nullopt;
  return node_hash(*a, *b);
}

std::optional<Hash> PartialTree::root() {
  sort();
  if (known_.empty()) {
    MerkleTree tree;
    for (const Leaf& leaf : leaves_) {
      if (leaf.place == tree.size()) tree.add(leaf.hash);
    }
    return tree.size() == size_ ? std::optional(tree.root()) : std::nullopt;
  }
  return hash_of({0, size_});
}

std::optional<std::vector<Hash>> PartialTree::nodes(std::span<const std::uint64_t> places) {
  sort();
  std::vector<Hash> nodes;
  const bool known = each_gap({0, size_}, places, [&](Range range) {
    const auto hash = hash_of(range);
    if (hash) nodes.push_back(*hash);
    return hash.has_value();
  });
  if (!known) return std::nullopt;
  return nodes;
}

Hash commit_hash(const Catalog& catalog, const CommitView& commit, const Hash& root, const Hash& previous) {
  DELTA_CHECK(commit.count > 0);
  const std::string_view writer = catalog.origin(commit.origin);
  const std::vector<Dot> parents = sorted_parents(catalog, commit.parents);
  std::size_t room = root.size() + previous.size() + 16 + text_room(writer) + kMaxVarint;
  for (const Dot& parent : parents) room += text_room(catalog.origin(parent.origin)) + 8;
  for (const std::string_view s : {commit.message, commit.tool, commit.source, commit.trace, commit.setting}) {
    room += text_room(s);
  }
  const std::string given = commit.given ? std::to_string(*commit.given) : std::string();
  room += 2 + text_room(commit.properties) + text_room(given);
  Buffer bytes;
  Writer out(bytes, 0, room);
  out.raw(root);
  out.raw(previous);
  out.u64(commit.first);
  out.u64(commit.count);
  out.text(writer);
  out.varint(parents.size());
  for (const Dot& parent : parents) {
    out.text(catalog.origin(parent.origin));
    out.u64(parent.seq);
  }
  out.text(commit.message);
  out.text(commit.tool);
  out.text(commit.source);
  out.text(commit.trace);
  out.text(commit.setting);
  // What is not there leaves no trace, so that a commit of an earlier version has the hash that it had.
  const auto optional = [&out](std::uint8_t tag, std::string_view text) {
    if (!text.empty()) {
      out.u8(tag);
      out.text(text);
    }
  };
  optional(1, commit.properties);
  optional(2, given);
  return digest("dlog1 commit", ByteView(bytes).first(out.end()));
}

}  // namespace delta::model
