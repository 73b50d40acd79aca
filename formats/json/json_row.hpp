// What an object says of a row: its id, its vector, and metadata.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "formats/dataset.hpp"

namespace delta::formats {

/// The member of the outermost object that a field is, or that its pointer leads through.
std::string_view outermost_member(std::string_view field);

/// Of one record; filled again and again.
struct JsonRow {
  std::string id;
  std::string name_space;
  std::optional<std::uint32_t> declared;  ///< dimensions of a namespace that the record declares; then it is no row
  std::size_t values = 0;                 ///< of its vector, by its commas
  std::string metadata;                   ///< empty: none
};

class JsonRowParser {
 public:
  explicit JsonRowParser(FieldOptions fields);
  ~JsonRowParser();
  JsonRowParser(JsonRowParser&&) noexcept;

  /// Everything but the values. `text` may be any bytes; behind it stand kRowPadding more. bad_input: no JSON object; a
  /// member that is missing, or of another kind; of our own shape (no option is given) also one that a state does not
  /// take.
  Status read(std::string_view text, JsonRow& row);
  /// The values alone: numbers, raw bits as "0x7fc00001", or all of them as base64 of little-endian float32. bad_input:
  /// see read(); not bits.size() of them; one that does not fit float32.
  Status read_values(std::string_view text, std::span<std::uint32_t> bits);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace delta::formats
