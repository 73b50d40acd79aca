// Law 1 through files: a random world, cut into segments in two ways, dealt to replicas with duplicates and in any
// order.
#include <catch2/catch.hpp>
#include <iterator>

#include "delta/compact.hpp"
#include "delta/merge.hpp"
#include "delta/verify.hpp"
#include "world_file.hpp"

using namespace world;
using sample::must;

namespace {

using Bytes = std::vector<std::uint8_t>;
using Commits = std::set<std::size_t>;

struct Piece {
  Commits commits;
  Bytes bytes;
};

/// Files are named anew each time, so that no mistake reads an old one.
std::string fresh_path() {
  static int number = 0;
  return directory().file(std::to_string(number++) + ".dlog");
}

void remove_files() {
  for (const auto& entry : std::filesystem::directory_iterator(directory().path())) {
    std::filesystem::remove(entry.path());
  }
}

std::string file_of(const Bytes& bytes) {
  const std::string path = fresh_path();
  scratch::write(path, bytes);
  return path;
}

/// The world as segments of one or more neighbouring commits.
std::vector<Piece> cut(const World& w, const std::vector<int>& sizes) {
  std::vector<Piece> pieces;
  Bytes before;
  for (std::size_t c = 0; c < w.commits.size();) {
    const auto size = static_cast<std::size_t>(sizes.empty() ? 1 : sizes[pieces.size() % sizes.size()]);
    const std::vector<std::string> base = before.empty() ? std::vector<std::string>() : std::vector{file_of(before)};
    const std::string path = fresh_path();
    auto encoder = must(delta::Encoder::create(path, base, {.threads = 1, .allow_nonfinite = true}));
    Piece piece;
    for (const std::size_t end = std::min(w.commits.size(), c + size); c < end; ++c) {
      must(write_commit(w, c, encoder));
      piece.commits.insert(c);
    }
    must(encoder.finish());
    piece.bytes = scratch::read(path);
    before.insert(before.end(), piece.bytes.begin(), piece.bytes.end());
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

struct Replica {
  Commits commits;
  Bytes bytes;
};

Replica deal(const std::vector<Piece>& pieces, const std::vector<int>& hand) {
  Replica replica;
  for (const int number : hand) {
    const Piece& piece = pieces[static_cast<std::size_t>(number) % pieces.size()];
    replica.commits.insert(piece.commits.begin(), piece.commits.end());
    replica.bytes.insert(replica.bytes.end(), piece.bytes.begin(), piece.bytes.end());
  }
  return replica;
}

Bytes merged(const std::vector<Bytes>& inputs, const std::vector<Bytes>& not_in = {}) {
  std::vector<std::string> paths;
  delta::MergeOptions options{.threads = 1, .not_in = {}};
  for (const auto& bytes : inputs) paths.push_back(file_of(bytes));
  for (const auto& bytes : not_in) options.not_in.push_back(file_of(bytes));
  auto merge = must(delta::Merge::open(paths, options));
  if (merge.empty()) return {};
  const std::string path = fresh_path();
  auto out = must(delta::OutputFile::create(path, {}));
  must(merge.write(out));
  must(out.commit());
  return scratch::read(path);
}

/// What the bytes hold, as commits of the world; and that they verify and give the state that these fold to.
Commits check(const World& w, const Bytes& bytes) {
  const std::string paths[] = {file_of(bytes)};
  const auto report = must(delta::verify(paths, {delta::VerifyLevel::chain, 1}));
  for (const auto& finding : report.findings) RC_LOG() << finding.where << ": " << finding.what << "\n";
  RC_ASSERT((report.verdict == delta::Verdict::ok || report.verdict == delta::Verdict::pending));
  const auto log = must(delta::Log::open(paths, {1}));
  Commits held;
  for (std::size_t c = 0; c < w.commits.size(); ++c) {
    const auto origin = log.catalog().find_origin(w.commits[c].origin);
    if (origin && log.find_commit({*origin, w.commits[c].first})) held.insert(c);
  }
  RC_ASSERT(log.commits() == held.size());
  const Commits whole = folded(w, held);
  RC_ASSERT((report.verdict == delta::Verdict::pending) == (whole.size() < held.size()));
  compare(log, w, deltas_of(w, whole), {});
  return held;
}

rc::Gen<std::vector<int>> numbers(int least, int most, int below) {
  return rc::gen::mapcat(rc::gen::inRange(least, most + 1), [below](int size) {
    return rc::gen::container<std::vector<int>>(static_cast<std::size_t>(size), rc::gen::inRange(0, below));
  });
}

Commits united(const std::vector<Replica>& replicas) {
  Commits all;
  for (const auto& replica : replicas) all.insert(replica.commits.begin(), replica.commits.end());
  return all;
}

/// Replicas keep what they like: packed, and pruned to the present or not.
void compact(Replica& replica, delta::KeepRule::Kind kind) {
  const std::string paths[] = {file_of(replica.bytes)};
  const std::string out = fresh_path();
  must(delta::compact(paths, out, {.threads = 1, .keep = {{.kind = kind}}}));
  replica.bytes = scratch::read(out);
}

std::vector<Replica> deal_all(const World& w, const std::vector<delta::KeepRule::Kind>& kinds) {
  auto pieces = cut(w, {1});
  auto others = cut(w, *rc::gen::container<std::vector<int>>(3, rc::gen::inRange(1, 5)));
  std::move(others.begin(), others.end(), std::back_inserter(pieces));
  std::vector<Replica> replicas;
  for (int i = 0, n = *rc::gen::inRange(2, 4); i < n; ++i) {
    replicas.push_back(deal(pieces, *numbers(1, 8, 1000)));
    if (*rc::gen::inRange(0, 3) == 0) compact(replicas.back(), *rc::gen::elementOf(kinds));
  }
  return replicas;
}

}  // namespace

TEST_CASE("a merge is the union, whatever the order, the nesting and the repetition of its inputs") {
  CHECK(check_histories("law 1 through files", 1, [](const Plan& plan) {
    const World w = admissible(play(plan));
    if (w.commits.empty()) return;
    remove_files();
    const auto replicas = deal_all(w, {delta::KeepRule::Kind::all, delta::KeepRule::Kind::now});
    std::vector<Bytes> inputs;
    for (const auto& replica : replicas) inputs.push_back(replica.bytes);
    const Bytes all = merged(inputs);
    RC_ASSERT(check(w, all) == united(replicas));
    // Any order, one after the other, in one file, with itself.
    RC_ASSERT(merged({inputs.rbegin(), inputs.rend()}) == all);
    Bytes step = merged({inputs.back()});
    for (auto next = inputs.rbegin() + 1; next != inputs.rend(); ++next) step = merged({*next, step});
    RC_ASSERT(step == all);
    Bytes file;
    for (const auto& bytes : inputs) file.insert(file.end(), bytes.begin(), bytes.end());
    RC_ASSERT(merged({file}) == all);
    RC_ASSERT(merged({all}) == all);
    for (const auto& bytes : inputs) RC_ASSERT(merged({bytes, all}) == all);
  }));
}

TEST_CASE("a bundle is what the other log lacks, and completes it") {
  CHECK(check_histories("merge --not-in", 0.2, [](const Plan& plan) {
    const World w = admissible(play(plan));
    if (w.commits.empty()) return;
    remove_files();
    auto replicas = deal_all(w, {delta::KeepRule::Kind::all});
    const Replica other = replicas.back();
    replicas.pop_back();
    std::vector<Bytes> inputs;
    for (const auto& replica : replicas) inputs.push_back(replica.bytes);
    Commits lacks;
    for (const auto c : united(replicas)) {
      if (!other.commits.contains(c)) lacks.insert(c);
    }
    const Bytes bundle = merged(inputs, {other.bytes});
    RC_ASSERT(bundle.empty() == lacks.empty());
    RC_ASSERT(merged({inputs.rbegin(), inputs.rend()}, {other.bytes}) == bundle);
    if (bundle.empty()) return;
    RC_ASSERT(check(w, bundle) == lacks);
    RC_ASSERT(merged({bundle}) == bundle);
    RC_ASSERT(merged({bundle}, {other.bytes}) == bundle);
    lacks.insert(other.commits.begin(), other.commits.end());
    RC_ASSERT(check(w, merged({bundle, other.bytes})) == lacks);
  }));
}
