// Canonical hashes: golden values that must never change, every field counts, the Merkle tree is RFC 6962's.
#include <catch2/catch.hpp>
#include <functional>
#include <set>

#include "base/digest.hpp"
#include "delta/text.hpp"
#include "model/canonical.hpp"

using namespace delta;
using namespace delta::model;

namespace {

constexpr LeafNames kCat = {.origin = "alice", .name_space = "", .id = "cat", .dims = 4};

struct Origins {
  Catalog catalog;
  OriginNo alice = catalog.add_origin("alice");
  OriginNo bob = catalog.add_origin("bob");
};

constexpr std::uint32_t kValues[] = {0x3f800000, 0x80000000, 0x00000001, 0x7fc00001};
constexpr std::uint32_t kTwo[] = {0x40000000, 0x40400000};
constexpr std::uint32_t kOneThree[] = {1, 3};
constexpr std::uint32_t kOneTwo[] = {1, 2};

const Delta kCreate = {.op = Operation::create, .time = Timestamp::of(1'000'000, 2), .bits = kValues, .seq = 1};
const Delta kSparse = {.op = Operation::sparse,
                       .time = Timestamp::of(2'000'000),
                       .indices = kOneThree,
                       .bits = kTwo,
                       .metadata = "{\"a\":1}",
                       .seq = 2};

Hash leaf_number(std::uint64_t i) { return digest("test leaf", bytes_of(std::to_string(i))); }

// RFC 6962, 2.1, word for word.
Hash naive_root(std::span<const Hash> leaves) {
  if (leaves.size() == 1) return leaves[0];
  std::size_t k = 1;
  while (2 * k < leaves.size()) k *= 2;
  const Hash left = naive_root(leaves.first(k)), right = naive_root(leaves.subspan(k));
  Buffer both(left.begin(), left.end());
  both.insert(both.end(), right.begin(), right.end());
  return digest("dlog1 node", both);
}

Commit commit(const Origins& f) {
  return {.origin = f.alice,
          .first = 3,
          .count = 2,
          .parents = {{f.alice, 2}, {f.bob, 7}},
          .message = "m",
          .tool = "t/1",
          .source = "s",
          .trace = "00-x"};
}

}  // namespace

TEST_CASE("leaf hashes of the specification never change") {
  CHECK(hex(leaf_hash(kCat, kCreate)) == "60d0a5b141766c86b994e2566aba970a91556cf372edb0c353b1001db4b47410");
  CHECK(hex(leaf_hash(kCat, kSparse)) == "0d6e6db0e653fd459c2acf6ec5ec2eb78f3b792cc8fffe09860a40ea936204fe");
  CHECK(hex(leaf_hash({.origin = "bob", .name_space = "images", .id = "dog", .dims = 300},
                      {.op = Operation::remove, .time = Timestamp::of(3'000'000), .seq = 9})) ==
        "a20638c946327cf5283356ea537d9207cd0f1873be709a702d6ef45e779c9cd9");
}

TEST_CASE("the canonical bytes of a leaf are those of the specification") {
  std::string head("\2\0\0\0\0\0\0\0", 8);                                                             // seq
  for (int i = 0; i < 8; ++i) head += static_cast<char>((std::uint64_t{2'000'000} << 12) >> (8 * i));  // timestamp
  head += std::string("\4\0\0\0\3", 5);  // dims, operation
  head += std::string("\5alice\0\3cat", 11);
  head += "\2\1\1";  // two indices: 1, and one dimension between it and 3
  for (const Hash& inner : {digest("dlog1 metadata", bytes_of("{\"a\":1}")),
                            digest("dlog1 values", Buffer{0, 0, 0, 0x40, 0, 0, 0x40, 0x40})}) {
    head += text_of(inner);
  }
  CHECK(leaf_hash(kCat, kSparse) == digest("dlog1 leaf", bytes_of(head)));
}

