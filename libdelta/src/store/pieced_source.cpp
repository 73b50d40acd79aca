#include "store/pieced_source.hpp"

#include <algorithm>

namespace delta::store {

std::uint64_t PiecedSource::add(std::shared_ptr<const ByteSource> file, std::uint64_t offset, std::uint64_t size) {
  const std::uint64_t at = size_;
  size_ += size;
  if (!pieces_.empty()) {
    Piece& last = pieces_.back();
    if (last.file == file && last.offset + last.size == offset) return last.size += size, at;
  }
  pieces_.push_back({at, size, std::move(file), offset});
  return at;
}

std::uint64_t PiecedSource::add(Buffer bytes) {
  const std::uint64_t at = size_;
  size_ += bytes.size();
  pieces_.push_back({at, bytes.size(), nullptr, 0, std::move(bytes)});
  return at;
}

Status PiecedSource::read(std::span<const ByteRange> ranges) const {
  for (const ByteRange& range : ranges) {
    if (range.offset > size_ || range.into.size() > size_ - range.offset) {
      return error(ErrorCode::io, "a read beyond the end").in(name_);
    }
    DELTA_OK(read_one(range.offset, range.into));
  }
  return {};
}

Status PiecedSource::read_one(std::uint64_t at, std::span<std::uint8_t> into) const {
  auto piece = std::ranges::upper_bound(pieces_, at, {}, &Piece::at);
  if (piece != pieces_.begin()) --piece;
  for (; !into.empty(); ++piece) {
    const std::uint64_t skipped = at - piece->at;
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), piece->size - skipped));
    if (piece->file) {
      DELTA_OK(piece->file->read(piece->offset + skipped, into.first(n)));
    } else {
      std::copy_n(piece->bytes.begin() + static_cast<std::ptrdiff_t>(skipped), n, into.begin());
    }
    into = into.subspan(n);
    at += n;
  }
  return {};
}

}  // namespace delta::store
