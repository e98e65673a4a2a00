// pegging_slips: parts that slip one by one where needs have weights and others may be late
// already, in a plain stock, in one whose parts expire, and in stocks joined by alternates. Every
// slip is undone by the next event, and that counts too, so the number of late needs stays about
// the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "sequencing/pegging/peg_book.h"
#include "tests/bench/sequencing/bench.h"

namespace tandem::bench {
namespace {

using sequencing::Event;
using sequencing::EventKind;
using sequencing::Layout;
using sequencing::NeedId;
using sequencing::PegBook;
using sequencing::PegOutcome;
using sequencing::SupplyId;

constexpr std::int32_t kGapSeconds = 60;
constexpr std::int32_t kHour = 3'600;

struct Shape {
  std::string name{};
  Layout layout{};
  std::int32_t needs = 0;
  std::int32_t late = 0;  // Needs for which there is no part at all.
  bool expiry = false;
  int slips = 0;
};

// A group of stocks with a part for every need but a few, ready up to 4 hours before it is due.
class SlippingGroup {
 public:
  explicit SlippingGroup(const Shape& shape) : book_(PegBook::Create(shape.layout).value()) {
    const auto acceptances = static_cast<std::int32_t>(shape.layout.acceptances.size());
    std::vector<Event> events;
    for (std::int32_t k = 0; k < shape.needs; ++k) {
      const std::int32_t due = kGapSeconds * k;
      const std::int32_t variant = k % shape.layout.variants;
      events.push_back({.kind = EventKind::kNeedAdded,
                        .need = NeedId{static_cast<std::uint64_t>(k)},
                        .variant = variant,
                        .tick = due,
                        .weight = Random(1, 3)});
      // Acceptance v holds variant v and the next one.
      if (acceptances > 0 && Random(0, 1) == 1) events.back().acceptance = variant;
      const Event part{.kind = EventKind::kSupplyAdded,
                       .supply = SupplyId{static_cast<std::uint64_t>(k)},
                       .variant = variant,
                       .tick = due - Random(600, 4 * kHour)};
      parts_.push_back(part);
      if (shape.expiry) parts_.back().expiry_tick = due + Random(0, 8 * kHour);
    }
    std::shuffle(parts_.begin(), parts_.end(), random_);
    parts_.resize(parts_.size() - static_cast<std::size_t>(shape.late));
    PegOutcome outcome;
    book_.ApplyEach(parts_, outcome);
    book_.ApplyEach(events, outcome);
    if (!outcome.refusals.empty()) std::abort();
  }

  const PegBook& book() const { return book_; }
  // A part slips by up to 8 hours, as far as it lasts, and is on time again; the seconds of each.
  bool SlipAndRecover(std::vector<double>& seconds) {
    const Event& part = parts_[random_() % parts_.size()];
    Event moved{.kind = EventKind::kSupplyMoved, .supply = part.supply};
    moved.tick = std::min(part.tick + Random(600, 8 * kHour), part.expiry_tick);
    const bool slipped = Timed(moved, seconds);
    moved.tick = part.tick;
    return Timed(moved, seconds) && slipped;
  }

 private:
  std::int32_t Random(std::int32_t low, std::int32_t high) {
    return std::uniform_int_distribution(low, high)(random_);
  }
  bool Timed(const Event& event, std::vector<double>& seconds) {
    PegOutcome outcome;
    const double begin = CpuSeconds();
    const bool made = book_.Apply({&event, 1}, outcome).ok();
    seconds.push_back(CpuSeconds() - begin);
    return made;
  }

  std::mt19937_64 random_{7};
  PegBook book_;
  std::vector<Event> parts_{};
};

void Report(const Shape& shape) {
  SlippingGroup group(shape);
  const std::int64_t late_before = group.book().late();
  std::vector<double> seconds;
  bool made = true;
  for (int slip = 0; slip < shape.slips; ++slip) made = group.SlipAndRecover(seconds) && made;
  double sum = 0.0;
  for (const double one : seconds) sum += one;
  Print({.name = "pegging_slips_" + shape.name,
         .value = 1e6 * sum / static_cast<double>(seconds.size()),
         .unit = "us",
         .better = Better::kLower,
         .note = std::to_string(shape.needs) + " needs with weights, " +
                 std::to_string(late_before) + " late (" + std::to_string(group.book().late()) +
                 " at the end); a slip or its end" + (made ? "" : ", REFUSED") +
                 "; processor time, mean of " + std::to_string(seconds.size()) + ", median " +
                 std::to_string(1e6 * Quantile(seconds, 0.5)) + " us, p99 " +
                 std::to_string(1e6 * Quantile(seconds, 0.99)) + " us"});
}

void ReportAll(std::int32_t needs, std::int32_t late) {
  const std::string size = std::to_string(needs) + "_" + std::to_string(late);
  const int slips = 1'000'000 / needs;
  Report({.name = size, .needs = needs, .late = late, .slips = slips});
  Report({.name = "expiry_" + size, .needs = needs, .late = late, .expiry = true, .slips = slips});
  Report({.name = "alternates_" + size,
          .layout = {.variants = 4, .acceptances = {{0, 1}, {1, 2}, {2, 3}, {3, 0}}},
          .needs = needs,
          .late = late,
          .slips = slips});
}

}  // namespace

void PeggingSlips() {
  for (const std::int32_t needs : {1'000, 10'000}) {
    for (std::int32_t late = 1; late <= needs / 10; late *= 10) {
      ReportAll(needs, late == 1 ? 0 : late);
    }
  }
}

}  // namespace tandem::bench
