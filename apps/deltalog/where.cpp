#include "where.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "ui/console.hpp"

namespace deltalog {

using delta::Catalog;
using delta::State;

namespace {

/// Vectors that a state takes, and what has the same name in another catalog.
void take_into(const Where& where, const State& state, const Catalog& other, std::vector<bool>& own,
               std::vector<bool>& others) {
  const Catalog& catalog = state.catalog();
  for (std::uint32_t v = 0; v < catalog.vectors(); ++v) {
    if (!where.takes(state, v)) continue;
    own[v] = true;
    const auto& space = catalog.name_space(catalog.namespace_of(v));
    const auto ns = other.find_namespace(space.name, space.dims);
    const auto same = ns ? other.find_vector(*ns, catalog.id(v)) : std::nullopt;
    if (same) others[*same] = true;
  }
}

State part_of(const State& state, const std::vector<bool>& wanted) {
  State part(state.catalog());
  for (std::uint32_t v = 0; v < wanted.size(); ++v) {
    if (wanted[v] && state.exists(v)) part.take(state, v);
  }
  part.overflows = state.overflows;
  return part;
}

}  // namespace

Result<Where> Where::read(const Invocation& invocation) {
  Where where;
  for (const auto& text : invocation.values("where")) {
    auto expression = delta::Expression::parse(text);
    if (!expression) {
      expression.error().message.insert(0, "--where: ");
      return std::move(expression).error();
    }
    where.expressions_.push_back(*std::move(expression));
  }
  return where;
}

bool Where::takes(const State& state, std::uint32_t vector) const {
  const auto holds = [&](const delta::Expression& one) { return one.matches(state.metadata(vector)); };
  return state.exists(vector) && std::ranges::all_of(expressions_, holds);
}

bool Where::narrow(Chosen& chosen, std::initializer_list<const State*> states) const {
  const std::size_t count = (*states.begin())->catalog().vectors();
  std::vector<bool> taken(count);
  bool any = false;
  for (std::uint32_t v = 0; v < count; ++v) {
    taken[v] = std::ranges::any_of(states, [&](const State* state) { return takes(*state, v); });
    any = any || taken[v];
  }
  chosen.all = false;
  chosen.vectors = std::move(taken);
  return any;
}

bool Where::narrow(State& old_state, State& new_state) const {
  std::vector<bool> old_wanted(old_state.catalog().vectors()), new_wanted(new_state.catalog().vectors());
  take_into(*this, old_state, new_state.catalog(), old_wanted, new_wanted);
  take_into(*this, new_state, old_state.catalog(), new_wanted, old_wanted);
  old_state = part_of(old_state, old_wanted);
  new_state = part_of(new_state, new_wanted);
  return old_state.size() + new_state.size() > 0;
}

void Where::report_none(Console& console, std::string_view where) {
  console.error(delta::error(delta::ErrorCode::not_found, "no chosen vector meets --where" + std::string(where)));
}

}  // namespace deltalog
