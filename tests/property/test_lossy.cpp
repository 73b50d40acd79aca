// Law 9 where less is asked for than everything: over long histories every value of every version is within the bound
// of what was given, equal vectors are stored equally, and what is read back and written again stays. The check knows
// formulas and bounds but not the library; wrong rules are put through it too, and each must be found.
#include <algorithm>
#include <array>
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "delta/accuracy.hpp"
#include "delta/encode.hpp"
#include "delta/log.hpp"
#include "delta/snapshot.hpp"
#include "sample_log.hpp"
#include "world.hpp"

using namespace delta;
using sample::must;
using Kind = Accuracy::Kind;

namespace {

using Row = std::vector<float>;   // empty: does not exist
using States = std::vector<Row>;  // by vector

const std::array<Accuracy, 15> kAccuracies = {{{Kind::max_error, 1e-4},
                                               {Kind::max_error, 0.01},
                                               {Kind::max_error, 0.5},
                                               {Kind::max_error, 3e-39},
                                               {Kind::max_error, 2e30},
                                               {Kind::max_relative, 0.6},
                                               {Kind::max_relative, 0.01},
                                               {Kind::max_relative, 0x1p-10},
                                               {Kind::max_relative, 3e-7},
                                               {Kind::f16, 0},
                                               {Kind::bf16, 0},
                                               {Kind::int8, 0},
                                               {Kind::int4, 0},
                                               {Kind::binary, 0},
                                               {Kind::exact, 0}}};

// ---- histories ----

/// One change of one vector. Whole vectors come as rows of a matrix, or as an update.
struct Step {
  enum class What : std::uint8_t { whole, create, dense, sparse, negate, abs, clamp, remove } what = What::whole;
  Row values;  // all; of the indices; or lo and hi
  std::vector<std::uint32_t> indices;
};

struct History {
  Accuracy accuracy;
  std::size_t dims = 1;
  bool matrices = true;                               // all steps are whole
  std::vector<std::map<std::size_t, Step>> versions;  // by vector
};

bool assigns(Step::What what) { return what <= Step::What::sparse; }
bool assigns_all(Step::What what) { return what <= Step::What::dense; }

/// What a step makes of a vector, in real values.
Row applied(const Step& step, Row row) {
  using What = Step::What;
  if (assigns_all(step.what)) return step.values;
  if (step.what == What::remove) return {};
  for (std::size_t i = 0; i < step.indices.size(); ++i) row[step.indices[i]] = step.values[i];
  for (float& x : row) {
    if (step.what == What::negate) x = -x;
    if (step.what == What::abs) x = std::abs(x);
    if (step.what == What::clamp) x = std::min(std::max(x, step.values[0]), step.values[1]);
  }
  return row;
}

/// Writes a history version by version: walks, small steady drifts, flips of signs, leaps of magnitude, and returns to
/// what was before.
class Author {
 public:
  Author(unsigned seed, const Accuracy& accuracy, bool matrices, std::size_t versions) : random_(seed) {
    history_.accuracy = accuracy;
    history_.matrices = matrices;
    history_.dims = 1 + below(8);
    limit_ = accuracy.kind == Kind::f16 ? 65504.0f : 3.3e38f;
    given_.resize(1 + below(4));
    drift_ = accuracy.kind == Kind::max_error ? static_cast<float>(accuracy.bound * 0.3) : 0.001f;
    for (std::size_t v = 0; v < versions; ++v) history_.versions.push_back(version());
  }
  History take() { return std::move(history_); }

 private:
  std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }
  float gauss() { return std::normal_distribution<float>()(random_); }
  float held(float x) const { return std::isfinite(x) ? std::clamp(x, -limit_, limit_) : limit_; }

  Row fresh() {
    const int exponents[] = {0, 0, 0, -3, 5, -14, -24, 12, -126, -140, 100, 126};
    const float scale = std::ldexp(1.0f, exponents[below(std::size(exponents))]);
    Row row;
    for (std::size_t d = 0; d < history_.dims; ++d) row.push_back(held(gauss() * scale));
    return row;
  }

