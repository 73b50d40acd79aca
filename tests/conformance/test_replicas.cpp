// Real histories of hundreds of origins dealt out to replicas, which go on apart, are compacted whenever it pleases
// them, and are united every way round: the state is that of the whole set.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <random>

#include "delta/blame.hpp"
#include "delta/compact.hpp"
#include "delta/snapshot.hpp"
#include "delta/verify.hpp"
#include "formats/ndjson.hpp"
#include "replicas.hpp"

using namespace delta;
using sample::must;

namespace {

class FileStream final : public ByteStream {
 public:
  explicit FileStream(const std::string& path) : name_(path), in_(path, std::ios::binary) {}
  const std::string& name() const override { return name_; }
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    in_.read(reinterpret_cast<char*>(into.data()), static_cast<std::streamsize>(into.size()));
    return static_cast<std::size_t>(in_.gcount());
  }

 private:
  std::string name_;
  std::ifstream in_;
};

/// A stream of updates as a log, a commit for each run of an origin.
void encode_stream(const std::string& set, const std::string& path) {
  auto encoder = must(Encoder::create(path, {}, {.threads = 1}));
  formats::NdjsonReader reader(std::make_unique<FileStream>(std::string(TESTDATA) + "/" + set + "/events.ndjson"));
  formats::Record record;
  while (must(reader.next(record))) {
    DeltaInput in;
    in.id = record.id;
    in.name_space = record.name_space;
    in.op = record.op;
    in.indices = record.indices;
    in.bits = record.bits;
    in.metadata = record.metadata;
    in.at = record.time;
    in.tick = record.tick;
    in.origin = record.origin;
    must(encoder.delta(in));
  }
  must(encoder.finish());
}

/// What a log says now, by name: existence, order of rows, bits, metadata.
std::vector<std::string> state_of(const Log& log) {
  const auto state = must(snapshot(log));
  std::vector<std::string> out;
  for (const auto ns : numbers<NamespaceNo>(log.catalog().namespaces())) {
    for (const VectorNo v : must(state.rows(ns))) {
      std::string row(log.catalog().id(v));
      const auto bits = state.bits(v);
      row.append(1, '\0')
          .append(reinterpret_cast<const char*>(bits.data()), bits.size_bytes())
          .append(state.metadata(v));
      out.push_back(std::move(row));
    }
  }
  return out;
}

std::string blame_text(const Log& log, std::string_view id) {
  const auto vector = log.catalog().find_vector(NamespaceNo{0}, id);
  if (!vector) return "none";
  const auto answer = blame(log, *vector);
  if (!answer) return answer.error().message;
  std::string text = log.dot_text(answer->created.dot);
  for (const auto& run : answer->runs) {
    text += "|" + std::to_string(run.first) + "+" + std::to_string(run.bits.size());
    for (const auto* list : {&run.chosen, &run.transforms, &run.losers}) {
      text += ";";
      for (const auto& ref : *list) text += log.dot_text(ref.dot) + ",";
    }
  }
  for (const auto& member : answer->metadata) {
    text += "|" + member.name + "=" + member.value + log.dot_text(member.set_by.dot);
  }
  return text;
}

bool has_losers(const Log& log, VectorNo vector) {
  const auto answer = blame(log, vector);
  return answer && std::ranges::any_of(answer->runs, [](const BlameRun& run) { return !run.losers.empty(); });
}

Log open(const std::vector<std::string>& paths) { return must(Log::open(paths, {1})); }

/// New commits of a replica's own, on vectors that exist there: concurrent with what the others do.
void diverge(const std::string& path, const std::string& origin, std::mt19937& random) {
  std::vector<std::pair<std::string, std::uint32_t>> known;
  Micros latest = 0;
  {
    const Log log = open({path});
    const auto state = must(snapshot(log));
    for (const VectorNo v : numbers<VectorNo>(log.catalog().vectors())) {
      if (state.exists(v)) known.emplace_back(log.catalog().id(v), log.catalog().dims(v));
    }
    for (const auto n : numbers<CommitNo>(log.commits())) latest = std::max(latest, log.commit_time(n).us());
  }
  if (known.empty()) return;
  auto encoder = must(Encoder::append(path, {.threads = 1, .origin = origin, .commit_every = 3}));
  for (int i = 0; i < 12; ++i) {
    const auto& [id, dims] = known[random() % known.size()];
    const auto index = static_cast<std::uint32_t>(random() % dims);
    const std::uint32_t bits = sample::bits(static_cast<float>(random() % 1000) / 8), factor = sample::bits(-1.5f);
    DeltaInput in;
    in.id = id;
    in.at = latest + 1'000'000 * static_cast<unsigned>(i + 1);
    in.op = i % 4 == 3 ? Operation::scale : Operation::sparse;
    in.bits = {i % 4 == 3 ? &factor : &bits, 1};
    if (i % 4 != 3) in.indices = {&index, 1};
    if (i % 5 == 4) in.metadata = R"({"seen":true})";
    must(encoder.delta(in));
  }
  must(encoder.finish());
}

