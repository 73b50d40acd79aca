// The forms of a report that machines read. Each is whole text, with a line end at its end.
#pragma once

#include <span>
#include <string>

#include "verdicts/report.hpp"

namespace deltalog::verdicts {

/// Hits of a rule that a form names. What is left out is counted, and the form says so.
inline constexpr std::size_t kMostHits = 100;
/// The first of them.
std::span<const Hit> shown(const Judgement& judgement);
std::size_t left_out(const Judgement& judgement);

/// NDJSON: formats/spec/json-output-1.md. All hits but those of contracts.
std::string json_report(const Report& report);
/// A test suite for each kind of rule, a test case for each rule. What stopped the check is an error.
std::string junit_report(const Report& report);
/// SARIF 2.1.0.
std::string sarif_report(const Report& report);
/// Workflow commands of GitHub Actions.
std::string github_report(const Report& report);
/// The code quality report of GitLab.
std::string gitlab_report(const Report& report);
/// TAP version 13.
std::string tap_report(const Report& report);
/// A table for a summary page.
std::string markdown_report(const Report& report);

}  // namespace deltalog::verdicts
