// How far a long job is, on stderr.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace deltalog {

class Console;
class Invocation;

/// A line that is rewritten while a job lasts: nothing at all in the first second, nothing where stderr is no terminal
/// (unless asked), gone at the end. `--progress=json` writes lines {"type":"progress",…} instead. Thread-safe.
class Progress {
 public:
  /// `what`: "encoding"; `unit`: "rows". A `total` of 0 is unknown.
  Progress(const Invocation& invocation, Console& console, std::string_view what, std::string_view unit,
           std::uint64_t total);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();  ///< removes the line

  void advance(std::uint64_t by);

  /// How many there are.
  static int alive();

 private:
  using Clock = std::chrono::steady_clock;
  enum class Mode : unsigned char { off, line, json };
  void draw(Clock::time_point now);

  Console& console_;
  std::string what_, unit_;
  std::uint64_t done_ = 0, total_ = 0;
  Mode mode_ = Mode::off;
  std::mutex mutex_;
  Clock::time_point begun_, due_;
  bool drawn_ = false;
};

/// Of a command that reads logs: how many bytes it has read, as long as no other job shows how far it is. One at a
/// time.
class ReadingProgress {
 public:
  ReadingProgress(const Invocation& invocation, Console& console);
  ReadingProgress(const ReadingProgress&) = delete;
  ReadingProgress& operator=(const ReadingProgress&) = delete;
  ~ReadingProgress();

 private:
  Progress progress_;
};

}  // namespace deltalog
