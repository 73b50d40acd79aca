// Messages may hold bytes from files and arguments. The library escapes what it quotes; what is left (paths) is made
// harmless here, on the way out, without escaping anything twice.
#include "ui/console.hpp"

#include <unistd.h>

#include <cstdio>

#include "cli/parse.hpp"
#include "delta/text.hpp"
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

void Console::message(Style style, std::string_view kind, std::string_view text, std::string_view hint) {
  const auto program = command_.empty() ? std::string("deltalog: ") : "deltalog " + command_ + ": ";
  talk(program + paint(style, kind, color_err_) + harmless(text));
  if (hint.empty()) return;
  constexpr std::string_view kHint = "hint: ";
  auto lines = wrap(harmless(hint), kHint.size(), 80);
  lines.pop_back();  // talk() ends the line
  talk(paint(Style::name, kHint, color_err_) + lines.substr(kHint.size()));
}

void Console::error(const delta::Error& error) { message(Style::bad, "", error.text(), error.hint); }

void Console::warn(std::string_view text, std::string_view hint) {
  if (!quiet_ && warned_.emplace(text).second) message(Style::caution, "warning: ", text, hint);
}

void Console::say(std::string_view text) {
  if (!quiet_) message(Style::plain, "", text, "");
}

void Console::note(std::string_view text) {
  if (verbose_) message(Style::plain, "", text, "");
}

namespace {

std::string finding_text(const delta::Finding& finding) {
  std::string text;
  for (const auto* part : {&finding.file, &finding.where}) {
    if (!part->empty()) text += *part + ": ";
  }
  return text + finding.what;
}

}  // namespace

void Console::warn(const delta::Finding& finding) { warn(finding_text(finding), finding.hint); }

void Console::cut_short(const delta::Finding& finding) {
  read_in_part_ = true;
  const auto text = finding_text(finding);
  if (warned_.insert(text).second) message(Style::caution, "warning: ", text, finding.hint);
}

}  // namespace deltalog
