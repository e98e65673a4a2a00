#include "services/runtime/checkpoints.h"

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/base/reason.h"
#include "services/base/status.h"

namespace tandem::runtime {
namespace {

namespace fs = std::filesystem;

absl::Status System(const std::string& folder, const std::error_code& error) {
  return absl::UnavailableError(absl::StrCat(folder, ": ", error.message()));
}

}  // namespace

Checkpoints::Checkpoints(RocksStore& store, const std::string& folder, const Clock& clock)
    : store_(store), folder_(fs::absolute(folder).lexically_normal().string()), clock_(clock) {
  std::error_code
      ignored;  // What cannot be removed now cannot be made anew either: Create says so.
  fs::remove_all(folder_, ignored);
}

Checkpoints::~Checkpoints() { worker_.Shutdown(); }

void Checkpoints::Create(std::string id,
                         absl::AnyInvocable<void(absl::StatusOr<CheckpointInfo>)> done) {
  worker_.Run([this, id = std::move(id), done = std::move(done)]() mutable { done(Make(id)); });
}

void Checkpoints::Delete(std::string id, absl::AnyInvocable<void(absl::Status)> done) {
  worker_.Run([this, id = std::move(id), done = std::move(done)]() mutable { done(Remove(id)); });
}

absl::StatusOr<CheckpointInfo> Checkpoints::Make(const std::string& id) {
  if (const auto found = made_.find(id); found != made_.end()) return found->second;
  std::vector<std::string> old;
  for (const auto& [name, info] : made_) {
    if (info.create_time < clock_.Now() - kAgeMax) old.push_back(name);
  }
  for (const std::string& name : old) TANDEM_RETURN_IF_ERROR(Remove(name));
  if (made_.size() >= kMax) {
    std::string names;
    for (const auto& [name, info] : made_) {
      absl::StrAppend(&names, names.empty() ? "" : " ", "checkpoints/", name);
    }
    return base::Refuse(base::Reason::kQuotaExceeded, "delete a checkpoint first",
                        {{"checkpoints_max", kMax}, {"checkpoints", names}});
  }
  TANDEM_RETURN_IF_ERROR(store_.Room());
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) return System(folder_, error);
  CheckpointInfo info{
      .id = id, .folder = (fs::path(folder_) / id).string(), .create_time = clock_.Now()};
  TANDEM_RETURN_IF_ERROR(store_.Checkpoint(info.folder));
  return made_.emplace(id, std::move(info)).first->second;
}

absl::Status Checkpoints::Remove(const std::string& id) {
  const auto found = made_.find(id);  // Names that are not ours touch no file.
  if (found == made_.end()) return absl::OkStatus();
  std::error_code error;
  fs::remove_all(found->second.folder, error);
  if (error) return System(found->second.folder, error);
  made_.erase(found);
  return absl::OkStatus();
}

}  // namespace tandem::runtime
