#include "services/tandem/cli/ingest.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <span>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/runtime/rpc_status.h"
#include "services/tandem/cli/patience.h"
#include "tandem/exchange/v1/exchange.grpc.pb.h"

namespace tandem::cli {
namespace {

using exchange::v1::Batch;
using exchange::v1::ExchangeService;
using exchange::v1::IngestRequest;
using exchange::v1::IngestResponse;

// A call is begun anew after this long, so that none waits for ever.
constexpr absl::Duration kCallLongest = absl::Minutes(10);

constexpr int kBatchesPage = 1'000;
constexpr std::size_t kNamedMax = 20;

// Whether it will be refused again: what was taken of the file before is of no use then.
bool IsForGood(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsNotFound(status) ||
         absl::IsFailedPrecondition(status) || absl::IsAlreadyExists(status);
}

// The number of a batch's first block, from its name "…/batches/{stream}-{first block}".
std::int64_t FirstBlockOf(const Batch& batch) {
  std::int64_t number = 0;
  const std::string& name = batch.name();
  return absl::SimpleAtoi(name.substr(name.rfind('-') + 1), &number) ? number : 0;
}

// The stream's newest batch. UNKNOWN_RECORD where it has none.
absl::StatusOr<Batch> NewestBatch(Client* client, const std::string& location,
                                  const std::string& stream) {
  exchange::v1::ListBatchesRequest request;
  request.set_parent(location);
  request.set_page_size(kBatchesPage);
  do {
    exchange::v1::ListBatchesResponse page;
    TANDEM_RETURN_IF_ERROR(client->Call(&ExchangeService::Stub::ListBatches, request, &page));
    for (const Batch& batch : page.batches()) {
      if (batch.stream() == stream) return batch;
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return base::Refuse(base::Reason::kUnknownRecord, "the stream has no batch",
                      {{"location", location}, {"stream", stream}});
}

// The first of them, and how many more there are.
std::string Named(const std::vector<std::string>& names) {
  const auto shown = std::span(names).first(std::min(names.size(), kNamedMax));
  std::string text = absl::StrJoin(shown, ", ");
  if (shown.size() < names.size()) {
    absl::StrAppend(&text, " and ", names.size() - shown.size(), " more");
  }
  return text;
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
  Join();
  TakeBack();
}

absl::Status IngestSender::Add(const std::string& location, IngestRequest block,
                               std::vector<std::int64_t> lines) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !error_.ok() || waiting_rows_ < options_.waiting_rows_max; });
  if (!error_.ok()) return error_;
  const auto [found, is_new] = places_.try_emplace(location);
  Place& place = found->second;
  if (is_new) {
    place.location = location;
    place.name = client_.firm_name() + "/locations/" + location;
    order_.push_back(&place);
  }
  Release(&place, false);
  block.set_location(place.name);
  block.set_stream(options_.stream);
  ++place.added;  // The block gets its number when it is known where the stream stands.
  block.set_file_id(options_.file_id);
  block.set_register_position(options_.register_position);
  Block waiting;
  waiting.rows =
      block.has_prices() ? block.prices().item_size() : block.series().value_milli_size();
  waiting.request = std::move(block);
  waiting.lines = std::move(lines);
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
  place->last_given = last;
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
    // After an error what was added may be a part of the file, which must not become visible.
    if (error_.ok()) {
      for (auto& [location, place] : places_) Release(&place, true);
    }
    ended_ = true;
  }
  Join();
  TakeBack();
  return error_;
}

// Waits for the threads; from then on nothing changes but by the caller.
void IngestSender::Join() {
  changed_.notify_all();
  threads_.clear();
}

// After a refusal: takes back what is durable of the file and not visible, and says what stands.
void IngestSender::TakeBack() {
  if (!IsForGood(error_)) return;
  std::vector<std::string> visible;
  std::vector<std::string> taken_back;
  std::vector<std::string> left_open;
  for (Place* place : order_) {
    const bool complete = place->last_given && place->blocks.empty();
    const std::int64_t durable = std::max(place->durable, place->service_durable);
    const bool all_closed = complete || durable <= place->closed;
    if (complete || place->closed > 0) visible.push_back(place->location);
    if (all_closed) continue;
    const std::string batch = absl::StrCat(place->name, "/batches/", options_.stream, "-",
                                           place->stream_base + place->closed + 1);
    exchange::v1::RetractBatchRequest request;
    request.set_name(batch);
    request.set_request_id(NewRequestId());
    Batch answer;
    const absl::Status status =
        clients_.front()->Call(&ExchangeService::Stub::RetractBatch, request, &answer);
    if (status.ok()) {
      taken_back.push_back(place->location);
    } else {
      left_open.push_back(absl::StrCat(batch, " (", status.message(), ")"));
    }
  }
  order_.clear();  // Once.
  if (!taken_back.empty()) error_ = base::WithDetail(error_, {"taken_back", Named(taken_back)});
  if (!visible.empty()) error_ = base::WithDetail(error_, {"visible", Named(visible)});
  if (!left_open.empty()) error_ = base::WithDetail(error_, {"left_open", Named(left_open)});
}

