// Copies of one origin that went apart, brought together: all but one of them get a name of their own.
#pragma once

#include <memory>
#include <vector>

#include "delta/file.hpp"
#include "delta/finding.hpp"
#include "delta/result.hpp"

namespace delta::ops {

/// Replaces files of logs by others that hold the same commits, except those of forked origins that are renamed
/// (MergeOptions::rename_forks). What was renamed is a notice each. Files without such commits stay. A copy that lacks
/// commits which the renamed ones had seen is refused.
Status rename_forks(std::vector<std::shared_ptr<const ByteSource>>& files, unsigned threads,
                    std::vector<Finding>& notices);

}  // namespace delta::ops
