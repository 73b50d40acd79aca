// Repairs of random damage: what is written verifies, the damaged file stays as it is, all that is undamaged is kept,
// and what is lost is named. DELTA_REPAIRS says how many are tried; script/torture asks for more.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "base/dot_ranges.hpp"
#include "counted.hpp"
#include "delta/compare.hpp"
#include "delta/log.hpp"
#include "delta/merge.hpp"
#include "delta/repair.hpp"
#include "delta/snapshot.hpp"
#include "delta/verify.hpp"
#include "format/layout.hpp"
#include "sample_log.hpp"
#include "store/segment.hpp"

using namespace delta;
using sample::must;

namespace {

using Bytes = std::vector<std::uint8_t>;
using Random = std::mt19937_64;
using Place = std::pair<std::string, std::uint64_t>;  // origin, seq

std::size_t below(Random& random, std::size_t n) { return static_cast<std::size_t>(random() % n); }

/// A part of the file, and what it says.
struct Part {
  std::size_t segment = 0;
  std::uint64_t begin = 0, end = 0;
  format::FrameType type = format::FrameType::sync;
  bool frame = false;  // else a segment header or a trailer
};

/// A log, and all that is to be known of it.
struct Original {
  Bytes bytes;
  std::vector<Part> parts;
  std::map<Place, std::string> deltas;               // each, and what it says
  std::map<std::uint64_t, std::set<Place>> in_data;  // by the offset of their DATA frame
  std::map<std::size_t, DotRanges> of_segment;       // dots of the commits of each
};

std::string say(const Delta& delta, const Catalog& catalog) {
  std::string out = std::string(catalog.id(delta.vector)) + " " + std::string(operation_name(delta.op)) + " " +
                    std::to_string(delta.time.hlc) + " " + std::to_string(delta.lost);
  for (const auto i : delta.indices) out += "," + std::to_string(i);
  for (const auto b : delta.bits) out += ";" + std::to_string(b);
  return out + std::string(delta.metadata);
}

/// All deltas, and settings.
std::map<Place, std::string> deltas_of(const Log& log) {
  std::map<Place, std::string> out;
  must(log.each(VectorSet::all(), [&](const DeltaBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const Delta delta = batch[i];
      out[{std::string(log.catalog().origin(log.commit_origin(delta.commit))), delta.seq}] = say(delta, log.catalog());
    }
    return {};
  }));
  for (const CommitNo number : numbers<CommitNo>(log.commits())) {
    const CommitView commit = log.commit(number);
    if (!commit.setting.empty()) {
      out[{std::string(log.catalog().origin(commit.origin)), commit.first}] = std::string(commit.setting);
    }
  }
  return out;
}

Log opened(const std::string& path) {
  const std::string paths[] = {path};
  return must(Log::open(paths, {.threads = 1}));
}

Original original(const std::string& path) {
  Original out;
  out.bytes = scratch::read(path);
  out.deltas = deltas_of(opened(path));
  const auto file = std::make_shared<const InputFile>(must(InputFile::open(path)));
  const auto scanned = must(store::scan_file(*file, store::Payloads::checked));
  REQUIRE(scanned.findings.empty());
  for (std::size_t s = 0; s < scanned.segments.size(); ++s) {
    const auto& segment = scanned.segments[s];
    out.parts.push_back({s, segment.offset, segment.offset + format::kHeaderBytes});
    for (const auto& frame : segment.frames) {
      out.parts.push_back({s, frame.offset, frame.offset + frame.header.extent(), frame.header.type, true});
    }
    out.parts.push_back({s, segment.end - format::kTrailerBytes, segment.end});
    auto loaded = store::from_scan(file, s, segment);
    must(store::load_tables(loaded));
    for (const auto& row : loaded.rows()) {
      add_dots(out.of_segment[s], loaded.names.origins[row.commit.origin], {row.commit.first, row.commit.last()});
    }
    for (std::size_t i = 0; i < loaded.footer.frames.size(); ++i) {
      if (loaded.footer.frames[i].type != format::FrameType::data) continue;
      SegmentBatch batch;
      must(store::read_data(loaded, i, {}, batch));
      for (std::size_t d = 0; d < batch.size(); ++d) {
        const auto& commit = loaded.rows()[batch.commits[d]].commit;
        out.in_data[segment.offset + loaded.footer.frames[i].offset].insert(
            {loaded.names.origins[commit.origin], batch.seqs[d]});
      }
    }
  }
  return out;
}

