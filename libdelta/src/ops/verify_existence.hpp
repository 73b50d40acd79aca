// Every update is of a vector that exists in its context. Deltas come in any order; where they come in happens-before order, as
// they mostly do, one flag a vector is enough, and only the others are kept and judged at the end.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "delta/change.hpp"
#include "model/history.hpp"

namespace delta::ops {

class ExistenceCheck {
 public:
  ExistenceCheck(const Catalog& catalog, const model::History& history) : catalog_(catalog), history_(history) {}

  /// Vectors and commits by the log's numbers; pending commits are passed over. A delta may come twice.
  void add(const ChangeBatch& batch);
  /// What is wrong, a sentence each, at most a hundred.
  std::vector<std::string> finish();

 private:
  struct Event {
    std::uint32_t commit = 0;
    std::uint64_t seq = 0;
    Timestamp time;
    bool create = false;
  };
  struct Vector {
    Event last;
    bool any = false;
    bool chain = true;  // its lifecycle events came each after the one before
  };
  struct Question {
    std::uint32_t vector, commit;
    std::uint64_t seq;
    Operation op;
  };

  bool before(const Event& e, std::uint32_t commit, std::uint64_t seq) const { return history_.happens_before(e.commit, e.seq, commit, seq); }
  void refuse(const Question& question);

  const Catalog& catalog_;
  const model::History& history_;
  std::vector<Vector> vectors_;
  std::vector<std::pair<std::uint32_t, Event>> events_;  // of all vectors: a question may ask for any
  std::vector<Question> open_;
  std::vector<std::string> wrong_;
};

}  // namespace delta::ops
