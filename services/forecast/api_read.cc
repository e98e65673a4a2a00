#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/base/bug.h"
#include "services/base/bytes.h"
#include "services/base/name.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/forecast/api.h"
#include "services/forecast/api_messages.h"
#include "services/forecast/codec.h"
#include "services/forecast/series.h"

namespace tandem::forecast {
namespace {

using runtime::Answer;
using Rows = runtime::Log::Rows;

constexpr std::int32_t kPageSizeDefault = 100;
constexpr std::int32_t kPageSizeMax = 1'000;

absl::Status Unknown() {
  return base::Refuse(base::Reason::kUnknownVersion, "there is no such version");
}

// What is published shows to a break-glass too; whether that stands has been asked.
bool Shows(const Version& version, const Call& call) {
  if (version.VisibleTo(call.caller.firm)) return true;
  return !call.break_glass.empty() && version.state == v1::Version::STATE_PUBLISHED;
}

// Hidden and absent answer alike.
absl::StatusOr<Version> Visible(const base::RowReader& rows, std::string_view relation,
                                std::string_view id, const Call& call) {
  std::optional<Version> version = VersionIn(rows, relation, id);
  TANDEM_RETURN_IF_ERROR(rows.status());
  if (!version.has_value() || !Shows(*version, call)) return Unknown();
  return *std::move(version);
}

// A version's chunks, one a message, from one snapshot. Whether the caller may (`check`) is asked
// again for each; published versions never change, so the snapshot cannot be behind.
class VersionPages final : public Pages<v1::ReadVersionResponse> {
 public:
  using Check = std::function<absl::Status()>;
  // What is read of it.
  struct Asked {
    SeriesChoice choice{};
    bool with_quantiles = false;
  };
  VersionPages(Rows rows, Version version, Asked asked, Check check)
      : rows_(std::move(rows)),
        version_(std::move(version)),
        asked_(std::move(asked)),
        check_(std::move(check)) {}

  absl::StatusOr<std::optional<v1::ReadVersionResponse>> Next() override {
    while (chunk_ < version_.chunk_count) {
      TANDEM_RETURN_IF_ERROR(check_());
      const auto bytes = rows_.rows->Get(ChunkKey(version_.relation, version_.id, ++chunk_));
      TANDEM_RETURN_IF_ERROR(rows_.rows->status());
      base::Require(bytes.has_value(), "a chunk of a version is not there");
      v1::SeriesColumns series;
      base::Require(series.ParseFromString(*bytes), "a chunk's row is damaged");
      v1::ReadVersionResponse response;
      *response.mutable_series() = Chosen(series, asked_.choice);
      if (response.series().item_index_size() == 0) continue;
      TANDEM_RETURN_IF_ERROR(AddQuantiles(series, response));
      return response;
    }
    return std::nullopt;
  }

 private:
  // Of the chunk that was read last.
  absl::Status AddQuantiles(const v1::SeriesColumns& series, v1::ReadVersionResponse& response) {
    if (version_.quantile_levels.empty()) return absl::OkStatus();
    const auto hash = rows_.rows->Get(ChunkHashKey(version_.relation, version_.id, chunk_));
    TANDEM_RETURN_IF_ERROR(rows_.rows->status());
    base::Require(hash.has_value() && hash->size() == 2 * kHashBytes,
                  "a chunk with quantiles has no hash of theirs");
    response.set_quantiles_hash(hash->substr(kHashBytes));
    if (!asked_.with_quantiles) return absl::OkStatus();
    const auto bytes = rows_.rows->Get(QuantilesKey(version_.relation, version_.id, chunk_));
    TANDEM_RETURN_IF_ERROR(rows_.rows->status());
    v1::QuantileColumns quantiles;
    base::Require(bytes.has_value() && quantiles.ParseFromString(*bytes),
                  "a chunk's quantiles are damaged");
    *response.mutable_quantiles() = ChosenQuantiles(series, quantiles, asked_.choice);
    return absl::OkStatus();
  }

