// Both ways of undoing come down to one: a state to be reached, vector by vector, from the present one, which the
// encoder keeps under its lock. So what is written is exact even if the log grew between the question and the answer.
#include "delta/rollback.hpp"

#include <algorithm>
#include <span>

#include "base/boundary.hpp"
#include "delta/out_of_memory.hpp"
#include "delta/property.hpp"
#include "delta/selection.hpp"
#include "delta/text.hpp"
#include "delta/two_states.hpp"
#include "model/metadata.hpp"
#include "model/rules.hpp"
#include "ops/diff.hpp"

namespace delta {
namespace {

/// What a vector is to be.
struct Target {
  bool exists = false;
  std::span<const std::uint32_t> bits = {};
  std::string_view metadata = {};
};

const State& present_of(const Encoder& encoder) { return *or_bad_alloc(encoder.present()); }

Target target_of(const State& state, VectorNo vector) {
  return {state.exists(vector), state.bits(vector), state.metadata(vector)};
}

/// Writes deltas that lead from the present state to targets.
class Restorer {
 public:
  /// REQUIRES: the present state was read.
  Restorer(Encoder& encoder, const RollbackOptions& options)
      : encoder_(encoder), options_(options), spaces_(encoder.log().catalog().namespaces()) {
    const Catalog& catalog = encoder.log().catalog();
    for (const VectorNo v : numbers<VectorNo>(catalog.vectors())) {
      spaces_[catalog.namespace_of(v)].existing += present_of(encoder).exists(v) ? 1 : 0;
    }
  }

  Status restore(VectorNo vector, const Target& target) {
    const bool exists = present_of(encoder_).exists(vector);
    if (!target.exists) return exists ? remove(vector) : Status();
    return exists ? delta(vector, target) : create(vector, target);
  }
  /// Vectors of a state that are to exist again: in the order of its rows, so that they stand in that again.
  Status create_again(const State& state, std::vector<VectorNo> vectors) {
    std::ranges::sort(
        vectors, [&](VectorNo a, VectorNo b) { return key_less(state.catalog(), state.created(a), state.created(b)); });
    for (const auto vector : vectors) DELTA_OK(create(vector, target_of(state, vector)));
    return {};
  }
  RollbackSummary& summary() { return summary_; }
  /// bad_input: more was deleted than may be. Nothing of it is written before the encoder's end.
  Result<RollbackSummary> finish() {
    for (const Space& space : spaces_) {
      const auto share =
          options_.max_delete_share ? *options_.max_delete_share * static_cast<double>(space.existing) : 1e300;
      if (summary_.deleted <= options_.max_delete && static_cast<double>(space.deleted) <= share) continue;
      if (space.deleted == 0) continue;
      const Catalog& catalog = encoder_.log().catalog();
      const std::string& name = catalog.name_space(catalog.namespace_of(space.first)).name;
      return error(ErrorCode::bad_input, std::to_string(space.deleted) + " of " + plural(space.existing, "vector") +
                                             (name.empty() ? "" : " of namespace " + quote(name)) +
                                             " would be deleted, the first of them " + quote(catalog.id(space.first)))
          .with_hint("is the moment right? --max-delete allows more, and --dry-run only says what it would do");
    }
    return std::move(summary_);
  }

 private:
  struct Space {
    std::uint64_t existing = 0, deleted = 0;
    VectorNo first{};  // that was deleted
  };

  Status remove(VectorNo vector) {
    ++summary_.deleted;
    Space& space = spaces_[encoder_.log().catalog().namespace_of(vector)];
    if (space.deleted++ == 0) space.first = vector;
    return put(vector, Operation::remove, {}, {}, {});
  }

  Status create(VectorNo vector, const Target& target) {
    ++summary_.created;
    // A patch may have come after the delete, from somebody who had not seen it: the create finds it there.
    const auto patches = model::metadata_patches(present_of(encoder_).stored_metadata(vector), target.metadata);
    return put(vector, Operation::create, {}, target.bits, patches);
  }

