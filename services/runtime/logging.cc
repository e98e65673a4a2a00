#include "services/runtime/logging.h"

#include <memory>
#include <string>

#include "grpc/support/log.h"
#include "nlohmann/json.hpp"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

namespace tandem::runtime {
namespace {

spdlog::level::level_enum LevelOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

spdlog::logger& Logger() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made = std::make_shared<spdlog::logger>("tandem",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    // spdlog writes time and level, we the rest of the object.
    made->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v)",
                      spdlog::pattern_time_type::utc);
    made->set_level(spdlog::level::info);
    return made;
  }();
  return *logger;
}

// Other people's bytes may be no UTF-8: they are replaced, never thrown at.
std::string Quoted(std::string_view text) {
  return nlohmann::json(std::string(text))
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void FromGrpc(gpr_log_func_args* args) {
  const bool error = args->severity == GPR_LOG_SEVERITY_ERROR;
  LogLine(error ? LogLevel::kWarning : LogLevel::kDebug, "grpc", {{"message", args->message}});
}

}  // namespace

absl::StatusOr<LogLevel> ParseLogLevel(std::string_view field, std::string_view name) {
  if (name == "debug") return LogLevel::kDebug;
  if (name == "info") return LogLevel::kInfo;
  if (name == "warning") return LogLevel::kWarning;
  if (name == "error") return LogLevel::kError;
  return base::RefuseField(base::Reason::kUnknownEnum, field,
                           "is one of debug, info, warning, error");
}

void StartLogging(LogLevel level) {
  Logger().set_level(LevelOf(level));
  gpr_set_log_function(FromGrpc);
  gpr_set_log_verbosity(level == LogLevel::kDebug ? GPR_LOG_SEVERITY_INFO : GPR_LOG_SEVERITY_ERROR);
}

bool Logs(LogLevel level) { return Logger().should_log(LevelOf(level)); }

void LogLine(LogLevel level, std::string_view event, std::initializer_list<base::Detail> fields,
             std::string_view trace_id) {
  if (!Logs(level)) return;
  std::string line = "\"event\":" + Quoted(event);
  for (const base::Detail& field : fields) {
    line += "," + Quoted(field.key) + ":" + Quoted(field.value);
  }
  if (!trace_id.empty()) line += ",\"trace_id\":" + Quoted(trace_id);
  line += "}";
  Logger().log(LevelOf(level), "{}", line);
}

}  // namespace tandem::runtime
