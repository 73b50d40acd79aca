#include "rejects.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "cli/values.hpp"
#include "delta/text.hpp"
#include "formats/json_writer.hpp"

namespace deltalog {

namespace {

constexpr std::size_t kMostWaiting = std::size_t{1} << 20;

delta::Error refused_by_system(const std::string& path) {
  return delta::error(delta::ErrorCode::io, std::generic_category().message(errno)).in(path);
}

std::string hex_of(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

}  // namespace

Result<std::unique_ptr<Rejects>> Rejects::of(const Invocation& invocation) {
  const auto* path = invocation.value("reject");
  if (path == nullptr) return std::unique_ptr<Rejects>();
  const bool to_stdout = *path == "-";
  if (!to_stdout && invocation.has("dry-run")) {
    return usage_error(invocation, "--reject FILE writes a file, and --dry-run writes nothing; --reject - prints");
  }
  const auto* output = invocation.value("output");
  if (to_stdout && (invocation.has("json") || (output != nullptr && *output == "-"))) {
    return usage_error(invocation, "--reject - and another option both want stdout");
  }
  const int file = to_stdout ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
                             : ::open(path->c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0) return refused_by_system(*path);
  return std::unique_ptr<Rejects>(new Rejects(*path, file));
}

Rejects::~Rejects() { ::close(file_); }

bool Rejects::takes(const delta::Error& error) {
  return error.code == delta::ErrorCode::bad_input || error.code == delta::ErrorCode::limit;
}

Status Rejects::add(const delta::Error& error, std::string_view input, std::uint64_t line, std::string_view text) {
  std::string out;
  delta::formats::JsonWriter json(out);
  json.begin_object().member("type", "rejected").key("v").u64(1).member("input", input).key("line").u64(line);
  json.member("code", delta::error_code_name(error.code)).member("message", error.message);
  if (!error.hint.empty()) json.member("hint", error.hint);
  if (!text.empty()) {
    const std::uint64_t before = json.replaced();
    json.member("text", text);
    if (json.replaced() > before) json.member("bytes", hex_of(text));
  }
  json.end_object().end_line();
  waiting_ += out;
  if (count_++ == 0) first_ = fmt::format("{}: line {}: {}", delta::escape(input, 4096), line, error.message);
  return waiting_.size() < kMostWaiting ? Status() : write();
}

Status Rejects::write() {
  std::string_view left = waiting_;
  while (!left.empty()) {
    const auto written = ::write(file_, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EPIPE) return delta::error(delta::ErrorCode::closed_pipe, "the reader went away");
    if (written < 0) return refused_by_system(path_);
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  waiting_.clear();
  return {};
}

Status Rejects::save() {
  DELTA_OK(write());
  const bool synced = count_ == 0 || ::fsync(file_) == 0 || errno == EINVAL || errno == EROFS;  // a pipe, a device
  return synced ? Status() : Status(refused_by_system(path_));
}

std::string Rejects::summary() const {
  return fmt::format("{} refused, and {} in {}; the first one: {}",
                     count_ == 1 ? "1 line was" : fmt::format("{} lines were", count_), count_ == 1 ? "is" : "are",
                     path_ == "-" ? "standard output" : delta::escape(path_, 4096), first_);
}

}  // namespace deltalog
