// Laws 2, 3 and 6, and what they stand on: contexts and the key order, over random histories.
#include <catch2/catch.hpp>
#include <map>

#include "real.hpp"

using namespace world;
using delta::model::Cut;

namespace {

unsigned seed() { return static_cast<unsigned>(*rc::gen::noShrink(rc::gen::inRange(0, 1 << 30))); }

std::vector<Delta> until(std::vector<Delta> deltas, delta::Micros us) {
  std::erase_if(deltas, [&](const Delta& d) { return d.hlc >> 12 > us; });
  return deltas;
}

std::vector<Delta> seen_by(const std::vector<Delta>& deltas, const Delta& who) {
  auto out = deltas;
  std::erase_if(out, [&](const Delta& d) { return !happens_before(d, who) && d.key() != who.key(); });
  return out;
}

}  // namespace

TEST_CASE("the key order extends happens-before") {
  CHECK(check_histories("the key order extends happens-before", 1, [](const Plan& plan) {
    const World w = play(plan);
    for (const Delta& a : w.deltas) {
      for (const Delta& b : w.deltas) {
        if (happens_before(a, b)) RC_ASSERT(a.key() < b.key());
      }
    }
  }));
}

TEST_CASE("a history knows what each delta has seen, what is pending and which dots are maximal") {
  CHECK(check_histories("contexts", 1, [](const Plan& plan) {
    const World w = play(plan);
    const unsigned s = seed();
    Real real(w, s);
    const auto commits = some_commits(w, s);
    real.deliver(commits);
    const auto in = folded(w, commits);
    for (const std::size_t c : commits) RC_ASSERT(real.history.folded(real.numbers[c]) == (in.count(c) != 0));
    RC_ASSERT(real.history.pending().size() == commits.size() - in.size());
    RC_ASSERT(real.history.linked().size() == in.size());
    const auto deltas = deltas_of(w, in);
    for (const Delta& a : deltas) {
      RC_ASSERT(real.history.find({real.origin(a.origin), a.seq}) == real.numbers[a.commit]);
      for (const Delta& b : deltas) {
        const auto x = real.numbers[a.commit], y = real.numbers[b.commit];
        RC_ASSERT(real.history.happens_before(x, a.seq, y, b.seq) == happens_before(a, b));
        RC_ASSERT(real.history.context_contains(y, {real.origin(a.origin), a.seq}) ==
                  seen(w.commits[b.commit].context, a));
      }
    }
    std::vector<std::pair<Name, std::uint64_t>> heads_of;
    for (const auto dot : real.history.heads()) heads_of.emplace_back(real.catalog.origin(dot.origin), dot.seq);
    const auto expected = heads(w, in);
    RC_ASSERT(heads_of == std::vector(expected.begin(), expected.end()));
  }));
}

TEST_CASE("law 2: the state is a function of the set, whatever the order, the batches and the numbers") {
  CHECK(check_histories("law 2", 1, [](const Plan& plan) {
    const World w = play(plan);
    const unsigned s = seed();
    const auto in = folded(w, some_commits(w, s));
    const auto deltas = deltas_of(w, in);
    const State expected = fold(w, deltas);
    std::optional<std::uint64_t> overflows;
    for (unsigned round = 0; round < 3; ++round) {
      Real real(w, s + round);
      real.deliver(in);
      auto list = deltas;
      if (round == 2) list.insert(list.end(), deltas.begin(), deltas.begin() + static_cast<long>(deltas.size() / 2));
      real.set_deltas(list, round == 0);
      RC_ASSERT(real.fold() == expected);
      RC_ASSERT(overflows.value_or(real.overflows) == real.overflows);
      overflows = real.overflows;
    }
    bool conflict = false;
    for (const Delta& a : deltas) {
      for (const Delta& b : deltas) {
        conflict |= a.vector == b.vector && a.key() != b.key() && !happens_before(a, b) && !happens_before(b, a);
      }
    }
    RC_CLASSIFY(conflict, "concurrent deltas of one vector");
  }));
}

