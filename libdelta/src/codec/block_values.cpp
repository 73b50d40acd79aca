// The index sets and values of a DATA payload, whose shape is known by now: every count is settled before its column is
// decoded.
#include <algorithm>
#include <numeric>

#include "base/transform.hpp"
#include "codec/block_decoder.hpp"

namespace delta::codec {

/// The columns of the index sets, as bytes.
Status Decoder::read_set_columns() {
  DELTA_OK(read_bytes_of(Column::gaps, 3 * listed_, s_.gaps));
  DELTA_OK(read_bytes_of(Column::run_skips, 3 * listed_, s_.run_skips));
  DELTA_OK(read_bytes_of(Column::run_lengths, 3 * listed_, s_.run_lengths));
  return read_bytes_of(Column::bitmaps, std::uint64_t{kMostDims / 8} * sized_, s_.bitmaps);
}

Status Decoder::read_sets() {
  DELTA_OK(read_set_columns());
  SetReader reader(s_.gaps, s_.run_skips, s_.run_lengths, s_.bitmaps);
  for (const Place& set : s_.sets) {
    if (set.form == Form::repeat) {
      std::copy_n(begin_of(s_.sets[set.twin]), set.size, begin_of(set));
    } else {
      DELTA_OK(reader.read(set.form, {begin_of(set), static_cast<std::size_t>(set.size)}));
    }
  }
  return reader.finish();
}

Status Decoder::read_values() {
  if (!wanted_.vectors.empty() && !follows_) return read_wanted_values();
  const auto size = [](std::uint64_t n) { return static_cast<std::size_t>(n); };
  const std::size_t values = size(batch_.bits_ends.back());
  batch_.indices.resize(size(batch_.index_ends.back()));
  s_.nonzeros.resize(size(nonzeros_));
  DELTA_OK(read_sets());
  count_values();
  // A block of one kind of values needs no scattering.
  const bool alone = copies_ == 0, all_dense = alone && dense_ == values;
  const bool all_sparse = alone && sparse_ == values && nonzeros_ == 0;
  batch_.bits.resize(values);
  s_.dense.resize(all_dense ? 0 : size(dense_));
  s_.sparse.resize(all_sparse ? 0 : size(sparse_));
  s_.parameters.resize(size(parameters_));
  DELTA_OK(
      read_words_of(Column::dense_values, all_dense ? std::span(batch_.bits) : std::span(s_.dense), s_.dense_groups));
  DELTA_OK(read_words_of(Column::sparse_values,
                         all_sparse && !all_dense ? std::span(batch_.bits) : std::span(s_.sparse), s_.sparse_groups));
  DELTA_OK(read_words_of(Column::parameters, s_.parameters, {}));
  DELTA_OK(read_related());
  if (all_dense || all_sparse) return {};
  return scatter();
}

/// Of a block whose values do not follow from those before: indices and values of the wanted vectors, and the values
/// that these repeat.
Status Decoder::read_wanted_values() {
  count_values();  // which needs no indices here
  DELTA_OK(read_related());
  s_.parameters.resize(static_cast<std::size_t>(parameters_));
  DELTA_OK(read_words_of(Column::parameters, s_.parameters, {}));
  DELTA_OK(mark_needed());
  list_needed();
  DELTA_OK(read_needed_sets());
  DELTA_OK(read_ranges(Column::dense_values, dense_, s_.dense_ranges, s_.dense_groups, s_.dense));
  DELTA_OK(read_ranges(Column::sparse_values, sparse_, s_.sparse_ranges, s_.sparse_groups, s_.sparse));
  return scatter_needed();
}

/// Whose values are wanted: a delta may repeat an earlier one, which may do the same.
Status Decoder::mark_needed() {
  s_.needed.resize(count_);
  const bool one = wanted_.vectors.size() == 1;  // mostly; and that is quicker
  for (std::size_t i = 0; i < count_; ++i) {
    const SegmentVector vector = batch_.vectors[i];
    s_.needed[i] = (one ? vector == wanted_.vectors.front() : wanted_.wants(vector)) ? 1 : 0;
  }
  if (copies_ == 0) return {};
  s_.assignments.clear();
  s_.twins.assign(count_, 0);
  for (std::size_t i = 0, next_copy = 0; i < count_; ++i) {
    if (!is_assignment(batch_.ops[i])) continue;
    if (relation_of(s_.assignments.size()) == Relation::repeated) {
      DELTA_TRY(s_.twins[i], twin_of(next_copy++));
    }
    s_.assignments.push_back(i);
  }
  for (std::size_t k = s_.assignments.size(); k-- > 0;) {
    const std::size_t i = s_.assignments[k];
    if (relation_of(k) == Relation::repeated) s_.needed[s_.twins[i]] |= s_.needed[i];
  }
  return {};
}

/// Where in their columns the needed values stand, and which sets they need. From here on no other values and no other
/// indices count.
void Decoder::list_needed() {
  s_.dense_ranges.clear();
  s_.sparse_ranges.clear();
  s_.sources.clear();
  s_.needed_sets.assign(s_.sets.size(), 0);
  std::size_t dense = 0, sparse = 0, parameter = 0, next_set = 0, next_assignment = 0;
  std::uint64_t begin = 0, kept = 0, indices = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    const std::uint64_t end = batch_.bits_ends[i];
    const auto values = static_cast<std::size_t>(end - begin);
    const std::size_t own = next_set;
    const Place* set = has_set(s_.kinds[i]) ? &s_.sets[next_set++] : nullptr;
    const bool assigns = is_assignment(batch_.ops[i]);
    const bool plain = assigns && relation_of(next_assignment++) == Relation::plain;
    const std::size_t size = set ? static_cast<std::size_t>(set->size) : values;
    std::size_t& at = !assigns ? parameter : set ? sparse : dense;
    if (s_.needed[i] != 0) {
      const std::size_t read = set && set->form == Form::repeat ? set->twin : own;
      if (set) s_.needed_sets[read] = 1;
      s_.sources.push_back({i, set, set ? &s_.sets[read] : nullptr, at, assigns, plain});
      if (plain && size > 0) (set ? s_.sparse_ranges : s_.dense_ranges).push_back({at, at + size});
      kept += values;
      if (set && set->sparse) indices += size;
    }
    if (!assigns || plain) at += size;
    batch_.bits_ends[i] = kept;
    batch_.index_ends[i] = indices;
    begin = end;
  }
}

