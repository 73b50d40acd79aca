// Contracts without judging: what one asks, and one that a log keeps.
#include "delta/contract.hpp"

#include <fmt/format.h>

#include "cli/values.hpp"
#include "command.hpp"
#include "commands/commands.hpp"
#include "commands/options.hpp"
#include "contracts.hpp"
#include "delta/text.hpp"
#include "logs.hpp"
#include "ui/console.hpp"

namespace deltalog {

namespace {

Result<Exit> explain(const Invocation& invocation, Console& console) {
  if (invocation.operands().size() != 2) return usage_error(invocation, "explain takes one FILE");
  if (invocation.has("scope")) return usage_error(invocation, "--scope goes with init");
  DELTA_TRY(const auto contract, read_contract(invocation.operands()[1]));
  DELTA_TRY(const auto lines, contract.explain());
  for (const auto& line : lines) DELTA_OK(console.print(line + "\n"));
  return Exit::yes;
}

Result<Exit> propose(const Invocation& invocation, Console& console) {
  delta::ProposeOptions options;
  if (const auto* scope = invocation.value("scope")) options.scope = *scope;
  DELTA_TRY(const auto log, open_logs(invocation, std::span(invocation.operands()).subspan(1), console));
  DELTA_TRY(const auto text, delta::propose_contract(log, options));
  DELTA_OK(console.print(text));
  return exit_with(log);
}

Result<Exit> run(const Invocation& invocation, Console& console) {
  const std::string& action = invocation.operands()[0];
  if (action == "explain") return explain(invocation, console);
  if (action == "init") return propose(invocation, console);
  return usage_error(invocation, "there is no action " + delta::quote(action, 60) + "; there are init and explain");
}

}  // namespace

Command contract_command() {
  return {.name = "contract",
          .summary = "propose a contract for a log, or say what one asks",
          .synopsis = "init LOG...\nexplain FILE",
          .description =
              "A contract is a JSON file of rules that the data of a log keep: see deltalog-contract(5). verify "
              "--contract judges a log by one. init prints one that the log keeps, with limits that its history "
              "shows, to be looked at and edited. explain prints a line for each rule, in words.",
          .operands = {{"ACTION", "init or explain", true, false, Kind::text},
                       {"FILE", "a log, a directory of logs, or a contract", true, true, Kind::file}},
          .options = options::join({{{.name = "scope",
                                      .value = "SCOPE",
                                      .help = "of init: add up changes over each commit (default), run or day",
                                      .choices = {"commit", "run", "day"}}},
                                    options::threads(),
                                    options::quiet(),
                                    options::common()}),
          .example =
              "deltalog contract init history.dlog > contract.json\n"
              "deltalog contract explain contract.json\n",
          .run = run};
}

}  // namespace deltalog
