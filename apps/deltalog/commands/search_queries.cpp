#include "commands/search_queries.hpp"

#include <fmt/format.h>

#include <utility>

#include "cli/values.hpp"
#include "delta/file.hpp"
#include "delta/text.hpp"
#include "matrix_inputs.hpp"
#include "texts.hpp"

namespace deltalog {

using delta::ErrorCode;

Result<Queries> Queries::open(const Invocation& invocation) {
  const auto *id = invocation.value("id"), *path = invocation.value("vector");
  if (id == nullptr && path == nullptr) {
    return usage_error(invocation, "near to what? --id ID or --vector FILE is missing");
  }
  if (id != nullptr && path != nullptr) return usage_error(invocation, "--id and --vector exclude each other");
  if (id != nullptr && invocation.has("from")) return usage_error(invocation, "--from goes with --vector");
  Queries queries;
  if (id != nullptr) {
    queries.id_ = *id;
    return queries;
  }
  queries.path_ = *path;
  DELTA_TRY(auto file, delta::InputFile::open(*path));
  const auto bytes = std::make_shared<const delta::InputFile>(std::move(file));
  DELTA_TRY(const auto format, format_of(invocation, *path, bytes));
  if (delta::formats::traits(format).dims) {
    return delta::error(ErrorCode::unsupported, "a file that does not say its dimensions cannot hold queries")
        .in(*path);
  }
  DELTA_TRY(auto source, unpacked(bytes));
  delta::formats::ReadOptions read;
  read.fields.optional_id = true;
  DELTA_TRY(queries.dataset_, delta::formats::open_dataset(format, std::move(source), read));
  const auto& tables = queries.dataset_.tables;
  if (tables.size() > 1) {
    return delta::error(ErrorCode::bad_input,
                        "queries are one table, and the file holds " + std::to_string(tables.size()))
        .in(bytes->name());
  }
  if (tables.empty() || tables[0]->rows() == 0) {
    return delta::error(ErrorCode::bad_input, "the file holds no vector").in(bytes->name());
  }
  return queries;
}

std::string Queries::name(std::uint64_t number) const {
  if (id_) return *id_;
  const auto ids = dataset_.tables[0]->ids();
  return number < ids.size() && !ids[number].empty() ? ids[number] : std::to_string(number);
}

Status Queries::read(std::uint64_t first, std::span<std::uint32_t> bits) const {
  DELTA_OK(dataset_.tables[0]->read(first, bits));
  for (std::size_t i = 0; i < bits.size(); ++i) {
    if ((bits[i] & 0x7f800000) != 0x7f800000) continue;
    return delta::error(ErrorCode::bad_input, float_text(bits[i]) + " is not finite, so nothing is near to the vector")
        .in(path_ == "-" ? "standard input" : path_)
        .at(fmt::format("row {}, column {}", first + i / dims(), i % dims()));
  }
  return {};
}

}  // namespace deltalog
