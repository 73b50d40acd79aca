// A small log with something of everything in it: two writers that had not seen each other, two namespaces, metadata,
// a transform, a delete, settings, tags. It is written once.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "delta/encode.hpp"
#include "delta/log.hpp"
#include "delta/snapshot.hpp"

namespace exports {

template <class T>
T must(delta::Result<T> result) {
  if (result) return std::move(result).value();
  std::fprintf(stderr, "%s\n", result.error().text().c_str());
  std::abort();
}
template <>
inline void must<void>(delta::Result<void> result) {
  if (result) return;
  std::fprintf(stderr, "%s\n", result.error().text().c_str());
  std::abort();
}

/// A directory that is removed at the end of the program.
const std::filesystem::path& folder();
/// A path in it.
inline std::string file(const std::string& name) { return (folder() / name).string(); }

/// The files of the log. The first holds all but the commit of the second writer.
const std::vector<std::string>& paths();
inline delta::Log open_log() { return must(delta::Log::open(paths(), {.threads = 2})); }
/// A copy of the first file, to append to.
std::string copy_of_log();

inline delta::EncodeOptions options() { return {.threads = 2, .force = true, .now = 9'000'000}; }
inline delta::Encoder rehearse() { return must(delta::Encoder::rehearse(paths(), options())); }
inline const std::vector<float>& values() {
  static const std::vector<float> three = {1, 2, 3};
  return three;
}

}  // namespace exports
