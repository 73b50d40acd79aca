// Where every commit has seen all before it, and nothing was pruned, a scope ends with a dot. Elsewhere it ends with a
// microsecond: commits of one microsecond are one scope there.
#include "ops/contract_scopes.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "delta/properties.hpp"
#include "delta/text.hpp"
#include "model/history.hpp"
#include "store/union.hpp"

namespace delta::ops {
namespace {

using contract::Scope;

constexpr Micros kDay = Micros{24} * 3600 * 1'000'000;

bool each_saw_all(const model::History& history) {
  return history.pruned().empty() &&
         std::ranges::all_of(history.linked(), [&](CommitNo number) { return history.linear(number); });
}

std::string day_text(Micros day) { return format_time(day * kDay).substr(0, 10); }

}  // namespace

/// Commits of one key end together. "": a commit of its own.
std::string Scopes::key_of(CommitNo commit) const {
  if (kind_.kind != Scope::Kind::run) return {};
  for (const auto& [name, value] : or_bad_alloc(list_properties(log_->commit(commit).properties))) {
    if (name == "run") return value;
  }
  return {};
}

std::string Scopes::name_of(CommitNo commit) const {
  const std::string key = key_of(commit);
  if (key.empty()) return model::commit_text(log_->catalog(), log_->commit(commit));
  return "run " + escape(key.starts_with('"') && key.size() >= 2 ? key.substr(1, key.size() - 2) : key, 60);
}

void Scopes::end_by_commit(const std::vector<CommitNo>& order) {
  std::map<std::string, std::size_t> last;  // of each run
  for (std::size_t i = 0; i < order.size(); ++i) last[key_of(order[i])] = i;
  by_commit_.resize(log_->commits());
  for (std::size_t i = 0; i < order.size(); ++i) {
    const CommitView commit = log_->commit(order[i]);
    by_commit_[order[i]] = ends_.size();
    const std::string key = key_of(order[i]);
    if (commit.deltas() == 0 || (!key.empty() && last[key] != i)) continue;
    End end;
    end.cut.as_seen_by = {Dot{commit.origin, commit.last()}};
    end.name = name_of(order[i]);
    ends_.push_back(std::move(end));
  }
}

void Scopes::end_by_time(const std::vector<CommitNo>& order) {
  std::map<std::string, std::size_t> last;
  for (std::size_t i = 0; i < order.size(); ++i) last[key_of(order[i])] = i;
  std::map<Micros, std::string> ends;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::string key = key_of(order[i]);
    if (log_->commit(order[i]).deltas() == 0 || (!key.empty() && last[key] != i)) continue;
    const Micros time = log_->commit_time(order[i]).us();
    if (kind_.kind == Scope::Kind::day) {
      ends[(time / kDay + 1) * kDay - 1] = day_text(time / kDay);
    } else {
      std::string& name = ends[time];
      name += (name.empty() ? "" : ", ") + name_of(order[i]);
    }
  }
  for (auto& [time, name] : ends) {
    End end;
    end.cut.at = std::min(time, kMaxMicros);
    end.name = std::move(name);
    ends_.push_back(std::move(end));
    times_.push_back(time);
  }
}

Status Scopes::end_at_tag() {
  DELTA_TRY(const auto tag, log_->tag(kind_.tag));
  if (!tag) return error(ErrorCode::not_found, "there is no tag " + quote(kind_.tag, 60));
  if (!tag->missing.empty())
    return error(ErrorCode::not_found, "of the tag " + quote(kind_.tag, 60) + " " + tag->missing + " is not here");
  End begin, end;
  if (tag->at) {
    begin.cut.at = tag->at;
    times_ = {*tag->at, ~Micros{0}};
  } else {
    begin.cut.as_seen_by = tag->heads;
    DELTA_TRY(release_, log_->context(tag->heads));
  }
  begin.name = "up to " + escape(kind_.tag, 60);
  end.name = "since " + escape(kind_.tag, 60);
  ends_.push_back(std::move(begin));
  ends_.push_back(std::move(end));
  return {};
}

Result<Scopes> Scopes::make(const Log& log, const contract::Scope& scope) {
  Scopes out(log, scope);
  if (scope.kind == Scope::Kind::since) {
    DELTA_OK(out.end_at_tag());
    return out;
  }
  const model::History& history = log.impl().history;
  if (scope.kind != Scope::Kind::day && each_saw_all(history)) {
    out.end_by_commit(history.linked());
    return out;
  }
  DELTA_TRY(auto order, log.commits_in_key_order());
  std::erase_if(order, [&](CommitNo number) { return log.pending(number); });
  out.end_by_time(order);
  return out;
}

std::optional<std::size_t> Scopes::of(CommitNo commit, std::uint64_t seq, Timestamp time) const {
  if (log_->pending(commit)) return std::nullopt;
  if (release_) return seq <= (*release_)[log_->commit(commit).origin] ? 0 : 1;
  std::size_t scope = 0;
  if (times_.empty()) {
    scope = by_commit_[commit];
  } else {
    scope = static_cast<std::size_t>(std::ranges::lower_bound(times_, time.us()) - times_.begin());
  }
  if (scope >= ends_.size()) return std::nullopt;  // a setting behind all deltas
  return scope;
}

}  // namespace delta::ops
