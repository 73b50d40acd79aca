#include "formats/npz/zip_reader.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

#include "delta/text.hpp"
#include "formats/little_endian.hpp"
#include "formats/unpack.hpp"

namespace delta::formats {
namespace {

constexpr std::uint64_t kEndSize = 22, kMostComment = 65535, kLocator64Size = 20, kEnd64Size = 56;
constexpr std::uint64_t kDirectoryRow = 46, kLocalHeader = 30;
constexpr std::uint64_t kMostDirectory = 16 << 20;  // bytes that are believed: some 200,000 entries
constexpr std::uint64_t kMostDeflated = 1032;       // times as many bytes as it takes, at most
constexpr std::uint16_t kEncrypted = 1, kStored = 0, kDeflated = 8;
constexpr std::uint16_t kExtra64 = 1;
constexpr std::uint32_t kIn64 = 0xffffffff;

Error bad(std::string message) { return error(ErrorCode::bad_input, std::move(message)); }
Error unsupported(std::string message) { return error(ErrorCode::unsupported, std::move(message)); }

struct Directory {
  std::uint64_t begin = 0, size = 0, entries = 0;
};

/// Where 64 bits are needed: what the locator before the end names.
Result<Directory> read_end64(const ByteSource& bytes, std::uint64_t end) {
  std::uint8_t locator[kLocator64Size], record[kEnd64Size];
  if (end < kLocator64Size) return bad("the zip file's end is damaged");
  DELTA_OK(bytes.read(end - kLocator64Size, locator));
  if (little_endian(locator, 0, 4) != 0x07064b50) return bad("the zip file's end is damaged");
  const std::uint64_t at = little_endian(locator, 8, 8);
  if (little_endian(locator, 16, 4) != 1) return unsupported("a zip file in several parts");
  if (at > end - kLocator64Size || end - kLocator64Size - at < kEnd64Size) return bad("the zip file's end is damaged");
  DELTA_OK(bytes.read(at, record));
  if (little_endian(record, 0, 4) != 0x06064b50) return bad("the zip file's end is damaged");
  return Directory{little_endian(record, 48, 8), little_endian(record, 40, 8), little_endian(record, 32, 8)};
}

/// The end record is the last thing in the file, except a comment. The record states the length of the comment.
Result<Directory> find_directory(const ByteSource& bytes) {
  const std::uint64_t size = bytes.size(), window = std::min(size, kEndSize + kMostComment);
  if (size < kEndSize) return bad("not a zip file, or one that is cut off");
  std::vector<std::uint8_t> tail(window);
  DELTA_OK(bytes.read(size - window, tail));
  for (std::uint64_t at = window - kEndSize + 1; at-- > 0;) {
    const auto end = std::span<const std::uint8_t>(tail).subspan(at);
    if (little_endian(end, 0, 4) != 0x06054b50 || little_endian(end, 20, 2) != window - at - kEndSize) continue;
    const std::uint64_t place = size - window + at;
    Directory directory{little_endian(end, 16, 4), little_endian(end, 12, 4), little_endian(end, 10, 2)};
    if (little_endian(end, 4, 2) != 0 && little_endian(end, 4, 2) != 0xffff)
      return unsupported("a zip file in several parts");
    if (directory.begin == kIn64 || directory.size == kIn64 || directory.entries == 0xffff) {
      DELTA_TRY(directory, read_end64(bytes, place));
    }
    if (directory.size > kMostDirectory) {
      return bad(fmt::format("a directory of {} bytes: more than {} are not believed", directory.size, kMostDirectory));
    }
    if (directory.begin > place || directory.size > place - directory.begin) return bad("the zip file is cut off");
    return directory;
  }
  return bad("not a zip file, or one that is cut off");
}

/// Sizes and place of 64 bits, where those of 32 say that they stand there: in this order.
Status read_extra(std::span<const std::uint8_t> extra, ZipEntry& entry) {
  while (extra.size() >= 4) {
    const std::uint64_t length = little_endian(extra, 2, 2);
    if (length > extra.size() - 4) break;
    auto field = extra.subspan(4, length);
    if (little_endian(extra, 0, 2) == kExtra64) {
      for (std::uint64_t* value : {&entry.size, &entry.packed, &entry.begin}) {
        if (*value != kIn64) continue;
        if (field.size() < 8) return bad("the directory of the zip file is damaged");
        *value = little_endian(field, 0, 8);
        field = field.subspan(8);
      }
      return {};
    }
    extra = extra.subspan(4 + length);
  }
  return {};
}

struct Row {
  ZipEntry entry;
  std::uint64_t length = 0;  // in the directory
};

Result<Row> read_row(std::span<const std::uint8_t> rest) {
  if (rest.size() < kDirectoryRow || little_endian(rest, 0, 4) != 0x02014b50) {
    return bad("the directory of the zip file is damaged");
  }
  const std::uint64_t name = little_endian(rest, 28, 2), extra = little_endian(rest, 30, 2),
                      comment = little_endian(rest, 32, 2);
  Row row;
  row.length = kDirectoryRow + name + extra + comment;
  if (row.length > rest.size()) return bad("the directory of the zip file is damaged");
  row.entry.name.assign(reinterpret_cast<const char*>(rest.data()) + kDirectoryRow, name);
  const std::uint64_t method = little_endian(rest, 10, 2);
  if ((little_endian(rest, 8, 2) & kEncrypted) != 0) return unsupported(quote(row.entry.name, 60) + " is encrypted");
  if (method != kStored && method != kDeflated) {
    return unsupported(
        fmt::format("{} is packed by method {}: stored and deflated are read", quote(row.entry.name, 60), method));
  }
  row.entry.deflated = method == kDeflated;
  row.entry.crc = static_cast<std::uint32_t>(little_endian(rest, 16, 4));
  row.entry.packed = little_endian(rest, 20, 4);
  row.entry.size = little_endian(rest, 24, 4);
  row.entry.begin = little_endian(rest, 42, 4);
  DELTA_OK(read_extra(rest.subspan(kDirectoryRow + name, extra), row.entry));
  if (!row.entry.deflated && row.entry.packed != row.entry.size) return bad("the directory of the zip file is damaged");
  return row;
}

/// From the place of its header to that of its bytes. They end before `end`.
Status find_bytes(const ByteSource& bytes, std::uint64_t end, ZipEntry& entry) {
  const auto damaged = [&] { return bad("the header of " + quote(entry.name, 60) + " is damaged"); };
  if (entry.begin > end || end - entry.begin < kLocalHeader) return damaged();
  std::uint8_t header[kLocalHeader];
  DELTA_OK(bytes.read(entry.begin, header));
  if (little_endian(header, 0, 4) != 0x04034b50) return damaged();
  entry.begin += kLocalHeader;
  const std::uint64_t names = little_endian(header, 26, 2) + little_endian(header, 28, 2);
  if (names > end - entry.begin || entry.packed > end - entry.begin - names) return damaged();
  entry.begin += names;
  return {};
}

Status check_entries(const ByteSource& bytes, std::uint64_t end, std::vector<ZipEntry>& entries) {
  std::set<std::string_view> names;
  std::uint64_t last = 0;  // end of the one before
  std::ranges::sort(entries, {}, &ZipEntry::begin);
  for (ZipEntry& entry : entries) {
    if (!names.insert(entry.name).second) return bad(quote(entry.name, 60) + " stands twice in the zip file");
    if (entry.begin < last) return bad(quote(entry.name, 60) + " overlaps the one before it");
    DELTA_OK(find_bytes(bytes, end, entry));
    last = entry.begin + entry.packed;
  }
  return {};
}

/// A part of a file.
class Slice final : public ByteSource {
 public:
  Slice(std::shared_ptr<const ByteSource> bytes, std::uint64_t begin, std::uint64_t size, std::string name)
      : bytes_(std::move(bytes)), begin_(begin), size_(size), name_(std::move(name)) {}
  const std::string& name() const override { return name_; }
  std::uint64_t size() const override { return size_; }
  Status read(std::span<const ByteRange> ranges) const override {
    std::vector<ByteRange> moved(ranges.begin(), ranges.end());
    for (ByteRange& range : moved) {
      if (range.offset > size_ || range.into.size() > size_ - range.offset) {
        return error(ErrorCode::io, "unexpected end of file").in(name_);
      }
      range.offset += begin_;
    }
    return bytes_->read(moved);
  }