/// The sets that are needed, into the scratch, and from there into the batch. Others are skipped.
Status Decoder::read_needed_sets() {
  DELTA_OK(read_set_columns());
  SetReader reader(s_.gaps, s_.run_skips, s_.run_lengths, s_.bitmaps);
  s_.nonzeros.clear();
  for (std::size_t i = 0; i < s_.sets.size(); ++i) {
    Place& set = s_.sets[i];
    const auto size = static_cast<std::size_t>(set.size);
    if (set.form == Form::repeat) continue;
    if (s_.needed_sets[i] == 0) {
      DELTA_OK(reader.skip(set.form, size));
      continue;
    }
    set.at = s_.nonzeros.size();
    s_.nonzeros.resize(s_.nonzeros.size() + size);
    DELTA_OK(reader.read(set.form, std::span(s_.nonzeros).last(size)));
  }
  DELTA_OK(reader.finish());
  for (const ValueSource& source : s_.sources) {
    if (!source.set || !source.set->sparse) continue;
    const Indices indices = indices_of(source);
    batch_.indices.insert(batch_.indices.end(), indices.begin(), indices.end());
  }
  return {};
}

/// The needed values from where list_needed() found them to their deltas.
Status Decoder::scatter_needed() {
  batch_.bits.resize(static_cast<std::size_t>(batch_.bits_ends.back()));
  for (const ValueSource& source : s_.sources) {
    const std::size_t size = values_of(source.delta);
    const std::span to(batch_.bits.data() + (static_cast<std::size_t>(batch_.bits_ends[source.delta]) - size), size);
    if (!source.assigns) {
      std::copy_n(s_.parameters.data() + source.at, size, to.data());
    } else if (!source.plain) {
      DELTA_OK(repeat_values(s_.twins[source.delta], to));
    } else if (source.set) {
      DELTA_OK(place_set(source.set->sparse, indices_of(source), to));
    } else {
      std::copy_n(s_.dense.data() + next_dense_, size, to.data());
      next_dense_ += size;
    }
  }
  return {};
}

