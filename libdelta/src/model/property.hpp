// What a log says of its namespaces, at a cut.
#pragma once

#include <vector>

#include "delta/property.hpp"
#include "model/fold.hpp"

namespace delta::model {

/// See delta::properties_of().
Result<std::vector<NamespaceProperty>> properties_at(const Catalog& catalog, const History& history, const Cut& cut);

}  // namespace delta::model
