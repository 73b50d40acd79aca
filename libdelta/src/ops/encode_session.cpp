#include "ops/encode_session.hpp"

#include <algorithm>
#include <charconv>

#include "delta/setting.hpp"
#include "delta/text.hpp"
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
  if (!options_.clock.now && (options_.clock.max_skew || options_.clock.max_age)) {
    return error(ErrorCode::usage, "times cannot be held against a clock that is not given")
        .with_hint("set ClockRules::now, for example to system_time()");
  }
  DELTA_TRY(options_.properties, canonical_properties(options_.properties));
  namespaces_before_ = catalog().namespaces();
  known_.emplace(log_);
  clock_.emplace(log_, options_);
  if (quantizer_.lossy()) {
    DELTA_TRY(auto all, log_.accuracies());
    for (auto& recorded : all) accuracies_[recorded.name_space] = std::move(recorded.text);
  }
  DELTA_TRY(auto heads, log_.impl().heads(log_));
  store::SegmentWriter::Options writing{options_.preset, thread_count(options_.threads), {}};
  if (auto* append = std::get_if<os::AppendFile>(&target_)) writing.barrier = [append] { return append->sync(); };
  if (options_.gate) {
    DELTA_TRY(gated_, Gated::in_front_of(target()));
    known_->keep_before();
  }
  ByteSink& sink = gated_ ? *gated_ : target();
  writer_ = std::make_unique<store::SegmentWriter>(catalog(), std::move(heads), std::move(writing), sink);
  return {};
}

ByteSink& EncodeSession::target() {
  if (auto* const* stream = std::get_if<ByteSink*>(&target_)) return **stream;
  if (auto* append = std::get_if<os::AppendFile>(&target_)) return *append;
  return std::get<OutputFile>(target_);
}

std::optional<std::uint32_t> EncodeSession::dims_of(std::string_view name) const {
  std::optional<std::uint32_t> dims;
  for (const NamespaceNo ns : log_.catalog().namespaces_named(name)) {
    if (!refused_.contains(ns)) dims = log_.catalog().name_space(ns).dims;
  }
  return dims;
}

