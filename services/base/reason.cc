#include "services/base/reason.h"

#include <array>

#include "absl/strings/cord.h"
#include "services/base/bytes.h"

namespace tandem::base {
namespace {

// The payload's type in absl::Status; it never leaves the process.
constexpr char kPayloadUrl[] = "tandem/refusal";

struct Entry {
  Reason reason;
  absl::StatusCode code;
  std::string_view name;
};

constexpr absl::StatusCode kBadInput = absl::StatusCode::kInvalidArgument;
constexpr absl::StatusCode kAbsent = absl::StatusCode::kNotFound;
constexpr absl::StatusCode kDenied = absl::StatusCode::kPermissionDenied;
constexpr absl::StatusCode kState = absl::StatusCode::kFailedPrecondition;
constexpr absl::StatusCode kRange = absl::StatusCode::kOutOfRange;
constexpr absl::StatusCode kFull = absl::StatusCode::kResourceExhausted;
constexpr absl::StatusCode kAway = absl::StatusCode::kUnavailable;

// In the order of the enum: EntryOf checks it.
constexpr Entry kEntries[] = {
    {Reason::kNone, absl::StatusCode::kUnknown, "NONE"},
    {Reason::kAuthorityTaken, kBadInput, "AUTHORITY_TAKEN"},
    {Reason::kBadColumns, kBadInput, "BAD_COLUMNS"},
    {Reason::kBadDate, kBadInput, "BAD_DATE"},
    {Reason::kBadGln, kBadInput, "BAD_GLN"},
    {Reason::kBadGtin, kBadInput, "BAD_GTIN"},
    {Reason::kBadName, kBadInput, "BAD_NAME"},
    {Reason::kBadPageToken, kBadInput, "BAD_PAGE_TOKEN"},
    {Reason::kBadRequestId, kBadInput, "BAD_REQUEST_ID"},
    {Reason::kBadToken, kBadInput, "BAD_TOKEN"},
    {Reason::kBlockTooLarge, kBadInput, "BLOCK_TOO_LARGE"},
    {Reason::kDayOutOfRange, kBadInput, "DAY_OUT_OF_RANGE"},
    {Reason::kDuplicateRow, kBadInput, "DUPLICATE_ROW"},
    {Reason::kFieldMissing, kBadInput, "FIELD_MISSING"},
    {Reason::kFieldOutOfRange, kBadInput, "FIELD_OUT_OF_RANGE"},
    {Reason::kFileMalformed, kBadInput, "FILE_MALFORMED"},
    {Reason::kQuantityOutOfRange, kBadInput, "QUANTITY_OUT_OF_RANGE"},
    {Reason::kRequestIdReused, kBadInput, "REQUEST_ID_REUSED"},
    {Reason::kUnknownEnum, kBadInput, "UNKNOWN_ENUM"},
    {Reason::kUnknownUnit, kBadInput, "UNKNOWN_UNIT"},
    {Reason::kUnknownAgreement, kAbsent, "UNKNOWN_AGREEMENT"},
    {Reason::kUnknownBatch, kAbsent, "UNKNOWN_BATCH"},
    {Reason::kUnknownFirm, kAbsent, "UNKNOWN_FIRM"},
    {Reason::kUnknownItem, kAbsent, "UNKNOWN_ITEM"},
    {Reason::kUnknownLocation, kAbsent, "UNKNOWN_LOCATION"},
    {Reason::kUnknownRecord, kAbsent, "UNKNOWN_RECORD"},
    {Reason::kUnknownVersion, kAbsent, "UNKNOWN_VERSION"},
    {Reason::kAlreadyExists, absl::StatusCode::kAlreadyExists, "ALREADY_EXISTS"},
    {Reason::kNotGranted, kDenied, "NOT_GRANTED"},
    {Reason::kNotLead, kDenied, "NOT_LEAD"},
    {Reason::kNotYours, kDenied, "NOT_YOURS"},
    {Reason::kRetentionEnded, kDenied, "RETENTION_ENDED"},
    {Reason::kRoleMissing, kDenied, "ROLE_MISSING"},
    {Reason::kUnknownCaller, absl::StatusCode::kUnauthenticated, "UNKNOWN_CALLER"},
    {Reason::kAgreementNotInForce, kState, "AGREEMENT_NOT_IN_FORCE"},
    {Reason::kAgreementNotOffered, kState, "AGREEMENT_NOT_OFFERED"},
    {Reason::kAgreementRevoked, kState, "AGREEMENT_REVOKED"},
    {Reason::kAlreadySigned, kState, "ALREADY_SIGNED"},
    {Reason::kBasisStale, kState, "BASIS_STALE"},
    {Reason::kBatchClosed, kState, "BATCH_CLOSED"},
    {Reason::kBreakGlassEnded, kState, "BREAK_GLASS_ENDED"},
    {Reason::kBreakGlassRefused, kState, "BREAK_GLASS_REFUSED"},
    {Reason::kBreakGlassStands, kState, "BREAK_GLASS_STANDS"},
    {Reason::kContentDiffers, kState, "CONTENT_DIFFERS"},
    {Reason::kEntryClosed, kState, "ENTRY_CLOSED"},
    {Reason::kFirmSuspended, kState, "FIRM_SUSPENDED"},
    {Reason::kLastAdmin, kState, "LAST_ADMIN"},
    {Reason::kNotStaged, kState, "NOT_STAGED"},
    {Reason::kRevisionConflict, kState, "REVISION_CONFLICT"},
    {Reason::kStreamGap, kState, "STREAM_GAP"},
    {Reason::kReadStalled, absl::StatusCode::kAborted, "READ_STALLED"},
    {Reason::kVersionMoved, absl::StatusCode::kAborted, "VERSION_MOVED"},
    {Reason::kCursorExpired, kRange, "CURSOR_EXPIRED"},
    {Reason::kCursorFromTheFuture, kRange, "CURSOR_FROM_THE_FUTURE"},
    {Reason::kDiskFull, kFull, "DISK_FULL"},
    {Reason::kQueueFull, kFull, "QUEUE_FULL"},
    {Reason::kQuotaExceeded, kFull, "QUOTA_EXCEEDED"},
    {Reason::kStorageExceeded, kFull, "STORAGE_EXCEEDED"},
    {Reason::kGrantsStale, kAway, "GRANTS_STALE"},
    {Reason::kLogAway, kAway, "LOG_AWAY"},
    {Reason::kNotServing, kAway, "NOT_SERVING"},
    {Reason::kPositionNotReached, kAway, "POSITION_NOT_REACHED"},
    {Reason::kSlotMoves, kAway, "SLOT_MOVES"},
    {Reason::kStoredBytesDamaged, absl::StatusCode::kDataLoss, "STORED_BYTES_DAMAGED"},
};

constexpr bool InOrder() {
  std::size_t index = 0;
  for (const Entry& entry : kEntries) {
    if (static_cast<std::size_t>(entry.reason) != index++) return false;
  }
  return true;
}
static_assert(InOrder(), "kEntries must list the reasons in the order of the enum");

const Entry& EntryOf(Reason reason) { return kEntries[static_cast<std::size_t>(reason)]; }

std::string Encode(const Refusal& refusal) {
  ByteWriter out;
  out.Varint(static_cast<std::uint64_t>(refusal.reason));
  out.Sized(refusal.field);
  for (const auto& [key, value] : refusal.details) {
    out.Sized(key);
    out.Sized(value);
  }
  return out.Take();
}

absl::Status Make(Reason reason, std::string_view message, const Refusal& refusal) {
  absl::Status status(CodeOf(reason), absl::string_view(message.data(), message.size()));
  status.SetPayload(kPayloadUrl, absl::Cord(Encode(refusal)));
  return status;
}

Refusal With(Reason reason, std::string_view field, std::initializer_list<Detail> details) {
  Refusal refusal{.reason = reason, .field = std::string(field), .details = {}};
  for (const Detail& detail : details) refusal.details.emplace_back(detail.key, detail.value);
  return refusal;
}

}  // namespace

std::string_view ReasonName(Reason reason) { return EntryOf(reason).name; }

absl::StatusCode CodeOf(Reason reason) { return EntryOf(reason).code; }

absl::Status Refuse(Reason reason, std::string_view message,
                    std::initializer_list<Detail> details) {
  return Make(reason, message, With(reason, "", details));
}

absl::Status RefuseField(Reason reason, std::string_view field, std::string_view message,
                         std::initializer_list<Detail> details) {
  const std::string text = absl::StrCat(absl::string_view(field.data(), field.size()), ": ",
                                        absl::string_view(message.data(), message.size()));
  return Make(reason, text, With(reason, field, details));
}

std::optional<Refusal> RefusalOf(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kPayloadUrl);
  if (!payload.has_value()) return std::nullopt;
  const std::string bytes(*payload);
  ByteReader in(bytes);
  Refusal refusal;
  refusal.reason = static_cast<Reason>(in.Varint());
  refusal.field = std::string(in.Sized());
  while (in.ok() && !in.AtEnd()) {
    std::string key(in.Sized());
    refusal.details.emplace_back(std::move(key), std::string(in.Sized()));
  }
  return refusal;
}

Reason ReasonOf(const absl::Status& status) {
  const std::optional<Refusal> refusal = RefusalOf(status);
  return refusal.has_value() ? refusal->reason : Reason::kNone;
}

absl::Status WithDetail(const absl::Status& status, const Detail& detail) {
  std::optional<Refusal> refusal = RefusalOf(status);
  if (!refusal.has_value()) return status;
  refusal->details.emplace_back(detail.key, detail.value);
  absl::Status copy = status;
  copy.SetPayload(kPayloadUrl, absl::Cord(Encode(*refusal)));
  return copy;
}

}  // namespace tandem::base
