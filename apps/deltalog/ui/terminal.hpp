// What stdout and stderr are, and whether colour is welcome there.
#pragma once

#include <string_view>

namespace deltalog {

bool is_terminal(int fd);

/// Columns of the terminal at `fd`; 80 if it is none or does not say.
int terminal_width(int fd);

/// "auto", "always" or "never" (--color), decided for `fd`: auto means a terminal that is not "dumb", with NO_COLOR
/// unset or empty.
bool use_color(std::string_view choice, int fd);

/// Opens what the caller left closed of stdin, stdout and stderr so that no file of ours lands on their numbers.
/// Using the substitute in the usual direction fails.
void guard_standard_files();

}  // namespace deltalog
