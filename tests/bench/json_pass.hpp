// What reading NDJSON costs at least: simdjson alone, that looks at every member and converts every number.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <string_view>

namespace bench {

struct JsonPass {
  std::uint64_t lines = 0, numbers = 0;
  double sum = 0;  // so that no number may be left out
};

inline simdjson::error_code take(simdjson::ondemand::value value, JsonPass& pass) {
  using Type = simdjson::ondemand::json_type;
  Type type = Type::null;
  if (const auto failed = value.type().get(type)) return failed;
  if (type == Type::array) {
    for (auto element : value.get_array()) {
      double number = 0;
      auto failed = element.get(number);
      if (failed == simdjson::INCORRECT_TYPE) {
        std::string_view text;
        failed = element.get(text);
      }
      if (failed) return failed;
      ++pass.numbers;
      pass.sum += number;
    }
  } else if (type == Type::number) {
    double number = 0;
    if (const auto failed = value.get(number)) return failed;
    ++pass.numbers;
    pass.sum += number;
  } else if (type == Type::string) {
    std::string_view text;
    if (const auto failed = value.get(text)) return failed;
  }
  return simdjson::SUCCESS;
}

// `text`: whole lines, and after them as many readable bytes as simdjson looks ahead.
inline simdjson::error_code pass_over(simdjson::ondemand::parser& parser, std::string_view text, JsonPass& pass) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    simdjson::ondemand::document document;
    if (const auto failed =
            parser.iterate(line.data(), line.size(), line.size() + simdjson::SIMDJSON_PADDING).get(document)) {
      return failed;
    }
    simdjson::ondemand::object object;
    if (const auto failed = document.get_object().get(object)) return failed;
    for (auto field : object) {
      simdjson::ondemand::value value;
      if (const auto failed = field.value().get(value)) return failed;
      if (const auto failed = take(value, pass)) return failed;
    }
    ++pass.lines;
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return simdjson::SUCCESS;
}

}  // namespace bench
