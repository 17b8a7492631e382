#include "format/content_hashes.h"

#include <algorithm>

#include "format/codec.h"
#include "format/file_header.h"
#include "hash/checksum.h"

namespace store {
namespace {

constexpr std::string_view k_magic = "STOREHSH";
constexpr std::size_t k_entry_size = 64;

bool ascends(const ContentHash& a, const ContentHash& b) { return a.first < b.first; }

bool all_ascend(const std::vector<ContentHash>& hashes) {
  return std::adjacent_find(hashes.begin(), hashes.end(),
                            [](const ContentHash& a, const ContentHash& b) { return !ascends(a, b); }) == hashes.end();
}

}  // namespace

Bytes encode_content_hashes(const std::vector<ContentHash>& hashes) {
  if (!all_ascend(hashes)) throw_bug("content hashes: recipes do not ascend");
  Bytes bytes = encode_file_header(k_magic);
  bytes.reserve(k_file_header_size + 16 + hashes.size() * k_entry_size);
  ByteWriter out(bytes);
  out.u64(hashes.size());
  for (const auto& [recipe, hash] : hashes) {
    put_id(out, recipe);
    put_id(out, hash);
  }
  out.u64(xxh3(ByteView(bytes).subspan(k_file_header_size)));
  return bytes;
}

std::vector<ContentHash> decode_content_hashes(ByteView bytes) {
  decode_file_header(bytes, k_magic, "content hashes");
  ByteReader in(bytes, "content hashes");
  in.raw(k_file_header_size);
  const std::uint64_t count = in.u64();
  if (count > in.remaining() / k_entry_size) in.fail("count exceeds the file");
  std::vector<ContentHash> hashes;
  hashes.reserve(static_cast<std::size_t>(count));
  for (std::uint64_t i = 0; i < count; ++i) {
    const ObjectId recipe = get_id(in);
    hashes.emplace_back(recipe, get_id(in));
  }
  const std::size_t end = in.offset();
  if (in.u64() != xxh3(bytes.subspan(k_file_header_size, end - k_file_header_size))) in.fail("checksum differs");
  in.expect_end();
  if (!all_ascend(hashes)) in.fail("recipes do not ascend");
  return hashes;
}

}  // namespace store
