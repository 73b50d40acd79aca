// Undoing through files: the state that was is there again, bit for bit, and nothing that was before has changed. And
// what diff tells is what it takes.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "delta/diff.hpp"
#include "delta/log.hpp"
#include "delta/rollback.hpp"
#include "delta/verify.hpp"
#include "sample_log.hpp"
#include "world_file.hpp"

using namespace world;
using sample::must;

namespace {

/// What a state says, by id.
struct Content {
  std::vector<std::uint32_t> bits;
  std::string metadata;
  friend bool operator==(const Content&, const Content&) = default;
};
using Contents = std::map<std::string, Content>;

Contents contents(const delta::State& state) {
  Contents out;
  for (const delta::VectorNo v : delta::numbers<delta::VectorNo>(state.catalog().vectors())) {
    if (!state.exists(v)) continue;
    const auto bits = state.bits(v);
    out[std::string(state.catalog().id(v))] = {{bits.begin(), bits.end()}, std::string(state.metadata(v))};
  }
  return out;
}

Contents at(const std::string& path, const delta::CutOptions& cut = {}) {
  const std::string paths[] = {path};
  const auto log = must(delta::Log::open(paths, {1}));
  return contents(must(delta::snapshot(log, cut)));
}

Contents contents(const World& w, const std::vector<Delta>& deltas) {
  Contents out;
  const State state = fold(w, deltas);
  for (std::size_t v = 0; v < state.size(); ++v) {
    if (state[v].exists) {
      out[std::to_string(v)] = {state[v].bits, state[v].metadata.empty() ? "" : state[v].metadata.dump()};
    }
  }
  return out;
}

/// The world's numbers decide everything else, so that a shrunk plan is a case too.
struct Case {
  World w;
  std::string path;
  delta::Micros last = 0;  // no delta is later

  explicit Case(const Plan& plan) : w(admissible(play(plan))), path(directory().file("undo.dlog")) {
    if (w.commits.empty()) return;
    if (const auto written = write_world(w, path); !written) RC_FAIL(written.error().text() + "\n" + show(w));
    for (const Delta& d : w.deltas) last = std::max(last, d.hlc >> 12);
  }
  const Delta& pick(std::size_t i) const { return w.deltas[i % w.deltas.size()]; }
  delta::Dot dot(const delta::Log& log, const Delta& d) const {
    return must(log.parse_dot(d.origin + ":" + std::to_string(d.seq)));
  }
  /// Later than all: `last` still means what it did.
  delta::EncodeOptions options() const {
    return {.threads = 1,
            .allow_nonfinite = true,
            .origin = w.origins[w.deltas.size() % w.origins.size()],
            .now = last + 1};
  }
};

/// Everything before the undoing answers as the world does.
void check_the_past(const Case& c) {
  const std::string paths[] = {c.path};
  RC_ASSERT(must(delta::verify(paths, {delta::VerifyLevel::chain, 1})).verdict == delta::Verdict::ok);
  const auto log = must(delta::Log::open(paths, {1}));
  RC_ASSERT(contents(must(delta::snapshot(log, {.at = c.last}))) == contents(c.w, c.w.deltas));
  const Delta& d = c.pick(5);
  auto seen = c.w.deltas;
  std::erase_if(seen, [&](const Delta& o) { return !happens_before(o, d) && o.key() != d.key(); });
  RC_ASSERT(contents(must(delta::snapshot(log, {.as_seen_by = {c.dot(log, d)}}))) == contents(c.w, seen));
}

bool nothing(const delta::RollbackSummary& done) { return done.created + done.deleted + done.changed == 0; }

std::vector<Delta> before(const World& w, const Delta& d) {
  auto out = w.deltas;
  std::erase_if(out, [&](const Delta& o) { return !happens_before(o, d); });
  return out;
}

/// The three-way merge of one vector, said as directly as the reference model can.
struct Merge {
  const Contents &was, &became, &now;
  std::size_t kept = 0;

  static Json json(const std::string& text) { return text.empty() ? Json::object() : Json::parse(text); }
  template <class T>
  T one(const T& b, const T& a, const T& n) {
    if (b == a || n == b) return n;
    if (n == a) return b;
    ++kept;
    return n;
  }
  void merge(const std::string& id, Contents& out) {
    const auto find = [&](const Contents& in) { return in.contains(id) ? std::optional(in.at(id)) : std::nullopt; };
    const auto b = find(was), a = find(became), n = find(now);
    if (!b || !a || !n) {
      const auto whole = one(b, a, n);
      if (whole) out[id] = *whole;
      return;
    }
    Content all = *n;
    for (std::size_t i = 0; i < all.bits.size(); ++i) all.bits[i] = one(b->bits[i], a->bits[i], n->bits[i]);
    Json members = json(n->metadata);
    const Json x = json(b->metadata), y = json(a->metadata), z = json(n->metadata);
    Json names = x;
    names.update(y);
    for (const auto& item : names.items()) {
      const std::string& name = item.key();
      const auto member = [&](const Json& in) { return in.contains(name) ? in[name] : Json(); };  // no member is null
      const Json value = one(member(x), member(y), member(z));
      members.erase(name);
      if (!value.is_null()) members[name] = value;
    }
    all.metadata = members.empty() ? "" : members.dump();
    out[id] = all;
  }
};

}  // namespace

