// One target for each codec of format (format_codecs.h): hostile bytes end in Error{corrupt} or Error{newer_format}, or decode to
// something that has one encoding.
#include "fuzz/format_codecs.h"
#include "fuzz/target.h"

namespace {

using namespace store;
using testing::FormatCodec;
using testing::format_codecs;

/// Whatever decodes must come back the same once it has been encoded.
void check(const FormatCodec& codec, const Bytes& bytes) {
  Bytes once;
  const auto recode = [&] { once = codec.recode(bytes); };
  if (!fuzz::answers({ErrorKind::corrupt, ErrorKind::newer_format}, recode)) return;
  fuzz::require(once.empty() || codec.recode(once) == once);
  fuzz::require(codec.seal != nullptr || once == bytes);
}

/// As it is, and with right checksums.
template <std::size_t number>
void run(ByteView input) {
  const FormatCodec& codec = format_codecs()[number];
  Bytes bytes(input.begin(), input.end());
  check(codec, bytes);
  if (codec.seal == nullptr) return;
  codec.seal(bytes);
  check(codec, bytes);
}

template <std::size_t... numbers>
void enter(std::index_sequence<numbers...>) {
  (fuzz::targets().push_back({format_codecs()[numbers].name, run<numbers>}), ...);
}

const bool k_entered = (enter(std::make_index_sequence<testing::k_format_codecs>()), true);

}  // namespace