// --- logs

/// Vectors of noise, which no coder can make smaller: several DATA frames. Origins take turns, commits have up to
/// `commit` deltas.
void write_noise(const std::string& path, Random& random, int deltas, std::size_t dims, std::size_t commit, int part) {
  EncodeOptions options{.threads = 1, .force = true};
  options.commit_every = commit;
  auto encoder = part > 0 ? must(Encoder::append(path, options)) : must(Encoder::create(path, {}, options));
  const std::string own = std::to_string(random() % 100000);
  const std::string origins[] = {"main", "beta", "gamma"};
  Micros at = 1'000'000 + part * 10'000;
  std::size_t left = 0, origin = 0;
  for (int i = 0; i < deltas; ++i) {
    if (left == 0) {
      left = 1 + below(random, commit);
      origin = below(random, 3);
    }
    --left;
    const bool update = i > 3 && random() % 3 == 0;
    std::vector<std::uint32_t> bits(update ? 1 + below(random, dims / 2) : dims), indices;
    for (auto& b : bits) b = static_cast<std::uint32_t>(random()) & 0x3fffffff;
    if (update) {
      for (std::uint32_t k = 0; k < bits.size(); ++k) indices.push_back(2 * k);
    }
    const std::string id = "v" + own + "-" + std::to_string(update ? below(random, 3) : static_cast<std::size_t>(i));
    DeltaInput input;
    input.id = id;
    input.op = update ? Operation::sparse : Operation::create;
    if (update && random() % 2 == 0) input.metadata = R"({"n":1})";
    input.bits = bits;
    input.indices = indices;
    input.origin = origins[i < 4 ? 0 : origin];
    input.at = at++ * 1'000'000;
    must(encoder.delta(input));
  }
  must(encoder.finish());
}

void pack(const std::string& path, std::vector<KeepRule> keep) {
  const std::string from[] = {path}, to = path + ".packed";
  must(compact(from, to, {.threads = 1, .force = true, .keep = std::move(keep)}));
  std::filesystem::rename(to, path);
}

enum class Shape { small, fresh, segments, packed, mixed, pruned };
constexpr Shape kShapes[] = {Shape::small, Shape::fresh, Shape::segments, Shape::packed, Shape::mixed, Shape::pruned};

void write_log(Shape shape, const std::string& path, Random& random) {
  switch (shape) {
    case Shape::small:
      sample::write_log(path);
      for (int i = 0; i < 3; ++i) sample::append_log(path, 2'000'000 + i * 1000);
      return;
    case Shape::fresh:
      return write_noise(path, random, 300, 512, 40, 0);
    case Shape::segments:
      write_noise(path, random, 60, 512, 9, 0);
      for (int i = 0; i < 4; ++i) write_noise(path, random, 20 + static_cast<int>(below(random, 60)), 512, 9, i + 1);
      return;
    case Shape::packed:
      write_noise(path, random, 250, 256, 25, 0);
      return pack(path, {});
    case Shape::mixed:
      write_noise(path, random, 100, 256, 25, 0);
      pack(path, {});
      return write_noise(path, random, 100, 256, 25, 1);
    case Shape::pruned:
      write_noise(path, random, 250, 256, 25, 0);
      return pack(path, {{.kind = KeepRule::Kind::now}});
  }
}

// --- damage

void flip(Bytes& bytes, Random& random) {
  bytes[below(random, bytes.size())] ^= static_cast<std::uint8_t>(1u << random() % 8);
}

void flip_in(const Part& part, Bytes& bytes, Random& random) {
  bytes[part.begin + below(random, part.end - part.begin)] ^= static_cast<std::uint8_t>(1u << random() % 8);
}

void erase(Bytes& bytes, Random& random) {
  constexpr std::size_t kSectors[] = {64, 512, 4096, 65536};
  const std::size_t unit = kSectors[below(random, 4)], at = below(random, bytes.size()) / unit * unit;
  const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(at);
  const auto size = static_cast<std::ptrdiff_t>(std::min(unit, bytes.size() - at));
  std::fill(begin, begin + size, static_cast<std::uint8_t>(random() % 2 == 0 ? 0 : random()));
}