TEST_CASE("every field of a delta counts in its hash") {
  std::set<Hash> seen = {leaf_hash(kCat, kSparse)};
  const auto differs = [&](const std::function<void(LeafNames&, Delta&)>& edit) {
    LeafNames names = kCat;
    Delta delta = kSparse;
    edit(names, delta);
    return seen.insert(leaf_hash(names, delta)).second;
  };
  CHECK(differs([](LeafNames& n, Delta&) { n.origin = "bob"; }));
  CHECK(differs([](LeafNames& n, Delta&) { n.name_space = "images"; }));
  CHECK(differs([](LeafNames& n, Delta&) { n.id = "dog"; }));
  CHECK(differs([](LeafNames& n, Delta&) { n.dims = 5; }));
  CHECK(differs([](LeafNames&, Delta& c) { c.seq = 3; }));
  CHECK(differs([](LeafNames&, Delta& c) { c.time = c.time.next(); }));
  CHECK(differs([](LeafNames&, Delta& c) { c.op = Operation::clamp; }));
  CHECK(differs([](LeafNames&, Delta& c) { c.indices = kOneTwo; }));
  CHECK(differs([](LeafNames&, Delta& c) { c.indices = c.indices.first(1); }));
  CHECK(differs([](LeafNames&, Delta& c) { c.indices = {}; }));
  CHECK(differs([](LeafNames&, Delta& c) { c.bits = std::span(kValues).first(2); }));
  CHECK(differs([](LeafNames&, Delta& c) { c.bits = {}; }));
  CHECK(differs([](LeafNames&, Delta& c) { c.metadata = {}; }));
  CHECK(differs([](LeafNames&, Delta& c) { c.metadata = "{\"a\":2}"; }));
}

TEST_CASE("the number of a vector in a catalog and of a commit in a log do not count") {
  Delta delta = kSparse;
  delta.vector = VectorNo{12};
  delta.commit = CommitNo{77};
  CHECK(leaf_hash(kCat, delta) == leaf_hash(kCat, kSparse));
}

TEST_CASE("leaves hashed together are those hashed alone, and of unknown ones there are zeros") {
  std::vector<std::uint32_t> many(3000, 0x3f800000);
  const Delta dense = {.op = Operation::dense, .bits = many, .seq = 3},
              remove = {.op = Operation::remove, .metadata = "{}", .seq = 4};
  std::vector<Hash> expected{Hash{1}}, leaves{Hash{1}};  // what is there stays
  LeafHasher hasher(leaves);
  hasher.add_unknown();
  expected.emplace_back();
  for (int i = 0; i < 210; ++i) {
    for (const Delta* delta : {&kCreate, &kSparse, &dense, &remove}) {
      if (i % 5 == 3) {
        hasher.add_unknown();
        expected.emplace_back();
      }
      hasher.add(kCat, *delta);
      expected.push_back(leaf_hash(kCat, *delta));
    }
  }
  hasher.add_unknown();
  expected.emplace_back();
  hasher.finish();
  CHECK(leaves == expected);
  LeafHasher nothing(leaves);
  nothing.finish();
  CHECK(leaves == expected);
}

TEST_CASE("a long name or a long delta after a short one is hashed whole") {
  const std::string id(1024, 'x');
  std::vector<std::uint32_t> indices, bits;
  for (std::uint32_t i = 0; i < 65536; ++i) {
    indices.push_back(i);
    bits.push_back(i * 2654435761u);
  }
  const LeafNames names = {.origin = "alice", .name_space = "", .id = id, .dims = 65536};
  const Delta delta = {.op = Operation::sparse, .indices = indices, .bits = bits, .seq = 1};
  const Hash whole = leaf_hash(names, delta);
  CHECK(leaf_hash(kCat, kSparse) == leaf_hash(kCat, kSparse));
  CHECK(leaf_hash(names, delta) == whole);
  bits.back() ^= 1;
  CHECK(leaf_hash(names, delta) != whole);
}

TEST_CASE("names that run into each other stay apart") {
  const auto hash = [](std::string_view origin, std::string_view ns, std::string_view id) {
    return leaf_hash({origin, ns, id, 1}, {.op = Operation::remove, .seq = 1});
  };
  CHECK(std::set<Hash>{hash("a", "b", "c"), hash("ab", "", "c"), hash("a", "", "bc"), hash("a", "b", "bc"),
                       hash("", "ab", "c")}
            .size() == 5);
}

