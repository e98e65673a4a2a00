#include "services/exchange/csv/file.h"

#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/exchange/csv/reader.h"

namespace tandem::exchange::csv {
namespace {

bool IsOfTheRow(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsNotFound(status) ||
         base::ReasonOf(status) == base::Reason::kEntryClosed;
}

}  // namespace

absl::StatusOr<RowCounts> ForEachRow(Source& source, std::span<const Field> fields,
                                     const Mapping& mapping,
                                     const std::function<absl::Status(const Row&)>& use,
                                     const OnReject& on_reject) {
  Reader reader(source, {.delimiter = mapping.delimiter});
  Reader::Step step = reader.Next();
  if (step == Reader::Step::kEnd) {
    return base::Refuse(base::Reason::kFileMalformed, "the file is empty: it has no header");
  }
  if (step != Reader::Step::kRecord) return reader.error();
  TANDEM_ASSIGN_OR_RETURN(const Binding binding, Binding::Make(fields, reader.fields(), mapping));
  RowCounts counts;
  while ((step = reader.Next()) != Reader::Step::kEnd) {
    if (step == Reader::Step::kBroken) return reader.error();
    absl::Status status = reader.error();
    if (step == Reader::Step::kRecord) {
      const Row row(binding, reader.line(), reader.fields());
      status = row.CheckWidth();
      if (status.ok()) status = use(row);
    }
    if (status.ok()) {
      ++counts.taken;
      continue;
    }
    if (!IsOfTheRow(status)) return status;
    ++counts.rejected;
    on_reject(RejectOf(reader.line(), status));
  }
  return counts;
}

}  // namespace tandem::exchange::csv
