// Lines point into what was read; a record that is to outlive them takes its texts over.
#include <cstddef>
#include <string_view>

#include "formats/ndjson.hpp"

namespace delta::formats {

void Record::clear() {
  kind = Record::Kind::delta;
  id = name_space = metadata = message = tool = source = trace = setting = properties = {};
  op.reset();
  time.reset();
  given.reset();
  tick.reset();
  origin.reset();
  seq.reset();
  has_parents = false;
  parents.clear();
  deltas = 0;
  indices.clear();
  bits.clear();
  dims.reset();
}

void OwnedRecord::own() {
  text.clear();
  std::size_t size = 0;
  const auto each = [this](auto use) {
    Record& r = record;
    for (std::string_view* view :
         {&r.id, &r.name_space, &r.metadata, &r.message, &r.tool, &r.source, &r.trace, &r.setting, &r.properties}) {
      use(*view);
    }
    if (r.origin) use(*r.origin);
    for (Record::Parent& parent : r.parents) use(parent.origin);
  };
  each([&size](const std::string_view& view) { size += view.size(); });
  text.reserve(size);  // so that nothing moves
  each([this](std::string_view& view) {
    const std::size_t at = text.size();
    text += view;
    view = std::string_view(text).substr(at);
  });
}

std::size_t OwnedRecord::bytes() const { return text.size() + 4 * (record.bits.size() + record.indices.size()); }

}  // namespace delta::formats
