#include "ops/encode_session.hpp"

#include <algorithm>
#include <charconv>

#include "delta/setting.hpp"
#include "delta/text.hpp"
#include "model/clock.hpp"
#include "model/metadata.hpp"
#include "model/policy.hpp"
#include "model/rules.hpp"

namespace delta::ops {
namespace {

Error bad(std::string what) { return error(ErrorCode::bad_input, std::move(what)); }

constexpr std::string_view kTool = "deltalog/" DELTA_VERSION;

Result<std::string> canonical_properties(std::string_view text) {
  if (text.empty()) return std::string();
  auto canonical = model::canonical_metadata(text);
  if (!canonical) canonical.error().message = "properties: " + canonical.error().message;
  return canonical;
}

}  // namespace

Status EncodeSession::start() {
  DELTA_OK(model::check_accuracy(options_.accuracy));
  DELTA_TRY(options_.properties, canonical_properties(options_.properties));
  commits_before_ = log_.commits();
  namespaces_before_ = catalog().namespaces();
  state_.emplace(catalog());
  vectors_before_ = catalog().vectors();
  all_loaded_ = vectors_before_ == 0;
  if (quantizer_.lossy()) {
    for (auto& recorded : log_.accuracies()) accuracies_[recorded.name_space] = std::move(recorded.text);
  }
  DELTA_TRY(auto heads, log_.impl().heads(log_));
  store::SegmentWriter::Options writing{options_.preset, thread_count(options_.threads), {}};
  if (auto* append = std::get_if<os::AppendFile>(&target_)) writing.barrier = [append] { return append->sync(); };
  writer_ = std::make_unique<store::SegmentWriter>(catalog(), std::move(heads), std::move(writing), sink());
  return {};
}

ByteSink& EncodeSession::sink() {
  if (auto* const* stream = std::get_if<ByteSink*>(&target_)) return **stream;
  if (auto* append = std::get_if<os::AppendFile>(&target_)) return *append;
  return std::get<OutputFile>(target_);
}

Result<State> EncodeSession::fold(const VectorSet& vectors) {
  std::vector<std::uint32_t> conflicted;
  DELTA_TRY(State folded, model::fold(catalog(), log_.impl().history, source_, {}, vectors, nullptr, &conflicted));
  for (const std::uint32_t vector : conflicted) conflicted_.insert(vector);
  DELTA_OK(take_policy());
  return folded;
}

Status EncodeSession::load(std::uint32_t vector) {
  if (loaded(vector)) return {};
  if (lookups_++ >= kSingly) return load_all();
  loaded_.insert(vector);
  DELTA_TRY(const State folded, fold({vector}));
  state_->take(folded, vector);
  follow_deferred(vector);
  return {};
}

Status EncodeSession::load_all() {
  if (all_loaded_) return {};
  const auto count = static_cast<std::uint32_t>(catalog().vectors());
  settle();
  VectorSet rest;
  for (std::uint32_t v = 0; v < count; ++v) {
    if (!loaded(v)) rest.insert(v);
  }
  DELTA_TRY(State folded, fold(rest.size() == count ? VectorSet::all() : rest));
  for (std::uint32_t v = 0; v < count; ++v) {
    if (!rest.contains(v)) folded.take(*state_, v);
  }
  state_.emplace(std::move(folded));
  all_loaded_ = true;
  std::vector<std::uint32_t> waiting;
  for (const auto& [vector, deltas] : deferred_) waiting.push_back(vector);
  for (const std::uint32_t vector : waiting) follow_deferred(vector);
  return {};
}

void EncodeSession::follow_deferred(std::uint32_t vector) {
  const auto found = deferred_.find(vector);
  if (found == deferred_.end()) return;
  const Deferred& waiting = found->second;
  for (std::size_t i = 0; i < waiting.deltas.size(); ++i) follow(waiting.deltas[i], waiting.linear[i]);
  deferred_.erase(found);
}

/// What is known of a vector stays so through a delta that has seen all of it.
void EncodeSession::follow(const Delta& delta, bool linear) {
  const bool is_known = linear && current(delta.vector);
  const bool conflicted = conflicted_.contains(delta.vector);
  const bool settles = is_lifecycle(delta.op) || delta.op == Operation::dense;
  // A transform goes through every branch, and only under lww does the one that counts stay the same.
  const bool branches = is_transform(delta.op) && !lww_ && conflicted;
  if (!linear || (branches && is_known)) {
    forget(delta.vector);
  } else if (is_known) {
    model::apply(*state_, origin_of(delta), delta);
  } else if (settles) {  // all dims: known again
    if (delta.op == Operation::dense) state_->set_exists(delta.vector, true);
    model::apply(*state_, origin_of(delta), delta);
    stale_.erase(delta.vector);
  }
  if (linear && settles && conflicted) conflicted_.erase(delta.vector);
}

std::optional<std::uint32_t> EncodeSession::dims_of(std::string_view name) const {
  const auto all = log_.catalog().namespaces_named(name);
  return all.empty() ? std::nullopt : std::optional(log_.catalog().name_space(all.back()).dims);
}

Result<std::uint32_t> EncodeSession::name_space(std::string_view name, std::uint32_t dims, bool stated) {
  if (const auto known = catalog().find_namespace(name, dims)) return *known;
  if (const auto other = dims_of(name)) {
    DELTA_TRY(const bool seen, stated ? has_seen(name) : Result<bool>(true));
    if (seen) DELTA_OK(model::check_same_dims(name, *other, dims));
  }
  DELTA_OK(check_namespace(name));
  DELTA_OK(model::check_dims(dims, options_.max_dims));
  return catalog().add_namespace(name, dims);
}

Result<Dot> EncodeSession::dot(std::string_view text) {
  auto parsed = log_.parse_dot(text);
  if (!parsed) {
    return bad("parent " + quote(text) + " is not in the log")
        .with_hint("give the log that holds it with --base, or encode its commit first");
  }
  return *parsed;
}

// Writing on would give out dots that pending commits of the same origin hold already.
Status EncodeSession::refuse_pending(std::uint32_t origin) {
  const auto number = log_.impl().history.first_pending(origin);
  if (!number) return {};
  return bad("origin " + quote(catalog().origin(origin)) + " has commits in the log that wait for causes (" +
             log_.dot_text({origin, log_.commit(*number).first}) + ")")
      .with_hint("merge the log that holds the causes, or write under another name with --origin");
}

Status EncodeSession::open_commit(const CommitPlan& plan) {
  DELTA_CHECK(!open_);
  DELTA_OK(check_origin(plan.origin));
  auto& history = log_.impl().history;
  Open open;
  Commit& commit = open.commit;
  commit.origin = catalog().add_origin(plan.origin);
  DELTA_OK(refuse_pending(commit.origin));
  const std::uint64_t last = history.head(commit.origin);
  commit.first = last + 1;
  if (plan.first && *plan.first != commit.first) {
    return bad("seq " + std::to_string(*plan.first) + (*plan.first <= last ? " repeats" : " leaves a gap") +
               ": the next dot is " + log_.dot_text({commit.origin, commit.first}))
        .with_hint(*plan.first <= last ? "a second writer needs its own name: --origin" : "");
  }
  commit.parents = plan.parents ? *plan.parents : history.heads();
  if (plan.parents) {
    std::ranges::sort(commit.parents, {}, [&](const Dot& d) { return std::pair(catalog().origin(d.origin), d.seq); });
    open.linear = history.are_heads(commit.parents);
  }
  const auto text = [&](std::string_view stated, const std::string& general) {
    return plan.whole || !stated.empty() ? std::string(stated) : general;
  };
  commit.message = text(plan.message, options_.message);
  commit.tool = text(plan.tool, options_.tool.empty() ? std::string(kTool) : options_.tool);
  commit.source = text(plan.source, options_.source);
  commit.trace = text(plan.trace, options_.trace);
  open.whole = plan.whole;
  commit.given = plan.given;
  commit.properties = options_.properties;
  if (plan.whole) {
    DELTA_TRY(commit.properties, canonical_properties(plan.properties));
  }
  if (last > 0) open.own = log_.commit_time(*history.find({commit.origin, last}));
  for (const auto& parent : commit.parents) {
    if (parent.origin == commit.origin) continue;
    DELTA_TRY(const Timestamp time, time_of(parent));
    if (!open.others || time > *open.others) open.others = time;
  }
  open.number = static_cast<std::uint32_t>(history.size());
  open_ = std::move(open);
  return {};
}

bool EncodeSession::accuracy_due(std::uint32_t ns) {
  if (!quantizer_.lossy() || (ns < accuracy_stands_.size() && accuracy_stands_[ns])) return false;
  const auto recorded = accuracies_.find(catalog().name_space(ns).name);
  if (recorded == accuracies_.end()) return true;
  const auto accuracy = Accuracy::parse(recorded->second);
  if (!accuracy || *accuracy != options_.accuracy) return true;
  accuracy_stands_.resize(catalog().namespaces());
  accuracy_stands_[ns] = true;
  return false;
}

Status EncodeSession::record_accuracy(std::uint32_t ns, CommitPlan& plan, std::optional<Micros> at,
                                      std::optional<std::uint32_t> tick) {
  DELTA_OK(open_commit(plan));
  const Dot dot{open_->commit.origin, open_->commit.first};
  const std::string text = options_.accuracy.to_text();
  DELTA_OK(set(Setting{Setting::Kind::accuracy, text, 0, catalog().name_space(ns).name}.to_text(), at, tick));
  if (plan.parents) plan.parents = {dot};  // which contains what they do
  return {};
}

/// Of one vector, or of all.
Status EncodeSession::load_lifecycles(std::optional<std::uint32_t> vector) {
  const auto done = [&](std::uint32_t v) {
    return all_lifecycles_loaded_ || v >= vectors_before_ || lifecycles_loaded_.contains(v);
  };
  if (vector ? done(*vector) : all_lifecycles_loaded_) return {};
  VectorSet wanted;
  const bool one = vector && lookups_++ < kSingly;
  if (one) wanted.insert(*vector);
  for (std::uint32_t v = 0; v < vectors_before_ && !one; ++v) {
    if (!done(v)) wanted.insert(v);
  }
  Log::Impl::StreamOptions options;
  options.vectors = &wanted;
  options.values = store::Values::skipped;
  options.lifecycles = true;
  DELTA_OK(log_.impl().stream(options, [&](const Log::Impl::Block& block) -> Status {
    const DeltaBatch& batch = block.batch;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (!is_lifecycle(batch.ops[i]) || !wanted.contains(batch.vectors[i]) || log_.pending(batch.commits[i])) continue;
      const std::uint32_t origin = log_.commit(batch.commits[i]).origin;
      lifecycles_.add(batch.vectors[i],
                      {batch.commits[i], batch.ops[i] == Operation::create, {batch.times[i], origin, batch.seqs[i]}});
    }
    return {};
  }));
  one ? void(lifecycles_loaded_.insert(*vector)) : void(all_lifecycles_loaded_ = true);
  return {};
}

