// A folder in the layout of M5 into the service: sales*.csv, prices*.csv and first_listed*.csv
// (each may end in .zst) and calendar.csv.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/exchange/csv/m5.h"
#include "services/tandem/cli/client.h"

namespace tandem::cli {

// What is known of a folder after one reading.
struct M5Folder {
  std::string sales_path{};
  std::string prices_path{};
  std::string digest{};  // Of the sales file.
  exchange::csv::M5Calendar calendar{};
  exchange::csv::M5Listings listings{};
  struct Item {
    std::string item{};
    std::string department{};
    std::string category{};
  };
  std::vector<Item> items{};  // As they first stand in the file.
  std::map<std::string, std::set<std::string>> stores_by_state{};
  int day_count = 0;  // d_1 to d_{day_count} have sales.
  std::int64_t series_count = 0;
  std::int64_t row_count = 0;  // Days from each series' first listing on.
};

// Reads the folder once and checks every row: kFileMalformed-like errors name file and line.
absl::StatusOr<M5Folder> LoadM5(const std::string& folder);

// Items, locations and events. Returns the register's position.
absl::StatusOr<std::string> SendM5Registers(Client& client, const M5Folder& folder);

struct M5Send {
  std::string register_position{};
  int first_day = 1;  // d_ numbers, both included.
  int last_day = 0;
  std::function<void(std::int64_t rows)> on_progress{};
};
// Each returns the rows (or ranges) that are durable.
absl::StatusOr<std::int64_t> SendM5Prices(Client& client, const M5Folder& folder,
                                          const M5Send& send);
absl::StatusOr<std::int64_t> SendM5Sales(Client& client, const M5Folder& folder,
                                         const M5Send& send);

// All of it: `tandem sales import --format m5 --data FOLDER`.
absl::Status ImportM5(Client& client, const std::string& path, const std::string& output);

}  // namespace tandem::cli