  Status delta(VectorNo vector, const Target& target) {
    const State& present = present_of(encoder_);
    ops::changed_dims(present.bits(vector), target.bits, dims_);
    const auto patches = model::metadata_patches(present.metadata(vector), target.metadata);
    if (dims_.empty() && patches.empty()) return {};
    ++summary_.changed;
    summary_.values += dims_.size();
    const std::size_t metadata = patches.empty() ? 0 : patches[0].size();
    if (dims_.size() == target.bits.size() || !model::fits_sparse(dims_.size(), metadata)) {
      return put(vector, Operation::dense, {}, target.bits, patches);
    }
    values_.clear();
    for (const auto dim : dims_) values_.push_back(target.bits[dim]);
    return put(vector, Operation::sparse, dims_, values_, patches);
  }

  /// One delta with the first patch, and one for each further patch.
  Status put(VectorNo vector, Operation op, std::span<const std::uint32_t> dims, std::span<const std::uint32_t> bits,
             std::span<const std::string> patches) {
    const Catalog& catalog = encoder_.log().catalog();
    const Namespace& space = catalog.name_space(catalog.namespace_of(vector));
    DeltaInput input;
    input.id = catalog.id(vector);
    input.name_space = space.name;
    input.dims = space.dims;
    input.op = op;
    input.indices = dims;
    input.bits = bits;
    input.at = options_.at;
    input.copied = true;
    if (!patches.empty()) input.metadata = patches[0];
    DELTA_OK(encoder_.delta(input));
    input.op = Operation::sparse;
    input.indices = {};
    input.bits = {};
    for (std::size_t i = 1; i < patches.size(); ++i) {
      input.metadata = patches[i];
      DELTA_OK(encoder_.delta(input));
    }
    return {};
  }

  Encoder& encoder_;
  const RollbackOptions& options_;
  RollbackSummary summary_;
  Indexed<NamespaceNo, Space> spaces_;
  std::vector<std::uint32_t> dims_, values_;
};

/// A commit and the present, merged with the state before it.
class Reverter {
 public:
  Reverter(Encoder& encoder, const State& before, const State& after, const RollbackOptions& options)
      : encoder_(encoder), before_(before), after_(after), restorer_(encoder, options) {}

  /// `vectors`: those that the commit touched, in order of name.
  Result<RollbackSummary> run(const std::vector<VectorNo>& vectors) {
    std::vector<VectorNo> again;
    for (const auto vector : vectors) {
      const bool was = before_.exists(vector), became = after_.exists(vector), is = present_of(encoder_).exists(vector);
      if (was && became) {
        DELTA_OK(is ? merge(vector) : keep_deleted(vector));
      } else if (became && is) {
        DELTA_OK(take_back_create(vector));
      } else if (was && !is) {
        again.push_back(vector);
      } else if (was && !same(before_, vector)) {
        keep(vector).existence = true;
      }
    }
    DELTA_OK(restorer_.create_again(before_, std::move(again)));
    return restorer_.finish();
  }

 private:
  /// Present bits and metadata are those of `state`. REQUIRES: it exists in both.
  bool same(const State& state, VectorNo vector) const {
    return std::ranges::equal(present_of(encoder_).bits(vector), state.bits(vector)) &&
           present_of(encoder_).metadata(vector) == state.metadata(vector);
  }
  KeptChange& keep(VectorNo vector) {
    auto& kept = restorer_.summary().kept;
    if (kept.empty() || kept.back().vector != vector) kept.push_back({vector, false, {}, {}});
    return kept.back();
  }

  Status take_back_create(VectorNo vector) {
    if (same(after_, vector)) return restorer_.restore(vector, {});
    keep(vector).existence = true;
    return {};
  }

  /// Deleted since: values to take back are none any more.
  Status keep_deleted(VectorNo vector) {
    const bool touched = !std::ranges::equal(before_.bits(vector), after_.bits(vector)) ||
                         before_.metadata(vector) != after_.metadata(vector);
    if (touched) keep(vector).existence = true;
    return {};
  }

