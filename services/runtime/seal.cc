#include "services/runtime/seal.h"

#include <array>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "openssl/evp.h"
#include "services/base/bug.h"
#include "services/base/bytes.h"
#include "services/base/reason.h"

namespace tandem::runtime {
namespace {

// A token: version 1, nonce, ciphertext, tag.
constexpr char kVersion = '\x01';
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kTokenBytesMax =
    std::size_t{64} * 1024;  // Far above any of ours; bounds what we decrypt.
constexpr std::string_view kPositionPurpose = "position";

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
int Length(std::string_view text) { return static_cast<int>(text.size()); }

// Contexts that hold the key already: making one costs several times the sealing of a position.
class Contexts {
 public:
  using Init = int (*)(EVP_CIPHER_CTX*, const EVP_CIPHER*, ENGINE*, const unsigned char*,
                       const unsigned char*);
  Contexts(Init init, const std::string& key) : init_(init), key_(key) {}
  // A context that is ready for this nonce; nullptr if OpenSSL refuses.
  Context Take(std::string_view nonce) {
    Context context;
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        context = std::move(free_.back());
        free_.pop_back();
      }
    }
    if (context == nullptr) {
      context.reset(EVP_CIPHER_CTX_new());
      if (context == nullptr ||
          init_(context.get(), EVP_aes_256_gcm(), nullptr, Bytes(key_), nullptr) != 1) {
        return nullptr;
      }
    }
    if (init_(context.get(), nullptr, nullptr, nullptr, Bytes(nonce)) != 1) return nullptr;
    return context;
  }
  void GiveBack(Context context) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(context));
  }

 private:
  const Init init_;
  const std::string& key_;
  std::mutex mutex_;
  std::vector<Context> free_;  // As many as threads that seal at once.
};

// What is authenticated beside the content: both parts self-delimiting, so that no two pairs agree.
std::string Bound(std::string_view purpose, std::string_view firm) {
  return base::ByteWriter().Sized(purpose).Sized(firm).Take();
}

absl::Status BadToken() {
  return base::Refuse(base::Reason::kBadToken,
                      "the token was not made for this use and this firm by this network");
}

}  // namespace

struct Sealer::Impl {
  std::string key;
  Random* random;
  mutable std::mutex mutex;  // Of `random`, which is not said to be safe on several threads.
  mutable Contexts sealing{EVP_EncryptInit_ex, key};
  mutable Contexts opening{EVP_DecryptInit_ex, key};

  std::string Nonce() const {
    const std::lock_guard lock(mutex);
    base::ByteWriter nonce;
    nonce.LittleEndian64(random->Next());
    nonce.LittleEndian32(static_cast<std::uint32_t>(random->Next()));
    return nonce.Take();
  }
};

Sealer::Sealer(std::string_view key, Random& random) : impl_(std::make_unique<Impl>()) {
  base::Require(key.size() == kKeyBytes, "a sealing key is 32 bytes");
  impl_->key = std::string(key);
  impl_->random = &random;
}

Sealer::~Sealer() = default;

std::string Sealer::Seal(std::string_view purpose, std::string_view firm,
                         std::string_view content) const {
  base::Require(content.size() + kNonceBytes + kTagBytes + 1 <= kTokenBytesMax,
                "a token's content is too long");
  const std::string nonce = impl_->Nonce();
  const std::string bound = Bound(purpose, firm);
  std::string cipher(content.size(), '\0');
  std::array<unsigned char, kTagBytes> tag{};
  Context context = impl_->sealing.Take(nonce);
  int size = 0;
  const bool good =
      context != nullptr &&
      EVP_EncryptUpdate(context.get(), nullptr, &size, Bytes(std::string_view(bound)),
                        Length(bound)) == 1 &&
      (content.empty() || EVP_EncryptUpdate(context.get(), Bytes(cipher), &size, Bytes(content),
                                            Length(content)) == 1) &&
      EVP_EncryptFinal_ex(context.get(), tag.data(), &size) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, tag.data()) == 1;
  base::Require(good, "AES-256-GCM failed to seal");
  impl_->sealing.GiveBack(std::move(context));
  std::string token(1, kVersion);
  token += nonce;
  token += cipher;
  token.append(tag.begin(), tag.end());
  return token;
}

absl::StatusOr<std::string> Sealer::Open(std::string_view purpose, std::string_view firm,
                                         std::string_view token) const {
  constexpr std::size_t kAround = 1 + kNonceBytes + kTagBytes;
  if (token.size() < kAround || token.size() > kTokenBytesMax || token[0] != kVersion) {
    return BadToken();
  }
  const std::string_view nonce = token.substr(1, kNonceBytes);
  const std::string_view cipher = token.substr(1 + kNonceBytes, token.size() - kAround);
  std::string tag(token.substr(token.size() - kTagBytes));
  const std::string bound = Bound(purpose, firm);
  std::string content(cipher.size(), '\0');
  std::array<unsigned char, kTagBytes> rest{};
  Context context = impl_->opening.Take(nonce);
  int size = 0;
  const bool good =
      context != nullptr &&
      EVP_DecryptUpdate(context.get(), nullptr, &size, Bytes(std::string_view(bound)),
                        Length(bound)) == 1 &&
      (cipher.empty() || EVP_DecryptUpdate(context.get(), Bytes(content), &size, Bytes(cipher),
                                           Length(cipher)) == 1) &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(context.get(), rest.data(), &size) == 1;
  if (!good) return BadToken();
  impl_->opening.GiveBack(std::move(context));
  return content;
}

std::string SealPosition(const Sealer& sealer, std::string_view firm,
                         const base::Position& position) {
  return sealer.Seal(kPositionPurpose, firm, position.Encode());
}

absl::StatusOr<base::Position> OpenPosition(const Sealer& sealer, std::string_view firm,
                                            std::string_view token) {
  if (token.empty()) return base::Position();
  const absl::StatusOr<std::string> content = sealer.Open(kPositionPurpose, firm, token);
  if (!content.ok()) return content.status();
  absl::StatusOr<base::Position> position = base::Position::Decode(*content);
  if (!position.ok()) return BadToken();  // Sealed by a later version, say.
  return position;
}

std::string SealPage(const Sealer& sealer, std::string_view purpose, std::string_view firm,
                     const PageStart& page) {
  base::ByteWriter content;
  content.Sized(page.last_key).Raw(page.position.Encode());
  // In proto a page token is a string, so it must be UTF-8.
  return absl::WebSafeBase64Escape(
      sealer.Seal(std::string("page:").append(purpose), firm, content.bytes()));
}

absl::StatusOr<PageStart> OpenPage(const Sealer& sealer, std::string_view purpose,
                                   std::string_view firm, std::string_view token) {
  if (token.empty()) return PageStart();
  std::string sealed;
  bool good = absl::WebSafeBase64Unescape(absl::string_view(token.data(), token.size()), &sealed);
  PageStart page;
  absl::StatusOr<std::string> content =
      sealer.Open(std::string("page:").append(purpose), firm, sealed);
  good = good && content.ok();
  if (good) {
    base::ByteReader in(*content);
    page.last_key = std::string(in.Sized());
    absl::StatusOr<base::Position> position = base::Position::Decode(in.Rest());
    good = in.ok() && position.ok();
    if (good) page.position = *std::move(position);
  }
  if (good) return page;
  return base::RefuseField(base::Reason::kBadPageToken, "page_token",
                           "not the token of a page of this list for this firm");
}

}  // namespace tandem::runtime
