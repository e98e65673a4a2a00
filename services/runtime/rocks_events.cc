#include "services/runtime/rocks_events.h"

#include <array>
#include <cstdarg>
#include <cstdio>
#include <utility>

namespace tandem::runtime {
namespace {

class RocksMessages final : public rocksdb::Logger {
 public:
  explicit RocksMessages(std::function<void(std::string_view)> tell)
      : Logger(rocksdb::InfoLogLevel::WARN_LEVEL), tell_(std::move(tell)) {}

  using Logger::Logv;
  // Headers, with the options, at each start.
  void LogHeader(const char* /*format*/, va_list /*arguments*/) override {}
  void Logv(const rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
    if (level == rocksdb::InfoLogLevel::HEADER_LEVEL || level < GetInfoLogLevel()) return;
    Logv(format, arguments);
  }
  void Logv(const char* format, va_list arguments) override {
    if (!tell_) return;
    std::array<char, 1024> line{};
    const int length = std::vsnprintf(line.data(), line.size(), format, arguments);
    if (length <= 0) return;
    std::string_view text(line.data());  // Cut where it is longer.
    while (text.ends_with('\n')) text.remove_suffix(1);
    tell_(text);
  }

 private:
  const std::function<void(std::string_view)> tell_;
};

class NoRecoveryOfWrites final : public rocksdb::EventListener {
 public:
  const char* Name() const override { return "tandem"; }
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason reason, rocksdb::Status /*error*/,
                            bool* auto_recovery) override {
    if (reason == rocksdb::BackgroundErrorReason::kWriteCallback) *auto_recovery = false;
  }
};

}  // namespace

std::shared_ptr<rocksdb::Logger> MakeRocksMessages(std::function<void(std::string_view)> tell) {
  return std::make_shared<RocksMessages>(std::move(tell));
}

std::shared_ptr<rocksdb::EventListener> MakeRocksListener() {
  return std::make_shared<NoRecoveryOfWrites>();
}

}  // namespace tandem::runtime
