#include "hash/sha256.h"

#include <doctest/doctest.h>

#include <string>
#include <thread>

#include "base/error.h"
#include "hash/sha256_avx512.h"
#include "hash/sha256_ni.h"
#include "support/random_bytes.h"

using namespace store;
using store::testing::random_bytes;
using store::testing::SplitMix64;

namespace {

/// The incremental form is always OpenSSL's: the reference.
ObjectId reference(ByteView message) {
  Sha256 digest;
  digest.update(message);
  return digest.finish();
}

/// Index of the first id that is wrong, or the number of messages.
template <typename Batch>
std::size_t first_difference(Batch batch, const std::vector<ByteView>& messages) {
  std::vector<ObjectId> ids(messages.size());
  batch(std::span<const ByteView>(messages), std::span<ObjectId>(ids));
  std::size_t i = 0;
  while (i < ids.size() && ids[i] == reference(messages[i])) ++i;
  return i;
}

void check_batch(const std::vector<ByteView>& messages) {
  CHECK(first_difference(sha256_batch, messages) == messages.size());
  if (!sha256_ni_available()) return;
  const auto with = [](Sha256Wide wide) {
    return [wide](std::span<const ByteView> all, std::span<ObjectId> ids) { sha256_ni_batch(all, ids, wide); };
  };
  CHECK(first_difference(with(Sha256Wide::no), messages) == messages.size());
  if (sha256_avx512_available()) CHECK(first_difference(with(Sha256Wide::yes), messages) == messages.size());
}

}  // namespace

TEST_CASE("SHA-256 gives the digests that FIPS 180-4 publishes") {
  const std::string million(1'000'000, 'a');
  const std::pair<std::string_view, std::string_view> vectors[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {million, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
  };
  for (const auto& [message, digest] : vectors) {
    CHECK(sha256(as_bytes(message)).hex() == digest);
    CHECK(reference(as_bytes(message)).hex() == digest);
    CHECK(first_difference(sha256_batch, {as_bytes(message)}) == 1);
  }
  CHECK(sha256(ByteView{}) == k_empty_chunk_id);
}

TEST_CASE("every length from nothing to five blocks is hashed like OpenSSL, alone and beside others") {
  constexpr std::size_t longest = 5 * 64;
  const Bytes bytes = random_bytes(longest + 1, 1);
  std::vector<ByteView> all;
  for (std::size_t size = 0; size <= longest; ++size) {
    const ByteView message = ByteView(bytes).subspan(size % 2, size);  // odd addresses too
    all.push_back(message);
    CAPTURE(size);
    CHECK(sha256(message) == reference(message));
    check_batch({message});
    check_batch({message, message});
  }
  check_batch(all);
}

TEST_CASE("batches around the padding edges, in every combination of three, are hashed like OpenSSL") {
  const Bytes bytes = random_bytes(256, 2);
  const std::size_t edges[] = {0, 1, 55, 56, 63, 64, 65, 119, 120, 127, 128};
  for (const std::size_t a : edges)
    for (const std::size_t b : edges)
      for (const std::size_t c : edges)
        check_batch(
            {ByteView(bytes).first(a), ByteView(bytes).subspan(7, b), ByteView(bytes).subspan(11, c)});
}

TEST_CASE("random batches of mixed lengths are hashed like OpenSSL") {
  constexpr std::size_t longest = 100'000;
  const Bytes bytes = random_bytes(longest, 3);
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    SplitMix64 random(seed);
    std::vector<ByteView> messages;
    for (std::uint64_t count = random.between(0, 40); count > 0; --count) {
      const std::uint64_t scale = random.between(0, 3) == 0 ? longest : 700;
      const auto size = static_cast<std::size_t>(random.between(0, scale));
      messages.push_back(ByteView(bytes).subspan(random.between(0, longest - size), size));
    }
    check_batch(messages);
  }
}

TEST_CASE("a batch needs one id for each message") {
  const ByteView message;
  ObjectId ids[2];
  try {
    sha256_batch(std::span(&message, 1), ids);
    FAIL("accepted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::bug);
  }
}

TEST_CASE("parts are hashed as their concatenation, whatever their sizes") {
  const Bytes bytes = random_bytes(3000, 4);
  const ByteView all(bytes);
  for (const std::size_t size : {0u, 1u, 64u, 511u, 512u, 513u, 1024u, 3000u})
    for (const std::size_t split : {0u, 1u, 33u, 500u, 512u, 600u}) {
      if (split > size) continue;
      CAPTURE(size);
      CAPTURE(split);
      const ByteView parts[] = {all.first(split), {}, all.subspan(split, size - split)};
      CHECK(sha256(parts) == reference(all.first(size)));
    }
  CHECK(sha256(std::span<const ByteView>{}) == k_empty_chunk_id);
}

TEST_CASE("the incremental form takes any pieces, starts over after finish and can be moved") {
  const Bytes bytes = random_bytes(1000, 5);
  const ByteView all(bytes);
  Sha256 digest;
  for (std::size_t piece = 1; piece < 200; piece += 13) {
    for (std::size_t at = 0; at < all.size(); at += piece)
      digest.update(all.subspan(at, std::min(piece, all.size() - at)));
    CHECK(digest.finish() == sha256(all));
  }
  digest.update(all.first(400));
  Sha256 moved = std::move(digest);
  moved.update(all.subspan(400));
  CHECK(moved.finish() == sha256(all));
  CHECK(moved.finish() == k_empty_chunk_id);
}

TEST_CASE("threads hash at the same time without disturbing one another") {
  constexpr int thread_count = 4;
  constexpr std::size_t message_count = 200;
  const Bytes bytes = random_bytes(5000, 6);
  std::vector<std::vector<ObjectId>> ids(thread_count, std::vector<ObjectId>(message_count));
  {
    std::vector<std::jthread> threads;
    for (auto& mine : ids)
      threads.emplace_back([&bytes, &mine] {
        for (std::size_t i = 0; i < message_count; ++i) mine[i] = sha256(ByteView(bytes).subspan(i, 20 * i));
      });
  }
  for (std::size_t i = 0; i < message_count; ++i)
    for (const auto& mine : ids) CHECK(mine[i] == reference(ByteView(bytes).subspan(i, 20 * i)));
}
