// Speed comes from simdjson's on-demand reader: each line is looked at once, members in whatever order they come,
// numbers straight into the record's columns. What an operation allows and needs is checked afterwards, on a set of
// bits.
//
// The record's texts point into simdjson's buffers, which live until the next line.
#define SIMDJSON_EXCEPTIONS 0
#include "formats/ndjson.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <limits>

#include "delta/text.hpp"
#include "formats/decimal.hpp"
#include "formats/lines.hpp"
#include "formats/ndjson_members.hpp"
#include "formats/ndjson_tokens.hpp"
#include "formats/suggest.hpp"

namespace delta::formats {
namespace {

namespace ondemand = simdjson::ondemand;
using namespace ndjson;
static_assert(LineReader::kPadding >= simdjson::SIMDJSON_PADDING);

// "did you mean 'values'?", or nothing.
std::string suggestion(std::string_view word, std::span<const std::string_view> names) {
  const auto near = nearest(word, names);
  return near.empty() ? std::string() : "did you mean '" + std::string(near) + "'?";
}

constexpr std::size_t kShown = 60;  // bytes of a value in a message
constexpr std::uint64_t kMostDims = std::uint64_t{1} << 20;

Error bad(std::string message) { return error(ErrorCode::bad_input, std::move(message)); }

class LineParser {
 public:
  explicit LineParser(Micros now) : now_(now) {}

  // REQUIRES: kPadding readable bytes behind the line.
  Status parse(std::string_view line, Record& record);

 private:
  Status read_member(ondemand::field& field, Record& r);
  Status read_commit_member(Member m, ondemand::value& v, Record& r);
  Status read_operation_member(Member m, ondemand::value& v, Record& r);
  Status finish(Record& r);
  Status finish_delta(Record& r);
  Status finish_namespace(Record& r);
  Status finish_sparse(Record& r);

  Status text(Member m, ondemand::value& v, std::string_view& out);
  Status whole(Member m, ondemand::value& v, std::uint64_t least, std::uint64_t most, std::uint64_t& out);
  Status time(Member m, ondemand::value& v, std::optional<Micros>& out);
  Status parents(ondemand::value& v, Record& r);
  Status object(Member m, ondemand::value& v, std::string_view& out);
  Status value(Member m, ondemand::value& v, std::vector<std::uint32_t>& out);
  Status values(Member m, ondemand::value& v, std::vector<std::uint32_t>& out);
  Status indices(ondemand::value& v, std::vector<std::uint32_t>& out);
  template <class Element, class Refusal>
  Status scan(Member m, ondemand::value& v, Element element, Refusal refusal);

  Error broken(simdjson::error_code code);
  Error wrong_kind(Member m, ondemand::value& v, std::string_view wanted);
  bool has(Member m) const { return (seen_ & set(m)) != 0; }

