// What late parts do to the line. A stop moves all later needs with it, so the line stops for the
// latest part, not for the sum. All times are milliseconds of the line's working time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "sequencing/adherence/share.h"

namespace tandem::sequencing {

// One pegged part. Late by max(0, eta + handling - need).
struct PegTimes {
  std::int64_t eta_ms = 0;
  std::int64_t handling_ms = 0;  // From where it arrives to the point of fit; at least 0.
  std::int64_t need_ms = 0;
  bool built_short = false;  // The vehicle goes without: it stops nothing and counts 0.
};

struct Lateness {
  Share on_time{};
  std::int64_t late = 0;
  std::int64_t late_max_ms = 0;  // The line's stop, where these are all of its pegs.
};

// Returns kInvalidArgument, naming the peg, for a negative handling or an instant whose magnitude
// exceeds 2^61.
absl::StatusOr<Lateness> MeasureLateness(std::span<const PegTimes> pegs);

// One pegged part whose arrival is known as a distribution.
struct UncertainPeg {
  std::int64_t eta_p10_ms = 0;
  std::int64_t eta_p50_ms = 0;
  std::int64_t eta_p90_ms = 0;
  std::int64_t handling_ms = 0;
  std::int64_t need_ms = 0;
  bool built_short = false;
};

struct ExpectedStop {
  std::int64_t late_max_p10_ms = 0;
  std::int64_t late_max_p50_ms = 0;
  std::int64_t late_max_p90_ms = 0;

  // E = 0.3 P10 + 0.4 P50 + 0.3 P90 (Swanson's weights; delays taken as common), kept exactly as
  // tenths: stops are compared by it.
  std::int64_t TenthsOfMs() const {
    return 3 * late_max_p10_ms + 4 * late_max_p50_ms + 3 * late_max_p90_ms;
  }
  double Seconds() const { return static_cast<double>(TenthsOfMs()) / 10'000.0; }
};

// Over all locations and families of one line. Returns kInvalidArgument, naming the peg, as
// MeasureLateness (2^57), and for quantiles that fall.
absl::StatusOr<ExpectedStop> ExpectStop(std::span<const UncertainPeg> pegs);

// A stop of the line that was measured.
struct LineStop {
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;
};

// A part that reached the point of fit.
struct PartArrival {
  std::int64_t part = 0;
  std::int64_t at_ms = 0;
};

struct BookedStop {
  LineStop stop{};
  std::optional<std::int64_t> part{};  // None: no part's arrival ended it, so it had another cause.
};

// Books each stop to the part whose arrival ended it: the last to arrive after the stop began and
// not after it ended; of several at one instant the one with the lowest number. In the order given.
// O((s + a) log a). Returns kInvalidArgument, naming the stop, for one that ends before it begins.
absl::StatusOr<std::vector<BookedStop>> BookStops(std::span<const LineStop> stops,
                                                  std::span<const PartArrival> arrivals);

}  // namespace tandem::sequencing
