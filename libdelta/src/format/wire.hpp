// Little-endian integers and varints over bounded bytes: the alphabet of everything on disk.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/varint.hpp"

namespace delta::format {

template <class T>
T load(const Byte* at) {
  T value = 0;
  for (unsigned i = 0; i < sizeof(T); ++i) value |= static_cast<T>(static_cast<T>(at[i]) << (8 * i));
  return value;
}

template <class T>
void store(Byte* at, T value) {
  for (unsigned i = 0; i < sizeof(T); ++i) at[i] = static_cast<Byte>(value >> (8 * i));
}

/// Appends to a buffer.
class Writer {
 public:
  explicit Writer(Buffer& out) : out_(out) {}

  void u8(std::uint8_t v) { out_.push_back(v); }
  template <class T>
  void fixed(T v) {
    out_.resize(out_.size() + sizeof(T));
    store(out_.data() + out_.size() - sizeof(T), v);
  }
  void varint(std::uint64_t v) { put_varint(out_, v); }
  void raw(ByteView bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  void text(std::string_view s) { varint(s.size()), raw(bytes_of(s)); }

 private:
  Buffer& out_;
};

/// Reads from bytes that nobody vouches for. The first impossible read makes it fail; from then on every read gives
/// zero, so a parser checks ok() once a loop and before it believes a size.
class Reader {
 public:
  explicit Reader(ByteView bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  bool done() const { return ok_ && at_ == bytes_.size(); }  ///< all read, nothing left over
  std::size_t left() const { return bytes_.size() - at_; }
  void fail() {
    ok_ = false;
    at_ = bytes_.size();
  }

  template <class T>
  T fixed() {
    if (left() < sizeof(T)) return fail(), T{0};
    const T v = load<T>(bytes_.data() + at_);
    at_ += sizeof(T);
    return v;
  }
  std::uint8_t u8() { return fixed<std::uint8_t>(); }
  std::uint64_t varint() {
    std::uint64_t v = 0;
    const Byte* at = bytes_.data() + at_;
    if (!get_varint(at, bytes_.data() + bytes_.size(), v)) return fail(), 0;
    at_ = static_cast<std::size_t>(at - bytes_.data());
    return v;
  }
  /// A varint at most `limit`.
  std::uint64_t bounded(std::uint64_t limit) {
    const std::uint64_t v = varint();
    if (v > limit) return fail(), 0;
    return v;
  }
  ByteView raw(std::size_t n) {
    if (left() < n) return fail(), ByteView{};
    const ByteView view = bytes_.subspan(at_, n);
    at_ += n;
    return view;
  }
  std::string_view text(std::size_t limit) {
    const std::uint64_t n = bounded(limit);
    return text_of(raw(n));
  }

 private:
  ByteView bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

constexpr std::uint64_t kAlign = 64;
constexpr std::uint64_t padded(std::uint64_t n) { return (n + kAlign - 1) / kAlign * kAlign; }

}  // namespace delta::format
