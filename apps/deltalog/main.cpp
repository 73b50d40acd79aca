// Finds the command, runs it, says what went wrong, and checks as its last act that stdout took everything.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <new>
#include <optional>
#include <stdexcept>
#include <system_error>

#include "cli/help.hpp"
#include "cli/parse.hpp"
#include "command.hpp"
#include "delta/file.hpp"
#include "heap.hpp"
#include "trace/trace.hpp"
#include "ui/console.hpp"
#include "ui/progress.hpp"
#include "ui/terminal.hpp"
#include "writing.hpp"

namespace deltalog {
namespace {

// What a whole log does not hold is a negative answer; a file that is not there is a failure.
Exit exit_of(const delta::Error& error) {
  if (error.code == delta::ErrorCode::usage) return Exit::usage;
  return error.code == delta::ErrorCode::not_found && error.file.empty() ? Exit::no : Exit::failed;
}

// A reader that went away is no failure to talk about: end as a program does that never heard of SIGPIPE.
[[noreturn]] void end_quietly() {
  std::signal(SIGPIPE, SIG_DFL);
  std::raise(SIGPIPE);
  std::_Exit(128 + SIGPIPE);
}

// If the end of a log is missing, no answer is a plain yes or no.
int code_of(const Console& console, Exit answer) {
  const bool plain = answer == Exit::yes || answer == Exit::no;
  return static_cast<int>(plain && console.read_in_part() ? Exit::partly : answer);
}

int finish(Console& console, Result<Exit> result) {
  // Also after a failure: what was printed before it stands.
  const auto flushed = console.flush();
  const auto closed = [](const auto& some) { return !some && some.error().code == delta::ErrorCode::closed_pipe; };
  const bool told = flushed || console.has_committed();
  if (closed(result) || (closed(flushed) && !told)) end_quietly();
  if (!result) {
    console.error(result.error());
    return code_of(console, exit_of(result.error()));
  }
  if (!told) {
    console.error(flushed.error());
    return static_cast<int>(Exit::failed);
  }
  if (!flushed && !closed(flushed)) {
    console.warn(flushed.error().text() + "; the report could not be printed, but the work is done");
  }
  return code_of(console, *result);
}

Result<Exit> print(Console& console, std::string_view text) {
  DELTA_OK(console.print(text));
  return Exit::yes;
}

/// Whether messages are asked for as JSON: also where the rest of the command line is wrong.
bool wants_json(const Command& command, std::span<const std::string> words) {
  const auto end = std::ranges::find(words, "--");
  return command.find("json") != nullptr && std::find(words.begin(), end, "--json") != end;
}

Result<Exit> run_command(const Command& command, std::span<const std::string> words, Console& console) {
  DELTA_TRY(const auto invocation, parse(command, words));
  if (invocation.has("help")) return print(console, help_text(command));
  if (invocation.has("version")) return print(console, version_text());
  console.configure(invocation);
  DELTA_OK(check_outputs(invocation));
  grow_heap_by_huge_pages();
  std::optional<ReadingProgress> reading;
  if (command.find("progress") != nullptr) reading.emplace(invocation, console);
  trace::begin(invocation, console);
  return command.run(invocation, console);
}

int run(std::span<const std::string> words) {
  Console plain("");
  if (words.empty()) {
    plain.talk(first_steps_text());
    return static_cast<int>(Exit::usage);
  }
  if (words[0] == "--help" || words[0] == "-h") return finish(plain, print(plain, overview_text()));
  if (words[0] == "--version") return finish(plain, print(plain, version_text()));
  const Command* command = find_command(words[0]);
  if (command == nullptr) return finish(plain, unknown_command(words[0]));
  Console console(command->name);
  if (wants_json(*command, words.subspan(1))) console.talk_json();
  try {
    const int code = finish(console, run_command(*command, words.subspan(1), console));
    trace::end(code, console);
    return code;
  } catch (const std::bad_alloc&) {
    if (!console.has_committed()) throw;
  }
  std::fputs("deltalog: out of memory, but the work is done\n", stderr);
  return code_of(console, Exit::yes);
}

// There may be no memory for a message that is put together.
int give_up(const char* message) {
  std::fputs(message, stderr);
  return static_cast<int>(Exit::failed);
}

}  // namespace
}  // namespace deltalog

int main(int argc, char** argv) {
  // No setlocale(): the C locale is the contract.
  deltalog::guard_standard_files();
  delta::install_signal_cleanup();
  try {
    return deltalog::run(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
  } catch (const std::bad_alloc&) {
    return deltalog::give_up("deltalog: out of memory\n");
  } catch (const std::length_error&) {
    return deltalog::give_up("deltalog: out of memory\n");
  } catch (const std::system_error&) {
    return deltalog::give_up("deltalog: the system refused what the program needs, such as a thread\n");
  }
}