  ondemand::parser parser_;
  ondemand::document document_;
  std::string_view line_;
  Micros now_;
  Members seen_ = 0;
  std::string_view type_, op_, transform_;
  std::string last_time_;  // neighbouring lines often share their time
  WrittenTime last_written_;
  std::optional<std::uint32_t> tick_of_ts_;                     // where it was written behind the last 'ts'
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs_;  // scratch: indices with values
};

Status LineParser::parse(std::string_view line, Record& record) {
  record.clear();
  line_ = line;
  seen_ = 0;
  if (line.size() > parser_.capacity()) {  // at least doubled, so that lines that grow do not allocate each
    if (const auto e = parser_.allocate(std::max<std::size_t>(4096, std::bit_ceil(line.size())))) return broken(e);
  }
  if (const auto e = parser_.iterate(line.data(), line.size(), line.size() + LineReader::kPadding).get(document_)) {
    return broken(e);
  }
  ondemand::object object;
  if (const auto e = document_.get_object().get(object)) {
    return e == simdjson::INCORRECT_TYPE ? bad("a line must be one JSON object, not " + escape(line, 20)) : broken(e);
  }
  for (auto item : object) {
    ondemand::field field;
    if (const auto e = std::move(item).get(field)) return broken(e);
    DELTA_OK(read_member(field, record));
  }
  const char* rest = nullptr;
  if (document_.current_location().get(rest) != simdjson::OUT_OF_BOUNDS) return bad("more than one object on the line");
  return finish(record);
}

// What simdjson found, in words, and where in the line.
Error LineParser::broken(simdjson::error_code code) {
  switch (code) {
    case simdjson::UNCLOSED_STRING:
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
      return bad("the object is cut off");
    case simdjson::UTF8_ERROR:
      return bad("not UTF-8");
    case simdjson::UNESCAPED_CHARS:
      return bad("not JSON: a control character inside a string");
    case simdjson::DEPTH_ERROR:
      return bad("not JSON: nested too deep");
    case simdjson::MEMALLOC:
      return error(ErrorCode::no_memory, "out of memory for a line of " + human_size(line_.size()));
    default:
      break;
  }
  const char* where = nullptr;
  const bool located = document_.is_alive() ? document_.current_location().get(where) == simdjson::SUCCESS : false;
  if (!located || where < line_.data() || where >= line_.data() + line_.size()) return bad("not JSON");
  const auto column = static_cast<std::size_t>(where - line_.data());
  return bad(fmt::format("not JSON at column {}: {}", column + 1, quote(line_.substr(column, 20))));
}

Error LineParser::wrong_kind(Member m, ondemand::value& v, std::string_view wanted) {
  return bad(fmt::format("member '{}': {} is not {}", name_of(m), escape(trimmed(v.raw_json_token()), kShown), wanted));
}

Status LineParser::read_member(ondemand::field& field, Record& r) {
  std::string_view key;
  if (const auto e = field.unescaped_key().get(key)) return broken(e);
  const auto found = std::find(kMembers.begin(), kMembers.end(), key);
  if (found == kMembers.end()) return bad("unknown member " + quote(key, kShown)).with_hint(suggestion(key, kMembers));
  const auto m = static_cast<Member>(found - kMembers.begin());
  if (has(m)) return bad(fmt::format("member '{}' stands twice", key));
  seen_ |= set(m);
  ondemand::value& v = field.value();
  std::uint64_t number = 0;
  switch (m) {
    case Member::type:
      return text(m, v, type_);
    case Member::id:
      return text(m, v, r.id);
    case Member::name_space:
      return text(m, v, r.name_space);
    case Member::dims:
      DELTA_OK(whole(m, v, 1, kMostDims, number));
      r.dims = static_cast<std::uint32_t>(number);
      return {};
    case Member::ts:
      DELTA_OK(time(m, v, r.time));
      tick_of_ts_ = last_written_.tick;
      return {};
    case Member::tick:
      DELTA_OK(whole(m, v, 0, 4095, number));
      r.tick = static_cast<std::uint32_t>(number);
      return {};
    case Member::origin: {
      DELTA_OK(text(m, v, r.origin.emplace()));
      return r.origin->empty() ? Status(bad("member 'origin' is empty")) : Status();
    }
    case Member::seq:
      return whole(m, v, 1, std::numeric_limits<std::uint64_t>::max(), r.seq.emplace());
    case Member::parents:
      return parents(v, r);
    case Member::metadata:
      return object(m, v, r.metadata);
    default:
      return m < Member::deltas ? read_operation_member(m, v, r) : read_commit_member(m, v, r);
  }
}

// What only a commit's line has.
Status LineParser::read_commit_member(Member m, ondemand::value& v, Record& r) {
  switch (m) {
    case Member::given:
      return time(m, v, r.given);
    case Member::properties:
      return object(m, v, r.properties);
    case Member::deltas:
      return whole(m, v, 1, std::numeric_limits<std::uint64_t>::max(), r.deltas);
    case Member::message:
      return text(m, v, r.message);
    case Member::tool:
      return text(m, v, r.tool);
    case Member::source:
      return text(m, v, r.source);
    case Member::trace:
      return text(m, v, r.trace);
    case Member::setting: {
      DELTA_OK(text(m, v, r.setting));
      return r.setting.empty() ? Status(bad("member 'setting' is empty")) : Status();
    }
    default:
      DELTA_CHECK(false);
      return {};
  }
}

Status LineParser::read_operation_member(Member m, ondemand::value& v, Record& r) {
  switch (m) {
    case Member::op:
      return text(m, v, op_);
    case Member::transform:
      return text(m, v, transform_);
    case Member::indices:
      return indices(v, r.indices);
    case Member::factor:
    case Member::amount:
      return value(m, v, r.bits);
    default:
      return values(m, v, r.bits);  // vector, values, args
  }
}

Status LineParser::text(Member m, ondemand::value& v, std::string_view& out) {
  if (const auto e = v.get_string().get(out)) {
    if (e == simdjson::STRING_ERROR) return bad(fmt::format("member '{}': a broken escape in its string", name_of(m)));
    return e == simdjson::INCORRECT_TYPE ? wrong_kind(m, v, "a string") : broken(e);
  }
  return {};
}

Status LineParser::whole(Member m, ondemand::value& v, std::uint64_t least, std::uint64_t most, std::uint64_t& out) {
  if (v.get_uint64().get(out) || out < least || out > most) {
    return wrong_kind(m, v,
                      most == std::numeric_limits<std::uint64_t>::max()
                          ? fmt::format("a whole number from {}", least)
                          : fmt::format("a whole number from {} to {}", least, most));
  }
  return {};
}

Status LineParser::time(Member m, ondemand::value& v, std::optional<Micros>& out) {
  std::string_view written;
  if (auto s = text(m, v, written); !s) {
    return std::move(s).error().with_hint(
        "times are RFC 3339, \"2026-11-12T14:10:29Z\", or \"@1794492629\" for seconds");
  }
  if (last_time_.empty() || written != last_time_) {
    auto parsed = parse_written_time(written, now_);
    if (!parsed) {
      return bad(fmt::format("member '{}': {}", name_of(m), parsed.error().message)).with_hint(parsed.error().hint);
    }
    last_written_ = *parsed;
    last_time_ = written;
  }
  out = last_written_.us;
  return {};
}

Status LineParser::parents(ondemand::value& v, Record& r) {
  ondemand::array array;
  if (v.get_array().get(array)) return wrong_kind(Member::parents, v, "an array of \"origin:seq\"");
  r.has_parents = true;
  for (auto item : array) {
    ondemand::value element;
    if (const auto e = std::move(item).get(element)) return broken(e);
    std::string_view dot;
    DELTA_OK(text(Member::parents, element, dot));
    const std::size_t colon = dot.rfind(':');
    const std::string_view digits = colon == std::string_view::npos ? std::string_view() : dot.substr(colon + 1);
    Record::Parent parent{dot.substr(0, std::min(colon, dot.size())), 0};
    const auto done = std::from_chars(digits.data(), digits.data() + digits.size(), parent.seq);
    if (digits.empty() || digits[0] == '0' || done.ec != std::errc() || done.ptr != digits.data() + digits.size() ||
        parent.origin.empty()) {
      return bad(fmt::format("member 'parents': {} is not \"origin:seq\"", quote(dot, kShown)));
    }
    r.parents.push_back(parent);
  }
  return {};
}

Status LineParser::object(Member m, ondemand::value& v, std::string_view& out) {
  ondemand::object object;
  if (v.get_object().get(object)) return wrong_kind(m, v, "an object");
  if (const auto e = object.raw_json().get(out)) return broken(e);  // its brackets counted, nothing else
  out = trimmed(out);
  return {};
}

Status LineParser::value(Member m, ondemand::value& v, std::vector<std::uint32_t>& out) {
  auto bits = parse_float32(trimmed(v.raw_json_token()));
  if (!bits) {
    Error& e = bits.error();
    return bad(fmt::format("member '{}': {}", name_of(m), e.message)).with_hint(e.hint);
  }
  out.assign(1, *bits);
  return {};
}

// Arrays of numbers are scanned here rather than element by element through simdjson, which takes twice as long; its
// iterator is moved behind the array afterwards. `element` gives the place behind the element at its argument, or null
// where it is for `refusal` to say why not: a Result per element would cost more than the element.
template <class Element, class Refusal>
Status LineParser::scan(Member m, ondemand::value& v, Element element, Refusal refusal) {
  const char* p = v.raw_json_token().data();
  const char* const end = line_.data() + line_.size();
  ondemand::array array;
  if (v.get_array().get(array)) return wrong_kind(m, v, "an array of numbers");
  p = skip_space(p + 1, end);
  for (std::size_t i = 0; p == end || *p != ']' || i != 0; ++i) {
    const char* const next = element(p, end);
    if (next == nullptr) {
      Error e = refusal(element_text(p, end));
      return bad(fmt::format("member '{}', element {}: {}", name_of(m), i, e.message)).with_hint(e.hint);
    }
    p = skip_space(next, end);
    if (p == end || (*p != ',' && *p != ']')) {
      return bad(fmt::format("member '{}': not JSON: ',' or ']' expected behind element {}", name_of(m), i));
    }
    if (*p == ']') break;
    p = skip_space(p + 1, end);
  }
  std::string_view passed;
  if (const auto e = array.raw_json().get(passed)) return broken(e);
  return {};
}

Status LineParser::values(Member m, ondemand::value& v, std::vector<std::uint32_t>& out) {
  out.clear();
  const auto element = [&out](const char* p, const char* end) -> const char* {
    std::uint32_t bits = 0;
    const char* next = scan_float32(p, bits);
    if (next == nullptr) {
      const std::string_view token = element_text(p, end);
      const auto rounded = parse_float32(token);
      if (!rounded) return nullptr;
      bits = *rounded;
      next = p + token.size();
    }
    out.push_back(bits);
    return next;
  };
  return scan(m, v, element, [](std::string_view token) { return parse_float32(token).error(); });
}

Status LineParser::indices(ondemand::value& v, std::vector<std::uint32_t>& out) {
  out.clear();
  const auto element = [&out](const char* p, const char* end) -> const char* {
    std::uint32_t index = 0;
    const auto done = std::from_chars(p, end, index);
    if (done.ec != std::errc() || (*p == '0' && done.ptr != p + 1)) return nullptr;
    const bool ends = done.ptr == end || *done.ptr == ',' || *done.ptr == ']' || is_space(*done.ptr);
    if (!ends) return nullptr;
    out.push_back(index);
    return done.ptr;
  };
  return scan(Member::indices, v, element,
              [](std::string_view token) { return bad(escape(token, kShown) + " is not an index"); });
}

// ---- what the members say together ----

Status LineParser::finish(Record& r) {
  if (r.tick && !r.time) return bad("member 'tick' without 'ts'");
  if (r.time && tick_of_ts_) {
    if (r.tick && *r.tick != *tick_of_ts_) {
      return bad(fmt::format("member 'tick' is {}, and 'ts' says {}", *r.tick, *tick_of_ts_));
    }
    r.tick = tick_of_ts_;
  }
  if (!has(Member::type) || type_ == "delta") return finish_delta(r);
  if (type_ == "namespace") return finish_namespace(r);
  if (type_ != "commit") {
    return bad("unknown type " + quote(type_, kShown))
        .with_hint("types are 'delta' (the default), 'commit' and 'namespace'");
  }
  r.kind = Record::Kind::commit;
  const bool sets = has(Member::setting);
  if (const Members extra = seen_ & ~(sets ? kSettingTakes : kCommitTakes)) {
    return bad("a commit does not take " + listed(extra));
  }
  if (const Members missing = kCommitNeeds & ~seen_) return bad("a commit needs " + listed(missing));
  if (sets && r.deltas != 1) {
    return bad("member 'deltas': a commit with a setting is one delta, not " + std::to_string(r.deltas));
  }
  if (r.deltas - 1 > std::numeric_limits<std::uint64_t>::max() - *r.seq) {
    return bad("member 'deltas' goes beyond the last seq");
  }
  return {};
}

Status LineParser::finish_namespace(Record& r) {
  r.kind = Record::Kind::name_space;
  if (const Members extra = seen_ & ~kNamespaceTakes) return bad("a namespace does not take " + listed(extra));
  if (const Members missing = kNamespaceNeeds & ~seen_) return bad("a namespace needs " + listed(missing));
  return {};
}

Status LineParser::finish_delta(Record& r) {
  static constexpr std::array<std::string_view, 7> names = {"create", "dense",     "sparse", "scale",
                                                            "offset", "transform", "delete"};
  static constexpr std::array<std::string_view, 3> transforms = {"negate", "abs", "clamp"};
  // What the line says it is, for messages only: nothing is formatted for a good line.
  const auto what = [this] {
    return !has(Member::op)     ? std::string(has(Member::metadata) ? "metadata alone, or a whole vector (no 'op'),"
                                                                    : "a whole vector (no 'op')")
           : op_ == "transform" ? fmt::format("transform '{}'", transform_)
                                : fmt::format("op '{}'", op_);
  };
  const bool alone = !has(Member::op) && !has(Member::vector) && has(Member::metadata);
  Members needs = alone ? 0 : set(Member::vector);
  if (!has(Member::op) && has(Member::vector) && r.bits.empty()) return bad("a vector needs one dimension at least");
  if (has(Member::op)) {
    const bool transform = op_ == "transform";
    if (transform && !has(Member::transform)) return bad("op 'transform' needs 'transform'");
    const std::string_view name = transform ? transform_ : op_;
    const OpInfo* const first = transform ? kTransforms.begin() : kOps.begin();
    const OpInfo* const last = transform ? kTransforms.end() : kOps.end();
    const OpInfo* const found = std::find_if(first, last, [&](const OpInfo& o) { return o.name == name; });
    if (found == last) {
      return transform ? bad("unknown transform " + quote(name, kShown)).with_hint(suggestion(name, transforms))
                       : bad("unknown op " + quote(name, kShown)).with_hint(suggestion(name, names));
    }
    r.op = found->op;
    needs = found->needs;
    if (r.op == Operation::create && has(Member::dims) && !has(Member::vector)) needs = kSparseCreateNeeds;
  }
  if (const Members extra = seen_ & ~(kAnyDelta | needs)) return bad(what() + " does not take " + listed(extra));
  if (const Members missing = (needs | set(Member::id)) & ~seen_) return bad(what() + " needs " + listed(missing));
  if (r.op == Operation::clamp && r.bits.size() != 2) {
    return bad("member 'args': clamp takes 2, lo and hi, not " + std::to_string(r.bits.size()));
  }
  return has(Member::indices) ? finish_sparse(r) : Status();
}

// As many values as indices, in order of index, each index once.
Status LineParser::finish_sparse(Record& r) {
  if (r.indices.size() != r.bits.size()) {
    return bad(fmt::format("{} but {}", plural(r.indices.size(), "index", "indices"), plural(r.bits.size(), "value")));
  }
  const auto unordered = [](std::uint32_t a, std::uint32_t b) { return a >= b; };
  if (std::adjacent_find(r.indices.begin(), r.indices.end(), unordered) == r.indices.end()) return {};
  pairs_.clear();
  for (std::size_t i = 0; i < r.indices.size(); ++i) pairs_.emplace_back(r.indices[i], r.bits[i]);
  std::sort(pairs_.begin(), pairs_.end());
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    if (i != 0 && pairs_[i].first == pairs_[i - 1].first) {
      return bad(fmt::format("member 'indices': {} stands twice", pairs_[i].first));
    }
    r.indices[i] = pairs_[i].first;
    r.bits[i] = pairs_[i].second;
  }
  return {};
}

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

}  // namespace