  float moved(float x, std::size_t how) {
    switch (how) {
      case 0:
        return held(x + drift_);  // a drift: the same way every time
      case 1:
        return held(x * (1 + 0.01f * gauss()));  // a walk
      case 2:
        return held(x + 0.1f * gauss());
      case 3:
        return -x;
      case 4:
        return below(2) == 0 ? 0.0f : -0.0f;
      case 5:
        return held(std::ldexp(x, static_cast<int>(below(61)) - 30));
      case 6:
        return std::nextafter(x, below(2) == 0 ? limit_ : -limit_);
      default:
        return held(x + drift_ * gauss());
    }
  }

  Step whole(const Row& row) {
    Step step;
    const auto again = past_.empty() ? 0 : below(8);
    step.values = row.empty() ? fresh() : row;
    const std::size_t how = below(10);
    if (again == 1) {
      step.values = past_[below(past_.size())];
    } else if (how > 7) {
      step.values = fresh();
    } else {
      for (float& x : step.values) x = how == 0 || below(2) == 0 ? moved(x, how) : x;
    }
    if (past_.size() < 50) past_.push_back(step.values);
    return step;
  }

  Step update(const Row& row) {
    using What = Step::What;
    Step step;
    if (row.empty() || below(12) == 0) {
      step.what = row.empty() && below(2) == 0 ? What::create : What::whole;
      step.values = whole(row).values;
      return step;
    }
    const What often[] = {What::sparse, What::sparse, What::sparse, What::sparse, What::sparse,
                          What::whole,  What::dense,  What::negate, What::abs,    What::clamp};
    step.what = below(40) == 0 ? What::remove : often[below(std::size(often))];
    if (assigns_all(step.what)) step.values = whole(row).values;
    if (step.what == What::sparse) {
      const std::size_t how = below(8);
      for (std::uint32_t d = 0; d < history_.dims; ++d) {
        if (below(3) != 0) continue;
        step.indices.push_back(d);
        step.values.push_back(moved(row[d], how));
      }
      if (step.indices.empty()) {
        step.indices = {0};
        step.values = {moved(row[0], how)};
      }
    }
    if (step.what == What::clamp) {
      step.values = {row[below(row.size())] * 0.9f, row[below(row.size())]};
      std::sort(step.values.begin(), step.values.end());
    }
    return step;
  }

  std::map<std::size_t, Step> version() {
    std::map<std::size_t, Step> steps;
    for (std::size_t v = 0; v < given_.size(); ++v) {
      if (below(4) == 0 && !(history_.matrices && given_[v].empty())) continue;
      steps[v] = history_.matrices ? whole(given_[v]) : update(given_[v]);
      given_[v] = applied(steps[v], std::move(given_[v]));
    }
    return steps;
  }

  std::mt19937 random_;
  History history_;
  float limit_ = 0, drift_ = 0;
  States given_;
  std::vector<Row> past_;
};

// ---- what is held of a history ----

/// The states that a writer leaves at each version, and the last one after it was read back and written again.
struct Written {
  std::vector<States> versions;
  States again;
};

double size(float x) { return std::abs(double{x}); }

double largest(const Row& row) {
  double most = 0;
  for (const float x : row) most = std::max(most, size(x));
  return most;
}

/// The step of int8 or int4, from below.
double step_of(const Row& row, int most) {
  int j = std::ilogb(largest(row) / most) * 8 - 8;
  while (std::nearbyint(largest(row) / std::exp2(j / 8.0)) > most) ++j;
  return std::exp2(j / 8.0);
}

float mean_size(const Row& row) {
  double sum = 0;
  for (const float x : row) sum += size(x);
  return static_cast<float>(sum / static_cast<double>(row.size()));
}

/// The farthest that a value assigned beside these others may be stored from what was given: for kinds with a scale of
/// the vector.
double share_of(const Accuracy& accuracy, const Row& beside) {
  const double most = largest(beside), levels = accuracy.kind == Kind::int8 ? 255 : 15;
  if (accuracy.kind == Kind::binary) return 1e300;
  return most < 0x1p-126 ? 0 : most * (std::exp2(0.125) / levels + 0x1p-24) + 0x1p-150;
}

