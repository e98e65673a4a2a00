// Ingest: blocks are checked and compressed on the pushing thread, decided by the slot, and
// answered in order.
#include <deque>
#include <mutex>
#include <utility>

#include "services/base/reason.h"
#include "services/exchange/api.h"
#include "services/exchange/api_audit.h"
#include "services/exchange/api_support.h"
#include "services/runtime/envelope.h"

namespace tandem::exchange {
namespace {

using base::Reason;
using base::RefuseField;
using Result = absl::StatusOr<v1::IngestResponse>;

// Of what PrepareSeries and PreparePrices made of a block: its rows, compressed, and what they are
// of. The items' numbers never change, so the same rows have the same digest at any time.
template <typename Report>
std::string DigestOfRows(const Report& report) {
  const runtime::Hash hash = runtime::HashOf(report.SerializeAsString());
  return {reinterpret_cast<const char*>(hash.data()), hash.size() / 2};
}

// Answers wait here for those of earlier blocks. Shared by the session and what is under way.
class Answers {
 public:
  // The next place in the order.
  std::uint64_t Enter(IngestSession::Done done) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({std::move(done), std::nullopt});
    return first_ + waiting_.size() - 1;
  }

  void Settle(std::uint64_t place, Result result) {
    std::unique_lock lock(mutex_);
    waiting_[place - first_].result = std::move(result);
    if (answering_) return;  // Who answers now sees it.
    answering_ = true;
    while (!waiting_.empty() && waiting_.front().result.has_value()) {
      Waiting ready = std::move(waiting_.front());
      waiting_.pop_front();
      ++first_;
      lock.unlock();
      ready.done(*std::move(ready.result));
      lock.lock();
    }
    answering_ = false;
  }

 private:
  struct Waiting {
    IngestSession::Done done;
    std::optional<Result> result;
  };
  std::mutex mutex_;
  std::deque<Waiting> waiting_;
  std::uint64_t first_ = 0;  // The place of waiting_.front().
  bool answering_ = false;
};

class Session final : public IngestSession {
 public:
  Session(const ExchangeSeams& seams, const Call& call) : state_(std::make_shared<State>()) {
    state_->seams = seams;
    state_->call = call;
  }

  void Push(v1::IngestRequest request, Done done) override {
    const std::uint64_t place = state_->answers.Enter(std::move(done));
    {
      const std::lock_guard lock(state_->mutex);
      state_->queue.push_back({std::move(request), place});
      if (state_->working) return;  // A block waits for the registers, or is being worked on.
      state_->working = true;
    }
    Work(state_);
  }

 private:
  struct Queued {
    v1::IngestRequest request{};
    std::uint64_t place = 0;
  };
  // Outlives the session while blocks are under way.
  struct State {
    ExchangeSeams seams{};
    Call call{};
    Answers answers{};
    // What the call's first message fixed, and the stream's dictionary. Of who works.
    std::optional<Place> place{};
    std::string stream{};
    Dictionary dictionary{};
    std::uint32_t dictionary_register_size = 0;  // Of the register that it was mapped with.
    std::mutex mutex{};
    std::deque<Queued> queue{};
    bool working = false;
  };
  using StatePtr = std::shared_ptr<State>;

  // Works through the queue until it is empty or a block must wait.
  static void Work(const StatePtr& state) {
    while (true) {
      Queued next;
      {
        const std::lock_guard lock(state->mutex);
        if (state->queue.empty()) {
          state->working = false;
          return;
        }
        next = std::move(state->queue.front());
        state->queue.pop_front();
      }
      if (!Take(state, std::move(next))) return;
    }
  }

  // Submits the block, or lets it wait for the registers: false; its waking goes on with the queue.
  static bool Take(const StatePtr& state, Queued next) {
    const auto wanted = runtime::OpenPosition(*state->seams.sealer, state->call.caller.firm,
                                              next.request.register_position());
    if (!wanted.ok()) {
      state->answers.Settle(next.place, wanted.status());
      return true;
    }
    if (state->seams.registers->Reached(*wanted)) {
      Submit(state, next);
      return true;
    }
    const absl::Duration left =
        std::min(state->call.deadline - state->seams.router->clock().Now(), absl::Seconds(10));
    state->seams.registers->WaitFor(
        *wanted, left, [state, next = std::move(next)](const absl::Status& reached) mutable {
          if (reached.ok()) {
            Submit(state, next);
          } else {
            state->answers.Settle(next.place, reached);
          }
          Work(state);
        });
    return false;
  }

  static void Submit(const StatePtr& state, const Queued& next) {
    auto command = Prepare(*state, next.request);
    if (!command.ok()) return state->answers.Settle(next.place, command.status());
    auto result = std::make_shared<StreamState>();
    runtime::Command submitted;
    submitted.caller = state->call.caller;
    submitted.method = "Ingest";
    submitted.deadline = state->call.deadline;
    submitted.byte_size = RoomOf(*command);
    const Place place = command->place;
    submitted.decide = [command = *std::move(command), result](
                           const base::RowReader& rows,
                           const base::Stamp&) -> absl::StatusOr<std::vector<base::Fact>> {
      TANDEM_ASSIGN_OR_RETURN(BlockDecision decision, Decide(rows, command));
      *result = std::move(decision.state);
      return std::move(decision.facts);
    };
    state->seams.router->Submit(
        SlotOf(state->seams, place), std::move(submitted),
        [state, place, result, at = next.place](const absl::StatusOr<runtime::Outcome>& outcome) {
          if (!outcome.ok()) return state->answers.Settle(at, outcome.status());
          v1::IngestResponse response;
          response.set_durable_block(result->durable_block);
          response.set_row_count(result->row_count);
          if (!result->closed_batch.empty()) {
            response.set_closed_batch(LocationName(place) + "/batches/" + result->closed_batch);
          }
          state->answers.Settle(at, std::move(response));
        });
  }

