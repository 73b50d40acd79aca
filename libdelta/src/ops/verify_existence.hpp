// Every update is of a vector that exists in its context. Two passes over the deltas, which come in any order: the
// first judges those that come in happens-before order, as they mostly do, by the last event of their vector; the
// second gathers the vectors where some did not.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "delta/delta.hpp"
#include "delta/vector_set.hpp"
#include "model/existence.hpp"
#include "model/history.hpp"

namespace delta::ops {

class ExistenceCheck {
 public:
  ExistenceCheck(const Catalog& catalog, const model::History& history) : catalog_(catalog), history_(history) {}

  /// Pending commits are skipped. A delta may come twice.
  void add(const DeltaBatch& batch);
  /// After the first pass: vectors that the second is for.
  const VectorSet& contested() const { return contested_; }
  void gather(const DeltaBatch& batch);
  /// What is wrong, a sentence each, at most a hundred.
  std::vector<std::string> finish();

 private:
  struct Place {
    CommitNo commit{};
    std::uint64_t seq = 0;
  };
  struct Event {
    Place at;
    bool create = false;
  };
  struct Question {
    Place at;
    Operation op;
  };
  struct Vector {
    std::optional<Event> last;      // create or delete
    std::optional<Place> answered;  // the last update that was found to be right
  };
  struct Gathered {
    std::vector<model::Existence::Event> events;
    std::vector<Question> questions;
  };

  bool before(const Place& a, const Place& b) const {
    return history_.happens_before(a.commit, a.seq, b.commit, b.seq);
  }
  bool in_order(const Vector& v, const Place& at) const {
    return (!v.last || before(v.last->at, at)) && (!v.answered || before(*v.answered, at));
  }
  void refuse(VectorNo vector, const Question& question);

  const Catalog& catalog_;
  const model::History& history_;
  Indexed<VectorNo, Vector> vectors_;
  VectorSet contested_;
  std::unordered_map<VectorNo, Gathered> gathered_;
  std::vector<std::string> wrong_;
};

}  // namespace delta::ops
