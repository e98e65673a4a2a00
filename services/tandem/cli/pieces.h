// A file's records in requests that the service takes: of so many records and bytes at most, with
// the line of a record that is refused.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "tandem/exchange/v1/exchange.pb.h"

namespace tandem::cli {

// Below the service's 5,000 records and 512 KiB.
inline constexpr std::size_t kPieceRecords = 2'000;
inline constexpr std::size_t kPieceBytes = std::size_t{400} * 1024;

inline const std::string& KeyOf(const exchange::v1::Item& item) { return item.name(); }
inline const std::string& KeyOf(const exchange::v1::Location& location) { return location.name(); }
inline const std::string& KeyOf(const exchange::v1::Event& event) { return event.event(); }
inline const std::string& KeyOf(const exchange::v1::Promotion& promotion) {
  return promotion.promotion();
}

// How many of the first messages make a request: one at least.
template <typename Message>
std::size_t PieceOf(std::span<const Message> messages) {
  std::size_t bytes = 0;
  std::size_t count = 0;
  for (const Message& message : messages) {
    bytes += message.ByteSizeLong();
    if (count == kPieceRecords || (count > 0 && bytes > kPieceBytes)) break;
    ++count;
  }
  return count;
}

// The refusal with how many records of the file were accepted before, so that its reader knows what
// stands. Of an error that is no refusal the message says so.
absl::Status WithAccepted(const absl::Status& status, std::size_t accepted);
// The index of the refused record by the field that the refusal names ("items[3].gtin"); `count`
// where it names none of them.
std::size_t RefusedIndex(const absl::Status& status, std::size_t count);
// Whether a detail of the refusal is this text.
bool Names(const absl::Status& status, const std::string& text);
absl::Status WithLine(const absl::Status& status, std::int64_t line);

// Calls `send` with pieces of `messages`, in their order; `lines` are where they stand in a file,
// or empty. An error names the line of the record and how many were accepted: of these, and
// `accepted_before` of the same file.
template <typename Message, typename Send>
absl::Status InPieces(std::span<const Message> messages, std::span<const std::int64_t> lines,
                      std::size_t accepted_before, Send send) {
  for (std::size_t at = 0; at < messages.size();) {
    const auto piece = messages.subspan(at, PieceOf(messages.subspan(at)));
    absl::Status status = send(piece);
    if (!status.ok()) {
      std::size_t refused = RefusedIndex(status, piece.size());
      for (std::size_t k = 0; refused == piece.size() && k < piece.size(); ++k) {
        if (Names(status, KeyOf(piece[k]))) refused = k;
      }
      if (refused < piece.size() && at + refused < lines.size()) {
        status = WithLine(status, lines[at + refused]);
      }
      return WithAccepted(status, accepted_before + at);
    }
    at += piece.size();
  }
  return absl::OkStatus();
}

}  // namespace tandem::cli
