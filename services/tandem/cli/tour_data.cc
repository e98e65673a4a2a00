// The tour on M5's files: departments are dealt to the makers in turn, the forecast is made at
// d_1913 (M5's validation origin), and the days after it arrive later.
#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/tandem/cli/m5.h"
#include "services/tandem/cli/tour.h"

namespace tandem::cli {
namespace {

constexpr int kOriginDay = 1913;

class M5Data final : public TourData {
 public:
  explicit M5Data(M5Folder folder) : folder_(std::move(folder)) {
    std::map<std::string, int> makers;
    for (const M5Folder::Item& item : folder_.items) makers.emplace(item.department, 0);
    int next = 0;
    for (auto& [department, maker] : makers) maker = next++ % kMakers;
    for (const M5Folder::Item& item : folder_.items) {
      items_.push_back({item.item, makers.at(item.department)});
    }
    for (const auto& [state, stores] : folder_.stores_by_state) {
      stores_.insert(stores_.end(), stores.begin(), stores.end());
    }
  }

  const std::vector<Item>& items() const override { return items_; }
  const std::vector<std::string>& stores() const override { return stores_; }
  base::Day first_day() const override { return folder_.calendar.first; }
  base::Day origin() const override { return folder_.calendar.DayOf(kOriginDay); }
  std::int64_t history_rows() const override {
    return folder_.row_count - folder_.series_count * (folder_.day_count - kOriginDay);
  }
  std::string lacks() const override {
    return "M5's files hold no stock, promotions or production plans: those steps were left out. "
           "Days before an item was first listed in a store are not sent.";
  }

  absl::Status SendRegisters(Client& retailer) override {
    TANDEM_ASSIGN_OR_RETURN(position_, SendM5Registers(retailer, folder_));
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<Sent>> SendHistory(Client& retailer, const OnRows& on_rows) override {
    const absl::Time begin = absl::Now();
    M5Send send{.register_position = position_,
                .first_day = 1,
                .last_day = kOriginDay,
                .on_progress = on_rows};
    TANDEM_ASSIGN_OR_RETURN(const std::int64_t rows, SendM5Sales(retailer, folder_, send));
    const absl::Time middle = absl::Now();
    send.on_progress = {};
    TANDEM_ASSIGN_OR_RETURN(const std::int64_t ranges, SendM5Prices(retailer, folder_, send));
    return std::vector<Sent>{{"rows of sales", rows, absl::ToDoubleSeconds(middle - begin)},
                             {"price ranges", ranges, absl::ToDoubleSeconds(absl::Now() - middle)}};
  }

  absl::StatusOr<Sent> SendLater(Client& retailer) override {
    const M5Send send{.register_position = position_,
                      .first_day = kOriginDay + 1,
                      .last_day = kOriginDay + kHorizonDays};
    // Prices too: the forecast is made without those of later days.
    TANDEM_RETURN_IF_ERROR(SendM5Prices(retailer, folder_, send).status());
    const absl::Time begin = absl::Now();
    TANDEM_ASSIGN_OR_RETURN(const std::int64_t rows, SendM5Sales(retailer, folder_, send));
    return Sent{"rows of sales", rows, absl::ToDoubleSeconds(absl::Now() - begin)};
  }

  absl::Status SendMaker(Client&, int) override { return absl::OkStatus(); }
  governance::v1::Scope MakerScope(int) const override { return {}; }

 private:
  M5Folder folder_;
  std::vector<Item> items_;
  std::vector<std::string> stores_;
  std::string position_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TourData>> OpenM5Data(const std::string& path) {
  TANDEM_ASSIGN_OR_RETURN(M5Folder folder, LoadM5(path));
  if (folder.day_count < kOriginDay + kHorizonDays) {
    return base::Refuse(base::Reason::kFileMalformed, "the tour needs the days d_1 to d_1941",
                        {{"file", folder.sales_path}, {"days", folder.day_count}});
  }
  return std::unique_ptr<TourData>(std::make_unique<M5Data>(std::move(folder)));
}

}  // namespace tandem::cli
