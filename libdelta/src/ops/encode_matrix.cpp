#include "ops/encode_matrix.hpp"

#include <algorithm>
#include <cstring>

#include "delta/text.hpp"
#include "model/rules.hpp"

namespace delta::ops {
namespace {

constexpr std::size_t kChunkBytes = 512 << 10;  // rows read at a time: they stay in the cache while they are compared

Error bad(std::string what) { return error(ErrorCode::bad_input, std::move(what)); }
std::string row_name(std::uint64_t row) { return "row " + std::to_string(row); }

}  // namespace

// The numbers of the rows' vectors. Mostly those of the matrix before: a comparison then, instead of a look-up.
Status MatrixEncoder::name_rows(const MatrixInput& input) {
  Catalog& catalog = session_.catalog();
  ++round_;
  const std::size_t kept = std::min<std::size_t>(vectors_.size(), input.rows);
  vectors_.resize(input.rows);
  std::string number;
  for (std::uint64_t row = 0; row < input.rows; ++row) {
    if (input.ids.empty()) number = std::to_string(row);
    const std::string& id = input.ids.empty() ? number : input.ids[row];
    std::uint32_t& vector = vectors_[row];
    if (row >= kept || catalog.namespace_of(vector) != namespace_ || catalog.id(vector) != id) {
      if (const auto known = catalog.find_vector(namespace_, id)) {
        vector = *known;
      } else {
        if (auto ok = model::check_id(id); !ok) return std::move(ok).error().in(input.name).at(row_name(row));
        vector = catalog.add_vector(namespace_, id);
      }
    }
    if (vector >= seen_.size()) seen_.resize(std::max<std::size_t>(catalog.vectors(), input.rows));
    if (seen_[vector] == round_) return bad("id " + quote(id) + " stands for two rows").in(input.name).at(row_name(row));
    seen_[vector] = round_;
  }
  return {};
}

Status MatrixEncoder::find_missing(const MatrixInput& input) {
  missing_.clear();
  if (input.partial) return {};
  const auto existing = session_.state().rows(namespace_);
  for (const auto vector : existing) {
    if (vector >= seen_.size() || seen_[vector] != round_) missing_.push_back(vector);
  }
  const auto share = input.max_delete_share ? *input.max_delete_share * static_cast<double>(existing.size()) : 1e300;
  if (missing_.size() > input.max_delete || static_cast<double>(missing_.size()) > share) {
    return bad(std::to_string(missing_.size()) + " of " + std::to_string(existing.size()) + " vectors would be deleted, the first of them " +
               quote(session_.catalog().id(missing_[0])))
        .in(input.name)
        .with_hint("is the input whole? --max-delete allows more; --partial deletes nothing");
  }
  return {};
}

Result<std::uint64_t> MatrixEncoder::encode(const MatrixInput& input) {
  const auto in_file = [&](Error e) -> Error { return std::move(e).in(input.name); };
  if (!input.ids.empty() && input.ids.size() != input.rows) {
    return bad(std::to_string(input.ids.size()) + " ids for " + plural(input.rows, "row")).in(input.name);
  }
  auto ns = session_.name_space(input.name_space, input.dims);
  if (!ns) return in_file(std::move(ns).error());
  if (session_.concurrent()) {
    return in_file(bad("a matrix cannot be diffed after concurrent commits, or changes of conflicts, of the same run").with_hint("append it in a run of its own"));
  }
  namespace_ = *ns;
  DELTA_OK(name_rows(input));
  DELTA_OK(find_missing(input));
  DELTA_OK(diff_rows(input));
  for (const auto vector : missing_) DELTA_OK(put(input, Operation::remove, vector, {}, {}));
  if (!session_.commit_open()) {
    ++session_.unchanged;
    return 0;
  }
  const std::uint64_t deltas = session_.open().count;
  DELTA_OK(session_.close_commit());
  return deltas;
}

Status MatrixEncoder::diff_rows(const MatrixInput& input) {
  const std::uint64_t at_once = std::max<std::uint64_t>(1, kChunkBytes / (4 * std::uint64_t{input.dims}));
  for (std::uint64_t first = 0; first < input.rows; first += at_once) {
    const std::uint64_t n = std::min(at_once, input.rows - first);
    chunk_.resize(n * input.dims);
    if (auto read = input.read(first, chunk_); !read) return std::move(read).error().in(input.name);
    for (std::uint64_t i = 0; i < n; ++i) {
      DELTA_OK(diff_row(input, first + i, std::span(chunk_).subspan(i * input.dims, input.dims)));
    }
  }
  return {};
}

// An assignment of what changed, bit by bit: dense only when every dim did. `bits` are rounded in place.
Status MatrixEncoder::diff_row(const MatrixInput& input, std::uint64_t row, std::span<std::uint32_t> bits) {
  if (auto rounded = session_.quantizer().round(bits); !rounded) return std::move(rounded).error().in(input.name).at(row_name(row));
  const std::uint32_t vector = vectors_[row];
  const auto old = session_.state().bits(vector);
  if (!old.empty() && std::memcmp(old.data(), bits.data(), bits.size_bytes()) == 0) return {};
  if (!session_.options().allow_nonfinite && !model::all_finite(bits)) {
    auto refused = model::check_finite(bits);
    return std::move(refused).error().in(input.name).at(row_name(row)).with_hint("--allow-nonfinite takes it as it is");
  }
  if (old.empty()) return put(input, Operation::create, vector, {}, bits);
  const std::size_t dims = bits.size();
  indices_.resize(dims);
  changed_.resize(dims);
  std::size_t n = 0;
  for (std::size_t i = 0; i < dims; ++i) {  // without a branch: fresh values look random
    indices_[n] = static_cast<std::uint32_t>(i);
    changed_[n] = bits[i];
    n += old[i] != bits[i];
  }
  if (n == dims) return put(input, Operation::dense, vector, {}, bits);
  return put(input, Operation::sparse, vector, std::span(indices_).first(n), std::span(changed_).first(n));
}

Status MatrixEncoder::put(const MatrixInput& input, Operation op, std::uint32_t vector, std::span<const std::uint32_t> indices,
                          std::span<const std::uint32_t> bits) {
  const auto in_file = [&](Error e) -> Error { return std::move(e).in(input.name); };
  if (!session_.commit_open()) {
    EncodeSession::CommitPlan plan;
    plan.origin = session_.options().origin;
    if (is_assignment(op) && session_.accuracy_due(namespace_)) {
      if (auto ok = session_.record_accuracy(namespace_, plan, input.at, {}); !ok) return in_file(std::move(ok).error());
    }
    if (auto ok = session_.open_commit(plan); !ok) return in_file(std::move(ok).error());
  }
  auto time = session_.stamp(input.at, std::nullopt);
  if (!time) return in_file(std::move(time).error());
  if (auto ok = session_.put({.vector = vector, .op = op, .time = *time, .indices = indices, .bits = bits}); !ok) {
    return in_file(std::move(ok).error());
  }
  return {};
}

}  // namespace delta::ops
