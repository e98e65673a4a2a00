#include "sequencing/lineorder/colour_search.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_set.h"

namespace tandem::sequencing {
namespace {

constexpr std::size_t kMemoryBytes = std::size_t{1} << 27;  // For what has failed.
constexpr std::size_t kRoomCells = std::size_t{1} << 26;    // Of the table of rooms.

std::size_t Index(int i) { return static_cast<std::size_t>(i); }

class ColourSearch {
 public:
  ColourSearch(const ColourDay& day, std::int64_t steps_max)
      : given_(day.given),
        size_(static_cast<int>(day.given.size())),
        colours_(static_cast<int>(day.left.size())),
        batch_max_(day.batch_max),
        left_(day.left),
        steps_left_(steps_max) {
    CountBlocks();
    if (left_.size() * (given_.size() + 1) > kRoomCells) return;
    for (int colour = 0; colour < colours_; ++colour) CountRoom(colour);
  }

  ColourFinding Find() {
    Enter(0);
    while (!stack_.empty() && steps_left_ > 0) {
      const int position = static_cast<int>(stack_.size()) - 1;
      Frame& frame = stack_.back();
      const bool open = given_[Index(position)] == kOpenColour;
      if (open && frame.next > 0) ++left_[Index(frame.candidates[frame.next - 1])];
      last_ = frame.last;
      run_ = frame.run;
      if (frame.next == frame.candidates.size()) {
        NoteFailure(position);
        stack_.pop_back();
        continue;
      }
      const int colour = frame.candidates[frame.next++];
      if (open) --left_[Index(colour)];
      run_ = colour == last_ ? run_ + 1 : 1;
      last_ = colour;
      if (position + 1 == size_) return {.colours = Colours()};
      if (!HasFailed(position + 1)) Enter(position + 1);
    }
    return {.searched_all = stack_.empty()};
  }

 private:
  struct Frame {
    std::vector<int> candidates{};
    std::size_t next = 0;
    int last = kOpenColour;  // As it is before the position.
    int run = 0;
  };

  // from_[p]: how many given positions of one colour follow each other from p on; upto_[p]: up to
  // p.
  void CountBlocks() {
    from_.assign(given_.size(), 0);
    upto_.assign(given_.size(), 0);
    for (int p = 0; p < size_; ++p) {
      if (given_[Index(p)] == kOpenColour) continue;
      upto_[Index(p)] = 1 + Beside(p - 1, given_[Index(p)], upto_);
    }
    for (int p = size_ - 1; p >= 0; --p) {
      if (given_[Index(p)] == kOpenColour) continue;
      from_[Index(p)] = 1 + Beside(p + 1, given_[Index(p)], from_);
    }
  }
  int Beside(int position, int colour, const std::vector<int>& blocks) const {
    const bool is_there = position >= 0 && position < size_;
    return is_there && given_[Index(position)] == colour ? blocks[Index(position)] : 0;
  }

  // room_[c][p]: how many of a colour can stand in the open positions from p on, if others part
  // its batches as they need. From the end: each position that can have it gets it, since a break
  // that must be anywhere does the least harm where it comes last.
  void CountRoom(int colour) {
    std::vector<int>& room = room_.emplace_back(given_.size() + 1, 0);
    int run = 0;  // Behind the position.
    for (int p = size_ - 1; p >= 0; --p) {
      room[Index(p)] = room[Index(p) + 1];
      const int given = given_[Index(p)];
      const bool fits =
          given == kOpenColour && run + 1 + Beside(p - 1, colour, upto_) <= batch_max_;
      run = fits || given == colour ? run + 1 : 0;
      if (fits) ++room[Index(p)];
    }
  }
  int RoomOf(int colour, int position) const {
    return room_.empty() ? size_ : room_[Index(colour)][Index(position)];
  }

  // The colours that may stand at the position, least room left behind it first.
  void Enter(int position) {
    Frame& frame = stack_.emplace_back(Frame{.last = last_, .run = run_});
    steps_left_ -= colours_;
    const int given = given_[Index(position)];
    std::vector<std::tuple<int, int, int>> ranked;  // Room left over, less vehicles first; colour.
    int tight = 0;  // Colours whose vehicles have no room unless one of them stands here.
    for (int colour = 0; colour < colours_; ++colour) {
      const int over = RoomOf(colour, position + 1) - left_[Index(colour)];
      if (over < -1) return;
      if (over == -1) ++tight;
      const bool may = given == kOpenColour ? left_[Index(colour)] > 0 : given == colour;
      const int run = (colour == last_ ? run_ + 1 : 1) + Beside(position + 1, colour, from_);
      if (may && run <= batch_max_) ranked.emplace_back(over, -left_[Index(colour)], colour);
    }
    std::ranges::sort(ranked);
    for (const auto& [over, vehicles, colour] : ranked) {
      const int served = given == kOpenColour && over == -1 ? 1 : 0;
      if (tight == served) frame.candidates.push_back(colour);
    }
  }

  std::vector<int> Colours() const {
    std::vector<int> colours;
    for (const Frame& frame : stack_) colours.push_back(frame.candidates[frame.next - 1]);
    return colours;
  }

  // What decides whether the rest of the day from a position on can be filled.
  std::string StateAt(int position) const {
    std::vector<int> state = left_;
    state.insert(state.end(), {position, last_, run_});
    return std::string(reinterpret_cast<const char*>(state.data()), state.size() * sizeof(int));
  }
  bool HasFailed(int position) const {
    return !failed_.empty() && failed_.contains(StateAt(position));
  }
  void NoteFailure(int position) {
    if ((failed_.size() + 1) * (left_.size() + 16) * sizeof(int) > kMemoryBytes) return;
    failed_.insert(StateAt(position));
  }

  const std::vector<int>& given_;
  const int size_;
  const int colours_;
  const int batch_max_;
  std::vector<int> left_;
  std::int64_t steps_left_;
  std::vector<int> from_{};
  std::vector<int> upto_{};
  std::vector<std::vector<int>> room_{};
  std::vector<Frame> stack_{};
  absl::flat_hash_set<std::string> failed_{};  // Asked, never walked.
  int last_ = kOpenColour;
  int run_ = 0;
};

}  // namespace

ColourFinding FindColours(const ColourDay& day, std::int64_t steps_max) {
  if (day.given.empty()) return {.colours = std::vector<int>()};
  return ColourSearch(day, steps_max).Find();
}

}  // namespace tandem::sequencing
