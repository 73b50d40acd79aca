#include "commands/encode_inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "cli/values.hpp"
#include "delta/text.hpp"
#include "formats/ids.hpp"
#include "logs.hpp"

namespace deltalog {

using delta::ErrorCode;
using delta::InputFile;
using delta::Micros;
using delta::formats::Format;

namespace {

Result<Input> open_input(const Invocation& invocation, const std::string& path) {
  Input input{path, Format::ndjson, {}, {}, 0, 0, {}};
  std::optional<Format> stated;
  if (const auto* name = invocation.value("from")) {
    DELTA_TRY(stated, delta::formats::format_named(*name));
  }
  if (path == "-" && stated.value_or(Format::ndjson) == Format::ndjson) return input;
  DELTA_TRY(auto file, InputFile::open(path));
  std::vector<std::uint8_t> head(std::min<std::uint64_t>(16, file.size()));
  DELTA_OK(file.read(0, head));
  if (stated) {
    input.format = *stated;
  } else {
    auto detected = delta::formats::detect_format(path, head);
    if (!detected) return std::move(detected).error().in(path);
    input.format = *detected;
  }
  std::error_code ignored;
  const bool again = std::filesystem::is_regular_file(path, ignored);
  if (delta::formats::is_matrix(input.format)) {
    DELTA_TRY(auto source, open_source(invocation, input, std::move(file)));
    input.rows = source->rows();
    if (!again) input.source = std::move(source);
  } else if (!again) {
    input.file = std::move(file);
  }
  return input;
}

// The time of each input: --at for each, one --at and --step, or --times; none: the default of the encoder.
Status give_times(const Invocation& invocation, std::vector<Input>& inputs) {
  std::vector<std::string> texts = invocation.values("at");
  std::string option = "--at";
  if (const auto* path = invocation.value("times")) {
    if (!texts.empty()) return usage_error(invocation, "--at and --times exclude each other");
    DELTA_TRY(texts, read_lines(*path));
    option = "--times";
  }
  DELTA_TRY(const auto step, value_of(invocation, "step", delta::parse_duration));
  if (step && texts.size() != 1) return usage_error(invocation, "--step needs one --at to count from");
  if (texts.empty() || inputs.empty()) return {};
  if (!step && texts.size() != inputs.size()) {
    return usage_error(invocation, fmt::format("{} but {} ({}): give one each{}", delta::plural(inputs.size(), "input"),
                                               delta::plural(texts.size(), "time"), option,
                                               option == "--at" ? ", or one and --step" : ""));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    auto time = parse_time(texts[step ? 0 : i]);
    if (!time) {
      time.error().code = ErrorCode::usage;
      time.error().message = option + ": " + time.error().message;
      return std::move(time).error();
    }
    inputs[i].at = *time + (step ? *step * i : 0);
    if (*inputs[i].at > delta::kMaxMicros) {
      return usage_error(invocation, "--step leads beyond the last time that there is");
    }
  }
  return {};
}

}  // namespace

std::string name_of(const Input& input) { return input.path == "-" ? "standard input" : input.path; }

Result<std::unique_ptr<delta::formats::MatrixSource>> open_source(const Invocation& invocation, const Input& input,
                                                                  InputFile file) {
  delta::formats::ReadOptions read{.lossy = invocation.has("lossy-input")};
  DELTA_TRY(read.element, value_of(invocation, "element", delta::parse_element));
  DELTA_TRY(const auto max_dims, value_of(invocation, "max-dims", parse_max_dims));
  read.max_dims = max_dims.value_or(read.max_dims);
  return delta::formats::open_matrix(input.format, std::make_unique<InputFile>(std::move(file)), read);
}

Result<std::vector<Input>> open_inputs(const Invocation& invocation) {
  std::vector<Input> inputs;
  std::size_t matrices = 0;
  for (const auto& path : invocation.operands()) {
    DELTA_TRY(auto input, open_input(invocation, path));
    if (delta::formats::is_matrix(input.format)) input.matrix = matrices++;
    inputs.push_back(std::move(input));
  }
  DELTA_OK(give_times(invocation, inputs));
  return inputs;
}

Result<std::optional<Micros>> one_time(const Invocation& invocation) {
  if (invocation.count("at") > 1 || invocation.has("times") || invocation.has("step")) {
    return usage_error(invocation, "no input, and several times");
  }
  return time_of(invocation, "at");
}

Result<Ids> Ids::read(const Invocation& invocation, const std::vector<Input>& inputs) {
  Ids ids;
  const auto& files = invocation.values("ids");
  const auto is_matrix = [](const Input& input) { return delta::formats::is_matrix(input.format); };
  const auto matrices = static_cast<std::size_t>(std::ranges::count_if(inputs, is_matrix));
  ids.prefix_ = invocation.has("ids-prefix");
  if (ids.prefix_ && files.size() != 1) return usage_error(invocation, "--ids-prefix goes with one --ids");
  if (files.empty()) return ids;
  if (matrices == 0) {
    return usage_error(
        invocation, "--ids names the rows of matrices, and no input is one: the lines of NDJSON have ids of their own");
  }
  if (files.size() > 1 && files.size() != matrices) {
    return usage_error(invocation,
                       fmt::format("{} and {} of --ids: give one, or one each",
                                   delta::plural(matrices, "matrix", "matrices"), delta::plural(files.size(), "file")));
  }
  for (const auto& file : files) {
    DELTA_TRY(const auto list, delta::formats::read_ids(file));
    std::vector<std::string> texts;
    texts.reserve(list.size());
    for (std::size_t i = 0; i < list.size(); ++i) texts.emplace_back(list[i]);
    ids.lists_.push_back(std::move(texts));
    ids.files_.push_back(file);
  }
  for (const Input& input : inputs) {
    if (is_matrix(input)) DELTA_OK(ids.check(input));
  }
  if (files.size() == 1) DELTA_OK(ids.check_all_used(inputs));
  return ids;
}

std::span<const std::string> Ids::of(const Input& input) const {
  return lists_.empty() ? std::span<const std::string>() : std::span(lists_[list_of(input)]).first(input.rows);
}

delta::Error Ids::misfit(std::size_t list, const Input& input) const {
  return delta::error(ErrorCode::bad_input,
                      fmt::format("{} for the {} of {}", delta::plural(lists_[list].size(), "id"),
                                  delta::plural(input.rows, "row"), delta::escape(name_of(input), 4096)))
      .in(files_[list]);
}

Status Ids::check(const Input& input) const {
  const std::size_t list = list_of(input), size = lists_[list].size();
  if (size < input.rows || (lists_.size() > 1 && size > input.rows)) return misfit(list, input);
  return {};
}

Status Ids::check_all_used(const std::vector<Input>& inputs) const {
  const auto tallest = std::ranges::max_element(inputs, {}, &Input::rows);
  if (prefix_ || lists_[0].size() <= tallest->rows) return {};
  return misfit(0, *tallest)
      .with_hint(fmt::format("is the first line {} an id? --ids-prefix takes a list that is longer than the matrices",
                             delta::quote(lists_[0][0], 40)));
}

}  // namespace deltalog
