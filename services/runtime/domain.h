// What a service gives the runtime: how its facts change rows, and what firms may see of them.
// Pure: the runtime calls it from the slot, from feeds and on replay.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "services/base/fact.h"
#include "services/base/grants.h"
#include "services/base/rows.h"

namespace tandem::runtime {

// Whom a fact concerns; the feed routes by it, so that no feed looks at what others own.
struct Audience {
  // Shared data: its owner sees all of it, and ViewersOf(owner, kind, location) see what View cuts
  // out. The location narrows whom a feed asks about; "" where the fact is not about just one.
  std::string owner{};
  base::DataKind kind = base::DataKind::kUnspecified;
  std::string location{};
  // Joint records: these firms see it, granted or not.
  std::vector<std::string> parties{};
};

// A fact as one firm may see it.
struct ViewedFact {
  std::string type_name{};  // Full name of the message: "tandem.exchange.v1.SalesReported".
  std::string payload{};    // Its bytes.
  std::string relation{};   // The agreement it was seen under or belongs to; "" for own data.
};

class Domain {
 public:
  virtual ~Domain() = default;
  virtual base::DomainId id() const = 0;
  // How many slots it has; fixed when the network is made.
  virtual std::uint16_t slots() const = 0;

  // OK if this build can read the fact: known kind, known schema version, payload parses. Otherwise
  // kDataLoss, and the slot halts: it is never skipped.
  virtual absl::Status CheckReadable(const base::FactRecord& record) const = 0;
  // Stores what was decided. Never refuses, no clock, no I/O. Called once a fact in the log's
  // order, after CheckReadable. The runtime's own kinds (below kDomainKindFirst) never come here.
  virtual void Apply(const base::FactRecord& record, base::Rows& rows) const = 0;

  virtual Audience AudienceOf(const base::FactRecord& record) const = 0;
  // The fact cut to what `viewer` may see now; nullopt if that is nothing. GRANTS_STALE where the
  // grants cannot be trusted at the moment: the feed tries again later.
  virtual absl::StatusOr<std::optional<ViewedFact>> View(const base::FactRecord& record,
                                                         std::string_view viewer,
                                                         const base::Grants& grants) const = 0;
};

}  // namespace tandem::runtime
