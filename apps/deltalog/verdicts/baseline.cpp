#include "verdicts/baseline.hpp"

#include <nlohmann/json.hpp>

#include "cli/values.hpp"

namespace deltalog::verdicts {

Status Baseline::read(const std::string& path) {
  DELTA_TRY(const auto lines, read_lines(path));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto object = nlohmann::json::parse(lines[i], nullptr, false);
    if (!object.is_object()) {
      return delta::error(delta::ErrorCode::bad_input, "not a line of a report: no JSON object")
          .in(path)
          .at("line " + std::to_string(i + 1))
          .with_hint("a baseline is what `--report json:FILE` wrote");
    }
    const auto fingerprint = object.find("fingerprint");
    if (fingerprint != object.end() && fingerprint->is_string()) known_.insert(fingerprint->get<std::string>());
  }
  return {};
}

}  // namespace deltalog::verdicts
