// The clock rules for live input, against a model that knows nothing but them: what is refused, which timestamp a
// commit gets, and when the time that was meant is kept beside it.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "delta/encode.hpp"
#include "delta/log.hpp"
#include "delta/verify.hpp"
#include "sample_log.hpp"
#include "world.hpp"

using namespace delta;
using sample::must;

namespace {

constexpr Micros kNow = 1'000'000, kSkew = 1000, kAge = 5000;

/// One commit of one delta. Numbers without meaning of their own, so that any shrunk plan is one, too.
struct Line {
  int origin = 0, kind = 0, time = 0, tick = 0, seen = 0;
};
struct Plan {
  int skew = 0, age = 0;
  std::vector<Line> lines;
};

void showValue(const Plan& plan, std::ostream& out) {
  out << "skew " << plan.skew << ", age " << plan.age << "\n";
  for (const auto& l : plan.lines) {
    out << "  origin " << l.origin << ", kind " << l.kind << ", time " << l.time << ", tick " << l.tick << ", seen "
        << l.seen << "\n";
  }
}

/// The whole range at any size of the plan.
rc::Gen<int> below(int end) { return rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, end)); }

rc::Gen<Plan> plans() {
  using rc::gen::set;
  const auto line =
      rc::gen::build<Line>(set(&Line::origin, below(3)), set(&Line::kind, below(8)), set(&Line::time, below(9)),
                           set(&Line::tick, below(3)), set(&Line::seen, below(3)));
  return rc::gen::build<Plan>(set(&Plan::skew, below(4)), set(&Plan::age, below(3)),
                              set(&Plan::lines, rc::gen::resize(10, rc::gen::container<std::vector<Line>>(line))));
}

/// About the clock and its bounds, each more than once.
Micros time_of(const Line& l) {
  constexpr Micros kTimes[] = {kNow - kAge - 1, kNow - kAge,      kNow - 10,     kNow - 10,    kNow,
                               kNow + kSkew,    kNow + kSkew + 1, kNow + 50'000, kNow + 60'000};
  return kTimes[l.time];
}

struct Written {
  std::string origin;
  std::uint64_t hlc = 0;
  std::optional<Micros> given;
  std::set<std::size_t> context;  // of commits, itself included
  std::uint64_t seq = 0;
};

class Model {
 public:
  Model(std::optional<Micros> skew, std::optional<Micros> age) : skew_(skew), age_(age) {}

  /// What a commit has seen: everything, its origin's own, or nothing but that and one other head.
  std::set<std::size_t> context(const std::string& origin, int seen) const {
    std::set<std::size_t> out;
    for (std::size_t i = 0; i < commits.size(); ++i) {
      if (seen == 0 || commits[i].origin == origin) out.insert(commits[i].context.begin(), commits[i].context.end());
    }
    return out;
  }

  /// None: refused.
  std::optional<Written> write(const std::string& origin, const std::set<std::size_t>& context,
                               std::optional<Micros> at, std::optional<std::uint32_t> tick, bool stated) {
    std::optional<std::uint64_t> own, others;
    std::uint64_t seq = 1;
    for (const std::size_t i : context) {
      auto& last = commits[i].origin == origin ? own : others;
      last = std::max(last.value_or(0), commits[i].hlc);
      if (commits[i].origin == origin) seq = std::max(seq, commits[i].seq + 1);
    }
    const std::uint64_t least = std::max(own.value_or(0), others ? *others + 1 : 0),
                        last = std::max(own.value_or(0), others.value_or(0));
    if (!stated && at && skew_ && *at > kNow + *skew_) return std::nullopt;
    if (!stated && at && age_ && *at + *age_ < kNow) return std::nullopt;
    const bool ahead = !stated && skew_ && last >> 12 > kNow + *skew_;
    const Micros asked = at.value_or(kNow);
    const bool behind = tick ? (asked << 12 | *tick) < least : asked < last >> 12;
    if (at && behind && !ahead) return std::nullopt;
    Written w{origin, std::max(asked << 12 | (behind ? 0 : tick.value_or(0)), least), std::nullopt, context, seq};
    if (ahead && w.hlc >> 12 > asked) w.given = asked;
    return w;
  }

  std::vector<Written> commits;

 private:
  std::optional<Micros> skew_, age_;
};

