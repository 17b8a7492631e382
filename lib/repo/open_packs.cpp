#include "repo/open_packs.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "repo/pack_file.h"

namespace store {
namespace {

constexpr std::size_t k_max_open = 64;

std::shared_ptr<const OpenPack> open_one(const Repository& repository, const ObjectId& id) {
  const std::string path = layout::pack_path(id);
  std::optional<UniqueFd> fd = open_if_exists(repository.fd(), path);
  if (!fd) return nullptr;
  try {
    check_pack_header(fd->get(), path);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
  }
  const auto size = static_cast<std::uint64_t>(stat_fd(fd->get(), path).st_size);
  return std::make_shared<const OpenPack>(
      OpenPack{std::move(*fd), size, fmt::format("pack {}", id.short_hex())});
}

}  // namespace

std::shared_ptr<const OpenPack> OpenPacks::open(const ObjectId& pack) {
  {
    const MutexLock lock(mutex_);
    const auto found = slots_.find(pack);
    if (found != slots_.end()) {
      found->second.used = ++clock_;
      return found->second.pack;
    }
  }
  std::shared_ptr<const OpenPack> opened = open_one(repository_, pack);
  if (!opened) return nullptr;
  const MutexLock lock(mutex_);
  if (slots_.size() >= k_max_open)
    slots_.erase(std::min_element(slots_.begin(), slots_.end(), [](const auto& a, const auto& b) {
      return a.second.used < b.second.used;
    }));
  slots_.insert_or_assign(pack, Slot{opened, ++clock_});
  return opened;
}

void OpenPacks::clear() {
  const MutexLock lock(mutex_);
  slots_.clear();
}

}  // namespace store
