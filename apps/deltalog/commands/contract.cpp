// Contracts without judging: what one asks.
#include "delta/contract.hpp"

#include <fmt/format.h>

#include "cli/values.hpp"
#include "command.hpp"
#include "commands/commands.hpp"
#include "commands/options.hpp"
#include "contracts.hpp"
#include "delta/text.hpp"
#include "ui/console.hpp"

namespace deltalog {

namespace {

Result<Exit> explain(const Invocation& invocation, Console& console) {
  if (invocation.operands().size() != 2) return usage_error(invocation, "explain takes one FILE");
  DELTA_TRY(const auto contract, read_contract(invocation.operands()[1]));
  DELTA_TRY(const auto lines, contract.explain());
  for (const auto& line : lines) DELTA_OK(console.print(line + "\n"));
  return Exit::yes;
}

Result<Exit> run(const Invocation& invocation, Console& console) {
  const std::string& action = invocation.operands()[0];
  if (action == "explain") return explain(invocation, console);
  return usage_error(invocation, "there is no action " + delta::quote(action, 60) + "; there is explain");
}

}  // namespace

Command contract_command() {
  return {.name = "contract",
          .summary = "say what a contract asks of a log",
          .synopsis = "explain FILE",
          .description =
              "A contract is a JSON file of rules that the data of a log keep: see deltalog-contract(5). verify "
              "--contract judges a log by one. explain prints a line for each rule, in words.",
          .operands = {{"ACTION", "explain", true, false, Kind::text}, {"FILE", "a contract", true, true, Kind::file}},
          .options = options::join({options::quiet(), options::common()}),
          .example = "deltalog contract explain contract.json\n",
          .run = run};
}

}  // namespace deltalog
