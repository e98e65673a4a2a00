#include "services/runtime/network.h"

#include <utility>

#include "services/base/bytes.h"
#include "services/base/reason.h"

namespace tandem::runtime {
namespace {

constexpr std::string_view kKey = "network";
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kKeyBytes = 32;

absl::StatusOr<Network> DecodeNetwork(std::string_view value) {
  base::ByteReader in(value);
  const std::uint8_t version = in.Byte();
  if (in.ok() && version > kVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("the data folder has format ", version, ", this program reads formats up to ",
                     kVersion, ": start the newer version that wrote it"));
  }
  Network network;
  network.log_id = in.LittleEndian64();
  network.key = std::string(in.Raw(kKeyBytes));
  if (!in.ok() || !in.AtEnd() || version != kVersion) {
    return base::Refuse(base::Reason::kStoredBytesDamaged,
                        "the network's row is damaged: restore the data folder from a backup");
  }
  return network;
}

bool IsEmpty(const StoreSnapshot& snapshot) {
  bool empty = true;
  for (const Space space : {Space::kMeta, Space::kLog, Space::kState}) {
    snapshot.Scan(space, "", "", [&](std::string_view, std::string_view) { return empty = false; });
  }
  return empty;
}

Network Draw(Random& random) {
  Network network{.log_id = random.Next(), .key = {}};
  base::ByteWriter key;
  while (key.bytes().size() < kKeyBytes) key.LittleEndian64(random.Next());
  network.key = key.Take();
  return network;
}

}  // namespace

void OpenNetwork(Store& store, Random& random,
                 absl::AnyInvocable<void(absl::StatusOr<Network>)> done) {
  const std::shared_ptr<const StoreSnapshot> snapshot = store.Snapshot();
  const std::optional<std::string> row = snapshot->Get(Space::kMeta, kKey);
  const bool empty = !row.has_value() && IsEmpty(*snapshot);
  if (const absl::Status status = snapshot->status(); !status.ok()) return done(status);
  if (row.has_value()) return done(DecodeNetwork(*row));
  if (!empty) {
    return done(base::Refuse(base::Reason::kStoredBytesDamaged,
                             "the data folder holds rows but no network: restore a backup"));
  }
  Network network = Draw(random);
  base::ByteWriter value;
  value.Byte(kVersion).LittleEndian64(network.log_id).Raw(network.key);
  store.Write({{.space = Space::kMeta, .key = std::string(kKey), .value = value.Take()}},
              [network = std::move(network), done = std::move(done)](absl::Status status) mutable {
                if (!status.ok()) return done(std::move(status));
                done(std::move(network));
              });
}

}  // namespace tandem::runtime