TEST_CASE("law 3: only create and delete decide existence, and what is before the last delete is void") {
  CHECK(check_histories("law 3", 1, [](const Plan& plan) {
    const World w = play(plan);
    const unsigned s = seed();
    const auto deltas = deltas_of(w, all_commits(w));
    Real real(w, s);
    real.deliver(all_commits(w));
    real.set_deltas(deltas, s % 2 == 0);
    const State state = real.fold();
    std::vector<Delta> not_void;
    std::map<Key, int> rows;
    for (int v = 0; v < static_cast<int>(w.vectors); ++v) {
      const Delta *last = nullptr, *last_delete = nullptr;
      for (const Delta& d : deltas) {
        if (d.vector != v || !is_lifecycle(d.op)) continue;
        if (last == nullptr || d.key() > last->key()) last = &d;
        if (d.op == Operation::remove && (last_delete == nullptr || d.key() > last_delete->key())) last_delete = &d;
      }
      RC_ASSERT(state[static_cast<std::size_t>(v)].exists == (last != nullptr && last->op == Operation::create));
      if (last != nullptr && last->op == Operation::create) rows[last->key()] = v;
      for (const Delta& d : deltas) {
        if (d.vector == v && !(last_delete != nullptr && d.key() < last_delete->key())) not_void.push_back(d);
      }
    }
    real.set_deltas(not_void, false);
    RC_ASSERT(real.fold() == state);

    auto whole = delta::model::fold(real.catalog, real.history, real.source, {});
    std::vector<delta::VectorNo> order;
    for (const auto& [key, v] : rows) order.push_back(real.vector(v));
    RC_ASSERT(*whole->rows(delta::NamespaceNo{0}) == order);
    RC_ASSERT(whole->size() == order.size());
  }));
}

TEST_CASE(
    "law 6: the state at a time is the fold of what was written until then, and of nothing whose cause it lacks") {
  CHECK(check_histories("law 6, times", 1, [](const Plan& plan) {
    const World w = play(plan);
    const unsigned s = seed();
    const auto commits = some_commits(w, s);
    Real real(w, s);
    real.deliver(commits);
    real.set_deltas(deltas_of(w, commits), s % 2 == 0);  // pending ones too: the fold leaves them out
    const auto deltas = deltas_of(w, folded(w, commits));
    std::set<delta::Micros> times{0};
    for (const Delta& d : deltas) times.insert({d.hlc >> 12, (d.hlc >> 12) - 1});
    for (const delta::Micros at : times) {
      const auto inside = until(deltas, at);
      RC_ASSERT(real.fold(Cut{.at = at}) == fold(w, inside));
      for (const Delta& d : inside) {
        for (const Delta& cause : deltas) RC_ASSERT((!happens_before(cause, d) || cause.hlc >> 12 <= at));
      }
    }
  }));
}

TEST_CASE("law 6: the state as a delta's author saw it is the fold of that delta and its context") {
  CHECK(check_histories("law 6, dots", 1, [](const Plan& plan) {
    const World w = play(plan);
    const unsigned s = seed();
    const auto commits = some_commits(w, s);
    Real real(w, s);
    real.deliver(commits);
    real.set_deltas(deltas_of(w, commits), s % 2 == 0);
    const auto in = folded(w, commits);
    const auto deltas = deltas_of(w, in);
    for (const Delta& d : deltas) {
      const delta::Dot dot{real.origin(d.origin), d.seq};
      RC_ASSERT(real.fold(Cut{.as_seen_by = {dot}}) == fold(w, seen_by(deltas, d)));
      RC_ASSERT(real.fold(Cut{.at = d.hlc >> 12, .as_seen_by = {dot}}) ==
                fold(w, until(seen_by(deltas, d), d.hlc >> 12)));
    }
    for (const Delta& d : w.deltas) {
      if (in.count(d.commit) != 0) continue;
      const Cut cut{.as_seen_by = {{real.origin(d.origin), d.seq}}};
      RC_ASSERT(!delta::model::fold(real.catalog, real.history, real.source, cut));
    }
  }));
}

TEST_CASE("law 6: what is pending counts for nothing until its causes arrive, and then fully") {
  CHECK(check_histories("law 6, pending", 1, [](const Plan& plan) {
    const World w = play(plan);
    const unsigned s = seed();
    const auto first = some_commits(w, s);
    Real real(w, s);
    real.deliver(first);
    real.set_deltas(deltas_of(w, first), s % 2 == 0);
    RC_ASSERT(real.fold() == fold(w, deltas_of(w, folded(w, first))));
    RC_CLASSIFY(folded(w, first) != first, "some pending");
    real.deliver(all_commits(w));
    real.set_deltas(deltas_of(w, all_commits(w)), s % 2 != 0);
    RC_ASSERT(real.history.pending().empty());
    RC_ASSERT(real.fold() == fold(w, deltas_of(w, all_commits(w))));
  }));
}