  Status merge(VectorNo vector) {
    const auto before = before_.bits(vector), after = after_.bits(vector), now = present_of(encoder_).bits(vector);
    bits_.assign(now.begin(), now.end());
    for (std::uint32_t dim = 0; dim < now.size(); ++dim) {
      if (before[dim] == after[dim] || now[dim] == before[dim]) continue;
      if (now[dim] == after[dim]) {
        bits_[dim] = before[dim];
      } else {
        keep(vector).dims.push_back(dim);
      }
    }
    std::vector<std::string> members;
    const auto metadata = model::revert_metadata(before_.metadata(vector), after_.metadata(vector),
                                                 present_of(encoder_).metadata(vector), members);
    if (!members.empty()) keep(vector).members = std::move(members);
    return restorer_.restore(vector, {true, bits_, metadata});
  }

  Encoder& encoder_;
  const State& before_;
  const State& after_;
  Restorer restorer_;
  std::vector<std::uint32_t> bits_;
};

/// Restores the properties of namespaces. Returns how many differed.
Result<std::uint64_t> restore_properties(Encoder& encoder, const CutOptions& cut, std::optional<Micros> at) {
  DELTA_TRY(const auto then, properties_of(encoder.log(), cut));
  DELTA_TRY(const auto now, properties_of(encoder.log()));
  std::uint64_t restored = 0;
  for (const auto& one : now) {
    if (!property_named(then, one.name_space, one.key).empty()) continue;
    DELTA_OK(encoder.property(one.name_space, one.key, "", at));
    ++restored;
  }
  for (const auto& one : then) {
    if (property_named(now, one.name_space, one.key) == one.value) continue;
    DELTA_OK(encoder.property(one.name_space, one.key, one.value, at));
    ++restored;
  }
  return restored;
}

/// The vectors that a commit touched, by number.
Result<VectorSet> touched_by(const Log& log, CommitNo commit) {
  VectorSet touched;
  DELTA_TRY(const auto filter, DeltaFilter::of_commit(log, commit));
  DELTA_OK(each_delta(log, VectorSet::all(), filter, [&](const DeltaBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (batch.commits[i] == commit) touched.insert(batch.vectors[i]);
    }
    return {};
  }));
  return touched;
}

}  // namespace

Result<RollbackSummary> rollback(Encoder& encoder, const CutOptions& cut, const RollbackOptions& options) try {
  const Boundary boundary;
  DELTA_TRY(const State then, snapshot(encoder.log(), cut, options.vectors));
  DELTA_OK(encoder.read_present());
  Restorer restorer(encoder, options);
  std::vector<VectorNo> again;
  for (const auto& pair : ops::differing(present_of(encoder), then, options.vectors)) {
    if (pair.old_vector) {
      DELTA_OK(restorer.restore(*pair.old_vector, target_of(then, *pair.old_vector)));
    } else {
      again.push_back(*pair.new_vector);
    }
  }
  DELTA_OK(restorer.create_again(then, std::move(again)));
  DELTA_TRY(auto summary, restorer.finish());
  if (options.vectors.is_all()) {
    DELTA_TRY(summary.properties, restore_properties(encoder, cut, options.at));
  }
  return summary;
} catch (...) {
  return caught();
}

Result<RollbackSummary> revert(Encoder& encoder, CommitNo commit, const RollbackOptions& options) try {
  const Boundary boundary;
  const Log& log = encoder.log();
  const CommitView& row = log.commit(commit);
  const Dot first{row.origin, row.first}, last{row.origin, row.last()};
  DELTA_TRY(const auto touched, touched_by(log, commit));
  if (touched.empty()) {  // a setting
    return error(ErrorCode::usage,
                 "the commit of " + log.dot_text(first) + " changes no vector: there is nothing to take back");
  }
  std::vector<VectorNo> vectors = touched.numbers();
  std::erase_if(vectors, [&](VectorNo vector) { return !options.vectors.contains(vector); });
  const VectorSet chosen(vectors);
  ops::sort_by_name(log.catalog(), vectors);
  const CutOptions before_it{.at = {}, .as_seen_by = {first}, .before = true}, after_it{.at = {}, .as_seen_by = {last}};
  DELTA_TRY(const TwoStates states, two_snapshots(log, before_it, after_it, chosen));
  const State &before = states.first, &after = states.second;
  DELTA_OK(encoder.read_present());
  return Reverter(encoder, before, after, options).run(vectors);
} catch (...) {
  return caught();
}

}  // namespace delta
