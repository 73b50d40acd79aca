#include "delta/baselines.hpp"

#include "codec/zstd_size.hpp"
#include "format/wire.hpp"
#include "store/log_impl.hpp"

namespace delta {
namespace {

void put_row(const Change& change, std::uint64_t number, Buffer& bytes) {
  format::Writer out(bytes);
  out.fixed(change.vector);
  out.fixed(number);
  out.fixed(change.time.hlc);
  out.fixed(static_cast<std::uint32_t>(change.bits.size()));
  for (const std::uint32_t index : change.indices) out.fixed(index);
  for (const std::uint32_t x : change.bits) out.fixed(x);
  out.raw(bytes_of(change.metadata));
}

}  // namespace

Result<Baselines> baselines(const Log& log) {
  Baselines sizes;
  codec::ZstdSize rows;
  std::uint64_t number = 0;
  DELTA_OK(log.each(nullptr, [&](const ChangeBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const Change change = batch[i];
      sizes.dense += 4 * std::uint64_t{log.catalog().dims(change.vector)};
      sizes.pairs += (is_assignment(change.op) ? 8 : 4) * change.bits.size();
      put_row(change, ++number, rows.bytes());
      DELTA_OK(rows.advance());
    }
    return {};
  }));
  DELTA_TRY(sizes.rows_zstd, rows.finish());
  return sizes;
}

}  // namespace delta
