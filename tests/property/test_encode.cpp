// Laws 9 and 10 through the whole stack: what goes in as matrices and updates comes out bit for bit, and the bytes of a
// log depend on nothing but inputs and options.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "delta/encode.hpp"
#include "delta/log.hpp"
#include "delta/snapshot.hpp"
#include "sample_log.hpp"
#include "world.hpp"

using namespace delta;
using sample::must;

namespace {

/// Bits that codecs and conversions like to lose.
constexpr std::uint32_t kBits[] = {0x00000000, 0x80000000, 0x3f800000, 0xbf800000, 0x00000001, 0x807fffff,
                                   0x7f7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0x7fc00001, 0xffa00001,
                                   0x40490fdb, 0x3dcccccd, 0x42280000, 0x12345678};

struct RowPlan {
  int id = 0;
  std::vector<int> values;
};
using VersionPlan = std::vector<RowPlan>;
struct MatrixPlan {
  int dims = 1, preset = 0;
  std::vector<VersionPlan> versions;
};

void showValue(const MatrixPlan& plan, std::ostream& out) {
  out << plan.dims << " dims, preset " << plan.preset << "\n";
  for (const auto& version : plan.versions) {
    for (const auto& row : version) {
      out << "  " << row.id << ":";
      for (const int v : row.values) out << " " << v;
    }
    out << "\n";
  }
}

/// Of more than a dozen rows most would be of an id that the version has already.
rc::Gen<MatrixPlan> matrix_plans() {
  using rc::gen::inRange;
  const auto row =
      rc::gen::build<RowPlan>(rc::gen::set(&RowPlan::id, inRange(0, 6)),
                              rc::gen::set(&RowPlan::values, rc::gen::container<std::vector<int>>(8, inRange(0, 20))));
  return rc::gen::build<MatrixPlan>(
      rc::gen::set(&MatrixPlan::dims, inRange(1, 9)), rc::gen::set(&MatrixPlan::preset, inRange(0, 3)),
      rc::gen::set(&MatrixPlan::versions, rc::gen::container<std::vector<VersionPlan>>(
                                              rc::gen::resize(12, rc::gen::container<std::vector<RowPlan>>(row)))));
}

struct Matrix {
  std::vector<std::string> ids;
  std::vector<std::uint32_t> bits;
};

/// Each id once; a value beyond the table stands for any bits.
std::vector<Matrix> matrices(const MatrixPlan& plan) {
  std::vector<Matrix> out;
  for (const auto& version : plan.versions) {
    Matrix m;
    for (const auto& row : version) {
      const std::string id = "v" + std::to_string(row.id);
      if (std::ranges::find(m.ids, id) != m.ids.end()) continue;
      m.ids.push_back(id);
      for (int d = 0; d < plan.dims; ++d) {
        const auto v = static_cast<std::size_t>(row.values[static_cast<std::size_t>(d)]);
        m.bits.push_back(v < std::size(kBits)
                             ? kBits[v]
                             : 0x9e3779b9u * static_cast<std::uint32_t>(row.id * 31 + d + static_cast<int>(v)));
      }
    }
    out.push_back(std::move(m));
  }
  return out;
}

Micros time_of(std::size_t version) { return (version + 1) * 1'000'000; }

void feed(Encoder& encoder, const Matrix& m, int dims, std::size_t version) {
  MatrixInput in;
  in.name = "m";
  in.rows = m.ids.size();
  in.dims = static_cast<std::uint32_t>(dims);
  in.ids = m.ids;
  in.at = time_of(version);
  if (version % 2 == 0) {
    in.bits = m.bits;
  } else {
    in.read = [&](std::uint64_t first, std::span<std::uint32_t> to) -> Status {
      std::copy_n(m.bits.begin() + static_cast<std::ptrdiff_t>(first * in.dims), to.size(), to.begin());
      return {};
    };
  }
  must(encoder.state(in));
}

EncodeOptions options_of(const MatrixPlan& plan, unsigned threads) {
  EncodeOptions options;
  options.preset = static_cast<Preset>(plan.preset);
  options.threads = threads;
  options.allow_nonfinite = true;
  options.force = true;
  return options;
}

void write_at_once(const std::string& path, const MatrixPlan& plan, const std::vector<Matrix>& versions,
                   unsigned threads) {
  auto encoder = must(Encoder::create(path, {}, options_of(plan, threads)));
  for (std::size_t k = 0; k < versions.size(); ++k) feed(encoder, versions[k], plan.dims, k);
  must(encoder.finish());
}

bool same_state(const Log& log, const Matrix& m, int dims, std::size_t version) {
  const State state = must(snapshot(log, {time_of(version), {}}));
  if (state.size() != m.ids.size()) return false;
  for (std::size_t row = 0; row < m.ids.size(); ++row) {
    const auto ns = log.catalog().find_namespace("", static_cast<std::uint32_t>(dims));
    const auto vector = ns ? log.catalog().find_vector(*ns, m.ids[row]) : std::nullopt;
    if (!vector ||
        !std::ranges::equal(state.bits(*vector), std::span(m.bits).subspan(row * static_cast<std::size_t>(dims),
                                                                           static_cast<std::size_t>(dims)))) {
      return false;
    }
  }
  return true;
}

const scratch::Directory& directory() {
  static const scratch::Directory dir;
  return dir;
}

/// rc::check with the seed and the number of cases of the other laws.
bool check_matrices(const std::string& law, double share, const std::function<void(const MatrixPlan&)>& property) {
  return world::check_cases(law, share, [&] { property(*matrix_plans()); });
}

/// With few versions: for what writes each of them several times.
bool check_short_matrices(const std::string& law, const std::function<void(const MatrixPlan&)>& property) {
  return world::check_cases(law, 1, [&] { property(*rc::gen::resize(6, matrix_plans())); });
}

}  // namespace

