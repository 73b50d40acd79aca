#include "sample.hpp"

#include <unistd.h>

namespace exports {
namespace {

using namespace delta;

struct Folder {
  Folder() {
    const std::filesystem::path memory = "/dev/shm";
    const bool usable = ::access(memory.c_str(), W_OK) == 0;
    std::string pattern =
        ((usable ? memory : std::filesystem::temp_directory_path()) / "delta-exports-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

void write_first(const std::string& path) {
  auto encoder = must(Encoder::create(path, {}, options()));
  const std::vector<float> factor = {0.5f}, one = {7};
  const std::vector<std::uint32_t> second = {1};
  for (const std::string_view id : {"v1", "v2", "v3", "v4"}) {
    must(encoder.delta({.id = id, .metadata = R"({"kind":"a","n":1})", .at = 1'000'000, .values = values()}));
    must(encoder.delta({.id = id, .name_space = "words", .at = 1'000'000, .values = one}));
  }
  must(encoder.set("policy max", 2'000'000));
  must(encoder.set("accuracy max-error=0.5@words", 2'000'000));
  must(encoder.property("", "metric", "cosine", 2'000'000));
  must(encoder.delta({.id = "v1", .op = Operation::sparse, .indices = second, .at = 3'000'000, .values = one}));
  must(encoder.delta({.id = "v2", .op = Operation::scale, .at = 3'000'000, .values = factor}));
  must(encoder.delta({.id = "v3", .op = Operation::remove, .at = 4'000'000}));
  must(encoder.delta({.id = "v4", .metadata = R"({"kind":"b"})", .at = 4'000'000}));
  must(encoder.tag_time("early", 3'000'000));
  must(encoder.tag_release("v1.0"));
  must(encoder.finish());
}

/// Its writer sees nothing of the first one.
void write_second(const std::string& path) {
  auto second = options();
  second.origin = "second";
  second.properties = R"({"run":"7"})";
  auto encoder = must(Encoder::create(path, {}, second));
  const std::vector<float> other = {5, 2, 9};
  must(encoder.delta({.id = "v1", .at = 2'500'000, .values = other}));
  must(encoder.finish());
}

}  // namespace

const std::filesystem::path& folder() {
  static const Folder own;
  return own.path;
}

const std::vector<std::string>& paths() {
  static const std::vector<std::string> both = [] {
    std::vector<std::string> written = {file("first.dlog"), file("second.dlog")};
    write_first(written[0]);
    write_second(written[1]);
    return written;
  }();
  return both;
}

std::string copy_of_log() {
  const std::string copy = file("copy.dlog");
  std::filesystem::copy_file(paths()[0], copy, std::filesystem::copy_options::overwrite_existing);
  return copy;
}

}  // namespace exports
