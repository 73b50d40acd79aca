#include "delta/finding.hpp"

namespace delta {

std::string_view verdict_name(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::ok:
      return "ok";
    case Verdict::unlinked:
      return "unlinked";
    case Verdict::pruned:
      return "pruned";
    case Verdict::ahead:
      return "ahead";
    case Verdict::redundant:
      return "redundant";
    case Verdict::ignored:
      return "ignored";
    case Verdict::lost:
      return "lost";
    case Verdict::conflict:
      return "conflict";
    case Verdict::pending:
      return "pending";
    case Verdict::unsealed:
      return "unsealed";
    case Verdict::torn:
      return "torn";
    case Verdict::empty:
      return "empty";
    case Verdict::trailer:
      return "trailer";
    case Verdict::damaged_tail:
      return "damaged tail";
    case Verdict::unsupported:
      return "unsupported";
    case Verdict::invalid:
      return "invalid";
    case Verdict::late:
      return "late";
    case Verdict::forked:
      return "forked";
    case Verdict::corrupt:
      return "corrupt";
    case Verdict::foreign:
      return "foreign";
  }
  return "unknown";
}

}  // namespace delta
