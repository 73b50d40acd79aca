// What every opening of a log through its index has in common: whether there is one that can be used, and what is said
// if not.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "delta/finding.hpp"
#include "delta/log.hpp"
#include "store/index_file.hpp"

namespace delta::store {

struct Narrowed {
  std::optional<Log> log = {};         // none: to be opened as always,
  std::optional<Finding> notice = {};  // and why, if it has an index
};
/// Opens what of a log is wanted. None: the index cannot tell. Errors that name a file are of the log; corrupt, without
/// a file: the index is not of this log, or damaged.
using OpenPart =
    std::function<Result<std::optional<Log>>(const std::shared_ptr<const ByteSource>& file, const LookupIndex& index)>;
/// Calls `open` with an index that is whole, linear, and in which each namespace has one dimension count. Errors: those
/// of the system.
Result<Narrowed> open_indexed(const std::string& path, const OpenPart& open);

/// One log by `narrow`, if that opens it; else by `open`, which is told whether indexes may be of use to it. Why one
/// was not used is in notices().
Result<Log> open_or_all(std::span<const std::string> paths,
                        const std::function<Result<Narrowed>(const std::string& path)>& narrow,
                        const std::function<Result<Log>(bool usable)>& open);

/// That the index of a log is not used: it is worth this.
Finding unused_index(const std::string& log, IndexState::Kind kind);

}  // namespace delta::store
