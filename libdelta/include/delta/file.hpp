// Files as the toolkit uses them: inputs that are never changed, outputs that are whole or absent.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "delta/bytes.hpp"
#include "delta/result.hpp"
#include "delta/timestamp.hpp"

namespace delta {

/// How long a writer waits for another writer of the same log.
struct LockWait {
  Micros longest = 10'000'000;  ///< 0: not at all
  bool required = true;         ///< false: where the file system has no locks, write without one
};

/// An input addressed by offset. "-" is stdin; "/dev/stdin" and "/dev/fd/N" are the open descriptors, from where they
/// stand. A pipe is spooled to an unlinked temporary file (in $TMPDIR) first. A device that is no terminal and not
/// /dev/null is refused: it may have no end. Reads are by pread, so a file that shrinks under the reader is an error
/// and never a signal. Thread-safe.
class DELTA_EXPORT InputFile final : public ByteSource {
 public:
  static Result<InputFile> open(const std::string& path);
  /// A log that another process may be appending to: of a regular file, the bytes that are acknowledged. What is in
  /// flight is not read.
  static Result<InputFile> open_acknowledged(const std::string& path);
  InputFile(InputFile&&) noexcept;
  InputFile& operator=(InputFile&&) noexcept;
  ~InputFile() override;

  const std::string& name() const noexcept override;  ///< as given; "standard input" for "-"
  std::uint64_t size() const noexcept override;       ///< at opening, in bytes
  using ByteSource::read;
  Status read(std::span<const ByteRange> ranges) const override;

 private:
  struct DELTA_HIDDEN State;
  DELTA_HIDDEN explicit InputFile(std::unique_ptr<State>);
  std::unique_ptr<State> state_;
};

/// An input read once from front to back, from a file or a pipe, without a spool.
class DELTA_EXPORT InputStream final : public ByteStream {
 public:
  static Result<InputStream> open(const std::string& path);
  InputStream(InputStream&&) noexcept;
  InputStream& operator=(InputStream&&) noexcept;
  ~InputStream() override;

  const std::string& name() const noexcept override;
  Result<std::size_t> read(std::span<std::uint8_t> into) override;
  /// Waits until read() has something, or the end; false: not within `longest`.
  Result<bool> wait(Micros longest) const;

 private:
  struct DELTA_HIDDEN State;
  DELTA_HIDDEN explicit InputStream(std::unique_ptr<State>);
  std::unique_ptr<State> state_;
};

/// Bytes that are written once and then read: in a temporary file without a name, in $TMPDIR, else /tmp. The system
/// removes it however the process ends. Errors: io.
class DELTA_EXPORT TemporaryFile final : public ByteSink {
 public:
  static Result<TemporaryFile> create();
  TemporaryFile(TemporaryFile&&) noexcept;
  TemporaryFile& operator=(TemporaryFile&&) noexcept;
  ~TemporaryFile() override;

  Status write(std::span<const std::uint8_t> bytes) override;
  /// What was written. `name`: for messages.
  Result<std::shared_ptr<const ByteSource>> finish(std::string name) &&;

 private:
  struct DELTA_HIDDEN State;
  DELTA_HIDDEN explicit TemporaryFile(std::unique_ptr<State>);
  std::unique_ptr<State> state_;
};

class OutputFile;

/// Several outputs of one piece of work: all of them are there afterwards, or none is and what was there before is
/// there again. Each is prepared; then they get their names, in the order given; then the directories are made durable.
/// Only a kill between two renames, or a file system without hard links, can leave some new and some old.
DELTA_EXPORT Status commit_all(std::span<OutputFile* const> files);

/// A new file, whole or not at all: written under a temporary name beside its place, put there by commit(). "-" is
/// stdout; it, the open descriptors that "/dev/stdout", "/dev/stderr" and "/dev/fd/N" name, and what is no regular file
/// (a pipe, a device) are written through at once. A symbolic link is followed: what it names is replaced. What
/// replaces a file has its mode, and its owner and group where the system permits that (else see caution()). The
/// destructor abandons what was not committed. After an error only the destructor may be called. Creating one removes
/// what killed processes left of the same file. Errors: exists (also when it appears before commit()), closed_pipe (the
/// reader went away), io.
class DELTA_EXPORT OutputFile final : public ByteSink {
 public:
  struct Options {
    bool force = false;     ///< replace what is there
    bool binary = true;     ///< refuse to write to a terminal
    std::string like = {};  ///< has the mode and owner of this file; empty: of the one that it replaces
  };
  static Result<OutputFile> create(const std::string& path, Options options);
  OutputFile(OutputFile&&) noexcept;
  OutputFile& operator=(OutputFile&&) noexcept;
  ~OutputFile() override;

  const std::string& name() const noexcept;
  bool written_through() const noexcept;  ///< what was written cannot be taken back
  Status write(std::span<const std::uint8_t> bytes) override;
  /// Writes out what is buffered, and makes it durable (fsync). The file has no name yet, and nothing more can be
  /// written.
  Status prepare();
  /// Prepares it, and compares it with a file, byte by byte. False of what is written through.
  Result<bool> same_as(const std::string& path);
  /// Prepares it, and opens what was written. usage: it is written through.
  Result<std::shared_ptr<const ByteSource>> read_back();
  /// commit_all() of this one. Only now is the file there.
  Status commit();
  /// What could not be kept of the file that commit() replaced; empty: nothing.
  const std::string& caution() const noexcept;

 private:
  friend Status commit_all(std::span<OutputFile* const> files);
  struct DELTA_HIDDEN State;
  DELTA_HIDDEN explicit OutputFile(std::unique_ptr<State>);
  std::unique_ptr<State> state_;
};

/// For programs, not for libraries; once, at start. SIGINT, SIGTERM and SIGHUP (unless ignored) unlink the temporary
/// files of outputs not committed, cut logs back that are being appended to, and then kill, so that a shell sees 128 +
/// n. Once an output or an append is committed they are ignored: what is done is done, and the program ends as it would
/// have. SIGPIPE and SIGXFSZ are ignored, so that a closed pipe (closed_pipe) and a file size limit are errors like any
/// other. Where a library that promises not to throw runs out of memory, the same is cleaned up, and the program ends
/// with 3, or with 0 after a commit.
DELTA_EXPORT void install_signal_cleanup() noexcept;
/// For programs, to show progress: `observer` is told of the bytes of each read of an InputFile, on the thread that
/// reads. Null: nobody is told.
DELTA_EXPORT void observe_reads(void (*observer)(std::uint64_t bytes) noexcept) noexcept;
/// Signals kill again after a commit: for a program that goes on to other work.
DELTA_EXPORT void let_signals_kill() noexcept;

}  // namespace delta