bool close(const Accuracy& accuracy, double given, double stored, double share) {
  const double error = std::abs(stored - given);  // exact where it matters: both have 24 bits, and are near each other
  switch (accuracy.kind) {
    case Kind::exact:
      return error == 0;
    case Kind::max_error:
      return error <= accuracy.bound;
    case Kind::max_relative:
      return std::fma(-accuracy.bound, std::abs(given), error) <= 0;  // its sign is exact
    case Kind::f16:
      return error <= std::max(std::abs(given) * 0x1p-11, 0x1p-25);
    case Kind::bf16:
      return error <= std::max(std::abs(given) * 0x1p-8, 0x1p-134);
    default:
      return error <= share;
  }
}

/// `x`, stored of `given`, is a value of the format, where it is one.
bool vectors_of(const Accuracy& accuracy, float x, float given, const Row& beside) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  switch (accuracy.kind) {
    case Kind::f16:
      return size(x) < 0x1p-14 ? std::nearbyint(size(x) * 0x1p24) == size(x) * 0x1p24
                               : (bits & 0x1fff) == 0 && size(x) < 65520;
    case Kind::bf16:
      return (bits & 0xffff) == 0;
    case Kind::binary:
      return x == (given < 0 ? -mean_size(beside) : mean_size(beside));
    case Kind::int8:
    case Kind::int4: {
      if (largest(beside) < 0x1p-126) return true;
      const int most = accuracy.kind == Kind::int8 ? 127 : 7;
      const double k = size(x) / step_of(beside, most);
      return std::abs(k - std::nearbyint(k)) < 1e-4 && k < most + 0.5;
    }
    default:
      return true;
  }
}

std::vector<std::uint32_t> bits_of(const Row& row) {
  std::vector<std::uint32_t> bits;
  for (const float x : row) bits.push_back(std::bit_cast<std::uint32_t>(x));
  return bits;
}

/// Follows a history and says what is first broken.
class Judge {
 public:
  explicit Judge(const History& history) : history_(history) {}

  std::optional<std::string> breach(const Written& written) {
    for (std::size_t version = 0; version < history_.versions.size(); ++version) {
      const States& states = written.versions[version];
      vectors_.resize(std::max(vectors_.size(), states.size()));
      for (std::size_t v = 0; v < states.size(); ++v) {
        const auto step = history_.versions[version].find(v);
        auto& vector = vectors_[v];
        const Row before =
            version == 0 || v >= written.versions[version - 1].size() ? Row() : written.versions[version - 1][v];
        if (step != history_.versions[version].end()) take(step->second, vector, before);
        auto found =
            look(vector, states[v], before, step == history_.versions[version].end() ? nullptr : &step->second);
        if (found) return "version " + std::to_string(version) + ", vector " + std::to_string(v) + ": " + *found;
      }
    }
    for (std::size_t v = 0; v < vectors_.size(); ++v) {
      if (!vectors_[v].plain || bits_of(written.again[v]) == bits_of(written.versions.back()[v])) continue;
      return "vector " + std::to_string(v) + ": not the same after it was written again";
    }
    return {};
  }

 private:
  struct Vector {
    Row given, beside;          // `beside`: all values at the last assignment, as they were then
    std::vector<double> share;  // by dim
    bool plain = false;         // as the last whole assignment left it
  };

  static void take(const Step& step, Vector& vector, const Row& stored) {
    using What = Step::What;
    const bool new_born = vector.given.empty();
    vector.given = applied(step, std::move(vector.given));
    vector.plain = assigns_all(step.what);
    if (!assigns(step.what)) return;
    vector.beside = step.what == What::sparse ? applied(step, stored) : step.values;
    vector.share.resize(vector.given.size());
    if (new_born) vector.share.assign(vector.given.size(), 0);
  }

