#include "ops/known_listings.h"

#include <algorithm>

#include "base/error.h"
#include "ops/permissions.h"

namespace store {
namespace {

constexpr std::uint64_t k_file_limit = 64 + k_max_known_listings * k_listing_size;
/// So few directories are read faster than the file is written.
constexpr std::size_t k_worth_writing = 16;
/// A file that knows all but this part of what there is stays as it is.
constexpr std::size_t k_tolerated_part = 32;

}  // namespace

KnownListings::KnownListings(const Workspace& workspace)
    : workspace_(workspace), usable_(stamps_directories(workspace.worktree_fd())) {
  if (usable_) load();
}

void KnownListings::load() {
  try {
    const std::optional<UniqueFd> fd = open_if_exists(workspace_.repository().fd(), layout::k_listings);
    if (!fd) return;
    const struct stat info = stat_fd(fd->get(), layout::k_listings);
    if (!S_ISREG(info.st_mode) || static_cast<std::uint64_t>(info.st_size) > k_file_limit) return;
    file_ = MappedFile(fd->get(), static_cast<std::size_t>(info.st_size), layout::k_listings);
    known_ = KnownListingsView(file_.view());
  } catch (const Error&) {
    // Derived: whatever is wrong with it, the directories are still there.
  }
}

KnownListings::Subtrees KnownListings::find_unchanged(const Index& index, UnchangedOptions conditions) {
  const Permissions policy = workspace_.settings().core.permissions;
  conditions.threads = workspace_.threads();
  conditions.recorded_mode = [policy](EntryKind kind, std::uint16_t mode) { return recorded_mode(kind, mode, policy); };
  conditions.check_cancelled = [this] { workspace_.check_cancelled(); };
  UnchangedSubtrees found = store::find_unchanged(workspace_.worktree_fd(), index, known_, conditions);
  confirmed_ = std::move(found.confirmed);
  return std::move(found.subtrees);
}

std::function<void(const KnownListing&)> KnownListings::listener() {
  if (!usable_ || !workspace_.repository().writable()) return {};
  return [this](const KnownListing& listing) {
    const MutexLock lock(mutex_);
    if (learned_.size() < k_max_known_listings) learned_.push_back(listing);
  };
}

void KnownListings::remember() {
  const MutexLock lock(mutex_);
  // Where files changed, directories are read again that were known.
  const auto is_news = [this](const KnownListing& listing) {
    const std::size_t at = known_.find(listing.device, listing.inode);
    return at == known_.size() || known_.at(at) != listing;
  };
  const auto news = static_cast<std::size_t>(std::count_if(learned_.begin(), learned_.end(), is_news));
  if (news < std::max(k_worth_writing, (learned_.size() + confirmed_.size()) / k_tolerated_part)) return;
  std::vector<KnownListing> now = std::move(learned_);
  now.reserve(now.size() + confirmed_.size());
  for (const std::uint32_t at : confirmed_) now.push_back(known_.at(at));
  // What is confirmed may have been read again nevertheless, a directory that was moved meanwhile even twice.
  std::stable_sort(now.begin(), now.end(), ascends);
  const auto same = [](const KnownListing& a, const KnownListing& b) { return !ascends(a, b); };
  now.erase(std::unique(now.begin(), now.end(), same), now.end());
  if (now.size() > k_max_known_listings) now.resize(k_max_known_listings);
  const Repository& repository = workspace_.repository();
  try {
    replace_file(repository.fs(), repository.fd(), layout::k_listings, encode_known_listings(now), SyncDirectory::no);
  } catch (const Error&) {
    // A full disk or a missing permission must not fail a question.
  }
}

}  // namespace store
