#include "services/tandem/cli/ingest.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/time/clock.h"
#include "services/runtime/rpc_status.h"
#include "tandem/exchange/v1/exchange.grpc.pb.h"

namespace tandem::cli {
namespace {

using exchange::v1::ExchangeService;
using exchange::v1::IngestRequest;
using exchange::v1::IngestResponse;

// A call is begun anew after this long, so that none waits for ever.
constexpr absl::Duration kCallLongest = absl::Minutes(10);

bool MayRetry(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status) ||
         absl::IsDeadlineExceeded(status);
}

}  // namespace

IngestSender::IngestSender(const Client& client, IngestOptions options)
    : client_(client), options_(std::move(options)) {
  for (int k = 0; k < options_.connections; ++k) clients_.push_back(client.Another());
  for (const auto& connection : clients_) {
    threads_.emplace_back([this, each = connection.get()] { Work(each); });
  }
}

IngestSender::~IngestSender() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    if (error_.ok()) error_ = absl::CancelledError("the sender was given up");
  }
  changed_.notify_all();
}

absl::Status IngestSender::Add(const std::string& location, IngestRequest block) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !error_.ok() || waiting_rows_ < options_.waiting_rows_max; });
  if (!error_.ok()) return error_;
  const auto [found, is_new] = places_.try_emplace(location);
  Place& place = found->second;
  if (is_new) {
    place.name = client_.firm_name() + "/locations/" + location;
    order_.push_back(&place);
  }
  Release(&place, false);
  block.set_location(place.name);
  block.set_stream(options_.stream);
  block.set_block(++place.added);
  block.set_file_id(options_.file_id);
  block.set_register_position(options_.register_position);
  Block waiting;
  waiting.rows =
      block.has_prices() ? block.prices().item_size() : block.series().value_milli_size();
  waiting.request = std::move(block);
  waiting_rows_ += waiting.rows;
  place.held = std::move(waiting);
  return absl::OkStatus();
}

// Gives the held block to the senders. Under the lock.
void IngestSender::Release(Place* place, bool last) {
  if (!place->held.has_value()) return;
  place->held->request.set_close_batch(last);
  place->blocks.push_back(*std::move(place->held));
  place->held.reset();
  changed_.notify_all();
}

void IngestSender::CloseLocation(const std::string& location) {
  const std::lock_guard lock(mutex_);
  const auto found = places_.find(location);
  if (found != places_.end()) Release(&found->second, true);
}

absl::Status IngestSender::Finish() {
  {
    const std::lock_guard lock(mutex_);
    for (auto& [location, place] : places_) Release(&place, true);
    ended_ = true;
  }
  changed_.notify_all();
  threads_.clear();  // Joins.
  const std::lock_guard lock(mutex_);
  return error_;
}

std::int64_t IngestSender::durable_rows() const {
  const std::lock_guard lock(mutex_);
  return durable_rows_;
}

std::int64_t IngestSender::sent_bytes() const {
  const std::lock_guard lock(mutex_);
  return sent_bytes_;
}

// A place that no thread sends and that has blocks, taken; null where all is sent.
IngestSender::Place* IngestSender::NextPlace() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (!error_.ok()) return nullptr;
    bool any_busy = false;
    for (Place* place : order_) {
      any_busy = any_busy || place->busy;
      if (place->busy || place->blocks.empty()) continue;
      place->busy = true;
      return place;
    }
    if (ended_ && !any_busy) return nullptr;
    changed_.wait(lock);
  }
}

void IngestSender::Work(Client* client) {
  while (Place* place = NextPlace()) {
    const absl::Status status = SendPlace(client, place);
    if (!status.ok()) Fail(status);
    {
      const std::lock_guard lock(mutex_);
      place->busy = false;
    }
    changed_.notify_all();
  }
}

void IngestSender::Fail(const absl::Status& error) {
  {
    const std::lock_guard lock(mutex_);
    if (error_.ok()) error_ = error;
  }
  changed_.notify_all();
}

