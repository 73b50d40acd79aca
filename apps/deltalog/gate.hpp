// A gate in front of a log: what a command is about to add is judged by a contract before any of it counts.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "cli/parse.hpp"
#include "command.hpp"
#include "commands/options.hpp"
#include "delta/contract.hpp"
#include "delta/encode.hpp"
#include "delta/file.hpp"

namespace deltalog {

class Gate {
 public:
  /// --contract and --rule, and --quarantine of a command that has it. Without any of them the gate is open. usage:
  /// they do not go together.
  static Result<std::unique_ptr<Gate>> of(const Invocation& invocation, Console& console);

  bool is_open() const { return !contract_; }
  /// Puts the gate into the options. It must outlive the encoders that are made with them.
  void guard(delta::EncodeOptions& options);
  /// Judges a log that would be, and says what is broken. `is_new`: see JudgeOptions.
  Result<bool> lets_in(const delta::Log& log, std::function<bool(delta::CommitNo)> is_new);
  bool has_refused() const { return refused_; }
  /// What an encoder's error means: that the gate has refused is an answer, which was given already.
  Result<Exit> answer(delta::Error error) const;

 private:
  Gate(const Invocation& invocation, Console& console) : invocation_(invocation), console_(console) {}
  Status ask(const delta::NewCommits& commits);
  Status keep(const delta::ByteSource& written);
  Status say(const delta::ContractReport& report);

  const Invocation& invocation_;
  Console& console_;
  std::optional<delta::Contract> contract_;
  std::optional<delta::Micros> now_;
  std::optional<delta::OutputFile> quarantine_;
  bool refused_ = false;
};

/// --contract, --rule and --quarantine.
options::Options gate_options();

}  // namespace deltalog
