#include "hook.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>

#include "delta/text.hpp"

extern char** environ;

namespace deltalog {

namespace {

delta::Error cannot_run(const std::string& command, std::string_view why) {
  return delta::error(delta::ErrorCode::io, fmt::format("the program {} {}", delta::quote(command, 200), why));
}

/// A descriptor of ours.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() { close(); }
  int number() const { return number_; }
  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }

 private:
  int number_;
};

/// Signals that this program ignores are a program's own business again.
Result<pid_t> spawn(const std::string& command, const Descriptor& input) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&actions, input.number(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  sigset_t ignored;
  ::sigemptyset(&ignored);
  for (const int signal_number : {SIGPIPE, SIGXFSZ}) ::sigaddset(&ignored, signal_number);
  ::posix_spawnattr_setsigdefault(&attributes, &ignored);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  std::string shell = "sh", option = "-c", text = command;
  char* const arguments[] = {shell.data(), option.data(), text.data(), nullptr};
  pid_t process = 0;
  const int failed = ::posix_spawn(&process, "/bin/sh", &actions, &attributes, arguments, environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (failed != 0) return cannot_run(command, "does not start: " + std::generic_category().message(failed));
  return process;
}

Result<int> exit_of(const std::string& command, pid_t process) {
  int status = 0;
  while (::waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) return cannot_run(command, "is lost: " + std::generic_category().message(errno));
  }
  if (WIFSIGNALED(status)) return cannot_run(command, fmt::format("was killed by signal {}", WTERMSIG(status)));
  const int code = WEXITSTATUS(status);
  if (code == 126 || code == 127) return cannot_run(command, fmt::format("cannot be run (exit {})", code));
  return code;
}

}  // namespace

Result<int> run_hook(const std::string& command, const std::function<Status(const FeedHook&)>& feed) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return cannot_run(command, std::generic_category().message(errno));
  Descriptor input(ends[0]), to_hook(ends[1]);
  DELTA_TRY(const pid_t process, spawn(command, input));
  input.close();
  bool reads = true;
  const FeedHook write = [&](std::string_view text) -> Result<bool> {
    while (reads && !text.empty()) {
      const auto written = ::write(to_hook.number(), text.data(), text.size());
      if (written >= 0) {
        text.remove_prefix(static_cast<std::size_t>(written));
      } else if (errno == EPIPE) {
        reads = false;
      } else if (errno != EINTR) {
        return cannot_run(command, "takes no input: " + std::generic_category().message(errno));
      }
    }
    return reads;
  };
  const Status fed = feed(write);
  to_hook.close();
  auto code = exit_of(command, process);
  DELTA_OK(fed);
  return code;
}

}  // namespace deltalog
