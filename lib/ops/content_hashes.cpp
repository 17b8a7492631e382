#include "ops/content_hashes.h"

#include <algorithm>

#include "base/error.h"
#include "hash/sha256.h"
#include "ops/cat.h"

namespace store {
namespace {

constexpr std::uint64_t k_file_limit = 64 + k_max_content_hashes * 64;

std::vector<ContentHash> read_hashes(const Repository& repository) {
  try {
    const std::optional<Bytes> bytes = read_file(repository.fd(), layout::k_hashes, k_file_limit);
    if (bytes) return decode_content_hashes(*bytes);
  } catch (const Error&) {
    // Derived: whatever is wrong with it, the content is still there.
  }
  return {};
}

}  // namespace

void ContentHashes::load() {
  if (std::exchange(loaded_, true)) return;
  known_ = read_hashes(workspace_.repository());
}

ObjectId ContentHashes::sha256_of(const TreeEntry& entry) {
  if (entry.kind != EntryKind::large_file) return entry.id;
  load();
  const auto found = std::lower_bound(known_.begin(), known_.end(), ContentHash(entry.id, ObjectId{}));
  if (found != known_.end() && found->first == entry.id) return found->second;
  if (const auto again = computed_.find(entry.id); again != computed_.end()) return again->second;
  const ObjectId hash = compute(entry);
  if (computed_.size() < k_max_content_hashes) computed_.emplace(entry.id, hash);
  return hash;
}

ObjectId ContentHashes::compute(const TreeEntry& entry) const {
  Sha256 hash;
  cat(workspace_, entry, entry.name, {}, [&](ByteView bytes) { hash.update(bytes); });
  return hash.finish();
}

void ContentHashes::remember() {
  const Repository& repository = workspace_.repository();
  if (computed_.empty() || !repository.writable()) return;
  // Somebody else may have added some meanwhile; a lost race costs computing again. The newest are kept.
  for (const ContentHash& known : read_hashes(repository)) {
    if (computed_.size() >= k_max_content_hashes) break;
    computed_.insert(known);
  }
  try {
    replace_file(repository.fs(), repository.fd(), layout::k_hashes,
                 encode_content_hashes({computed_.begin(), computed_.end()}), SyncDirectory::no);
  } catch (const Error&) {
    // A full disk or a missing permission must not fail a question.
  }
  computed_.clear();
  loaded_ = false;
}

}  // namespace store