Result<bool> EncodeSession::exists(std::uint32_t vector) {
  if (!loaded(vector) && lookups_ >= kSingly) DELTA_OK(load_all());
  if (loaded(vector) && known(vector)) return state_->exists(vector);
  DELTA_OK(load_lifecycles(vector));
  return lifecycles_.exists(catalog(), log_.impl().history, vector, seen_by_open());
}

Lifecycles::Seen EncodeSession::seen_by_open() {
  if (!open_->linear && !open_->context) open_->context = log_.impl().history.context_of(open_->commit);
  return {open_->linear, open_->context.value_or(model::Contexts::Set{}), open_->number};
}

/// Whether the open commit has seen a vector of a namespace of this name. REQUIRES: a commit is open.
Result<bool> EncodeSession::has_seen(std::string_view name_space) {
  DELTA_OK(load_lifecycles({}));
  return lifecycles_.any_of(catalog(), log_.impl().history, catalog().namespaces_named(name_space), seen_by_open());
}

/// Notes what decides conflicts from here on. Where none is left it does not matter, and is not asked.
Status EncodeSession::take_policy() {
  if (conflicted_.empty()) return {};
  DELTA_TRY(const Policy policy, model::policy_at(catalog(), log_.impl().history, {}));
  lww_ = std::ranges::all_of(policy.rules(), [](const Policy::Rule& rule) { return !rule.strategy; });
  return {};
}

