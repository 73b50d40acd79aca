// Namespaces that exist with several dimension counts, for the readers of a log and for verify.
#pragma once

#include <vector>

#include "delta/conflicts.hpp"
#include "store/union.hpp"

namespace delta::ops {

/// delta::namespace_conflicts() of a log that is being put together.
Result<std::vector<NamespaceConflict>> namespace_conflicts(const store::Union& log);

}  // namespace delta::ops
