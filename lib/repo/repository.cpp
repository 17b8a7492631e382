#include "repo/repository.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdlib>
#include <vector>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "format/catalog.h"
#include "format/refs.h"
#include "repo/directory.h"
#include "repo/refs.h"

namespace store {
namespace {

// History: 1, the first.
constexpr unsigned k_version = 1;
constexpr std::string_view k_format_text = "store repository\nversion 1\n";
constexpr std::uint64_t k_max_format_size = 64u << 10;
constexpr std::uint64_t k_max_config_size = 1u << 20;
constexpr char k_info_directory[] = "info";
constexpr std::string_view k_exclude_text =
    "# What store leaves alone in this working tree only; one pattern a line, as in .storeignore.\n";

/// Parents before children.
constexpr const char* k_directories[] = {k_info_directory,  layout::k_locks, layout::k_packs, layout::k_tables,
                                         layout::k_sessions, layout::k_refs,  layout::k_heads, layout::k_tags};
constexpr const char* k_files[] = {layout::k_config, layout::k_oplog, layout::k_catalog, layout::k_head,
                                   layout::k_format};

void make_directory(FileSystem& fs, At at) {
  try {
    fs.mkdir(at);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::exists) throw;
  }
}

std::string absolute_path(const std::string& path) {
  char resolved[PATH_MAX];
  if (::realpath(path.c_str(), resolved) == nullptr) throw_errno(errno, "realpath", escape_name(path));
  return resolved;
}

// durability.md: init 1
void make_with_parents(FileSystem& fs, const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string prefix = path.substr(0, end);
    if (!stat_at(AT_FDCWD, prefix)) make_directory(fs, {AT_FDCWD, prefix.c_str()});
    if (end == std::string::npos) return;
  }
}

bool is_own_name(const std::string& name) {
  for (const char* known : k_directories)
    if (name == known) return true;
  for (const char* known : k_files)
    if (name == known || name.starts_with(std::string(known) + ".tmp.")) return true;
  return false;
}

void refuse_complete(int directory, const std::string& path) {
  if (stat_at(directory, layout::k_format))
    throw Error(ErrorKind::exists, fmt::format("{}: is a repository already", escape_name(path)));
}

void refuse_other_content(int directory, const std::string& path) {
  for (const std::string& name : list_directory(directory, "."))
    if (!is_own_name(name))
      throw Error(ErrorKind::exists, fmt::format("{}: is not empty: {}", escape_name(path), escape_name(name)));
}

/// Every ancestor on the same file system that may be opened: an earlier try may have made them and died. A
/// directory that this user may not read was not made by this user's `init`.
void sync_ancestors(FileSystem& fs, int directory, const std::string& path) {
  const dev_t device = stat_fd(directory, path).st_dev;
  for (std::string at = absolute_path(path); at != "/";) {
    at = at.substr(0, std::max<std::size_t>(at.rfind('/'), 1));
    try {
      const UniqueFd fd = fs.open({AT_FDCWD, at.c_str()}, O_RDONLY | O_DIRECTORY);
      if (stat_fd(fd.get(), at).st_dev != device) return;
      fs.fsync(fd.get());
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::permission) return;
      throw;
    }
  }
}

// durability.md: init 3
void fill(FileSystem& fs, int directory, std::string_view config_text, std::string_view branch) {
  for (const char* name : k_directories) make_directory(fs, {directory, name});
  for (const LockName name : {LockName::repo, LockName::index, LockName::merge, LockName::catalog, LockName::refs})
    (void)fs.open({directory, fmt::format("{}/{}", layout::k_locks, name_of(name)).c_str()}, O_RDWR | O_CREAT);
  for (const char* name : k_files) remove_leftovers(fs, directory, name);
  remove_leftovers(fs, directory, layout::k_exclude);
  const auto put = [&](const char* name, ByteView content) {
    replace_file(fs, directory, name, content, SyncDirectory::no);
  };
  RefValue head;
  head.branch = fmt::format("{}/{}", layout::k_heads, branch);
  put(layout::k_config, as_bytes(config_text));
  put(layout::k_exclude, as_bytes(k_exclude_text));
  put(layout::k_oplog, encode_oplog_header());
  put(layout::k_catalog, encode_catalog_header());
  put(layout::k_head, encode_ref(layout::k_head, head));
}

/// The lines after the first: "version N", then "requires FEATURE" for what a reader must know. Version 1 knows none.
void check_format_line(std::string_view line, std::string_view path) {
  constexpr std::string_view k_version_key = "version ";
  unsigned version = 0;
  if (line.starts_with(k_version_key)) {
    const std::string_view digits = line.substr(k_version_key.size());
    const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), version);
    if (fault != std::errc() || end != digits.data() + digits.size()) version = 0;
  }
  const bool newer = version > k_version || line.starts_with("requires ");
  if (newer)
    throw Error(ErrorKind::newer_format,
                fmt::format("{}: written by a later version of store: {}", escape_name(path), escape_name(line)));
  if (version == 0) throw_corrupt(fmt::format("{}: not understood: {}", escape_name(path), escape_name(line)));
}