/// Those words of a column of n that stand in `ranges`.
Status Decoder::read_ranges(Column column, std::uint64_t n, std::span<const WordRange> ranges, Groups groups,
                            std::vector<std::uint32_t>& to) {
  DELTA_OK(expect(column, static_cast<std::size_t>(n)));
  std::size_t kept = 0;
  for (const auto& [begin, end] : ranges) kept += end - begin;
  to.resize(kept);
  if (kept == 0) return {};
  const Entry& e = entry(column);
  return read_words_in(ranges, {e.size.coder, e.size.raw}, e.stored, static_cast<std::size_t>(n), groups, to,
                       name_of(column));
}

/// How many values stand in which column, and of the words how many of each delta.
void Decoder::count_values() {
  s_.dense_groups.clear();
  s_.sparse_groups.clear();
  if (follows_) s_.known.clear();
  std::size_t next_relation = 0, next_set = 0;
  const auto pick = [&](std::uint64_t n) {
    sparse_ += n;
    if (n > 0) s_.sparse_groups.push_back(n);
  };
  for (std::size_t i = 0; i < count_; ++i) {
    const Place* place = has_set(s_.kinds[i]) ? &s_.sets[next_set++] : nullptr;
    if (follows_) s_.known.follow(batch_.vectors[i]);
    if (!is_assignment(batch_.ops[i])) continue;
    const std::size_t values = values_of(i);
    switch (relation_of(next_relation++)) {
      case Relation::plain:
        if (place) {
          pick(place->size);
        } else if (values > 0) {
          dense_ += values;
          s_.dense_groups.push_back(values);
        }
        break;
      case Relation::steps: {
        std::uint64_t unknown = 0;
        for (std::size_t v = 0; v < values && !knows_row(i, values); ++v) unknown += !s_.known.has(dim_of(i, v));
        steps_ += values - unknown;
        pick(unknown);
        break;
      }
      case Relation::repeated:
        ++copies_;
        break;
      default:
        ++factors_;
    }
    if (!follows_) continue;
    if (!indexed(i)) s_.known.know_row(values);
    for (std::size_t v = 0; v < values && indexed(i); ++v) s_.known.set(dim_of(i, v), 0);
  }
}

Status Decoder::read_related() {
  s_.factors.resize(static_cast<std::size_t>(factors_));
  DELTA_OK(read_words_of(Column::factors, s_.factors, {}));
  DELTA_OK(read_numbers_of(Column::copies, static_cast<std::size_t>(copies_), s_.copies));
  DELTA_OK(expect(Column::value_steps, static_cast<std::size_t>(steps_)));
  if (steps_ == 0) return {};
  const Entry& e = entry(Column::value_steps);
  return s_.steps.open({e.size.coder, e.size.raw}, e.stored, static_cast<std::size_t>(steps_),
                       name_of(Column::value_steps));
}

/// Values from their columns to their deltas.
Status Decoder::scatter() {
  s_.assignments.clear();
  if (follows_) s_.known.clear();
  std::size_t begin = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    const auto end = static_cast<std::size_t>(batch_.bits_ends[i]);
    const std::span<std::uint32_t> to(batch_.bits.data() + begin, end - begin);
    if (follows_) s_.known.follow(batch_.vectors[i]);
    if (is_assignment(batch_.ops[i])) {
      DELTA_OK(place_values(i, relation_of(s_.assignments.size()), to));
      s_.assignments.push_back(i);
    } else {
      std::copy_n(s_.parameters.data() + next_parameter_, to.size(), to.data());
      next_parameter_ += to.size();
    }
    if (follows_) learn(i, to);
    begin = end;
  }
  return steps_ > 0 ? s_.steps.finish() : Status{};
}

