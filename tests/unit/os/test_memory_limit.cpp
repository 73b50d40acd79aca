// Limits of control groups, as the files of a system state them.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "delta/memory.hpp"
#include "os/memory_limit.hpp"
#include "scratch.hpp"

using namespace delta;

namespace {

constexpr std::uint64_t kNone = ~std::uint64_t{0};

/// A system that has these files.
struct System {
  scratch::Directory dir;
  std::string root = dir.file("root");

  void put(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(root + path).parent_path());
    std::ofstream(root + path) << text;
  }
};

}  // namespace

TEST_CASE("without control groups memory is not limited") {
  const System system;
  CHECK(os::memory_limit(system.root) == kNone);
  system.put("/proc/self/cgroup", "");
  CHECK(os::memory_limit(system.root) == kNone);
  system.put("/proc/self/cgroup", "0\n:\n0:memory\n\n");
  CHECK(os::memory_limit(system.root) == kNone);
}

TEST_CASE("of a control group and the groups around it the least limit counts") {
  const System system;
  system.put("/proc/self/cgroup", "0::/a/b/c\n");
  system.put("/sys/fs/cgroup/a/b/c/memory.max", "max\n");
  CHECK(os::memory_limit(system.root) == kNone);
  system.put("/sys/fs/cgroup/a/b/memory.max", "1000\n");
  CHECK(os::memory_limit(system.root) == 1000);
  system.put("/sys/fs/cgroup/a/memory.max", "2000\n");
  CHECK(os::memory_limit(system.root) == 1000);
  system.put("/sys/fs/cgroup/a/b/c/memory.max", "500\n");
  CHECK(os::memory_limit(system.root) == 500);
  system.put("/sys/fs/cgroup/a/b/d/memory.max", "1\n");  // another one
  CHECK(os::memory_limit(system.root) == 500);
  system.put("/sys/fs/cgroup/memory.max", "400\n");  // a container sees its own group as the root
  CHECK(os::memory_limit(system.root) == 400);
}

TEST_CASE("groups of version 1 have a hierarchy for memory") {
  const System system;
  system.put("/proc/self/cgroup", "12:cpu,cpuacct:/x\n5:memory:/docker/1\n1:name=systemd:/y\n0::/z\n");
  system.put("/sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes", "9223372036854771712\n");
  CHECK(os::memory_limit(system.root) == 9223372036854771712u);
  system.put("/sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes", "67108864\n");
  system.put("/sys/fs/cgroup/memory/x/memory.limit_in_bytes", "5\n");
  CHECK(os::memory_limit(system.root) == 67108864);
}

TEST_CASE("the default memory is a part of the limit, and at most 256 MiB") {
  const std::uint64_t memory = default_memory().value();
  CHECK(memory <= std::uint64_t{256} << 20);
  CHECK(memory == std::min(std::uint64_t{256} << 20, os::memory_limit("") / 4));
}
