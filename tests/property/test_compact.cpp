// Law 8 through files: a random world dealt out to replicas, each compacted by random rules, united, and compacted
// again. What the log answers is what the whole one does; what it cannot answer it refuses.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <span>

#include "delta/blame.hpp"
#include "delta/compact.hpp"
#include "delta/snapshot.hpp"
#include "delta/verify.hpp"
#include "replicas.hpp"
#include "world.hpp"
#include "world_file.hpp"

using namespace world;
using sample::must;

namespace {

delta::CompactOptions random_rules(const World& w, std::mt19937& random) {
  using Kind = delta::KeepRule::Kind;
  delta::CompactOptions options{.threads = 1, .force = true};
  const auto some = [&] { return w.deltas[random() % w.deltas.size()].hlc >> 12; };
  for (unsigned n = 1 + random() % 2; n > 0; --n) {
    switch (random() % 6) {
      case 0:
        options.keep.push_back({.kind = Kind::all});
        break;
      case 1:
        options.keep.push_back({.kind = Kind::since, .at = some()});
        break;
      case 2:
        options.keep.push_back({.kind = Kind::last, .count = 1 + random() % 2});
        break;
      case 3:
        options.keep.push_back({.kind = Kind::every, .step = 1 + random() % 3});
        break;
      default:
        options.keep.push_back({.kind = Kind::now});
        break;
    }
  }
  options.whole_deltas = random() % 4 == 0;
  options.memory = random() % 2 == 0 ? 1 : 1 << 20;  // a vector at a time, or all
  return options;
}

/// Every cut that is answered is answered as the whole log does. Returns how many were refused.
std::size_t check_answers(const std::vector<std::string>& paths, const World& w) {
  const auto log = must(delta::Log::open(paths, {1}));
  RC_ASSERT(log.notices().empty());
  RC_LOG() << paths.size() << " logs, now\n";
  compare(log, w, w.deltas, {});
  std::size_t refused = 0;
  for (const Delta& d : w.deltas) {
    const delta::CutOptions at{.at = d.hlc >> 12},
        seen{.as_seen_by = {must(log.parse_dot(d.origin + ":" + std::to_string(d.seq)))}};
    for (const auto& cut : {at, seen}) {
      const auto answer = delta::snapshot(log, cut);
      if (!answer) {
        RC_ASSERT(answer.error().code == delta::ErrorCode::not_kept);
        ++refused;
        continue;
      }
      auto inside = w.deltas;
      std::erase_if(inside, [&](const Delta& o) {
        return cut.at ? o.hlc >> 12 > *cut.at : !happens_before(o, d) && o.key() != d.key();
      });
      RC_LOG() << paths.size() << " logs, "
               << (cut.at ? "at " + std::to_string(*cut.at) : "as seen by " + log.dot_text(cut.as_seen_by.front()))
               << "\n";
      compare(log, w, inside, cut);
    }
  }
  return refused;
}

/// Whatever the copies, their log gives each delta that any of them has something of, and gives it once.
void check_each_once(const std::vector<std::string>& paths) {
  const auto dots_in = [](std::span<const std::string> some, std::set<std::string>& out) {
    std::size_t repeated = 0;
    const auto log = must(delta::Log::open(some, {1}));
    must(log.each(delta::VectorSet::all(), [&](const delta::DeltaBatch& batch) -> delta::Status {
      for (std::size_t i = 0; i < batch.size(); ++i) {
        repeated += !out.insert(log.dot_text({log.commit(batch.commits[i]).origin, batch.seqs[i]})).second;
      }
      return {};
    }));
    return repeated;
  };
  std::set<std::string> alone, together;
  for (const auto& path : paths) static_cast<void>(dots_in({&path, 1}, alone));
  RC_ASSERT(dots_in(paths, together) == 0u);
  RC_ASSERT(alone == together);
}

}  // namespace

