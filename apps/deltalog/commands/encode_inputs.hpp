// What encode is given: which inputs, of which format, with which ids and at which times. Everything that can be
// refused without reading rows is refused here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "command.hpp"
#include "delta/file.hpp"
#include "delta/timestamp.hpp"
#include "formats/format.hpp"

namespace deltalog {

struct Input {
  std::string path;
  delta::formats::Format format = delta::formats::Format::ndjson;
  bool is_state = false;  // whole tables; else updates
  std::shared_ptr<const delta::ByteSource>
      file;  // held open only where opening twice would lose bytes: a pipe that was looked into
  std::optional<delta::Micros> at;
  std::size_t first_table = 0;                     // the number of its first table among those of all inputs
  std::vector<std::uint64_t> rows = {};            // of its tables
  bool has_ids = false;                            // of its own
  std::unique_ptr<delta::ByteStream> stream = {};  // of updates that were looked into: all of their bytes
  std::optional<delta::formats::Dataset> dataset;  // held open where opening it twice is impossible or costs much
};

/// For messages.
std::string name_of(const Input& input);
/// The same of one of its tables.
std::string name_of(const Input& input, const delta::formats::MatrixSource& table);

/// All operands, opened as far as their kind has to be known, with their times.
Result<std::vector<Input>> open_inputs(const Invocation& invocation);

/// The tables of a state, by the options that say how to read it; unpacked, if it is packed.
Result<delta::formats::Dataset> open_state(const Invocation& invocation, const Input& input,
                                           std::shared_ptr<const delta::ByteSource> bytes);
/// The namespace of a table of it: the name that the file gives it, else --namespace; of a file of one table
/// --namespace, if it is given.
std::string namespace_of(const Invocation& invocation, const delta::formats::Dataset& dataset,
                         const delta::formats::MatrixSource& table);

/// The time of a run without inputs.
Result<std::optional<delta::Micros>> one_time(const Invocation& invocation);

/// --ids: one file for all tables (each takes its first n lines), or one each. A line too many would shift
/// every id behind it onto another row, so one file has as many lines as the tallest table has rows; --ids-prefix
/// allows more.
class Ids {
 public:
  static Result<Ids> read(const Invocation& invocation, const std::vector<Input>& inputs);

  /// The ids of a table of an input; empty without --ids.
  std::span<const std::string> of(const Input& input, std::size_t table) const;

 private:
  std::size_t list_of(const Input& input, std::size_t table) const {
    return lists_.size() == 1 ? 0 : input.first_table + table;
  }
  delta::Error misfit(std::size_t list, const Input& input, std::uint64_t rows) const;
  Status check(const Input& input) const;
  Status check_all_used(const std::vector<Input>& inputs) const;

  bool prefix_ = false;
  std::vector<std::vector<std::string>> lists_;
  std::vector<std::string> files_;
};

}  // namespace deltalog
