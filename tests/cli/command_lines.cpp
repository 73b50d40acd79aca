#include "command_lines.hpp"

#include <random>

#include "cli/parse.hpp"

namespace command_lines {

using deltalog::Command;
using deltalog::Option;

namespace {

class Drawer {
 public:
  explicit Drawer(std::uint64_t seed) : random_(seed) {}

  Line line() {
    Line line{&deltalog::commands()[below(deltalog::commands().size())], {}};
    const auto& operands = line.command->operands;
    if (!operands.empty() && below(4) != 0) line.words.push_back("a.dlog");
    for (std::size_t pieces = below(7); pieces > 0; --pieces) piece(*line.command, line.words);
    return line;
  }

 private:
  std::size_t below(std::size_t n) { return random_() % n; }  // the distributions of std differ between libraries

  std::string one_of(const std::vector<std::string>& texts) { return texts[below(texts.size())]; }

  std::string word() {
    static const std::vector<std::string> words = {
        "",     "-",          "--",   "a.dlog", "[a]",   "[a,b]", "[]",       "{}",   "-5",   "-0.5", "a=b",    "=",
        "=x",   "ä€",         "a b",  "true",   "false", "%%",    "++",       "/a:b", "-q",   "-n5",  "--help", "-h",
        "--id", "--output=x", "-x-y", "'\"\\",  "\n",    "--=",   "--quiet=", "-o=",  "100%", "\xff"};
    return one_of(words);
  }

  std::string value_of(const Option& option) {
    if (!option.choices.empty() && below(4) != 0) return std::string(option.choices[below(option.choices.size())]);
    return below(3) == 0 ? word() : "v" + std::to_string(below(100));
  }

  void option(const Option& option, std::vector<std::string>& words) {
    const std::string name = "--" + std::string(option.name);
    const std::string letter = option.letter != 0 ? std::string("-") + option.letter : name;
    if (option.value.empty()) {
      words.push_back(below(12) == 0 ? name + "=" + value_of(option) : below(2) == 0 ? name : letter);
      return;
    }
    const auto value = value_of(option);
    switch (below(4)) {
      case 0:
        words.push_back(name + "=" + value);
        break;
      case 1:
        words.push_back(letter + (option.letter != 0 ? value : "=" + value));
        break;
      default:
        words.push_back(below(2) == 0 ? name : letter);
        if (below(10) != 0) words.push_back(value);
    }
  }

  std::string cluster(const Command& command) {
    std::string text = "-";
    for (std::size_t n = 1 + below(4); n > 0; --n) {
      const char letter = command.options[below(command.options.size())].letter;
      text += letter != 0 ? letter : "qvhj-=5Z!"[below(9)];
    }
    return text;
  }

  void piece(const Command& command, std::vector<std::string>& words) {
    const auto& some = command.options[below(command.options.size())];
    const std::string name(some.name);
    switch (below(16)) {
      case 0:
        words.push_back(word());
        break;
      case 1:
        words.push_back("operand" + std::to_string(below(3)));
        break;
      case 2:
        words.push_back(cluster(command));
        break;
      case 3:
        words.push_back("--" + name.substr(0, 1 + below(name.size())));
        break;  // names are not abbreviated
      case 4:
        words.push_back(one_of({"--bogus", "--bogus=1", "-Z", "-Zq", "---id", "--!x", "-!", "- q", "--h", "-"}));
        break;
      default:
        if (name == "help" || name == "version") return;  // drawn often enough by the others
        option(some, words);
    }
  }

  std::mt19937_64 random_;
};

std::string escaped(std::string_view word) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  if (word.empty()) return "%";
  std::string out;
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f && c != '%') {
      out += c;
    } else {
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

std::string unescaped(std::string_view text) {
  std::string out;
  if (text == "%") return out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += text[i] == '%' ? static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16)) : text[i];
    if (text[i] == '%') i += 2;
  }
  return out;
}

}  // namespace

Line drawn(std::uint64_t seed) { return Drawer(seed).line(); }

std::string to_text(const Line& line) {
  std::string out(line.command->name);
  for (const auto& word : line.words) out += " " + escaped(word);
  return out;
}

Line from_text(std::string_view text) {
  Line line;
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(' '));
    if (line.command == nullptr) {
      line.command = deltalog::find_command(word);
    } else {
      line.words.push_back(unescaped(word));
    }
    text.remove_prefix(std::min(word.size() + 1, text.size()));
  }
  return line;
}

std::string outcome(const Line& line) {
  const auto got = deltalog::parse(*line.command, line.words);
  if (!got) return "! " + got.error().message;
  if (got->has("help")) return "= help";
  if (got->has("version")) return "= version";
  std::string out = "=";
  for (const auto& option : line.command->options) {
    for (const auto& value : got->values(option.name)) out += " " + std::string(option.name) + ":" + escaped(value);
  }
  out += " --";
  for (const auto& operand : got->operands()) out += " " + escaped(operand);
  return out;
}

}  // namespace command_lines
