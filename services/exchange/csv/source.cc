#include "services/exchange/csv/source.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "services/base/reason.h"
#include "services/base/status.h"
#include "zstd.h"

namespace tandem::exchange::csv {
namespace {

class ZstdSource : public Source {
 public:
  explicit ZstdSource(std::unique_ptr<Source> packed)
      : packed_(std::move(packed)),
        context_(ZSTD_createDStream(), ZSTD_freeDStream),
        buffer_(ZSTD_DStreamInSize()) {}

  absl::StatusOr<std::size_t> Read(std::span<char> to) override {
    ZSTD_outBuffer out{to.data(), to.size(), 0};
    while (out.pos == 0) {
      if (in_.pos == in_.size && !flushing_) {
        TANDEM_ASSIGN_OR_RETURN(const std::size_t size, packed_->Read(buffer_));
        if (size == 0 && !within_frame_) return std::size_t{0};
        if (size == 0) return Malformed("the packed file ends too early");
        in_ = {buffer_.data(), size, 0};
      }
      const std::size_t left = ZSTD_decompressStream(context_.get(), &out, &in_);
      if (ZSTD_isError(left) != 0) return Malformed(ZSTD_getErrorName(left));
      within_frame_ = left != 0;
      flushing_ = out.pos == out.size && within_frame_;  // There may be more without new input.
    }
    return out.pos;
  }

 private:
  static absl::Status Malformed(std::string_view why) {
    return base::Refuse(base::Reason::kFileMalformed, "not a zstd file",
                        {{"why", absl::string_view(why.data(), why.size())}});
  }

  std::unique_ptr<Source> packed_;
  std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> context_;
  std::vector<char> buffer_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  bool within_frame_ = false;
  bool flushing_ = false;
};

}  // namespace

absl::StatusOr<std::size_t> TextSource::Read(std::span<char> to) {
  const std::size_t size = std::min(to.size(), rest_.size());
  std::memcpy(to.data(), rest_.data(), size);
  rest_.remove_prefix(size);
  return size;
}

std::unique_ptr<Source> UnpackZstd(std::unique_ptr<Source> packed) {
  return std::make_unique<ZstdSource>(std::move(packed));
}

}  // namespace tandem::exchange::csv
