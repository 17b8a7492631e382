#include "repo/quarantine.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/path.h"
#include "repo/directory.h"

namespace store {
namespace {

constexpr std::size_t k_copy_size = 1u << 20;
constexpr const char* k_copy_temporary = "quarantine/.copy";  // of a copy that is not complete

/// File systems without links refuse them in many ways.
bool refuses_links(const Error& error) {
  const int reason = error.errno_value();
  return reason == EPERM || reason == EOPNOTSUPP || reason == ENOSYS || reason == EMLINK || reason == EINVAL;
}

}  // namespace

std::optional<std::string> Quarantine::keep(const std::string& path) const {
  const std::optional<struct stat> file = stat_at(repository_.fd(), path);
  if (!file) return std::nullopt;
  make_folder();
  std::string flat = path;
  std::replace(flat.begin(), flat.end(), '/', '~');  // no name of a ref has a '~'
  std::string_view base = flat;
  if (path.starts_with(std::string(layout::k_packs) + "/")) base = base_name(path);
  const std::string name = fmt::format("{}/{}", layout::k_quarantine, base);
  for (int number = 1;; ++number) {
    const std::string second = number == 1 ? name : fmt::format("{}.{}", name, number);
    const std::optional<struct stat> there = stat_at(repository_.fd(), second);
    if (there && (there->st_ino != file->st_ino || there->st_dev != file->st_dev)) continue;
    if (!there) add_name(path, second);
    // durability.md: repair 1
    sync_directory(repository_.fs(), {repository_.fd(), layout::k_quarantine});
    return second;
  }
}

std::optional<std::string> Quarantine::take(const std::string& path) const {
  std::optional<std::string> second = keep(path);
  if (!second) return second;
  unlink_if_exists(repository_.fs(), repository_.fd(), path);
  const std::string folder(parent_path(path));
  sync_directory(repository_.fs(), {repository_.fd(), folder.empty() ? "." : folder.c_str()});
  return second;
}

bool Quarantine::take_folder(const std::string& name) const {
  if (!stat_at(repository_.fd(), name)) return false;
  make_folder();
  const std::string first = fmt::format("{}/{}", layout::k_quarantine, name);
  std::string second = first;
  for (int number = 2; stat_at(repository_.fd(), second); ++number) second = fmt::format("{}.{}", first, number);
  repository_.fs().rename_new({repository_.fd(), name.c_str()}, {repository_.fd(), second.c_str()});
  sync_directory(repository_.fs(), {repository_.fd(), layout::k_quarantine});
  sync_directory(repository_.fs(), {repository_.fd(), "."});
  return true;
}

void Quarantine::make_folder() const {
  if (stat_at(repository_.fd(), layout::k_quarantine)) return;
  repository_.fs().mkdir({repository_.fd(), layout::k_quarantine});
  sync_directory(repository_.fs(), {repository_.fd(), "."});
}

void Quarantine::add_name(const std::string& path, const std::string& second) const {
  try {
    repository_.fs().link({repository_.fd(), path.c_str()}, {repository_.fd(), second.c_str()});
  } catch (const Error& error) {
    if (!refuses_links(error)) throw;
    copy(path, second);
  }
}

void Quarantine::copy(const std::string& from, const std::string& to) const {
  FileSystem& fs = repository_.fs();
  const UniqueFd source = open_readonly(repository_.fd(), from);
  unlink_if_exists(fs, repository_.fd(), k_copy_temporary);
  UniqueFd target = fs.open({repository_.fd(), k_copy_temporary}, O_WRONLY | O_CREAT | O_EXCL);
  try {
    Bytes window(k_copy_size);
    for (std::uint64_t at = 0;;) {
      const std::size_t got = pread_full(source.get(), window, at, from);
      if (got == 0) break;
      fs.pwrite(target.get(), ByteView(window).first(got), at);
      at += got;
    }
    fs.fsync(target.get());
    target.reset();
    fs.rename({repository_.fd(), k_copy_temporary}, {repository_.fd(), to.c_str()});
  } catch (const Error&) {
    quietly([&] { unlink_if_exists(fs, repository_.fd(), k_copy_temporary); });
    throw;
  }
}

}  // namespace store