  // What a prepared block takes in memory, roughly. The request's own size would cost a walk
  // through all its values.
  static std::size_t RoomOf(const ReportBlock& block) {
    std::size_t bytes = sizeof block;
    if (block.series != nullptr) {
      bytes += block.series->values_milli.size() * sizeof(std::int64_t) +
               block.series->runs.size() * sizeof(Run) +
               block.series->touched.size() * sizeof(TouchedItem) +
               block.series->fact.value_column().size();
    }
    if (block.prices != nullptr) {
      bytes += block.prices->range_count * sizeof(PriceRange) +
               block.prices->touched.size() * sizeof(TouchedItem) +
               block.prices->fact.ByteSizeLong();
    }
    return bytes;
  }

  // What the first message says and all others repeat or leave out.
  static absl::Status CheckCall(State& state, const v1::IngestRequest& request) {
    // At each block: the call may last for hours, and the caller may have lost its role meanwhile.
    TANDEM_RETURN_IF_ERROR(CheckEditor(state.seams, state.call));
    if (!state.place.has_value()) {
      TANDEM_ASSIGN_OR_RETURN(Place place, OwnPlace(state.call, "location", request.location()));
      TANDEM_RETURN_IF_ERROR(base::CheckId("stream", request.stream()));
      if (request.stream().size() > kStreamIdMax) {
        return RefuseField(Reason::kBadName, "stream", "is longer than 40 characters",
                           {{"stream", request.stream()}});
      }
      state.place = std::move(place);
      state.stream = request.stream();
    }
    if (!request.location().empty() && request.location() != LocationName(*state.place)) {
      return RefuseField(Reason::kBadName, "location", "a call is about one location",
                         {{"location", request.location()}});
    }
    if (!request.stream().empty() && request.stream() != state.stream) {
      return RefuseField(Reason::kBadName, "stream", "a call is one stream",
                         {{"stream", request.stream()}});
    }
    if (request.block() < 1) {
      return RefuseField(Reason::kFieldOutOfRange, "block", "blocks count from 1",
                         {{"block", request.block()}});
    }
    if (!request.file_id().empty()) return base::CheckId("file_id", request.file_id());
    return absl::OkStatus();
  }

  // Maps the block's items, or takes the dictionary that holds; unknown ids are looked up again
  // where the register has grown since.
  static absl::Status MapItems(State& state,
                               const google::protobuf::RepeatedPtrField<std::string>& items,
                               const FirmRegister& registers) {
    if (!items.empty()) {
      TANDEM_ASSIGN_OR_RETURN(state.dictionary, MapDictionary(items, registers));
    } else if (state.dictionary_register_size != registers.items.size()) {
      for (std::size_t i = 0; i < state.dictionary.ids.size(); ++i) {
        if (state.dictionary.numbers[i] != 0) continue;
        state.dictionary.derived.reset();
        state.dictionary.numbers[i] = registers.items.NumberOf(state.dictionary.ids[i]);
      }
    }
    state.dictionary_register_size = registers.items.size();
    return absl::OkStatus();
  }

  static absl::StatusOr<ReportBlock> Prepare(State& state, const v1::IngestRequest& request) {
    TANDEM_RETURN_IF_ERROR(CheckCall(state, request));
    ReportBlock command{.place = *state.place,
                        .stream = state.stream,
                        .block = request.block(),
                        .close_batch = request.close_batch(),
                        .file_id = request.file_id()};
    const auto registers = state.seams.registers->Of(state.place->owner);
    const BlockScope scope{*state.place, registers, state.dictionary};
    switch (request.content_case()) {
      case v1::IngestRequest::kSeries: {
        TANDEM_RETURN_IF_ERROR(MapItems(state, request.series().items(), *registers));
        TANDEM_ASSIGN_OR_RETURN(command.series, PrepareSeries(scope, request.series()));
        command.digest = DigestOfRows(command.series->fact);
        return command;
      }
      case v1::IngestRequest::kPrices: {
        TANDEM_RETURN_IF_ERROR(MapItems(state, request.prices().items(), *registers));
        TANDEM_ASSIGN_OR_RETURN(command.prices, PreparePrices(scope, request.prices()));
        command.digest = DigestOfRows(command.prices->fact);
        return command;
      }
      case v1::IngestRequest::CONTENT_NOT_SET:
        break;
    }
    return RefuseField(Reason::kFieldMissing, "content", "a block has series or prices",
                       {{"block", request.block()}});
  }

  StatePtr state_;
};

}  // namespace

std::unique_ptr<IngestSession> ExchangeApi::OpenIngest(const Call& call) {
  return AuditedSession(seams_, call, std::make_unique<Session>(seams_, call));
}

}  // namespace tandem::exchange
