#include "tests/bench/packed_file.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>

#include "zstd.h"

namespace tandem::bench {
namespace {

[[noreturn]] void Fail(const std::string& path, const char* what) {
  std::fprintf(stderr, "bench: %s %s\n", path.c_str(), what);
  std::exit(1);
}

}  // namespace

std::string ReadPacked(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open()) Fail(path, "cannot be read");
  std::string packed(std::istreambuf_iterator<char>(file), {});
  if (!path.ends_with(".zst")) return packed;
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                     &ZSTD_freeDCtx);
  std::string text;
  std::string chunk(ZSTD_DStreamOutSize(), '\0');
  ZSTD_inBuffer in{.src = packed.data(), .size = packed.size(), .pos = 0};
  std::size_t left = 1;
  while (in.pos < in.size) {
    ZSTD_outBuffer out{.dst = chunk.data(), .size = chunk.size(), .pos = 0};
    left = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(left) != 0) Fail(path, "is damaged");
    text.append(chunk, 0, out.pos);
  }
  if (left != 0) Fail(path, "ends too early");
  return text;
}

}  // namespace tandem::bench
