// Files into the service: checked row by row before anything is sent, rejects in a file of their
// own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
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
  std::string rejects{};        // Where rejected rows go; "": RejectsPath says.
  std::string stream{};         // Of bulk data; "": from the digest of what is sent.
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

// Where an import's rejects go: as asked, or beside the file; what comes from a pipe or standard
// input has no place, so here.
std::string RejectsPath(const ImportOptions& options);

// Registers and other small kinds: all rows are read first.
absl::Status ImportItems(Client& client, const ImportOptions& options);
absl::Status ImportLocations(Client& client, const ImportOptions& options);
absl::Status ImportEvents(Client& client, const ImportOptions& options);
absl::Status ImportPromotions(Client& client, const ImportOptions& options);
absl::Status ImportPlans(Client& client, const ImportOptions& options);
// Sales or stock, and prices, as streams of blocks. What is sent is the batch's file id, so that an
// interrupted import goes on, a repeated one sends nothing, and one that differs (another file,
// another mapping, rows that became good) is sent whole.
absl::Status ImportSeries(Client& client, exchange::v1::Measure measure,
                          const ImportOptions& options);
absl::Status ImportPrices(Client& client, const ImportOptions& options);

// Where records stand in a file; nothing of it where they come from elsewhere.
struct FilePlaces {
  std::span<const std::int64_t> lines{};  // One a record.
  std::size_t accepted_before = 0;        // Records of the same file.
};

// Sends messages in requests that are not too large; each returns the last answer's position token.
// An error says how many records were accepted before it ("accepted_before"), and the line of the
// record that was refused ("line").
absl::StatusOr<std::string> SendItems(Client& client, const std::vector<exchange::v1::Item>& items,
                                      const FilePlaces& places = {});
absl::StatusOr<std::string> SendLocations(Client& client,
                                          const std::vector<exchange::v1::Location>& locations,
                                          const FilePlaces& places = {});
absl::Status SendEvents(Client& client, const std::vector<exchange::v1::Event>& events,
                        const FilePlaces& places = {});
absl::Status SendPromotions(Client& client, const std::string& location,
                            const std::vector<exchange::v1::Promotion>& promotions,
                            const FilePlaces& places = {});

// All of a firm's entries that the client may see, page by page.
absl::StatusOr<std::vector<exchange::v1::Item>> AllItems(Client& client, const std::string& parent);
absl::StatusOr<std::vector<exchange::v1::Location>> AllLocations(Client& client,
                                                                 const std::string& parent);

// A mapping file's content; the default one for "".
absl::StatusOr<exchange::csv::Mapping> LoadMapping(const std::string& path);

}  // namespace tandem::cli