void exchange(Bytes& bytes, Random& random) {
  constexpr std::size_t kUnits[] = {64, 512, 4096};
  const std::size_t unit = kUnits[below(random, 3)], places = bytes.size() / unit;
  if (places == 0) return;
  const std::size_t a = below(random, places) * unit, b = below(random, places) * unit;
  for (std::size_t i = 0; i < unit && a != b; ++i) std::swap(bytes[a + i], bytes[b + i]);
}

/// A hole: what follows moves up.
void cut_out(Bytes& bytes, Random& random) {
  if (bytes.size() < 128) return;
  const std::size_t at = below(random, bytes.size() / 64) * 64;
  const std::size_t size = std::min(bytes.size() - at - 1, 64 * (1 + below(random, 40)));
  bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.begin() + static_cast<std::ptrdiff_t>(at + size));
}

void truncate(Bytes& bytes, Random& random) { bytes.resize(1 + below(random, bytes.size())); }

using Damage = void (*)(Bytes&, Random&);

Bytes damaged(const Bytes& bytes, Random& random, bool in_place) {
  static constexpr Damage kAll[] = {flip, erase, exchange, cut_out, truncate};
  Bytes out = bytes;
  for (std::size_t n = 1 + below(random, 3); n > 0; --n) kAll[in_place ? 0 : below(random, 5)](out, random);
  if (in_place && random() % 2 == 0) erase(out, random);
  return out;
}

// --- checks

/// Whether these bytes of the original stand at the same place.
bool untouched(const Original& from, const Bytes& bytes, const Part& part) {
  return bytes.size() >= part.end && std::equal(from.bytes.begin() + static_cast<std::ptrdiff_t>(part.begin),
                                                from.bytes.begin() + static_cast<std::ptrdiff_t>(part.end),
                                                bytes.begin() + static_cast<std::ptrdiff_t>(part.begin));
}

struct Repaired {
  bool saved = false;
  RepairReport report = {};
  std::string why = {};
};

Repaired repaired(const std::vector<std::string>& paths, const std::string& to) {
  auto out = must(OutputFile::create(to, {.force = true}));
  auto report = repair(paths, out, {.threads = 1});
  if (!report) return {false, {}, report.error().text()};
  must(out.commit());
  return {true, *std::move(report), {}};
}

/// Deltas whose DATA frame and all tables of whose segment are as they were.
std::set<Place> sure(const Original& from, const Bytes& bytes) {
  std::set<std::size_t> without_tables;
  for (const Part& part : from.parts) {
    using format::FrameType;
    const bool table =
        part.frame && (part.type == FrameType::props || part.type == FrameType::ids || part.type == FrameType::commits);
    if (table && !untouched(from, bytes, part)) without_tables.insert(part.segment);
  }
  std::set<Place> out;
  for (const Part& part : from.parts) {
    if (!part.frame || part.type != format::FrameType::data || without_tables.contains(part.segment)) continue;
    if (untouched(from, bytes, part)) out.merge(std::set(from.in_data.at(part.begin)));
  }
  return out;
}

/// The greatest seq of each origin that the output knows of.
std::map<std::string, std::uint64_t> known_ends(const Log& log) {
  std::map<std::string, std::uint64_t> ends;
  const auto note = [&](std::string_view origin, std::uint64_t seq) {
    auto& end = ends[std::string(origin)];
    end = std::max(end, seq);
  };
  for (const CommitNo number : numbers<CommitNo>(log.commits())) {
    const CommitView commit = log.commit(number);
    note(log.catalog().origin(commit.origin), commit.last());
    for (const Dot& parent : commit.parents) note(log.catalog().origin(parent.origin), parent.seq);
  }
  for (const auto& [origin, ranges] : log.lost()) note(origin, ranges.back().last);
  return ends;
}

/// Whether a segment is gone without a trace: no whole header of it, and none of its frames. If all else is accounted
/// for by footers, nobody can tell that it was ever there.
bool any_gone(const Original& from, const Bytes& bytes) {
  std::map<std::size_t, bool> gone;
  for (const Part& part : from.parts) {
    const auto begin = from.bytes.begin() + static_cast<std::ptrdiff_t>(part.begin);
    const auto size = static_cast<std::ptrdiff_t>(part.frame ? format::kFrameBytes : part.end - part.begin);
    const bool here = std::search(bytes.begin(), bytes.end(), begin, begin + size) != bytes.end();
    gone.try_emplace(part.segment, true).first->second &= !here;
  }
  return std::ranges::any_of(gone, [](const auto& of_segment) { return of_segment.second; });
}

