// Help texts, made from the table of commands.
#pragma once

#include <string>

#include "command.hpp"

namespace deltalog {

std::string first_steps_text();                 ///< three lines for who gives no command; no newline at the end
std::string overview_text();                    ///< all commands
std::string help_text(const Command& command);  ///< one command, 80 columns

}  // namespace deltalog
