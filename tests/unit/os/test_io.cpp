// Files: what is read is what is there; an output is whole or absent, and a log that grows keeps its old bytes,
// whichever system call fails.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>

#include "base/bytes.hpp"
#include "counted.hpp"
#include "delta/file.hpp"
#include "os/append_file.hpp"
#include "os/cleanup.hpp"
#include "os/writer_lock.hpp"
#include "scratch.hpp"
#include "unit/os/faulty_syscalls.hpp"

using namespace delta;
using delta::os::AppendFile;
using delta::os::ScopedSyscalls;
using namespace delta::test;
namespace fs = std::filesystem;

namespace {

void put(const std::string& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }

std::string get(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string pattern(std::size_t n) {
  std::string text(n, '\0');
  std::uint32_t x = 1;
  for (char& c : text) c = static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
  return text;
}

// stdin or stdout replaced by another descriptor for a while.
class Redirected {
 public:
  Redirected(int standard, int fd) : standard_(standard), saved_(::dup(standard)) {
    REQUIRE(::dup2(fd, standard) == standard);
  }
  ~Redirected() { ::dup2(saved_, standard_), ::close(saved_); }

 private:
  int standard_, saved_;
};

// Writes a small and a large piece, and commits.
Status write_output(const std::string& path, bool force, const std::string& text) {
  DELTA_TRY(OutputFile out, OutputFile::create(path, {.force = force, .binary = true}));
  DELTA_OK(out.write(bytes_of(std::string_view(text).substr(0, 10))));
  DELTA_OK(out.write(bytes_of(std::string_view(text).substr(10))));
  return out.commit();
}

// Appends in two pieces, and syncs.
Status append(const std::string& path, std::string_view text) {
  DELTA_TRY(AppendFile file, AppendFile::open(path));
  DELTA_OK(file.write(bytes_of(text.substr(0, 7))));
  DELTA_OK(file.write(bytes_of(text.substr(7))));
  return file.acknowledge();
}

struct Kind {
  Fault fault;
  int error;
  bool sticky;
};
const std::vector<Kind> kEveryKind = {{Fault::fail, EIO, false},
                                      {Fault::fail, ENOSPC, true},
                                      {Fault::interrupt, EINTR, false},
                                      {Fault::shorten, 0, false}};
const std::vector<Kind> kEndlessInterruption = {{Fault::interrupt, EINTR, true}};

// Runs `work` with each call going wrong in turn, until a run gets by without the fault; `check` judges each.
template <class Prepare, class Work, class Check>
void with_every_fault(Prepare prepare, Work work, Check check, const std::vector<Kind>& kinds = kEveryKind) {
  std::uint64_t tried = 0;
  for (const Kind kind : kinds) {
    for (int at = 0, last = 0; at <= last; ++at) {
      prepare();
      plan = {.fault = kind.fault, .at = at, .error = kind.error, .sticky = kind.sticky, .calls = 0, .hit = {}};
      std::optional<Status> status;
      {
        const ScopedSyscalls scoped(faulty_syscalls());
        status = work();
      }
      if (plan.calls > at) last = at + 1;
      INFO("call " << at << " (" << plan.hit << "), fault " << static_cast<int>(kind.fault) << ", errno " << kind.error
                   << ": " << (*status ? "success" : status->error().text()));
      check(*status, kind.fault);
      ++tried;
    }
  }
  torture::counted(tried, "system calls that fail");
}

}  // namespace

TEST_CASE("an input is read by offset, and its end is no surprise") {
  const scratch::Directory dir;
  put(dir.file("a"), "0123456789");
  auto file = InputFile::open(dir.file("a"));
  REQUIRE(file);
  CHECK(file->size() == 10);
  CHECK(file->name() == dir.file("a"));
  std::array<Byte, 4> four;
  REQUIRE(file->read(6, four));
  CHECK(text_of(four) == "6789");
  CHECK(file->read(10, std::span(four).first(0)));
  const auto beyond = file->read(7, four);
  REQUIRE_FALSE(beyond);
  CHECK(beyond.error().code == ErrorCode::corrupt);
  CHECK(beyond.error().text() == (dir.file("a")) + ": byte 7: the file ends before 4 bytes could be read");
  CHECK_FALSE(file->read(~std::uint64_t{0}, four));
  fs::resize_file(dir.file("a"), 8);
  const auto shrunk = file->read(6, four);
  REQUIRE_FALSE(shrunk);
  CHECK(shrunk.error().text() == (dir.file("a")) + ": byte 8: the file became shorter while it was read");
}

TEST_CASE("what cannot be an input says so") {
  const scratch::Directory dir;
  CHECK(InputFile::open(dir.file("none")).error().code == ErrorCode::not_found);
  CHECK(InputStream::open(dir.file("none")).error().text() ==
        (dir.file("none")) + ": cannot open: No such file or directory");
  CHECK(InputFile::open(dir.path().string()).error().text() == dir.path().string() + ": is a directory");
  CHECK(InputStream::open(dir.path().string()).error().message == "is a directory");
  CHECK(InputFile::open("").error().code == ErrorCode::usage);
}

TEST_CASE("a pipe is spooled, and a redirected file is read from where it stands") {
  const scratch::Directory dir;
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  REQUIRE(::write(ends[1], "piped", 5) == 5);
  ::close(ends[1]);
  {
    const Redirected in(STDIN_FILENO, ends[0]);
    auto file = InputFile::open("-");
    REQUIRE(file);
    CHECK(file->name() == "standard input");
    CHECK(file->size() == 5);
    std::array<Byte, 2> two;
    REQUIRE(file->read(3, two));
    CHECK(text_of(two) == "ed");
  }
  ::close(ends[0]);
  put(dir.file("a"), "skipped rest");
  const int fd = ::open((dir.file("a")).c_str(), O_RDONLY);
  REQUIRE(::lseek(fd, 8, SEEK_SET) == 8);
  const Redirected in(STDIN_FILENO, fd);
  auto file = InputFile::open("-");
  REQUIRE(file);
  CHECK(file->size() == 4);
  std::array<Byte, 4> four;
  REQUIRE(file->read(0, four));
  CHECK(text_of(four) == "rest");
  ::close(fd);
}

TEST_CASE("names of descriptors mean the open file, where it stands") {
  const scratch::Directory dir;
  put(dir.file("file"), "0123456789");
  const int fd = ::open(dir.file("file").c_str(), O_RDWR);
  const std::string number = std::to_string(fd);
  REQUIRE(::lseek(fd, 4, SEEK_SET) == 4);
  for (const std::string& name : {"/dev/fd/" + number, "/proc/self/fd/" + number}) {
    const auto in = InputFile::open(name);
    REQUIRE(in);
    CHECK(in->size() == 6);
  }
  {
    const Redirected in(STDIN_FILENO, fd), out(STDOUT_FILENO, fd);
    CHECK(InputFile::open("/dev/stdin")->size() == 6);
    CHECK(write_output("/dev/stdout", false, "abcdefghijkl"));
    CHECK(write_output("/dev/fd/" + number, true, "ABCDEFGHIJKL"));
  }
  CHECK(get(dir.file("file")) == "0123abcdefghijklABCDEFGHIJKL");
  // What this process opened for itself is not to be had under a number.
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  CHECK(InputFile::open("/dev/fd/" + number).error().text() ==
        "/dev/fd/" + number + ": cannot open: Bad file descriptor");
  CHECK(!write_output("/dev/fd/" + number, true, "abcdefghijkl"));
  ::close(fd);
  CHECK(!InputFile::open("/dev/fd/" + number));
  CHECK(!InputFile::open("/dev/fd/99999999999999999999"));
  CHECK(get(dir.file("file")) == "0123abcdefghijklABCDEFGHIJKL");
}

TEST_CASE("a device that may have no end is no input") {
  for (const auto* name : {"/dev/zero", "/dev/full", "/dev/urandom"}) {
    CHECK(InputFile::open(name).error().message == "is a device, and may have no end");
    CHECK(InputStream::open(name).error().message == "is a device, and may have no end");
  }
  CHECK(InputFile::open("/dev/null")->size() == 0);
}

TEST_CASE("a stream gives everything, whatever happens on the way") {
  const scratch::Directory dir;
  const std::string text = pattern(100'000);
  put(dir.file("a"), text);
  std::string seen;
  with_every_fault([&] { seen.clear(); },
                   [&]() -> Status {
                     DELTA_TRY(InputStream in, InputStream::open(dir.file("a")));
                     Buffer buffer(30'000);
                     for (;;) {
                       DELTA_TRY(const std::size_t n, in.read(buffer));
                       if (n == 0) return {};
                       seen += text_of({buffer.data(), n});
                     }
                   },
                   [&](const Status& status, Fault fault) {
                     if (fault != Fault::fail && plan.hit != "fstat") CHECK(status);
                     if (status) CHECK(seen == text);
                     if (!status) CHECK(status.error().file == dir.file("a"));
                   });
}

TEST_CASE("an input is read whole or with an error, whichever call fails") {
  const scratch::Directory dir;
  const std::string text = pattern(100'000);
  put(dir.file("a"), text);
  Buffer all(text.size());
  with_every_fault([&] { std::ranges::fill(all, Byte{0}); },
                   [&]() -> Status {
                     DELTA_TRY(InputFile in, InputFile::open(dir.file("a")));
                     return in.read(0, all);
                   },
                   [&](const Status& status, Fault fault) {
                     if (fault == Fault::shorten) CHECK(status);
                     if (status) CHECK(text_of(all) == text);
                   });
}

TEST_CASE("an output appears with commit(), and not before") {
  const scratch::Directory dir;
  auto out = OutputFile::create(dir.file("out"), {});
  REQUIRE(out);
  REQUIRE(out->write(bytes_of("hello")));
  CHECK_FALSE(fs::exists(dir.file("out")));
  REQUIRE(out->commit());
  CHECK(get(dir.file("out")) == "hello");
  CHECK(dir.entries() == 1);
  const mode_t mask = ::umask(0);
  ::umask(mask);
  CHECK(static_cast<mode_t>(fs::status(dir.file("out")).permissions()) == (0666 & ~mask));
}

TEST_CASE("an output that is not committed leaves nothing") {
  const scratch::Directory dir;
  {
    auto out = OutputFile::create(dir.file("out"), {});
    REQUIRE(out);
    REQUIRE(out->write(bytes_of(pattern(3 << 20))));
    CHECK(dir.entries() == 1);
  }
  CHECK(dir.entries() == 0);
}

TEST_CASE("an existing file is replaced only by force") {
  const scratch::Directory dir;
  put(dir.file("out"), "old");
  const auto refused = OutputFile::create(dir.file("out"), {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::exists);
  CHECK(refused.error().text() == (dir.file("out")) + ": exists already");
  CHECK(refused.error().hint == "-f replaces it");
  REQUIRE(write_output(dir.file("out"), true, "new content"));
  CHECK(get(dir.file("out")) == "new content");
  CHECK(dir.entries() == 1);
}

TEST_CASE("a file that appears while the output is written is not replaced") {
  const scratch::Directory dir;
  for (const bool renames : {true, false}) {
    fs::remove(dir.file("out"));
    os::Syscalls table = os::sys();
    if (!renames) table.rename_new = [](const char*, const char*) { return errno = EINVAL, -1; };
    const ScopedSyscalls scoped(table);
    auto out = OutputFile::create(dir.file("out"), {});
    REQUIRE(out);
    REQUIRE(out->write(bytes_of("mine")));
    put(dir.file("out"), "theirs");
    const auto refused = out->commit();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::exists);
    CHECK(get(dir.file("out")) == "theirs");
    CHECK(dir.entries() == 1);
  }
}

TEST_CASE("a file system without exclusive rename is served by link") {
  const scratch::Directory dir;
  os::Syscalls table = os::sys();
  table.rename_new = [](const char*, const char*) { return errno = EINVAL, -1; };
  const ScopedSyscalls scoped(table);
  REQUIRE(write_output(dir.file("out"), false, "some content"));
  CHECK(get(dir.file("out")) == "some content");
  CHECK(dir.entries() == 1);
}

TEST_CASE("what cannot be an output says so") {
  const scratch::Directory dir;
  CHECK(OutputFile::create("", {}).error().code == ErrorCode::usage);
  CHECK(OutputFile::create(dir.path().string(), {.force = true}).error().message == "is a directory");
  CHECK_FALSE(OutputFile::create(dir.file("no/out"), {}));
  CHECK_FALSE(OutputFile::create(dir.file("no/"), {}));
}

// A FIFO of our own stands for all that is no regular file: a test that fails as root must not replace a real device.
TEST_CASE("what is no regular file is written through, never replaced") {
  const scratch::Directory dir;
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  {
    const Redirected redirected(STDOUT_FILENO, ends[1]);
    auto out = OutputFile::create("-", {});
    REQUIRE(out);
    REQUIRE(out->write(bytes_of("now")));
    char seen[3];
    CHECK(::read(ends[0], seen, 3) == 3);
    REQUIRE(out->commit());
  }
  REQUIRE(::mkfifo((dir.file("fifo")).c_str(), 0600) == 0);
  const int reader = ::open((dir.file("fifo")).c_str(), O_RDONLY | O_NONBLOCK);
  REQUIRE(write_output(dir.file("fifo"), true, "through the fifo"));
  char seen[32];
  CHECK(::read(reader, seen, sizeof seen) == 16);
  CHECK(fs::is_fifo(dir.file("fifo")));
  ::close(reader), ::close(ends[0]), ::close(ends[1]);
}

TEST_CASE("binary data is not written to a terminal, text is") {
  os::Syscalls table = os::sys();
  table.isatty = [](int) { return 1; };
  const ScopedSyscalls scoped(table);
  const auto refused = OutputFile::create("-", {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().text() == "standard output: binary data is not written to a terminal");
  CHECK(OutputFile::create("-", {.force = false, .binary = false}));
}

TEST_CASE("a closed pipe is its own error") {
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  ::close(ends[0]);
  {
    const Redirected redirected(STDOUT_FILENO, ends[1]);
    auto out = OutputFile::create("-", {});
    const Status status = out->write(bytes_of("x"));
    REQUIRE_FALSE(status);
    CHECK(status.error().code == ErrorCode::closed_pipe);
  }
  ::close(ends[1]);
  ::signal(SIGPIPE, before);
}

TEST_CASE("a new output is whole or absent, whichever call fails") {
  const scratch::Directory dir;
  const std::string text = pattern((2 << 20) + 123);
  with_every_fault([&] { fs::remove_all(dir.path()), fs::create_directory(dir.path()); },
                   [&] { return write_output(dir.file("out"), false, text); },
                   [&](const Status& status, Fault fault) {
                     if (fault == Fault::shorten) CHECK(status);
                     if (status) {
                       CHECK(get(dir.file("out")) == text);
                     } else
                       CHECK_FALSE(fs::exists(dir.file("out")));
                     if (plan.hit != "unlink") CHECK(dir.entries() == (status ? 1 : 0));
                   });
}

TEST_CASE("a replaced output is the new one whole or the old one, whichever call fails") {
  const scratch::Directory dir;
  const std::string text = pattern((1 << 20) + 123);
  with_every_fault([&] { put(dir.file("out"), "old"); }, [&] { return write_output(dir.file("out"), true, text); },
                   [&](const Status& status, Fault fault) {
                     if (fault == Fault::shorten) CHECK(status);
                     const std::string now = get(dir.file("out"));
                     // Once the name is given, a failed sync of the directory cannot take it back.
                     if (status) {
                       CHECK(now == text);
                     } else
                       CHECK((now == "old" || (plan.hit == "fsync" && now == text)));
                     CHECK(dir.entries() == 1);
                   });
}

// Three outputs of one piece of work.
Status write_three(const scratch::Directory& dir, bool force, const std::string& text) {
  std::vector<OutputFile> outputs;
  std::vector<OutputFile*> files;
  for (const char* name : {"a", "b", "c"}) {
    DELTA_TRY(OutputFile out, OutputFile::create(dir.file(name), {.force = force, .binary = true}));
    DELTA_OK(out.write(bytes_of(name + text)));
    outputs.push_back(std::move(out));
  }
  for (OutputFile& out : outputs) files.push_back(&out);
  return commit_all(files);
}

TEST_CASE("several outputs are all new or all as before, whichever call fails") {
  const std::string text = pattern(1000);
  for (const std::set<std::string>& there :
       {std::set<std::string>{}, {"a", "b", "c"}, {"a", "b"}, {"b", "c"}, {"a"}, {"c"}}) {
    const scratch::Directory dir;
    const auto all_old = [&] {
      for (const std::string name : {"a", "b", "c"}) {
        if (there.contains(name) ? get(dir.file(name)) != "old " + name : fs::exists(dir.file(name))) return false;
      }
      return true;
    };
    const auto all_new = [&] {
      for (const std::string name : {"a", "b", "c"}) {
        if (get(dir.file(name)) != name + text) return false;
      }
      return true;
    };
    with_every_fault(
        [&] {
          fs::remove_all(dir.path());
          fs::create_directory(dir.path());
          for (const std::string& name : there) put(dir.file(name), "old " + name);
        },
        [&] { return write_three(dir, !there.empty(), text); },
        [&](const Status& status, Fault fault) {
          if (fault == Fault::shorten) CHECK(status);
          CHECK((status ? all_new() : all_old()));
          if (plan.hit != "unlink") CHECK(dir.entries() == (status ? 3 : there.size()));
        });
  }
}

TEST_CASE("without hard links only the last rename of several can be one that replaces") {
  const scratch::Directory dir;
  put(dir.file("a"), "old");
  os::Syscalls table = os::sys();
  table.link = [](const char*, const char*) { return errno = EPERM, -1; };
  table.rename = [](const char* from, const char* to) {
    return std::string_view(to).ends_with("/a") ? errno = EIO, -1 : ::rename(from, to);
  };
  const ScopedSyscalls scoped(table);
  CHECK_FALSE(write_three(dir, true, "new"));
  CHECK(get(dir.file("a")) == "old");
  CHECK(dir.entries() == 1);
}

TEST_CASE("an output that is prepared and not committed leaves nothing") {
  const scratch::Directory dir;
  {
    auto out = OutputFile::create(dir.file("out"), {});
    REQUIRE(out->write(bytes_of("content")));
    REQUIRE(out->prepare());
    REQUIRE(out->prepare());
    CHECK(dir.entries() == 1);
  }
  CHECK(dir.entries() == 0);
}

TEST_CASE("what replaces a file keeps its mode, owner and group") {
  const scratch::Directory dir;
  for (const mode_t mode : {0600, 0644, 0666, 0400, 0000}) {
    fs::remove(dir.file("out"));
    put(dir.file("out"), "old");
    REQUIRE(::chmod(dir.file("out").c_str(), mode) == 0);
    const bool root = ::geteuid() == 0;
    if (root) REQUIRE(::chown(dir.file("out").c_str(), 12345, 54321) == 0);
    REQUIRE(write_output(dir.file("out"), true, "new content"));
    struct stat info;
    REQUIRE(::stat(dir.file("out").c_str(), &info) == 0);
    CHECK((info.st_mode & 07777) == mode);
    if (root) CHECK((info.st_uid == 12345 && info.st_gid == 54321));
  }
}

TEST_CASE("a group that cannot be kept is given no more than everybody, and that is said") {
  const scratch::Directory dir;
  put(dir.file("out"), "old");
  REQUIRE(::chmod(dir.file("out").c_str(), 0664) == 0);
  os::Syscalls table = os::sys();
  table.stat = [](const char* path, struct stat* info) {
    const int result = ::stat(path, info);
    return ++info->st_uid, ++info->st_gid, result;
  };
  table.change_owner = [](int, uid_t, gid_t) { return errno = EPERM, -1; };
  const ScopedSyscalls scoped(table);
  auto out = OutputFile::create(dir.file("out"), {.force = true});
  REQUIRE(out->write(bytes_of("new")));
  REQUIRE(out->commit());
  CHECK(out->caution() == "owner and group of the file that was replaced could not be kept");
  struct stat info;
  REQUIRE(::stat(dir.file("out").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0644);
}

TEST_CASE("an output is never more open than what it replaces, not even while it is written") {
  const scratch::Directory dir;
  put(dir.file("out"), "old");
  REQUIRE(::chmod(dir.file("out").c_str(), 0640) == 0);
  auto out = OutputFile::create(dir.file("out"), {.force = true});
  for (const auto& entry : fs::directory_iterator(dir.path())) {
    if (entry.path().filename() != "out") {
      CHECK(entry.status().permissions() == (fs::perms::owner_read | fs::perms::owner_write));
    }
  }
}

TEST_CASE("a symbolic link is followed, and what it names is replaced") {
  const scratch::Directory dir;
  fs::create_directory(dir.file("else"));
  fs::create_symlink("middle", dir.file("link"));
  fs::create_symlink(dir.file("else/file"), dir.file("middle"));
  CHECK(write_output(dir.file("link"), false, "refused, as it is").error().code == ErrorCode::exists);
  for (const std::string text : {"made where it points to", "and then replaced there"}) {
    REQUIRE(write_output(dir.file("link"), true, text));
    CHECK(get(dir.file("else/file")) == text);
    CHECK(fs::is_symlink(dir.file("link")));
    CHECK(fs::is_symlink(dir.file("middle")));
    CHECK(dir.entries() == 3);
  }
  fs::create_symlink("round", dir.file("round"));
  CHECK_FALSE(write_output(dir.file("round"), true, "nowhere to go"));
}

TEST_CASE("what a killed run left is removed by the next, and what another one writes is not") {
  const scratch::Directory dir;
  const std::string ended = ".out.0123456789abcdef.deltalog-tmp";
  const std::vector<std::string> others = {".out.0123456789abcde.deltalog-tmp", ".out.0123456789abcdeX.deltalog-tmp",
                                           ".in.0123456789abcdef.deltalog-tmp"};
  put(dir.file(ended), "half");
  for (const std::string& name : others) put(dir.file(name), "not of this output");
  fs::create_symlink(others[0], dir.file(".out.aaaaaaaaaaaaaaaa.deltalog-tmp"));
  auto running = OutputFile::create(dir.file("out"), {});
  REQUIRE(running->write(bytes_of("of the first")));
  CHECK_FALSE(fs::exists(dir.file(ended)));
  CHECK(dir.entries() == 5);
  {
    auto second = OutputFile::create(dir.file("out"), {.force = true});
    CHECK(dir.entries() == 6);
    REQUIRE(running->prepare());
    const auto third = OutputFile::create(dir.file("out"), {});
    CHECK(dir.entries() == 7);
  }
  REQUIRE(running->commit());
  CHECK(get(dir.file("out")) == "of the first");
  for (const std::string& name : others) CHECK(fs::exists(dir.file(name)));
}

TEST_CASE("a temporary file that is removed before it is locked is made anew") {
  static int locks;
  for (const int failure : {0, EAGAIN}) {
    const scratch::Directory dir;
    static std::string path;
    static int refuse;
    path = dir.path().string();
    refuse = failure;
    locks = 0;
    os::Syscalls table = os::sys();
    table.control_lock = [](int fd, int command, struct flock* range) {
      if (locks++ > 0) return ::fcntl(fd, command, range);
      for (const auto& entry : fs::directory_iterator(path)) fs::remove(entry.path());
      return errno = refuse, refuse == 0 ? 0 : -1;
    };
    const ScopedSyscalls scoped(table);
    REQUIRE(write_output(dir.file("out"), false, "some content"));
    CHECK(get(dir.file("out")) == "some content");
    CHECK(locks == 2);
  }
}

TEST_CASE("an interruption without end is an error, and nothing is left") {
  const scratch::Directory dir;
  const auto empty = [&] { fs::remove_all(dir.path()), fs::create_directory(dir.path()); };
  with_every_fault(
      empty, [&] { return write_output(dir.file("out"), false, pattern(1000)); },
      [&](const Status& status, Fault) {
        CHECK(fs::exists(dir.file("out")) == static_cast<bool>(status));
        if (plan.hit == "open" || plan.hit == "write") CHECK_FALSE(status);
        if (plan.hit == "write") CHECK(status.error().message == "cannot write: interrupted again and again");
        CHECK(plan.calls < 3000);
      },
      kEndlessInterruption);
  with_every_fault([&] { put(dir.file("log"), "old"); }, [&] { return append(dir.file("log"), "new and more"); },
                   [&](const Status& status, Fault) {
                     if (plan.hit == "truncate") return;
                     CHECK(get(dir.file("log")) == (status ? "oldnew and more" : "old"));
                     if (plan.hit == "lock" || plan.hit == "pwrite" || plan.hit == "fsync") CHECK_FALSE(status);
                   },
                   kEndlessInterruption);
  put(dir.file("in"), "content");
  Buffer seven(7);
  with_every_fault([] {},
                   [&]() -> Status {
                     DELTA_TRY(InputFile in, InputFile::open(dir.file("in")));
                     return in.read(0, seven);
                   },
                   [&](const Status& status, Fault) {
                     CHECK(static_cast<bool>(status) == (plan.hit.empty() || plan.hit == "close"));
                   },
                   kEndlessInterruption);
}

TEST_CASE("fsync is called once, and its failure is final") {
  const scratch::Directory dir;
  static int syncs;
  syncs = 0;
  os::Syscalls table = os::sys();
  table.fsync = [](int) { return ++syncs, errno = EIO, -1; };
  const ScopedSyscalls scoped(table);
  const Status status = write_output(dir.file("out"), false, "some content");
  REQUIRE_FALSE(status);
  CHECK(status.error().text() == (dir.file("out")) + ": cannot make it durable (fsync): Input/output error");
  CHECK(syncs == 1);
  CHECK(dir.entries() == 0);
  put(dir.file("log"), "old");
  auto file = AppendFile::open(dir.file("log"));
  REQUIRE(file->write(bytes_of("new")));
  CHECK_FALSE(file->sync());
  CHECK(syncs == 3);  // the second is that of the cut
  CHECK_FALSE(file->sync());
  CHECK_FALSE(file->write(bytes_of("more")));
  CHECK(syncs == 3);
  CHECK(get(dir.file("log")) == "old");
}

TEST_CASE("a close that fails is a failed output") {
  const scratch::Directory dir;
  os::Syscalls table = os::sys();
  table.close = [](int fd) { return ::close(fd), errno = EIO, -1; };
  const ScopedSyscalls scoped(table);
  const Status status = write_output(dir.file("out"), false, "some content");
  REQUIRE_FALSE(status);
  CHECK(status.error().message == "cannot close: Input/output error");
  CHECK(dir.entries() == 0);
}

TEST_CASE("a log is appended to under a lock") {
  const scratch::Directory dir;
  put(dir.file("log"), "old");
  {
    auto file = AppendFile::open(dir.file("log"));
    REQUIRE(file);
    CHECK(file->size() == 3);
    const auto second = AppendFile::open(dir.file("log"), {.longest = 0});
    REQUIRE_FALSE(second);
    CHECK(second.error().code == ErrorCode::locked);
    CHECK(second.error().message.ends_with("is writing"));
    REQUIRE(file->write(bytes_of("+new")));
    std::array<Byte, 5> five;
    REQUIRE(file->read(2, five));
    CHECK(text_of(five) == "d+new");
    CHECK_FALSE(file->read(3, five));
    REQUIRE(file->acknowledge());
  }
  CHECK(get(dir.file("log")) == "old+new");
  CHECK(AppendFile::open(dir.file("log")));
}

TEST_CASE("readers see what is acknowledged while a writer holds the lock") {
  const scratch::Directory dir;
  put(dir.file("log"), "old");
  const auto size = [&] { return InputFile::open_acknowledged(dir.file("log"))->size(); };
  auto file = AppendFile::open(dir.file("log"));
  REQUIRE(file);
  CHECK(size() == 3);
  REQUIRE(file->write(bytes_of("+new")));
  CHECK(size() == 3);
  CHECK(InputFile::open(dir.file("log"))->size() == 7);
  REQUIRE(file->sync());
  CHECK(size() == 3);
  REQUIRE(file->acknowledge());
  CHECK(size() == 7);
  REQUIRE(file->write(bytes_of("+more")));
  CHECK(size() == 7);
  REQUIRE(file->truncate(3));
  CHECK(size() == 3);
}

TEST_CASE("a log that another program replaces meanwhile is not acknowledged") {
  const scratch::Directory dir;
  put(dir.file("log"), "old");
  auto file = AppendFile::open(dir.file("log"));
  REQUIRE(file->write(bytes_of("+new")));
  fs::rename(dir.file("log"), dir.file("moved"));
  put(dir.file("log"), "another");
  const Status status = file->acknowledge();
  REQUIRE_FALSE(status);
  CHECK(status.error().message.ends_with("nothing was acknowledged"));
  CHECK(get(dir.file("moved")) == "old");
  CHECK(get(dir.file("log")) == "another");
}

TEST_CASE("a file system without locks is written to only when that is asked for") {
  const scratch::Directory dir;
  put(dir.file("log"), "old");
  os::Syscalls table = os::sys();
  table.control_lock = [](int, int, struct flock*) { return errno = ENOLCK, -1; };
  const ScopedSyscalls scoped(table);
  const auto refused = AppendFile::open(dir.file("log"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::locked);
  CHECK(refused.error().hint.find("--wait none") != std::string::npos);
  CHECK(AppendFile::open(dir.file("log"), {.longest = 0, .required = false}));
  CHECK(InputFile::open_acknowledged(dir.file("log"))->size() == 3);
}

TEST_CASE("what was appended and not synced is taken back") {
  const scratch::Directory dir;
  put(dir.file("log"), "old");
  {
    auto file = AppendFile::open(dir.file("log"));
    REQUIRE(file->write(bytes_of("+kept")));
    REQUIRE(file->acknowledge());
    REQUIRE(file->write(bytes_of("+dropped")));
    CHECK(file->size() == 16);
  }
  CHECK(get(dir.file("log")) == "old+kept");
}

TEST_CASE("a torn tail can be cut off for good") {
  const scratch::Directory dir;
  put(dir.file("log"), "old+torn");
  {
    auto file = AppendFile::open(dir.file("log"));
    REQUIRE(file->truncate(3));
    CHECK(file->size() == 3);
  }
  CHECK(get(dir.file("log")) == "old");
}

TEST_CASE("what cannot be appended to says so") {
  const scratch::Directory dir;
  CHECK(AppendFile::open(dir.file("none")).error().code == ErrorCode::not_found);
  CHECK(AppendFile::open("-").error().code == ErrorCode::usage);
  CHECK_FALSE(AppendFile::open(dir.path().string()));
  REQUIRE(::mkfifo((dir.file("fifo")).c_str(), 0600) == 0);
  const auto fifo = AppendFile::open(dir.file("fifo"));
  REQUIRE_FALSE(fifo);
  CHECK(fifo.error().message == "is not a regular file");
}

TEST_CASE("a log that is replaced before it is locked is opened anew") {
  static std::string path;
  const scratch::Directory dir;
  path = dir.file("log");
  put(path, "first");
  static int locks;
  locks = 0;
  os::Syscalls table = os::sys();
  table.control_lock = [](int, int, struct flock* lock) {
    if (lock->l_type == F_WRLCK && static_cast<std::uint64_t>(lock->l_start) == os::kLockGate && locks++ == 0) {
      fs::remove(path);
      put(path, "second!");
    }
    return 0;
  };
  const ScopedSyscalls scoped(table);
  auto file = AppendFile::open(path);
  REQUIRE(file);
  CHECK(locks == 2);
  CHECK(file->size() == 7);
}

TEST_CASE("a full disk leaves a log as it was, and the error says so") {
  const scratch::Directory dir;
  put(dir.file("log"), "old");
  auto file = AppendFile::open(dir.file("log"));
  os::Syscalls table = os::sys();
  table.pwrite = [](int fd, const void* from, std::size_t n, off_t at) -> ssize_t {
    return n > 4 ? ::pwrite(fd, from, 4, at) : (errno = ENOSPC, -1);
  };
  const ScopedSyscalls scoped(table);
  const Status status = file->write(bytes_of("123456"));
  REQUIRE_FALSE(status);
  CHECK(status.error().text() == (dir.file("log")) + ": cannot write: No space left on device; the file is as it was");
  CHECK(get(dir.file("log")) == "old");
  CHECK(file->size() == 3);
}

TEST_CASE("a log keeps its old bytes, whichever call fails") {
  const scratch::Directory dir;
  const std::string added = pattern(100'000);
  with_every_fault([&] { put(dir.file("log"), "old"); }, [&] { return append(dir.file("log"), added); },
                   [&](const Status& status, Fault fault) {
                     if (fault == Fault::shorten) CHECK(status);
                     if (status) {
                       CHECK(get(dir.file("log")) == "old" + added);
                     } else
                       CHECK(get(dir.file("log")) == "old");
                   });
}

TEST_CASE("a log that cannot be cut back keeps its old bytes as a prefix, and the error says so") {
  const scratch::Directory dir;
  put(dir.file("log"), "old");
  auto file = AppendFile::open(dir.file("log"));
  os::Syscalls table = os::sys();
  table.pwrite = [](int fd, const void* from, std::size_t n, off_t at) -> ssize_t {
    return n > 4 ? ::pwrite(fd, from, 4, at) : (errno = EIO, -1);
  };
  table.truncate = [](int, off_t) { return errno = EIO, -1; };
  const ScopedSyscalls scoped(table);
  const Status status = file->write(bytes_of("123456"));
  REQUIRE_FALSE(status);
  CHECK(status.error().message.find("could not be cut off again") != std::string::npos);
  CHECK_FALSE(file->write(bytes_of("x")));
  CHECK_FALSE(file->truncate(3));
  CHECK(get(dir.file("log")) == "old1234");
}

TEST_CASE("a signal removes the temporary file and kills with its own number") {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    const scratch::Directory dir;
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::signal(number, SIG_DFL);
      install_signal_cleanup();
      auto done = OutputFile::create(dir.file("done"), {});
      auto out = OutputFile::create(dir.file("out"), {});
      if (!out || !done || !out->write(bytes_of("half")) || !done->commit()) ::_exit(9);
      let_signals_kill();
      ::raise(number);
      ::_exit(8);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == number);
    CHECK(fs::exists(dir.file("done")));
    CHECK(dir.entries() == 1);
  }
}

TEST_CASE("a signal cuts a log back to what was acknowledged, and is postponed behind the commit point") {
  for (const bool acknowledged : {false, true}) {
    const scratch::Directory dir;
    put(dir.file("log"), "old");
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::signal(SIGTERM, SIG_DFL);
      install_signal_cleanup();
      auto file = AppendFile::open(dir.file("log"));
      if (!file || !file->write(bytes_of("+new"))) ::_exit(9);
      if (acknowledged && !file->acknowledge()) ::_exit(9);
      ::raise(SIGTERM);
      if (!acknowledged) ::_exit(8);
      let_signals_kill();
      ::_exit(7);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGTERM);
    CHECK(get(dir.file("log")) == (acknowledged ? "old+new" : "old"));
  }
}

TEST_CASE("an ignored signal stays ignored") {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::signal(SIGHUP, SIG_IGN);
    install_signal_cleanup();
    ::raise(SIGHUP);
    ::_exit(7);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
}