 private:
  std::shared_ptr<const ByteSource> bytes_;
  std::uint64_t begin_, size_;
  std::string name_;
};

Status check_sum(const ByteSource& bytes, const ZipEntry& entry) {
  const auto damaged = [&] { return bad("its bytes are damaged: they do not have the checksum of the zip file"); };
  if (bytes.size() != entry.size) return damaged();
  std::vector<std::uint8_t> buffer(256 << 10);
  uLong crc = crc32(0, nullptr, 0);
  for (std::uint64_t at = 0; at < bytes.size();) {
    const auto some = std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), bytes.size() - at));
    DELTA_OK(bytes.read(at, some));
    crc = crc32(crc, some.data(), static_cast<uInt>(some.size()));
    at += some.size();
  }
  return crc == entry.crc ? Status() : damaged();
}

Result<std::unique_ptr<ByteSource>> unpack_entry(std::unique_ptr<ByteSource> packed, const ZipEntry& entry) {
  if (entry.size / kMostDeflated > entry.packed || entry.size > most_unpacked(entry.packed)) {
    return error(ErrorCode::limit, fmt::format("{} bytes are said to become {}", entry.packed, entry.size))
        .with_hint("unpack it first, if it is what it seems");
  }
  if (entry.size == 0 && entry.packed == 0) return packed;
  return unpack_all(std::move(packed), Packing::deflate, entry.size);
}

}  // namespace

Result<std::vector<ZipEntry>> read_zip(const ByteSource& bytes) {
  DELTA_TRY(const Directory directory, find_directory(bytes));
  std::vector<std::uint8_t> text(directory.size);
  DELTA_OK(bytes.read(directory.begin, text));
  std::vector<ZipEntry> entries;
  std::span<const std::uint8_t> rest(text);
  while (!rest.empty()) {
    DELTA_TRY(auto row, read_row(rest));
    rest = rest.subspan(row.length);
    entries.push_back(std::move(row.entry));
  }
  if (entries.size() != directory.entries) return bad("the directory of the zip file is damaged");
  DELTA_OK(check_entries(bytes, directory.begin, entries));
  return entries;
}

Result<std::unique_ptr<ByteSource>> open_zip_entry(std::shared_ptr<const ByteSource> bytes, const ZipEntry& entry,
                                                   std::string name) {
  std::unique_ptr<ByteSource> source =
      std::make_unique<Slice>(std::move(bytes), entry.begin, entry.packed, std::move(name));
  const std::string called = source->name();
  if (entry.deflated) {
    auto whole = unpack_entry(std::move(source), entry);
    if (!whole) return std::move(whole).error().in(called);
    source = *std::move(whole);
  }
  if (auto good = check_sum(*source, entry); !good) return std::move(good).error().in(called);
  return source;
}

}  // namespace delta::formats