TEST_CASE("law 9: every state comes back bit for bit, whatever its bits") {
  CHECK(check_matrices("law 9", 1, [](const MatrixPlan& plan) {
    const auto versions = matrices(plan);
    const std::string path = directory().file("nine.dlog");
    write_at_once(path, plan, versions, 1);
    const std::string paths[] = {path};
    const Log log = must(Log::open(paths, {1}));
    for (std::size_t k = 0; k < versions.size(); ++k) RC_ASSERT(same_state(log, versions[k], plan.dims, k));
  }));
}

TEST_CASE("law 10: bytes do not depend on threads, meaning does not depend on how a log was cut") {
  CHECK(check_short_matrices("law 10", [](const MatrixPlan& plan) {
    const auto versions = matrices(plan);
    const std::string one = directory().file("one.dlog"), three = directory().file("three.dlog"),
                      steps = directory().file("steps.dlog");
    write_at_once(one, plan, versions, 1);
    write_at_once(three, plan, versions, 3);
    RC_ASSERT(scratch::read(one) == scratch::read(three));
    for (std::size_t k = 0; k < versions.size(); ++k) {
      auto encoder = k == 0 ? must(Encoder::create(steps, {}, options_of(plan, 1)))
                            : must(Encoder::append(steps, options_of(plan, 1)));
      feed(encoder, versions[k], plan.dims, k);
      must(encoder.finish());
    }
    if (versions.empty()) return;
    const std::string a[] = {one}, b[] = {steps}, both[] = {steps, one};
    const Log first = must(Log::open(a, {1})), second = must(Log::open(b, {1})), united = must(Log::open(both, {1}));
    RC_ASSERT(must(first.hashes()) == must(second.hashes()));
    RC_ASSERT(must(first.hashes()) == must(united.hashes()));
    for (std::size_t k = 0; k < versions.size(); ++k) RC_ASSERT(same_state(united, versions[k], plan.dims, k));
  }));
}

