// Hashing a delta is on the path of every encode and every verify, so the canonical bytes are shaped by BLAKE2b's block of
// 128 bytes (some 200 ns each): a typical sparse delta costs one block for its values, and its head with the two inner
// hashes fits in one or two. Bytes are gathered in a buffer that the thread keeps; nothing is allocated per delta.
#include "model/canonical.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "support/digest.hpp"
#include "support/varint.hpp"

namespace delta::model {
namespace {

// Appends to a buffer that keeps its room from call to call. reserve() first, then writes that cannot overflow it.
class Writer {
 public:
  explicit Writer(std::size_t room) {
    thread_local Buffer buffer;
    if (buffer.size() < room) buffer.resize(room + room / 2);
    begin_ = at_ = buffer.data();
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
  ByteView bytes() const { return {begin_, at_}; }

 private:
  void fixed(std::uint64_t v, int n) {
    for (int i = 0; i < n; ++i) u8(static_cast<std::uint8_t>(v >> (8 * i)));
  }
  Byte* begin_;
  Byte* at_;
};

constexpr std::size_t kMaxVarint = 10;
constexpr std::size_t text_room(std::string_view s) { return s.size() + kMaxVarint; }

Hash values_hash(std::span<const std::uint32_t> bits) {
  static constexpr std::string_view kDomain = "dlog1 values";
  static const Hash none = digest(kDomain, {});
  if (bits.empty()) return none;
  if constexpr (std::endian::native == std::endian::little) {
    return digest(kDomain, {reinterpret_cast<const Byte*>(bits.data()), bits.size_bytes()});
  }
  Writer out(bits.size_bytes());
  for (const std::uint32_t word : bits) out.u32(word);
  return digest(kDomain, out.bytes());
}

Hash metadata_hash(std::string_view metadata) {
  static constexpr std::string_view kDomain = "dlog1 metadata";
  static const Hash none = digest(kDomain, {});
  return metadata.empty() ? none : digest(kDomain, bytes_of(metadata));
}

void put_indices(Writer& out, std::span<const std::uint32_t> indices) {
  out.varint(indices.size());
  std::uint32_t next = 0;  // the least that the next index can be
  for (const std::uint32_t index : indices) {
    DELTA_CHECK(index >= next);
    out.varint(index - next);
    next = index + 1;
  }
}

Hash node_hash(const Hash& left, const Hash& right) {
  std::array<Byte, 2 * std::tuple_size_v<Hash>> both;
  std::ranges::copy(right, std::ranges::copy(left, both.begin()).out);
  return digest("dlog1 node", both);
}

// The parents in order of origin name; a copy only when the caller's order is another.
std::vector<Dot> sorted_parents(const Catalog& catalog, const std::vector<Dot>& parents) {
  std::vector<Dot> sorted = parents;
  std::ranges::sort(sorted, [&](const Dot& a, const Dot& b) {
    return a.origin != b.origin ? catalog.origin(a.origin) < catalog.origin(b.origin) : a.seq < b.seq;
  });
  return sorted;
}

}  // namespace

Hash leaf_hash(const LeafNames& names, const Change& change) {
  const Hash metadata = metadata_hash(change.metadata), values = values_hash(change.bits);
  Writer out(21 + text_room(names.origin) + text_room(names.name_space) + text_room(names.id) + kMaxVarint +
             5 * change.indices.size() + metadata.size() + values.size());
  out.u64(change.seq);
  out.u64(change.time.hlc);
  out.u32(names.dims);
  out.u8(static_cast<std::uint8_t>(change.op));
  out.text(names.origin);
  out.text(names.name_space);
  out.text(names.id);
  put_indices(out, change.indices);
  out.raw(metadata);
  out.raw(values);
  return digest("dlog1 leaf", out.bytes());
}

Hash setting_hash(const Catalog& catalog, const Commit& commit) {
  static constexpr auto kSetting = static_cast<Operation>(kOperations + 1);
  const Change change{.op = kSetting, .time = commit.time, .metadata = commit.setting, .seq = commit.first};
  return leaf_hash({.origin = catalog.origin(commit.origin), .name_space = {}, .id = {}, .dims = 0}, change);
}

void MerkleTree::add(const Hash& leaf) {
  peaks_.push_back(leaf);
  for (std::uint64_t full = size_; (full & 1) != 0; full >>= 1) {  // one peak a set bit of the size, largest first
    const Hash right = peaks_.back();
    peaks_.pop_back();
    peaks_.back() = node_hash(peaks_.back(), right);
  }
  ++size_;
}

Hash MerkleTree::root() const {
  DELTA_CHECK(size_ > 0);  // a commit has a delta
  Hash root = peaks_.back();
  for (std::size_t i = peaks_.size() - 1; i-- > 0;) root = node_hash(peaks_[i], root);
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
  return each_gap({begin, left}, places.first(middle), visit) && each_gap({begin + left, size - left}, places.subspan(middle), visit);
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

Hash commit_hash(const Catalog& catalog, const Commit& commit, const Hash& root, const Hash& previous) {
  DELTA_CHECK(commit.count > 0);
  const std::string_view writer = catalog.origin(commit.origin);
  const std::vector<Dot> parents = sorted_parents(catalog, commit.parents);
  std::size_t room = root.size() + previous.size() + 16 + text_room(writer) + kMaxVarint;
  for (const Dot& parent : parents) room += text_room(catalog.origin(parent.origin)) + 8;
  for (const std::string& s : {std::cref(commit.message), std::cref(commit.tool), std::cref(commit.source), std::cref(commit.trace), std::cref(commit.setting)}) {
    room += text_room(s);
  }
  Writer out(room);
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
  return digest("dlog1 commit", out.bytes());
}

}  // namespace delta::model