  std::optional<std::string> look(Vector& vector, const Row& stored, const Row& before, const Step* step) {
    if (stored.size() != vector.given.size()) return "does not exist, or should not";
    const Accuracy& accuracy = history_.accuracy;
    if (step && assigns(step->what)) {
      const double share = share_of(accuracy, vector.beside);
      const bool all = assigns_all(step->what);
      for (std::size_t d = 0; d < stored.size(); ++d) {
        const bool assigned = all || std::find(step->indices.begin(), step->indices.end(), d) != step->indices.end();
        if (assigned) vector.share[d] = share;
        if (assigned && !vectors_of(accuracy, stored[d], vector.given[d], vector.beside)) {
          return tell("not of the format", d, vector.given[d], stored[d]);
        }
        if (!assigned && stored[d] != before[d]) return tell("changed, and was not assigned", d, before[d], stored[d]);
      }
      if (all) {
        const auto [same, first] = as_stored_.try_emplace(bits_of(vector.given), bits_of(stored));
        if (!first && same->second != bits_of(stored)) return "stored as it was not when it was given before";
      }
    }
    for (std::size_t d = 0; d < stored.size(); ++d) {
      if (!close(accuracy, vector.given[d], stored[d], vector.share[d])) {
        return tell("beyond the bound", d, vector.given[d], stored[d]);
      }
    }
    return {};
  }

  static std::string tell(const std::string& what, std::size_t dim, float given, float stored) {
    std::ostringstream out;
    out << std::hexfloat << "dim " << dim << ": " << what << ": " << given << " stored as " << stored;
    return out.str();
  }

  const History& history_;
  std::vector<Vector> vectors_;
  std::map<std::vector<std::uint32_t>, std::vector<std::uint32_t>> as_stored_;
};

// ---- the library as a writer ----

const scratch::Directory& directory() {
  static const scratch::Directory dir;
  return dir;
}

Micros time_of(std::size_t version) { return (version + 1) * 1'000'000; }

std::vector<std::string> names(std::size_t n) {
  std::vector<std::string> out;
  for (std::size_t v = 0; v < n; ++v) out.push_back("v" + std::to_string(v));
  return out;
}

/// Rows of some vectors, as a matrix that says nothing of the others.
std::uint64_t feed_rows(Encoder& encoder, const std::vector<std::pair<std::size_t, Row>>& rows, std::size_t dims,
                        Micros at) {
  std::vector<std::string> ids;
  std::vector<std::uint32_t> bits;
  for (const auto& [v, row] : rows) {
    ids.push_back("v" + std::to_string(v));
    for (const float x : row) bits.push_back(std::bit_cast<std::uint32_t>(x));
  }
  MatrixInput in;
  in.name = "m";
  in.rows = ids.size();
  in.dims = static_cast<std::uint32_t>(dims);
  in.ids = ids;
  in.at = at;
  in.partial = true;
  in.bits = bits;
  return must(encoder.state(in));
}

void feed_update(Encoder& encoder, std::size_t v, const Step& step, Micros at) {
  constexpr std::optional<Operation> ops[] = {std::nullopt,      Operation::create, Operation::dense,
                                              Operation::sparse, Operation::negate, Operation::abs,
                                              Operation::clamp,  Operation::remove};
  const auto bits = bits_of(step.values);
  const std::string id = "v" + std::to_string(v);
  DeltaInput input;
  input.id = id;
  input.op = ops[static_cast<std::size_t>(step.what)];
  input.indices = step.indices;
  input.bits = bits;
  input.at = at;
  must(encoder.delta(input));
}

States read(const Log& log, const CutOptions& cut, std::size_t vectors, std::size_t dims) {
  const State state = must(snapshot(log, cut));
  States out(vectors);
  const auto ns = log.catalog().find_namespace("", static_cast<std::uint32_t>(dims));
  const auto ids = names(vectors);
  for (std::size_t v = 0; v < vectors; ++v) {
    const auto number = ns ? log.catalog().find_vector(*ns, ids[v]) : std::nullopt;
    if (!number || !state.exists(*number)) continue;
    for (const std::uint32_t b : state.bits(*number)) out[v].push_back(std::bit_cast<float>(b));
  }
  return out;
}

std::size_t vectors_of(const History& history) {
  std::size_t n = 0;
  for (const auto& version : history.versions) {
    if (!version.empty()) n = std::max(n, version.rbegin()->first + 1);
  }
  return n;
}