CompactOptions random_rules(const Log& log, std::mt19937& random) {
  CompactOptions options{.threads = 1, .force = true};
  const Micros some = log.commit_time(nth<CommitNo>(random() % log.commits())).us();
  switch (random() % 4) {
    case 0:
      options.keep = {{.kind = KeepRule::Kind::now}};
      break;
    case 1:
      options.keep = {{.kind = KeepRule::Kind::since, .at = some}};
      break;
    case 2:
      options.keep = {{.kind = KeepRule::Kind::last, .count = 1 + random() % 3}};
      break;
    default:
      options.keep = {{.kind = KeepRule::Kind::monthly, .count = 6}};
      break;
  }
  options.whole_deltas = random() % 3 == 0;
  options.memory = 4096;  // many passes
  return options;
}

}  // namespace

TEST_CASE(
    "replicas of a real stream, dealt out, diverged, compacted at random points and united, hold the state of the "
    "whole set") {
  for (const std::string set : {"tiny/pkgterms-stream", "small/pkgterms-stream"}) {
    const bool small = set.starts_with("small");
    const scratch::Directory dir;
    encode_stream(set, dir.file("whole.dlog"));
    const Log whole = open({dir.file("whole.dlog")});
    const replicas::Deck deck(whole);
    std::uint64_t pruned = 0, contested = 0;
    for (unsigned round = 0; round < (small ? 4u : 24u); ++round) {
      CAPTURE(set, round);
      std::mt19937 random(round);
      const std::size_t count = 2 + round % 2;
      std::vector<std::vector<CommitNo>> hands(count);
      for (const CommitNo commit : must(whole.commits_in_key_order())) {
        hands[random() % count].push_back(commit);
        if (random() % 8 == 0) hands[random() % count].push_back(commit);  // some get it, too
      }
      std::vector<std::string> plain, kept;
      for (std::size_t r = 0; r < count; ++r) {
        auto& hand = hands[r];
        hand.erase(std::unique(hand.begin(), hand.end()), hand.end());
        plain.push_back(dir.file("plain" + std::to_string(r)));
        deck.deal(hand, plain.back());
        // Another reads all there is by now, so that what it adds has seen most of it, and what this one adds has not.
        const std::string own = dir.file("own" + std::to_string(r));
        std::filesystem::copy_file(r % 2 == 0 ? plain.back() : dir.file("whole.dlog"), own,
                                   std::filesystem::copy_options::overwrite_existing);
        diverge(own, "replica" + std::to_string(r), random);
        plain.push_back(own);
      }
      const Log all = open(plain);
      const auto expected = state_of(all);
      const auto step = static_cast<std::uint32_t>(1 + all.catalog().vectors() / 12);
      std::vector<std::string> blames;
      for (std::uint32_t v = 0; v < all.catalog().vectors(); v += step) {
        blames.push_back(blame_text(all, all.catalog().id(VectorNo{v})));
        contested += has_losers(all, VectorNo{v});
      }
      for (std::size_t f = 0; f < plain.size(); ++f) {
        const std::string compacted = dir.file("compacted" + std::to_string(f));
        const std::string from[] = {plain[f]};
        if (random() % 3 == 0) {
          kept.push_back(plain[f]);
          continue;
        }
        const auto report = must(compact(from, compacted, random_rules(open({plain[f]}), random)));
        pruned += report.deltas - report.kept + report.partial;
        REQUIRE(must(verify(from)).verdict != Verdict::invalid);
        kept.push_back(compacted);
      }
      for (unsigned way = 0; way < 3; ++way) {
        std::shuffle(kept.begin(), kept.end(), random);
        const Log united = open(kept);
        REQUIRE(state_of(united) == expected);
        std::size_t next = 0;
        for (std::uint32_t v = 0; v < all.catalog().vectors(); v += step) {
          REQUIRE(blame_text(united, all.catalog().id(VectorNo{v})) == blames[next++]);
        }
        // Two of them become one, pruned again.
        const std::vector<std::string> two(kept.begin(), kept.begin() + 2);
        const std::string one = dir.file("one" + std::to_string(way));
        must(compact(two, one, random_rules(open(two), random)));
        kept.erase(kept.begin());
        kept.front() = one;
        if (kept.size() < 2) break;
      }
      REQUIRE(state_of(open(kept)) == expected);
      const auto report = must(verify(kept));
      for (const auto& finding : report.findings) INFO(finding.where << ": " << finding.what);
      REQUIRE(report.verdict == Verdict::ok);
    }
    CHECK(pruned > 100);
    CHECK(contested > 0);
  }
}
