#include "services/exchange/csv/reader.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "services/base/reason.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace tandem::exchange::csv {
namespace {

constexpr std::size_t kReadBytes = std::size_t{256} << 10;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Adds to `fields` what lies between the delimiters of `record`. Fields are often two bytes long
// (wide sales files), where a call of memchr each would take most of the time.
void SplitAt(std::string_view record, char delimiter, std::vector<std::string_view>& fields) {
  const char* const data = record.data();
  const std::size_t size = record.size();
  std::size_t start = 0;
  std::size_t at = 0;
#ifdef __SSE2__
  const __m128i wanted = _mm_set1_epi8(delimiter);
  for (; at + 16 <= size; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(data + at));
    auto hits = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, wanted)));
    for (; hits != 0; hits &= hits - 1) {
      const std::size_t hit = at + static_cast<std::size_t>(std::countr_zero(hits));
      fields.emplace_back(data + start, hit - start);
      start = hit + 1;
    }
  }
#endif
  for (; at < size; ++at) {
    if (data[at] != delimiter) continue;
    fields.emplace_back(data + start, at - start);
    start = at + 1;
  }
  fields.emplace_back(data + start, size - start);
}

std::string_view WithoutLineEnd(std::string_view record) {
  if (record.ends_with('\n')) record.remove_suffix(1);
  if (record.ends_with('\r')) record.remove_suffix(1);
  return record;
}

}  // namespace

Reader::Reader(Source& source, const ReaderOptions& options)
    : source_(source), options_(options), buffer_(2 * kReadBytes, '\0') {}

absl::Status Reader::Malformed(std::string_view why) const {
  return base::Refuse(base::Reason::kFileMalformed, why, {{"line", line_}});
}

Reader::Step Reader::Broken(absl::Status error) {
  error_ = std::move(error);
  broken_ = true;
  return Step::kBroken;
}

Reader::Step Reader::Next() {
  if (broken_) return Step::kBroken;
  for (;;) {
    line_ = next_line_;
    std::size_t size = 0;
    if (!FindRecordEnd(&size)) return Step::kBroken;
    if (size == 0) return Step::kEnd;
    const std::string_view whole(buffer_.data() + begin_, size);
    begin_ += size;
    next_line_ += quoted_ ? std::count(whole.begin(), whole.end(), '\n') : 1;
    std::string_view record = WithoutLineEnd(whole);
    if (line_ == 1 && record.starts_with(kByteOrderMark)) {
      record.remove_prefix(kByteOrderMark.size());
    }
    if (record.empty()) continue;
    fields_.clear();
    if (!quoted_) {
      SplitAt(record, options_.delimiter, fields_);
      return Step::kRecord;
    }
    return SplitQuoted(record) ? Step::kRecord : Step::kBadRecord;
  }
}

// Brings more bytes behind end_. False after an error; at_end_ where there are no more.
bool Reader::Refill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ >= options_.record_bytes_max) {
    Broken(Malformed("a record is longer than a record may be, or a quote in it never ends"));
    return false;
  }
  if (buffer_.size() - end_ < kReadBytes) buffer_.resize(2 * buffer_.size());
  const absl::StatusOr<std::size_t> size =
      source_.Read({buffer_.data() + end_, buffer_.size() - end_});
  if (!size.ok()) {
    Broken(size.status());
    return false;
  }
  end_ += *size;
  bytes_read_ += static_cast<std::int64_t>(*size);
  at_end_ = *size == 0;
  return true;
}

// The next record's bytes with its line end; 0 at the end. False after an error.
bool Reader::FindRecordEnd(std::size_t* size) {
  std::size_t scanned = 0;
  for (;;) {
    const char* const from = buffer_.data() + begin_;
    const std::size_t left = end_ - begin_;
    const void* hit = left > scanned ? std::memchr(from + scanned, '\n', left - scanned) : nullptr;
    if (hit != nullptr || at_end_) {
      *size = hit != nullptr ? static_cast<std::size_t>(static_cast<const char*>(hit) - from) + 1
                             : left;
      quoted_ = *size > 0 && std::memchr(from, '"', *size) != nullptr;
      return !quoted_ || FindQuotedEnd(0, size);
    }
    scanned = left;
    if (!Refill()) return false;
  }
}

// As FindRecordEnd, for a record with quotes: line ends between quotes are part of it.
bool Reader::FindQuotedEnd(std::size_t from, std::size_t* size) {
  bool within = false;
  for (std::size_t at = from;; ++at) {
    if (begin_ + at == end_) {
      if (!at_end_ && !Refill()) return false;
      if (begin_ + at == end_) {
        *size = at;
        if (within) Broken(Malformed("a quote is opened here and never closed"));
        return !within;
      }
    }
    const char byte = buffer_[begin_ + at];
    if (byte == '"') within = !within;
    if (byte == '\n' && !within) {
      *size = at + 1;
      return true;
    }
  }
}

// Splits a record that holds quotes. False, with error_, where RFC 4180 is broken.
bool Reader::SplitQuoted(std::string_view record) {
  unquoted_.clear();
  unquoted_.reserve(record.size());  // So that views into it stay valid.
  for (std::size_t at = 0;; ++at) {
    const std::size_t start = unquoted_.size();
    if (at < record.size() && record[at] == '"') {
      for (++at; at < record.size(); ++at) {
        if (record[at] == '"' && (at + 1 == record.size() || record[++at] != '"')) break;
        unquoted_.push_back(record[at]);
      }
      // `at` is now behind the closing quote, or on it where the record ends there.
      if (at + 1 == record.size() && record[at] == '"') ++at;
    } else {
      const std::size_t stop = std::min(record.find(options_.delimiter, at), record.size());
      unquoted_.append(record.substr(at, stop - at));
      at = stop;
      if (unquoted_.find('"', start) != std::string::npos) {
        error_ = Malformed("a quote within a field that does not begin with one");
        return false;
      }
    }
    fields_.emplace_back(unquoted_.data() + start, unquoted_.size() - start);
    if (at >= record.size()) return true;
    if (record[at] != options_.delimiter) {
      error_ = Malformed("text behind a closing quote");
      return false;
    }
  }
}

}  // namespace tandem::exchange::csv
