#include "services/runtime/envelope.h"

#include <openssl/evp.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "services/base/bug.h"
#include "services/base/bytes.h"
#include "services/base/reason.h"

namespace tandem::runtime {
namespace {

constexpr std::string_view kMagic = "GR";
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 80;
constexpr std::size_t kSizeOffset = 4;
constexpr std::size_t kChecksumBytes = 8;
static_assert(kHeaderBytes + kChecksumBytes == kGroupOverheadBytes);

constexpr std::size_t kCompressAbove = 128;
constexpr int kCompressLevel = 3;  // zstd's own default.
constexpr std::uint8_t kPlain = 0;
constexpr std::uint8_t kZstd = 1;

// SHA-256 in steps: fetching the algorithm costs more than hashing a small group, so once a
// process; a context is kept a thread.
class Sha256 {
 public:
  Sha256() {
    static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    thread_local const Context context;
    context_ = context.get;
    base::Require(algorithm != nullptr && EVP_DigestInit_ex2(context_, algorithm, nullptr) == 1,
                  "OpenSSL has no SHA-256");
  }
  void Add(std::string_view bytes) { EVP_DigestUpdate(context_, bytes.data(), bytes.size()); }
  // The hash of all that was added; more may be added then.
  Hash Peek() const {
    thread_local const Context copy;
    EVP_MD_CTX_copy_ex(copy.get, context_);
    return Finish(copy.get);
  }
  Hash Finish() { return Finish(context_); }

