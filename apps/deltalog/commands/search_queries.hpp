// What neighbours are asked for: a vector of the log, or those of a file.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/parse.hpp"
#include "command.hpp"
#include "delta/search.hpp"
#include "formats/dataset.hpp"

namespace deltalog {

class Queries {
 public:
  /// --id or --vector, and --from. Opens the file, and reads no values. usage: neither is given, or both; bad_input:
  /// the file holds no vector, or several tables.
  static Result<Queries> open(const Invocation& invocation);

  const std::string* id() const { return id_ ? &*id_ : nullptr; }    ///< of --id; null: a file
  std::uint32_t dims() const { return dataset_.tables[0]->dims(); }  ///< REQUIRES: a file
  std::uint64_t size() const { return id_ ? 1 : dataset_.tables[0]->rows(); }
  /// The id that the file gives a query, else its number, from 0; or that of --id.
  std::string name(std::uint64_t number) const;
  /// Values of queries [first, first + bits.size() / dims()) of a file. bad_input, with the file's name: what reading
  /// gives; a value that is not finite.
  Status read(std::uint64_t first, std::span<std::uint32_t> bits) const;

 private:
  std::optional<std::string> id_;
  std::string path_;
  delta::formats::Dataset dataset_;
};

}  // namespace deltalog
