// What is known about each format stands in one table, so that a new format is one row and its own file. Magic beats
// suffix, because a suffix is what somebody called the file and the magic is what it is.
#include "formats/format.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "delta/text.hpp"
#include "formats/ndjson.hpp"
#include "formats/npy.hpp"
#include "formats/suggest.hpp"

namespace delta::formats {
namespace {

using Bytes = std::span<const std::uint8_t>;

struct FormatInfo {
  Format format;
  FormatTraits traits;
  std::string_view magic;                    // empty: none
  std::array<std::string_view, 2> suffixes;  // lower case; empty: none
  Result<Dataset> (*open)(std::unique_ptr<ByteSource>, const ReadOptions&);
  Result<std::unique_ptr<DatasetSink>> (*create)(ByteSink&, std::span<const TableShape>);
};

constexpr std::array<FormatInfo, 2> kFormats = {{
    {Format::npy, {.name = "npy", .typed = true}, kNpyMagic, {".npy"}, open_npy_dataset, create_npy},
    {Format::ndjson,
     {.name = "ndjson", .updates = true, .several = true, .text = true},
     "",
     {".ndjson", ".jsonl"},
     nullptr,
     create_ndjson},
}};

const FormatInfo& info(Format format) {
  const auto* found = std::find_if(kFormats.begin(), kFormats.end(), [&](const auto& f) { return f.format == format; });
  DELTA_CHECK(found != kFormats.end());
  return *found;
}

bool has_suffix(std::string_view path, std::string_view suffix) {
  if (suffix.empty() || path.size() <= suffix.size()) return false;
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  const std::string_view tail = path.substr(path.size() - suffix.size());
  return std::equal(tail.begin(), tail.end(), suffix.begin(), [&](char a, char b) { return lower(a) == b; });
}

bool has_magic(Bytes head, std::string_view magic) {
  return !magic.empty() && head.size() >= magic.size() && std::memcmp(head.data(), magic.data(), magic.size()) == 0;
}

}  // namespace

const FormatTraits& traits(Format format) { return info(format).traits; }
std::string_view format_name(Format format) { return info(format).traits.name; }
bool is_matrix(Format format) { return !info(format).traits.updates; }

std::vector<std::string_view> format_names() {
  std::vector<std::string_view> names;
  for (const FormatInfo& f : kFormats) names.push_back(f.traits.name);
  return names;
}

std::string known_formats() {
  std::string names;
  for (const std::string_view name : format_names()) (names += names.empty() ? "" : ", ") += name;
  return names;
}

Result<Format> format_named(std::string_view name) {
  for (const FormatInfo& f : kFormats) {
    if (f.traits.name == name) return f.format;
  }
  const auto near = nearest(name, format_names());
  return error(ErrorCode::usage, quote(name) + " is not a known format")
      .with_hint(near.empty() ? "known formats: " + known_formats() : "did you mean " + std::string(near) + "?");
}

Result<Format> detect_format(std::string_view path, Bytes head) {
  for (const FormatInfo& f : kFormats) {
    if (has_magic(head, f.magic)) return f.format;
  }
  if (path == "-") return Format::ndjson;
  for (const FormatInfo& f : kFormats) {
    for (const std::string_view suffix : f.suffixes) {
      if (has_suffix(path, suffix)) return f.format;
    }
  }
  return error(ErrorCode::usage, "the format cannot be told from the first bytes or from the name of the file")
      .with_hint("name the format with --from: " + known_formats() + "; convert other formats first");
}

Result<Dataset> open_dataset(Format format, std::unique_ptr<ByteSource> bytes, const ReadOptions& options) {
  return info(format).open(std::move(bytes), options);
}

Result<std::unique_ptr<DatasetSink>> create_dataset(Format format, ByteSink& out, std::span<const TableShape> tables) {
  return info(format).create(out, tables);
}

}  // namespace delta::formats
