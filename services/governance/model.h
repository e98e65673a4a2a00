// Governance's state: firms, their principals, and agreements; and Apply, which folds facts into
// it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/base/fact.h"
#include "services/base/rows.h"
#include "tandem/governance/v1/governance.pb.h"

namespace tandem::governance {

// The id of the network's operator; no firm may have it.
inline constexpr char kOperatorFirm[] = "operator";

struct Firm {
  std::string id{};
  std::string display_name{};
  std::string gln{};
  std::vector<std::string> authority_pems{};
  bool suspended = false;
  absl::Time create_time{};
  std::uint64_t revision = 0;  // Changes so far, its principals' too; the etag.
};

struct Principal {
  std::string id{};
  std::vector<v1::Role> roles{};  // Never empty: without roles there is no row.
};

struct Signature {
  std::string party{};  // Firm id.
  std::string principal{};
  absl::Time sign_time{};
};

// A relation: an agreement with its versions and its open offer. The terms' bytes have rows of
// their own (codec.h), so that a list does not read them.
struct Agreement {
  std::string id{};
  v1::Agreement::State state = v1::Agreement::STATE_UNSPECIFIED;
  std::int32_t version = 0;                     // In force, or last in force; 0: none yet.
  std::vector<std::string> parties{};           // Firm ids, ascending; the same in every version.
  std::string terms_hash{};                     // 32 bytes, of `version`; "" for version 0.
  std::string offered_terms_hash{};             // 32 bytes, of version + 1; "": no open offer.
  std::string offering_party{};                 // Firm id; "": no open offer.
  std::vector<Signature> signatures{};          // Under `version`.
  std::vector<Signature> offered_signatures{};  // Under the open offer.
  absl::Time create_time{};
  absl::Time update_time{};
  std::uint64_t revision = 0;  // Changes so far; the etag.

  bool HasParty(std::string_view firm) const;
  // The open offer.
  bool HasSigned(std::string_view firm) const;
};

// The operator's leave to read what an agreement shares.
struct BreakGlass {
  std::string id{};
  std::string agreement{};
  std::string principal{};  // Of the operator's: who alone may read.
  std::string explanation{};
  absl::Time open_time{};
  absl::Time expire_time{};
  std::string closing_firm{};  // "": nobody has closed it; kOperatorFirm for the operator.
  std::string closing_principal{};
  std::string close_explanation{};
  absl::Time close_time{};

  bool Closed() const { return !closing_firm.empty(); }
  bool Stands(absl::Time now) const { return !Closed() && now < expire_time; }
};
// A party that closes a break-glass refuses any other of its agreement for this long.
inline constexpr absl::Duration kBreakGlassRefusal = absl::Hours(24);

// A firm's offers in one agreement, in the 24 hours that its first one begins and in which the
// others are counted; the first one after them begins others.
inline constexpr absl::Duration kOfferDay = absl::Hours(24);
struct OffersOfDay {
  absl::Time begin = absl::InfinitePast();
  std::uint64_t count = 0;

  bool Over(absl::Time now) const { return now >= begin + kOfferDay; }
};

// Folds one fact into the rows. It has been accepted, and replay must rebuild the same rows: so no
// clock, no rule, no refusal. A fact that names what is not there is a bug: CheckReadable and
// Decide come before.
void Apply(const base::FactRecord& record, base::Rows& rows);

}  // namespace tandem::governance