TEST_CASE("law 8: replicas compacted apart, united and compacted again answer as the whole log, or refuse") {
  std::size_t refused = 0;
  CHECK(check_histories("law 8 through files", 0.4, [&](const Plan& plan) {
    const World w = admissible(play(plan));
    if (w.commits.empty()) return;
    const scratch::Directory dir;
    const auto written = write_world(w, dir.file("whole.dlog"));
    if (!written) RC_FAIL(written.error().text() + "\n" + show(w));
    std::mt19937 random(static_cast<unsigned>(*rc::gen::noShrink(rc::gen::inRange(0, 1 << 30))));
    const std::string whole[] = {dir.file("whole.dlog")};
    const auto log = must(delta::Log::open(whole, {1}));
    const replicas::Deck deck(log);
    std::vector<std::vector<delta::CommitNo>> hands(2);
    for (const auto commit : must(log.commits_in_key_order())) {
      const auto who = static_cast<unsigned>(random() % 3);  // 2: both
      if (who != 1) hands[0].push_back(commit);
      if (who != 0) hands[1].push_back(commit);
    }
    std::vector<std::string> compacted;
    for (std::size_t r = 0; r < hands.size(); ++r) {
      const std::string dealt[] = {dir.file("dealt" + std::to_string(r))};
      deck.deal(hands[r], dealt[0]);
      if (hands[r].empty()) continue;
      compacted.push_back(dir.file("compacted" + std::to_string(r)));
      must(delta::compact(dealt, compacted.back(), random_rules(w, random)));
    }
    refused += check_answers(compacted, w);
    check_each_once(compacted);
    const std::string one = dir.file("one.dlog");
    must(delta::compact(compacted, one, random_rules(w, random)));
    refused += check_answers({one}, w);
    const std::string ones[] = {one};
    const auto report = must(delta::verify(ones, {delta::VerifyLevel::chain, 1}));
    for (const auto& finding : report.findings) RC_LOG() << finding.where << ": " << finding.what << "\n";
    RC_ASSERT(report.verdict == delta::Verdict::ok);
    // Beside the whole log, pruned copies take nothing away.
    RC_ASSERT(check_answers({one, whole[0]}, w) == 0);
    check_each_once({one, whole[0], compacted.front()});
  }));
  CHECK(refused > 0);
}

namespace {

bool knows_all(const World& w, const Commit& c, const std::set<std::size_t>& commits) {
  return std::ranges::all_of(commits, [&](std::size_t b) {
    const auto seen = c.context.find(w.commits[b].origin);
    return seen != c.context.end() && seen->second >= w.commits[b].last();
  });
}

/// Of the deltas in a log, what is now and what was when they had all been seen.
void check_closed_answers(const std::vector<std::string>& paths, const World& w, const std::set<std::size_t>& commits,
                          const std::vector<delta::Micros>& kept) {
  const auto log = must(delta::Log::open(paths, {1}));
  const auto deltas = deltas_of(w, commits);
  compare(log, w, deltas, {});
  for (const delta::Micros at : kept) {
    auto inside = deltas;
    std::erase_if(inside, [&](const Delta& d) { return d.hlc >> 12 > at; });
    compare(log, w, inside, {.at = at});
  }
}

}  // namespace

