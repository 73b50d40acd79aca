#include "ops/encode_delta.hpp"

#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "delta/text.hpp"
#include "model/fold.hpp"
#include "model/metadata.hpp"
#include "model/rules.hpp"

namespace delta::ops {
namespace {

Error bad(std::string what) { return error(ErrorCode::bad_input, std::move(what)); }

/// What is to be merged into the metadata, and nothing of the values.
bool metadata_alone(const DeltaInput& input) { return !input.op && input.bits.empty() && !input.metadata.empty(); }

Error missing(const DeltaInput& input, std::string_view where) {
  const std::string what = input.op ? std::string(operation_name(*input.op)) : "metadata";
  return bad(what + " of " + quote(input.id) + ", which does not exist" + std::string(where))
      .with_hint("create it first");
}

}  // namespace

Result<std::vector<Dot>> DeltaEncoder::dots(std::span<const std::string_view> texts) {
  std::vector<Dot> out;
  std::unordered_set<OriginNo> origins;
  for (const auto text : texts) {
    DELTA_TRY(const Dot dot, session_.dot(text));
    if (!origins.insert(dot.origin).second) return bad("parent " + quote(text) + ": two parents of one origin");
    out.push_back(dot);
  }
  return out;
}

/// Who states parents names the maximal dots; of commits that were written so, readers take more.
Status DeltaEncoder::check_maximal(std::span<const Dot> parents) const {
  const auto redundant = session_.redundant_parent(parents);
  if (!redundant) return {};
  return bad("parent " + quote(session_.log().dot_text(*redundant)) + ": another parent has seen it")
      .with_hint("leave it out: parents are the last deltas that were seen");
}

/// The line may be part of the open commit: same origin, nothing said of parents or the same as before.
bool DeltaEncoder::joins(const DeltaInput& input) const {
  if (!session_.commit_open()) return false;
  if (input.origin.value_or(session_.options().origin) != session_.catalog().origin(session_.open().origin)) {
    return false;
  }
  if (!input.parents) return true;
  return parents_ && std::ranges::equal(*parents_, *input.parents);
}

bool DeltaEncoder::full(const DeltaInput& input) const {
  const EncodeOptions& options = session_.options();
  if (session_.open().count >= options.commit_every || session_.open_bytes() >= options.commit_every_bytes) return true;
  const auto at = input.at ? input.at : options.now;
  return at && options.commit_every_time && *at >= session_.opened() + *options.commit_every_time;
}

/// Refuses what cannot be had beside an accuracy.
Status DeltaEncoder::check_lossy(const DeltaInput& input) const {
  if (!session_.quantizer().lossy()) return {};
  const std::string accuracy = session_.options().accuracy.to_text();
  if (input.op == Operation::scale || input.op == Operation::offset) {
    return bad(input.op == Operation::scale
                   ? "scale under " + accuracy + ": it would multiply the errors of the values"
                   : "offset under " + accuracy + ": its own rounding would come on top of the errors of the values")
        .with_hint("give the vectors that come of it, or write it in a run of its own that is exact");
  }
  if (!input.seq) return {};
  return bad("seq " + std::to_string(*input.seq) + " under " + accuracy +
             ": values are rounded here, and the dot that is stated may name the values as they are")
      .with_hint("leave out the seq, and a new one is given");
}

/// Sees to it that the right commit is open.
Status DeltaEncoder::join(const DeltaInput& input, VectorNo vector) {
  if (stated_left_ > 0) {
    // A line of a stated commit need not repeat its origin.
    const bool same = !input.origin || *input.origin == session_.catalog().origin(session_.open().origin);
    if (!same || input.parents) return bad("the commit stated above still lacks " + plural(stated_left_, "delta"));
    --stated_left_;
    return {};
  }
  const bool due = accuracy_due(input, vector);
  if (session_.commit_open()) {
    if (!stated_ && !due && joins(input) && !full(input)) return {};
    DELTA_OK(session_.close_commit());
  }
  stated_ = false;
  EncodeSession::CommitPlan plan;
  plan.origin = input.origin.value_or(session_.options().origin);
  plan.first = input.seq;
  parents_.reset();
  if (input.parents) {
    DELTA_TRY(plan.parents, dots(*input.parents));
    DELTA_OK(check_maximal(*plan.parents));
    parents_.emplace(input.parents->begin(), input.parents->end());
  }
  if (due) DELTA_OK(session_.record_accuracy(session_.catalog().namespace_of(vector), plan, input.at, input.tick));
  return session_.open_commit(plan);
}

Status DeltaEncoder::commit(const CommitInput& input) {
  DELTA_OK(finish());
  if (session_.quantizer().lossy()) {
    return bad("a commit stated whole under " + session_.options().accuracy.to_text() +
               ": values are rounded here, and its dots name the values as they are")
        .with_hint("encode it exactly; a snapshot of the result can be written with less accuracy");
  }
  if (input.deltas == 0) return bad("a commit has at least one delta");
  EncodeSession::CommitPlan plan;
  plan.origin = input.origin;
  plan.first = input.first;
  DELTA_TRY(plan.parents, dots(input.parents));
  plan.message = input.message;
  plan.tool = input.tool;
  plan.source = input.source;
  plan.trace = input.trace;
  plan.properties = input.properties;
  plan.given = input.given;
  plan.whole = true;  // its hash must not change, whatever the environment says
  DELTA_OK(session_.open_commit(plan));
  if (!input.setting.empty()) {
    if (input.deltas != 1) return bad("a setting is a commit of one delta");
    return session_.set(input.setting, input.at, input.tick);
  }
  stated_left_ = input.deltas;
  stated_ = true;
  parents_.reset();
  return {};
}

Status DeltaEncoder::finish() {
  if (stated_left_ > 0) {
    return bad("the input ends, and the last commit stated still lacks " + plural(stated_left_, "delta"));
  }
  if (session_.commit_open()) return session_.close_commit();
  return {};
}

/// A create, or a whole vector, declares its namespace; any other update needs one that is there.
Result<VectorNo> DeltaEncoder::vector_of(const DeltaInput& input) {
  DELTA_OK(check_id(input.id));
  if ((!input.op && !metadata_alone(input)) || input.op == Operation::create) {
    const auto dims = static_cast<std::uint32_t>(input.bits.size());
    if (input.dims && *input.dims != dims) {
      return bad("a vector of " + plural(dims, "value") + ", but of " + plural(*input.dims, "dimension"));
    }
    DELTA_TRY(const NamespaceNo ns, session_.name_space(input.name_space, dims, stated_left_ > 0));
    return session_.catalog().add_vector(ns, input.id);
  }
  // Names of one spelling with other dims are other vectors: the last that exists is meant.
  const Catalog& catalog = session_.catalog();
  std::optional<VectorNo> found;
  for (const NamespaceNo ns : catalog.namespaces_named(input.name_space)) {
    if (input.dims && catalog.name_space(ns).dims != *input.dims) continue;
    if (const auto vector = catalog.find_vector(ns, input.id)) {
      if (found) DELTA_OK(session_.load(*vector));
      if (!found || session_.state().exists(*vector)) found = vector;
    }
  }
  if (found) return *found;
  return missing(input, "");
}

/// The values of a create that lists some of them, in expanded_.
Status DeltaEncoder::expand(const DeltaInput& input) {
  DELTA_OK(model::check_dims(*input.dims, session_.options().max_dims));
  indices_.assign(input.indices.begin(), input.indices.end());
  bits_.assign(input.bits.begin(), input.bits.end());
  DELTA_OK(model::sort_sparse(*input.dims, indices_, bits_));
  expanded_.assign(*input.dims, 0);
  model::scatter(indices_, bits_, expanded_.data());
  return {};
}

Status DeltaEncoder::delta(const DeltaInput& stated) {
  if (stated_left_ > 0) return as_bits(stated);
  const auto mark = session_.mark();
  Status taken = as_bits(stated);
  if (taken || session_.has_put_since(mark)) return taken;
  session_.back_to(mark);
  return taken;
}

Status DeltaEncoder::as_bits(const DeltaInput& stated) {
  if (stated.values.empty()) return take(stated);
  if (!stated.bits.empty()) return error(ErrorCode::usage, "a delta has `values` and `bits`: give one of them");
  values_.resize(stated.values.size());
  std::memcpy(values_.data(), stated.values.data(), stated.values.size_bytes());
  DeltaInput with_bits = stated;
  with_bits.bits = values_;
  return take(with_bits);
}

/// What was not announced may be in a part of the log that was not read.
Status DeltaEncoder::check_announced(const DeltaInput& input) const {
  if (!announced_) return {};
  if (input.parents) return error(ErrorCode::usage, "a delta with parents does not go with EncodeOptions::ids");
  if (session_.options().operations && !input.op) {
    return error(ErrorCode::usage, "a delta without an operation does not go with EncodeOptions::operations");
  }
  if (input.id.size() <= kMaxIdBytes && announced_->contains(input.id)) return {};
  return error(ErrorCode::usage, quote(input.id) + " is not one of EncodeOptions::ids");
}

/// The same, whose values are in `bits`.
Status DeltaEncoder::take(const DeltaInput& stated) {
  DELTA_OK(check_announced(stated));
  DELTA_OK(check_lossy(stated));
  DeltaInput given = stated;
  if (given.op == Operation::create && given.dims && (!given.indices.empty() || given.bits.size() != *given.dims)) {
    DELTA_OK(expand(stated));
    given.bits = expanded_;
    given.indices = {};
  }
  DELTA_TRY(const VectorNo vector, vector_of(given));
  DeltaInput input = given;
  given_ = given.bits;
  if (session_.quantizer().lossy() && (!input.op || *input.op == Operation::create || *input.op == Operation::dense)) {
    rounded_.assign(given.bits.begin(), given.bits.end());
    DELTA_OK(session_.quantizer().round(rounded_));
    DELTA_OK(session_.load(vector));
    input.bits = rounded_;
    DELTA_TRY(const bool nothing, changes_nothing(input, vector));
    if (nothing) {
      ++session_.unchanged;
      return {};
    }
  }
  DELTA_OK(join(input, vector));
  if (input.seq && *input.seq != session_.open().first + session_.open().count) {
    const std::uint64_t next = session_.open().first + session_.open().count;
    return bad("seq " + std::to_string(*input.seq) + (*input.seq < next ? " repeats" : " leaves a gap") +
               ": the next one is " + std::to_string(next));
  }
  DELTA_OK(put(input, vector));
  if (!stated_ || stated_left_ > 0) return {};
  stated_ = false;  // whole: what is wrong with it is said of this line
  return session_.close_commit();
}

bool DeltaEncoder::accuracy_due(const DeltaInput& input, VectorNo vector) {
  const bool assigns = input.op ? is_assignment(*input.op) : !metadata_alone(input);
  return assigns && session_.accuracy_due(session_.catalog().namespace_of(vector));
}

/// A whole vector that is there already, where that is seen before its accuracy is recorded for nothing.
Result<bool> DeltaEncoder::changes_nothing(const DeltaInput& input, VectorNo vector) {
  if (input.op || input.parents || !accuracy_due(input, vector)) return false;
  if (!session_.current(vector) || !session_.state().exists(vector)) return false;
  const auto stored = session_.state().bits(vector);
  for (std::size_t dim = 0; dim < stored.size(); ++dim) {
    if (stored[dim] != input.bits[dim] && !ignores(dim, stored[dim])) return false;
  }
  if (input.metadata.empty()) return true;
  DELTA_TRY(patches_, model::canonical_patches(input.metadata));
  reduce_patches(vector);
  return patches_.empty();
}

/// Whether a value of a whole vector, which is not the stored one, is no change of it nevertheless.
bool DeltaEncoder::ignores(std::size_t dim, std::uint32_t stored) const {
  return session_.quantizer().has_dead_band() && session_.quantizer().ignores(given_[dim], stored);
}

/// Leaves of patches_ only what changes the metadata. REQUIRES: that is known.
void DeltaEncoder::reduce_patches(VectorNo vector) {
  if (patches_.empty()) return;
  const std::string_view stored = session_.metadata(vector);
  const std::vector<std::string_view> views(patches_.begin(), patches_.end());
  patches_ = model::metadata_patches(stored, model::merge_metadata(stored, views));
}

/// Of indices_ and bits_, which are those of a sparse delta.
Status DeltaEncoder::round_sparse(VectorNo vector) {
  const model::Quantizer& quantizer = session_.quantizer();
  if (!quantizer.by_row()) return quantizer.round(indices_, bits_, {});
  DELTA_OK(session_.load(vector));
  if (!session_.known(vector)) {
    return bad("sparse under " + session_.options().accuracy.to_text() +
               ": the rest of the vector is not known after concurrent commits of the same run")
        .with_hint("append it in a run of its own, or give the whole vector");
  }
  const auto stored = session_.state().bits(vector);
  stored_.assign(stored.begin(), stored.end());
  return quantizer.round(indices_, bits_, stored_);
}

Status DeltaEncoder::put(const DeltaInput& input, VectorNo vector) {
  DELTA_TRY(const bool exists, session_.exists(vector));
  const bool creates = input.op ? *input.op == Operation::create : !metadata_alone(input);
  if (!exists && !creates) return missing(input, " in what it has seen");
  Delta delta{.vector = vector,
              .op = input.op.value_or(Operation::dense),
              .indices = input.indices,
              .bits = input.bits,
              .metadata = {}};
  DELTA_TRY(delta.time, session_.stamp(input.at, input.tick));
  if (!input.op) return put_whole(input, delta, exists);
  metadata_.clear();
  if (!input.metadata.empty()) {
    DELTA_TRY(metadata_, model::canonical_metadata(input.metadata));
    if (!stated_ && !input.copied) DELTA_OK(model::check_reserved(metadata_));
  }
  delta.metadata = metadata_;
  if (delta.op == Operation::sparse) {
    indices_.assign(input.indices.begin(), input.indices.end());
    bits_.assign(input.bits.begin(), input.bits.end());
    DELTA_OK(model::sort_sparse(session_.catalog().dims(vector), indices_, bits_));
    if (session_.quantizer().lossy()) DELTA_OK(round_sparse(vector));
    delta.indices = indices_;
    delta.bits = bits_;
  }
  return session_.put(delta);
}

/// A whole vector, or its metadata alone: stored as what changed, where what is in its context is known.
Status DeltaEncoder::put_whole(const DeltaInput& input, Delta delta, bool exists) {
  patches_.clear();
  if (!input.metadata.empty()) {
    DELTA_TRY(patches_, model::canonical_patches(input.metadata));
  }
  if (!exists) {
    delta.op = Operation::create;
    return put_patched(input, delta);
  }
  DELTA_OK(session_.load(delta.vector));
  const bool alone = metadata_alone(input), is_known = session_.known(delta.vector);
  indices_.clear();
  bits_.clear();
  if (is_known) reduce_patches(delta.vector);
  const auto stored = is_known ? session_.state().bits(delta.vector) : std::span<const std::uint32_t>();
  for (std::size_t dim = 0; dim < std::min(stored.size(), input.bits.size()); ++dim) {
    if (stored[dim] == input.bits[dim] || ignores(dim, stored[dim])) continue;
    indices_.push_back(static_cast<std::uint32_t>(dim));
    bits_.push_back(input.bits[dim]);
  }
  const std::size_t patch = patches_.empty() ? 0 : patches_[0].size();
  const bool all =
      !alone && (!is_known || indices_.size() == input.bits.size() || !model::fits_sparse(indices_.size(), patch));
  if (!all) {
    delta.op = Operation::sparse;
    delta.indices = indices_;
    delta.bits = bits_;
  }
  if (all || !indices_.empty() || !patches_.empty()) return put_patched(input, delta);
  if (stated_) return bad("this whole vector changes nothing, so it cannot be a delta of the commit stated above");
  ++session_.unchanged;
  return {};
}

/// With the first of patches_, and a delta for each other one.
Status DeltaEncoder::put_patched(const DeltaInput& input, Delta delta) {
  if (!stated_ && !input.copied) {
    for (const auto& patch : patches_) DELTA_OK(model::check_reserved(patch));
  }
  if (patches_.size() > 1 && (stated_ || input.seq)) {
    return error(ErrorCode::limit, "metadata that takes " + plural(patches_.size(), "delta") + ", where one is stated")
        .with_hint("leave out the seq, and the commit that is stated whole");
  }
  if (!patches_.empty()) delta.metadata = patches_[0];
  DELTA_OK(session_.put(delta));
  delta.op = Operation::sparse;
  delta.indices = {};
  delta.bits = {};
  for (std::size_t i = 1; i < patches_.size(); ++i) {
    DELTA_TRY(delta.time, session_.stamp(input.at, input.tick));
    delta.metadata = patches_[i];
    DELTA_OK(session_.put(delta));
  }
  return {};
}

}  // namespace delta::ops