TEST_CASE("the incremental tree is the tree of RFC 6962") {
  MerkleTree tree;
  std::vector<Hash> leaves;
  for (std::uint64_t i = 0; i < 200; ++i) {
    leaves.push_back(leaf_number(i));
    tree.add(leaves.back());
    INFO(leaves.size());
    REQUIRE(tree.size() == leaves.size());
    REQUIRE(tree.root() == naive_root(leaves));
    if (leaves.size() == 7) {
      CHECK(hex(tree.root()) == "87ed397f08bf364769fb56056c11516bd4d57d96aa383de12d5d575e903a569c");
    }
  }
}

TEST_CASE("commit hashes of the specification never change") {
  Origins f;
  CHECK(hex(commit_hash(f.catalog, commit(f), leaf_number(1), Hash{})) ==
        "836db09d941f8d16ba653b87c304257a77733b0bc9dceeaf71db07ddaaf876b6");
  Commit more = commit(f);
  more.properties = R"({"run":7})";
  CHECK(hex(commit_hash(f.catalog, more, leaf_number(1), Hash{})) ==
        "8a4300403c9168e975c5d0ea1a4203c8e80e307568e0ec1c1562e6a4cd0a36cd");
  more.given = 5'000'000;
  CHECK(hex(commit_hash(f.catalog, more, leaf_number(1), Hash{})) ==
        "3e6b73258681c293c2162375a7d6bcf4594eda3a0797a894c68d173761e45bee");
}

TEST_CASE("every field of a commit counts in its hash") {
  Origins f;
  std::set<Hash> seen = {commit_hash(f.catalog, commit(f), leaf_number(1), Hash{})};
  const auto differs = [&](const std::function<void(Commit&)>& delta) {
    Commit c = commit(f);
    delta(c);
    return seen.insert(commit_hash(f.catalog, c, leaf_number(1), Hash{})).second;
  };
  CHECK(differs([&](Commit& c) { c.origin = f.bob; }));
  CHECK(differs([](Commit& c) { c.first = 4; }));
  CHECK(differs([](Commit& c) { c.count = 3; }));
  CHECK(differs([](Commit& c) { c.parents[1].seq = 8; }));
  CHECK(differs([&](Commit& c) { c.parents[1].origin = f.alice; }));
  CHECK(differs([](Commit& c) { c.parents.pop_back(); }));
  CHECK(differs([](Commit& c) { c.parents.clear(); }));
  CHECK(differs([](Commit& c) { c.message = "another message"; }));
  CHECK(differs([](Commit& c) { c.tool.back() = '2'; }));
  CHECK(differs([](Commit& c) { c.source.clear(); }));
  CHECK(differs([](Commit& c) { c.trace.clear(); }));
  CHECK(differs([](Commit& c) { std::swap(c.source, c.trace); }));
  CHECK(differs([](Commit& c) { c.properties = R"({"run":7})"; }));
  CHECK(differs([](Commit& c) { c.properties = R"({"run":8})"; }));
  CHECK(differs([](Commit& c) { c.given = 0; }));
  CHECK(differs([](Commit& c) { c.given = 5'000'000; }));
  CHECK(differs([](Commit& c) { c.properties = "5000000"; }));
  CHECK(seen.insert(commit_hash(f.catalog, commit(f), leaf_number(2), Hash{})).second);
  CHECK(seen.insert(commit_hash(f.catalog, commit(f), leaf_number(1), leaf_number(2))).second);
}

TEST_CASE("parents count in order of origin name, however they stand") {
  Origins f;
  Commit swapped = commit(f);
  std::swap(swapped.parents[0], swapped.parents[1]);
  CHECK(commit_hash(f.catalog, swapped, leaf_number(1), Hash{}) ==
        commit_hash(f.catalog, commit(f), leaf_number(1), Hash{}));
}
