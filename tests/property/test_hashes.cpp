// Law 11: hashes are over what deltas and commits mean. Computed here from the page that specifies them, down to
// BLAKE2b, they are what a log says after any merging, repacking and pruning; and no change of meaning leaves them as
// they were, nor passes a merge.
#include <array>
#include <bit>
#include <catch2/catch.hpp>

#include "delta/compact.hpp"
#include "delta/merge.hpp"
#include "delta/verify.hpp"
#include "model/canonical.hpp"
#include "replicas.hpp"
#include "store/union.hpp"
#include "world_file.hpp"

using namespace world;
using sample::must;

namespace {

// ---- BLAKE2b of 32 bytes with a personalisation: RFC 7693, and the parameter block of the BLAKE2 paper ----

using Digest = std::array<std::uint8_t, 32>;

class Blake2b {
 public:
  static Digest of(std::string_view personal, const std::string& data) {
    Blake2b state;
    std::array<std::uint8_t, 64> parameters{32, 0, 1, 1};
    std::copy(personal.begin(), personal.end(), parameters.begin() + 48);
    for (std::size_t i = 0; i < 8; ++i) state.h_[i] = kStart[i] ^ word(parameters.data() + 8 * i);
    std::size_t at = 0;
    for (; data.size() - at > 128; at += 128) state.block(data.data() + at, 128, at + 128, false);
    state.block(data.data() + at, data.size() - at, data.size(), true);
    Digest out;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(state.h_[i / 8] >> (8 * (i % 8)));
    return out;
  }