void check_output(const Original& from, const Bytes& bytes, const std::string& path, const Repaired& done,
                  bool pruned) {
  const std::string paths[] = {path};
  const auto report = must(verify(paths, {VerifyLevel::chain, 1}));
  if (report.verdict == Verdict::pending) {
    REQUIRE(any_gone(from, bytes));
    return;
  }
  std::string said;
  for (const Finding& finding : report.findings) said += finding.what + "\n";
  INFO(said);
  REQUIRE(report.verdict == Verdict::ok);
  const Log log = opened(path);
  const auto deltas = deltas_of(log);
  for (const auto& [place, text] : deltas) {
    const auto truth = from.deltas.find(place);
    REQUIRE(truth != from.deltas.end());
    REQUIRE(truth->second == text);
  }
  for (const Place& place : sure(from, bytes)) {
    if (!deltas.contains(place)) FAIL(place.first << ":" << place.second << " is undamaged, and not in the output");
  }
  CHECK(done.report.lost == log.lost());
  CHECK(log.notices().empty() == log.lost().empty());
  const auto ends = known_ends(log);
  for (const auto& [place, text] : from.deltas) {
    const auto lost = log.lost().find(place.first);
    const bool named = lost != log.lost().end() && has_seq(lost->second, place.second);
    const auto end = ends.find(place.first);
    const bool mentioned = end != ends.end() && place.second <= end->second;
    if (deltas.contains(place) ? named : mentioned && !named && !pruned) {
      FAIL(place.first << ":" << place.second << (named ? " is named as lost, and here" : " is lost, and not named"));
    }
  }
  if (pruned) return;  // dots of deltas that were pruned away are in no list of deltas
  for (const auto& [origin, ranges] : log.lost()) {
    for (const SeqRange& range : ranges) {
      for (std::uint64_t seq = range.first; seq <= range.last; ++seq) REQUIRE(from.deltas.contains({origin, seq}));
    }
  }
  // Where a footer is as it was, nothing of its segment is left unsaid.
  std::set<std::size_t> unnamed;  // whose origins nobody knows
  for (const Part& part : from.parts) {
    if (part.frame && part.type == format::FrameType::props && !untouched(from, bytes, part))
      unnamed.insert(part.segment);
  }
  for (const Part& part : from.parts) {
    if (!part.frame || part.type != format::FrameType::footer || !untouched(from, bytes, part)) continue;
    if (unnamed.contains(part.segment)) continue;
    for (const auto& [origin, ranges] : from.of_segment.at(part.segment)) {
      for (const SeqRange& range : ranges) {
        const auto lost = log.lost().find(origin);
        for (std::uint64_t seq = range.first; seq <= range.last; ++seq) {
          const bool named = lost != log.lost().end() && has_seq(lost->second, seq);
          if (!named && !deltas.contains({origin, seq})) FAIL(origin << ":" << seq << " is named by a footer, and not");
        }
      }
    }
  }
}

void merge_into(const std::string& to, const std::vector<std::string>& paths) {
  auto merge = must(Merge::open(paths, {.threads = 1, .not_in = {}}));
  auto out = must(OutputFile::create(to, {.force = true}));
  must(merge.write(out));
  must(out.commit());
}

std::size_t dims_of(const std::string& path) {
  const Log log = opened(path);
  return log.catalog().namespaces() == 0 ? 4 : log.catalog().name_space(NamespaceNo{0}).dims;
}

