// Messages may hold bytes from files and arguments. The library escapes what it quotes; what is left (paths) is made
// harmless here, on the way out, without escaping anything twice.
#include "ui/console.hpp"

#include <unistd.h>

#include <cstdio>
#include <utility>

#include "cli/parse.hpp"
#include "delta/text.hpp"
#include "formats/json_writer.hpp"
#include "ui/table.hpp"
#include "ui/terminal.hpp"

namespace deltalog {

namespace {

constexpr std::size_t kBuffer = 64 << 10;

std::string_view escape_code(Style style) {
  switch (style) {
    case Style::strong:
      return "\x1b[1m";
    case Style::dim:
      return "\x1b[2m";
    case Style::good:
      return "\x1b[32m";
    case Style::caution:
      return "\x1b[33m";
    case Style::bad:
      return "\x1b[1;31m";
    case Style::name:
      return "\x1b[36m";
    default:
      return "";
  }
}

// A message that already holds escaped parts must keep its backslashes, so only what stands between them is escaped.
std::string harmless(std::string_view text) {
  std::string out;
  while (true) {
    const auto slash = text.find('\\');
    out += delta::escape(text.substr(0, slash), text.npos);
    if (slash == text.npos) return out;
    out += '\\';
    text.remove_prefix(slash + 1);
  }
}

}  // namespace

void Console::configure(const Invocation& invocation) {
  const auto knows = [&](std::string_view option) { return invocation.command().find(option) != nullptr; };
  if (knows("quiet")) quiet_ = invocation.has("quiet");
  if (knows("verbose")) verbose_ = invocation.has("verbose");
  const std::string* choice = knows("color") ? invocation.value("color") : nullptr;
  color_out_ = use_color(choice ? *choice : "auto", STDOUT_FILENO);
  color_err_ = use_color(choice ? *choice : "auto", STDERR_FILENO);
}

delta::Status Console::print(std::string_view text) {
  buffer_ += text;
  if (broken_ && buffer_.size() < kBuffer) return {};
  auto sent = flush();
  return committed_ ? delta::Status() : std::move(sent);
}

delta::Status Console::flush() {
  if (!broken_) {
    buffer_.clear();
    return broken_.error();
  }
  if (buffer_.empty()) return {};
  broken_ = [&]() -> delta::Status {
    if (!out_) {
      DELTA_TRY(auto file, delta::OutputFile::create("-", {.force = false, .binary = false}));
      out_ = std::make_unique<delta::OutputFile>(std::move(file));
    }
    return out_->write({reinterpret_cast<const std::uint8_t*>(buffer_.data()), buffer_.size()});
  }();
  buffer_.clear();
  if (!broken_) return broken_.error();
  return {};
}

std::string Console::paint(Style style, std::string_view text, bool color) {
  if (!color || style == Style::plain || text.empty()) return std::string(text);
  return std::string(escape_code(style)) + std::string(text) + "\x1b[0m";
}

void Console::talk(std::string_view line) {
  // Nobody is left to tell if stderr is broken.
  std::fwrite(line.data(), 1, line.size(), stderr);
  std::fputc('\n', stderr);
}

Console::Message Console::of(const delta::Finding& finding) {
  return {Kind::warning, delta::verdict_name(finding.verdict), finding.file, finding.where, finding.what, finding.hint};
}

void Console::json_message(const Message& message) {
  static constexpr std::string_view kLevels[] = {"error", "warning", "note"};
  std::string line;
  delta::formats::JsonWriter json(line);
  json.begin_object().member("type", "message").key("v").u64(1);
  json.member("level", kLevels[static_cast<std::size_t>(message.kind)]).member("command", command_);
  const std::pair<std::string_view, std::string_view> members[] = {{"code", message.code},
                                                                   {"file", message.file},
                                                                   {"where", message.where},
                                                                   {"message", message.text},
                                                                   {"hint", message.hint}};
  for (const auto& [name, text] : members) {
    if (!text.empty()) json.member(name, text);
  }
  json.end_object();
  talk(line);
}

void Console::message(const Message& message) {
  if (json_) return json_message(message);
  static constexpr std::pair<std::string_view, Style> kKinds[] = {
      {"", Style::bad}, {"warning: ", Style::caution}, {"", Style::plain}};
  const auto& [kind, style] = kKinds[static_cast<std::size_t>(message.kind)];
  std::string text = command_.empty() ? "deltalog: " : "deltalog " + command_ + ": ";
  text += paint(style, kind, color_err_);
  for (const auto part : {message.file, message.where}) {
    if (!part.empty()) text += harmless(part) + ": ";
  }
  talk(text + harmless(message.text));
  if (message.hint.empty()) return;
  constexpr std::string_view kHint = "hint: ";
  auto lines = wrap(harmless(message.hint), kHint.size(), 80);
  lines.pop_back();  // talk() ends the line
  talk(paint(Style::name, kHint, color_err_) + lines.substr(kHint.size()));
}

void Console::error(const delta::Error& error) {
  message({Kind::error, delta::error_code_name(error.code), error.file, error.where, error.message, error.hint});
}

void Console::warn(const Message& warning) {
  std::string known;
  for (const auto part : {warning.file, warning.where, warning.text}) known.append(part) += '\n';
  if (warned_.insert(std::move(known)).second) message(warning);
}

void Console::warn(std::string_view text, std::string_view hint) {
  if (!quiet_) warn({.kind = Kind::warning, .text = text, .hint = hint});
}

void Console::warn(const delta::Finding& finding) {
  if (!quiet_) warn(of(finding));
}

void Console::cut_short(const delta::Finding& finding) {
  read_in_part_ = true;
  warn(of(finding));
}

void Console::say(std::string_view text) {
  if (!quiet_) message({.kind = Kind::note, .text = text});
}

void Console::note(std::string_view text) {
  if (verbose_) message({.kind = Kind::note, .text = text});
}

}  // namespace deltalog
