#include "delta/baselines.hpp"

#include "base/boundary.hpp"
#include "codec/zstd_size.hpp"
#include "format/wire.hpp"
#include "store/union.hpp"

namespace delta {
namespace {

void put_row(const Delta& delta, std::uint64_t number, Buffer& bytes) {
  format::Writer out(bytes);
  out.fixed(static_cast<std::uint32_t>(delta.vector));
  out.fixed(number);
  out.fixed(delta.time.hlc);
  out.fixed(static_cast<std::uint32_t>(delta.bits.size()));
  for (const std::uint32_t index : delta.indices) out.fixed(index);
  for (const std::uint32_t x : delta.bits) out.fixed(x);
  out.raw(bytes_of(delta.metadata));
}

}  // namespace

Result<Baselines> baselines(const Log& log) try {
  const Boundary boundary;
  Baselines sizes;
  codec::ZstdSize rows;
  std::uint64_t number = 0;
  DELTA_OK(log.each(VectorSet::all(), [&](const DeltaBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const Delta delta = batch[i];
      sizes.dense += 4 * std::uint64_t{log.catalog().dims(delta.vector)};
      sizes.pairs += (is_assignment(delta.op) ? 8 : 4) * delta.bits.size();
      put_row(delta, ++number, rows.bytes());
      DELTA_OK(rows.advance());
    }
    return {};
  }));
  DELTA_TRY(sizes.rows_zstd, rows.finish());
  return sizes;
} catch (...) {
  return caught();
}

}  // namespace delta
