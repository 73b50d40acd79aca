// Random logs of one line of commits: several writers, one append after the other, with settings.
#pragma once

#include <random>
#include <set>
#include <string>
#include <vector>

#include "delta/property.hpp"
#include "delta/reindex.hpp"
#include "sample_log.hpp"
#include "store/index_file.hpp"

namespace sample {

using namespace delta;

constexpr std::uint32_t kIds = 9;

inline std::string id_of(std::uint32_t i) { return "v" + std::to_string(i); }

/// A log of several appends, by one writer after the other.
class RandomLog {
 public:
  enum class Ids : std::uint8_t { come, are_announced, and_operations };
  /// With announced ids the log has an index from its first segment on.
  RandomLog(const std::string& path, unsigned seed, Ids ids = Ids::come) : path_(path), random_(seed), ids_(ids) {
    const unsigned segments = 1 + below(12);
    for (unsigned i = 0; i < segments; ++i) append(i == 0);
  }

  std::size_t opened() const { return opened_; }  ///< commits that all appends together knew

 private:
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }

  void append(bool first) {
    EncodeOptions options{.threads = 1, .origin = "w" + std::to_string(below(3)), .commit_every = 1 + below(4)};
    options.message = "message " + std::to_string(now_);
    options.now = (now_ + kStep) * 1'000'000;  // of tags
    some_.clear();
    for (unsigned i = 0; i < 3; ++i) some_.push_back(id_of(below(kIds)));
    if (ids_ != Ids::come) options.ids = some_;
    options.operations = ids_ == Ids::and_operations;
    auto encoder = must(first ? Encoder::create(path_, {}, options) : Encoder::append(path_, options));
    opened_ += encoder.log().commits();
    for (unsigned deltas = 1 + below(6); deltas > 0; --deltas) add(encoder);
    ++now_;
    if (below(4) == 0) must(encoder.set(below(2) == 0 ? "policy max" : "policy average", now_ * 1'000'000));
    if (below(4) == 0) must(encoder.property("", "model", "m" + std::to_string(now_), (now_ + 1) * 1'000'000));
    if (below(4) == 0) must(encoder.tag_time("tag " + std::to_string(below(2)), now_ * 1'000'000));
    now_ += 2 * kStep;
    const auto summary = must(encoder.finish());
    for (const Finding& notice : summary.notices) CHECK(notice.what == "");
    if (first && ids_ != Ids::come) must(reindex(path_));
  }

  void add(Encoder& encoder) {
    now_ += 1 + below(3);
    const std::string& id = some_[below(3)];
    const std::string ns = below(3) == 0 ? "other" : "";
    const std::string metadata = below(3) == 0 ? R"({"n":)" + std::to_string(now_) + "}" : "";
    const std::string key = ns + "/" + id;
    const std::vector<std::uint32_t> whole = {sample::bits(static_cast<float>(now_)), sample::bits(2), sample::bits(3)};
    const std::vector<std::uint32_t> index = {below(3)};
    DeltaInput in;
    in.id = id;
    in.name_space = ns;
    in.metadata = metadata;
    in.at = now_ * 1'000'000;
    const unsigned what = exists_.contains(key) ? below(5) : 5;
    in.op = what == 0   ? Operation::remove
            : what == 1 ? Operation::scale
            : what == 2 ? Operation::dense
            : what == 5 ? Operation::create
                        : Operation::sparse;
    if (what == 1) in.bits = std::span(whole).subspan(1, 1);
    if (what == 2 || what == 5) in.bits = whole;
    if (in.op == Operation::sparse) in.bits = std::span(whole).first(1);
    if (in.op == Operation::sparse) in.indices = index;
    if (what == 0) exists_.erase(key);
    if (what == 5) exists_.insert(key);
    must(encoder.delta(in));
  }

  static constexpr Micros kStep = 50;  // seconds, more than the deltas of one append take

  std::string path_;
  std::mt19937 random_;
  Ids ids_;
  std::size_t opened_ = 0;
  std::vector<std::string> some_;  // ids, of one append
  std::set<std::string> exists_;
  Micros now_ = 1000;
};

/// Makes the index anew, with a table of each segment, however small.
inline void reindex_with_tables(const std::string& log) {
  store::IndexOrder order{log, log + ".dlx", true};
  order.tables = store::TableRule::always;
  must(store::update_index(order));
}

}  // namespace sample
