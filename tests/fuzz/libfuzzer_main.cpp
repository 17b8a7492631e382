// What libFuzzer calls: the one target that STORE_FUZZ_TARGET names.
#include <cstdlib>

#include "fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const store::fuzz::Target target = [] {
    for (const store::fuzz::Target& each : store::fuzz::targets())
      if (each.name == STORE_FUZZ_TARGET) return each;
    std::abort();
  }();
  target.run(store::ByteView(reinterpret_cast<const std::byte*>(data), size));
  return 0;
}
