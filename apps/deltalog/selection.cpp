// Ids and names out of a log are untrusted and leave here escaped.
#include "selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <unordered_set>
#include <vector>

#include "cli/hints.hpp"
#include "cli/values.hpp"
#include "delta/out_of_memory.hpp"
#include "delta/text.hpp"
#include "formats/ids.hpp"
#include "logs.hpp"
#include "pattern.hpp"
#include "ui/console.hpp"

namespace deltalog {

using delta::Catalog;
using delta::ErrorCode;
using delta::State;
using delta::VectorNo;
using delta::VectorSet;

Result<VectorSelection> vector_selection(const Invocation& invocation) {
  VectorSelection selection;
  selection.any_id = !invocation.has("id") && !invocation.has("id-glob") && !invocation.has("ids-from");
  selection.ids = invocation.values("id");
  for (const auto& file : invocation.values("ids-from")) {
    DELTA_TRY(const auto list, delta::formats::read_ids(file));
    for (std::size_t i = 0; i < list.size(); ++i) selection.ids.emplace_back(list[i]);
  }
  selection.globs = invocation.values("id-glob");
  selection.namespaces = invocation.values("namespace");
  for (const auto& text : invocation.values("where")) {
    auto expression = delta::Expression::parse(text);
    if (!expression) {
      expression.error().message.insert(0, "--where: ");
      return std::move(expression).error();
    }
    selection.where.push_back(*std::move(expression));
  }
  return selection;
}

VectorSelection no_vectors() {
  VectorSelection none;
  none.any_id = false;
  return none;
}

namespace {

delta::Operation operation_named(std::string_view name) {
  for (unsigned op = 1; op < delta::kOperations; ++op) {
    if (delta::operation_name(static_cast<delta::Operation>(op)) == name) return static_cast<delta::Operation>(op);
  }
  return delta::Operation::remove;  // the option takes no other name
}

}  // namespace

Result<delta::DeltaSelection> delta_selection(const Invocation& invocation, const delta::Log& log) {
  delta::DeltaSelection selection;
  selection.origins = invocation.values("origin");
  for (const auto& name : selection.origins) {
    if (log.catalog().find_origin(name)) continue;
    return delta::error(ErrorCode::not_found, "no origin " + delta::quote(name) + " in the log")
        .with_hint(origin_hint(log, name));
  }
  for (const auto& name : invocation.values("op")) selection.operations.push_back(operation_named(name));
  for (const auto& text : invocation.values("property")) {
    const auto equals = text.find('=');
    if (equals == text.npos || equals == 0) {
      return usage_error(invocation, "--property: " + delta::quote(text, 60) + " is not KEY=VALUE");
    }
    selection.properties.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  if (const auto* text = invocation.value("grep")) {
    const auto pattern = Pattern::parse(*text);
    if (!pattern) return usage_error(invocation, "--grep: " + pattern.error().message);
    selection.message = [pattern = *pattern](std::string_view message) { return pattern.matches(message); };
  }
  selection.sources = invocation.values("source");
  selection.traces = invocation.values("trace");
  const auto cut = [&](std::string_view text) { return parse_cut(log, text); };
  DELTA_TRY(selection.since, value_of(invocation, "since", cut));
  DELTA_TRY(selection.until, value_of(invocation, "until", cut));
  return selection;
}

Result<NamedVectors> named_vectors(const VectorSelection& selection, const Catalog& catalog) {
  DELTA_TRY(auto named, delta::find_vectors(catalog, selection));
  if (!named.missing_namespaces.empty()) return no_namespace(named.missing_namespaces[0], catalog);
  return named;
}

delta::Error no_namespace(std::string_view name, const Catalog& catalog) {
  std::vector<std::string_view> names;
  for (const auto ns : delta::numbers<delta::NamespaceNo>(catalog.namespaces())) {
    names.push_back(catalog.name_space(ns).name);
  }
  return delta::error(ErrorCode::not_found, "no namespace " + delta::quote(name) + " in the log")
      .with_hint(did_you_mean_name(name, names));
}

VectorSet meeting(const VectorSelection& selection, const VectorSet& vectors,
                  std::initializer_list<const State*> states) {
  VectorSet met;
  for (const State* state : states) {
    delta::or_bad_alloc(state->existing()).each([&](VectorNo v) {
      if (vectors.contains(v) && delta::or_bad_alloc(selection.meets(*state, v))) met.insert(v);
    });
  }
  return met;
}

namespace {

/// Vectors of a state that meet --where, into `own`, and those of the same name in another catalog, into `others`.
void add_meeting(const VectorSelection& selection, const State& state, const Catalog& other, VectorSet& own,
                 VectorSet& others) {
  const Catalog& catalog = state.catalog();
  meeting(selection, VectorSet::all(), {&state}).each([&](VectorNo v) {
    own.insert(v);
    const auto& space = catalog.name_space(catalog.namespace_of(v));
    const auto ns = other.find_namespace(space.name, space.dims);
    const auto same = ns ? other.find_vector(*ns, catalog.id(v)) : std::nullopt;
    if (same) others.insert(*same);
  });
}

/// The bytes of a file, or of the files in a directory; without bound of what cannot be read twice.
std::uintmax_t size_of(const std::string& path) {
  constexpr auto kNoBound = ~std::uintmax_t{0};
  std::error_code failed;
  if (path == "-") return kNoBound;
  if (std::filesystem::is_regular_file(path, failed)) return std::filesystem::file_size(path, failed);
  std::uintmax_t size = 0;
  for (auto it = std::filesystem::directory_iterator(path, failed); !failed && it != end(it); it.increment(failed)) {
    if (it->is_regular_file(failed)) size += it->file_size(failed);
  }
  return failed ? kNoBound : size;
}

/// The id nearest to one that no log has. The logs may have been opened for this id alone, so they are read again,
/// unless that takes longer than a hint is worth.
std::string id_hint(const Invocation& invocation, std::string_view id) {
  std::uintmax_t left = 16 << 20;
  for (const auto& path : invocation.operands()) {
    const auto size = size_of(path);
    if (size > left) return {};
    left -= size;
  }
  const auto log = delta::Log::open(invocation.operands());
  if (!log) return {};
  std::vector<std::string_view> ids;
  const std::size_t vectors = log->catalog().vectors();
  for (const VectorNo v : delta::numbers<VectorNo>(vectors)) ids.push_back(log->catalog().id(v));
  return did_you_mean_name(id, ids);
}

/// The first of some, and how many more there are.
void name_absent(const std::vector<std::string>& ids, std::string_view where, Console& console,
                 const std::string& hint = {}) {
  constexpr std::size_t kShown = 10;
  for (std::size_t i = 0; i < std::min(kShown, ids.size()); ++i) {
    auto error = delta::error(ErrorCode::not_found, fmt::format("no vector {} {}", delta::quote(ids[i]), where));
    if (i == 0) error.hint = hint;
    console.error(error);
  }
  if (ids.size() > kShown) {
    console.error(delta::error(ErrorCode::not_found, fmt::format("and {} more", ids.size() - kShown)));
  }
}

}  // namespace

void keep_meeting(const VectorSelection& selection, State& old_state, State& new_state) {
  VectorSet of_old, of_new;
  add_meeting(selection, old_state, new_state.catalog(), of_old, of_new);
  add_meeting(selection, new_state, old_state.catalog(), of_new, of_old);
  old_state = delta::or_bad_alloc(old_state.part(of_old));
  new_state = delta::or_bad_alloc(new_state.part(of_new));
}

Result<bool> keep_meeting(const delta::Log& log, const delta::CutOptions& cut, const VectorSelection& selection,
                          NamedVectors& named) {
  if (selection.where.empty()) return true;
  DELTA_TRY(const auto state, delta::snapshot(log, cut, named.vectors));
  named.vectors = meeting(selection, named.vectors, {&state});
  return !named.vectors.empty() || state.size() == 0;
}

void report_none_meets(Console& console, std::string_view where) {
  console.error(delta::error(ErrorCode::not_found, "no chosen vector meets --where" + std::string(where)));
}

bool report_missing(const Invocation& invocation, const NamedVectors& named, Console& console) {
  if (named.missing_ids.empty()) return false;
  name_absent(named.missing_ids, "in the log", console, id_hint(invocation, named.missing_ids[0]));
  return true;
}

bool report_absent(const Invocation& invocation, const VectorSelection& selection, const NamedVectors& named,
                   const Catalog& catalog, const VectorSet& answered, std::string_view where, Console& console) {
  const bool missing = report_missing(invocation, named, console);
  std::unordered_set<std::string_view> there(named.missing_ids.begin(), named.missing_ids.end());
  if (!selection.ids.empty()) answered.each([&](VectorNo v) { there.insert(catalog.id(v)); });
  std::vector<std::string> absent;
  for (const auto& id : selection.ids) {
    if (there.insert(id).second) absent.push_back(id);
  }
  name_absent(absent, where, console);
  if (!answered.empty() || missing || !absent.empty()) return missing || !absent.empty();
  console.error(delta::error(ErrorCode::not_found, fmt::format("nothing that was chosen is {}", where)));
  return true;
}

}  // namespace deltalog
