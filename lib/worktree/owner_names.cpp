#include "worktree/owner_names.h"

#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <utility>
#include <vector>

namespace store {
namespace {

constexpr std::size_t k_buffer = 4096;
constexpr std::size_t k_max_buffer = 1u << 20;  // a group of very many members
constexpr std::size_t k_max_name = 255;

/// `ask(record, buffer, size, &found)` is one of the get…_r functions; `give(record)` picks what is wanted.
template <typename Record, typename Ask, typename Give>
auto look_up(Ask ask, Give give) -> std::optional<decltype(give(std::declval<const Record&>()))> {
  for (std::vector<char> buffer(k_buffer); buffer.size() <= k_max_buffer; buffer.resize(buffer.size() * 2)) {
    Record record;
    Record* found = nullptr;
    const int error = ask(&record, buffer.data(), buffer.size(), &found);
    if (error == ERANGE) continue;
    if (error != 0 || found == nullptr) return std::nullopt;
    return give(record);
  }
  return std::nullopt;
}

template <typename Map, typename Key, typename Find>
auto remembered(Map& map, const Key& key, Find find) {
  const auto known = map.find(key);
  if (known != map.end()) return known->second;
  return map.emplace(key, find()).first->second;
}

std::string fitting(std::optional<std::string> name) {
  return name && name->size() <= k_max_name ? std::move(*name) : std::string();
}

}  // namespace

std::string OwnerNames::user(std::uint32_t uid) {
  const MutexLock lock(mutex_);
  return remembered(users_, uid, [uid] {
    return fitting(look_up<struct passwd>(
        [uid](struct passwd* record, char* buffer, std::size_t size, struct passwd** found) {
          return ::getpwuid_r(uid, record, buffer, size, found);
        },
        [](const struct passwd& record) { return std::string(record.pw_name); }));
  });
}

std::string OwnerNames::group(std::uint32_t gid) {
  const MutexLock lock(mutex_);
  return remembered(groups_, gid, [gid] {
    return fitting(look_up<struct group>(
        [gid](struct group* record, char* buffer, std::size_t size, struct group** found) {
          return ::getgrgid_r(gid, record, buffer, size, found);
        },
        [](const struct group& record) { return std::string(record.gr_name); }));
  });
}

std::optional<std::uint32_t> OwnerNames::uid_of(const std::string& user) {
  if (user.empty()) return std::nullopt;
  const MutexLock lock(mutex_);
  return remembered(uids_, user, [&user] {
    return look_up<struct passwd>(
        [&user](struct passwd* record, char* buffer, std::size_t size, struct passwd** found) {
          return ::getpwnam_r(user.c_str(), record, buffer, size, found);
        },
        [](const struct passwd& record) { return std::uint32_t{record.pw_uid}; });
  });
}

std::optional<std::uint32_t> OwnerNames::gid_of(const std::string& group) {
  if (group.empty()) return std::nullopt;
  const MutexLock lock(mutex_);
  return remembered(gids_, group, [&group] {
    return look_up<struct group>(
        [&group](struct group* record, char* buffer, std::size_t size, struct group** found) {
          return ::getgrnam_r(group.c_str(), record, buffer, size, found);
        },
        [](const struct group& record) { return std::uint32_t{record.gr_gid}; });
  });
}

OwnerNames& owner_names() {
  static OwnerNames names;
  return names;
}

}  // namespace store
