#include "gate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "cli/values.hpp"
#include "contracts.hpp"
#include "delta/diff.hpp"
#include "delta/snapshot.hpp"
#include "delta/state.hpp"
#include "delta/text.hpp"
#include "hook.hpp"
#include "json_rows.hpp"
#include "ui/console.hpp"

namespace deltalog {

using delta::ErrorCode;

Result<std::unique_ptr<Gate>> Gate::of(const Invocation& invocation, Console& console) {
  std::unique_ptr<Gate> gate(new Gate(invocation, console));
  DELTA_TRY(gate->contract_, contract_of(invocation));
  DELTA_TRY(const auto clock, clock_of(invocation));
  gate->now_ = clock.now;
  if (const auto* command = invocation.value("gate")) {
    if (command->empty()) return usage_error(invocation, "--gate names no program");
    gate->command_ = *command;
  }
  if (invocation.command().find("quarantine") == nullptr) return gate;
  const auto* path = invocation.value("quarantine");
  if (path == nullptr) return gate;
  if (gate->is_open()) return usage_error(invocation, "--quarantine goes with --contract, --rule or --gate");
  if (invocation.has("dry-run"))
    return usage_error(invocation, "--quarantine writes a file, and --dry-run writes nothing");
  auto file = delta::OutputFile::create(*path, {});
  if (!file) return std::move(file).error().with_hint("--quarantine replaces no file");
  gate->quarantine_ = std::move(*file);
  return gate;
}

void Gate::guard(delta::EncodeOptions& options) {
  if (is_open()) return;
  options.gate = [this](const delta::NewCommits& commits) { return ask(commits); };
}

Status Gate::ask(const delta::NewCommits& commits) {
  DELTA_TRY(const bool in,
            lets_in(
                commits.log, [&](delta::CommitNo number) { return number >= commits.first; }, commits.states));
  if (in) return {};
  DELTA_OK(keep(commits.written));
  return delta::error(ErrorCode::bad_input, refusal_).with_hint("nothing of it was written");
}

Result<bool> Gate::lets_in(const delta::Log& log, std::function<bool(delta::CommitNo)> is_new,
                           const delta::StatesAround* states) {
  refusal_.clear();
  if (contract_) DELTA_OK(judge(log, is_new, states));
  if (refusal_.empty() && !command_.empty()) DELTA_OK(ask_program(log, is_new));
  return refusal_.empty();
}

Status Gate::judge(const delta::Log& log, const std::function<bool(delta::CommitNo)>& is_new,
                   const delta::StatesAround* states) {
  delta::JudgeOptions options;
  options.now = now_;
  options.is_new = is_new;
  options.states = states;
  DELTA_TRY(const auto report, delta::judge(log, *contract_, options));
  DELTA_OK(say(report));
  if (!report.kept()) refusal_ = "the contract is broken";
  return {};
}

namespace {

/// Of each origin the last commit that had seen nothing new: together all that was there before.
Result<std::vector<delta::Dot>> old_heads(const delta::Log& log, const std::function<bool(delta::CommitNo)>& is_new) {
  if (!is_new) return std::vector<delta::Dot>();
  delta::Indexed<delta::OriginNo, std::vector<delta::CommitNo>> old(log.catalog().origins());
  std::vector<delta::Dot> fresh;
  for (const auto number : delta::numbers<delta::CommitNo>(log.commits())) {
    if (log.pending(number)) continue;
    const auto commit = log.commit(number);
    is_new(number) ? fresh.push_back({commit.origin, commit.first}) : old[commit.origin].push_back(number);
  }
  std::vector<delta::Dot> heads;
  for (auto& commits : old) {
    std::ranges::sort(commits, {}, [&](delta::CommitNo number) { return log.commit(number).first; });
    const auto seen_nothing_new = [&](delta::CommitNo number) {
      return std::ranges::none_of(fresh, [&](const delta::Dot& dot) { return log.sees(number, dot); });
    };
    const auto end = std::ranges::partition_point(commits, seen_nothing_new);
    if (end == commits.begin()) continue;
    const auto last = log.commit(*std::prev(end));
    heads.push_back({last.origin, last.last()});
  }
  return heads;
}

}  // namespace

/// It reads what `diff --json --with-old` prints between the log as it is and as it would be.
Status Gate::ask_program(const delta::Log& log, const std::function<bool(delta::CommitNo)>& is_new) {
  DELTA_TRY(const auto heads, old_heads(log, is_new));
  delta::State before(log.catalog());
  if (!heads.empty()) {
    delta::CutOptions cut;
    cut.as_seen_by = heads;
    DELTA_TRY(before, delta::snapshot(log, cut));
  }
  DELTA_TRY(const delta::State after, delta::snapshot(log));
  const auto feed = [&](const FeedHook& write) -> Status {
    bool reads = true;
    DELTA_TRY(const auto summary, delta::diff(before, after, [&](const delta::VectorDiff& diff) -> Status {
                if (!reads) return {};
                std::string line;
                json_diff(line, diff, true);
                DELTA_TRY(reads, write(line));
                return {};
              }));
    static_cast<void>(summary);
    return {};
  };
  DELTA_TRY(const int code, run_hook(command_, feed));
  if (code != 0) refusal_ = fmt::format("the gate {} refused it (exit {})", delta::quote(command_, 200), code);
  return {};
}

Status Gate::say(const delta::ContractReport& report) {
  if (invocation_.has("json")) {
    verdicts::Report judged{.command = {}, .files = {}, .rules = {}, .summary = {}};
    DELTA_TRY(judged.rules, verdicts::judge_contract(*contract_, report, {}));
    verdicts::fingerprint_hits(judged);
    return console_.print(contract_json(report, judged));
  }
  for (const auto& finding : report.findings) {
    const std::string text = contract_finding_text(finding);
    if (finding.severity == delta::Severity::error) {
      console_.error(delta::error(ErrorCode::bad_input, text));
    } else {
      console_.warn(text);
    }
  }
  if (report.kept()) console_.note(fmt::format("contract kept: {}", delta::plural(report.verdicts.size(), "rule")));
  return {};
}

/// What was refused, for whoever must look at it.
Status Gate::keep(const delta::ByteSource& written) {
  if (!quarantine_) return {};
  std::vector<std::uint8_t> piece(std::size_t{1} << 20);
  for (std::uint64_t at = 0; at < written.size(); at += piece.size()) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), written.size() - at));
    const auto into = std::span(piece).first(size);
    DELTA_OK(written.read(at, into));
    DELTA_OK(quarantine_->write(into));
  }
  DELTA_OK(quarantine_->prepare());
  DELTA_OK(quarantine_->commit());
  return {};
}

Result<Exit> Gate::answer(delta::Error error) const {
  if (refusal_.empty()) return error;
  const auto* kept = quarantine_ ? invocation_.value("quarantine") : nullptr;
  console_.error(delta::error(
      ErrorCode::bad_input, refusal_ + "; nothing was written" +
                                (kept ? ", and what was refused is in " + delta::escape(*kept, 4096) : std::string())));
  return Exit::no;
}

options::Options gate_options(std::string_view help) {
  return options::join({contract_options(help),
                        {{.name = "gate",
                          .value = "CMD",
                          .help = "run CMD, which reads what would change as `diff --json --with-old` prints it; write "
                                  "nothing unless it exits with 0"}}});
}

options::Options quarantine_option() {
  return {{.name = "quarantine",
           .value = "OUT",
           .help = "what the gate refuses goes to OUT, as a log of its own",
           .kind = Kind::output}};
}

}  // namespace deltalog
