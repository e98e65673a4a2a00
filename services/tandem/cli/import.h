// Files into the service: checked row by row before anything is sent, rejects in a file of their
// own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/exchange/csv/file.h"
#include "services/exchange/csv/mapping.h"
#include "services/exchange/csv/row.h"
#include "services/tandem/cli/client.h"
#include "tandem/exchange/v1/exchange.pb.h"

namespace tandem::cli {

struct ImportOptions {
  std::string file{};           // A path; "-" is standard input; .zst is unpacked.
  std::string mapping{};        // A mapping file, or "".
  std::string rejects{};        // Where rejected rows go; "": the file's name and ".rejects.csv".
  std::string stream{};         // Of bulk data; "": from the file's digest.
  bool keep_good = false;       // Send the good rows of a file with bad ones.
  std::string output{"table"};  // How the counts are printed: table, json or csv.
};

// Where rejects go. The file is made with the first one.
class RejectFile {
 public:
  explicit RejectFile(std::string path) : path_(std::move(path)) {}
  void Add(const exchange::csv::Reject& reject);
  exchange::csv::OnReject Taker() {
    return [this](const exchange::csv::Reject& reject) { Add(reject); };
  }
  std::int64_t count() const { return count_; }
  // Writes the file and says, on standard error, how many rows it holds. Where there are none, the
  // file of an earlier run is removed; what is no file of rejects stays.
  absl::Status Close();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::string text_;
  std::int64_t count_ = 0;
};

// Registers and other small kinds: all rows are read first.
absl::Status ImportItems(Client& client, const ImportOptions& options);
absl::Status ImportLocations(Client& client, const ImportOptions& options);
absl::Status ImportEvents(Client& client, const ImportOptions& options);
absl::Status ImportPromotions(Client& client, const ImportOptions& options);
absl::Status ImportPlans(Client& client, const ImportOptions& options);
// Sales or stock, and prices, as streams of blocks.
absl::Status ImportSeries(Client& client, exchange::v1::Measure measure,
                          const ImportOptions& options);
absl::Status ImportPrices(Client& client, const ImportOptions& options);

// Sends messages in requests of at most 2,000; each returns the last answer's position token.
absl::StatusOr<std::string> SendItems(Client& client, const std::vector<exchange::v1::Item>& items);
absl::StatusOr<std::string> SendLocations(Client& client,
                                          const std::vector<exchange::v1::Location>& locations);
absl::Status SendEvents(Client& client, const std::vector<exchange::v1::Event>& events);
absl::Status SendPromotions(Client& client, const std::string& location,
                            const std::vector<exchange::v1::Promotion>& promotions);

// All of a firm's entries that the client may see, page by page.
absl::StatusOr<std::vector<exchange::v1::Item>> AllItems(Client& client, const std::string& parent);
absl::StatusOr<std::vector<exchange::v1::Location>> AllLocations(Client& client,
                                                                 const std::string& parent);

// A mapping file's content; the default one for "".
absl::StatusOr<exchange::csv::Mapping> LoadMapping(const std::string& path);

}  // namespace tandem::cli
