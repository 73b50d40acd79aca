// Hashing a delta is on the path of every encode and every verify, so the canonical bytes are shaped by BLAKE2b's block
// of 128 bytes: a typical sparse delta costs one block for its values, and its head with the two inner hashes fits in
// one or two. And messages of one kind are hashed many at a time: the values of some hundred deltas, their heads, the
// nodes of one level of a tree. Heads and nodes are written as blocks, with zeros behind them, and hashed in place.
#include "model/canonical.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>

#include "base/copy_short.hpp"
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
    copy_short(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
  }
  void text(std::string_view s) {
    varint(s.size());
    raw(bytes_of(s));
  }
  void skip(std::size_t bytes) { at_ += bytes; }
  void put_zeros_behind() { std::memset(at_, 0, kDigestBlock); }
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

// Leaves of a tree that are hashed together: few enough to wait for, and enough to fill the lanes of most levels.
constexpr std::size_t kGroup = 128;

// A node as it is hashed.
struct Pair {
  Hash left, right;
  std::array<Byte, kDigestBlock - 2 * kHashBytes> zeros;
};
static_assert(sizeof(Pair) == kDigestBlock);

// The root of a full tree of 2^k leaves, at most a group.
Hash full_root(std::span<const Hash> leaves) {
  if (leaves.size() == 1) return leaves[0];
  std::array<Pair, kGroup / 2> pairs;
  std::array<Hash, kGroup / 2> above;
  std::array<ByteView, kGroup / 2> messages;
  for (std::size_t i = 0; i < leaves.size() / 2; ++i) {
    pairs[i].zeros.fill(0);
    messages[i] = {pairs[i].left.data(), 2 * kHashBytes};
  }
  for (std::span<const Hash> level = leaves; level.size() > 1;) {
    const std::size_t n = level.size() / 2;
    for (std::size_t i = 0; i < n; ++i) {
      pairs[i].left = level[2 * i];
      pairs[i].right = level[2 * i + 1];
    }
    digests(kNode, std::span(messages).first(n), std::span(above).first(n), Behind::zeros);
    level = std::span(above).first(n);
  }
  return above[0];
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

constexpr std::string_view kValues = "dlog1 values", kMetadata = "dlog1 metadata";

// Inner hashes of nothing: what most deltas have for their metadata.
struct LeafHasher::Empty {
  Hash values = digest(kValues, {}), metadata = digest(kMetadata, {});

  static const Empty& get() {
    static const Empty empty;
    return empty;
  }
};

LeafHasher::LeafHasher(std::vector<Hash>& leaves) : leaves_(leaves), empty_(Empty::get()) {}

void LeafHasher::add(const LeafNames& names, const DeltaContent& delta) {
  constexpr std::size_t kTogether = 256;  // what is written of so many stays in the cache
  if (places_.size() == kTogether) finish();
  Writer out(heads_, end_,
             21 + text_room(names.origin) + text_room(names.name_space) + text_room(names.id) + kMaxVarint +
                 5 * delta.indices.size() + 2 * kHashBytes + kDigestBlock);
  out.u64(delta.seq);
  out.u64(delta.time.hlc);
  out.u32(names.dims);
  out.u8(static_cast<std::uint8_t>(delta.op));
  out.text(names.origin);
  out.text(names.name_space);
  out.text(names.id);
  put_indices(out, delta.indices);
  const auto put_part = [&](ByteView bytes, const Hash& of_none, std::vector<Part>& parts) {
    if (bytes.empty()) return out.raw(of_none);
    parts.push_back({out.end(), bytes});
    out.skip(kHashBytes);
  };
  put_part(bytes_of(delta.metadata), empty_.metadata, metadata_);
  put_part(bytes_of_values(delta.bits), empty_.values, values_);
  out.put_zeros_behind();
  places_.push_back({end_, out.end() - end_});
  end_ = (out.end() + kDigestBlock - 1) / kDigestBlock * kDigestBlock;
}

void LeafHasher::add_unknown() { places_.emplace_back(); }

// The hashes of the parts go into the heads.
void LeafHasher::put_inner(std::string_view domain, std::vector<Part>& parts) {
  messages_.clear();
  for (const Part& part : parts) messages_.push_back(part.bytes);
  hashes_.resize(parts.size());
  digests(domain, messages_, hashes_);
  for (std::size_t i = 0; i < parts.size(); ++i) std::ranges::copy(hashes_[i], heads_.data() + parts[i].place);
  parts.clear();
}

void LeafHasher::finish() {
  put_inner(kMetadata, metadata_);
  put_inner(kValues, values_);
  messages_.clear();
  for (const auto& [begin, size] : places_) {
    if (size > 0) messages_.push_back(ByteView(heads_).subspan(begin, size));
  }
  const std::size_t first = leaves_.size();
  leaves_.resize(first + places_.size());
  if (messages_.size() == places_.size()) {
    digests("dlog1 leaf", messages_, std::span(leaves_).subspan(first), Behind::zeros);
  } else {
    hashes_.resize(messages_.size());
    digests("dlog1 leaf", messages_, hashes_, Behind::zeros);
    auto next = hashes_.begin();
    for (std::size_t i = 0; i < places_.size(); ++i) {
      if (places_[i].size > 0) leaves_[first + i] = *next++;
    }
  }
  places_.clear();
  end_ = 0;
}

Hash leaf_hash(const LeafNames& names, const DeltaContent& delta) {
  std::vector<Hash> leaf;
  LeafHasher hasher(leaf);
  hasher.add(names, delta);
  hasher.finish();
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

std::size_t PartialTree::gaps(std::uint64_t leaves, std::span<const std::uint64_t> places) {
  std::size_t count = 0;
  each_gap({0, leaves}, places, [&](Range) { return ++count, true; });
  return count;
}

bool PartialTree::add_copy(std::span<const std::uint64_t> places, std::span<const Hash> nodes) {
  std::size_t next = 0;
  const bool enough = each_gap({0, size_}, places, [&](Range range) {
    if (next == nodes.size()) return false;
    Hash& known = known_[range];
    if (known == Hash{}) known = nodes[next];
    ++next;
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
  const auto known = known_.find(range);
  if (known != known_.end() && known->second != Hash{}) return known->second;
  const auto found = hash_below(range);
  return found || known == known_.end() ? found : Hash{};
}

/// From its leaf, or its two halves.
std::optional<Hash> PartialTree::hash_below(Range range) const {
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
  return *a == Hash{} || *b == Hash{} ? Hash{} : node_hash(*a, *b);
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
