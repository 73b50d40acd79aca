// The public face of encoding: opens what is written to, and hands inputs to the front end of their kind.
#include "delta/encode.hpp"

#include <algorithm>
#include <iterator>

#include "base/boundary.hpp"
#include "delta/property.hpp"
#include "delta/setting.hpp"
#include "delta/text.hpp"
#include "model/policy.hpp"
#include "model/rules.hpp"
#include "ops/encode_delta.hpp"
#include "ops/encode_matrix.hpp"
#include "ops/encode_session.hpp"
#include "store/index_file.hpp"
#include "store/narrow.hpp"
#include "store/tail.hpp"

namespace delta {

struct Encoder::Impl {
  Impl(Log base, ops::EncodeSession::Target target, EncodeOptions options)
      : session(std::move(base), std::move(target), std::move(options)), matrices(session), deltas(session) {}

  Status set(std::string_view setting, std::optional<Micros> at, bool live) {
    DELTA_OK(session.open_commit({.origin = session.options().origin}));
    return session.set(setting, at, {}, live);
  }
  /// Its time is not held against the clock: nobody gave it.
  Status tag(const Setting& setting) {
    DELTA_OK(model::check_tag(setting.text));
    const auto last = session.last_time();
    if (!last) return error(ErrorCode::bad_input, "nothing to be tagged: the log is empty");
    return set(setting.to_text(), setting.kind == Setting::Kind::release ? std::optional(last->us()) : std::nullopt,
               false);
  }

