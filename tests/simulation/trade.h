// The firms of a simulated run and what they do: set up, report, ingest, read, agree, revoke,
// publish.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/base/reason.h"
#include "tests/simulation/ask.h"
#include "tests/simulation/journal.h"
#include "tests/simulation/report.h"

namespace tandem::simulation {

inline constexpr int kItems = 6;      // Of the retailer: the first three are maker-1's business.
inline constexpr int kLocations = 2;  // The retailer's stores.
inline constexpr char kRetailer[] = "retailer";
inline constexpr char kMakers[][16] = {"maker-1", "maker-2"};
inline constexpr char kCarrier[] = "carrier";

std::string ItemId(int item);
std::string LocationId(int location);

// What was agreed with a maker, and when it ended.
struct Relation {
  std::string name{};  // "agreements/{id}"; "" until it is in force.
  std::set<int> items{};
  bool revoking = false;                    // The revocation was sent.
  std::optional<absl::Duration> revoked{};  // By when it was durable, at the latest.
};

// The operator's leave to read what an agreement shares, as far as its client knows.
struct Glass {
  int maker = 0;                           // Whose agreement with the retailer.
  absl::Duration sent{};                   // Its opening.
  absl::Duration expires{};                // At the latest, while no clock is set.
  bool by_party = false;                   // Its closing was sent by a party.
  std::optional<absl::Duration> closed{};  // By when that was durable, at the latest.
};

// A page that the operator was handed under a break-glass.
struct GlassRead {
  std::string glass{};  // Its id.
  absl::Duration at{};
  std::vector<std::string> items{};
};

// A run that a maker began, and how it ended.
struct MakersRun {
  int maker = 0;
  std::string name{};
  std::string method{};
  bool ended = false;
  std::string version{};  // "": it failed.
  std::string error{};
};

class Trade {
 public:
  Trade(Wire wire, Instance& governing, Instance& exchanging, Instance& forecasting,
        Journal& journal, Report& report);

  // Admits the firms, fills the registers and signs an agreement with each maker, trying again
  // until it is done.
  void SetUp(const std::function<void()>& done);
  // Begins the loops; they end soon after Stop.
  void Begin();
  void Stop() { stopped_ = true; }
  // Every loop has come to its end.
  bool Ended() const { return loops_ == 0; }

  const Relation& relation(int maker) const { return relations_[maker]; }
  const std::vector<std::string>& published() const { return published_; }
  const std::map<std::string, Glass>& glasses() const { return glasses_; }  // By id.
  const std::vector<GlassRead>& glass_reads() const { return glass_reads_; }
  const std::vector<MakersRun>& runs() const { return runs_; }
  // Reads the retailer's sales as the operator, under whatever break-glass stands for it.
  void ReadAsOperator();

 private:
  using Next = std::function<void()>;
  using Steps = std::vector<std::function<void(Next)>>;
  void Sequence(const std::shared_ptr<Steps>& steps, std::size_t at, const Next& done);
  void AddFirms(std::vector<std::function<void(Next)>>& steps);
  void AddRegisters(std::vector<std::function<void(Next)>>& steps);
  void Agree(int maker, Next done);
  void Sign(int maker, const std::string& name, const std::string& hash, Next done);

  // Sends a command with a fresh request id, which the journal gets; `done` when it has an end.
  template <typename Api, typename Request, typename Response>
  void Command(Question<Api, Request, Response> question, const std::string& lane, bool makes_fact,
               std::type_identity_t<Answered<Response>> done);

  void Loop(std::function<void(Next)> step);
  void ReportStock(int location, Next done);
  void ReportBadStock(Next done);
  void SendBlock(int location, Next done);
  void SendAgain(int location, Next done);
  void MakeBlock(int location);
  static exchange::v1::IngestRequest RequestOf(int location, std::size_t number,
                                               const SentBlock& block);
  // To the location's stream; `answered` runs once, with UNAVAILABLE if nothing came in time.
  void Push(int location, const exchange::v1::IngestRequest& request,
            std::function<void(absl::StatusOr<exchange::v1::IngestResponse>)> answered);
  void ReadAsMaker(int maker, Next done);
  void CheckPage(int maker, absl::Duration read_at, const exchange::v1::ReadSeriesResponse& page);
  void ReviseAgreements(Next done);
  void PublishVersion(Next done);
  void UploadAndPublish(const std::string& name, const std::string& firm, Next done);
  // trade_glass.cc
  void BreakGlass(Next done);
  void OpenGlass(int maker, Next done);
  void CloseGlass(const std::string& id, Next done);
  void CheckRefusedGlass(int maker, const absl::Status& refused);
  // trade_runs.cc
  void RunForecast(int maker, Next done);
  void AwaitRun(std::size_t run, Next done);

  Wire wire_;
  Instance* governing_;
  Instance* exchanging_;
  Instance* forecasting_;
  Journal* journal_;
  Report* report_;
  Relation relations_[2];
  std::map<int, int> stock_day_;  // By location.
  std::map<int, std::size_t> durable_blocks_;
  std::map<std::pair<int, std::pair<int, int>>, std::set<std::int64_t>> values_;  // Ever sent.
  std::vector<std::string> published_;
  std::map<std::string, Glass> glasses_;
  std::vector<GlassRead> glass_reads_;
  std::vector<MakersRun> runs_;
  int loops_ = 0;
  bool stopped_ = false;
};

template <typename Api, typename Request, typename Response>
void Trade::Command(Question<Api, Request, Response> question, const std::string& lane,
                    bool makes_fact, std::type_identity_t<Answered<Response>> done) {
  question.request.set_request_id(NewRequestId(wire_.world->random()));
  const std::size_t entry = journal_->sent.size();
  journal_->sent.push_back({.firm = question.firm,
                            .request_id = question.request.request_id(),
                            .lane = lane,
                            .makes_fact = makes_fact});
  // Most are tried until they are answered; some are given up, and stay unanswered.
  const bool fickle = !lane.empty() && wire_.world->random().OneIn(10);
  Insist(
      wire_, question, [fickle] { return fickle; },
      [this, entry, done = std::move(done)](absl::StatusOr<Response> response) {
        Sent& sent = journal_->sent[entry];
        if (response.ok()) {
          sent.fate = Fate::kAccepted;
          ++report_->counts["accepted"];
        } else if (!MayRetry(response.status())) {
          sent.fate = Fate::kRefused;
          ++report_->counts[absl::StrCat(
              "refused ", std::string(base::ReasonName(base::ReasonOf(response.status()))))];
        } else {
          ++report_->counts["unanswered"];
        }
        done(std::move(response));
      });
}

}  // namespace tandem::simulation
