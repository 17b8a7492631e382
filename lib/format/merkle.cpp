// RFC 9162 §2.1.1. Splitting at the largest power of two below n is the same as pairing neighbours level by level
// and carrying an odd last one up, which works in place.
#include "format/merkle.h"

#include <algorithm>

#include "format/node.h"
#include "hash/sha256.h"

namespace store {
namespace {

constexpr std::byte k_leaf_prefix{0};
constexpr std::byte k_inner_prefix{1};
constexpr std::size_t k_inner_size = 1 + 32 + 32;

/// Hashes pairs of ids[0 … count) into ids[0 … (count+1)/2).
void hash_pairs(std::vector<ObjectId>& ids, Bytes& messages) {
  const std::size_t pairs = ids.size() / 2;
  messages.resize(pairs * k_inner_size);
  std::vector<ByteView> views(pairs);
  for (std::size_t i = 0; i < pairs; ++i) {
    std::byte* message = messages.data() + i * k_inner_size;
    message[0] = k_inner_prefix;
    std::copy_n(ids[2 * i].bytes.data(), 32, message + 1);
    std::copy_n(ids[2 * i + 1].bytes.data(), 32, message + 33);
    views[i] = {message, k_inner_size};
  }
  const bool odd = ids.size() % 2 != 0;
  const ObjectId carried = ids.back();
  sha256_batch(views, std::span(ids).first(pairs));
  if (odd) ids[pairs] = carried;
  ids.resize(pairs + (odd ? 1 : 0));
}

}  // namespace

ObjectId mth_leaf(ByteView entry) {
  const ByteView parts[] = {{&k_leaf_prefix, 1}, entry};
  return sha256(parts);
}

ObjectId mth_root(std::span<const ObjectId> leaves) {
  if (leaves.empty()) return sha256(ByteView{});
  std::vector<ObjectId> ids(leaves.begin(), leaves.end());
  Bytes messages;
  while (ids.size() > 1) hash_pairs(ids, messages);
  return ids.front();
}

std::vector<ObjectId> mth_leaves(std::span<const ByteView> entries) {
  std::size_t total = 0;
  for (const ByteView entry : entries) total += 1 + entry.size();
  Bytes messages;
  messages.reserve(total);  // the views below need it not to move
  std::vector<ByteView> views;
  views.reserve(entries.size());
  for (const ByteView entry : entries) {
    const std::size_t start = messages.size();
    messages.push_back(k_leaf_prefix);
    messages.insert(messages.end(), entry.begin(), entry.end());
    views.push_back(ByteView(messages).subspan(start));
  }
  std::vector<ObjectId> leaves(entries.size());
  sha256_batch(views, leaves);
  return leaves;
}

}  // namespace store
