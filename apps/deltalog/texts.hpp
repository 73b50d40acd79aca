// What commands print of deltas, commits and times, for people. Untrusted bytes leave here escaped.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "delta/log.hpp"

namespace deltalog {

/// "id", or "namespace/id" where the namespace has a name, "namespace/dims/id" where one name stands for several;
/// escaped.
std::string vector_name(const delta::Catalog& catalog, delta::VectorNo vector);
/// Whether a namespace's name is also that of one with other dimensions: NS/DIMS tells them apart.
bool is_ambiguous(const delta::Catalog& catalog, std::string_view name_space);

/// "2026-11-12T14:10:29Z", with "+3" for a counter of 3.
std::string time_text(delta::Timestamp time);

/// "main:3, b:4", the first of many.
std::string dots_text(const delta::Log& log, std::span<const delta::Dot> dots);

/// time_text() of a delta of a commit, with " (given 2026-11-12T14:10:29Z)" where another time was meant.
std::string time_text(delta::Timestamp time, const delta::CommitView& commit);

/// "sparse, 12 of 384 dims", "scale by 0.5", "delete".
std::string delta_text(const delta::Delta& delta, std::uint32_t dims);

/// "0-15,20": the dimensions that an operation acts on, as --dim takes them; cut short beyond `most` characters.
std::string touched_text(const delta::Delta& delta, std::uint32_t dims, std::size_t most);

/// "policy max@/0-15", "tag v1 at 2026-11-12T14:10:29Z" or "accuracy int8@images", of a commit that is a setting;
/// escaped.
std::string setting_text(std::string_view setting);

/// "main:7", or "main:7..9" of a commit of several deltas; escaped.
std::string dots_text(const delta::Log& log, const delta::CommitView& commit);

/// The first line of a commit's message; escaped.
std::string first_line(std::string_view message);
/// That, and the commit's properties behind it; for a cell of a table.
std::string message_text(const delta::CommitView& commit);

/// The number as it is written in JSON, or its raw bits.
std::string float_text(std::uint32_t bits);

/// The first values of some, for a cell of a table.
std::string values_text(std::span<const std::uint32_t> bits);

}  // namespace deltalog
