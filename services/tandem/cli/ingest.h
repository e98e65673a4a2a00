// Sends blocks to ExchangeService.Ingest: one stream a location, several locations at once, a
// window of blocks in flight, and what broke goes on from the last durable block.
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
  std::string file_id{};  // Of all batches.
  std::string register_position{};
  std::int64_t window_blocks = 8;
  int connections = 2;
  std::int64_t waiting_rows_max = std::int64_t{8} << 20;  // Added, and not yet durable.
};

// Add, CloseLocation and Finish are called by one thread; own threads send.
class IngestSender {
 public:
  // The client must outlive the sender.
  IngestSender(const Client& client, IngestOptions options);
  // Drops what is not yet sent.
  ~IngestSender();
  IngestSender(const IngestSender&) = delete;
  IngestSender& operator=(const IngestSender&) = delete;

  // The location's next block; `block` has its content alone. Waits while too much is waiting.
  // Returns the first error of any stream, after which nothing more is sent.
  absl::Status Add(const std::string& location, exchange::v1::IngestRequest block);
  // The location's last block was added: its batch is closed with it, and visible when durable.
  void CloseLocation(const std::string& location);
  // Closes every location and waits until all is durable.
  absl::Status Finish();

  // Rows that are durable; those of an earlier run of the same stream count too.
  std::int64_t durable_rows() const;
  // Bytes written to the wire.
  std::int64_t sent_bytes() const;

 private:
  struct Block {
    exchange::v1::IngestRequest request{};
    std::int64_t rows = 0;
  };
  struct Place {
    std::string name{};                // "firms/acme/locations/store-7".
    std::optional<Block> held{};       // The newest block: whether it is the last is not yet known.
    std::deque<Block> blocks{};        // From number durable + 1 on.
    std::int64_t added = 0;            // Number of the last block that was given.
    std::int64_t durable = 0;          // Of those: durable, and dropped here.
    std::int64_t service_durable = 0;  // As the service said; an earlier run may have come further.
    bool asked = false;                // Where the stream stands was asked for.
    bool busy = false;                 // A thread is sending it.
  };

  void Release(Place* place, bool last);
  void Work(Client* client);
  Place* NextPlace();
  absl::Status SendPlace(Client* client, Place* place);
  absl::Status SendOnce(Client* client, Place* place);
  absl::Status AskDurable(Client* client, Place* place);
  void Acknowledge(Place* place, std::int64_t durable_block);
  void DropDurable(Place* place);
  bool HasUnsent(Place* place);
  const exchange::v1::IngestRequest* BlockAt(Place* place, std::int64_t number);
  void Fail(const absl::Status& error);

  const Client& client_;
  const IngestOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Place> places_;
  std::vector<Place*> order_;  // As they were first seen.
  std::int64_t waiting_rows_ = 0;
  std::int64_t durable_rows_ = 0;
  std::int64_t sent_bytes_ = 0;
  bool ended_ = false;  // No more is added.
  absl::Status error_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<std::jthread> threads_;
};

}  // namespace tandem::cli