/// Together with the log as it was, it is that again; and it goes on.
void check_use(const scratch::Directory& dir, const std::string& whole, const std::string& path) {
  const std::string both = dir.file("m.dlog");
  merge_into(both, {path, whole});
  const Comparison found = must(compare(opened(both), opened(whole)));
  CHECK(found.relation == Relation::same);
  CHECK(found.unknown.empty());
  CHECK(opened(both).lost().empty());
  CHECK(deltas_of(opened(both)) == deltas_of(opened(whole)));
  auto encoder = must(Encoder::append(path, {.threads = 1}));
  sample::add(encoder, {{"new", Operation::create, std::vector<float>(dims_of(path), 1), {}, "main"}}, 9'000'000);
  must(encoder.finish());
  const std::string paths[] = {path};
  CHECK(must(verify(paths, {VerifyLevel::chain, 1})).verdict == Verdict::ok);
  const Log log = opened(path);
  CHECK_FALSE(must(must(snapshot(log)).rows(NamespaceNo{0})).empty());
}

std::size_t repairs() {
  const char* text = std::getenv("DELTA_REPAIRS");
  return text != nullptr ? static_cast<std::size_t>(std::atoll(text)) : 300;
}

std::uint64_t seed() {
  const char* text = std::getenv("DELTA_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 20261202;
}

}  // namespace

TEST_CASE("a repair keeps all that is undamaged and names what is lost") {
  const Shape shape = GENERATE(from_range(std::begin(kShapes), std::end(kShapes)));
  CAPTURE(static_cast<int>(shape));
  const scratch::Directory dir;
  const std::string whole = dir.file("whole.dlog"), bad = dir.file("bad.dlog"), out = dir.file("out.dlog");
  Random random(seed() + static_cast<std::uint64_t>(shape));
  std::size_t tried = 0, saved = 0;
  const std::size_t count = repairs() / std::size(kShapes) + 1;
  Original from;
  while (tried < count) {
    if (tried % 200 == 0) {
      write_log(shape, whole, random);
      from = original(whole);
    }
    const Bytes bytes = damaged(from.bytes, random, false);
    ++tried;
    INFO("damage " << tried << " with seed " << seed());
    scratch::write(bad, bytes);
    const Repaired done = repaired({bad}, out);
    REQUIRE((scratch::read(bad) == bytes));
    if (!done.saved) {
      INFO(done.why);
      CHECK(sure(from, bytes).empty());
      CHECK(done.why.find("nothing to save") != std::string::npos);
      std::filesystem::remove(out);
      continue;
    }
    ++saved;
    check_output(from, bytes, out, done, shape == Shape::pruned);
    if (tried % 10 == 0) check_use(dir, whole, out);
  }
  CHECK(saved > 0);
  torture::counted(tried, "repairs");
}

TEST_CASE("copies that are damaged at different places heal each other") {
  const Shape shape = GENERATE(from_range(std::begin(kShapes), std::end(kShapes)));
  CAPTURE(static_cast<int>(shape));
  const scratch::Directory dir;
  const std::string whole = dir.file("whole.dlog"), a = dir.file("a.dlog"), b = dir.file("b.dlog");
  const std::string out = dir.file("out.dlog");
  Random random(seed() + 100 + static_cast<std::uint64_t>(shape));
  write_log(shape, whole, random);
  const Original from = original(whole);
  std::size_t tried = 0, healed = 0;
  const std::size_t count = repairs() / std::size(kShapes) / 2 + 1;
  while (tried < count) {
    Bytes in_a = from.bytes, in_b = from.bytes;
    if (tried % 2 == 0) {  // one bit of different parts
      const std::size_t of_a = below(random, from.parts.size());
      flip_in(from.parts[of_a], in_a, random);
      flip_in(from.parts[(of_a + 1 + below(random, from.parts.size() - 1)) % from.parts.size()], in_b, random);
    } else {
      in_a = damaged(from.bytes, random, true);
      in_b = damaged(from.bytes, random, true);
    }
    if (in_a == from.bytes && in_b == from.bytes) continue;
    ++tried;
    INFO("damage " << tried << " with seed " << seed());
    const bool apart = std::ranges::all_of(
        from.parts, [&](const Part& part) { return untouched(from, in_a, part) || untouched(from, in_b, part); });
    scratch::write(a, in_a);
    scratch::write(b, in_b);
    const Repaired done = repaired({a, b}, out);
    if (!done.saved) {
      INFO(done.why);
      CHECK_FALSE(apart);
      continue;
    }
    if (!apart) continue;
    ++healed;
    CHECK(done.report.lost.empty());
    REQUIRE((scratch::read(out) == from.bytes));
  }
  CHECK(healed > 0);
  torture::counted(tried, "repairs of two copies");
}
