// A gate in front of a log: what a command is about to add is judged, by a contract or by a program of the user's own,
// before any of it counts.
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
  /// --contract, --rule and --gate, and --quarantine of a command that has it. Without any of them the gate is open.
  /// usage: they do not go together.
  static Result<std::unique_ptr<Gate>> of(const Invocation& invocation, Console& console);

  bool is_open() const { return !contract_ && command_.empty(); }
  /// Puts the gate into the options. It must outlive the encoders that are made with them.
  void guard(delta::EncodeOptions& options);
  /// Judges a log that would be, and says what is broken. `is_new`, `states`: see JudgeOptions.
  Result<bool> lets_in(const delta::Log& log, std::function<bool(delta::CommitNo)> is_new,
                       const delta::StatesAround* states = nullptr);
  /// "the contract is broken", or which program has refused; empty: all was let in.
  const std::string& refusal() const { return refusal_; }
  /// What an encoder's error means: that the gate has refused is an answer, which was given already.
  Result<Exit> answer(delta::Error error) const;

 private:
  Gate(const Invocation& invocation, Console& console) : invocation_(invocation), console_(console) {}
  Status ask(const delta::NewCommits& commits);
  Status keep(const delta::ByteSource& written);
  Status say(const delta::ContractReport& report);
  Status judge(const delta::Log& log, const std::function<bool(delta::CommitNo)>& is_new,
               const delta::StatesAround* states);
  Status ask_program(const delta::Log& log, const std::function<bool(delta::CommitNo)>& is_new);

  const Invocation& invocation_;
  Console& console_;
  std::optional<delta::Contract> contract_;
  std::string command_;  // --gate; empty: none
  std::optional<delta::Micros> now_;
  std::optional<delta::OutputFile> quarantine_;
  std::string refusal_;
};

/// --contract, --rule and --gate.
options::Options gate_options(std::string_view help);
/// --quarantine
options::Options quarantine_option();

}  // namespace deltalog
