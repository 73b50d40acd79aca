#include "commands/encode_inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "cli/values.hpp"
#include "delta/text.hpp"
#include "formats/ids.hpp"
#include "logs.hpp"
#include "matrix_inputs.hpp"

namespace deltalog {

using delta::ErrorCode;
using delta::InputFile;
using delta::Micros;
using delta::formats::Format;

namespace {

constexpr std::size_t kHeldOpen = 16;  // inputs; more are opened twice, so that descriptors and memory suffice

using Bytes = std::shared_ptr<const delta::ByteSource>;

// A directory may be what another program calls a table.
delta::Error why_not(const std::string& path, delta::Error error) {
  const auto detected = delta::formats::detect_format(path, {});
  std::error_code ignored;
  const bool directory = std::filesystem::is_directory(path, ignored);
  if (!directory || detected || detected.error().code != ErrorCode::unsupported) return error;
  return delta::Error(detected.error()).in(path);
}

Result<Input> open_input(const Invocation& invocation, const std::string& path) {
  Input input;
  input.path = path;
  const auto* from = invocation.value("from");
  const bool state = invocation.has("state");
  if (path == "-" && !state && (from == nullptr || *from == delta::formats::format_name(Format::ndjson))) return input;
  auto opened = InputFile::open(path);
  if (!opened) return why_not(path, std::move(opened).error());
  const Bytes bytes = std::make_shared<const InputFile>(*std::move(opened));
  DELTA_TRY(input.format, format_of(invocation, path, bytes));
  input.is_state = state || delta::formats::is_matrix(input.format);
  std::error_code ignored;
  const bool again = std::filesystem::is_regular_file(path, ignored);
  if (!input.is_state) {
    if (!again) input.file = bytes;
    return input;
  }
  DELTA_TRY(auto dataset, open_state(invocation, input, bytes));
  for (const auto& table : dataset.tables) {
    input.rows.push_back(table->rows());
    input.has_ids = input.has_ids || !table->ids().empty();
  }
  if (!again || invocation.operands().size() <= kHeldOpen) input.dataset = std::move(dataset);
  return input;
}

delta::formats::FieldOptions fields_of(const Invocation& invocation) {
  delta::formats::FieldOptions fields;
  if (const auto* name = invocation.value("id-field")) fields.id = *name;
  if (const auto* name = invocation.value("vector-field")) fields.vector = *name;
  fields.keep = invocation.values("keep-field");
  return fields;
}

// Options that say of a state what it does not say itself, where no input is such a one.
Status check_hints(const Invocation& invocation, const std::vector<Input>& inputs) {
  const auto takes_dims = [](const Input& input) { return delta::formats::traits(input.format).dims; };
  if (invocation.has("dims") && std::ranges::none_of(inputs, takes_dims)) {
    return usage_error(invocation, "--dims goes with raw values and GloVe: other formats say it themselves");
  }
  const auto fields = fields_of(invocation);
  for (const std::string& kept : fields.keep) {
    if (kept != fields.id && kept != fields.vector) continue;
    return usage_error(invocation, fmt::format("--keep-field: {} has another use", delta::quote(kept, 60)));
  }
  for (const std::string_view option : {"id-field", "vector-field", "keep-field"}) {
    if (!invocation.has(option)) continue;
    const auto has_fields = [](const Input& input) {
      return input.is_state && delta::formats::traits(input.format).fields;
    };
    if (std::ranges::any_of(inputs, has_fields)) continue;
    return usage_error(invocation, fmt::format("--{} goes with CSV, and with JSON and --state", option));
  }
  return {};
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

std::string name_of(const Input& input, const delta::formats::MatrixSource& table) {
  if (table.name().empty()) return name_of(input);
  return name_of(input) + ", " + delta::quote(table.name(), 60);
}

Result<delta::formats::Dataset> open_state(const Invocation& invocation, const Input& input,
                                           std::shared_ptr<const delta::ByteSource> bytes) {
  delta::formats::ReadOptions read{.lossy = invocation.has("lossy-input")};
  DELTA_TRY(read.element, value_of(invocation, "element", delta::parse_element));
  DELTA_TRY(const auto max_dims, value_of(invocation, "max-dims", parse_max_dims));
  read.max_dims = max_dims.value_or(read.max_dims);
  DELTA_TRY(const auto dims, value_of(invocation, "dims", parse_max_dims));
  read.dims = dims.value_or(read.dims);
  if (const auto* name = invocation.value("namespace")) read.name = *name;
  read.fields = fields_of(invocation);
  DELTA_TRY(auto source, unpacked(bytes));
  return delta::formats::open_dataset(input.format, std::move(source), read);
}

std::string namespace_of(const Invocation& invocation, const delta::formats::Dataset& dataset,
                         const delta::formats::MatrixSource& table) {
  const auto* given = invocation.value("namespace");
  const bool named = !table.name().empty();
  if (given != nullptr && (!named || (dataset.tables.size() == 1 && !dataset.by_row))) return *given;
  return std::string(table.name());
}

Result<std::vector<Input>> open_inputs(const Invocation& invocation) {
  std::vector<Input> inputs;
  std::size_t tables = 0;
  for (const auto& path : invocation.operands()) {
    DELTA_TRY(auto input, open_input(invocation, path));
    input.first_table = tables;
    tables += input.rows.size();
    inputs.push_back(std::move(input));
  }
  DELTA_OK(check_hints(invocation, inputs));
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
  std::size_t matrices = 0;
  for (const Input& input : inputs) matrices += input.rows.size();
  ids.prefix_ = invocation.has("ids-prefix");
  if (ids.prefix_ && files.size() != 1) return usage_error(invocation, "--ids-prefix goes with one --ids");
  if (files.empty()) return ids;
  if (matrices == 0) {
    return usage_error(
        invocation, "--ids names the rows of matrices, and no input is one: the lines of NDJSON have ids of their own");
  }
  if (const auto named = std::ranges::find(inputs, true, &Input::has_ids); named != inputs.end()) {
    return usage_error(invocation, "--ids names the rows of matrices, and " + delta::escape(name_of(*named), 4096) +
                                       " has ids of its own");
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
    DELTA_OK(ids.check(input));
  }
  if (files.size() == 1) DELTA_OK(ids.check_all_used(inputs));
  return ids;
}

std::span<const std::string> Ids::of(const Input& input, std::size_t table) const {
  if (lists_.empty()) return {};
  return std::span(lists_[list_of(input, table)]).first(input.rows[table]);
}

delta::Error Ids::misfit(std::size_t list, const Input& input, std::uint64_t rows) const {
  return delta::error(ErrorCode::bad_input,
                      fmt::format("{} for the {} of {}", delta::plural(lists_[list].size(), "id"),
                                  delta::plural(rows, "row"), delta::escape(name_of(input), 4096)))
      .in(files_[list]);
}

Status Ids::check(const Input& input) const {
  for (std::size_t table = 0; table < input.rows.size(); ++table) {
    const std::size_t list = list_of(input, table), size = lists_[list].size();
    if (size < input.rows[table] || (lists_.size() > 1 && size > input.rows[table])) {
      return misfit(list, input, input.rows[table]);
    }
  }
  return {};
}

Status Ids::check_all_used(const std::vector<Input>& inputs) const {
  const Input* tallest = nullptr;
  std::uint64_t most = 0;
  for (const Input& input : inputs) {
    for (const std::uint64_t rows : input.rows) {
      if (tallest != nullptr && rows <= most) continue;
      tallest = &input;
      most = rows;
    }
  }
  if (prefix_ || tallest == nullptr || lists_[0].size() <= most) return {};
  return misfit(0, *tallest, most)
      .with_hint(fmt::format("is the first line {} an id? --ids-prefix takes a list that is longer than the matrices",
                             delta::quote(lists_[0][0], 40)));
}

}  // namespace deltalog
