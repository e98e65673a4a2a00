#include "tests/simulation/kafka_run.h"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/base/bytes.h"
#include "services/base/reason.h"
#include "services/runtime/log_rules.h"
#include "services/runtime/slot.h"
#include "tests/simulation/kafka_model_log.h"
#include "tests/simulation/tally_domain.h"

namespace tandem::simulation {

void TallyDomain::Apply(const base::FactRecord& record, base::Rows& rows) const {
  rows.Put(base::ByteWriter().Byte('n').BigEndian64(record.number).bytes(), record.fact.payload);
  rows.Put(absl::StrCat("p", record.fact.payload), "");
}

absl::StatusOr<std::vector<base::Fact>> DecideTally(const base::RowReader& rows,
                                                    const std::string& payload) {
  if (payload.empty() || rows.Get(absl::StrCat("p", payload)).has_value()) {
    return base::Refuse(base::Reason::kAlreadyExists, "this payload is refused");
  }
  base::Fact fact;
  fact.kind = base::kDomainKindFirst;
  fact.payload = payload;
  return std::vector<base::Fact>{std::move(fact)};
}

namespace {

constexpr base::SlotId kSlot{.domain = base::DomainId::kGovernance, .index = 0};
constexpr std::uint64_t kLogId = 42;
constexpr int kInstances = 3;
constexpr int kClients = 3;

struct Sent {
  std::string payload{};  // "" is refused always.
  enum class Fate { kUnanswered, kAccepted, kRefused } fate = Fate::kUnanswered;
};

class Run {
 public:
  explicit Run(std::uint64_t seed)
      : world_(seed),
        network_(world_, Faulty()),
        broker_node_(world_, "broker"),
        broker_(world_, broker_node_),
        clients_node_(world_, "clients") {
    broker_.set_faults({.fatal_one_in = 60, .fatal_stored_one_in = 2});
    for (int i = 0; i < kInstances; ++i) {
      instances_.push_back(std::make_unique<Instance>(world_, absl::StrCat("instance-", i)));
    }
  }

  Report Do() {
    for (auto& instance : instances_) Boot(*instance);
    Open(*instances_[0]);
    for (int c = 0; c < kClients; ++c) NextCommand(c);
    for (int step = 0; step < 40; ++step) {
      Disturb();
      world_.RunFor(world_.random().Between(absl::Milliseconds(50), absl::Seconds(2)));
    }
    Heal();
    Check();
    report_.digest = world_.digest();
    return std::move(report_);
  }

 private:
  struct Instance {
    Instance(World& world, const std::string& name) : node(world, name) {}
    Node node;
    LocalRows rows{};
    std::unique_ptr<KafkaModelLog> log{};
    std::shared_ptr<runtime::Slot> slot{};
    bool opening = false;
    std::uint64_t life = 0;
  };

  static NetworkFaults Faulty() {
    return {.drop_one_in = 12,
            .repeat_one_in = 25,
            .delay_max = absl::Milliseconds(5),
            .slow_one_in = 20,
            .slow_max = absl::Seconds(4)};
  }

  void Boot(Instance& instance) {
    instance.log =
        std::make_unique<KafkaModelLog>(kLogId, instance.node, network_, broker_, instance.rows);
  }

  void Open(Instance& instance) {
    if (instance.opening) return;
    instance.opening = true;
    ++report_.counts["opens"];
    runtime::Slot::Open(
        kSlot, {domain_, *instance.log, instance.node, instance.node}, {},
        [&instance, life = instance.life](absl::StatusOr<std::shared_ptr<runtime::Slot>> slot) {
          if (life != instance.life) return;
          instance.opening = false;
          if (slot.ok()) instance.slot = *std::move(slot);
        });
  }

  void Crash(Instance& instance) {
    ++report_.counts["crashes"];
    ++instance.life;
    instance.node.Crash();
    instance.slot.reset();
    instance.opening = false;
    instance.log.reset();
    instance.rows.Crash();
    Boot(instance);
  }

  void Disturb() {
    Instance& instance = *instances_[world_.random().Below(kInstances)];
    switch (world_.random().Below(6)) {
      case 0:
        return Crash(instance);
      case 1:
        ++report_.counts["pauses"];
        return instance.node.Pause(world_.random().Between(absl::Seconds(1), absl::Seconds(8)));
      case 2:
        return instance.node.SetClock(-world_.random().Between(absl::Seconds(1), absl::Hours(1)));
      default:
        // Another instance takes the slot; the old owner is not told.
        return Open(instance);
    }
  }

  // A client sends its next command and tries again elsewhere until it is answered, or gives up.
  void NextCommand(int client) {
    if (healed_) return;
    std::vector<Sent>& sent = sent_[client];
    const std::size_t index = sent.size();
    sent.emplace_back();
    if (!world_.random().OneIn(8)) sent.back().payload = absl::StrCat("c", client, "-", index);
    ++report_.counts["commands"];
    Try(client, index, 0);
  }

