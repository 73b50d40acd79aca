#include "formats/npz/zip_writer.hpp"

#include <zlib.h>

#include <algorithm>
#include <utility>

#include "delta/result.hpp"
#include "formats/little_endian.hpp"

namespace delta::formats {
namespace {

constexpr std::uint64_t kIn64 = 0xffffffff;
constexpr std::uint64_t kFlags = 1 << 3 | 1 << 11;  // the checksum follows; names are UTF-8
constexpr std::uint64_t kDate = 0x21;               // 1980-01-01: no clock shows

/// Little-endian numbers, one after the other.
class Fields {
 public:
  Fields& put(std::uint64_t value, std::size_t width) {
    put_little_endian(text_, value, width);
    return *this;
  }
  Fields& put(const std::string& text) {
    text_ += text;
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace

bool ZipWriter::Entry::large() const { return size >= kIn64 || begin >= kIn64; }

Status ZipWriter::put(const std::string& bytes) {
  at_ += bytes.size();
  return out_.write({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

Status ZipWriter::begin(std::string name, std::uint64_t size) {
  DELTA_CHECK(rest_ == 0 && name.size() <= 65535);
  Entry entry{std::move(name), at_, size, 0};
  const bool large = entry.large();
  Fields header;
  header.put(0x04034b50, 4).put(large ? 45 : 20, 2).put(kFlags, 2).put(0, 2).put(0, 2).put(kDate, 2).put(0, 4);
  header.put(large ? kIn64 : 0, 4).put(large ? kIn64 : 0, 4).put(entry.name.size(), 2).put(large ? 20 : 0, 2);
  header.put(entry.name);
  if (large) header.put(1, 2).put(16, 2).put(0, 8).put(0, 8);
  DELTA_OK(put(header.text()));
  rest_ = size;
  entries_.push_back(std::move(entry));
  return {};
}

Status ZipWriter::write(std::span<const std::uint8_t> bytes) {
  DELTA_CHECK(bytes.size() <= rest_);
  rest_ -= bytes.size();
  at_ += bytes.size();
  Entry& entry = entries_.back();
  for (auto left = bytes; !left.empty();) {
    const auto some = left.first(std::min<std::size_t>(left.size(), 1 << 30));
    entry.crc = static_cast<std::uint32_t>(crc32(entry.crc, some.data(), static_cast<uInt>(some.size())));
    left = left.subspan(some.size());
  }
  return out_.write(bytes);
}

Status ZipWriter::end() {
  DELTA_CHECK(rest_ == 0);
  const Entry& entry = entries_.back();
  const std::size_t width = entry.large() ? 8 : 4;
  return put(Fields().put(0x08074b50, 4).put(entry.crc, 4).put(entry.size, width).put(entry.size, width).text());
}

Status ZipWriter::finish() {
  DELTA_CHECK(rest_ == 0);
  const std::uint64_t begin = at_;
  for (const Entry& entry : entries_) {
    const bool large = entry.large();
    Fields row;
    row.put(0x02014b50, 4).put(large ? 45 : 20, 2).put(large ? 45 : 20, 2).put(kFlags, 2).put(0, 2).put(0, 2);
    row.put(kDate, 2).put(entry.crc, 4).put(large ? kIn64 : entry.size, 4).put(large ? kIn64 : entry.size, 4);
    row.put(entry.name.size(), 2).put(large ? 28 : 0, 2).put(0, 2).put(0, 2).put(0, 2).put(0, 4);
    row.put(large ? kIn64 : entry.begin, 4).put(entry.name);
    if (large) row.put(1, 2).put(24, 2).put(entry.size, 8).put(entry.size, 8).put(entry.begin, 8);
    DELTA_OK(put(row.text()));
  }
  const std::uint64_t size = at_ - begin, count = entries_.size();
  const bool large = begin >= kIn64 || size >= kIn64 || count >= 0xffff;
  Fields end;
  if (large) {
    end.put(0x06064b50, 4).put(44, 8).put(45, 2).put(45, 2).put(0, 4).put(0, 4).put(count, 8).put(count, 8);
    end.put(size, 8).put(begin, 8).put(0x07064b50, 4).put(0, 4).put(begin + size, 8).put(1, 4);
  }
  end.put(0x06054b50, 4).put(0, 2).put(0, 2).put(large ? 0xffff : count, 2).put(large ? 0xffff : count, 2);
  end.put(large ? kIn64 : size, 4).put(large ? kIn64 : begin, 4).put(0, 2);
  return put(end.text());
}

}  // namespace delta::formats
