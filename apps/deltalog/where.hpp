// --where: vectors by their metadata. That is part of a state, so this choice needs one, which VectorChoice does not.
#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "delta/expression.hpp"
#include "delta/state.hpp"
#include "logs.hpp"

namespace deltalog {

/// All expressions that were given must hold.
class Where {
 public:
  static Result<Where> read(const Invocation& invocation);
  bool all() const { return expressions_.empty(); }
  /// It exists in this state, and its metadata meets all expressions.
  bool takes(const delta::State& state, std::uint32_t vector) const;

  /// Leaves in `chosen` what one of the states takes; they are of one catalog and hold what `chosen` has. False:
  /// nothing.
  bool narrow(Chosen& chosen, std::initializer_list<const delta::State*> states) const;
  /// Leaves in both states the vectors, the same by name, that one of them takes. False: nothing.
  bool narrow(delta::State& old_state, delta::State& new_state) const;
  /// Says why the answer is empty: some vectors were there, and none was taken.
  static void report_none(Console& console, std::string_view where = "");

 private:
  std::vector<delta::Expression> expressions_;
};

}  // namespace deltalog
