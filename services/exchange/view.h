// What a fact touches and who may see what of it, for feeds (runtime/domain.h has the frame). Pure.
//
// A view holds nothing that depends on rows of items that are not granted: no counts, no numbers of
// streams or blocks, no days of others' items. So two histories that differ only there look the
// same.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "services/base/fact.h"
#include "services/base/grants.h"
#include "services/exchange/model.h"
#include "services/exchange/registers.h"
#include "tandem/exchange/v1/exchange.pb.h"

namespace tandem::exchange {

// Whose data a fact is, and which kind; an empty owner: nobody's in a feed. The location is ""
// where the fact is not about just one.
struct Touch {
  std::string owner{};
  base::DataKind kind = base::DataKind::kUnspecified;
  std::string location{};
};
Touch TouchOf(const base::FactRecord& record);

// A message's full name and bytes.
struct Seen {
  std::string type_name{};
  std::string payload{};
};

// The fact cut to what the viewer may see now; nullopt if that is nothing. The record has passed
// CheckReadable. Errors: GRANTS_STALE as Grants; kUnavailable / POSITION_NOT_REACHED where the
// registers do not have the fact's items yet.
absl::StatusOr<std::optional<Seen>> ViewOf(const base::FactRecord& record, std::string_view viewer,
                                           const base::Grants& grants, const Registers& registers);

// Records cut to what a firm may see now; nullopt if that is nothing. An owner sees its own whole.
// The item as `viewer` may see it: others than its owner see neither the register's number (it
// tells how many items the owner has) nor what other firms than themselves call it (it tells who
// else deals in it).
v1::Item CutItem(v1::Item item, std::string_view owner, std::string_view viewer);
absl::StatusOr<std::optional<v1::Event>> CutEvent(const v1::Event& event, std::string_view owner,
                                                  std::string_view firm,
                                                  const base::Grants& grants);
absl::StatusOr<std::optional<v1::Promotion>> CutPromotion(const v1::Promotion& promotion,
                                                          const Place& place, std::string_view firm,
                                                          const base::Grants& grants);
absl::StatusOr<std::optional<v1::Plan>> CutPlan(const v1::Plan& plan, std::string_view owner,
                                                std::string_view firm, const base::Grants& grants);

}  // namespace tandem::exchange