/// The parents that say what the commit has seen: none for everything.
std::vector<std::string> parents_of(const Model& model, const std::string& origin, int seen) {
  std::vector<std::string> out;
  const auto context = model.context(origin, seen);
  for (const std::size_t i : context) {
    const bool is_seen =
        std::ranges::any_of(context, [&](std::size_t by) { return by != i && model.commits[by].context.contains(i); });
    if (!is_seen) out.push_back(model.commits[i].origin + ":" + std::to_string(model.commits[i].seq));
  }
  return out;
}

Status feed(Encoder& encoder, const Line& l, const std::string& origin, const std::vector<std::string>& parents,
            std::uint64_t seq, std::size_t number) {
  const bool stated = l.kind == 0;
  const std::vector<std::string_view> views(parents.begin(), parents.end());
  const std::string id = "v" + std::to_string(number);
  const std::uint32_t bits[] = {0x3f800000};
  DeltaInput in;
  in.id = id;
  in.op = Operation::create;
  in.bits = bits;
  if (stated) {
    DELTA_OK(encoder.commit({.origin = origin,
                             .first = seq,
                             .deltas = 1,
                             .parents = views,
                             .message = {},
                             .tool = {},
                             .source = {},
                             .trace = {}}));
  }
  if (!stated) in.origin = origin;
  if (!stated && l.seen != 0) in.parents = views;
  if (l.kind != 1) in.at = time_of(l);
  if (l.kind == 2 || stated) in.tick = static_cast<std::uint32_t>(l.tick);
  DELTA_OK(encoder.delta(in));
  DELTA_TRY(const auto summary, encoder.finish());
  RC_ASSERT(summary.commits == 1);
  return {};
}

}  // namespace

TEST_CASE(
    "clocks: a live time is refused, taken or raised as the model says, and what was meant is kept where it was "
    "raised") {
  const scratch::Directory dir;
  std::size_t raised = 0, refused = 0, taken = 0;
  CHECK(world::check_cases("clock rules", 1, [&] {
    const Plan plan = *plans();
    const auto skew = plan.skew == 0 ? std::nullopt : std::optional(kSkew);
    const auto age = plan.age == 0 ? std::optional(kAge) : std::nullopt;
    const std::string path = dir.file("log.dlog");
    std::filesystem::remove(path);
    Model model(skew, age);
    for (const Line& l : plan.lines) {
      const bool stated = l.kind == 0;
      const std::string origin = std::string(1, static_cast<char>('a' + l.origin));
      const auto context = model.context(origin, l.seen);
      const auto at = l.kind == 1 ? std::nullopt : std::optional(time_of(l));
      const auto tick = l.kind == 2 || stated ? std::optional(static_cast<std::uint32_t>(l.tick)) : std::nullopt;
      auto wanted = model.write(origin, context, at, tick, stated);
      EncodeOptions options{.threads = 1, .now = kNow};
      options.clock = {.now = kNow, .max_skew = skew, .max_age = age};
      auto encoder =
          must(std::filesystem::exists(path) ? Encoder::append(path, options) : Encoder::create(path, {}, options));
      const std::uint64_t seq =
          wanted ? wanted->seq
                 : 1 + static_cast<std::uint64_t>(std::ranges::count(model.commits, origin, &Written::origin));
      const auto done = feed(encoder, l, origin, parents_of(model, origin, l.seen), seq, model.commits.size());
      RC_LOG() << "line " << model.commits.size() << ": " << (done ? "taken" : done.error().text()) << "\n";
      RC_ASSERT(static_cast<bool>(done) == wanted.has_value());
      ++(wanted ? taken : refused);
      if (!wanted) continue;
      const Log& log = encoder.log();
      const CommitView& commit = log.commit(nth<CommitNo>(log.commits() - 1));
      RC_ASSERT(commit.time.hlc == wanted->hlc);
      RC_ASSERT(commit.given == wanted->given);
      raised += wanted->given.has_value();
      wanted->context.insert(model.commits.size());
      model.commits.push_back(*wanted);
    }
    if (model.commits.empty()) return;
    const std::string paths[] = {path};
    const auto report = must(verify(paths, {.level = VerifyLevel::chain, .threads = 1, .latest = kNow + kSkew}));
    RC_ASSERT(report.verdict == Verdict::ok);
    const bool any = std::ranges::any_of(model.commits, [](const Written& w) { return w.hlc >> 12 > kNow + kSkew; });
    RC_ASSERT(std::ranges::count(report.findings, Verdict::ahead, &Finding::verdict) == (any ? 1 : 0));
  }));
  CHECK(raised > 0);
  CHECK(refused > 0);
  CHECK(taken > refused);
}
