// PROPS and IDS: what the numbers of a segment stand for.
#include <algorithm>
#include <array>
#include <span>

#include "format/table_parts.hpp"
#include "format/tables.hpp"

namespace delta::format {

Load load_of(const Props& props) {
  Load load{props.namespaces.size() + props.origins.size(), 0, 0};
  for (const auto& ns : props.namespaces) load.text += ns.name.size();
  for (const auto& name : props.origins) load.text += name.size();
  return load;
}

void write_props(const Props& props, Buffer& buffer) {
  Writer out(buffer);
  out.varint(props.namespaces.size());
  for (const auto& ns : props.namespaces) {
    out.text(ns.name);
    out.varint(ns.dims);
  }
  out.varint(props.origins.size());
  for (const auto& name : props.origins) out.text(name);
}

Status read_props(ByteView payload, std::uint32_t count, Props& props, std::uint64_t stored) {
  Reader in(payload);
  const Load most = most_in(FrameType::props, payload, stored);
  if (count > most.count || payload.size() > most.text + 16 * most.count) {
    return bad("PROPS: more names than its bytes may hold");
  }
  const auto namespaces = in.varint();
  if (!believable(namespaces, in) || namespaces > count) return bad("PROPS: more namespaces than bytes");
  for (std::uint64_t i = 0; i < namespaces && in.ok(); ++i) {
    std::string name(in.text(kMaxNameBytes));
    const auto dims = in.bounded(kMostDims);
    if (dims == 0) in.fail();
    props.namespaces.push_back({std::move(name), static_cast<std::uint32_t>(dims)});
  }
  const auto origins = in.varint();
  if (!believable(origins, in) || origins > count) return bad("PROPS: more origins than bytes");
  for (std::uint64_t i = 0; i < origins && in.ok(); ++i) props.origins.emplace_back(in.text(kMaxNameBytes));
  if (!in.done() || namespaces + origins != count) return bad("PROPS: malformed");
  return {};
}

Load load_of(const Ids& ids) {
  Load load{ids.ids.size(), 0, 0};
  for (const auto& id : ids.ids) load.text += id.size();
  return load;
}

// Front coding against the previous id of the frame: three streams, so that the payload's compression sees like beside
// like.
void write_ids(const Ids& ids, Buffer& buffer) {
  Writer out(buffer);
  std::uint32_t begin = 0;
  for (const Owners::Run& run : ids.owners.runs()) {
    out.varint(index(run.ns));
    out.varint(run.end - std::exchange(begin, run.end));
  }
  std::vector<std::size_t> shared(ids.ids.size());
  for (std::size_t i = 1; i < shared.size(); ++i) {
    const auto& a = ids.ids[i - 1];
    const auto& b = ids.ids[i];
    shared[i] = static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
  }
  for (const auto n : shared) out.varint(n);
  for (std::size_t i = 0; i < shared.size(); ++i) out.varint(ids.ids[i].size() - shared[i]);
  for (std::size_t i = 0; i < shared.size(); ++i) out.raw(bytes_of(ids.ids[i].substr(shared[i])));
}

namespace {

/// `keep`: of the place of an id and the id, whether it is wanted. `all`: it always is.
template <class Keep>
Status read_some_ids(ByteView payload, std::uint32_t count, std::uint32_t namespaces, bool all, const Keep& keep,
                     Ids& ids, std::uint64_t stored) {
  Reader in(payload);
  const Load most = most_in(FrameType::ids, payload, stored);
  if (count > most.count) return bad("IDS: more ids than its bytes may hold");
  if (!believable(2 * std::uint64_t{count}, in)) return bad("IDS: more ids than bytes");
  while (in.ok() && ids.owners.size() < count) {
    const auto ns = in.varint();
    const auto run = in.bounded(count - ids.owners.size());
    if (ns >= namespaces || run == 0) return bad("IDS: unknown namespace or empty run");
    if (ids.owners.size() > 0 && index(ids.owners.runs().back().ns) == ns)
      return bad("IDS: a run of one namespace is split");
    ids.owners.add(nth<SegmentNamespace>(ns), static_cast<std::uint32_t>(run));
  }
  std::vector<std::uint16_t> shared(count), rest(count);
  std::uint64_t total = 0;
  for (auto& n : shared) n = static_cast<std::uint16_t>(in.bounded(kMaxIdBytes));
  for (auto& n : rest) n = static_cast<std::uint16_t>(in.bounded(kMaxIdBytes));
  std::uint32_t before = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto size = std::uint32_t{shared[i]} + rest[i];
    if (shared[i] > before || size == 0 || size > kMaxIdBytes) return bad("IDS: impossible lengths");
    total += before = size;
  }
  if (total > most.text) return bad("IDS: more text than its bytes may hold");
  ids.text.reserve(total);  // views into it must stay
  if (all) ids.ids.reserve(count);
  std::array<char, kMaxIdBytes> id;
  std::size_t size = 0;
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    const std::string_view suffix = text_of(in.raw(rest[i]));
    // One way to write an id: all that can be shared is.
    if (!suffix.empty() && shared[i] < size && id[shared[i]] == suffix.front()) {
      return bad("IDS: shared prefix not maximal");
    }
    std::ranges::copy(suffix, id.begin() + shared[i]);
    size = shared[i] + suffix.size();
    if (!all && !keep(i, std::string_view(id.data(), size))) continue;
    const std::size_t start = ids.text.size();
    ids.text.insert(ids.text.end(), id.begin(), id.begin() + static_cast<std::ptrdiff_t>(size));
    ids.ids.push_back({ids.text.data() + start, size});
    if (!all) ids.places.push_back(i);
  }
  if (!in.done()) return bad("IDS: malformed");
  return {};
}

}  // namespace

Status read_ids(ByteView payload, std::uint32_t count, std::uint32_t namespaces, const IdSet* wanted, Ids& ids,
                std::uint64_t stored) {
  const auto keep = [wanted](std::uint32_t, std::string_view id) { return wanted->contains(id); };
  return read_some_ids(payload, count, namespaces, wanted == nullptr, keep, ids, stored);
}

Status read_ids_at(ByteView payload, std::uint32_t count, std::uint32_t namespaces,
                   std::span<const std::uint32_t> places, Ids& ids, std::uint64_t stored) {
  auto next = places.begin();
  const auto keep = [&next, end = places.end()](std::uint32_t place, std::string_view) {
    if (next == end || *next != place) return false;
    ++next;
    return true;
  };
  return read_some_ids(payload, count, namespaces, false, keep, ids, stored);
}

}  // namespace delta::format
