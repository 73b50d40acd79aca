// Worlds as files: written as an encoder writes them, and compared with what a log says.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "delta/encode.hpp"
#include "delta/snapshot.hpp"
#include "sample_log.hpp"
#include "world.hpp"

namespace world {

/// Where the files of a test binary are, until it ends.
inline const scratch::Directory& directory() {
  static const scratch::Directory dir;
  return dir;
}

/// Worlds hold what an encoder refuses: updates of vectors that their author did not know to exist are made creates,
/// and sparse updates of no dimension negations.
inline World admissible(World w) {
  for (auto& d : w.deltas) {
    if (d.op == Operation::create) continue;
    if (d.op == Operation::sparse && d.indices.empty()) d.op = Operation::negate;
    std::vector<Delta> before = w.deltas;
    std::erase_if(before, [&](const Delta& b) { return !happens_before(b, d); });
    if (Rules(before, d.vector).exists()) continue;
    d.op = Operation::create;
    d.indices.clear();
    d.bits.assign(w.dims, 0x3f800000);
  }
  return w;
}

/// What a commit says of itself.
struct Texts {
  std::string message, tool, source, trace;
};

inline delta::Status write_commit(const World& w, std::size_t c, delta::Encoder& encoder, const Texts& says = {}) {
  const Commit& commit = w.commits[c];
  std::vector<std::string> texts;
  for (const auto& [name, seq] : commit.parents) texts.push_back(name + ":" + std::to_string(seq));
  const std::vector<std::string_view> parents(texts.begin(), texts.end());
  DELTA_OK(encoder.commit({.origin = commit.origin,
                           .first = commit.first,
                           .deltas = commit.count,
                           .parents = parents,
                           .message = says.message,
                           .tool = says.tool,
                           .source = says.source,
                           .trace = says.trace}));
  for (const Delta& d : w.deltas) {
    if (d.commit != c) continue;
    delta::DeltaInput in;
    const std::string id = std::to_string(d.vector), patch = d.metadata;
    in.id = id;
    in.op = d.op;
    in.indices = d.indices;
    in.bits = d.bits;
    in.metadata = patch;
    in.at = d.hlc >> 12;
    in.tick = static_cast<std::uint32_t>(d.hlc & 0xfff);
    in.seq = d.seq;
    DELTA_OK(encoder.delta(in));
  }
  return {};
}

/// In two runs: what the second one has seen is on disk. `says`: empty, or by commit.
inline delta::Status write_world(const World& w, const std::string& path, const std::vector<Texts>& says = {}) {
  const delta::EncodeOptions options{.threads = 1, .force = true, .allow_nonfinite = true};
  std::uint64_t deltas = 0;
  for (std::size_t c = 0; c < w.commits.size();) {
    const std::size_t end = c == 0 ? (w.commits.size() + 1) / 2 : w.commits.size();
    DELTA_TRY(auto encoder, c == 0 ? delta::Encoder::create(path, {}, options) : delta::Encoder::append(path, options));
    for (; c < end; ++c) DELTA_OK(write_commit(w, c, encoder, says.empty() ? Texts{} : says[c]));
    DELTA_TRY(const auto summary, encoder.finish());
    deltas += summary.deltas;
  }
  RC_ASSERT(deltas == w.deltas.size());
  return {};
}

inline void compare(const delta::Log& log, const World& w, const std::vector<Delta>& deltas,
                    const delta::CutOptions& cut) {
  const auto state = sample::must(delta::snapshot(log, cut));
  const State wanted = fold(w, deltas);
  for (std::size_t v = 0; v < w.vectors; ++v) {
    const auto ns = log.catalog().find_namespace("", w.dims);
    constexpr delta::VectorNo kNone{0xffffffff};  // a number that does not exist
    const delta::VectorNo vector = ns ? log.catalog().find_vector(*ns, std::to_string(v)).value_or(kNone) : kNone;
    RC_ASSERT(state.exists(vector) == wanted[v].exists);
    if (!wanted[v].exists) continue;
    RC_ASSERT(std::ranges::equal(state.bits(vector), wanted[v].bits));
    const auto metadata = state.metadata(vector);
    RC_ASSERT((metadata.empty() ? Json::object() : Json::parse(metadata)) == wanted[v].metadata);
  }
}

}  // namespace world
