// Files that are read for as long as their reader lives, though a process may have fewer descriptors than it reads
// files. As long as there are enough, nothing is closed.
#pragma once

#include <cstddef>
#include <list>
#include <string>

#include "os/fd.hpp"

namespace delta::os {

class KeptFile {
 public:
  /// Stays open.
  explicit KeptFile(Fd fd) : fd_(std::move(fd)) {}
  /// May be closed while nobody uses it, and is then opened again by its path. `info`: of the descriptor.
  KeptFile(Fd fd, const std::string& path, const struct stat& info);
  KeptFile(const KeptFile&) = delete;
  KeptFile& operator=(const KeptFile&) = delete;
  ~KeptFile();

  /// Keeps the descriptor open.
  class Use {
   public:
    explicit Use(KeptFile* file) : file_(file) {}
    Use(Use&& from) noexcept : file_(std::exchange(from.file_, nullptr)) {}
    Use& operator=(Use&&) = delete;
    ~Use();
    const Fd& fd() const { return file_->fd_; }

   private:
    KeptFile* file_;
  };
  /// Any number of threads may use it at once. io: it cannot be opened again, or its path names another file now.
  Result<Use> use();

  /// How many such files stay open; for tests. By default half of what the process may have open.
  static std::size_t set_most(std::size_t most);

 private:
  Status open_again();
  static void close_some();

  Fd fd_;
  std::string name_;  // as given
  std::string path_;  // absolute; empty: it stays open
  dev_t device_ = 0;
  ino_t inode_ = 0;
  std::size_t users_ = 0;
  std::list<KeptFile*>::iterator place_;  // among the open ones, if it is open
};

}  // namespace delta::os
