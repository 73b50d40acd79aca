// Any text as a policy: refused with a reason, or read, and then written in a form that is read back to the same rules.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "delta/catalog.hpp"
#include "delta/policy.hpp"
#include "delta/text.hpp"

using namespace delta;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto policy = Policy::parse({reinterpret_cast<const char*>(data), size});
  if (!policy) {
    if (policy.error().message.empty()) std::abort();
    return 0;
  }
  const std::string text = policy->text();
  if (!valid_utf8(text) || has_control(text)) std::abort();
  const auto again = Policy::parse(text);
  if (!again || again->text() != text || again->rules().size() != policy->rules().size()) std::abort();
  Catalog catalog;
  const Candidate candidates[] = {{CommitNo{0}, 1, {Timestamp::of(1), catalog.add_origin("a"), 1}, 0x3f800000},
                                  {CommitNo{1}, 1, {Timestamp::of(2), catalog.add_origin("b"), 1}, 0xff812345}};
  for (const char* ns : {"", "n"}) {
    for (const std::uint32_t dim : {0u, 1u, 65535u}) {
      const auto* a = policy->strategy(ns, dim);
      const auto* b = again->strategy(ns, dim);
      if ((a == nullptr) != (b == nullptr)) std::abort();
      if (!a) continue;
      const Resolution x = a->resolve(candidates, catalog), y = b->resolve(candidates, catalog);
      if (x.bits != y.bits || x.chosen != y.chosen) std::abort();
    }
  }
  return 0;
}