TEST_CASE(
    "law 8: after a compaction that knew every writer, who has seen it may write on, and others are refused as late") {
  std::size_t settled = 0, late = 0, later = 0;
  CHECK(check_histories("law 8, closed, through files", 0.4, [&](const Plan& plan) {
    const World w = admissible(play(plan));
    if (w.commits.empty()) return;
    const scratch::Directory dir;
    const std::string whole[] = {dir.file("whole.dlog")}, before_file[] = {dir.file("before.dlog")};
    if (const auto written = write_world(w, whole[0]); !written) RC_FAIL(written.error().text() + "\n" + show(w));
    const auto log = must(delta::Log::open(whole, {1}));
    const replicas::Deck deck(log);
    std::mt19937 random(static_cast<unsigned>(*rc::gen::noShrink(rc::gen::inRange(0, 1 << 30))));
    const auto number = [&](std::size_t c) {
      return *log.find_commit(must(log.parse_dot(w.commits[c].origin + ":" + std::to_string(w.commits[c].first))));
    };
    const auto deal = [&](const std::set<std::size_t>& commits, const std::string& path) {
      std::vector<delta::CommitNo> hand;
      for (const auto n : must(log.commits_in_key_order())) {
        if (std::ranges::any_of(commits, [&](std::size_t c) { return number(c) == n; })) hand.push_back(n);
      }
      deck.deal(hand, path);
    };
    const Commit& author = w.commits[random() % w.commits.size()];
    std::set<std::size_t> before, all;
    for (std::size_t c = 0; c < w.commits.size(); ++c) {
      const auto seen = author.context.find(w.commits[c].origin);
      if (seen != author.context.end() && w.commits[c].last() <= seen->second) before.insert(c);
    }
    before = folded(w, before);
    if (before.empty()) return;
    all = before;
    for (std::size_t c = 0; c < w.commits.size(); ++c) {
      if (knows_all(w, w.commits[c], before)) all.insert(c);
    }
    all = folded(w, all);
    deal(before, before_file[0]);

    delta::CompactOptions options{.threads = 1, .force = true, .assume_closed = true};
    std::vector<delta::Micros> kept;
    options.keep = {{.kind = delta::KeepRule::Kind::now}};
    if (random() % 2 == 0) {
      const Delta& d = w.deltas[random() % w.deltas.size()];
      options.keep.push_back({.kind = delta::KeepRule::Kind::since, .at = d.hlc >> 12});
      kept.push_back(d.hlc >> 12);
    }
    options.whole_deltas = random() % 4 == 0;
    const std::string closed = dir.file("closed.dlog");
    const auto report = must(delta::compact(before_file, closed, options));
    settled += report.pruned_commits > 0;
    check_closed_answers({closed}, w, before, kept);

    std::set<std::size_t> after = all;
    std::erase_if(after, [&](std::size_t c) { return before.count(c) != 0; });
    std::vector<std::string> paths{closed};
    if (!after.empty()) {
      ++later;
      paths.push_back(dir.file("after.dlog"));
      deal(after, paths.back());
      check_closed_answers(paths, w, all, kept);
    }
    RC_ASSERT(must(delta::verify(paths, {delta::VerifyLevel::chain, 1})).verdict == delta::Verdict::ok);
    if (report.pruned_commits == 0) return;  // then nothing depends on the assumption
    delta::CompactOptions open{.threads = 1, .force = true, .keep = {{.kind = delta::KeepRule::Kind::now}}};
    RC_ASSERT(!delta::compact(paths, dir.file("again.dlog"), open));
    open.assume_closed = true;
    must(delta::compact(paths, dir.file("again.dlog"), open));
    check_closed_answers({dir.file("again.dlog")}, w, all, {});
    for (std::size_t c = 0; c < w.commits.size(); ++c) {
      auto with = all;
      with.insert(c);
      if (all.count(c) != 0 || folded(w, with).count(c) == 0) continue;
      ++late;
      deal({c}, dir.file("late.dlog"));
      auto more = paths;
      more.push_back(dir.file("late.dlog"));
      const auto opened = delta::Log::open(more, {1});
      RC_ASSERT(!opened);
      RC_ASSERT(opened.error().code == delta::ErrorCode::late);
      const auto judged = must(delta::verify(more, {delta::VerifyLevel::chain, 1}));
      RC_ASSERT(judged.verdict == delta::Verdict::late);
    }
    must(delta::Log::open(std::vector{closed, whole[0]}, {1}));  // all of it whole: nothing is closed any more
  }));
  CHECK(settled > 0);
  CHECK(late > 0);
  CHECK(later > 0);
}
