// Drawn at most ten times a second (a line of JSON once), and first after a second: a job that is over by then needs no
// bar, and a test of a quick command sees none. Time is looked at on every call; callers report batches, not rows.
#include "ui/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>

#include "cli/parse.hpp"
#include "delta/file.hpp"
#include "delta/text.hpp"
#include "formats/json_writer.hpp"
#include "ui/console.hpp"
#include "ui/terminal.hpp"

namespace deltalog {

using std::chrono::milliseconds;

namespace {

std::atomic<int> progresses = 0;
std::atomic<Progress*> reading = nullptr;

void add_read(std::uint64_t bytes) noexcept {
  Progress* const progress = reading;
  if (progress != nullptr && Progress::alive() == 1) progress->advance(bytes);
}

}  // namespace

Progress::Progress(const Invocation& invocation, Console& console, std::string_view what, std::string_view unit,
                   std::uint64_t total)
    : console_(console),
      what_(what),
      unit_(unit),
      total_(total),
      begun_(Clock::now()),
      due_(begun_ + milliseconds(1000)) {
  ++progresses;
  const std::string* choice = invocation.value("progress");
  if (choice != nullptr && *choice == "json") {
    mode_ = Mode::json;
  } else if (choice != nullptr && *choice == "always") {
    mode_ = Mode::line;
  } else if ((choice == nullptr || *choice == "auto") && !console.quiet() && is_terminal(STDERR_FILENO)) {
    mode_ = Mode::line;
  }
}

Progress::~Progress() {
  --progresses;
  if (drawn_ && mode_ == Mode::line) std::fputs("\r\x1b[K", stderr);
}

void Progress::advance(std::uint64_t by) {
  if (mode_ == Mode::off) return;
  const std::lock_guard lock(mutex_);
  done_ += by;
  const auto now = Clock::now();
  if (now >= due_) draw(now);
}

void Progress::draw(Clock::time_point now) {
  const double seconds = std::chrono::duration<double>(now - begun_).count();
  const double rate = static_cast<double>(done_) / seconds;
  if (mode_ == Mode::json) {
    std::string out;
    delta::formats::JsonWriter json(out);
    json.begin_object()
        .member("type", "progress")
        .key("v")
        .u64(1)
        .member("task", what_)
        .member("unit", unit_)
        .key("done")
        .u64(done_);
    if (total_ > 0) json.key("total").u64(total_);
    json.key("seconds").raw(fmt::format("{:.1f}", seconds)).end_object();
    console_.talk(out);
    due_ = now + milliseconds(1000);
    return;
  }
  std::string line =
      fmt::format("{}: {}", what_, unit_ == "bytes" ? delta::human_size(done_) : fmt::format("{} {}", done_, unit_));
  if (total_ > 0) {
    const auto done = std::min(done_, total_);
    line = fmt::format("{}: {}% of {} {}", what_, done * 100 / total_, total_, unit_);
    if (rate > 0) line += fmt::format(", {:.0f} s left", static_cast<double>(total_ - done) / rate);
  }
  line = line.substr(0, static_cast<std::size_t>(std::max(terminal_width(STDERR_FILENO) - 1, 20)));
  std::fputs(("\r\x1b[K" + line).c_str(), stderr);
  drawn_ = true;
  due_ = now + milliseconds(100);
}

int Progress::alive() { return progresses; }

ReadingProgress::ReadingProgress(const Invocation& invocation, Console& console)
    : progress_(invocation, console, "reading", "bytes", 0) {
  reading = &progress_;
  delta::observe_reads(&add_read);
}

ReadingProgress::~ReadingProgress() {
  delta::observe_reads(nullptr);
  reading = nullptr;
}

}  // namespace deltalog