void check_format(std::string_view text, const std::string& path) {
  const std::string_view first = k_format_text.substr(0, k_format_text.find('\n') + 1);
  if (!text.starts_with(first) || !text.ends_with('\n') || text.size() == first.size())
    throw_corrupt(fmt::format("{}: is not the format file of a repository", escape_name(path)));
  for (text.remove_prefix(first.size()); !text.empty();) {
    const std::size_t end = text.find('\n');
    check_format_line(text.substr(0, end), path);
    text.remove_prefix(end + 1);
  }
}

/// The parent resolved, the last component as given: whoever links `.store` elsewhere means the tree it stands in.
std::string repository_path(const std::string& path) {
  std::string trimmed = path;
  while (trimmed.size() > 1 && trimmed.ends_with('/')) trimmed.pop_back();
  const std::string name(base_name(trimmed));
  if (name.empty() || name == "." || name == "..") return absolute_path(trimmed);
  const std::string parent(parent_path(trimmed));
  const std::string resolved =
      absolute_path(!parent.empty() ? parent : trimmed.starts_with('/') ? "/" : ".");
  return resolved == "/" ? "/" + name : resolved + "/" + name;
}

}  // namespace

std::string layout::pack_path(const ObjectId& pack) { return fmt::format("{}/{}.pack", k_packs, pack.hex()); }

void create_repository(FileSystem& fs, const std::string& path, std::string_view config_text,
                       std::string_view branch) {
  if (!is_valid_ref_name(branch))
    throw Error(ErrorKind::usage, fmt::format("{}: is not a valid branch name", escape_name(branch)));
  make_with_parents(fs, path);
  const std::optional<struct stat> info = stat_at(AT_FDCWD, path + "/.");
  if (!info) throw Error(ErrorKind::exists, fmt::format("{}: is not a directory", escape_name(path)));
  const UniqueFd directory = open_readonly(AT_FDCWD, path, O_DIRECTORY);
  refuse_complete(directory.get(), path);
  refuse_other_content(directory.get(), path);
  make_directory(fs, {directory.get(), layout::k_locks});
  // durability.md: init 2
  const LockDirectory locks(fs, directory.get());
  const Lock gate = locks.acquire(LockName::gate, LockMode::exclusive, LockWait{});
  refuse_complete(directory.get(), path);
  fill(fs, directory.get(), config_text, branch);
  // durability.md: init 4
  for (auto name = std::rbegin(k_directories); name != std::rend(k_directories); ++name)
    sync_directory(fs, {directory.get(), *name});
  sync_directory(fs, {directory.get(), "."});
  sync_ancestors(fs, directory.get(), path);
  // durability.md: init 5
  replace_file(fs, directory.get(), layout::k_format, as_bytes(k_format_text), SyncDirectory::yes);
}

bool is_repository(const std::string& path) {
  const auto has = [&](const char* name, mode_t type) {
    struct stat info;
    return ::stat((path + "/" + name).c_str(), &info) == 0 && (info.st_mode & S_IFMT) == type;
  };
  // Many a folder has a file named "format" (debian/source): it takes more to be a repository.
  return has(layout::k_format, S_IFREG) && has(layout::k_packs, S_IFDIR) && has(layout::k_refs, S_IFDIR);
}

Repository::Repository(FileSystem& fs, const std::string& path) : fs_(&fs) {
  std::optional<Bytes> format;
  if (is_repository(path)) {
    path_ = repository_path(path);
    directory_ = open_readonly(AT_FDCWD, path_, O_DIRECTORY);
    format = read_file(directory_.get(), layout::k_format, k_max_format_size);
  }
  if (!format) throw Error(ErrorKind::no_repository, fmt::format("{}: is not a repository", escape_name(path)));
  check_format(as_text(*format), path_ + "/" + layout::k_format);
  writable_ = ::faccessat(directory_.get(), layout::k_sessions, W_OK | X_OK, AT_EACCESS) == 0;
  locks_ = std::make_unique<LockDirectory>(fs, directory_.get());
}

std::string Repository::config_text() const {
  const std::optional<Bytes> text = read_file(directory_.get(), layout::k_config, k_max_config_size);
  return text ? std::string(as_text(*text)) : std::string();
}

void Repository::edit_config(const std::function<std::optional<std::string>(std::string)>& edit,
                             const LockWait& wait) const {
  // durability.md: lock 6
  const Lock lock = locks_->acquire(LockName::refs, LockMode::exclusive, wait);
  const std::optional<std::string> edited = edit(config_text());
  if (!edited) return;
  remove_leftovers(*fs_, directory_.get(), layout::k_config);
  replace_file(*fs_, directory_.get(), layout::k_config, as_bytes(*edited), SyncDirectory::yes);
}

}  // namespace store