void write(const std::string& path, const History& history, const EncodeOptions& options) {
  auto encoder = must(Encoder::create(path, {}, options));
  for (std::size_t version = 0; version < history.versions.size(); ++version) {
    std::vector<std::pair<std::size_t, Row>> rows;
    for (const auto& [v, step] : history.versions[version]) {
      if (history.matrices) rows.emplace_back(v, step.values);
      if (!history.matrices) feed_update(encoder, v, step, time_of(version));
    }
    if (!rows.empty()) feed_rows(encoder, rows, history.dims, time_of(version));
  }
  must(encoder.finish());
}

Written by_library(const History& history) {
  const std::string path[] = {directory().file("lossy.dlog")};
  EncodeOptions options;
  options.threads = 1;
  options.force = true;
  options.accuracy = history.accuracy;
  options.preset = Preset::fastest;
  write(path[0], history, options);
  Written written;
  const std::size_t vectors = vectors_of(history);
  {
    const Log log = must(Log::open(path, {1}));
    for (std::size_t version = 0; version < history.versions.size(); ++version) {
      written.versions.push_back(read(log, {.at = time_of(version)}, vectors, history.dims));
    }
  }
  std::vector<std::pair<std::size_t, Row>> rows;
  for (std::size_t v = 0; v < vectors; ++v) {
    if (!written.versions.back()[v].empty()) rows.emplace_back(v, written.versions.back()[v]);
  }
  auto encoder = must(Encoder::append(path[0], options));
  feed_rows(encoder, rows, history.dims, time_of(history.versions.size()));
  must(encoder.finish());
  const Log log = must(Log::open(path, {1}));
  written.again = read(log, {}, vectors, history.dims);
  return written;
}

History random_history(bool matrices, std::size_t versions) {
  const auto accuracy = *rc::gen::inRange<std::size_t>(0, kAccuracies.size());
  const auto seed = *rc::gen::noShrink(rc::gen::arbitrary<unsigned>());
  return Author(seed, kAccuracies[accuracy], matrices, versions).take();
}

bool check(const std::string& law, double share, bool matrices, std::size_t versions) {
  return world::check_cases(law, share, [&] {
    const History history = random_history(matrices, versions);
    const auto breach = Judge(history).breach(by_library(history));
    if (breach) RC_FAIL(history.accuracy.to_text() + ": " + *breach);
  });
}

}  // namespace

TEST_CASE("lossy: 100 versions of matrices stay within the bound, and have no memory") {
  CHECK(check("lossy matrices", 0.06, true, 100));
}

TEST_CASE("lossy: 100 versions of updates and transforms stay within the bound") {
  CHECK(check("lossy updates", 0.06, false, 100));
}

TEST_CASE("lossy: 1,000 versions stay within the bound") {
  for (unsigned i = 0; i < 2 * kAccuracies.size(); ++i) {
    const History history = Author(i, kAccuracies[i / 2], i % 2 == 0, 1000).take();
    INFO(history.accuracy.to_text());
    CHECK(Judge(history).breach(by_library(history)).value_or("") == "");
  }
}

// ---- mutants ----

