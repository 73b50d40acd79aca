// What commands share about contracts: reading one from the options, and saying what came of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/parse.hpp"
#include "command.hpp"
#include "commands/options.hpp"
#include "delta/contract.hpp"
#include "verdicts/report.hpp"

namespace deltalog {

/// Patterns of contracts, by RE2.
delta::PatternCompiler contract_patterns();

/// Of a file, "-" for stdin. Errors name the file.
Result<delta::Contract> read_contract(const std::string& path);

/// --contract and --rule; none: neither was given.
Result<std::optional<delta::Contract>> contract_of(const Invocation& invocation);

/// --contract and --rule.
options::Options contract_options(std::string_view help);

/// "max-changed: namespace 'images', main:81..160: changed ...".
std::string contract_finding_text(const delta::ContractFinding& finding);
/// A line for each finding, and one for the whole.
std::string contract_text(const delta::ContractReport& report, const Console& console);
/// The objects `contract-finding` and `contract`. `judged`: the same, with what a baseline accepts.
std::string contract_json(const delta::ContractReport& report, const verdicts::Report& judged);

}  // namespace deltalog
