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
  std::optional<delta::InputFile>
      file;  // held open only where opening twice would lose bytes: a pipe that was looked into
  std::optional<delta::Micros> at;
  std::size_t matrix = 0;                                // its number among the matrices
  std::uint64_t rows = 0;                                // of a matrix
  std::unique_ptr<delta::formats::MatrixSource> source;  // of one that cannot be opened twice
};

/// For messages.
std::string name_of(const Input& input);

/// All operands, opened as far as their kind has to be known, with their times.
Result<std::vector<Input>> open_inputs(const Invocation& invocation);

/// The rows of a matrix, by the options that say how to read it.
Result<std::unique_ptr<delta::formats::MatrixSource>> open_source(const Invocation& invocation, const Input& input,
                                                                  delta::InputFile file);

/// The time of a run without inputs.
Result<std::optional<delta::Micros>> one_time(const Invocation& invocation);

/// --ids: one file for all matrices (each takes its first n lines), or one each. A line too many would shift
/// every id behind it onto another row, so one file has as many lines as the tallest matrix has rows; --ids-prefix
/// allows more.
class Ids {
 public:
  static Result<Ids> read(const Invocation& invocation, const std::vector<Input>& inputs);

  /// The ids of a matrix; empty without --ids.
  std::span<const std::string> of(const Input& input) const;

 private:
  std::size_t list_of(const Input& input) const { return lists_.size() == 1 ? 0 : input.matrix; }
  delta::Error misfit(std::size_t list, const Input& input) const;
  Status check(const Input& input) const;
  Status check_all_used(const std::vector<Input>& inputs) const;

  bool prefix_ = false;
  std::vector<std::vector<std::string>> lists_;
  std::vector<std::string> files_;
};

}  // namespace deltalog
