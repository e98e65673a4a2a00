// Sends blocks to ExchangeService.Ingest: one stream a location, several locations at once, a
// window of blocks in flight, and what broke goes on from the last durable block.
//
// A batch of the stream is one file, by its id: blocks of the same file that are durable are not
// sent again, and an unfinished batch of it goes on. Where the stream's newest batch is of another
// file, or was taken back, a new batch follows it.
//
//   IngestSender sender(client, {.stream = "pos-2026-11-22"});
//   TANDEM_RETURN_IF_ERROR(sender.Add("store-7", std::move(request)));
//   TANDEM_RETURN_IF_ERROR(sender.Finish());
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "services/tandem/cli/client.h"
#include "tandem/exchange/v1/exchange.pb.h"

namespace tandem::cli {

struct IngestOptions {
  std::string stream{};   // The sender's name for it, alike at every location.
  std::string file_id{};  // Of all batches: the same id has to mean the same blocks.
  std::string register_position{};
  std::int64_t window_blocks = 64;  // Sent ahead of their answers; of small ones the service
                                    // takes in as many (rpc_session.h).
  int connections = 2;
  std::int64_t waiting_rows_max = std::int64_t{8} << 20;  // Added, and not yet durable.
};

// Add, CloseLocation and Finish are called by one thread; own threads send.
class IngestSender {
 public:
  // The client must outlive the sender.
  IngestSender(const Client& client, IngestOptions options);
  // Drops what is not yet sent; takes back as Finish does.
  ~IngestSender();
  IngestSender(const IngestSender&) = delete;
  IngestSender& operator=(const IngestSender&) = delete;

  // The location's next block; `block` has its content alone. `lines` are those of the file that
  // its rows stand in, or empty: a refusal of a row names them. Waits while too much is waiting.
  // Returns the first error of any stream, after which nothing more is sent.
  absl::Status Add(const std::string& location, exchange::v1::IngestRequest block,
                   std::vector<std::int64_t> lines = {});
  // The location's last block was added: its batch is closed with it, and visible when durable.
  void CloseLocation(const std::string& location);
  // Closes every location and waits until all is durable. Where the service refused a block, what
  // it took of the file before and is not visible yet is taken back, and the error says which
  // locations that is about ("taken_back"), which are visible ("visible"), and which batches could
  // not be taken back ("left_open"). FAILED_PRECONDITION / CONTENT_DIFFERS where the stream holds
  // an unfinished batch of another file.
  absl::Status Finish();
  // Whether an error has ended the sending.
  bool failed() const;

  // Rows that are durable; those of an earlier run of the same file count too.
  std::int64_t durable_rows() const;
  // Of those: were durable before this run.
  std::int64_t standing_rows() const;
  // Bytes written to the wire.
  std::int64_t sent_bytes() const;

 private:
  struct Block {
    exchange::v1::IngestRequest request{};
    std::int64_t rows = 0;
    std::vector<std::int64_t> lines{};
  };
  // Numbers count the file's blocks from 1; the stream's are `stream_base` higher.
  struct Place {
    std::string location{};            // "store-7".
    std::string name{};                // "firms/acme/locations/store-7".
    std::optional<Block> held{};       // The newest block: whether it is the last is not yet known.
    std::deque<Block> blocks{};        // From number durable + 1 on.
    std::int64_t added = 0;            // Number of the last block that was given.
    std::int64_t durable = 0;          // Of those: durable, and dropped here.
    std::int64_t service_durable = 0;  // As the service said; an earlier run may have come further.
    std::int64_t stream_base = 0;      // Blocks that the stream has of other files.
    std::int64_t standing = 0;         // Durable before this run.
    std::int64_t closed = 0;           // Of those: in a batch that is visible.
    bool asked = false;                // Where the stream stands was asked for.
    bool last_given = false;           // Its last block closes the batch.
    bool busy = false;                 // A thread is sending it.
  };

  void Release(Place* place, bool last);
  void Work(Client* client);
  Place* NextPlace();
  absl::Status SendPlace(Client* client, Place* place);
  absl::Status SendOnce(Client* client, Place* place);
  absl::Status AskWhereToBegin(Client* client, Place* place);
  absl::Status AskDurable(Client* client, Place* place);
  void Acknowledge(Place* place, std::int64_t durable_block);
  void DropDurable(Place* place);
  bool HasUnsent(Place* place);
  const exchange::v1::IngestRequest* BlockAt(Place* place, std::int64_t number);
  absl::Status Located(Place* place, absl::Status refused);
  void Fail(const absl::Status& error);
  void Join();
  void TakeBack();

  const Client& client_;
  const IngestOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Place> places_;
  std::vector<Place*> order_;  // As they were first seen.
  std::int64_t waiting_rows_ = 0;
  std::int64_t durable_rows_ = 0;
  std::int64_t standing_rows_ = 0;
  std::int64_t sent_bytes_ = 0;
  bool ended_ = false;  // No more is added.
  absl::Status error_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<std::jthread> threads_;
};

}  // namespace tandem::cli