namespace {

struct UpdatePlan {
  int vector = 0, kind = 0, dim = 0, value = 0;
};
void showValue(const UpdatePlan& plan, std::ostream& out) {
  out << "v" << plan.vector << " kind " << plan.kind << " " << plan.dim << "=" << plan.value;
}

rc::Gen<std::vector<UpdatePlan>> update_plans() {
  using rc::gen::inRange;
  return rc::gen::resize(
      40, rc::gen::container<std::vector<UpdatePlan>>(rc::gen::build<UpdatePlan>(
              rc::gen::set(&UpdatePlan::vector, inRange(0, 20)), rc::gen::set(&UpdatePlan::kind, inRange(0, 6)),
              rc::gen::set(&UpdatePlan::dim, inRange(0, 3)), rc::gen::set(&UpdatePlan::value, inRange(0, 3)))));
}

using Paths = std::vector<std::string>;

std::set<std::string> existing(const Paths& paths) {
  std::set<std::string> out;
  if (paths.empty()) return out;
  const Log log = must(Log::open(paths, {1}));
  const State state = must(snapshot(log));
  for (const VectorNo v : numbers<VectorNo>(log.catalog().vectors())) {
    if (state.exists(v)) out.emplace(log.catalog().id(v));
  }
  return out;
}

/// Whole vectors, which are stored as what changed, and updates of every kind; none that would be refused.
void update(Encoder& encoder, const std::vector<UpdatePlan>& plans, std::set<std::string> exists, Micros start) {
  for (const UpdatePlan& plan : plans) {
    const std::string id = "v" + std::to_string(plan.vector);
    std::vector<std::uint32_t> bits = {0x3f800000, 0x3f800000, 0x3f800000}, indices;
    bits[static_cast<std::size_t>(plan.dim)] += static_cast<std::uint32_t>(plan.value);
    DeltaInput in;
    if (plan.kind == 2) in.op = Operation::create;
    if (plan.kind == 3) {
      in.op = Operation::sparse;
      bits.resize(1);
      indices = {static_cast<std::uint32_t>(plan.dim)};
    }
    if (plan.kind == 4) {
      in.op = Operation::negate;
      bits.clear();
    }
    if (plan.kind == 5) {
      in.op = Operation::remove;
      bits.clear();
    }
    if (plan.kind > 2 && exists.count(id) == 0) continue;
    plan.kind == 5 ? void(exists.erase(id)) : void(exists.insert(id));
    in.id = id;
    in.bits = bits;
    in.indices = indices;
    in.at = start++ * 1'000'000;
    must(encoder.delta(in));
  }
}

void write_on(const std::string& path, const Paths& base, const std::vector<UpdatePlan>& plans,
              const std::string& origin, Micros start, bool whole) {
  EncodeOptions options;
  options.threads = 1;
  options.force = true;
  options.origin = origin;
  auto encoder = must(Encoder::create(path, base, options));
  if (whole) must(encoder.read_present());
  if (base.empty()) must(encoder.set("policy average", 0));
  update(encoder, plans, existing(base), start);
  must(encoder.finish());
}

}  // namespace

TEST_CASE("a run that reads what its updates need writes what one that reads everything does") {
  CHECK(world::check_cases("loading", 1, [] {
    const auto first = *update_plans(), left = *update_plans(), right = *update_plans(), last = *update_plans();
    const std::string base = directory().file("base.dlog"), a = directory().file("left.dlog"),
                      b = directory().file("right.dlog");
    const std::string lazy = directory().file("lazy.dlog"), eager = directory().file("eager.dlog");
    write_on(base, {}, first, "first", 1, true);
    write_on(a, {base}, left, "left", 1000, true);
    write_on(b, {base}, right, "right", 1000, true);
    write_on(lazy, {base, a, b}, last, "last", 2000, false);
    write_on(eager, {base, a, b}, last, "last", 2000, true);
    RC_ASSERT(scratch::read(lazy) == scratch::read(eager));
  }));
}
