// Who may see what, as every service asks it: one lookup a record, O(1) in the number of
// agreements. The runtime's replica of governance implements it; tests use a table.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/base/reason.h"

namespace tandem::base {

// The kinds of data that an agreement can share. The numbers are those of
// tandem.governance.v1.DataKind. Stored: never renumber.
enum class DataKind : std::uint8_t {
  kUnspecified = 0,
  kItems = 1,
  kLocations = 2,
  kSales = 3,
  kStock = 4,
  kPrices = 5,
  kPromotions = 6,
  kEvents = 7,
  kPlans = 8,
  kForecasts = 9,
};

// The items of one owner that one viewer may see at one location for one kind of data.
class GrantedItems {
 public:
  virtual ~GrantedItems() = default;
  virtual bool Contains(std::string_view item) const = 0;
  virtual bool empty() const = 0;
};

// An agreement in force, as far as other services need it.
struct AgreementTerms {
  struct ItemScope {
    std::string owner{};                   // Whose items and locations.
    std::vector<std::string> items{};      // Ids in the owner's register, ascending.
    std::vector<std::string> locations{};  // The same.
  };
  std::string relation{};  // The id of the agreement and its successors.
  std::uint32_t version = 0;
  std::vector<std::string> parties{};
  std::vector<ItemScope> scopes{};
  std::int32_t horizon_days = 0;
  std::int32_t bucket_days = 0;       // Of a forecast: 1 or 7.
  std::string lead_sales_forecast{};  // The party that leads the sales forecast; "" for any.
  std::string lead_order_forecast{};  // The same.
  bool revoked = false;
};

// The viewer that a break-glass stands for is this and its id; no firm has such an id.
inline constexpr std::string_view kBreakGlassViewer = "break-glass/";
inline std::string BreakGlassViewer(std::string_view id) {
  return std::string(kBreakGlassViewer).append(id);
}

// A viewer is a firm's id, or a BreakGlassViewer: that one may see what the agreement of its
// break-glass, in force, grants to any of the parties, and is as a party of that relation, for as
// long as the break-glass stands. Every method is safe on any thread, never waits, and answers from
// one consistent state of the replica. A firm's own data is always readable to it (viewer ==
// owner).
class Grants {
 public:
  virtual ~Grants() = default;

  // OK; PERMISSION_DENIED / NOT_GRANTED; or UNAVAILABLE / GRANTS_STALE where the replica has not
  // heard from governance in time (design, section 6). At most 5 microseconds.
  virtual absl::Status Check(std::string_view viewer, std::string_view owner, DataKind kind,
                             std::string_view item, std::string_view location) const = 0;

  // For bulk reads: one look-up a location, then one a row. Never null; errors as Check's, but an
  // empty set is OK. The set stays valid and unchanged for as long as it is held: hold it for one
  // hand-over to the transport, not longer.
  virtual absl::StatusOr<std::shared_ptr<const GrantedItems>> ItemsAt(
      std::string_view viewer, std::string_view owner, DataKind kind,
      std::string_view location) const = 0;

  // OK if the viewer may read the relation's joint records: it was ever a party, and the agreement
  // has not ended for longer than the retention that was signed. PERMISSION_DENIED /
  // RETENTION_ENDED then, NOT_GRANTED for others (hidden and absent answer alike), or GRANTS_STALE
  // where the replica may not have heard of the relation yet.
  virtual absl::Status CheckJoint(std::string_view viewer, std::string_view relation) const = 0;

  // The agreement's newest signed version. PERMISSION_DENIED / NOT_GRANTED if the viewer is no
  // party or the relation does not exist (hidden and absent answer alike); GRANTS_STALE as above.
  virtual absl::StatusOr<std::shared_ptr<const AgreementTerms>> TermsOf(
      std::string_view viewer, std::string_view relation) const = 0;

  // OK if the owner of the inputs grants this derivation by name ("forecast") to every party of the
  // relation, or every party may read all the inputs.
  virtual absl::Status CheckDerivation(std::string_view relation, std::string_view owner,
                                       std::string_view derivation) const = 0;

  // Firms other than the owner that hold a grant on this kind of the owner's data at the location
  // ("": at any), ascending. Costs a look-up a firm that trades with the owner: who asks for every
  // fact keeps the answer for as long as version() stands.
  virtual std::vector<std::string> ViewersOf(std::string_view owner, DataKind kind,
                                             std::string_view location) const = 0;
  // The parties of a relation, ascending; empty if it does not exist.
  virtual std::vector<std::string> PartiesOf(std::string_view relation) const = 0;

  // The number of the last fact of governance that is in the replica.
  virtual std::uint64_t version() const = 0;
};

// Whether a party's time to read the relation's joint records is over. What the replica has not
// heard of yet is not: a fact says by itself whose it is.
inline bool RetentionEnded(const Grants& grants, std::string_view viewer,
                           std::string_view relation) {
  return ReasonOf(grants.CheckJoint(viewer, relation)) == Reason::kRetentionEnded;
}

}  // namespace tandem::base
