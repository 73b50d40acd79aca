// What a command writes must be nothing that it reads. All that it takes for this is in the command's table (what an
// option names, and whether that is read or written), so that no command has to think of it.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "cli/values.hpp"
#include "delta/text.hpp"
#include "writing.hpp"

namespace deltalog {

namespace {

namespace fs = std::filesystem;

/// A file as it is, and by which word it was named.
struct NamedFile {
  std::string word;  // "--ids", "LOG"
  std::string path;
  bool there = false;    // as a regular file: the others take all that comes
  bool nothing = false;  // there is nothing yet
  dev_t device = 0;
  ino_t inode = 0;
  fs::path place = {};  // the whole name, without links
};

NamedFile look_at(std::string word, std::string path, int stream) {
  NamedFile named{std::move(word), std::move(path)};
  struct stat info = {};
  const bool standard = named.path == "-";
  const bool found = (standard ? ::fstat(stream, &info) : ::stat(named.path.c_str(), &info)) == 0;
  named.there = found && S_ISREG(info.st_mode);
  named.nothing = !found && !standard;
  named.device = info.st_dev;
  named.inode = info.st_ino;
  std::error_code failed;
  if (!standard) named.place = fs::weakly_canonical(fs::absolute(named.path, failed), failed);
  return named;
}

bool same(const NamedFile& a, const NamedFile& b) {
  if (a.there && b.there) return a.device == b.device && a.inode == b.inode;
  return a.nothing && b.nothing && a.place == b.place;
}

bool looks_like_a_log(const fs::path& path) {
  return path.extension() == ".dlog" && !path.filename().native().starts_with('.');
}

/// What is read: files, and those of directories.
struct Inputs {
  std::vector<NamedFile> files;
  std::vector<fs::path> directories;

  void add(const std::string& word, const std::string& path) {
    std::error_code failed;
    if (!fs::is_directory(path, failed)) return files.push_back(look_at(word, path, 0));
    directories.push_back(fs::weakly_canonical(path, failed));
    for (fs::directory_iterator it(path, failed), end; !failed && it != end; it.increment(failed)) {
      if (looks_like_a_log(it->path())) files.push_back(look_at(word, it->path().string(), 0));
    }
  }
};

Inputs inputs_of(const Invocation& invocation) {
  Inputs inputs;
  const auto& command = invocation.command();
  const auto word = command.operands.empty() ? std::string() : std::string(command.operands[0].name);
  for (const auto& path : invocation.operands()) inputs.add(word, path);
  for (const auto& option : command.options) {
    if (option.kind != Kind::file || option.name == "append") continue;  // which goes beside no output
    for (const auto& path : invocation.values(option.name)) inputs.add("--" + std::string(option.name), path);
  }
  return inputs;
}

/// What changes a log instead.
std::string_view in_place(std::string_view command) {
  return command == "merge"      ? "--into LOG replaces a log by the union, under its lock"
         : command == "compact"  ? "--in-place replaces a log, under its lock"
         : command == "encode"   ? "--append LOG adds to a log in place"
         : command == "rollback" ? "--append adds to the log in place"
                                 : "";
}

Status check_output(const Invocation& invocation, const Inputs& inputs, const NamedFile& out) {
  const auto shown = [](const NamedFile& named) { return named.word + " " + delta::escape(named.path, 4096); };
  const auto read = std::ranges::find_if(inputs.files, [&](const NamedFile& file) { return same(out, file); });
  if (read != inputs.files.end()) {
    auto refused = usage_error(invocation, shown(out) + " would replace " + shown(*read) + ", which is read");
    const bool log = out.word == "--output" && (read->word == "LOG" || read->word == "--base");
    if (const auto instead = in_place(invocation.command().name); log && !instead.empty()) {
      return std::move(refused).with_hint(std::string(instead));
    }
    return refused;
  }
  const bool read_next = out.nothing && out.word != "--output" && looks_like_a_log(out.place) &&
                         std::ranges::find(inputs.directories, out.place.parent_path()) != inputs.directories.end();
  if (read_next) {
    return usage_error(invocation, shown(out) + " would be read as a log: the directory that it is in is read");
  }
  return {};
}

/// Whoever writes to a named pipe waits until somebody opens it. A command that is refused opens its pipes as it would
/// have, so that their writers learn that nobody reads.
void release_writers(const Invocation& invocation) {
  for (const auto& path : invocation.operands()) {
    struct stat info = {};
    if (::stat(path.c_str(), &info) != 0 || !S_ISFIFO(info.st_mode)) continue;
    if (const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC); fd >= 0) ::close(fd);
  }
}

Status check_all(const Invocation& invocation, const std::vector<NamedFile>& outputs) {
  const auto inputs = inputs_of(invocation);
  for (auto out = outputs.begin(); out != outputs.end(); ++out) {
    DELTA_OK(check_output(invocation, inputs, *out));
    const auto other = std::find_if(outputs.begin(), out, [&](const NamedFile& before) { return same(*out, before); });
    if (other == out) continue;
    return usage_error(invocation,
                       out->word + " and " + other->word + " are one file: " + delta::escape(out->path, 4096));
  }
  return {};
}

}  // namespace

Status check_outputs(const Invocation& invocation) {
  std::vector<NamedFile> outputs;
  for (const auto& option : invocation.command().options) {
    if (option.kind != Kind::output && !option.to_file) continue;
    for (const auto& value : invocation.values(option.name)) {
      const auto colon = option.to_file ? value.find(':') : value.npos;
      if (option.to_file && colon == value.npos) continue;
      const std::string path = option.to_file ? value.substr(colon + 1) : value;
      outputs.push_back(look_at("--" + std::string(option.name), path, 1));
    }
  }
  if (outputs.empty()) return {};
  Status checked = check_all(invocation, outputs);
  if (!checked) release_writers(invocation);
  return checked;
}

}  // namespace deltalog
