#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/mutex.h"

namespace store {

/// User and group names of this machine, each asked for once. Any thread.
class OwnerNames {
 public:
  /// "" if the id has no name, or one that does not fit a record.
  std::string user(std::uint32_t uid);
  std::string group(std::uint32_t gid);
  /// The id that a name has here; nothing for names unknown here and for "".
  std::optional<std::uint32_t> uid_of(const std::string& user);
  std::optional<std::uint32_t> gid_of(const std::string& group);

 private:
  Mutex mutex_;
  std::map<std::uint32_t, std::string> users_ STORE_GUARDED_BY(mutex_);
  std::map<std::uint32_t, std::string> groups_ STORE_GUARDED_BY(mutex_);
  std::map<std::string, std::optional<std::uint32_t>> uids_ STORE_GUARDED_BY(mutex_);
  std::map<std::string, std::optional<std::uint32_t>> gids_ STORE_GUARDED_BY(mutex_);
};

/// The one of this process.
OwnerNames& owner_names();

}  // namespace store