TEST_CASE("a rollback restores the present to that moment, and changes nothing in the past") {
  CHECK(check_histories("rollback", 0.4, [](const Plan& plan) {
    const Case c(plan);
    if (c.w.commits.empty()) return;
    const Delta& d = c.pick(c.w.deltas.size() / 2);
    const bool by_dot = d.seq % 2 == 0;
    Contents then, now = at(c.path);
    {
      auto encoder = must(delta::Encoder::append(c.path, c.options()));
      delta::CutOptions cut;
      by_dot ? void(cut.as_seen_by = {c.dot(encoder.log(), d)}) : void(cut.at = d.hlc >> 12);
      then = contents(must(delta::snapshot(encoder.log(), cut)));
      const auto done = must(delta::rollback(encoder, cut));
      RC_ASSERT(contents(*must(encoder.present())) == then);
      RC_ASSERT(nothing(done) == (then == now));
      const auto written = must(encoder.finish());
      RC_ASSERT(written.commits == (then == now ? 0u : 1u));
    }
    RC_ASSERT(at(c.path) == then);
    check_the_past(c);
    auto again = must(delta::Encoder::append(c.path, c.options()));
    delta::CutOptions cut;
    by_dot ? void(cut.as_seen_by = {c.dot(again.log(), d)}) : void(cut.at = d.hlc >> 12);
    RC_ASSERT(nothing(must(delta::rollback(again, cut))));
  }));
}

TEST_CASE("a rollback of some vectors leaves the others alone") {
  CHECK(check_histories("rollback of a selection", 0.2, [](const Plan& plan) {
    const Case c(plan);
    if (c.w.commits.empty()) return;
    const delta::CutOptions cut{.at = c.pick(c.w.deltas.size() / 3).hlc >> 12};
    Contents wanted = at(c.path);
    const Contents then = at(c.path, cut);
    const auto chosen = [](std::string_view id) { return (id.back() - '0') % 2 == 0; };
    std::erase_if(wanted, [&](const auto& item) { return chosen(item.first); });
    for (const auto& [id, content] : then) {
      if (chosen(id)) wanted[id] = content;
    }
    auto encoder = must(delta::Encoder::append(c.path, c.options()));
    const delta::Catalog& catalog = encoder.log().catalog();
    delta::VectorSet vectors;
    for (const delta::VectorNo v : delta::numbers<delta::VectorNo>(catalog.vectors())) {
      if (chosen(catalog.id(v))) vectors.insert(v);
    }
    must(delta::rollback(encoder, cut, {.vectors = vectors}));
    must(encoder.finish());
    RC_ASSERT(at(c.path) == wanted);
  }));
}

TEST_CASE("to revert a commit is to merge three ways") {
  CHECK(check_histories("revert", 0.4, [](const Plan& plan) {
    const Case c(plan);
    if (c.w.commits.empty()) return;
    const std::size_t number = c.w.deltas.size() / 2 % c.w.commits.size();
    const Commit& commit = c.w.commits[number];
    const auto find = [&](std::uint64_t seq) {
      return *std::ranges::find_if(c.w.deltas, [&](const Delta& d) { return d.commit == number && d.seq == seq; });
    };
    auto after = before(c.w, find(commit.last()));
    after.push_back(find(commit.last()));
    const Contents was = contents(c.w, before(c.w, find(commit.first))), became = contents(c.w, after),
                   now = contents(c.w, c.w.deltas);
    Contents wanted;
    Merge merge{was, became, now};
    for (std::size_t v = 0; v < c.w.vectors; ++v) merge.merge(std::to_string(v), wanted);

    auto encoder = must(delta::Encoder::append(c.path, c.options()));
    const auto log_commit = *encoder.log().find_commit(c.dot(encoder.log(), find(commit.first)));
    const auto done = must(delta::revert(encoder, log_commit));
    must(encoder.finish());
    RC_ASSERT(at(c.path) == wanted);
    std::size_t kept = 0;
    for (const auto& one : done.kept) kept += (one.existence ? 1 : 0) + one.dims.size() + one.members.size();
    RC_ASSERT(kept == merge.kept);
    check_the_past(c);
  }));
}

TEST_CASE("a diff is what leads from one state to the other") {
  CHECK(check_histories("diff", 0.2, [](const Plan& plan) {
    const Case c(plan);
    if (c.w.commits.empty()) return;
    const std::string paths[] = {c.path};
    const auto log = must(delta::Log::open(paths, {1})), other = must(delta::Log::open(paths, {1}));
    const delta::CutOptions cut{.at = c.pick(c.w.deltas.size() / 3).hlc >> 12},
        later{.at = c.pick(c.w.deltas.size() / 2).hlc >> 12};
    const auto from = must(delta::snapshot(log, cut)), to = must(delta::snapshot(other, later));
    Contents state = contents(from);
    std::string previous;
    must(delta::diff(from, to, [&](const delta::VectorDiff& d) -> delta::Status {
      const std::string id(d.id);
      RC_ASSERT(previous < id);
      previous = id;
      if (d.kind == delta::Difference::deleted) {
        RC_ASSERT(state.erase(id) == 1u);
        return {};
      }
      RC_ASSERT(state.contains(id) == (d.kind == delta::Difference::changed));
      Content& content = state[id];
      if (d.kind == delta::Difference::created) content.bits.assign(d.new_bits.begin(), d.new_bits.end());
      for (const auto dim : d.dims) content.bits[dim] = d.new_bits[dim];
      content.metadata = d.new_metadata;
      return {};
    }));
    RC_ASSERT(state == contents(to));
    RC_ASSERT(must(delta::diff(from, from, [](const delta::VectorDiff&) { return delta::Status(); })).same());
  }));
}