 private:
  struct Context {
    Context() : get(EVP_MD_CTX_new()) {}
    ~Context() { EVP_MD_CTX_free(get); }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    EVP_MD_CTX* get;
  };
  static Hash Finish(EVP_MD_CTX* context) {
    Hash hash{};
    EVP_DigestFinal_ex(context, hash.data(), nullptr);
    return hash;
  }
  EVP_MD_CTX* context_;
};

std::string_view ViewOf(const Hash& hash, std::size_t size) {
  return {reinterpret_cast<const char*>(hash.data()), size};
}

absl::Status Damaged(std::string_view what, std::size_t offset) {
  return base::Refuse(base::Reason::kStoredBytesDamaged, what, {{"offset", offset}});
}

// The payload as zstd if that is worth it, "" if not.
std::string Compress(std::string_view payload) {
  if (payload.size() <= kCompressAbove) return {};
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  thread_local const std::unique_ptr<ZSTD_CCtx, Free> context(ZSTD_createCCtx());
  std::string packed(ZSTD_compressBound(payload.size()), '\0');
  const std::size_t size = ZSTD_compressCCtx(context.get(), packed.data(), packed.size(),
                                             payload.data(), payload.size(), kCompressLevel);
  if (ZSTD_isError(size) != 0 || size >= payload.size()) return {};
  packed.resize(size);
  return packed;
}

bool Decompress(std::string_view packed, std::uint64_t raw_size, std::string& payload) {
  if (raw_size > kPayloadBytesMax) return false;
  // A frame that does not say this size is not ours: so a few bytes cannot claim a buffer of 64
  // MiB.
  if (ZSTD_getFrameContentSize(packed.data(), packed.size()) != raw_size) return false;
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  thread_local const std::unique_ptr<ZSTD_DCtx, Free> context(ZSTD_createDCtx());
  payload.resize(raw_size);
  return ZSTD_decompressDCtx(context.get(), payload.data(), payload.size(), packed.data(),
                             packed.size()) == raw_size;
}

void EncodeCause(const base::FactRef& cause, base::ByteWriter& out) {
  out.Varint(cause.number);
  if (cause.number == 0) return;
  out.Varint(static_cast<std::uint64_t>(cause.slot.domain)).Varint(cause.slot.index);
}

bool DecodeCause(base::ByteReader& in, base::FactRef& cause) {
  cause.number = in.Varint();
  if (cause.number == 0) return true;
  const std::uint64_t domain = in.Varint();
  const std::uint64_t index = in.Varint();
  cause.slot = {.domain = static_cast<base::DomainId>(domain),
                .index = static_cast<std::uint16_t>(index)};
  return domain <= 0xffff && index <= 0xffff;
}

bool Narrow(std::uint64_t value, std::uint32_t& out) {
  out = static_cast<std::uint32_t>(value);
  return value <= 0xffff'ffff;
}

bool DecodePayload(base::ByteReader& in, std::string& payload) {
  const std::uint8_t encoding = in.Byte();
  if (encoding == kPlain) {
    payload = std::string(in.Sized());
    return in.ok();
  }
  const std::uint64_t raw_size = in.Varint();
  const std::string_view packed = in.Sized();
  return encoding == kZstd && in.ok() && Decompress(packed, raw_size, payload);
}

// False for bytes that are no fact.
bool DecodeFact(std::string_view bytes, base::FactRecord& record) {
  base::ByteReader in(bytes);
  record.number = in.Varint();
  record.instant = absl::FromUnixNanos(static_cast<std::int64_t>(in.LittleEndian64()));
  record.actor.firm = std::string(in.Sized());
  record.actor.principal = std::string(in.Sized());
  record.request_id = std::string(in.Sized());
  record.request_digest = std::string(in.Sized());
  base::Fact& fact = record.fact;
  bool ok = Narrow(in.Varint(), fact.agreement_version);
  ok = DecodeCause(in, fact.cause) && ok;
  ok = Narrow(in.Varint(), fact.kind) && ok;
  ok = Narrow(in.Varint(), fact.schema_version) && ok;
  ok = Narrow(in.Varint(), fact.key_id) && ok;
  return ok && in.ok() && fact.kind != 0 && DecodePayload(in, fact.payload) && in.AtEnd();
}

// The checked start of a group and where its facts lie.
struct Frame {
  GroupHeader header{};
  std::string_view facts{};
};

absl::StatusOr<Frame> DecodeFrame(std::string_view bytes) {
  if (bytes.size() < kGroupOverheadBytes) return Damaged("a group is cut off", bytes.size());
  base::ByteReader in(bytes);
  if (in.Raw(kMagic.size()) != kMagic) return Damaged("these bytes are no group", 0);
  if (in.Byte() != kVersion || in.Byte() != 0) {
    return Damaged("a group has a version that this build does not know", kMagic.size());
  }
  if (in.LittleEndian32() != bytes.size()) return Damaged("a group has another size", kSizeOffset);
  Frame frame;
  GroupHeader& header = frame.header;
  header.log_id = in.LittleEndian64();
  // Two 16-bit numbers, the lower first.
  const std::uint32_t slot = in.LittleEndian32();
  header.slot = {.domain = static_cast<base::DomainId>(slot & 0xffff),
                 .index = static_cast<std::uint16_t>(slot >> 16)};
  header.count = in.LittleEndian32();
  header.term = in.LittleEndian64();
  header.seq = in.LittleEndian64();
  header.first_number = in.LittleEndian64();
  const std::string_view previous = in.Raw(header.previous.size());
  std::copy(previous.begin(), previous.end(), header.previous.begin());
  frame.facts = bytes.substr(kHeaderBytes, bytes.size() - kGroupOverheadBytes);
  // Each fact takes a byte at least, which bounds what a damaged count can make us reserve.
  if (header.count == 0 || header.count > frame.facts.size()) {
    return Damaged("a group's count of facts cannot be", 20);
  }
  return frame;
}

}  // namespace

std::string EncodeFact(const base::FactRecord& record) {
  const base::Fact& fact = record.fact;
  base::ByteWriter out;
  out.Varint(record.number);
  out.LittleEndian64(static_cast<std::uint64_t>(absl::ToUnixNanos(record.instant)));
  out.Sized(record.actor.firm).Sized(record.actor.principal);
  out.Sized(record.request_id).Sized(record.request_digest);
  out.Varint(fact.agreement_version);
  EncodeCause(fact.cause, out);
  out.Varint(fact.kind).Varint(fact.schema_version).Varint(fact.key_id);
  const std::string packed = fact.packed ? std::string() : Compress(fact.payload);
  if (packed.empty()) {
    out.Byte(kPlain).Sized(fact.payload);
  } else {
    out.Byte(kZstd).Varint(fact.payload.size()).Sized(packed);
  }
  return out.Take();
}

std::size_t GroupBytesOf(std::string_view encoded_fact) {
  std::size_t size = encoded_fact.size() + 1;
  for (std::size_t rest = encoded_fact.size() >> 7; rest != 0; rest >>= 7) ++size;
  return size;
}

std::string EncodeGroup(const GroupHeader& header, std::span<const std::string> facts, Hash* hash) {
  std::size_t size = kGroupOverheadBytes;
  for (const std::string& fact : facts) size += GroupBytesOf(fact);
  base::Require(size <= kGroupBytesMax && facts.size() == header.count, "a group is too large");
  base::ByteWriter out;
  out.Raw(kMagic).Byte(kVersion).Byte(0).LittleEndian32(static_cast<std::uint32_t>(size));
  out.LittleEndian64(header.log_id);
  out.LittleEndian32(static_cast<std::uint32_t>(header.slot.domain) |
                     static_cast<std::uint32_t>(header.slot.index) << 16);
  out.LittleEndian32(header.count);
  out.LittleEndian64(header.term).LittleEndian64(header.seq).LittleEndian64(header.first_number);
  out.Raw(ViewOf(header.previous, header.previous.size()));
  for (const std::string& fact : facts) out.Sized(fact);
  Sha256 sha;
  sha.Add(out.bytes());
  const Hash check = sha.Peek();
  out.Raw(ViewOf(check, kChecksumBytes));
  if (hash != nullptr) {
    sha.Add(ViewOf(check, kChecksumBytes));
    *hash = sha.Finish();
  }
  return out.Take();
}

absl::StatusOr<Group> DecodeGroup(std::string_view bytes) {
  absl::StatusOr<Frame> frame = DecodeFrame(bytes);
  if (!frame.ok()) return frame.status();
  const std::string_view stored = bytes.substr(bytes.size() - kChecksumBytes);
  Sha256 sha;
  sha.Add(bytes.substr(0, bytes.size() - kChecksumBytes));
  const Hash check = sha.Peek();
  if (ViewOf(check, kChecksumBytes) != stored) {
    return Damaged("a group's checksum is wrong", bytes.size() - kChecksumBytes);
  }
  sha.Add(stored);
  Group group{
      .header = frame->header, .facts = {}, .hash = sha.Finish(), .byte_size = bytes.size()};
  group.facts.resize(group.header.count);
  base::ByteReader in(frame->facts);
  std::uint64_t number = group.header.first_number;
  for (base::FactRecord& record : group.facts) {
    record.slot = group.header.slot;
    if (!DecodeFact(in.Sized(), record) || record.number != number++) {
      return Damaged("a group holds bytes that are no fact", kHeaderBytes);
    }
  }
  if (!in.ok() || !in.AtEnd()) return Damaged("a group holds more than its facts", kHeaderBytes);
  return group;
}

absl::StatusOr<GroupHeader> DecodeGroupHeader(std::string_view bytes) {
  absl::StatusOr<Frame> frame = DecodeFrame(bytes);
  if (!frame.ok()) return frame.status();
  return frame->header;
}

absl::StatusOr<absl::Time> LastInstantOf(std::string_view group_bytes) {
  absl::StatusOr<Frame> frame = DecodeFrame(group_bytes);
  if (!frame.ok()) return frame.status();
  base::ByteReader in(frame->facts);
  std::string_view last;
  for (std::uint32_t i = 0; i < frame->header.count; ++i) last = in.Sized();
  base::ByteReader fact(last);
  fact.Varint();
  const auto nanos = static_cast<std::int64_t>(fact.LittleEndian64());
  if (!in.ok() || !fact.ok()) return Damaged("a group's last fact is cut off", kHeaderBytes);
  return absl::FromUnixNanos(nanos);
}

Hash HashOf(std::string_view bytes) {
  Sha256 sha;
  sha.Add(bytes);
  return sha.Finish();
}

}  // namespace tandem::runtime