Result<NamespaceNo> EncodeSession::name_space(std::string_view name, std::uint32_t dims, bool stated) {
  if (const auto known = catalog().find_namespace(name, dims); known && !refused_.contains(*known)) return *known;
  if (const auto other = dims_of(name)) {
    DELTA_TRY(const bool seen, stated ? known_->has_seen(name, open_->seen, open_->commit) : Result<bool>(true));
    if (seen) DELTA_OK(model::check_same_dims(name, *other, dims));
  }
  DELTA_OK(check_namespace(name));
  DELTA_OK(model::check_dims(dims, options_.max_dims));
  const NamespaceNo added = catalog().add_namespace(name, dims);
  refused_.erase(added);
  added_ = added;
  return added;
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
Status EncodeSession::refuse_pending(OriginNo origin) {
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
  const std::uint64_t last = history.last_given(commit.origin), known = history.head(commit.origin);
  commit.first = last + 1;
  if (plan.first && *plan.first != commit.first) {
    return bad("seq " + std::to_string(*plan.first) + (*plan.first <= last ? " repeats" : " leaves a gap") +
               ": the next dot is " + log_.dot_text({commit.origin, commit.first}))
        .with_hint(*plan.first <= last ? "a second writer needs its own name: --origin" : "");
  }
  commit.parents = plan.parents ? *plan.parents : history.heads();
  if (plan.parents) {
    std::ranges::sort(commit.parents, {}, [&](const Dot& d) { return std::pair(catalog().origin(d.origin), d.seq); });
    open.seen.linear = history.are_heads(commit.parents);
  }
  const auto text = [&](std::string_view stated, const std::string& general) {
    return plan.whole || !stated.empty() ? std::string(stated) : general;
  };
  commit.message = text(plan.message, options_.message);
  commit.tool = text(plan.tool, options_.tool.empty() ? std::string(kTool) : options_.tool);
  commit.source = text(plan.source, options_.source);
  commit.trace = text(plan.trace, options_.trace);
  open.times.whole = plan.whole;
  commit.given = plan.given;
  commit.properties = options_.properties;
  if (plan.whole) {
    DELTA_TRY(commit.properties, canonical_properties(plan.properties));
  }
  if (known > 0) open.times.own = log_.commit_time(*history.find({commit.origin, known}));
  for (const auto& parent : commit.parents) {
    if (parent.origin == commit.origin) continue;
    DELTA_TRY(const Timestamp time, clock_->time_of(parent));
    auto& others = open.times.others;
    if (!others || time > *others) others = time;
  }
  open.seen.number = nth<CommitNo>(history.size());
  open.seen.origin = commit.origin;
  open_ = std::move(open);
  return {};
}

bool EncodeSession::accuracy_due(NamespaceNo ns) {
  if (!quantizer_.lossy() || (accuracy_stands_.contains(ns) && accuracy_stands_[ns])) return false;
  const auto recorded = accuracies_.find(catalog().name_space(ns).name);
  if (recorded == accuracies_.end()) return true;
  const auto accuracy = Accuracy::parse(recorded->second);
  if (!accuracy || *accuracy != options_.accuracy) return true;
  accuracy_stands_.resize(catalog().namespaces());
  accuracy_stands_[ns] = true;
  return false;
}

Status EncodeSession::record_accuracy(NamespaceNo ns, CommitPlan& plan, std::optional<Micros> at,
                                      std::optional<std::uint32_t> tick) {
  DELTA_OK(open_commit(plan));
  const Dot dot{open_->commit.origin, open_->commit.first};
  const std::string text = options_.accuracy.to_text();
  DELTA_OK(set(Setting{Setting::Kind::accuracy, text, 0, catalog().name_space(ns).name}.to_text(), at, tick));
  if (plan.parents) plan.parents = {dot};  // which contains what they do
  return {};
}

/// The delta that was stamped last is in the commit.
void EncodeSession::note_meant(Timestamp time) {
  const auto meant = clock_->meant();
  if (open_->commit.count == 0) open_->first_meant = meant.value_or(time.us());
  if (!open_->times.whole) open_->commit.given = meant;
}

Status EncodeSession::put(Delta delta) {
  Open& open = *open_;
  Commit& commit = open.commit;
  delta.seq = commit.first + commit.count;
  delta.commit = open.seen.number;
  DELTA_OK(model::check_delta(delta, catalog().dims(delta.vector), {options_.allow_nonfinite}));
  ++puts_;
  if (commit.count == 0) writer_->begin(commit.origin, commit.first);
  DELTA_OK(writer_->add(delta));
  DELTA_OK(known_->take(delta, open.seen));
  note_meant(delta.time);
  if (commit.count == 0) {
    open.first_time = delta.time;
  } else if (delta.time != *open.times.own) {
    clock_->note_inside(open.seen.number, {commit.first, open.first_time}, delta.seq, delta.time);
  }
  ++commit.count;
  open.times.own = delta.time;
  open.bytes += 16 + 4 * (delta.indices.size() + delta.bits.size()) + delta.metadata.size();
  return {};
}

EncodeSession::Mark EncodeSession::mark() {
  added_.reset();
  return {puts_, clock_->mark()};
}

void EncodeSession::back_to(const Mark& mark) {
  DELTA_CHECK(puts_ == mark.puts);
  if (open_ && open_->commit.count == 0) open_.reset();
  if (added_) refused_.insert(*added_);
  clock_->back_to(mark.clock);
}

Status EncodeSession::close_commit() {
  DELTA_CHECK(open_);
  if (open_->commit.count == 0) {  // its input changed nothing
    open_.reset();
    return {};
  }
  open_->commit.time = *open_->times.own;
  if (!open_->times.whole) clock_->note_raised(open_->commit);
  DELTA_OK(model::check_commit(catalog(), open_->commit));
  DELTA_OK(writer_->end(open_->commit));
  DELTA_TRY(const auto number, log_.impl().history.add(open_->commit));
  DELTA_CHECK(number == open_->seen.number);
  open_.reset();
  return {};
}

Status EncodeSession::set(std::string_view setting, std::optional<Micros> at, std::optional<std::uint32_t> tick,
                          bool live) {
  DELTA_CHECK(open_ && open_->commit.count == 0);
  DELTA_OK(model::check_setting(setting));
  DELTA_TRY(const Timestamp time, clock_->stamp(open_->times, at, tick, live));
  note_meant(time);
  open_->commit.setting = setting;
  open_->commit.count = 1;
  open_->times.own = time;
  writer_->begin(open_->commit.origin, open_->commit.first);
  DELTA_OK(close_commit());
  const Setting read = *Setting::parse(setting);
  if (read.kind == Setting::Kind::accuracy) {
    accuracies_[read.name_space] = read.text;
    accuracy_stands_.clear();
  }
  return read.kind == Setting::Kind::policy ? known_->refold() : Status();
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
  summary.late = clock_->late_commits();
  summary.notices = std::move(notices);
  summary.notices.insert(summary.notices.end(), known_->notices().begin(), known_->notices().end());
  if (const auto& raised = clock_->raised(); raised.commits > 0) {
    summary.notices.push_back(
        {Verdict::ahead, "", 0, "commit " + model::dot_text(catalog(), raised.first),
         "meant for " + format_time(raised.given) + ", it has the time " + format_time(raised.time.us()) +
             ": what it has seen is ahead of the clock" +
             (raised.commits > 1 ? "; so it is with " + plural(raised.commits - 1, "commit") + " after it" : ""),
         "the time that was meant is kept beside it"});
  }
  // A matrix without rows declares its namespace, and no delta does.
  bool declares = false;
  for (const NamespaceNo ns : numbers<NamespaceNo>(catalog().namespaces(), namespaces_before_)) {
    if (refused_.contains(ns)) continue;
    writer_->declare(ns);
    declares = true;
  }
  auto* append = std::get_if<os::AppendFile>(&target_);
  auto* file = std::get_if<OutputFile>(&target_);
  if (!append || writer_->commits() > 0 || declares) {
    DELTA_OK(writer_->finish());
    if (gated_) DELTA_OK(std::move(*gated_).ask(options_.gate, built_on, options_.threads, known_->around()));
    if (append) DELTA_OK(append->acknowledge());
    // Nothing can fail once the file is there, so its caution is noted before.
    if (file) DELTA_OK(file->prepare());
    if (file && !file->caution().empty()) {
      summary.notices.push_back({Verdict::ok, file->name(), 0, "", file->caution(), ""});
    }
    if (file) DELTA_OK(file->commit());
    summary.commits = writer_->commits();
    summary.deltas = writer_->deltas();
    summary.bytes = writer_->bytes();
  }
  return summary;
}

}  // namespace delta::ops