  const Rows rows_;
  const Version version_;
  const Asked asked_;
  const Check check_;
  std::int64_t chunk_ = 0;
};

struct Page {
  std::string relation{};
  Call call{};
  std::string purpose{};
  std::int32_t size = 0;
  runtime::PageStart start{};
};

absl::StatusOr<v1::ListVersionsResponse> ListPage(const Rows& rows, const Page& page,
                                                  const runtime::Sealer& sealer) {
  v1::ListVersionsResponse response;
  const std::string prefix = VersionOrderPrefix(page.relation);
  const std::string first =
      page.start.last_key.empty() ? prefix : page.start.last_key + std::string(1, '\0');
  std::string last_key;
  bool more = false;
  rows.rows->Scan(first, base::PrefixEnd(prefix), [&](std::string_view key, std::string_view id) {
    const auto version = VersionIn(*rows.rows, page.relation, id);
    base::Require(version.has_value(), "a version in the list is not there");
    if (!Shows(*version, page.call)) return true;
    more = response.versions_size() == page.size;
    if (more) return false;
    *response.add_versions() = MessageOf(*version, page.call.caller.firm, sealer);
    last_key = std::string(key);
    return true;
  });
  TANDEM_RETURN_IF_ERROR(rows.rows->status());
  if (more) {
    response.set_next_page_token(runtime::SealPage(sealer, page.purpose, page.call.caller.firm,
                                                   {last_key, page.start.position}));
  }
  return response;
}

base::Position At(base::SlotId slot, std::uint64_t number) {
  base::Position position;
  position.Set(slot, number);
  return position;
}

}  // namespace

void ForecastApi::ReadAt(const Call& call, std::string_view relation, std::string_view min_position,
                         absl::AnyInvocable<void(absl::StatusOr<Rows>)> done) {
  const absl::Status reader = CheckReader(call, relation);
  if (!reader.ok()) return done(reader);
  const auto position = runtime::OpenPosition(*seams_.sealer, call.caller.firm, min_position);
  if (!position.ok()) return done(position.status());
  const base::SlotId slot = SlotOf(relation);
  // Other slots are of no account here.
  seams_.router->WaitFor(At(slot, position->At(slot)), call.deadline,
                         [this, slot, done = std::move(done)](const absl::Status& status) mutable {
                           if (!status.ok()) return done(status);
                           done(seams_.router->Read(slot));
                         });
}

void ForecastApi::GetVersion(const Call& call, const v1::GetVersionRequest& request,
                             Reply<v1::Version> reply) {
  reply = audit().Read(call, {"GetVersion", request.name()}, std::move(reply));
  const auto ids = base::ParseName("name", "agreements/*/versions/*", request.name());
  if (!ids.ok()) return reply(ids.status());
  ReadAt(call, (*ids)[0], request.min_position(),
         [this, ids = *ids, call, reply = std::move(reply)](absl::StatusOr<Rows> rows) mutable {
           if (!rows.ok()) return reply(rows.status());
           const auto version = Visible(*rows->rows, ids[0], ids[1], call);
           if (!version.ok()) return reply(version.status());
           reply(Answer<v1::Version>{MessageOf(*version, call.caller.firm, *seams_.sealer),
                                     At(SlotOf(ids[0]), rows->applied)});
         });
}

void ForecastApi::ListVersions(const Call& call, const v1::ListVersionsRequest& request,
                               Reply<v1::ListVersionsResponse> reply) {
  reply = audit().Read(call, {"ListVersions", request.parent()}, std::move(reply));
  const auto ids = base::ParseName("parent", "agreements/*", request.parent());
  if (!ids.ok()) return reply(ids.status());
  if (request.page_size() < 0) {
    return reply(base::RefuseField(base::Reason::kFieldOutOfRange, "page_size",
                                   "a page cannot be negative",
                                   {{"page_size", request.page_size()}}));
  }
  Page page;
  page.relation = (*ids)[0];
  page.call = call;
  page.purpose = absl::StrCat("forecast.ListVersions/", page.relation);
  page.size =
      request.page_size() == 0 ? kPageSizeDefault : std::min(request.page_size(), kPageSizeMax);
  auto start =
      runtime::OpenPage(*seams_.sealer, page.purpose, page.call.caller.firm, request.page_token());
  if (!start.ok()) return reply(start.status());
  page.start = *std::move(start);
  // A later page reads at or after the first one's position.
  const std::string min_position =
      request.page_token().empty()
          ? request.min_position()
          : runtime::SealPosition(*seams_.sealer, page.call.caller.firm, page.start.position);
  ReadAt(call, (*ids)[0], min_position,
         [this, page, reply = std::move(reply)](absl::StatusOr<Rows> rows) mutable {
           if (!rows.ok()) return reply(rows.status());
           const base::Position position = At(SlotOf(page.relation), rows->applied);
           if (page.start.last_key.empty()) page.start.position = position;
           auto response = ListPage(*rows, page, *seams_.sealer);
           if (!response.ok()) return reply(response.status());
           reply(Answer<v1::ListVersionsResponse>{*std::move(response), position});
         });
}

void ForecastApi::ReadVersion(const Call& call, const v1::ReadVersionRequest& request,
                              PagesReply<v1::ReadVersionResponse> reply) {
  reply = audit().ReadPages(
      call,
      {"ReadVersion",
       absl::StrCat(request.name().substr(0, 160), " ", runtime::AskedIds("items", request.items()),
                    " ", runtime::AskedIds("locations", request.locations()))},
      std::move(reply));
  const auto ids = base::ParseName("name", "agreements/*/versions/*", request.name());
  if (!ids.ok()) return reply(ids.status());
  VersionPages::Asked asked{.with_quantiles = request.with_quantiles()};
  asked.choice.items.insert(request.items().begin(), request.items().end());
  asked.choice.locations.insert(request.locations().begin(), request.locations().end());
  ReadAt(call, (*ids)[0], request.min_position(),
         [this, ids = *ids, call, asked = std::move(asked),
          reply = std::move(reply)](absl::StatusOr<Rows> rows) mutable {
           if (!rows.ok()) return reply(rows.status());
           auto version = Visible(*rows->rows, ids[0], ids[1], call);
           if (!version.ok()) return reply(version.status());
           reply(std::make_unique<VersionPages>(
               *std::move(rows), *std::move(version), std::move(asked),
               [this, call, relation = ids[0]] { return CheckReader(call, relation); }));
         });
}

void ForecastApi::GetRun(const Call& call, const v1::GetRunRequest& request, Reply<v1::Run> reply) {
  reply = audit().Read(call, {"GetRun", request.name()}, std::move(reply));
  const auto ids = base::ParseName("name", "agreements/*/runs/*", request.name());
  if (!ids.ok()) return reply(ids.status());
  ReadAt(call, (*ids)[0], "",
         [this, ids = *ids, firm = call.caller.firm,
          reply = std::move(reply)](absl::StatusOr<Rows> rows) mutable {
           if (!rows.ok()) return reply(rows.status());
           const std::optional<Run> run = RunIn(*rows->rows, ids[0], ids[1]);
           if (!rows->rows->status().ok()) return reply(rows->rows->status());
           // A run is its firm's own, until its version is published.
           if (!run.has_value() || run->firm != firm) {
             return reply(base::Refuse(base::Reason::kUnknownRecord, "there is no such run"));
           }
           v1::Run message = MessageOf(*run);
           const std::optional<Version> version = VersionIn(*rows->rows, ids[0], run->version);
           if (version.has_value()) {
             message.set_series_done_count(version->series_count);
             message.set_series_total_count(version->series_count);
           }
           RunQueue* const runs = runs_;
           const auto progress = runs == nullptr ? std::nullopt : runs->ProgressOf(ids[0], ids[1]);
           if (progress.has_value() && run->state == v1::Run::STATE_RUNNING) {
             message.set_series_done_count(progress->done);
             message.set_series_total_count(progress->total);
           }
           reply(Answer<v1::Run>{std::move(message), At(SlotOf(ids[0]), rows->applied)});
         });
}

}  // namespace tandem::forecast
