// Lines of updates that were refused while the others were taken, for whoever must look at them: --reject FILE.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "cli/parse.hpp"
#include "command.hpp"

namespace deltalog {

class Rejects {
 public:
  /// --reject; null: it was not given. Opens FILE, to add to it. Errors: io; usage: stdout is wanted twice.
  static Result<std::unique_ptr<Rejects>> of(const Invocation& invocation);
  ~Rejects();
  Rejects(const Rejects&) = delete;
  Rejects& operator=(const Rejects&) = delete;

  /// Whether an error is about one line alone.
  static bool takes(const delta::Error& error);
  /// `text`: the line; empty: it was too long to be kept. Many are written at once, before save().
  Status add(const delta::Error& error, std::string_view input, std::uint64_t line, std::string_view text);
  /// Adds the lines to the file, durably: before what follows them is acknowledged.
  Status save();

  std::uint64_t count() const { return count_; }
  /// "2 lines were refused, and are in FILE; the first one: ..."
  std::string summary() const;

 private:
  Status write();
  Rejects(std::string path, int file) : path_(std::move(path)), file_(file) {}

  std::string path_;
  int file_;
  std::string waiting_;  // lines that are not in the file yet
  std::uint64_t count_ = 0;
  std::string first_;
};

}  // namespace deltalog