bool IngestSender::failed() const {
  const std::lock_guard lock(mutex_);
  return !error_.ok();
}

std::int64_t IngestSender::standing_rows() const {
  const std::lock_guard lock(mutex_);
  return standing_rows_;
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
  Patience patience(absl::Seconds(client->options().retry_seconds));
  absl::Status status = place->asked ? absl::OkStatus() : AskWhereToBegin(client, place);
  for (;;) {
    if (status.ok()) {
      const std::int64_t before = place->durable;
      status = SendOnce(client, place);
      if (status.ok()) return status;
      if (place->durable > before) patience.Renew();
    }
    const bool again = MayRetry(status) || absl::IsDeadlineExceeded(status);
    if (!again || !patience.Wait(*client, status)) return Located(place, std::move(status));
    status = place->asked ? AskDurable(client, place) : AskWhereToBegin(client, place);
  }
}

// Where a refused block stands: its location, and the file's line of the row that is refused.
absl::Status IngestSender::Located(Place* place, absl::Status refused) {
  const std::optional<base::Refusal> refusal = base::RefusalOf(refused);
  if (!refusal.has_value()) return refused;
  std::optional<std::size_t> row;
  bool located = false;
  for (const auto& [key, value] : refusal->details) {
    std::size_t number = 0;
    if (key == "row" && absl::SimpleAtoi(value, &number)) row = number;
    located = located || key == "location";
  }
  if (!located) refused = base::WithDetail(refused, {"location", place->location});
  const std::lock_guard lock(mutex_);
  // Blocks are answered in their order, so it is the first that is not durable.
  if (!row.has_value() || place->blocks.empty()) return refused;
  const std::vector<std::int64_t>& lines = place->blocks.front().lines;
  if (*row < lines.size()) refused = base::WithDetail(refused, {"line", lines[*row]});
  return refused;
}

// Finds which of the stream's blocks are the file's.
absl::Status IngestSender::AskWhereToBegin(Client* client, Place* place) {
  exchange::v1::GetStreamRequest request;
  request.set_name(place->name + "/streams/" + options_.stream);
  exchange::v1::Stream stream;
  const absl::Status status = client->Call(&ExchangeService::Stub::GetStream, request, &stream);
  if (absl::IsNotFound(status)) {  // Never begun.
    place->asked = true;
    return absl::OkStatus();
  }
  TANDEM_RETURN_IF_ERROR(status);
  TANDEM_ASSIGN_OR_RETURN(const Batch batch, NewestBatch(client, place->name, options_.stream));
  const bool same_file = batch.file_id() == options_.file_id;
  if (batch.state() == Batch::STATE_OPEN && !same_file) {
    return base::Refuse(base::Reason::kContentDiffers,
                        "the stream holds an unfinished batch of another file: import that file to "
                        "its end, take its batch back, or choose another stream",
                        {{"location", place->location},
                         {"stream", options_.stream},
                         {"batch", batch.name().substr(batch.name().rfind('/') + 1)},
                         {"file", batch.file_id()}});
  }
  const std::int64_t durable = stream.durable_block();
  const bool goes_on = same_file && batch.state() != Batch::STATE_RETRACTED;
  {
    const std::lock_guard lock(mutex_);
    place->stream_base = goes_on ? FirstBlockOf(batch) - 1 : durable;
    place->standing = durable - place->stream_base;
    if (batch.state() == Batch::STATE_CLOSED) place->closed = place->standing;
    place->asked = true;
  }
  Acknowledge(place, durable);
  return absl::OkStatus();
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

// The block of that number with what the stream calls it, or null where it was not given yet, is
// durable, or is not to be sent any more.
const IngestRequest* IngestSender::BlockAt(Place* place, std::int64_t number) {
  const std::lock_guard lock(mutex_);
  DropDurable(place);
  const std::int64_t index = number - place->durable - 1;
  const auto count = static_cast<std::int64_t>(place->blocks.size());
  if (index < 0 || index >= count || !error_.ok()) return nullptr;
  // A reference into the deque stays valid: others only append, and only this thread removes.
  IngestRequest& request = place->blocks[static_cast<std::size_t>(index)].request;
  request.set_block(place->stream_base + number);
  return &request;
}

void IngestSender::Acknowledge(Place* place, std::int64_t durable_block) {
  {
    const std::lock_guard lock(mutex_);
    place->service_durable = std::max(place->service_durable, durable_block - place->stream_base);
    DropDurable(place);
  }
  changed_.notify_all();
}

// Under the lock, by the thread that sends the place.
void IngestSender::DropDurable(Place* place) {
  while (place->durable < place->service_durable && !place->blocks.empty()) {
    waiting_rows_ -= place->blocks.front().rows;
    durable_rows_ += place->blocks.front().rows;
    if (place->durable < place->standing) standing_rows_ += place->blocks.front().rows;
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