Status Decoder::place_values(std::size_t i, Relation relation, std::span<std::uint32_t> to) {
  const Place* set = has_set(s_.kinds[i]) ? &s_.sets[next_set_++] : nullptr;
  if (relation == Relation::repeated) {
    DELTA_TRY(const std::size_t twin, twin_of(next_copy_++));
    return repeat_values(twin, to);
  }
  if (relation != Relation::plain) return derive_values(i, relation, to);
  if (set) return place_set(set->sparse, {begin_of(*set), static_cast<std::size_t>(set->size)}, to);
  std::copy_n(s_.dense.data() + next_dense_, to.size(), to.data());
  next_dense_ += to.size();
  return {};
}

/// The next sparse values: those of a delta with indices, or the non-zeros of a row.
Status Decoder::place_set(bool sparse, Indices places, std::span<std::uint32_t> to) {
  const std::uint32_t* values = s_.sparse.data() + next_sparse_;
  next_sparse_ += places.size();
  if (sparse) return std::copy_n(values, to.size(), to.data()), Status{};
  std::fill(to.begin(), to.end(), 0);
  if (!places.empty() && places.back() >= to.size()) return corrupt(Column::dims, "a non-zero beyond the dims");
  for (std::size_t k = 0; k < places.size(); ++k) to[places[k]] = values[k];
  return {};
}

/// The delta whose values the next assignment repeats. REQUIRES: s_.assignments are those before it.
Result<std::size_t> Decoder::twin_of(std::size_t copy) const {
  const std::uint64_t back = s_.copies[copy];
  if (back >= s_.assignments.size()) return corrupt(Column::copies, "no such delta");
  return s_.assignments[s_.assignments.size() - 1 - static_cast<std::size_t>(back)];
}

Status Decoder::repeat_values(std::size_t twin, std::span<std::uint32_t> to) {
  if (values_of(twin) != to.size()) return corrupt(Column::copies, "of another number of values");
  std::copy_n(batch_.bits.data() + (static_cast<std::size_t>(batch_.bits_ends[twin]) - to.size()), to.size(),
              to.data());
  return {};
}

Status Decoder::derive_values(std::size_t i, Relation relation, std::span<std::uint32_t> to) {
  const std::uint32_t parameter = relation == Relation::steps ? 0 : s_.factors[next_factor_++];
  std::uint64_t overflows = 0;
  if (relation == Relation::steps && knows_row(i, to.size())) {
    for (std::size_t v = 0; v < to.size(); ++v) to[v] = s_.steps.next(s_.known.at(static_cast<std::uint32_t>(v)));
    return {};
  }
  for (std::size_t v = 0; v < to.size(); ++v) {
    const std::uint32_t dim = dim_of(i, v);
    if (!s_.known.has(dim)) {
      if (relation != Relation::steps) return corrupt(Column::relations, "of values that are not known");
      to[v] = s_.sparse[next_sparse_++];
    } else if (relation == Relation::steps) {
      to[v] = s_.steps.next(s_.known.at(dim));
    } else if (relation == Relation::scaled) {
      to[v] = scaled(s_.known.at(dim), value_of(parameter), overflows);
    } else {
      to[v] = shifted(s_.known.at(dim), value_of(parameter), overflows);
    }
  }
  return {};
}

void Decoder::learn(std::size_t i, std::span<const std::uint32_t> values) {
  if (!is_assignment(batch_.ops[i])) return s_.known.transform(batch_.ops[i], values);
  if (!indexed(i)) return s_.known.set_row(values);
  for (std::size_t v = 0; v < values.size(); ++v) s_.known.set(dim_of(i, v), values[v]);
}

}  // namespace delta::codec