/// A new policy changes the values of vectors in conflict. Before this run has written a delta they are folded again;
/// later they are not known any more.
Status EncodeSession::refold() {
  if (conflicted_.empty()) return {};
  DELTA_OK(take_policy());
  std::optional<State> folded;
  if (!vector_deltas_) {
    DELTA_TRY(folded, model::fold(catalog(), log_.impl().history, source_, {}, conflicted_));
  }
  for (const std::uint32_t vector : conflicted_.numbers()) {
    if (folded) {
      std::ranges::copy(folded->bits(vector), state_->put(vector).begin());
    } else {
      forget(vector);
    }
  }
  return {};
}

void EncodeSession::forget(std::uint32_t vector) {
  stale_.insert(vector);
  concurrent_ = true;
}

/// A delta of a vector that is not loaded waits for that: it may never come to it.
Status EncodeSession::defer(const Delta& delta, bool linear) {
  constexpr std::size_t kMost = 256;
  Deferred& waiting = deferred_[delta.vector];
  waiting.deltas.add(delta);
  waiting.linear.push_back(linear);
  return waiting.linear.size() < kMost ? Status() : load(delta.vector);
}

Status EncodeSession::put(Delta delta) {
  Open& open = *open_;
  Commit& commit = open.commit;
  delta.seq = commit.first + commit.count;
  delta.commit = open.number;
  DELTA_OK(model::check_delta(delta, catalog().dims(delta.vector), {options_.allow_nonfinite}));
  if (commit.count == 0) writer_->begin(commit.origin, commit.first);
  DELTA_OK(writer_->add(delta));
  if (is_lifecycle(delta.op)) {
    lifecycles_.add(delta.vector, {open.number, delta.op == Operation::create, {delta.time, commit.origin, delta.seq}});
  }
  vector_deltas_ = true;
  if (loaded(delta.vector)) {
    follow(delta, open.linear);
  } else {
    DELTA_OK(defer(delta, open.linear));
  }
  note_meant(delta.time);
  if (commit.count == 0) {
    open.first_time = delta.time;
  } else if (delta.time != *open.own) {
    auto& inside = times_inside_[open.number];
    if (inside.empty()) inside.push_back({commit.first, open.first_time});
    inside.push_back({delta.seq, delta.time});
  }
  ++commit.count;
  open.own = delta.time;
  open.bytes += 16 + 4 * (delta.indices.size() + delta.bits.size()) + delta.metadata.size();
  return {};
}

