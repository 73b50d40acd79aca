#include "ops/encode_matrix.hpp"

#include <algorithm>
#include <cstring>

#include "delta/text.hpp"
#include "model/metadata.hpp"
#include "model/rules.hpp"
#include "os/worker_pool.hpp"

namespace delta::ops {
namespace {

constexpr std::size_t kChunkBytes = 512 << 10;  // rows read at a time: they stay in the cache while they are compared

Error bad(std::string what) { return error(ErrorCode::bad_input, std::move(what)); }
std::string row_name(std::uint64_t row) { return "row " + std::to_string(row); }

// That there is one source of elements. Where they are in memory, that they are all there. What dims may be is checked
// with the namespace.
Status check_elements(const MatrixInput& input) {
  if ((input.read ? 1 : 0) + (input.bits.empty() ? 0 : 1) + (input.values.empty() ? 0 : 1) > 1) {
    return error(ErrorCode::usage, "a matrix has several of `values`, `bits` and `read`: give one of them")
        .in(input.name);
  }
  if (input.read || input.dims == 0) return {};
  const std::size_t size = std::max(input.bits.size(), input.values.size());
  if (size % input.dims == 0 && size / input.dims == input.rows) return {};
  return bad(plural(size, "value") + " for " + plural(input.rows, "row") + " of " + plural(input.dims, "dim"))
      .in(input.name);
}

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
    VectorNo& vector = vectors_[row];
    if (row >= kept || catalog.namespace_of(vector) != namespace_ || catalog.id(vector) != id) {
      if (const auto known = catalog.find_vector(namespace_, id)) {
        vector = *known;
      } else {
        if (auto ok = check_id(id); !ok) return std::move(ok).error().in(input.name).at(row_name(row));
        vector = catalog.add_vector(namespace_, id);
      }
    }
    if (!seen_.contains(vector)) seen_.resize(std::max<std::size_t>(catalog.vectors(), input.rows));
    if (seen_[vector] == round_) {
      return bad("id " + quote(id) + " stands for two rows").in(input.name).at(row_name(row));
    }
    seen_[vector] = round_;
  }
  return {};
}

