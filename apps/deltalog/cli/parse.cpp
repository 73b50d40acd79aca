// CLI11 cuts the words of a command line into options, values and the rest. What may be given, and every message, comes
// from our table. It reads three kinds of words otherwise than we do: for `--id=` it takes the next word as the value,
// `--quiet=true` is a flag to it, and `-q-x` is -q and --x. These words get a mark, which is removed from what comes
// out.
#include "cli/parse.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>

#include "cli/hints.hpp"
#include "delta/text.hpp"

namespace deltalog {

using delta::ErrorCode;

const Option* Command::find(std::string_view long_name) const {
  const auto it = std::ranges::find(options, long_name, &Option::name);
  return it == options.end() ? nullptr : &*it;
}

const Option* Command::find(char letter) const {
  const auto it = std::ranges::find(options, letter, &Option::letter);
  return letter == 0 || it == options.end() ? nullptr : &*it;
}

const std::vector<std::string>& Invocation::values(std::string_view option) const {
  static const std::vector<std::string> none;
  const Option* known = command_->find(option);
  DELTA_CHECK(known != nullptr);
  const auto it = values_.find(known->name);
  return it == values_.end() ? none : it->second;
}

const std::string* Invocation::value(std::string_view option) const {
  const auto& all = values(option);
  return all.empty() ? nullptr : &all.back();
}

std::vector<Invocation::Given> Invocation::in_order(std::initializer_list<std::string_view> options) const {
  std::vector<Given> out;
  for (const auto& [name, number] : order_) {
    if (std::ranges::find(options, name) != options.end()) out.push_back({name, values(name)[number]});
  }
  return out;
}

namespace {

constexpr char kMark = '\0';       // no argument of a program can hold it
const std::string kEnd(2, kMark);  // stands behind the last word: an option that takes it has no value

std::string marked(std::string word) {
  const bool is_long = word.starts_with("--");
  if (word.size() < 2 || word[0] != '-') return word;
  const auto at = is_long ? word.find('=') : word.find('-', 1);
  if (at != word.npos) word.insert(is_long ? at + 1 : at, 1, kMark);
  return word;
}

std::string unmarked(std::string word) {
  std::erase(word, kMark);
  return word;
}

}  // namespace

class Parser {
 public:
  explicit Parser(const Command& command) : command_(command), out_(command) {
    app_.set_help_flag();
    app_.allow_extras();
    for (const auto& option : command.options) {
      const auto letter = option.letter != 0 ? std::string{'-', option.letter, ','} : std::string();
      const auto given = [this, &option](const std::vector<std::string>& texts) {
        take(option, texts.front());
        return true;
      };
      app_.add_option(letter + fmt_name(option), CLI::callback_t(given))
          ->expected(option.value.empty() ? 0 : 1)
          ->trigger_on_parse();
    }
  }

  Result<Invocation> run(std::span<const std::string> words) {
    std::vector<std::string> last_first = {kEnd};
    for (std::size_t i = words.size(); i > 0; --i) last_first.push_back(marked(words[i - 1]));
    app_.parse(std::move(last_first));
    if (done_) return std::move(out_);
    if (wrong_) return *std::move(wrong_);
    DELTA_OK(read_rest());
    DELTA_OK(check_lists());
    DELTA_OK(check_operands());
    DELTA_OK(check_streams());
    return std::move(out_);
  }

 private:
  void take(const Option& option, const std::string& text) {
    if (done_) return;
    auto put = this->put(option, text);
    if (put || wrong_) return;
    const auto before = read_rest();
    wrong_ = before ? put.error() : before.error();
  }