namespace {

/// What a writer makes of a whole vector, who also knows what was given and what is stored before (empty: nothing).
using Rule = Row (*)(const Accuracy& accuracy, const Row& given, const Row& given_before, const Row& stored);

Row map(const Row& row, const std::function<float(float)>& one) {
  Row out;
  for (const float x : row) out.push_back(one(x));
  return out;
}

float multiple(double x, double step) { return static_cast<float>(std::nearbyint(x / step) * step); }

double step_for(double bound) { return std::exp2(std::floor(8 * std::log2(2 * bound)) / 8); }

float right_lattice(const Accuracy& accuracy, float x) {
  const double step = step_for(accuracy.bound);
  if (!(size(x) / step < 0x1p23)) return x;
  const float y = multiple(x, step);
  return std::abs(double{y} - double{x}) <= accuracy.bound ? y + 0.0f : x;
}

float shortened(float x, int drop) {
  const auto bits = std::bit_cast<std::uint32_t>(x), sign = bits & 0x80000000, half = (1u << drop) / 2;
  const std::uint32_t rounded = ((bits & 0x7fffffff) + half) >> drop << drop;
  return rounded < 0x7f800000 ? std::bit_cast<float>(rounded | sign) : x;
}

Row on_steps(const Row& row, double step) {
  return map(row, [&](float x) { return multiple(x, step) + 0.0f; });
}

Row right(const Accuracy& accuracy, const Row& given, const Row&, const Row&) {
  if (accuracy.kind == Kind::max_error) return map(given, [&](float x) { return right_lattice(accuracy, x); });
  return largest(given) < 0x1p-126 ? given : on_steps(given, step_of(given, accuracy.kind == Kind::int8 ? 127 : 7));
}

/// Changes are rounded and added to what is stored.
Row accumulated(const Accuracy& accuracy, const Row& given, const Row& before, const Row& stored) {
  Row out = right(accuracy, given, {}, {});
  for (std::size_t d = 0; d < stored.size(); ++d) out[d] = stored[d] + right_lattice(accuracy, given[d] - before[d]);
  return out;
}

/// What moved by less than the bound since the last input is left alone.
Row against_input(const Accuracy& accuracy, const Row& given, const Row& before, const Row& stored) {
  Row out = right(accuracy, given, {}, {});
  for (std::size_t d = 0; d < stored.size(); ++d) {
    if (std::abs(double{given[d]} - double{before[d]}) <= accuracy.bound) out[d] = stored[d];
  }
  return out;
}

/// What is stored is left alone as long as it is within the bound: that keeps the bound, and remembers.
Row lazy(const Accuracy& accuracy, const Row& given, const Row&, const Row& stored) {
  Row out = right(accuracy, given, {}, {});
  for (std::size_t d = 0; d < stored.size(); ++d) {
    if (std::abs(double{given[d]} - double{stored[d]}) <= accuracy.bound) out[d] = stored[d];
  }
  return out;
}

/// The error of the last version is put on top of the next.
Row fed_back(const Accuracy& accuracy, const Row& given, const Row& before, const Row& stored) {
  Row owed = given;
  for (std::size_t d = 0; d < stored.size(); ++d) owed[d] += before[d] - stored[d];
  return right(accuracy, owed, {}, {});
}

/// Only what was given anew is written, though the step of the vector is another.
Row changed_inputs(const Accuracy& accuracy, const Row& given, const Row& before, const Row& stored) {
  Row out = right(accuracy, given, {}, {});
  for (std::size_t d = 0; d < stored.size(); ++d) {
    if (given[d] == before[d]) out[d] = stored[d];
  }
  return out;
}

/// Within the bound, without memory, and another value each time that it is written.
Row moved_on(const Accuracy& accuracy, const Row& given, const Row&, const Row&) {
  return map(given, [&](float x) {
    const float moved = x + static_cast<float>(accuracy.bound / 2);
    return std::abs(double{moved} - double{x}) <= accuracy.bound ? moved : x;
  });
}

Row cut_off(const Accuracy& accuracy, const Row& given, const Row&, const Row&) {
  const double step = step_for(accuracy.bound);
  return map(given, [&](float x) { return static_cast<float>(std::trunc(x / step) * step); });
}

Row too_wide(const Accuracy& accuracy, const Row& given, const Row&, const Row&) {
  return on_steps(given, step_for(accuracy.bound) * std::exp2(0.125));
}

/// Values are put on the lattice where float32 is too coarse for it, too.
Row unchecked(const Accuracy& accuracy, const Row& given, const Row&, const Row&) {
  return on_steps(given, step_for(accuracy.bound));
}

/// As many bits are dropped of subnormal values as of others.
Row flat(const Accuracy& accuracy, const Row& given, const Row&, const Row&) {
  int drop = 24;
  while (drop > 0 && std::ldexp(1.0, drop - 24) > accuracy.bound) --drop;
  return map(given, [&](float x) { return drop == 0 ? x : shortened(x, drop); });
}

Row one_bit_less(const Accuracy& accuracy, const Row& given, const Row&, const Row&) {
  int drop = 24;
  while (drop > 0 && std::ldexp(1.0, drop - 24) > accuracy.bound) --drop;
  return map(given, [&](float x) { return shortened(x, std::min(drop + 1, 23)); });
}

/// The step is the least that reaches the largest value: rounded down, that then gets a smaller step.
Row tight(const Accuracy& accuracy, const Row& given, const Row&, const Row&) {
  const int most = accuracy.kind == Kind::int8 ? 127 : 7;
  if (largest(given) < 0x1p-126) return given;
  int j = std::ilogb(largest(given) / most) * 8 - 8;
  while (largest(given) > most * std::exp2(j / 8.0)) ++j;
  return on_steps(given, std::exp2(j / 8.0));
}

/// One step for all vectors, beyond which values are the greatest one.
Row saturated(const Accuracy& accuracy, const Row& given, const Row&, const Row&) {
  const double most = accuracy.kind == Kind::int8 ? 127 : 7;
  return map(given,
             [&](float x) { return static_cast<float>(std::clamp(std::nearbyint(x * most), -most, most) / most); });
}

Row nothing_below(const Accuracy&, const Row& given, const Row&, const Row&) {
  return map(given, [](float x) { return size(x) < 0x1p-14 ? 0.0f : shortened(x, 13); });
}

Row untouched(const Accuracy&, const Row& given, const Row&, const Row&) { return given; }

Row signs(const Accuracy&, const Row& given, const Row&, const Row&) {
  return map(given, [&](float x) { return std::copysign(mean_size(given), x); });  // of -0 too
}

Written by_rule(const History& history, Rule rule) {
  Written written;
  States given(vectors_of(history)), stored(given.size());
  for (const auto& version : history.versions) {
    for (const auto& [v, step] : version) {
      stored[v] = rule(history.accuracy, step.values, given[v], stored[v]);
      given[v] = step.values;
    }
    written.versions.push_back(stored);
  }
  for (const Row& row : stored) written.again.push_back(row.empty() ? row : rule(history.accuracy, row, row, row));
  return written;
}

struct Mutant {
  const char* name;
  Rule rule;
  Accuracy accuracy;
};

const Mutant kMutants[] = {
    {"changes rounded and added up", accumulated, {Kind::max_error, 0.01}},
    {"compared with the last input", against_input, {Kind::max_error, 0.01}},
    {"left alone while within the bound", lazy, {Kind::max_error, 0.01}},
    {"the last error put on top", fed_back, {Kind::max_error, 0.01}},
    {"only what was given anew", changed_inputs, {Kind::int8, 0}},
    {"only what was given anew", changed_inputs, {Kind::int4, 0}},
    {"moved on whenever written", moved_on, {Kind::max_error, 0.01}},
    {"cut off, not rounded", cut_off, {Kind::max_error, 0.01}},
    {"the next larger step", too_wide, {Kind::max_error, 0.01}},
    {"a lattice finer than float32", unchecked, {Kind::max_error, 1e-4}},
    {"subnormal values as normal ones", flat, {Kind::max_relative, 0.01}},
    {"a bit less", one_bit_less, {Kind::max_relative, 0x1p-10}},
    {"a step that the rounded vector does not have", tight, {Kind::int8, 0}},
    {"a step that the rounded vector does not have", tight, {Kind::int4, 0}},
    {"saturated", saturated, {Kind::int8, 0}},
    {"no subnormal halves", nothing_below, {Kind::f16, 0}},
    {"not rounded", untouched, {Kind::bf16, 0}},
    {"not rounded", untouched, {Kind::int4, 0}},
    {"a sign for -0", signs, {Kind::binary, 0}},
};

/// The number of histories that it takes to find a rule out; none: more than there are.
std::optional<unsigned> found_after(Rule rule, const Accuracy& accuracy) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    const History history = Author(seed, accuracy, true, 100).take();
    if (Judge(history).breach(by_rule(history, rule))) return seed + 1;
  }
  return {};
}

}  // namespace

TEST_CASE("mutants of lossy writing are told from the right rules by random histories") {
  for (const Mutant& mutant : kMutants) {
    INFO(mutant.name << " under " << mutant.accuracy.to_text());
    CHECK(found_after(mutant.rule, mutant.accuracy));
  }
  for (const Accuracy& accuracy : {Accuracy{Kind::max_error, 0.01}, Accuracy{Kind::int8, 0}, Accuracy{Kind::int4, 0}}) {
    INFO("the right rule of " << accuracy.to_text());
    CHECK(!found_after(right, accuracy));
  }
}
