// What is known about each format stands in one table, so that a new format is one row and its own two files. Magic
// beats suffix, because the suffix is only a name and the magic is part of the file.
#include "formats/format.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "delta/text.hpp"
#include "formats/npy.hpp"
#include "formats/suggest.hpp"

namespace delta::formats {
namespace {

using OpenSource = Result<std::unique_ptr<MatrixSource>> (*)(std::unique_ptr<ByteSource>, const ReadOptions&);
using OpenSink = Result<std::unique_ptr<MatrixSink>> (*)(ByteSink&, std::uint64_t, std::uint32_t, Element);

struct FormatInfo {
  Format format;
  std::string_view name;
  std::string_view magic;                    // empty: none
  std::array<std::string_view, 2> suffixes;  // lower case; empty: none
  OpenSource open;                           // null: not a matrix
  OpenSink sink;
};

constexpr std::array<FormatInfo, 2> kFormats = {{
    {Format::npy, "npy", "\x93NUMPY", {".npy", ""}, open_npy, open_npy_sink},
    {Format::ndjson, "ndjson", "", {".ndjson", ".jsonl"}, nullptr, nullptr},
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

}  // namespace

std::string_view format_name(Format format) { return info(format).name; }
bool is_matrix(Format format) { return info(format).open != nullptr; }

std::vector<std::string_view> format_names() {
  std::vector<std::string_view> names;
  for (const FormatInfo& f : kFormats) names.push_back(f.name);
  return names;
}

std::string known_formats() {
  std::string names;
  for (const std::string_view name : format_names()) (names += names.empty() ? "" : ", ") += name;
  return names;
}

Result<Format> format_named(std::string_view name) {
  for (const FormatInfo& f : kFormats) {
    if (f.name == name) return f.format;
  }
  const auto near = nearest(name, format_names());
  return error(ErrorCode::usage, quote(name) + " is not a known format")
      .with_hint(near.empty() ? "known formats: " + known_formats() : "did you mean " + std::string(near) + "?");
}

Result<Format> detect_format(std::string_view path, std::span<const std::uint8_t> head) {
  for (const FormatInfo& f : kFormats) {
    if (!f.magic.empty() && head.size() >= f.magic.size() &&
        std::memcmp(head.data(), f.magic.data(), f.magic.size()) == 0) {
      return f.format;
    }
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

Result<std::unique_ptr<MatrixSource>> open_matrix(Format format, std::unique_ptr<ByteSource> bytes,
                                                  const ReadOptions& options) {
  DELTA_CHECK(is_matrix(format));
  return info(format).open(std::move(bytes), options);
}

Result<std::unique_ptr<MatrixSink>> open_matrix_sink(Format format, ByteSink& out, std::uint64_t rows,
                                                     std::uint32_t dims, Element element) {
  DELTA_CHECK(is_matrix(format));
  return info(format).sink(out, rows, dims, element);
}

}  // namespace delta::formats
