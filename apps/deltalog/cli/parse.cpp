// Own parser and not CLI11's, although it is packaged: 2.1.2 takes the next word for the value of `--id=`, splits "[a]"
// into a list, accepts `--flag=value` for flags, and reports by exceptions with texts and codes of its own. Ids are
// untrusted text, so the rules here must be exact, and they are a screen long.
#include "cli/parse.hpp"

#include <algorithm>

#include "delta/text.hpp"
#include "formats/suggest.hpp"

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

class Parser {
 public:
  Parser(const Command& command, std::span<const std::string> words)
      : command_(command), words_(words), out_(command) {}

  Result<Invocation> run() {
    Status first;
    while (next_ < words_.size() && !done_) {
      auto status = word(words_[next_++]);
      if (first && !status) first = std::move(status);
    }
    if (done_) return std::move(out_);
    DELTA_OK(std::move(first));
    DELTA_OK(check_lists());
    DELTA_OK(check_operands());
    DELTA_OK(check_streams());
    return std::move(out_);
  }

 private:
  Status word(const std::string& text) {
    if (only_operands_ || text.size() < 2 || text[0] != '-') {
      out_.operands_.push_back(text);
      return {};
    }
    if (text == "--") {
      only_operands_ = true;
      return {};
    }
    return text[1] == '-' ? long_option(text) : letters(text);
  }

  Status long_option(std::string_view text) {
    const auto equals = text.find('=');
    const auto name = text.substr(2, equals == text.npos ? text.npos : equals - 2);
    const Option* option = command_.find(name);
    if (option == nullptr) return unknown(text.substr(0, equals));
    if (equals == text.npos) return option->value.empty() ? put(*option, {}) : take(*option);
    if (option->value.empty()) return usage(fmt_name(*option) + " takes no value");
    return put(*option, std::string(text.substr(equals + 1)));
  }

  Status letters(std::string_view text) {
    for (std::size_t i = 1; i < text.size() && !done_; ++i) {
      const Option* option = command_.find(text[i]);
      if (option == nullptr) return unknown(std::string("-") + std::string(text.substr(i, 1)));
      if (option->value.empty()) {
        DELTA_OK(put(*option, {}));
        continue;
      }
      return i + 1 < text.size() ? put(*option, std::string(text.substr(i + 1))) : take(*option);
    }
    return {};
  }

  Status take(const Option& option) {
    if (next_ == words_.size()) return usage(fmt_name(option) + " needs a value: " + std::string(option.value));
    return put(option, words_[next_++]);
  }

  Status put(const Option& option, std::string value) {
    auto& values = out_.values_[option.name];
    if (!option.value.empty() && !option.repeatable && !values.empty()) {
      return usage(fmt_name(option) + " is given twice");
    }
    if (!option.choices.empty() && std::ranges::find(option.choices, value) == option.choices.end()) {
      return bad_choice(option, value);
    }
    out_.order_.emplace_back(option.name, values.size());
    values.push_back(std::move(value));
    done_ = option.name == "help" || option.name == "version";
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
    auto error = usage("unknown option " + delta::quote(text));
    std::vector<std::string_view> names;
    for (const auto& option : command_.options) names.push_back(option.name);
    const auto near = text.size() > 2 ? delta::formats::nearest(text.substr(2), names) : std::string_view();
    if (!near.empty()) error.hint = "did you mean --" + std::string(near) + "?";
    return error;
  }

  delta::Error bad_choice(const Option& option, std::string_view value) const {
    std::string message = fmt_name(option) + ": " + delta::quote(value) + " is not one of ";
    for (std::size_t i = 0; i < option.choices.size(); ++i) {
      message += (i == 0 ? "" : i + 1 == option.choices.size() ? " and " : ", ") + std::string(option.choices[i]);
    }
    auto error = usage(std::move(message));
    const auto near = delta::formats::nearest(value, option.choices);
    if (!near.empty()) error.hint = "did you mean " + std::string(near) + "?";
    return error;
  }

  static std::string fmt_name(const Option& option) { return "--" + std::string(option.name); }

  const Command& command_;
  std::span<const std::string> words_;
  std::size_t next_ = 0;
  bool only_operands_ = false;
  bool done_ = false;  // --help or --version was seen
  Invocation out_;
};

Result<Invocation> parse(const Command& command, std::span<const std::string> words) {
  return Parser(command, words).run();
}

}  // namespace deltalog
