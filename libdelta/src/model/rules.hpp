// The input rules of the model that need no I/O: what may become part of a history. Each refusal says what is wrong
// with which value; the caller adds the file and the line or row.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "delta/catalog.hpp"
#include "delta/commit.hpp"
#include "delta/delta.hpp"
#include "delta/limits.hpp"
#include "delta/result.hpp"

namespace delta::model {

/// 1 to `most` dimensions; bad_input, or limit.
Status check_dims(std::uint64_t dims, std::uint32_t most = kMaxDims);
/// A namespace that was declared with other dimensions; bad_input.
Status check_same_dims(std::string_view name, std::uint32_t declared, std::uint64_t dims);

/// Sorts the indices of one sparse delta, its values along with them, in place, without allocating when they are sorted
/// already. bad_input: as many values as indices there must be; an index out of range or twice.
Status sort_sparse(std::uint32_t dims, std::vector<std::uint32_t>& indices, std::vector<std::uint32_t>& bits);

/// True when no value is an infinity or a NaN. Written so that it vectorises: for whole rows.
constexpr bool all_finite(std::span<const std::uint32_t> bits) {
  std::uint32_t bad = 0;
  for (const std::uint32_t b : bits) bad |= std::uint32_t{(b & 0x7f800000u) == 0x7f800000u};
  return bad == 0;
}
/// Place of the first value that is not finite.
std::optional<std::size_t> first_nonfinite(std::span<const std::uint32_t> bits);
/// bad_input: names dimension and value. `indices`: as in a sparse delta, else empty.
Status check_finite(std::span<const std::uint32_t> bits, std::span<const std::uint32_t> indices = {});

struct DeltaRules {
  bool allow_nonfinite = false;  ///< of assigned values; parameters of transforms are always finite
  bool reading = false;          ///< what another wrote: the size that writers keep to is no rule
};
/// A delta of a vector of `dims` dimensions, or what pruning has left of it: number and order of indices, number of
/// values, their finiteness, the factor (not 0), clamp bounds in order, metadata size and delta size (16 B and 4 B an
/// index and value, and metadata). bad_input, or limit for sizes. That the metadata is JSON is canonical_metadata()'s
/// business.
Status check_delta(const DeltaContent& delta, std::uint32_t dims, DeltaRules rules = {});

/// The same values as a sparse delta, of so many of them, are within the limit of a delta's size. A whole vector always
/// is.
constexpr bool fits_sparse(std::size_t values, std::size_t metadata) {
  return 16 + 8 * values + metadata <= kMaxDeltaBytes;
}

/// A commit on its own: its seqs, parents (known origins, one each, not of its own future, in order of name), and
/// sizes. bad_input or limit. Whether it is forked or pending, History says.
Status check_commit(const Catalog& catalog, const CommitView& commit);

/// The clock rule: `first` is the timestamp of the commit's first delta, `time_of` gives that of a dot, if it is known.
/// Never less than the origin's last, greater than every parent of another origin. (So it is greater than the whole
/// context: each parent's timestamp is at least those of what it had seen.) bad_input: names both and their times.
Status check_clock(const Catalog& catalog, const CommitView& commit, Timestamp first,
                   const std::function<std::optional<Timestamp>(Dot)>& time_of);
/// The order inside a commit: never less than the one before.
Status check_clock_step(const Catalog& catalog, Dot dot, Timestamp previous, Timestamp time);

/// The least timestamp that the clock rule allows and that is not before `now`. `own`: of the origin's last delta;
/// `others`: the greatest of other origins in the context. limit: beyond the last representable time.
Result<Timestamp> next_timestamp(Micros now, std::optional<Timestamp> own, std::optional<Timestamp> others);

}  // namespace delta::model
