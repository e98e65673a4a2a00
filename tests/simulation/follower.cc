#include "tests/simulation/follower.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace tandem::simulation {

// The server's end of a stream. Messages arrive in order, as on a connection; when the connection
// is lost, those under way are too.
class Follower::Sink final : public runtime::FeedSink {
 public:
  Sink(Follower& follower, std::uint64_t stream) : follower_(&follower), stream_(stream) {}

  void Send(runtime::FeedMessage message, absl::AnyInvocable<void()> sent) override {
    const Wire& wire = follower_->wire_;
    Instance& instance = *follower_->instance_;
    wire.clients->RunAfter(
        wire.world->random().Between(absl::Microseconds(50), absl::Milliseconds(3)),
        [follower = follower_, stream = stream_, message = std::move(message)] {
          follower->Take(stream, message);
        });
    // One message in flight: room for the next comes after this one has arrived.
    instance.node().RunAfter(absl::Milliseconds(4), std::move(sent));
  }
  void Close(absl::Status) override {
    follower_->wire_.clients->Run(
        [follower = follower_, stream = stream_] { follower->Lost(stream); });
  }

 private:
  Follower* follower_;
  std::uint64_t stream_;
};

Follower::Follower(Wire wire, Instance& instance, std::string firm, Report& report)
    : wire_(wire), instance_(&instance), firm_(std::move(firm)), report_(&report) {}

Follower::~Follower() = default;

void Follower::Start() {
  Connect();
  Watch();
}

// A stream that says nothing for three seconds (progress marks come each second) is lost.
void Follower::Watch() {
  wire_.clients->RunAfter(absl::Seconds(1), [this] {
    if (wire_.world->now() - heard_ > absl::Seconds(3)) Lost(stream_);
    Watch();
  });
}

void Follower::Connect() {
  const std::uint64_t stream = ++stream_;
  heard_ = wire_.world->now();
  const auto opened = std::make_shared<bool>(false);
  wire_.network->Send(instance_->node(), [this, stream, opened] {
    if (std::exchange(*opened, true)) return;  // A connection is made once, however often asked.
    if (stream != stream_ || !instance_->serving() || instance_->feed() == nullptr) return;
    auto sink = std::make_shared<Sink>(*this, stream);
    auto subscription = instance_->feed()->Follow(CallerOf(firm_), {}, cursor_, true, sink);
    if (!subscription.ok()) {
      report_->Expect(MayRetry(subscription.status()),
                      absl::StrCat("the feed of ", firm_,
                                   " refuses its own cursor: ", subscription.status().ToString()));
      return;
    }
    instance_->Hold(*std::move(subscription), firm_);
  });
}

void Follower::Lost(std::uint64_t stream) {
  if (stream != stream_) return;
  ++report_->counts["feed streams lost"];
  Connect();
}

void Follower::Take(std::uint64_t stream, const runtime::FeedMessage& message) {
  if (stream != stream_) return;
  heard_ = wire_.world->now();
  // The consumer fails before it has worked the message through, now and then.
  if (wire_.world->random().OneIn(40)) return Lost(stream);
  for (const runtime::FeedRecord& record : message.records) {
    report_->Expect(
        record.number == number_ + 1,
        absl::StrCat("the feed of ", firm_, " jumps from record ", number_, " to ", record.number));
    number_ = record.number;
    report_->Expect(facts_.emplace(record.slot, record.fact_number).second,
                    absl::StrCat("the feed of ", firm_, " repeats ", record.slot.ToString(), " ",
                                 record.fact_number));
    seen_.push_back({record.slot, record.fact_number, record.fact, wire_.world->now()});
    ++report_->counts["feed records"];
  }
  cursor_ = message.cursor;
}

}  // namespace tandem::simulation