Status EncodeSession::close_commit() {
  DELTA_CHECK(open_);
  if (open_->commit.count == 0) {  // what was to be in it changed nothing
    open_.reset();
    return {};
  }
  open_->commit.time = *open_->own;
  note_raised();
  DELTA_OK(model::check_commit(catalog(), open_->commit));
  DELTA_OK(writer_->end(open_->commit));
  log_.impl().previous.emplace_back();
  DELTA_TRY(const auto number, log_.impl().history.add(open_->commit));
  DELTA_CHECK(number == open_->number);
  open_.reset();
  return {};
}

Status EncodeSession::set(std::string_view setting, std::optional<Micros> at, std::optional<std::uint32_t> tick,
                          bool live) {
  DELTA_CHECK(open_ && open_->commit.count == 0);
  DELTA_OK(model::check_setting(setting));
  DELTA_TRY(const Timestamp time, stamp(at, tick, live));
  note_meant(time);
  open_->commit.setting = setting;
  open_->commit.count = 1;
  open_->own = time;
  writer_->begin(open_->commit.origin, open_->commit.first);
  DELTA_OK(close_commit());
  const Setting read = *Setting::parse(setting);
  if (read.kind == Setting::Kind::accuracy) {
    accuracies_[read.name_space] = read.text;
    accuracy_stands_.clear();
  }
  return read.kind == Setting::Kind::policy ? refold() : Status();
}

std::optional<Timestamp> EncodeSession::last_time() const {
  std::optional<Timestamp> last;
  for (const Dot& head : log_.impl().history.heads()) {
    const Timestamp time = log_.commit_time(*log_.find_commit(head));
    if (!last || time > *last) last = time;
  }
  return last;
}

Result<EncodeSummary> EncodeSession::finish() {
  if (open_) DELTA_OK(close_commit());
  DELTA_OK(log_.impl().history.check_closed());
  EncodeSummary summary;
  summary.unchanged = unchanged;
  summary.notices = std::move(notices);
  if (raised_.commits > 0) {
    summary.notices.push_back(
        {Verdict::ahead, "", 0, "commit " + model::dot_text(catalog(), raised_.first),
         "meant for " + format_time(raised_.given) + ", it has the time " + format_time(raised_.time.us()) +
             ": what it has seen is ahead of the clock" +
             (raised_.commits > 1 ? "; so it is with " + plural(raised_.commits - 1, "commit") + " after it" : ""),
         "the time that was meant is kept beside it"});
  }
  // A matrix without rows declares its namespace, and no delta does.
  for (auto ns = static_cast<std::uint32_t>(namespaces_before_); ns < catalog().namespaces(); ++ns) {
    writer_->declare(ns);
  }
  auto* append = std::get_if<os::AppendFile>(&target_);
  auto* file = std::get_if<OutputFile>(&target_);
  if (!append || writer_->commits() > 0 || catalog().namespaces() > namespaces_before_) {
    DELTA_OK(writer_->finish());
    if (append) DELTA_OK(append->acknowledge());
    if (file) DELTA_OK(file->commit());
    if (file && !file->caution().empty()) {
      summary.notices.push_back({Verdict::ok, file->name(), 0, "", file->caution(), ""});
    }
    summary.commits = writer_->commits();
    summary.deltas = writer_->deltas();
    summary.bytes = writer_->bytes();
  }
  return summary;
}

}  // namespace delta::ops
