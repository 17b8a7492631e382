#include "format/content_hashes.h"

#include <algorithm>

#include "format/codec.h"
#include "format/record_file.h"

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
  Bytes bytes = begin_record_file(k_magic, hashes.size(), k_entry_size);
  ByteWriter out(bytes);
  for (const auto& [recipe, hash] : hashes) {
    put_id(out, recipe);
    put_id(out, hash);
  }
  finish_record_file(bytes);
  return bytes;
}

std::vector<ContentHash> decode_content_hashes(ByteView bytes) {
  ByteReader in(records_of_file(bytes, k_magic, "content hashes", k_entry_size), "content hashes");
  std::vector<ContentHash> hashes;
  hashes.reserve(in.remaining() / k_entry_size);
  while (in.remaining() > 0) {
    const ObjectId recipe = get_id(in);
    hashes.emplace_back(recipe, get_id(in));
  }
  if (!all_ascend(hashes)) in.fail("recipes do not ascend");
  return hashes;
}

}  // namespace store
