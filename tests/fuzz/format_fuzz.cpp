// libFuzzer target for one codec of format, named by STORE_FUZZ_CODEC: hostile bytes end in Error{corrupt} or
// Error{newer_format} or decode to something that has one encoding.
#include <cstdlib>

#include "base/error.h"
#include "fuzz/format_codecs.h"

namespace {

using store::Bytes;
using store::ByteView;

const store::testing::FormatCodec& codec_under_test() {
  for (const auto& codec : store::testing::format_codecs())
    if (codec.name == STORE_FUZZ_CODEC) return codec;
  std::abort();
}

/// Whatever decodes must come back the same once it has been encoded.
void check(const store::testing::FormatCodec& codec, const Bytes& bytes) {
  Bytes once;
  try {
    once = codec.recode(bytes);
  } catch (const store::Error& error) {
    if (error.kind() != store::ErrorKind::corrupt && error.kind() != store::ErrorKind::newer_format)
      std::abort();
    return;
  }
  if (!once.empty() && codec.recode(once) != once) std::abort();
  if (codec.seal == nullptr && once != bytes) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const store::testing::FormatCodec& codec = codec_under_test();
  const auto* first = reinterpret_cast<const std::byte*>(data);
  Bytes bytes(first, first + size);
  check(codec, bytes);
  if (codec.seal != nullptr) {
    codec.seal(bytes);
    check(codec, bytes);
  }
  return 0;
}
