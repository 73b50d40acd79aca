// The layout of `git help` and `rg --help`: what, how, each option on a line, an example. Always 80 columns: help is
// compared, quoted and piped, so it does not depend on the terminal.
#include "cli/help.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ui/table.hpp"

namespace deltalog {

namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kHelpColumn = 26;

std::string option_line(std::string_view left, std::string_view help) {
  std::string out = fmt::format("  {}", left);
  const auto text = wrap(help, kHelpColumn, kWidth);
  if (out.size() + 2 > kHelpColumn) return out + '\n' + text;
  return out + text.substr(out.size());
}

std::string option_left(const Option& option) {
  const auto letter = option.letter != 0 ? fmt::format("-{}, ", option.letter) : std::string("    ");
  return fmt::format("{}--{}{}{}", letter, option.name, option.value.empty() ? "" : " ", option.value);
}

std::string option_help(const Option& option) {
  return std::string(option.help) + (option.repeatable ? " (repeatable)" : "");
}

std::string options_text(const Command& command) {
  std::vector<std::string_view> groups;
  for (const auto& option : command.options) {
    if (std::ranges::find(groups, option.group) == groups.end()) groups.push_back(option.group);
  }
  std::string out;
  for (const auto group : groups) {
    out += fmt::format("\n{}:\n", group.empty() ? "Options" : group);
    for (const auto& option : command.options) {
      if (option.group == group) out += option_line(option_left(option), option_help(option));
    }
  }
  return out;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    lines.push_back(text.substr(0, text.find('\n')));
    text.remove_prefix(std::min(lines.back().size() + 1, text.size()));
  }
  return lines;
}

std::string usage_text(const Command& command) {
  std::string out;
  for (const auto form : lines_of(command.synopsis)) {
    out += fmt::format("{} deltalog {} [options] {}\n", out.empty() ? "usage:" : "   or:", command.name, form);
  }
  return out;
}

}  // namespace

std::string first_steps_text() {
  return "deltalog keeps the history of vectors in a log file.\n"
         "Make a log of two matrices:  deltalog encode old.npy new.npy -o history.dlog\n"
         "See what is in it:           deltalog log history.dlog (more: deltalog help)";
}

std::string overview_text() {
  std::string out =
      "usage: deltalog COMMAND [options] FILE...\n\n"
      "The history of vectors, kept as deltas in a log: encode states or updates, read\n"
      "any moment back, say who last wrote a value, and verify that all of it is whole.\n\n"
      "Commands:\n";
  for (const auto& command : commands()) {
    if (!command.hidden) out += fmt::format("  {:<10} {}\n", command.name, command.summary);
  }
  return out +
         "\nOptions:\n"
         "  -h, --help     print this help and stop\n"
         "      --version  print versions of the program, formats, codecs and libraries\n"
         "\n\"deltalog help COMMAND\" or \"man deltalog-COMMAND\" says more;\n"
         "\"deltalog help concepts\" explains the words.\n";
}

std::string help_text(const Command& command) {
  std::string out = usage_text(command) + '\n';
  out += wrap(command.description, 0, kWidth);
  if (!command.operands.empty()) out += "\nArguments:\n";
  for (const auto& operand : command.operands) out += option_line(operand.name, operand.help);
  out += options_text(command);
  out += "\nExample:\n";
  for (const auto line : lines_of(command.example)) out += fmt::format("  {}\n", line);
  return out;
}

}  // namespace deltalog
