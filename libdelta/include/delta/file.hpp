// Files as the toolkit uses them: inputs that are never changed, outputs that are whole or absent.
// All system calls go through one seam (src/io/syscalls.hpp) that tests make fail.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "delta/result.hpp"

namespace delta {

/// An input addressed by offset. "-" is stdin; a pipe is spooled to an unlinked temporary file (in $TMPDIR) first.
/// Reads are by pread, so a file that shrinks under the reader is an error and never a signal. Thread-safe.
class DELTA_EXPORT InputFile {
 public:
  static Result<InputFile> open(const std::string& path);
  InputFile(InputFile&&) noexcept;
  InputFile& operator=(InputFile&&) noexcept;
  ~InputFile();

  const std::string& name() const;  ///< as given; "standard input" for "-"
  std::uint64_t size() const;       ///< at opening, in bytes
  /// Fills `into` from `offset`; an error if the file ends before it is full.
  Status read(std::uint64_t offset, std::span<std::uint8_t> into) const;

 private:
  struct State;
  explicit InputFile(std::unique_ptr<State>);
  std::unique_ptr<State> state_;
};

/// An input read once from front to back, from a file or a pipe, without a spool.
class DELTA_EXPORT InputStream {
 public:
  static Result<InputStream> open(const std::string& path);
  InputStream(InputStream&&) noexcept;
  InputStream& operator=(InputStream&&) noexcept;
  ~InputStream();

  const std::string& name() const;
  /// Reads up to into.size() bytes; 0 is the end.
  Result<std::size_t> read(std::span<std::uint8_t> into);

 private:
  struct State;
  explicit InputStream(std::unique_ptr<State>);
  std::unique_ptr<State> state_;
};

/// A new file, whole or not at all: written under a temporary name beside its place, put there by commit(). "-" is stdout;
/// it and what is no regular file (a pipe, a device) are written through at once. A symbolic link is replaced, not followed.
/// The destructor abandons what was not committed. After an error only the destructor may be called.
/// Errors: exists (also when it appears before commit()), closed_pipe (the reader went away), io.
class DELTA_EXPORT OutputFile {
 public:
  struct Options {
    bool force = false;   ///< replace what is there
    bool binary = true;   ///< refuse to write to a terminal
  };
  static Result<OutputFile> create(const std::string& path, Options options);
  OutputFile(OutputFile&&) noexcept;
  OutputFile& operator=(OutputFile&&) noexcept;
  ~OutputFile();

  const std::string& name() const;
  Status write(std::span<const std::uint8_t> bytes);
  /// Writes out what is buffered, fsync, rename, fsync of the directory. Only now is the file there.
  Status commit();

 private:
  struct State;
  explicit OutputFile(std::unique_ptr<State>);
  std::unique_ptr<State> state_;
};

/// For programs, not for libraries; once, at start. SIGINT, SIGTERM and SIGHUP (unless ignored) unlink the temporary files of
/// outputs not committed and then kill, so that a shell sees 128 + n. SIGPIPE and SIGXFSZ are ignored, so that a closed
/// pipe (closed_pipe) and a file size limit are errors like any other.
DELTA_EXPORT void install_signal_cleanup();

}  // namespace delta
