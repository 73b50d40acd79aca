#include "texts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "delta/out_of_memory.hpp"
#include "delta/properties.hpp"
#include "delta/setting.hpp"
#include "delta/text.hpp"
#include "formats/json_writer.hpp"
#include "logs.hpp"

namespace deltalog {

using delta::Catalog;

bool is_ambiguous(const delta::Catalog& catalog, std::string_view name_space) {
  return catalog.namespaces_named(name_space).size() > 1;
}

std::string vector_name(const Catalog& catalog, delta::VectorNo vector) {
  const auto& space = catalog.name_space(catalog.namespace_of(vector));
  const auto id = delta::escape(catalog.id(vector));
  if (is_ambiguous(catalog, space.name)) return fmt::format("{}/{}/{}", delta::escape(space.name), space.dims, id);
  return space.name.empty() ? id : delta::escape(space.name) + "/" + id;
}

std::string time_text(delta::Timestamp time) {
  auto text = delta::format_time(time.us());
  if (time.tick() > 0) text += fmt::format("+{}", time.tick());
  return text;
}

std::string dots_text(const delta::Log& log, std::span<const delta::Dot> dots) {
  constexpr std::size_t kShown = 4;
  std::string out;
  for (const auto& dot : dots.first(std::min(kShown, dots.size()))) {
    out += (out.empty() ? "" : ", ") + delta::escape(log.dot_text(dot), 4096);
  }
  return dots.size() > kShown ? out + fmt::format(" and {} more", dots.size() - kShown) : out;
}

std::string time_text(delta::Timestamp time, const delta::CommitView& commit) {
  return time_text(time) + (commit.given ? " (given " + delta::format_time(*commit.given) + ")" : "");
}

std::string values_text(std::span<const std::uint32_t> bits) {
  constexpr std::size_t kShown = 3;
  std::string out;
  for (std::size_t i = 0; i < std::min(kShown, bits.size()); ++i) {
    if (i > 0) out += ' ';
    out += float_text(bits[i]);
  }
  return bits.size() > kShown ? out + " ..." : out;
}

std::string float_text(std::uint32_t bits) {
  std::string out;
  delta::formats::JsonWriter(out).float32(bits);
  std::erase(out, '"');
  return out;
}

std::string delta_text(const delta::Delta& delta, std::uint32_t dims) {
  using delta::Operation;
  const auto name = delta::operation_name(delta.op);
  if ((delta.lost & delta::pruned::values) != 0) {
    return fmt::format("{}, {} of {} dims left", name, delta.indices.size(), dims);
  }
  switch (delta.op) {
    case Operation::sparse:
      return fmt::format("{}, {} of {} dims", name, delta.indices.size(), dims);
    case Operation::create:
    case Operation::dense:
      return fmt::format("{}, {} dims", name, dims);
    case Operation::scale:
    case Operation::offset:
      return fmt::format("{} by {}", name, float_text(delta.bits[0]));
    case Operation::clamp:
      return fmt::format("{} to {}..{}", name, float_text(delta.bits[0]), float_text(delta.bits[1]));
    default:
      return std::string(name);
  }
}

std::string touched_text(const delta::Delta& delta, std::uint32_t dims, std::size_t most) {
  const auto range = [](std::uint32_t first, std::uint32_t last) {
    return first == last ? std::to_string(first) : fmt::format("{}-{}", first, last);
  };
  if (delta.op == delta::Operation::remove || dims == 0) return {};
  const bool named = delta.op == delta::Operation::sparse || (delta.lost & delta::pruned::values) != 0;
  if (!named) return range(0, dims - 1);
  std::string out;
  for (std::size_t i = 0; i < delta.indices.size();) {
    std::size_t end = i + 1;
    while (end < delta.indices.size() && delta.indices[end] == delta.indices[end - 1] + 1) ++end;
    const auto next = (i == 0 ? "" : ",") + range(delta.indices[i], delta.indices[end - 1]);
    if (out.size() + next.size() > most) return out + ",...";
    out += next;
    i = end;
  }
  return out;
}

std::string setting_text(std::string_view setting) {
  const auto known = delta::unless_out_of_memory(delta::Setting::parse(setting));
  if (!known) return delta::escape(setting, 200);
  if (known->kind == delta::Setting::Kind::policy) return "policy " + delta::escape(known->text, 200);
  if (known->kind == delta::Setting::Kind::unknown) return delta::escape(setting, 200) + " (unknown here)";
  const auto name = delta::escape(known->text, 200);
  if (known->kind == delta::Setting::Kind::tag) return fmt::format("tag {} at {}", name, delta::format_time(known->at));
  if (known->kind == delta::Setting::Kind::untag) return "untag " + name;
  if (known->kind != delta::Setting::Kind::release) return delta::escape(setting, 200);
  std::string dots;
  for (const auto dot : known->dots) dots += (dots.empty() ? " of " : ", ") + delta::escape(dot, 200);
  return "release " + name + dots;
}

std::string dots_text(const delta::Log& log, const delta::CommitView& commit) {
  return delta::dots_text(delta::escape(log.catalog().origin(commit.origin), 4096), commit.first, commit.last());
}

std::string first_line(std::string_view message) {
  const auto end = message.find('\n');
  return delta::escape(message.substr(0, end), 200) + (end == message.npos ? "" : " ...");
}

std::string message_text(const delta::CommitView& commit) {
  const auto properties = delta::escape(commit.properties, 200);
  const auto message = first_line(commit.message);
  return message + (message.empty() || properties.empty() ? "" : " ") + properties;
}

}  // namespace deltalog
