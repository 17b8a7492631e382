#include <doctest/doctest.h>

#include <initializer_list>

#include "base/error.h"
#include "compress/zstd.h"
#include "support/random_bytes.h"

using namespace store;

namespace {

Bytes bytes_of(std::initializer_list<unsigned> values) {
  Bytes bytes;
  for (const unsigned value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

const Bytes k_magic = bytes_of({0x28, 0xb5, 0x2f, 0xfd});
/// The last block, raw, of the three bytes "abc": header (3 << 3 | 1), little-endian.
const Bytes k_abc_block = bytes_of({0x19, 0, 0, 'a', 'b', 'c'});
/// A whole frame of "abc": single segment, content size 3.
const Bytes k_abc = k_magic + bytes_of({0x20, 3}) + k_abc_block;
const Bytes k_skippable = bytes_of({0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 'x', 'y'});

enum class Outcome { decoded, corrupt, other_error };

Outcome outcome_of(ByteView frame, std::size_t size) {
  Decompressor decompressor;
  Bytes out(size);
  try {
    decompressor.decompress(frame, out);
    return Outcome::decoded;
  } catch (const Error& error) {
    return error.kind() == ErrorKind::corrupt ? Outcome::corrupt : Outcome::other_error;
  }
}

}  // namespace

TEST_CASE("the handmade frame is a good one") {
  Decompressor decompressor;
  Bytes out(3);
  decompressor.decompress(k_abc, out);
  CHECK(as_text(out) == "abc");
}

TEST_CASE("nothing but one frame is a frame") {
  CHECK(outcome_of({}, 0) == Outcome::corrupt);
  CHECK(outcome_of({}, 3) == Outcome::corrupt);
  CHECK(outcome_of(k_skippable, 0) == Outcome::corrupt);
  CHECK(outcome_of(k_skippable + k_abc, 3) == Outcome::corrupt);
  CHECK(outcome_of(k_abc + k_skippable, 3) == Outcome::corrupt);
  CHECK(outcome_of(k_abc + k_abc, 6) == Outcome::corrupt);
  CHECK(outcome_of(k_abc + k_abc, 3) == Outcome::corrupt);
  CHECK(outcome_of(k_abc + bytes_of({0}), 3) == Outcome::corrupt);
}

TEST_CASE("a legacy frame is not a frame") {
  for (unsigned version = 0x22; version <= 0x27; ++version)
    CHECK(outcome_of(bytes_of({version, 0xb5, 0x2f, 0xfd, 0x20, 3}) + k_abc_block, 3) == Outcome::corrupt);
}

TEST_CASE("a frame must hold exactly the bytes that are expected") {
  CHECK(outcome_of(k_abc, 0) == Outcome::corrupt);
  CHECK(outcome_of(k_abc, 2) == Outcome::corrupt);
  CHECK(outcome_of(k_abc, 4) == Outcome::corrupt);
  CHECK(outcome_of(k_magic + bytes_of({0x20, 4}) + k_abc_block, 4) == Outcome::corrupt);
  CHECK(outcome_of(k_magic + bytes_of({0x20, 2}) + k_abc_block, 2) == Outcome::corrupt);
}

TEST_CASE("a frame must say its content size") {
  const unsigned window_of_1_kib = 0;
  CHECK(outcome_of(k_magic + bytes_of({0x00, window_of_1_kib}) + k_abc_block, 3) == Outcome::corrupt);
}

TEST_CASE("a frame with a dictionary id is refused, also with an id of zero") {
  CHECK(outcome_of(k_magic + bytes_of({0x21, 7, 3}) + k_abc_block, 3) == Outcome::corrupt);
  CHECK(outcome_of(k_magic + bytes_of({0x21, 0, 3}) + k_abc_block, 3) == Outcome::corrupt);
}

TEST_CASE("a window of 8 MiB is read, a larger one refused") {
  const unsigned window_of_8_mib = 13 << 3;
  const auto frame = [](unsigned window) {
    return k_magic + bytes_of({0x80, window, 3, 0, 0, 0}) + k_abc_block;
  };
  CHECK(outcome_of(frame(window_of_8_mib), 3) == Outcome::decoded);
  CHECK(outcome_of(frame(window_of_8_mib + 1), 3) == Outcome::corrupt);
  CHECK(outcome_of(frame(0xff), 3) == Outcome::corrupt);
  const std::size_t over = (std::size_t{8} << 20) + 1;
  const Bytes claims = k_magic + bytes_of({0xa0, 1, 0, 0x80, 0}) + k_abc_block;
  CHECK(outcome_of(claims, over) == Outcome::corrupt);
}

TEST_CASE("every truncation is corrupt") {
  Compressor compressor;
  const Bytes raw(70'000, std::byte{7});
  Bytes frame(Compressor::bound(raw.size()));
  frame.resize(compressor.compress(raw, frame, 3));
  for (const Bytes& whole : {k_abc, frame})
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CAPTURE(size);
      CHECK(outcome_of(ByteView(whole).first(size), whole == k_abc ? 3 : raw.size()) == Outcome::corrupt);
    }
}

TEST_CASE("flipped bits are corrupt or other bytes, and the decompressor works on afterwards") {
  Compressor compressor;
  Decompressor decompressor;
  Bytes raw = store::testing::random_bytes(400, 1);
  for (std::size_t i = 0; i < raw.size(); ++i) raw[i] &= std::byte{0x0f};
  Bytes frame(Compressor::bound(raw.size()));
  frame.resize(compressor.compress(raw, frame, 3));
  std::size_t refused = 0;
  for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
    CAPTURE(bit);
    Bytes damaged = frame;
    damaged[bit / 8] ^= std::byte{static_cast<unsigned char>(1u << (bit % 8))};
    Bytes out(raw.size());
    try {
      decompressor.decompress(damaged, out);
    } catch (const Error& error) {
      ++refused;
      CHECK(error.kind() == ErrorKind::corrupt);
    }
    decompressor.decompress(frame, out);
    CHECK(out == raw);
  }
  CHECK(refused > 0);
}
