#include "gate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "cli/values.hpp"
#include "contracts.hpp"
#include "delta/text.hpp"
#include "ui/console.hpp"

namespace deltalog {

using delta::ErrorCode;

Result<std::unique_ptr<Gate>> Gate::of(const Invocation& invocation, Console& console) {
  std::unique_ptr<Gate> gate(new Gate(invocation, console));
  DELTA_TRY(gate->contract_, contract_of(invocation));
  DELTA_TRY(const auto clock, clock_of(invocation));
  gate->now_ = clock.now;
  if (invocation.command().find("quarantine") == nullptr) return gate;
  const auto* path = invocation.value("quarantine");
  if (path == nullptr) return gate;
  if (!gate->contract_) return usage_error(invocation, "--quarantine goes with --contract or --rule");
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
  DELTA_TRY(const bool in, lets_in(commits.log, [&](delta::CommitNo number) { return number >= commits.first; }));
  if (in) return {};
  DELTA_OK(keep(commits.written));
  return delta::error(ErrorCode::bad_input, "the contract is broken").with_hint("nothing of it was written");
}

Result<bool> Gate::lets_in(const delta::Log& log, std::function<bool(delta::CommitNo)> is_new) {
  delta::JudgeOptions options;
  options.now = now_;
  options.is_new = std::move(is_new);
  DELTA_TRY(const auto report, delta::judge(log, *contract_, options));
  DELTA_OK(say(report));
  refused_ = !report.kept();
  return !refused_;
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
  if (!refused_) return error;
  const auto* kept = quarantine_ ? invocation_.value("quarantine") : nullptr;
  console_.error(delta::error(
      ErrorCode::bad_input, "the contract is broken; nothing was written" +
                                (kept ? ", and what was refused is in " + delta::escape(*kept, 4096) : std::string())));
  return Exit::no;
}

options::Options gate_options() {
  return options::join({contract_options("write nothing that breaks the contract in FILE"),
                        {{.name = "quarantine",
                          .value = "OUT",
                          .help = "what the contract refuses goes to OUT, as a log of its own",
                          .kind = Kind::output}}});
}

}  // namespace deltalog