 private:
  static constexpr std::uint64_t kStart[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                                              0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
                                              0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
  static constexpr std::uint8_t kOrder[10][16] = {
      {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
      {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
      {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
      {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
      {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};

  static std::uint64_t word(const std::uint8_t* bytes) {
    std::uint64_t out = 0;
    for (int i = 7; i >= 0; --i) out = out << 8 | bytes[i];
    return out;
  }
  void block(const char* data, std::size_t size, std::uint64_t end, bool last) {
    std::array<std::uint8_t, 128> bytes{};
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(data[i]);
    std::uint64_t v[16];
    for (std::size_t i = 0; i < 8; ++i) v[i] = h_[i], v[8 + i] = kStart[i];
    v[12] ^= end;
    if (last) v[14] = ~v[14];
    for (int round = 0; round < 12; ++round) {
      const auto& order = kOrder[round % 10];
      const auto mix = [&](std::size_t a, std::size_t b, std::size_t c, std::size_t d, std::size_t i) {
        v[a] += v[b] + word(&bytes[8u * order[2 * i]]);
        v[d] = std::rotr(v[d] ^ v[a], 32);
        v[c] += v[d];
        v[b] = std::rotr(v[b] ^ v[c], 24);
        v[a] += v[b] + word(&bytes[8u * order[2 * i + 1]]);
        v[d] = std::rotr(v[d] ^ v[a], 16);
        v[c] += v[d];
        v[b] = std::rotr(v[b] ^ v[c], 63);
      };
      for (std::size_t i = 0; i < 4; ++i) mix(i, 4 + i, 8 + i, 12 + i, i);
      for (std::size_t i = 0; i < 4; ++i) mix(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4, 4 + i);
    }
    for (std::size_t i = 0; i < 8; ++i) h_[i] ^= v[i] ^ v[8 + i];
  }

  std::uint64_t h_[8] = {};
};

// ---- what is hashed ----

struct LeafMeaning {
  std::uint64_t seq = 0, hlc = 0;
  std::uint32_t dims = 0;
  std::uint8_t op = 0;
  Name origin, name_space, id;
  std::vector<std::uint32_t> indices, bits;
  std::string metadata;
};

struct Meaning {
  std::vector<LeafMeaning> leaves;
  Name origin;
  std::uint64_t first = 0, count = 0;
  std::vector<std::pair<Name, std::uint64_t>> parents;  // by name
  Texts says;
  std::string setting = {}, properties = {}, given = {};
};

class Bytes {
 public:
  Bytes& fixed(std::uint64_t v, int n) {
    for (int i = 0; i < n; ++i) out += static_cast<char>(v >> (8 * i));
    return *this;
  }
  Bytes& varint(std::uint64_t v) {
    for (; v >= 128; v >>= 7) out += static_cast<char>(v | 128);
    out += static_cast<char>(v);
    return *this;
  }
  Bytes& text(const std::string& s) {
    varint(s.size()).out += s;
    return *this;
  }
  Bytes& hash(const Digest& d) {
    out.append(d.begin(), d.end());
    return *this;
  }
  std::string out;
};

Digest leaf(const LeafMeaning& m) {
  Bytes head, values;
  head.fixed(m.seq, 8)
      .fixed(m.hlc, 8)
      .fixed(m.dims, 4)
      .fixed(m.op, 1)
      .text(m.origin)
      .text(m.name_space)
      .text(m.id)
      .varint(m.indices.size());
  for (std::size_t i = 0; i < m.indices.size(); ++i) {
    head.varint(i == 0 ? m.indices[0] : m.indices[i] - m.indices[i - 1] - 1);
  }
  for (const std::uint32_t word : m.bits) values.fixed(word, 4);
  head.hash(Blake2b::of("dlog1 metadata", m.metadata)).hash(Blake2b::of("dlog1 values", values.out));
  return Blake2b::of("dlog1 leaf", head.out);
}

Digest root(const std::vector<Digest>& leaves, std::size_t begin, std::size_t end) {
  if (end - begin == 1) return leaves[begin];
  std::size_t left = 1;
  while (2 * left < end - begin) left *= 2;
  return Blake2b::of("dlog1 node",
                     Bytes().hash(root(leaves, begin, begin + left)).hash(root(leaves, begin + left, end)).out);
}

Digest commit(const Meaning& m, const Digest& previous) {
  std::vector<Digest> leaves;
  for (const auto& one : m.leaves) leaves.push_back(leaf(one));
  Bytes out;
  out.hash(root(leaves, 0, leaves.size()))
      .hash(previous)
      .fixed(m.first, 8)
      .fixed(m.count, 8)
      .text(m.origin)
      .varint(m.parents.size());
  for (const auto& [name, seq] : m.parents) out.text(name).fixed(seq, 8);
  out.text(m.says.message).text(m.says.tool).text(m.says.source).text(m.says.trace).text(m.setting);
  if (!m.properties.empty()) out.fixed(1, 1).text(m.properties);
  if (!m.given.empty()) out.fixed(2, 1).text(m.given);
  return Blake2b::of("dlog1 commit", out.out);
}

/// Commits of one origin stand in order of their seqs.
std::vector<Digest> hashes(const std::vector<Meaning>& commits) {
  std::map<Name, Digest> last;
  std::vector<Digest> out;
  for (const auto& m : commits) out.push_back(last[m.origin] = commit(m, last[m.origin]));
  return out;
}

/// The same by the library.
std::vector<Digest> hashes_of_library(const std::vector<Meaning>& commits) {
  delta::Catalog catalog;
  for (const auto& m : commits) {
    catalog.add_origin(m.origin);
    for (const auto& [name, seq] : m.parents) catalog.add_origin(name);
  }
  std::map<Name, delta::Hash> last;
  std::vector<Digest> out;
  for (const auto& m : commits) {
    delta::model::MerkleTree tree;
    for (const auto& l : m.leaves) {
      delta::Delta change{.op = static_cast<Operation>(l.op),
                          .time = delta::Timestamp{l.hlc},
                          .indices = l.indices,
                          .bits = l.bits,
                          .metadata = l.metadata,
                          .seq = l.seq};
      tree.add(delta::model::leaf_hash({l.origin, l.name_space, l.id, l.dims}, change));
    }
    delta::Commit c{
        *catalog.find_origin(m.origin), m.first, m.count, {}, m.says.message, m.says.tool, m.says.source, m.says.trace};
    c.setting = m.setting;
    c.properties = m.properties;
    if (!m.given.empty()) c.given = std::stoull(m.given);
    for (const auto& [name, seq] : m.parents) c.parents.push_back({*catalog.find_origin(name), seq});
    last[m.origin] = delta::model::commit_hash(catalog, c, tree.root(), last[m.origin]);
    std::copy(last[m.origin].begin(), last[m.origin].end(), out.emplace_back().begin());
  }
  return out;
}

std::vector<Texts> texts_of(const World& w) {
  std::vector<Texts> out;
  for (std::size_t c = 0; c < w.commits.size(); ++c) {
    const auto some = [c](std::size_t n, const std::string& text) {
      return c % n == 0 ? std::string() : text + std::to_string(c);
    };
    out.push_back({some(3, "why "), some(4, "tool "), some(5, "source "), some(2, "trace ")});
  }
  return out;
}

std::vector<Meaning> meanings_of(const World& w, const std::vector<Texts>& says) {
  std::vector<Meaning> out;
  for (std::size_t c = 0; c < w.commits.size(); ++c) {
    const Commit& commit = w.commits[c];
    out.push_back({{}, commit.origin, commit.first, commit.count, commit.parents, says[c], ""});
  }
  for (const Delta& d : w.deltas) {
    out[d.commit].leaves.push_back({d.seq, d.hlc, w.dims, static_cast<std::uint8_t>(d.op), d.origin, "",
                                    std::to_string(d.vector), d.indices, d.bits,
                                    d.metadata.empty() ? "" : Json::parse(d.metadata).dump()});
  }
  return out;
}

// ---- histories ----

unsigned seed() { return static_cast<unsigned>(*rc::gen::noShrink(rc::gen::inRange(0, 1 << 30))); }

/// A world, written; its parents as the encoder keeps them.
struct Written {
  World w;
  std::vector<Texts> says;
  std::string path;

  Written(const Plan& plan, const std::string& name)
      : w(admissible(play(plan))), says(texts_of(w)), path(directory().file(name)) {}
  void write() const {
    if (const auto written = write_world(w, path, says); !written) RC_FAIL(written.error().text() + "\n" + show(w));
  }
};

delta::CompactOptions random_rules(const World& w, std::mt19937& random) {
  using Kind = delta::KeepRule::Kind;
  delta::CompactOptions options{.threads = 1, .force = true};
  const auto some = [&] { return w.deltas[random() % w.deltas.size()].hlc >> 12; };
  switch (random() % 4) {
    case 0:
      options.keep.push_back({.kind = Kind::since, .at = some()});
      break;
    case 1:
      options.keep.push_back({.kind = Kind::every, .step = 1 + random() % 3});
      break;
    default:
      options.keep.push_back({.kind = Kind::now});
      break;
  }
  options.whole_deltas = random() % 3 == 0;
  return options;
}

/// Of a log that has all commits, hash by hash.
void check_hashes(const std::string& path, const World& w, const std::vector<Digest>& expected) {
  const std::string paths[] = {path};
  const auto log = must(delta::Log::open(paths, {1}));
  RC_ASSERT(log.commits() == w.commits.size());
  const auto found = must(log.hashes());
  for (std::size_t c = 0; c < w.commits.size(); ++c) {
    const auto number = log.find_commit({*log.catalog().find_origin(w.commits[c].origin), w.commits[c].first});
    RC_ASSERT(std::equal(expected[c].begin(), expected[c].end(), found[*number].begin()));
  }
  const auto report = must(delta::verify(paths, {delta::VerifyLevel::chain, 1}));
  for (const auto& finding : report.findings) RC_LOG() << finding.where << ": " << finding.what << "\n";
  RC_ASSERT(report.verdict == delta::Verdict::ok);
  // What is gone as a whole leaves one hash.
  for (const auto& part : log.impl().parts) {
    std::map<delta::CommitNo, std::uint64_t> left;
    must(log.each(delta::VectorSet::all(), [&](const delta::DeltaBatch& batch) -> delta::Status {
      for (const auto commit : batch.commits) ++left[commit];
      return {};
    }));
    for (const auto r : delta::numbers<delta::RowNo>(log.impl().parts.size() == 1 ? part.commits.size() : 0)) {
      const auto& row = part.segment.rows()[r];
      if (!row.records.empty() && left.count(part.commits[r]) == 0) RC_ASSERT(row.nodes.size() == 1u);
    }
  }
}

std::string merged(const std::vector<std::string>& inputs, const std::string& name) {
  auto merge = must(delta::Merge::open(inputs, {.threads = 1, .not_in = {}}));
  const std::string path = directory().file(name);
  auto out = must(delta::OutputFile::create(path, {.force = true}));
  must(merge.write(out));
  must(out.commit());
  return path;
}

}  // namespace

TEST_CASE("law 11: the reference hashes as BLAKE2b does") {
  // RFC 7693, appendix A, has another length; this is hashlib.blake2b(b"abc", digest_size=32, person=b"dlog1 leaf").
  std::string hex;
  for (const std::uint8_t byte : Blake2b::of("dlog1 leaf", "abc")) {
    (hex += "0123456789abcdef"[byte >> 4]) += "0123456789abcdef"[byte & 15];
  }
  CHECK(hex == "ec7717f0ca1aff171305f6d9a8442144a6990ad8442f1a646120e13e430ce178");
  hex.clear();
  for (const std::uint8_t byte : Blake2b::of("", std::string(300, 'x'))) {
    (hex += "0123456789abcdef"[byte >> 4]) += "0123456789abcdef"[byte & 15];
  }
  CHECK(hex == "5aa7fbbf37986bb2a5d547c0d3c4d4326a24d786e7d57bf93fc784176e38b33d");
}

TEST_CASE(
    "law 11: hashes are those of the specification, and dealing out, merging, repacking and pruning leave them as they "
    "are") {
  CHECK(check_histories("law 11", 1, [](const Plan& plan) {
    const Written whole(plan, "whole.dlog");
    const World& w = whole.w;
    if (w.commits.empty()) return;
    whole.write();
    const auto expected = hashes(meanings_of(w, whole.says));
    check_hashes(whole.path, w, expected);

    std::mt19937 random(seed());
    const std::string paths[] = {whole.path};
    const auto log = must(delta::Log::open(paths, {1}));
    const replicas::Deck deck(log);
    std::vector<std::vector<delta::CommitNo>> hands(2);
    for (const auto number : must(log.commits_in_key_order())) {
      const auto who = static_cast<unsigned>(random() % 3);  // 2: both
      if (who != 1) hands[0].push_back(number);
      if (who != 0) hands[1].push_back(number);
    }
    std::vector<std::string> dealt;
    for (std::size_t r = 0; r < hands.size(); ++r) {
      if (hands[r].empty()) continue;
      dealt.push_back(directory().file("dealt" + std::to_string(r)));
      deck.deal(hands[r], dealt.back());
      if (random() % 2 != 0) continue;
      const std::string one[] = {dealt.back()};
      dealt.back() += ".compacted";
      must(delta::compact(one, dealt.back(), random_rules(w, random)));
    }
    const std::string all = merged(dealt, "merged");
    check_hashes(all, w, expected);
    std::string before = all;
    for (int i = 0; i < 2; ++i) {
      const std::string one[] = {before};
      before = directory().file("packed" + std::to_string(i));
      must(delta::compact(
          one, before,
          i == 0 && random() % 2 == 0 ? delta::CompactOptions{.threads = 1, .force = true} : random_rules(w, random)));
      check_hashes(before, w, expected);
    }
    check_hashes(merged({before, dealt[0]}, "merged again"), w, expected);
  }));
}

// ---- changes of meaning ----

namespace {

/// One change of what a commit means; false if there is nothing to change that way.
struct Change {
  const char* name;
  bool (*make)(Meaning&, LeafMeaning&, std::mt19937&);
};

template <class T>
bool bump(T& number) {
  ++number;
  return true;
}
bool append(std::string& text) {
  text += 'x';
  return true;
}

const Change kChanges[] = {
    {"operation", [](Meaning&, LeafMeaning& l,
                     std::mt19937& r) { return l.op = static_cast<std::uint8_t>(1 + (l.op + r() % 8) % 9), true; }},
    {"a bit of a value",
     [](Meaning&, LeafMeaning& l, std::mt19937& r) {
       if (!l.bits.empty()) l.bits[r() % l.bits.size()] ^= 1u << r() % 32;
       return !l.bits.empty();
     }},
    {"one value less",
     [](Meaning&, LeafMeaning& l, std::mt19937&) {
       const bool any = !l.bits.empty();
       if (any) l.bits.pop_back();
       return any;
     }},
    {"one value more", [](Meaning&, LeafMeaning& l, std::mt19937&) { return l.bits.push_back(0), true; }},
    {"an index", [](Meaning&, LeafMeaning& l, std::mt19937&) { return !l.indices.empty() && bump(l.indices.back()); }},
    {"one index more",
     [](Meaning&, LeafMeaning& l, std::mt19937&) {
       return l.indices.push_back(l.indices.empty() ? 0 : l.indices.back() + 1), true;
     }},
    {"metadata", [](Meaning&, LeafMeaning& l, std::mt19937&) { return append(l.metadata); }},
    {"timestamp", [](Meaning&, LeafMeaning& l, std::mt19937&) { return bump(l.hlc); }},
    {"id", [](Meaning&, LeafMeaning& l, std::mt19937&) { return append(l.id); }},
    {"namespace", [](Meaning&, LeafMeaning& l, std::mt19937&) { return append(l.name_space); }},
    {"from the id to the namespace",
     [](Meaning&, LeafMeaning& l, std::mt19937&) { return std::swap(l.id, l.name_space), true; }},
    {"dimensions", [](Meaning&, LeafMeaning& l, std::mt19937&) { return bump(l.dims); }},
    {"seq", [](Meaning&, LeafMeaning& l, std::mt19937&) { return bump(l.seq); }},
    {"origin of a delta", [](Meaning&, LeafMeaning& l, std::mt19937&) { return append(l.origin); }},
    {"order of deltas",
     [](Meaning& m, LeafMeaning&, std::mt19937&) {
       if (m.leaves.size() > 1) std::swap(m.leaves.front(), m.leaves.back());
       return m.leaves.size() > 1;
     }},
    {"one delta less",
     [](Meaning& m, LeafMeaning&, std::mt19937&) {
       if (m.leaves.size() < 2) return false;
       m.leaves.pop_back();
       return true;
     }},
    {"one delta twice",
     [](Meaning& m, LeafMeaning&, std::mt19937&) { return m.leaves.push_back(m.leaves.back()), true; }},
    {"first seq", [](Meaning& m, LeafMeaning&, std::mt19937&) { return bump(m.first); }},
    {"number of deltas", [](Meaning& m, LeafMeaning&, std::mt19937&) { return bump(m.count); }},
    {"a parent",
     [](Meaning& m, LeafMeaning&, std::mt19937&) { return !m.parents.empty() && bump(m.parents.back().second); }},
    {"one parent less",
     [](Meaning& m, LeafMeaning&, std::mt19937&) {
       const bool any = !m.parents.empty();
       if (any) m.parents.pop_back();
       return any;
     }},
    {"one parent more", [](Meaning& m, LeafMeaning&, std::mt19937&) { return m.parents.emplace_back("zz", 1), true; }},
    {"message", [](Meaning& m, LeafMeaning&, std::mt19937&) { return append(m.says.message); }},
    {"tool", [](Meaning& m, LeafMeaning&, std::mt19937&) { return append(m.says.tool); }},
    {"source", [](Meaning& m, LeafMeaning&, std::mt19937&) { return append(m.says.source); }},
    {"trace", [](Meaning& m, LeafMeaning&, std::mt19937&) { return append(m.says.trace); }},
    {"from the message to the tool",
     [](Meaning& m, LeafMeaning&, std::mt19937&) {
       return std::swap(m.says.message, m.says.tool), m.says.message != m.says.tool;
     }},
    {"setting", [](Meaning& m, LeafMeaning&, std::mt19937&) { return append(m.setting); }},
    {"properties", [](Meaning& m, LeafMeaning&, std::mt19937&) { return append(m.properties); }},
    {"given", [](Meaning& m, LeafMeaning&, std::mt19937&) { return m.given += '1', true; }},
};

}  // namespace

TEST_CASE(
    "law 11: every change of what a delta or a commit means changes its commit's hash and those after it, and no "
    "other") {
  std::set<std::string> made;
  CHECK(check_histories("law 11, changes", 1, [&](const Plan& plan) {
    const World w = play(plan);
    if (w.commits.empty()) return;
    std::mt19937 random(seed());
    const auto before = meanings_of(w, texts_of(w));
    const auto hashes_before = hashes(before);
    RC_ASSERT(hashes_of_library(before) == hashes_before);
    for (const Change& change : kChanges) {
      const std::size_t at = random() % before.size();
      auto after = before;
      auto& leaves = after[at].leaves;
      if (!change.make(after[at], leaves[random() % leaves.size()], random)) continue;
      made.insert(change.name);
      const auto hashes_after = hashes(after);
      for (std::size_t c = 0; c < before.size(); ++c) {
        RC_LOG() << change.name << " of commit " << at << ", seen at " << c << "\n";
        const bool follows = c >= at && before[c].origin == before[at].origin;
        RC_ASSERT((hashes_after[c] != hashes_before[c]) == follows);
      }
      const bool in_order = std::ranges::all_of(after[at].leaves, [](const LeafMeaning& l) {
        return std::ranges::adjacent_find(l.indices, std::greater_equal()) == l.indices.end();
      });
      if (in_order) RC_ASSERT(hashes_of_library(after) == hashes_after);
    }
  }));
  CHECK(made.size() == std::size(kChanges));
}

TEST_CASE(
    "law 11: a copy in which one delta or message is another does not pass a merge, whatever else either copy has "
    "lost") {
  std::size_t pruned = 0;
  CHECK(check_histories("law 11, forged copies", 0.4, [&](const Plan& plan) {
    const Written truth(plan, "truth.dlog");
    Written forged(plan, "forged.dlog");
    if (truth.w.commits.empty()) return;
    std::mt19937 random(seed());
    Delta& d = forged.w.deltas[random() % forged.w.deltas.size()];
    if (is_assignment(d.op) && !d.bits.empty()) {
      d.bits[random() % d.bits.size()] ^= 1;
    } else if (random() % 4 == 0) {
      forged.says[d.commit].message += "!";
    } else {
      d.metadata = d.metadata.empty() ? R"({"forged":true})" : "";
    }
    const Commit& commit = forged.w.commits[d.commit];
    std::vector<std::string> copies;
    for (const Written* side : {&truth, static_cast<const Written*>(&forged)}) {
      side->write();
      const std::string paths[] = {side->path};
      const auto log = must(delta::Log::open(paths, {1}));
      const auto wanted = log.find_commit({*log.catalog().find_origin(commit.origin), commit.first});
      std::vector<delta::CommitNo> hand;
      for (const auto number : must(log.commits_in_key_order())) {
        if (number == *wanted || random() % 4 != 0) hand.push_back(number);
      }
      copies.push_back(side->path + ".dealt");
      replicas::Deck(log).deal(hand, copies.back());
      if (random() % 2 != 0) continue;
      const std::string dealt[] = {copies.back()};
      copies.back() += ".compacted";
      pruned += must(delta::compact(dealt, copies.back(), random_rules(side->w, random))).pruned_commits > 0;
    }
    for (int order = 0; order < 2; ++order, std::swap(copies[0], copies[1])) {
      const auto merge = delta::Merge::open(copies, {.threads = 1, .not_in = {}});
      if (merge) RC_FAIL("merged\n" + show(truth.w));
      RC_ASSERT(merge.error().code == delta::ErrorCode::forked);
      const auto compacted = delta::compact(copies, directory().file("never"), {.threads = 1, .force = true});
      RC_ASSERT((!compacted && compacted.error().code == delta::ErrorCode::forked));
    }
  }));
  CHECK(pruned > 0);
}
