#include "repo/ref_files.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "repo/directory.h"
#include "repo/refs.h"

namespace store {
namespace {

constexpr std::uint64_t k_max_ref_size = 16u << 10;
/// No ref name has a component that starts with a dot.
constexpr std::string_view k_staged_prefix = ".new-";

/// True for refs/heads, refs/tags, refs/merge: directories that are never removed.
bool is_space(std::string_view directory) { return parent_path(directory) == layout::k_refs; }

bool is_directory(int repository_fd, const std::string& name) {
  const std::optional<struct stat> info = stat_at(repository_fd, name);
  return info && S_ISDIR(info->st_mode);
}

/// Directories between a ref and its space, nearest first.
std::vector<std::string> nested_directories(const std::string& name) {
  std::vector<std::string> directories;
  for (std::string_view at = parent_path(name); !at.empty() && !is_space(at); at = parent_path(at))
    directories.emplace_back(at);
  return directories;
}

/// `init` makes refs/heads and refs/tags; others come with their first ref, and then stay. Durable before the ref is.
void make_space(const Repository& repository, const std::string& space) {
  if (!is_space(space) || stat_at(repository.fd(), space)) return;
  repository.fs().mkdir({repository.fd(), space.c_str()});
  sync_directory(repository.fs(), {repository.fd(), layout::k_refs});
}

/// Stops at a file in the way: it is a ref that the same move removes later.
void make_directories(const Repository& repository, const std::string& name) {
  const std::vector<std::string> directories = nested_directories(name);
  make_space(repository, std::string(name).substr(0, name.find('/', std::string_view(layout::k_refs).size() + 1)));
  for (auto at = directories.rbegin(); at != directories.rend(); ++at) {
    const std::optional<struct stat> info = stat_at(repository.fd(), *at);
    if (info && !S_ISDIR(info->st_mode)) return;
    if (!info) repository.fs().mkdir({repository.fd(), at->c_str()});
  }
}

/// Removes a directory in which no ref is left, and stops at the first that is not empty.
void remove_empty_directory(const Repository& repository, const std::string& name) {
  for (const std::string& child : list_directory(repository.fd(), name))
    if (is_directory(repository.fd(), name + "/" + child)) remove_empty_directory(repository, name + "/" + child);
  repository.fs().rmdir({repository.fd(), name.c_str()});
}

void remove_emptied_directories(const Repository& repository, const std::string& name) {
  for (const std::string& directory : nested_directories(name)) {
    if (!list_directory(repository.fd(), directory).empty()) return;
    if (is_directory(repository.fd(), directory)) repository.fs().rmdir({repository.fd(), directory.c_str()});
  }
}

void collect_names(int repository_fd, const std::string& directory, const std::string& prefix,
                   std::vector<std::string>& names) {
  for (const std::string& child : list_directory(repository_fd, directory)) {
    const std::string name = directory + "/" + child;
    if (is_directory(repository_fd, name)) {
      collect_names(repository_fd, name, prefix, names);
    } else if (name.starts_with(prefix) && is_full_ref_name(name)) {
      names.push_back(name);
    }
  }
}

[[noreturn]] void refuse_room(const std::string& name, const std::string& other) {
  throw Error(ErrorKind::exists,
              fmt::format("ref {}: cannot stand beside {}", escape_name(name), escape_name(other)),
              "one name is a directory of the other; choose another name");
}

}  // namespace

bool is_full_ref_name(std::string_view name) {
  if (name == layout::k_head) return true;
  constexpr std::string_view k_prefix = "refs/";
  if (!name.starts_with(k_prefix)) return false;
  const std::size_t slash = name.find('/', k_prefix.size());
  return slash != std::string_view::npos && slash != k_prefix.size() && is_valid_ref_name(name.substr(slash + 1));
}

std::optional<RefValue> read_ref_file(int repository_fd, const std::string& name) {
  if (!is_full_ref_name(name)) return std::nullopt;
  const std::optional<struct stat> info = stat_at(repository_fd, name);
  if (!info || S_ISDIR(info->st_mode)) return std::nullopt;
  try {
    const std::optional<Bytes> bytes = read_file(repository_fd, name, k_max_ref_size);
    if (!bytes) return std::nullopt;
    return decode_ref(name, *bytes);
  } catch (const Error& error) {
    // A directory took its place, or its directory went, after the look above.
    if (error.errno_value() == EISDIR || error.errno_value() == ENOTDIR) return std::nullopt;
    throw;
  }
}

std::vector<std::string> list_ref_names(int repository_fd, const std::string& prefix) {
  std::vector<std::string> names;
  if (!prefix.starts_with("refs/")) return names;
  collect_names(repository_fd, std::string(parent_path(prefix)), prefix, names);
  std::sort(names.begin(), names.end());
  return names;
}

// durability.md: refs 4
void check_room(int repository_fd, const std::vector<RefChange>& changes) {
  std::set<std::string> removed;
  std::set<std::string> kept;
  for (const RefChange& change : changes) (change.new_value ? kept : removed).insert(change.name);
  for (const std::string& name : kept) {
    for (const std::string& directory : nested_directories(name)) {
      const std::optional<struct stat> info = stat_at(repository_fd, directory);
      const bool taken = info && !S_ISDIR(info->st_mode) && !removed.contains(directory);
      if (taken || kept.contains(directory)) refuse_room(name, directory);
    }
    if (!is_directory(repository_fd, name)) continue;
    for (const std::string& below : list_ref_names(repository_fd, name + "/"))
      if (!removed.contains(below)) refuse_room(name, below);
  }
}

RefMove::RefMove(const Repository& repository, const std::vector<RefChange>& changes) : repository_(repository) {
  for (const RefChange& change : changes)
    if (change.old_value != change.new_value) changes_.push_back(change);
  staged_.resize(changes_.size());
}

RefMove::~RefMove() {
  for (const std::string& temporary : staged_) {
    if (temporary.empty()) continue;
    quietly([&] { unlink_if_exists(repository_.fs(), repository_.fd(), temporary); });  // or else the next writer does
  }
}

void RefMove::stage() {
  for (std::size_t i = 0; i < changes_.size(); ++i)
    if (changes_[i].new_value) stage_one(changes_[i], i);
}

void RefMove::stage_one(const RefChange& change, std::size_t number) {
  make_directories(repository_, change.name);
  const std::string temporary = fmt::format("{}/{}{}", layout::k_refs, k_staged_prefix, number);
  // durability.md: small 1–4
  UniqueFd fd = repository_.fs().open({repository_.fd(), temporary.c_str()}, O_WRONLY | O_CREAT | O_EXCL);
  staged_[number] = temporary;
  repository_.fs().pwrite(fd.get(), encode_ref(change.name, *change.new_value), 0);
  repository_.fs().fsync(fd.get());
}

/// A ref to be removed where another one of the move comes.
bool RefMove::makes_room(const RefChange& removed) const {
  return std::any_of(changes_.begin(), changes_.end(), [&](const RefChange& other) {
    return other.new_value && (is_within(other.name, removed.name) || is_within(removed.name, other.name));
  });
}

void RefMove::remove(const RefChange& change) {
  unlink_if_exists(repository_.fs(), repository_.fd(), change.name);
  started_ = true;
  remove_emptied_directories(repository_, change.name);
}

void RefMove::apply() {
  for (const RefChange& change : changes_)
    if (!change.new_value && makes_room(change)) remove(change);
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    if (staged_[i].empty()) continue;
    const std::string& name = changes_[i].name;
    make_directories(repository_, name);
    if (is_directory(repository_.fd(), name)) remove_empty_directory(repository_, name);
    repository_.fs().rename({repository_.fd(), staged_[i].c_str()}, {repository_.fd(), name.c_str()});
    staged_[i].clear();
    started_ = true;
  }
  // Last: between the two a name too many is there, never one too few.
  for (const RefChange& change : changes_)
    if (!change.new_value && !makes_room(change)) remove(change);
}

void RefMove::sync() { sync_ref_directories(repository_, changes_); }

void remove_staged_refs(const Repository& repository) {
  for (const std::string& name : list_directory(repository.fd(), layout::k_refs))
    if (name.starts_with(k_staged_prefix))
      unlink_if_exists(repository.fs(), repository.fd(), fmt::format("{}/{}", layout::k_refs, name));
}

void sync_ref_directories(const Repository& repository, const std::vector<RefChange>& changes) {
  std::set<std::string> directories;
  for (const RefChange& change : changes) {
    const std::vector<std::string> nested = nested_directories(change.name);
    directories.insert(nested.begin(), nested.end());
    const std::string outermost = nested.empty() ? change.name : nested.back();
    const std::string_view space = parent_path(outermost);
    directories.insert(space.empty() ? "." : std::string(space));
  }
  for (const std::string& directory : directories)
    if (is_directory(repository.fd(), directory)) sync_directory(repository.fs(), {repository.fd(), directory.c_str()});
}

}  // namespace store
