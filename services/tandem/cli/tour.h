// The tour: what Tandem does, shown through the public API alone, on made-up data or on M5's files.
// A retailer, two competing manufacturers and a carrier agree, share, forecast, compare and part.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "services/base/day.h"
#include "services/tandem/cli/client.h"
#include "services/tandem/cli/feed_client.h"
#include "services/tandem/cli/print.h"
#include "tandem/governance/v1/governance.pb.h"

namespace tandem::cli {

inline constexpr char kRetailer[] = "meridian";
inline constexpr char kCarrier[] = "swiftline";
inline constexpr int kMakers = 2;
inline constexpr const char* kMakerIds[kMakers] = {"northmill", "harvest"};
inline constexpr int kHorizonDays = 28;

// How many rows of a kind went in, and how long it took.
struct Sent {
  std::string kind{};
  std::int64_t count = 0;
  double seconds = 0.0;
};

// Where the retailer's data comes from.
class TourData {
 public:
  struct Item {
    std::string id{};
    int maker = 0;  // Index into kMakerIds.
  };
  using OnRows = std::function<void(std::int64_t rows)>;
  virtual ~TourData() = default;
  virtual const std::vector<Item>& items() const = 0;
  virtual const std::vector<std::string>& stores() const = 0;
  virtual base::Day first_day() const = 0;
  virtual base::Day origin() const = 0;           // The last day that the forecasts know.
  virtual std::int64_t history_rows() const = 0;  // About.
  // What the data has not, for the reader; "" where it has all.
  virtual std::string lacks() const = 0;
  virtual absl::Status SendRegisters(Client& retailer) = 0;
  // All up to the origin.
  virtual absl::StatusOr<std::vector<Sent>> SendHistory(Client& retailer,
                                                        const OnRows& on_rows) = 0;
  // Sales of the kHorizonDays behind the origin.
  virtual absl::StatusOr<Sent> SendLater(Client& retailer) = 0;
  // A maker's own register and plan. Nothing where the data has none.
  virtual absl::Status SendMaker(Client& maker, int index) = 0;
  // The maker's items and plant in the agreement; an empty owner where it has none.
  virtual governance::v1::Scope MakerScope(int index) const = 0;
};
absl::StatusOr<std::unique_ptr<TourData>> OpenM5Data(const std::string& folder);
std::unique_ptr<TourData> MakeDemoData(std::uint64_t seed);

// What a step says of itself when it is done.
using StepResult = absl::StatusOr<std::string>;

// Prints steps as they go, and remembers them for the summary.
class TourReport {
 public:
  // Runs the step and prints its name, time and result. False where it failed; later steps may go
  // on where they can.
  bool Step(const std::string& name, const std::function<StepResult()>& step);
  // A line of what a firm could, or could not, do.
  void Saw(const std::string& firm, const std::string& what, const std::string& outcome);
  void Rate(const std::string& what, double count, double seconds);
  void Accuracy(const std::string& method, const std::string& measure, const std::string& value);
  void Summary() const;
  bool all_done() const { return failed_ == 0; }

 private:
  int steps_ = 0;
  int failed_ = 0;
  absl::Time begin_ = absl::Now();
  Table sights_{.columns = {"FIRM", "WHAT", "OUTCOME"}, .rows = {}};
  Table rates_{.columns = {"WHAT", "COUNT", "SECONDS", "PER SECOND"}, .rows = {}};
  Table accuracy_{.columns = {"METHOD", "MEASURE", "VALUE"}, .rows = {}};
};

// The firms' connections and what they agreed on.
struct Tour {
  ClientOptions options{};
  std::unique_ptr<TourData> data{};
  std::map<std::string, std::unique_ptr<Client>> clients{};  // By firm; "operator" too.
  std::map<std::string, std::string> agreements{};  // By partner firm: the agreement's name.
  std::map<std::string, std::vector<std::string>> versions{};  // By method: version names.
  std::map<std::string, std::unique_ptr<FeedWatcher>> watchers{};
  std::map<std::string, std::shared_ptr<std::int64_t>> leaks{};  // By firm: forbidden names seen.
  TourReport report{};

  Client& client(const std::string& firm) { return *clients.at(firm); }
};

// The steps, in order.
StepResult ConnectAll(Tour& tour);
StepResult AdmitFirms(Tour& tour);
StepResult StartFeeds(Tour& tour);
StepResult SignAgreements(Tour& tour);
StepResult SendRegisters(Tour& tour);
StepResult SendHistory(Tour& tour);
StepResult RunForecasts(Tour& tour);
StepResult CompareNumbers(Tour& tour);
StepResult SendLaterDays(Tour& tour);
StepResult MeasureAccuracy(Tour& tour);
StepResult TryForbidden(Tour& tour);
StepResult RevokeBeforeTheReader(Tour& tour);
StepResult CheckFeeds(Tour& tour);

// One read of a day's sales; how many values came.
absl::StatusOr<std::int64_t> CountSales(Client& reader, const TourData& data,
                                        const std::string& item);

}  // namespace tandem::cli
