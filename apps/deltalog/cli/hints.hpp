// What to try instead of a word that is not known: the nearest of those that are, or what other tools' word is called
// here. A hint is one line without a full stop; empty: nothing sensible to say.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "command.hpp"

namespace deltalog {

/// "did you mean X?" of the nearest name, with `before` before it.
std::string did_you_mean(std::string_view typed, std::span<const std::string_view> names, std::string_view before = {});
/// The same of names out of a log: 'X', escaped.
std::string did_you_mean_name(std::string_view typed, std::span<const std::string_view> names);

/// Of a word that is no command. Never empty.
std::string command_hint(std::string_view typed);

/// Of a word such as "--outptu" or "-O" that is no option of the command. Never empty.
std::string option_hint(const Command& command, std::string_view typed);

/// For a text that is not a time: a word that is near, or the same time as we write it.
std::string time_hint(std::string_view typed);

/// For tests: every hint that command_hint() and option_hint() take from their tables of other tools' words, and every
/// option that these name, with its dashes.
std::vector<std::string> table_hints();

}  // namespace deltalog
