// The program's own log: one JSON object a line on standard error, with trace ids. It tells of
// calls, never of trade: no names of items, no quantities, no payloads, no certificates.
//
//   LogLine(LogLevel::kWarning, "store stopped", {{"cause", status.message()}});
//   {"time":"2026-11-02T09:00:00.123Z","level":"warning","event":"store stopped","cause":"..."}
#pragma once

#include <initializer_list>
#include <string_view>

#include "absl/status/statusor.h"
#include "services/base/reason.h"

namespace tandem::runtime {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// "debug", "info", "warning", "error". kInvalidArgument / UNKNOWN_ENUM naming `field` otherwise.
absl::StatusOr<LogLevel> ParseLogLevel(std::string_view field, std::string_view name);

// What is below the level is dropped. At the start, before threads; kInfo before the first call.
// Also sends gRPC's own messages here: its errors as warnings, the rest as debug.
void StartLogging(LogLevel level);
// Whether a line of this level would be written: ask before working for one.
bool Logs(LogLevel level);
// Writes one line. Safe on any thread; writes at once, so not for hot paths above kDebug.
void LogLine(LogLevel level, std::string_view event,
             std::initializer_list<base::Detail> fields = {}, std::string_view trace_id = {});

}  // namespace tandem::runtime