Status MatrixEncoder::find_missing(const MatrixInput& input) {
  missing_.clear();
  if (input.partial) return {};
  DELTA_TRY(const auto existing, session_.state().rows(namespace_));
  for (const auto vector : existing) {
    if (!seen_.contains(vector) || seen_[vector] != round_) missing_.push_back(vector);
  }
  const auto share = input.max_delete_share ? *input.max_delete_share * static_cast<double>(existing.size()) : 1e300;
  if (missing_.size() > input.max_delete || static_cast<double>(missing_.size()) > share) {
    return bad(std::to_string(missing_.size()) + " of " + std::to_string(existing.size()) +
               " vectors would be deleted, the first of them " + quote(session_.catalog().id(missing_[0])))
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
  DELTA_OK(check_elements(input));
  auto ns = session_.name_space(input.name_space, input.dims);
  if (!ns) return in_file(std::move(ns).error());
  DELTA_OK(session_.load_all());
  if (session_.concurrent()) {
    return in_file(bad("a matrix cannot be diffed after concurrent commits, or changes of conflicts, of the same run")
                       .with_hint("append it in a run of its own"));
  }
  namespace_ = *ns;
  DELTA_OK(name_rows(input));
  DELTA_OK(find_missing(input));
  if (input.last) session_.forget_writes();
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

// Reading and comparing is most of the work, and a chunk's rows are no other chunk's: workers look at chunks while this
// thread takes the changes of those before them, in order.
Status MatrixEncoder::diff_rows(const MatrixInput& input) {
  const unsigned threads = thread_count(session_.options().threads);
  session_.make_room();
  OrderedWork work(threads, 2 * threads);
  const std::uint64_t at_once = std::max<std::uint64_t>(1, kChunkBytes / (4 * std::uint64_t{input.dims}));
  for (std::uint64_t first = 0; first < input.rows; first += at_once) {
    auto chunk = std::make_shared<Chunk>(spare_.empty() ? Chunk() : std::move(spare_.back()));
    if (!spare_.empty()) spare_.pop_back();
    chunk->first = first;
    chunk->last = std::min(first + at_once, input.rows);
    DELTA_OK(work.submit([this, &input, chunk] { return diff_chunk(input, *chunk); },
                         [this, &input, chunk] { return take(input, *chunk); }));
  }
  return work.finish();
}

Status MatrixEncoder::diff_chunk(const MatrixInput& input, Chunk& chunk) const {
  chunk.rows.clear();
  chunk.indices.clear();
  chunk.values.clear();
  DELTA_TRY(const auto bits, bits_of(input, chunk));
  const bool in_place = !input.values.empty() && !session_.quantizer().lossy();
  for (std::uint64_t row = chunk.first; row < chunk.last; ++row) {
    if (in_place && !copy_if_changed(input, row, chunk)) continue;
    auto ok = diff_row(row, bits.subspan((row - chunk.first) * input.dims, input.dims), chunk);
    if (!ok) return std::move(ok).error().in(input.name).at(row_name(row));
  }
  return {};
}

// A row of floats that are stored as they are. One that is stored already is compared where it is, and not copied.
bool MatrixEncoder::copy_if_changed(const MatrixInput& input, std::uint64_t matrix_row, Chunk& chunk) const {
  const auto row = input.values.subspan(matrix_row * input.dims, input.dims);
  const auto stored = session_.state().bits(vectors_[matrix_row]);
  if (!stored.empty() && std::memcmp(stored.data(), row.data(), row.size_bytes()) == 0) return false;
  std::memcpy(chunk.bits.data() + (matrix_row - chunk.first) * input.dims, row.data(), row.size_bytes());
  return true;
}

// As they are to be stored: where the input has them so in memory, from there. Floats that are stored as they are come
// later, each row when it is known to have changed.
Result<std::span<const std::uint32_t>> MatrixEncoder::bits_of(const MatrixInput& input, Chunk& chunk) const {
  const std::size_t size = (chunk.last - chunk.first) * input.dims;
  const bool lossy = session_.quantizer().lossy();
  if (!input.bits.empty() && !lossy) return input.bits.subspan(chunk.first * input.dims, size);
  chunk.bits.resize(size);
  if (input.read) {
    if (auto ok = input.read(chunk.first, chunk.bits); !ok) return std::move(ok).error().in(input.name);
  } else if (!input.values.empty()) {
    const auto values = input.values.subspan(chunk.first * input.dims, size);
    if (lossy) std::memcpy(chunk.bits.data(), values.data(), values.size_bytes());
  } else {
    std::ranges::copy(input.bits.subspan(chunk.first * input.dims, size), chunk.bits.begin());
  }
  for (std::uint64_t row = chunk.first; lossy && row < chunk.last; ++row) {
    const auto stored = session_.state().bits(vectors_[row]);
    auto ok = session_.quantizer().round_over(
        std::span(chunk.bits).subspan((row - chunk.first) * input.dims, input.dims), stored, chunk.given);
    if (!ok) return std::move(ok).error().in(input.name).at(row_name(row));
  }
  return std::span<const std::uint32_t>(chunk.bits);
}

// An assignment of what changed, bit by bit: dense only when every dim did.
Status MatrixEncoder::diff_row(std::uint64_t matrix_row, std::span<const std::uint32_t> bits, Chunk& chunk) const {
  const VectorNo vector = vectors_[matrix_row];
  const auto old = session_.state().bits(vector);
  if (!old.empty() && std::memcmp(old.data(), bits.data(), bits.size_bytes()) == 0) return {};
  if (!session_.options().allow_nonfinite && !model::all_finite(bits)) {
    return model::check_finite(bits).error().with_hint("--allow-nonfinite takes it as it is");
  }
  if (old.empty()) return chunk.rows.push_back({vector, Operation::create, {}, bits}), Status();
  const std::size_t dims = bits.size(), base = chunk.indices.size();
  chunk.indices.resize(base + dims);
  chunk.values.resize(base + dims);
  std::size_t n = base;
  for (std::size_t i = 0; i < dims; ++i) {  // without a branch: fresh values look random
    chunk.indices[n] = static_cast<std::uint32_t>(i);
    chunk.values[n] = bits[i];
    n += old[i] != bits[i];
  }
  const bool all = n == base + dims || !model::fits_sparse(n - base, 0);
  chunk.indices.resize(all ? base : n);
  chunk.values.resize(all ? base : n);
  chunk.rows.push_back(all ? Chunk::Row{vector, Operation::dense, {}, bits}
                           : Chunk::Row{vector, Operation::sparse, {base, n}, {}});
  return {};
}

Status MatrixEncoder::take(const MatrixInput& input, Chunk& chunk) {
  if (input.metadata) {
    DELTA_OK(take_all(input, chunk));
  } else {
    for (const Chunk::Row& row : chunk.rows) DELTA_OK(take_row(input, chunk, row, {}));
  }
  spare_.push_back(std::move(chunk));
  return {};
}

Status MatrixEncoder::take_row(const MatrixInput& input, Chunk& chunk, const Chunk::Row& row, std::string_view patch) {
  const auto [begin, end] = row.sparse;
  const bool sparse = row.op == Operation::sparse;
  return put(input, row.op, row.vector,
             sparse ? std::span(chunk.indices).subspan(begin, end - begin) : std::span<std::uint32_t>(),
             sparse ? std::span(chunk.values).subspan(begin, end - begin) : row.bits, patch);
}

// Also of rows whose metadata alone changes.
Status MatrixEncoder::take_all(const MatrixInput& input, Chunk& chunk) {
  std::size_t next = 0;  // of the rows whose values change
  for (std::uint64_t matrix_row = chunk.first; matrix_row < chunk.last; ++matrix_row) {
    const VectorNo vector = vectors_[matrix_row];
    const bool changes = next < chunk.rows.size() && chunk.rows[next].vector == vector;
    if (auto ok = find_patches(input, matrix_row, vector); !ok) {
      return std::move(ok).error().in(input.name).at(row_name(matrix_row));
    }
    std::size_t first = 0;  // of the patches that are deltas of their own
    if (changes) {
      const Chunk::Row& row = chunk.rows[next++];
      const std::size_t values = row.sparse.second - row.sparse.first;
      first = !patches_.empty() && model::fits_sparse(values, patches_[0].size()) ? 1 : 0;
      DELTA_OK(take_row(input, chunk, row, first == 0 ? std::string_view() : patches_[0]));
    }
    DELTA_OK(put_patches(input, vector, first));
  }
  patches_.clear();
  return {};
}

// From the metadata that the log holds to that of the input.
Status MatrixEncoder::find_patches(const MatrixInput& input, std::uint64_t matrix_row, VectorNo vector) {
  const std::string_view text = input.metadata(matrix_row);
  std::vector<std::string> given;
  if (!text.empty()) {
    DELTA_TRY(given, model::canonical_patches(text));
  }
  for (const std::string& patch : given) DELTA_OK(model::check_reserved(patch));
  const std::vector<std::string_view> views(given.begin(), given.end());
  patches_ = model::metadata_patches(session_.metadata(vector), model::merge_metadata("", views));
  return {};
}

Status MatrixEncoder::put_patches(const MatrixInput& input, VectorNo vector, std::size_t first) {
  for (std::size_t i = first; i < patches_.size(); ++i) {
    DELTA_OK(put(input, Operation::sparse, vector, {}, {}, patches_[i]));
  }
  return {};
}

Status MatrixEncoder::put(const MatrixInput& input, Operation op, VectorNo vector,
                          std::span<const std::uint32_t> indices, std::span<const std::uint32_t> bits,
                          std::string_view metadata) {
  const auto in_file = [&](Error e) -> Error { return std::move(e).in(input.name); };
  if (!session_.commit_open()) {
    EncodeSession::CommitPlan plan;
    plan.origin = session_.options().origin;
    if (is_assignment(op) && !bits.empty() && session_.accuracy_due(namespace_)) {
      if (auto ok = session_.record_accuracy(namespace_, plan, input.at, {}); !ok) {
        return in_file(std::move(ok).error());
      }
    }
    if (auto ok = session_.open_commit(plan); !ok) return in_file(std::move(ok).error());
  }
  auto time = session_.stamp(input.at, std::nullopt);
  if (!time) return in_file(std::move(time).error());
  if (auto ok = session_.put(
          {.vector = vector, .op = op, .time = *time, .indices = indices, .bits = bits, .metadata = metadata});
      !ok) {
    return in_file(std::move(ok).error());
  }
  return {};
}

}  // namespace delta::ops