  std::string appended;  // the path of the log that grows; empty: none does
  ops::EncodeSession session;
  ops::MatrixEncoder matrices;
  ops::DeltaEncoder deltas;
};

Encoder::Encoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Encoder::Encoder(Encoder&&) noexcept = default;
Encoder& Encoder::operator=(Encoder&&) noexcept = default;
Encoder::~Encoder() = default;

Result<Encoder> Encoder::create(const std::string& path, std::span<const std::string> base, EncodeOptions options) try {
  const Boundary boundary;
  DELTA_TRY(Log log, Log::open(base, {options.threads}));
  DELTA_TRY(OutputFile file, OutputFile::create(path, {.force = options.force}));
  auto impl = std::make_unique<Impl>(std::move(log), std::move(file), std::move(options));
  impl->session.built_on.assign(base.begin(), base.end());
  DELTA_OK(impl->session.start());
  return Encoder(std::move(impl));
} catch (...) {
  return caught();
}

namespace {

/// What is appended to, under its lock: through its index, if the options say what will come and it has a whole one. Of
/// such a log the end is in order.
Result<Log> open_appended(const std::string& path, os::AppendFile& file, const EncodeOptions& options,
                          std::vector<Finding>& notices) {
  if (options.ids) {
    const auto deltas = options.operations ? store::Deltas::lifecycles : store::Deltas::all;
    DELTA_TRY(auto some, store::open_through_index(path, {options.threads, options.ids}, {}, deltas));
    if (some.log) return *std::move(some.log);
    if (some.notice) notices.push_back(*std::move(some.notice));
  }
  DELTA_OK(store::recover_tail(path, file, notices));
  std::vector<std::string> paths;
  if (file.size() > 0) paths.push_back(path);  // it may have been cut to nothing
  return Log::open(paths, {options.threads});
}

Error not_beside_ids(std::string_view what) {
  return error(ErrorCode::usage, std::string(what) + " does not go with EncodeOptions::ids");
}

}  // namespace

Result<Encoder> Encoder::append(const std::string& path, EncodeOptions options) try {
  const Boundary boundary;
  DELTA_TRY(os::AppendFile file, os::AppendFile::open(path, options.wait));
  std::vector<Finding> notices;
  DELTA_TRY(Log log, open_appended(path, file, options, notices));
  std::ranges::copy_if(log.notices(), std::back_inserter(notices),
                       [](const Finding& notice) { return notice.verdict == Verdict::lost; });
  auto impl = std::make_unique<Impl>(std::move(log), std::move(file), std::move(options));
  impl->session.notices = std::move(notices);
  impl->appended = path;
  if (impl->session.log().commits() > 0) impl->session.built_on = {path};
  DELTA_OK(impl->session.start());
  return Encoder(std::move(impl));
} catch (...) {
  return caught();
}

Result<Encoder> Encoder::rehearse(std::span<const std::string> base, EncodeOptions options) try {
  const Boundary boundary;
  DELTA_TRY(Log log, Log::open(base, {options.threads}));
  auto impl = std::make_unique<Impl>(std::move(log), &null_sink(), std::move(options));
  impl->session.built_on.assign(base.begin(), base.end());
  DELTA_OK(impl->session.start());
  return Encoder(std::move(impl));
} catch (...) {
  return caught();
}

Result<std::uint64_t> Encoder::state(const MatrixInput& input) try {
  const Boundary boundary;
  DELTA_OK(impl_->session.check_goes_on());
  if (impl_->session.options().ids) return not_beside_ids("a matrix");
  DELTA_OK(impl_->deltas.finish());
  return impl_->matrices.encode(input);
} catch (...) {
  return caught();
}

Status Encoder::delta(const DeltaInput& input) try {
  const Boundary boundary;
  DELTA_OK(impl_->session.check_goes_on());
  return impl_->deltas.delta(input);
} catch (...) {
  return caught();
}

Status Encoder::commit(const CommitInput& input) try {
  const Boundary boundary;
  DELTA_OK(impl_->session.check_goes_on());
  if (impl_->session.options().ids) return not_beside_ids("a commit that is stated whole");
  return impl_->deltas.commit(input);
} catch (...) {
  return caught();
}

Status Encoder::declare(std::string_view name_space, std::uint32_t dims) try {
  const Boundary boundary;
  auto known = impl_->session.name_space(name_space, dims);
  return known ? Status() : std::move(known).error();
} catch (...) {
  return caught();
}

Status Encoder::set(std::string_view setting, std::optional<Micros> at) try {
  const Boundary boundary;
  DELTA_OK(impl_->deltas.finish());
  DELTA_OK(model::check_setting(setting));
  DELTA_TRY(Setting canonical, Setting::parse(setting));
  if (canonical.kind == Setting::Kind::unknown) {
    return error(ErrorCode::unsupported, "unknown kind of setting: " + quote(setting, 80));
  }
  std::string rules;  // or the accuracy
  if (canonical.kind == Setting::Kind::policy) {
    DELTA_TRY(const Policy policy, Policy::parse(canonical.text));
    canonical.text = rules = policy.text();
  } else if (canonical.kind == Setting::Kind::accuracy) {
    DELTA_TRY(const Accuracy accuracy, Accuracy::parse(canonical.text));
    canonical.text = rules = accuracy.to_text();
  }
  return impl_->set(canonical.to_text(), at, true);
} catch (...) {
  return caught();
}

Status Encoder::property(std::string_view name_space, std::string_view key, std::string_view value,
                         std::optional<Micros> at) try {
  const Boundary boundary;
  DELTA_OK(check_property(key, value));
  if (key == kElementKey && !value.empty()) DELTA_OK(parse_element(value));
  DELTA_OK(check_namespace(name_space));
  DELTA_OK(impl_->deltas.finish());
  DELTA_TRY(const auto present, properties_of(impl_->session.log()));
  if (property_named(present, name_space, key) == value) return {};
  return set(Setting{Setting::Kind::property, key, 0, std::string(name_space), std::string(value)}.to_text(), at);
} catch (...) {
  return caught();
}

void Encoder::set_message(std::string message) noexcept { impl_->session.set_message(std::move(message)); }
const Log& Encoder::log() const noexcept { return impl_->session.log(); }
Status Encoder::read_present() try {
  const Boundary boundary;
  if (impl_->session.options().ids) return not_beside_ids("the whole state");
  return impl_->session.load_all();
} catch (...) {
  return caught();
}

Result<const State*> Encoder::present() const try {
  const Boundary boundary;
  impl_->session.settle();
  return &impl_->session.state();
} catch (...) {
  return caught();
}

Status Encoder::tag_time(std::string_view name, Micros time) try {
  const Boundary boundary;
  DELTA_OK(impl_->deltas.finish());
  return impl_->tag({Setting::Kind::tag, name, time, {}});
} catch (...) {
  return caught();
}

Status Encoder::tag_release(std::string_view name, std::span<const Dot> heads) try {
  const Boundary boundary;
  DELTA_OK(impl_->deltas.finish());
  if (impl_->session.options().ids && !heads.empty()) return not_beside_ids("a release of dots");
  Setting setting{Setting::Kind::release, name, 0, {}};
  std::vector<std::string> dots;
  const auto& history = log().impl().history;
  for (const Dot& dot : heads.empty() ? std::vector<Dot>() : history.tops(history.context(heads))) {
    dots.push_back(log().dot_text(dot));
  }
  std::ranges::sort(dots);
  setting.dots.assign(dots.begin(), dots.end());
  return impl_->tag(setting);
} catch (...) {
  return caught();
}

Status Encoder::untag(std::string_view name) try {
  const Boundary boundary;
  DELTA_OK(impl_->deltas.finish());
  DELTA_TRY(const auto tag, log().tag(name));
  if (!tag) return error(ErrorCode::bad_input, "there is no tag " + quote(name, 60));
  return impl_->tag({Setting::Kind::untag, name, 0, {}});
} catch (...) {
  return caught();
}

Result<EncodeSummary> Encoder::finish() try {
  const Boundary boundary;
  DELTA_OK(impl_->deltas.finish());
  DELTA_TRY(EncodeSummary summary, impl_->session.finish());
  if (!impl_->appended.empty() && summary.commits > 0) store::extend_index(impl_->appended, summary.notices);
  return summary;
} catch (...) {
  return caught();
}

}  // namespace delta
