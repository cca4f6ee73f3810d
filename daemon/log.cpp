#include "daemon/log.h"

#include <atomic>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "daemon/reply_fields.h"

namespace maillage::daemon {
namespace {

constexpr std::size_t kValueBytesMax = 512;  // a line that journald does not split
constexpr std::string_view kLevelNames[] = {"debug", "info", "warning", "error"};

std::atomic<LogFormat> g_format{LogFormat::kText};

spdlog::level::level_enum level_of(LogLevel level) {
  constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                                                   spdlog::level::err};
  return kLevels[static_cast<std::size_t>(level)];
}

spdlog::logger& logger() {
  static spdlog::logger instance("maillage", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  return instance;
}

void set_pattern(LogFormat format) {
  logger().set_pattern(format == LogFormat::kJson ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ",%v})" : "time=%Y-%m-%dT%H:%M:%S.%eZ %v",
                       spdlog::pattern_time_type::utc);
}

bool plain(std::string_view value) {
  for (unsigned char c : value)
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f) return false;
  return !value.empty();
}

std::string quoted(std::string_view value) {
  return boost::json::serialize(boost::json::string_view(value.data(), value.size()));
}

}  // namespace

std::string log_line(LogFormat format, LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  bool json = format == LogFormat::kJson;
  std::string line;
  auto add = [&](std::string_view key, std::string_view written) {
    std::string value = fit_for_terminal(written.substr(0, kValueBytesMax));  // names and reasons come from strangers
    if (!line.empty()) line += json ? "," : " ";
    line += json ? quoted(key) + ":" : std::string(key) + "=";
    line += !json && plain(value) ? value : quoted(value);
  };
  add("level", kLevelNames[static_cast<std::size_t>(level)]);
  add("event", event);
  for (const LogField& field : fields) add(field.key, field.value);
  return line;
}

void open_log(const LogConfig& config) {
  g_format = config.format;
  set_pattern(config.format);
  logger().set_level(level_of(config.level));
  logger().flush_on(spdlog::level::info);
}

void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  static const bool patterned = (set_pattern(g_format), true);
  (void)patterned;
  if (!logger().should_log(level_of(level))) return;
  logger().log(level_of(level), spdlog::string_view_t("{}"), log_line(g_format, level, event, fields));
}

}  // namespace maillage::daemon
