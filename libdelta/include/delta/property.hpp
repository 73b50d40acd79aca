// Properties of namespaces: what a log says of the vectors of one name, such as the type of their elements in the files
// that they came in. They change no state.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "delta/export.hpp"
#include "delta/log.hpp"
#include "delta/result.hpp"
#include "delta/snapshot.hpp"

namespace delta {

/// What a log says of a namespace under one key (Setting::Kind::property). Some keys have a meaning here: "element",
/// the type in which a snapshot is written as a matrix; "metric" and "model" are names that all who use them share. Any
/// other key is free.
struct NamespaceProperty {
  std::string name_space, key;
  std::string value;  ///< never empty
  CommitNo commit{};
};

/// Of all commits in the cut, in order of namespace and key. Of those of one namespace and key the one with the
/// greatest key (time) counts; an empty value removes. Errors: those of the cut.
DELTA_EXPORT Result<std::vector<NamespaceProperty>> properties_of(const Log& log, const CutOptions& cut = {});
/// The value of a key, empty where there is none.
DELTA_EXPORT std::string_view property_named(std::span<const NamespaceProperty> properties, std::string_view name_space,
                                             std::string_view key) noexcept;

/// bad_input: not 1 to 64 of a to z, 0 to 9, "-", "_" and ".", beginning with a letter. Of the value: no UTF-8, a
/// control character, over 1,024 bytes.
DELTA_EXPORT Status check_property(std::string_view key, std::string_view value);

/// The type of the elements of a matrix. Values are float32 everywhere; a narrower type holds some of them.
enum class Element : std::uint8_t { f32, f16, bf16, i8, u8 };
DELTA_EXPORT std::string_view element_name(Element element) noexcept;
/// unsupported: a type that this version does not know.
DELTA_EXPORT Result<Element> parse_element(std::string_view name);
inline constexpr std::string_view kElementKey = "element";

}  // namespace delta
