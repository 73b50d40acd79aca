// A disk that loses power: records the system calls on one directory, and gives what could be found there after a cut
// at any of them.
//
// Of each file the sectors written since its last fsync are old or new, each for itself; its size and what a rename, a
// new name or a removal did to the directory count up to any point since the last fsync of the file, or of the
// directory. What was synced is there.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "os/syscalls.hpp"

namespace delta::test {

class RecordedDisk {
 public:
  using Bytes = std::vector<std::uint8_t>;
  using Files = std::map<std::string, Bytes>;

  /// What stands in the directory now is durable. While it lives, all calls are recorded; there is one at a time.
  explicit RecordedDisk(std::string directory);
  ~RecordedDisk();

  std::size_t calls() const { return calls_.size(); }
  /// Called behind each successful fsync of the directory.
  void (*on_directory_sync)() = nullptr;

  /// After a cut behind the first `calls`. `random` decides what reached the disk.
  Files after_cut(std::size_t calls, std::mt19937_64& random) const;

 private:
  struct Call {
    enum class Kind : std::uint8_t { write, truncate, sync_file, sync_directory, create, rename, link, remove };
    Kind kind;
    std::uint64_t file = 0;  // inode
    std::uint64_t at = 0;
    Bytes bytes;
    std::string from, to;  // names in the directory
  };
  struct File;

  void note(Call call);
  void note_name(Call::Kind kind, const char* from, const char* to = nullptr);
  std::string name_of(const char* path) const;
  static Bytes settle(const File& file, std::mt19937_64& random);
  static os::Syscalls recording();

  std::string directory_;
  std::map<std::string, std::uint64_t> names_;  // at the beginning
  std::map<std::uint64_t, Bytes> contents_;
  std::vector<Call> calls_;
  os::Syscalls table_;
  os::ScopedSyscalls scoped_;
};

}  // namespace delta::test
