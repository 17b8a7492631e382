#include "compress/zstd_stream.h"

#include <doctest/doctest.h>

#include "support/random_bytes.h"
#include "support/work_fixture.h"

using namespace store;
using namespace store::test;

TEST_CASE("a zstd stream is the same however its bytes are cut") {
  std::string text;
  for (int i = 0; i < 60'000; ++i) text += std::to_string(i % 977) + " lines; ";
  text += noise(300'000, 1);
  const auto compressed = [&](std::size_t step) {
    std::string out;
    ZstdStream stream(3, [&](ByteView bytes) { out += as_text(bytes); });
    for (std::size_t at = 0; at < text.size(); at += step) stream.write(as_bytes(std::string_view(text).substr(at, step)));
    stream.finish();
    return out;
  };
  const std::string whole = compressed(text.size());
  CHECK(whole.size() < text.size());
  CHECK(as_bytes(whole)[0] == std::byte{0x28});
  for (const std::size_t step : {std::size_t{511}, std::size_t{65536}, std::size_t{1} << 20}) CHECK((compressed(step) == whole));
}