absl::Status IngestSender::SendPlace(Client* client, Place* place) {
  const absl::Duration patience = absl::Seconds(client->options().retry_seconds);
  absl::Time progress = absl::Now();
  Backoff backoff;
  absl::Status status = place->asked ? absl::OkStatus() : AskDurable(client, place);
  for (;;) {
    if (status.ok()) {
      place->asked = true;
      const std::int64_t before = place->durable;
      status = SendOnce(client, place);
      if (status.ok()) return status;
      if (place->durable > before) {
        progress = absl::Now();
        backoff.Reset();
      }
    }
    if (!MayRetry(status) || absl::Now() - progress > patience) return status;
    client->WaitToRetry(backoff);
    status = AskDurable(client, place);
  }
}

absl::Status IngestSender::AskDurable(Client* client, Place* place) {
  exchange::v1::GetStreamRequest request;
  request.set_name(place->name + "/streams/" + options_.stream);
  exchange::v1::Stream stream;
  absl::Status status = client->Call(&ExchangeService::Stub::GetStream, request, &stream);
  if (absl::IsNotFound(status)) return absl::OkStatus();  // Never begun.
  if (status.ok()) Acknowledge(place, stream.durable_block());
  return status;
}

// Whether a block is left that is not durable.
bool IngestSender::HasUnsent(Place* place) {
  const std::lock_guard lock(mutex_);
  DropDurable(place);
  return !place->blocks.empty();
}

// The block of that number, or null where it was not given yet, or is durable.
const IngestRequest* IngestSender::BlockAt(Place* place, std::int64_t number) {
  const std::lock_guard lock(mutex_);
  DropDurable(place);
  const std::int64_t index = number - place->durable - 1;
  // A reference into the deque stays valid: others only append, and only this thread removes.
  return index >= 0 && index < static_cast<std::int64_t>(place->blocks.size())
             ? &place->blocks[static_cast<std::size_t>(index)].request
             : nullptr;
}

void IngestSender::Acknowledge(Place* place, std::int64_t durable_block) {
  {
    const std::lock_guard lock(mutex_);
    place->service_durable = std::max(place->service_durable, durable_block);
    DropDurable(place);
  }
  changed_.notify_all();
}

// Under the lock, by the thread that sends the place.
void IngestSender::DropDurable(Place* place) {
  while (place->durable < place->service_durable && !place->blocks.empty()) {
    waiting_rows_ -= place->blocks.front().rows;
    durable_rows_ += place->blocks.front().rows;
    place->blocks.pop_front();
    ++place->durable;
    changed_.notify_all();
  }
}

// One call: sends all that is there and waits until it is durable.
absl::Status IngestSender::SendOnce(Client* client, Place* place) {
  if (!HasUnsent(place)) return absl::OkStatus();
  const auto stub = ExchangeService::NewStub(client->channel());
  grpc::ClientContext context;
  client->Identify(&context);
  context.set_deadline(absl::ToChronoTime(absl::Now() + kCallLongest));
  const auto call = stub->Ingest(&context);
  std::int64_t sent = place->durable;
  std::int64_t bytes = 0;
  for (;;) {
    const IngestRequest* next = nullptr;
    if (sent - place->durable < options_.window_blocks) next = BlockAt(place, sent + 1);
    if (sent < place->durable) {  // Others of them were durable before.
      sent = place->durable;
      continue;
    }
    if (next != nullptr) {
      if (!call->Write(*next)) break;
      bytes += static_cast<std::int64_t>(next->GetCachedSize());
      ++sent;
      continue;
    }
    if (sent == place->durable) break;
    IngestResponse answer;
    if (!call->Read(&answer)) break;
    Acknowledge(place, answer.durable_block());
  }
  call->WritesDone();
  for (IngestResponse answer; call->Read(&answer);) Acknowledge(place, answer.durable_block());
  absl::Status status = StatusOfCall(call->Finish());
  {
    const std::lock_guard lock(mutex_);
    sent_bytes_ += bytes;
  }
  if (status.ok() && place->durable < sent) {
    return absl::UnavailableError("the service ended the stream before all was durable");
  }
  return status;
}

}  // namespace tandem::cli
