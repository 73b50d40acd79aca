// Hidden: the build's way to the completion scripts and to the table of options.
#include "cli/completion.hpp"
#include "cli/parse.hpp"
#include "cli/values.hpp"
#include "delta/text.hpp"
#include "ui/console.hpp"

namespace deltalog {

Result<Exit> run_completion(const Invocation& invocation, Console& console) {
  const auto& shell = invocation.operands().front();
  std::string (*make)() = shell == "bash"    ? bash_completion
                          : shell == "zsh"   ? zsh_completion
                          : shell == "fish"  ? fish_completion
                          : shell == "table" ? option_table
                                             : nullptr;
  if (make == nullptr) return usage_error(invocation, "no completion for " + delta::quote(shell));
  DELTA_OK(console.print(make()));
  return Exit::yes;
}

}  // namespace deltalog
