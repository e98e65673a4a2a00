// Facts as values: a kind's number and its message as a payload.
#pragma once

#include <cstdint>
#include <string>

#include "google/protobuf/message_lite.h"
#include "services/base/fact.h"
#include "tandem/exchange/v1/facts.pb.h"

namespace tandem::exchange {

// The field numbers of v1::Fact. Stored: never renumber.
enum class FactKind : std::uint32_t {
  kItemsRegistered = 16,
  kItemClosed = 17,
  kLocationsRegistered = 18,
  kLocationClosed = 19,
  kEventsPut = 20,
  kPromotionsPut = 21,
  kPlanPut = 22,
  kSeriesReported = 23,
  kPricesReported = 24,
  kBatchClosed = 25,
  kBatchRetracted = 26,
  kSeriesFolded = 27,
};

inline base::Fact MakeFact(FactKind kind, const google::protobuf::MessageLite& message) {
  return {.kind = static_cast<std::uint32_t>(kind),
          .payload = message.SerializeAsString(),
          .packed = kind == FactKind::kSeriesReported || kind == FactKind::kPricesReported};
}

}  // namespace tandem::exchange
