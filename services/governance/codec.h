// Governance's bytes: facts, and typed rows to and from keys and values.
//
// Stored, never renumber; what changes gets a new version byte, and the old one stays readable.
//   'f' firm                       a firm
//   'p' firm, principal            a principal's roles
//   'r' firm, firm                 how many relations the two share, open offers counted: a varint
//   'a' agreement                  an agreement
//   'v' firm, agreement            "": the firm is a party of the agreement
//   't' agreement, version         the terms' bytes, as they were signed or are offered
//   'b' agreement, version         the same without the scopes' items, for lists
//   's' subject                    the id of the firm that has an authority of this subject
//   'c' firm, subject              "": the firm has an authority of this subject
//   'g' agreement, break-glass     a break-glass
//   'o' principal                  the newest break-glass of one of the operator's principals: its
//                                  agreement and id
//   'n' agreement                  until when its parties refuse a break-glass
//   'q' firm, agreement            "": the agreement's open offer is the firm's
//   'k' agreement, firm            the firm's offers of a day in this agreement: when the day
//   began,
//                                  and how many
// Ids and subjects (32 bytes, SubjectHashOf) are key strings (base::ByteWriter::KeyString),
// versions 4 bytes big-endian. A firm's, principal's and agreement's value, and those of 'g',
// 'o', 'n' and 'k', begin with version byte 1.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/base/fact.h"
#include "services/base/rows.h"
#include "services/governance/model.h"
#include "tandem/governance/v1/facts.pb.h"

namespace tandem::governance {

// The fact's kind (its field's number in v1::Fact) and that message's bytes. A fact without a kind
// is a bug.
base::Fact EncodeFact(const v1::Fact& fact);
// kDataLoss / STORED_BYTES_DAMAGED for an unknown kind or schema version, or a payload that is no
// such message.
absl::StatusOr<v1::Fact> DecodeFact(const base::Fact& fact);

std::string FirmKey(std::string_view firm);
std::string PrincipalKey(std::string_view firm, std::string_view principal);
std::string PartnersKey(std::string_view firm, std::string_view partner);
std::string AgreementKey(std::string_view agreement);
std::string PartyKey(std::string_view firm, std::string_view agreement);
// What every PartyKey of the firm begins with.
std::string PartyPrefix(std::string_view firm);
std::string TermsKey(std::string_view agreement, std::int32_t version);
std::string BriefTermsKey(std::string_view agreement, std::int32_t version);
std::string SubjectKey(std::string_view subject);
std::string FirmSubjectKey(std::string_view firm, std::string_view subject);

std::string BreakGlassKey(std::string_view agreement, std::string_view glass);
// What every BreakGlassKey of the agreement begins with.
std::string BreakGlassPrefix(std::string_view agreement);
std::string NewestGlassKey(std::string_view principal);
std::string RefusedUntilKey(std::string_view agreement);

// What every OpenOfferKey of the firm begins with.
std::string OpenOfferPrefix(std::string_view firm);
std::string OpenOfferKey(std::string_view firm, std::string_view agreement);
std::string OffersOfDayKey(std::string_view agreement, std::string_view firm);

std::string EncodeFirm(const Firm& firm);
std::string EncodePrincipal(const Principal& principal);
std::string EncodeAgreement(const Agreement& agreement);
std::string EncodeBreakGlass(const BreakGlass& glass);
std::string EncodeNewestGlass(const BreakGlass& glass);
std::string EncodeRefusedUntil(absl::Time until);
std::string EncodeOffersOfDay(const OffersOfDay& offers);
// All return kDataLoss / STORED_BYTES_DAMAGED for bytes that Encode did not make.
absl::StatusOr<Firm> DecodeFirm(std::string_view value);
absl::StatusOr<Principal> DecodePrincipal(std::string_view value);
absl::StatusOr<Agreement> DecodeAgreement(std::string_view value);
absl::StatusOr<BreakGlass> DecodeBreakGlass(std::string_view value);

// Rows as values; nullopt where there is none. Rotten bytes stop the program: they are ours.
std::optional<Firm> FirmIn(const base::RowReader& rows, std::string_view firm);
std::optional<Agreement> AgreementIn(const base::RowReader& rows, std::string_view agreement);
// Empty for a principal that is not there.
std::vector<v1::Role> RolesIn(const base::RowReader& rows, std::string_view firm,
                              std::string_view principal);
// By id.
std::vector<Principal> PrincipalsIn(const base::RowReader& rows, std::string_view firm);
// How many relations the two share.
std::uint64_t SharedIn(const base::RowReader& rows, std::string_view firm,
                       std::string_view partner);
// The firms that share a relation with it, ascending.
std::vector<std::string> PartnersIn(const base::RowReader& rows, std::string_view firm);

// The firm that has an authority of the subject; nullopt for none.
std::optional<std::string> SubjectOwnerIn(const base::RowReader& rows, std::string_view subject);
// The subjects of the firm's authorities, ascending.
std::vector<std::string> SubjectsIn(const base::RowReader& rows, std::string_view firm);

std::optional<BreakGlass> BreakGlassIn(const base::RowReader& rows, std::string_view agreement,
                                       std::string_view glass);
// Those of the agreement that stand, by id.
std::vector<BreakGlass> StandingGlassesIn(const base::RowReader& rows, std::string_view agreement,
                                          absl::Time now);
// The newest that the operator's principal has opened.
std::optional<BreakGlass> NewestGlassIn(const base::RowReader& rows, std::string_view principal);
// InfinitePast where no party has refused one.
absl::Time RefusedUntilIn(const base::RowReader& rows, std::string_view agreement);

// The firm's in the agreement; none where it has offered nothing in it.
OffersOfDay OffersOfDayIn(const base::RowReader& rows, std::string_view agreement,
                          std::string_view firm);

// When the parties' reading of the agreement's records ends: the signed days, of 24 hours, after
// its revocation. InfiniteFuture for one that is not revoked, or was never in force.
absl::Time ReadableUntilIn(const base::RowReader& rows, const Agreement& agreement);

// The second id of a key that begins with `prefix` and has two ('p', 'r', 'v', 'c' and 'g').
std::string LastIdOf(std::string_view key);

}  // namespace tandem::governance
