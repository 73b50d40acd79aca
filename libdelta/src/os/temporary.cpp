// A name is random, so that no two runs, machines or containers meet in it, and one that is left over is never in the
// way. The lock is one of an open file (OFD): it ends with the process however that ends, and a thread that opens and
// closes the same file does not drop it.
#include "os/temporary.hpp"

#include <array>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace delta::os {
namespace {

constexpr std::string_view kSuffix = ".deltalog-tmp";
constexpr std::size_t kRandomDigits = 16;
constexpr std::size_t kLongestBase = 200;  // a name has 255 bytes at most

std::string prefix_of(const Place& place) {
  return "." + (place.base.size() <= kLongestBase ? place.base : "output") + ".";
}

Result<std::string> random_path(const Place& place, const std::string& target) {
  std::array<unsigned char, kRandomDigits / 2> bytes;
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t n = retry([&] { return sys().random(bytes.data() + done, bytes.size() - done); });
    if (n <= 0) return os_error("get a random name", target, n == 0 ? EIO : errno);
    done += static_cast<std::size_t>(n);
  }
  std::string path = place.directory + "/" + prefix_of(place);
  for (const unsigned char byte : bytes) {
    for (const unsigned digit : {byte >> 4, byte & 15}) path += "0123456789abcdef"[digit];
  }
  return path.append(kSuffix);
}

// 0, or the errno. The lock begins behind all that a file can hold, so a reader that asks how far it may read is told
// "to its end".
int try_lock(const Fd& fd, short type) {
  struct flock range = {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  range.l_start = type == F_WRLCK ? off_t{1} << 62 : 0;
  return retry([&] { return sys().control_lock(fd.get(), F_OFD_SETLK, &range); }) == 0 ? 0 : errno;
}

bool is_left_over(std::string_view name, std::string_view prefix) {
  if (name.size() != prefix.size() + kRandomDigits + kSuffix.size()) return false;
  const std::string_view random = name.substr(prefix.size(), kRandomDigits);
  return name.starts_with(prefix) && name.ends_with(kSuffix) &&
         random.find_first_not_of("0123456789abcdef") == random.npos;
}

// Nobody's, if it can be locked: a writer holds its own. One that does not show whether it is (no such locks here, not
// ours) stays.
void remove_left_over(const std::string& path) {
  const int opened = try_open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (opened < 0) return;
  const Fd fd = Fd::owned(opened);
  struct stat info;
  if (sys().fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) return;
  if (try_lock(fd, F_RDLCK) == 0) sys().unlink(path.c_str());
}

void remove_left_overs(const Place& place) {
  struct Found {
    std::string prefix;
    std::vector<std::string> names;
  } found{prefix_of(place), {}};
  const auto note = [](void* context, const char* name) {
    auto& here = *static_cast<Found*>(context);
    if (is_left_over(name, here.prefix)) here.names.emplace_back(name);
  };
  if (sys().list(place.directory.c_str(), note, &found) != 0) return;
  for (const std::string& name : found.names) remove_left_over(place.directory + "/" + name);
}

// Between its creation and its lock somebody else may take it for one that is left over, and remove it.
bool is_still_there(const Fd& fd) {
  struct stat info;
  return sys().fstat(fd.get(), &info) != 0 || info.st_nlink > 0;
}

constexpr int kTries = 100;

}  // namespace

Place place_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

Result<Temporary> Temporary::create(const std::string& target, mode_t mode) {
  const Place place = place_of(target);
  remove_left_overs(place);
  for (int tries = 0; tries < kTries; ++tries) {
    Temporary made;
    DELTA_TRY(std::string path, random_path(place, target));
    made.guard_ = CleanupGuard(path);  // before there is a file: a signal may come between any two calls
    const int fd = try_open(path, O_WRONLY | O_CREAT | O_EXCL, mode);
    if (fd < 0 && errno == EEXIST) continue;
    if (fd < 0) return os_error("create", target);
    made.fd_ = Fd::owned(fd);
    made.path_ = std::move(path);
    const int failure = try_lock(made.fd_, F_WRLCK);
    if (failure == EAGAIN || failure == EACCES || !is_still_there(made.fd_)) continue;
    // Where there are no such locks, nobody removes what is not locked either.
    const int second = failure == 0 ? retry([&] { return sys().duplicate(fd); }) : -1;
    if (failure == 0 && second < 0) return os_error("create", target);
    if (second >= 0) made.lock_ = Fd::owned(second);
    return made;
  }
  return os_error("create a temporary file", target, EEXIST);
}

Result<Temporary> Temporary::link_to(const std::string& target) {
  const Place place = place_of(target);
  for (int tries = 0; tries < kTries; ++tries) {
    Temporary made;
    DELTA_TRY(std::string path, random_path(place, target));
    made.guard_ = CleanupGuard(path);
    if (sys().link(target.c_str(), path.c_str()) == 0) {
      made.path_ = std::move(path);
      return made;
    }
    const int failure = errno;
    if (failure == EEXIST) continue;
    if (failure == EPERM || failure == EOPNOTSUPP || failure == ENOSYS || failure == EMLINK) return Temporary();
    return os_error("keep the former file", target, failure);
  }
  return os_error("create a temporary file", target, EEXIST);
}

Temporary::Temporary(Temporary&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      fd_(std::move(other.fd_)),
      lock_(std::move(other.lock_)),
      guard_(std::move(other.guard_)) {}

Temporary& Temporary::operator=(Temporary&& other) noexcept {
  path_.swap(other.path_);
  std::swap(fd_, other.fd_);
  std::swap(lock_, other.lock_);
  std::swap(guard_, other.guard_);
  return *this;
}

Status Temporary::close(const std::string& file) { return fd_.close(file); }

void Temporary::release() {
  path_.clear();
  guard_.disarm();
}

void Temporary::unlock() { lock_ = Fd(); }

void Temporary::remove() {
  if (!path_.empty()) sys().unlink(path_.c_str());
  release();
}

}  // namespace delta::os