  Status put(const Option& option, const std::string& text) {
    const bool flag = option.value.empty();
    if (flag && text[0] == kMark) return usage(fmt_name(option) + " takes no value");
    if (text == kEnd) return usage(fmt_name(option) + " needs a value: " + std::string(option.value));
    const auto value = flag ? std::string() : unmarked(text);
    auto& values = out_.values_[option.name];
    if (!flag && !option.repeatable && !values.empty()) return usage(fmt_name(option) + " is given twice");
    const auto choice = option.to_file ? value.substr(0, value.find(':')) : value;
    if (!option.choices.empty() && std::ranges::find(option.choices, choice) == option.choices.end()) {
      return bad_choice(option, choice);
    }
    out_.order_.emplace_back(option.name, values.size());
    values.push_back(value);
    done_ = option.name == "help" || option.name == "version";
    return {};
  }

  // What no option took, until now. Error: an option that the table lacks.
  Status read_rest() {
    out_.operands_.clear();
    bool only_operands = false;
    for (const auto& word : app_.remaining()) {
      if (word == kEnd) break;
      if (only_operands || word.size() < 2 || word[0] != '-') {
        out_.operands_.push_back(unmarked(word));
      } else if (word == "--") {
        only_operands = true;
      } else {
        return unknown(word[1] == '-' ? word.substr(0, word.find('=')) : unmarked(word).substr(0, 2));
      }
    }
    return {};
  }

  Status check_lists() const {
    for (const auto& option : command_.options) {
      if (option.several && out_.count(option.name) == 1) {
        const auto name = fmt_name(option);
        return usage(name + " needs two values or more: " + name + " A " + name + " B");
      }
    }
    return {};
  }

  Status check_operands() const {
    const auto& operands = command_.operands;
    const auto required = static_cast<std::size_t>(std::ranges::count(operands, true, &Operand::required));
    const bool open = std::ranges::any_of(operands, &Operand::repeatable);
    if (out_.operands_.size() < required) {
      const Operand& missing = operands[out_.operands_.size()];
      return usage("missing " + std::string(missing.name) + ": " + std::string(missing.help));
    }
    if (!open && out_.operands_.size() > operands.size()) {
      return usage("unexpected argument " + delta::quote(out_.operands_[operands.size()]));
    }
    return {};
  }

  // A stream read or written twice would give each half of its bytes.
  Status check_streams() const {
    auto in = command_.operands.empty() || command_.operands[0].kind != Kind::file
                  ? 0
                  : std::ranges::count(out_.operands_, "-");
    decltype(in) out = 0;
    for (const auto& option : command_.options) {
      const auto used = out_.values_.find(option.name);
      if (used == out_.values_.end()) continue;
      if (option.kind == Kind::file) in += std::ranges::count(used->second, "-");
      if (option.kind == Kind::output) out += std::ranges::count(used->second, "-");
    }
    if (in > 1) return usage("standard input is named twice");
    if (out > 1) return usage("standard output is named twice");
    return {};
  }

  delta::Error usage(std::string message) const {
    auto error = delta::error(ErrorCode::usage, std::move(message));
    error.hint = "see deltalog " + std::string(command_.name) + " --help";
    return error;
  }

  delta::Error unknown(std::string_view text) const {
    return delta::error(ErrorCode::usage, "unknown option " + delta::quote(text))
        .with_hint(option_hint(command_, text));
  }

  delta::Error bad_choice(const Option& option, std::string_view value) const {
    std::string message = fmt_name(option) + ": " + delta::quote(value) + " is not one of ";
    for (std::size_t i = 0; i < option.choices.size(); ++i) {
      message += (i == 0 ? "" : i + 1 == option.choices.size() ? " and " : ", ") + std::string(option.choices[i]);
    }
    auto error = usage(std::move(message));
    if (auto hint = did_you_mean(value, option.choices); !hint.empty()) error.hint = std::move(hint);
    return error;
  }

  static std::string fmt_name(const Option& option) { return "--" + std::string(option.name); }

  const Command& command_;
  CLI::App app_;
  std::optional<delta::Error> wrong_;  // the first thing that is
  bool done_ = false;                  // --help or --version was seen
  Invocation out_;
};

Result<Invocation> parse(const Command& command, std::span<const std::string> words) {
  return Parser(command).run(words);
}

}  // namespace deltalog