// ---- the reader ----

struct NdjsonReader::State {
  State(std::unique_ptr<ByteStream> stream, const NdjsonOptions& options)
      : lines(std::move(stream), options.max_line), parser(options.now) {}
  LineReader lines;
  LineParser parser;
  std::optional<std::string_view> text;
};

NdjsonReader::NdjsonReader(std::unique_ptr<ByteStream> stream, const NdjsonOptions& options)
    : state_(std::make_unique<State>(std::move(stream), options)) {}
NdjsonReader::NdjsonReader(NdjsonReader&&) noexcept = default;
NdjsonReader::~NdjsonReader() = default;

bool NdjsonReader::ready() const { return state_->lines.ready(); }
std::uint64_t NdjsonReader::line() const { return state_->lines.number(); }
std::optional<std::string_view> NdjsonReader::text() const { return state_->text; }
const std::string& NdjsonReader::name() const { return state_->lines.name(); }

Result<bool> NdjsonReader::next(Record& record) {
  for (;;) {
    state_->text.reset();
    auto next_line = state_->lines.next();
    if (!next_line) {
      if (next_line.error().code == ErrorCode::limit) state_->text = "";
      return std::move(next_line).error();
    }
    if (!*next_line) return false;
    const std::string_view line = **next_line;
    if (is_blank(line)) continue;
    state_->text = line;
    if (auto read = state_->parser.parse(line, record); !read) {
      return std::move(read).error().in(name()).at("line " + std::to_string(this->line()));
    }
    return true;
  }
}

}  // namespace delta::formats
