#include "base/bytes.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <csignal>

#include "base/cancel.h"
#include "base/error.h"

using namespace store;

TEST_CASE("integers are written big-endian and read back") {
  Bytes out;
  ByteWriter writer(out);
  writer.u8(0x01);
  writer.u16(0x0203);
  writer.u32(0x04050607);
  writer.u64(0x08090a0b0c0d0e0f);
  writer.raw("text");
  CHECK(writer.size() == out.size());
  CHECK(as_text(out) == "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0ftext");
  ByteReader reader(out, "record");
  CHECK(reader.u8() == 0x01);
  CHECK(reader.u16() == 0x0203);
  CHECK(reader.u32() == 0x04050607);
  CHECK(reader.u64() == 0x08090a0b0c0d0e0f);
  CHECK(reader.text(4) == "text");
  CHECK(reader.remaining() == 0);
  reader.expect_end();
}

TEST_CASE("a reader refuses to go past the end and says where") {
  const Bytes bytes(5);
  ByteReader reader(bytes, "record");
  reader.u32();
  const auto message_of = [&](auto call) {
    try {
      call();
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::corrupt);
      return error.message();
    }
    return std::string("no error");
  };
  CHECK(message_of([&] { reader.u16(); }) == "record: truncated at offset 4");
  CHECK(message_of([&] { reader.raw(static_cast<std::size_t>(-1)); }) == "record: truncated at offset 4");
  CHECK(message_of([&] { reader.expect_end(); }) == "record: trailing bytes at offset 4");
  CHECK(reader.u8() == 0);
}

TEST_CASE("fixed-place integers are big-endian at any alignment") {
  Bytes bytes(16);
  store_u64(bytes.data() + 3, 0x0102030405060708);
  CHECK(bytes[3] == std::byte{1});
  CHECK(load_u64(bytes.data() + 3) == 0x0102030405060708);
  CHECK(load_u32(bytes.data() + 3) == 0x01020304);
  CHECK(load_u16(bytes.data() + 3) == 0x0102);
  store_u32(bytes.data() + 1, 0xfffefdfc);
  CHECK(load_u32(bytes.data() + 1) == 0xfffefdfc);
}

TEST_CASE("all_zero sees a single bit anywhere") {
  CHECK(all_zero({}));
  for (const std::size_t size : {1U, 2U, 15U, 16U, 17U, 4096U}) {
    Bytes bytes(size);
    CHECK(all_zero(bytes));
    for (const std::size_t at : {std::size_t{0}, size / 2, size - 1}) {
      bytes[at] = std::byte{1};
      CHECK_FALSE(all_zero(bytes));
      bytes[at] = std::byte{0};
    }
  }
}

TEST_CASE("an error gathers context from the inside out") {
  Error error(ErrorKind::corrupt, "length 5 exceeds limit 4", "store fsck");
  error.add_context("entry 17").add_context("pack 3f2a");
  CHECK(error.message() == "pack 3f2a: entry 17: length 5 exceeds limit 4");
  CHECK(error.hint() == "store fsck");
  CHECK(std::string(error.what()) == error.message());
}

TEST_CASE("an errno becomes the kind that says what to do") {
  CHECK(kind_of_errno(ENOSPC) == ErrorKind::no_space);
  CHECK(kind_of_errno(EDQUOT) == ErrorKind::no_space);
  CHECK(kind_of_errno(EACCES) == ErrorKind::permission);
  CHECK(kind_of_errno(EPERM) == ErrorKind::permission);
  CHECK(kind_of_errno(EROFS) == ErrorKind::permission);
  CHECK(kind_of_errno(ENOENT) == ErrorKind::not_found);
  CHECK(kind_of_errno(ENOTDIR) == ErrorKind::not_found);
  CHECK(kind_of_errno(EEXIST) == ErrorKind::exists);
  CHECK(kind_of_errno(EIO) == ErrorKind::system);
}

TEST_CASE("a cancelled token throws the signal that cancelled it") {
  CancelToken token;
  token.check();
  CHECK_FALSE(token.requested());
  token.request(SIGTERM);
  CHECK(token.requested());
  try {
    token.check();
    FAIL("not thrown");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::interrupted);
    CHECK(error.signal() == SIGTERM);
  }
}
