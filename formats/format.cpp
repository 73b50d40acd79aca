// What is known about each format stands in one table, so that a new format is one row and its own two files. Magic
// beats suffix, because a suffix is what somebody called the file and the magic is what it is.
#include "formats/format.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "delta/text.hpp"
#include "formats/npy.hpp"

namespace delta::formats {
namespace {

using OpenSource = Result<std::unique_ptr<MatrixSource>> (*)(InputFile, const ReadOptions&);
using OpenSink = Result<std::unique_ptr<MatrixSink>> (*)(OutputFile&, std::uint64_t, std::uint32_t, Element);

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

class FileSource final : public ByteSource {
 public:
  explicit FileSource(InputFile file) : file_(std::move(file)) {}
  const std::string& name() const override { return file_.name(); }
  std::uint64_t size() const override { return file_.size(); }
  Status read(std::uint64_t offset, std::span<std::uint8_t> into) const override { return file_.read(offset, into); }

 private:
  InputFile file_;
};

class FileStream final : public ByteStream {
 public:
  explicit FileStream(InputStream stream) : stream_(std::move(stream)) {}
  const std::string& name() const override { return stream_.name(); }
  Result<std::size_t> read(std::span<std::uint8_t> into) override { return stream_.read(into); }

 private:
  InputStream stream_;
};

class SourceStream final : public ByteStream {
 public:
  explicit SourceStream(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}
  const std::string& name() const override { return source_->name(); }
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), source_->size() - at_));
    DELTA_OK(source_->read(at_, into.first(n)));
    at_ += n;
    return n;
  }

 private:
  std::unique_ptr<ByteSource> source_;
  std::uint64_t at_ = 0;
};

class MemorySource final : public ByteSource {
 public:
  MemorySource(std::string name, std::span<const std::uint8_t> bytes) : name_(std::move(name)), bytes_(bytes) {}
  const std::string& name() const override { return name_; }
  std::uint64_t size() const override { return bytes_.size(); }
  Status read(std::uint64_t offset, std::span<std::uint8_t> into) const override {
    if (offset > bytes_.size() || into.size() > bytes_.size() - offset) {
      return error(ErrorCode::io, "unexpected end of file");
    }
    if (!into.empty()) std::memcpy(into.data(), bytes_.data() + offset, into.size());
    return {};
  }

 private:
  std::string name_;
  std::span<const std::uint8_t> bytes_;
};

class MemoryStream final : public ByteStream {
 public:
  MemoryStream(std::string name, std::string_view bytes, std::size_t piece)
      : name_(std::move(name)), rest_(bytes), piece_(piece != 0 ? piece : bytes.size()) {}
  const std::string& name() const override { return name_; }
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    const std::size_t n = std::min({into.size(), rest_.size(), piece_});
    if (n != 0) std::memcpy(into.data(), rest_.data(), n);
    rest_.remove_prefix(n);
    return n;
  }

 private:
  std::string name_;
  std::string_view rest_;
  std::size_t piece_;
};

}  // namespace

std::unique_ptr<ByteSource> byte_source(InputFile file) { return std::make_unique<FileSource>(std::move(file)); }
std::unique_ptr<ByteStream> byte_stream(InputStream stream) { return std::make_unique<FileStream>(std::move(stream)); }

std::unique_ptr<ByteStream> byte_stream(std::unique_ptr<ByteSource> source) {
  return std::make_unique<SourceStream>(std::move(source));
}

std::unique_ptr<ByteSource> memory_source(std::string name, std::span<const std::uint8_t> bytes) {
  return std::make_unique<MemorySource>(std::move(name), bytes);
}

std::unique_ptr<ByteStream> memory_stream(std::string name, std::string_view bytes, std::size_t piece) {
  return std::make_unique<MemoryStream>(std::move(name), bytes, piece);
}

std::string_view format_name(Format format) { return info(format).name; }
bool is_matrix(Format format) { return info(format).open != nullptr; }

std::string known_formats() {
  std::string names;
  for (const FormatInfo& f : kFormats) (names += names.empty() ? "" : ", ") += f.name;
  return names;
}

Result<Format> format_named(std::string_view name) {
  for (const FormatInfo& f : kFormats) {
    if (f.name == name) return f.format;
  }
  return error(ErrorCode::usage, quote(name) + " is not a known format").with_hint("known formats: " + known_formats());
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
  return error(ErrorCode::usage, "the format is neither known by its first bytes nor by the file's name")
      .with_hint("name it with --from; known formats: " + known_formats());
}

Result<std::unique_ptr<MatrixSource>> open_matrix(Format format, InputFile file, const ReadOptions& options) {
  DELTA_CHECK(is_matrix(format));
  return info(format).open(std::move(file), options);
}

Result<std::unique_ptr<MatrixSink>> open_matrix_sink(Format format, OutputFile& file, std::uint64_t rows,
                                                     std::uint32_t dims, Element element) {
  DELTA_CHECK(is_matrix(format));
  return info(format).sink(file, rows, dims, element);
}

}  // namespace delta::formats
