// Why a request was refused: a stable reason, the gRPC code that goes with it, and the values that
// the message mentions. A refusal is an absl::Status with one payload; the gRPC shell turns it into
// google.rpc.ErrorInfo and BadRequest.
//
//   return base::Refuse(base::Reason::kRevisionConflict, "the day is known with another value",
//                       {{"item", "SKU-7"}, {"day", "2026-11-02"}});
//   return base::RefuseField(base::Reason::kQuantityOutOfRange, "quantity_milli",
//                            "a sale is at most 9 000 000 000 000 thousandths", {{"row", 17}});
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tandem::base {

// In alphabetical order within a code. Names go over the wire (REVISION_CONFLICT): never rename.
enum class Reason {
  kNone,
  // INVALID_ARGUMENT: a field is wrong, whatever the state.
  kAuthorityTaken,
  kBadColumns,
  kBadDate,
  kBadGln,
  kBadGtin,
  kBadName,
  kBadPageToken,
  kBadRequestId,
  kBadToken,
  kBlockTooLarge,
  kDayOutOfRange,
  kDuplicateRow,
  kFieldMissing,
  kFieldOutOfRange,
  kFileMalformed,
  kQuantityOutOfRange,
  kRequestIdReused,
  kUnknownEnum,
  kUnknownUnit,
  // NOT_FOUND: the caller may look, nothing is there.
  kUnknownAgreement,
  kUnknownBatch,
  kUnknownFirm,
  kUnknownItem,
  kUnknownLocation,
  kUnknownRecord,
  kUnknownVersion,
  // ALREADY_EXISTS
  kAlreadyExists,
  // PERMISSION_DENIED: not allowed, or hidden; the two answer alike.
  kNotGranted,
  kNotLead,
  kNotYours,
  kRetentionEnded,
  kRoleMissing,
  // UNAUTHENTICATED
  kUnknownCaller,
  // FAILED_PRECONDITION: valid, but the state forbids it.
  kAgreementNotInForce,
  kAgreementNotOffered,
  kAgreementRevoked,
  kAlreadySigned,
  kBasisStale,
  kBatchClosed,
  kBreakGlassEnded,
  kBreakGlassRefused,
  kBreakGlassStands,
  kContentDiffers,
  kEntryClosed,
  kFirmSuspended,
  kLastAdmin,
  kNotStaged,
  kRevisionConflict,
  kStreamGap,
  // ABORTED: read again, then retry.
  kReadStalled,
  kVersionMoved,
  // OUT_OF_RANGE
  kCursorExpired,
  kCursorFromTheFuture,
  // RESOURCE_EXHAUSTED: wait, then retry with the same request_id.
  kDiskFull,
  kQueueFull,
  kQuotaExceeded,
  kStorageExceeded,
  // UNAVAILABLE: the same.
  kGrantsStale,
  kLogAway,
  kNotServing,
  kPositionNotReached,
  kSlotMoves,
  // DATA_LOSS: the slot stopped; call the operator.
  kStoredBytesDamaged,
};

// One value that a message mentions, as text.
struct Detail {
  std::string key{};
  std::string value{};
  Detail(std::string_view k, const absl::AlphaNum& v) : key(k), value(v.Piece()) {}
};

// What a refused status carries.
struct Refusal {
  Reason reason = Reason::kNone;
  std::string field{};  // The request's field, "" if the refusal is not about one.
  std::vector<std::pair<std::string, std::string>> details{};
};

// "REVISION_CONFLICT" for kRevisionConflict; "NONE" for kNone.
std::string_view ReasonName(Reason reason);
// The code that goes with a reason, by the table of reference "Errors": what the caller does next.
absl::StatusCode CodeOf(Reason reason);

// A status with the reason's code, the message, and the details as payload.
absl::Status Refuse(Reason reason, std::string_view message,
                    std::initializer_list<Detail> details = {});
// The same for one field of a request ("items[3].gtin"); the field stands in the message too.
absl::Status RefuseField(Reason reason, std::string_view field, std::string_view message,
                         std::initializer_list<Detail> details = {});

// What Refuse put in; nullopt for a status that it did not make.
std::optional<Refusal> RefusalOf(const absl::Status& status);
// Its reason, or kNone.
Reason ReasonOf(const absl::Status& status);
// A copy of a refusal with one more detail (the record's place in a file, say). Leaves others
// alone.
absl::Status WithDetail(const absl::Status& status, const Detail& detail);

}  // namespace tandem::base
