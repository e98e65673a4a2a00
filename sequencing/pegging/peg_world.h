// For tests only: a random line beside a PegBook. It keeps needs, parts and pegs in plain maps,
// makes random changes, and after each one holds the book's pegs against the oracle.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "sequencing/pegging/oracle.h"
#include "sequencing/pegging/peg_book.h"

namespace tandem::sequencing {

// What may occur in a world.
struct WorldRules {
  Layout layout{};
  int weight_max = 1;
  bool expiry = false;
  int tick_range = 12;  // Small, so that ties are common.
  int needs_start = 5;  // About.
  int parts_start = 5;
  int batch_max = 1;         // Events of one change.
  double shift_share = 0.5;  // Of the events: moved needs and parts.
  bool long_line = false;    // As many needs and parts as said, not up to that.
};

class PegWorld {
 public:
  PegWorld(const WorldRules& rules, std::uint64_t seed);

  // One random change, made in the world and in the book. Returns what is wrong with the book's
  // answer, empty if nothing is.
  std::string Change();
  // The same for events of the caller's.
  std::string Change(const std::vector<Event>& events);
  // The least cost that the oracle found for the last change.
  const OracleCost& best() const { return best_; }
  const PegBook& book() const { return book_; }
  // Goes on with a book made from the present one's snapshot.
  void Rebuild();

 private:
  struct Need {
    std::int32_t stock = 0;
    std::int32_t due = 0;  // Less the handling.
    std::int32_t handling = 0;
    std::int32_t weight = 1;
    std::set<std::int32_t> accepted{};
  };
  struct Part {
    std::int32_t stock = 0;
    std::int32_t ready = 0;
    std::int32_t expiry = kNeverExpires;
  };

  int Random(int low, int high) { return std::uniform_int_distribution(low, high)(random_); }
  std::vector<Event> RandomEvents();
  Event RandomEvent();
  Event NewNeed();
  Event NewPart();
  std::optional<std::uint64_t> AnyNeed();
  std::optional<std::uint64_t> AnyPart();
  void MakeInWorld(const Event& event);
  bool Good(const Need& need, const Part& part) const;
  std::string CheckAgainstOracle(const std::map<std::uint64_t, std::uint64_t>& before,
                                 const PegOutcome& outcome);
  OracleCost BestByRepair(const std::vector<OracleNeed>& needs) const;
  std::string CheckTold(const std::map<std::uint64_t, std::uint64_t>& before,
                        const PegOutcome& outcome) const;
  std::string TakePegs();
  std::int64_t LatenessOfBook(std::string& wrong) const;

  WorldRules rules_;
  std::mt19937_64 random_;
  PegBook book_;
  std::map<std::uint64_t, Need> needs_{};
  std::map<std::uint64_t, Part> parts_{};
  std::map<std::uint64_t, std::uint64_t> pegs_{};  // Need to part: on time.
  std::set<std::uint64_t> named_{};                // In the change that is being drawn.
  std::uint64_t next_id_ = 1;
  OracleCost best_{};
};

}  // namespace tandem::sequencing
