#include "services/exchange/api_audit.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace tandem::exchange {
namespace {

// As it was asked, good or not.
std::string DateText(const google::type::Date& date) {
  return absl::StrFormat("%04d-%02d-%02d", date.year(), date.month(), date.day());
}

class Audited final : public IngestSession {
 public:
  Audited(const ExchangeSeams& seams, const Call& call, std::unique_ptr<IngestSession> session)
      : audit_(AuditOf(seams)), call_(call), session_(std::move(session)) {}

  void Push(v1::IngestRequest request, Done done) override {
    // Later blocks may leave the names out.
    if (!request.location().empty()) location_ = request.location().substr(0, kNameBytesMax);
    if (!request.stream().empty()) stream_ = request.stream().substr(0, kNameBytesMax);
    done = audit_.Change(call_, {"Ingest", absl::StrCat(location_, "/streams/", stream_)},
                         std::move(done));
    session_->Push(std::move(request), std::move(done));
  }

 private:
  static constexpr std::size_t kNameBytesMax = 160;

  const runtime::Audit audit_;
  const Call call_;
  const std::unique_ptr<IngestSession> session_;
  std::string location_;
  std::string stream_;
};

}  // namespace

std::string ResourceOf(const v1::ReadSeriesRequest& request) {
  constexpr std::size_t kPrefix = sizeof("MEASURE_") - 1;
  const std::string measure = v1::Measure_Name(request.measure());
  return absl::StrCat(request.owner().substr(0, 80), " ",
                      measure.size() > kPrefix ? measure.substr(kPrefix) : "?", " ",
                      DateText(request.start_date()), "..", DateText(request.end_date()), " ",
                      runtime::AskedIds("locations", request.locations()), " ",
                      runtime::AskedIds("items", request.items()));
}

std::string ResourceOf(const v1::ReadPricesRequest& request) {
  return absl::StrCat(request.location().substr(0, 160), " ",
                      runtime::AskedIds("items", request.items()));
}

std::unique_ptr<IngestSession> AuditedSession(const ExchangeSeams& seams, const Call& call,
                                              std::unique_ptr<IngestSession> session) {
  return std::make_unique<Audited>(seams, call, std::move(session));
}

}  // namespace tandem::exchange