  void Try(int client, std::size_t index, int attempt) {
    const auto answered = std::make_shared<bool>(false);
    const auto answer = [this, client, index, attempt, answered](const absl::Status& status) {
      if (std::exchange(*answered, true)) return;
      Answered(client, index, attempt, status);
    };
    Instance& instance = *instances_[world_.random().Below(kInstances)];
    network_.Send(instance.node, [this, &instance, client, index, answer] {
      if (instance.slot == nullptr) return;
      runtime::Command command;
      command.caller.firm = absl::StrCat("firm-", client);
      command.method = "Tally";
      command.request_id = absl::StrCat("request-", client, "-", index);
      command.request_digest = std::string(16, 'd');
      command.decide = [payload = sent_[client][index].payload](const base::RowReader& rows,
                                                                const base::Stamp&) {
        return DecideTally(rows, payload);
      };
      instance.slot->Submit(
          std::move(command), [this, answer](const absl::StatusOr<runtime::Outcome>& outcome) {
            network_.Send(clients_node_, [answer, status = outcome.status()] { answer(status); });
          });
    });
    clients_node_.RunAfter(absl::Seconds(3),
                           [answer] { answer(absl::DeadlineExceededError("no answer")); });
  }

  void Answered(int client, std::size_t index, int attempt, const absl::Status& status) {
    Sent& sent = sent_[client][index];
    if (status.ok()) {
      sent.fate = Sent::Fate::kAccepted;
      ++report_.counts["accepted"];
    } else if (base::ReasonOf(status) == base::Reason::kAlreadyExists) {
      sent.fate = Sent::Fate::kRefused;
      ++report_.counts["refused"];
    } else if (attempt < 20 || healed_) {
      clients_node_.RunAfter(absl::Milliseconds(100),
                             [this, client, index, attempt] { Try(client, index, attempt + 1); });
      return;
    } else {
      ++report_.counts["given up"];
    }
    clients_node_.Run([this, client] { NextCommand(client); });
  }

  void Heal() {
    network_.set_faults({});
    broker_.set_faults({});
    world_.RunFor(absl::Seconds(10));
    healed_ = true;
    Open(*instances_[0]);
    world_.RunFor(absl::Seconds(60));
  }

  // The facts of the valid groups, by a reader that has seen nothing before.
  std::vector<base::FactRecord> ValidFacts() {
    std::vector<base::FactRecord> facts;
    runtime::LogRules rules(kLogId, kSlot);
    for (const std::string& bytes : broker_.records(kSlot)) {
      const auto verdict = rules.Take(bytes);
      if (verdict == runtime::LogRules::Verdict::kVoid) ++report_.counts["void records"];
      if (verdict != runtime::LogRules::Verdict::kGroupValid) continue;
      const absl::StatusOr<runtime::Group> group = runtime::DecodeGroup(bytes);
      facts.insert(facts.end(), group->facts.begin(), group->facts.end());
    }
    return facts;
  }

  void Check() {
    const std::vector<base::FactRecord> facts = ValidFacts();
    report_.counts["facts"] += facts.size();
    std::map<std::string, std::vector<std::uint64_t>> numbers;
    base::MapRows rebuilt;
    for (const base::FactRecord& record : facts) {
      if (record.fact.kind < base::kDomainKindFirst) continue;  // Audit.
      numbers[record.fact.payload].push_back(record.number);
      domain_.Apply(record, rebuilt);
    }
    for (int client = 0; client < kClients; ++client) {
      std::uint64_t last = 0;
      for (const Sent& sent : sent_[client]) {
        const std::vector<std::uint64_t>& there = numbers[sent.payload];
        if (sent.fate == Sent::Fate::kAccepted) {
          report_.Expect(there.size() == 1, absl::StrCat("acknowledged ", sent.payload,
                                                         " is there ", there.size(), " times"));
          report_.Expect(there.empty() || there.front() > last,
                         absl::StrCat("acknowledged ", sent.payload, " is out of order: ",
                                      there.empty() ? 0 : there.front(), " after ", last));
          if (!there.empty()) last = there.front();
        } else {
          const std::size_t most = sent.fate == Sent::Fate::kUnanswered ? 1 : 0;
          report_.Expect(there.size() <= most,
                         absl::StrCat("'", sent.payload, "' was not acknowledged and is there ",
                                      there.size(), " times"));
        }
      }
    }
    CheckRows(rebuilt, facts.empty() ? 0 : facts.back().number);
  }

  // Whoever owns the slot at the end has applied all of it; an instance that was overtaken and has
  // not yet tried to write has older rows.
  void CheckRows(const base::MapRows& rebuilt, std::uint64_t last_number) {
    bool current = false;
    for (const auto& instance : instances_) {
      if (instance->slot == nullptr) continue;
      const absl::StatusOr<runtime::Log::Rows> rows = instance->slot->Read();
      if (!rows.ok() || rows->applied != last_number) continue;
      current = true;
      std::map<std::string, std::string, std::less<>> live;
      rows->rows->Scan("", "", [&](std::string_view key, std::string_view value) {
        live.emplace(key, value);
        return true;
      });
      report_.Expect(live == rebuilt.map(), "an owner's rows are those of a replay of the log");
    }
    report_.Expect(current, "some instance serves all of the log after all is healed");
  }

  World world_;
  Network network_;
  Node broker_node_;
  Broker broker_;
  Node clients_node_;
  TallyDomain domain_;
  std::vector<std::unique_ptr<Instance>> instances_;
  std::map<int, std::vector<Sent>> sent_;
  bool healed_ = false;
  Report report_;
};

}  // namespace

Report RunKafka(std::uint64_t seed) { return Run(seed).Do(); }

}  // namespace tandem::simulation
