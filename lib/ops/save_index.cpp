#include "ops/save_index.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/path.h"
#include "base/system_info.h"
#include "hash/sha256.h"
#include "ops/staging.h"
#include "repo/directory.h"
#include "repo/lock.h"
#include "worktree/scan_entry.h"

namespace store {
namespace {

constexpr char k_path[] = "path";  // whose index it is; locked while it is in use, written at every use
constexpr const char* k_index_files[] = {layout::k_index_base, layout::k_index_log, "index.base.tmp", "index.log.tmp"};
constexpr std::string_view k_temporary = "tmp-";
constexpr std::size_t k_most_remembered = 64;
constexpr std::size_t k_name_digits = 32;
constexpr std::int64_t k_in_use = std::numeric_limits<std::int64_t>::max();  // later than any time of use

std::string name_for(const Workspace& workspace, const std::string& path) {
  const IngestOptions options = ingest_options(workspace);
  const ChunkingSettings& chunking = workspace.settings().chunking;
  const auto average = [&](SizeClass size_class) { return chunking.bounds_of(size_class).average; };
  const std::string key =
      fmt::format("{} {} {} {} {} {} {} {} {}\n{}", options.chunking.min, options.chunking.max, chunking.avg,
                  average(SizeClass::small), average(SizeClass::medium), average(SizeClass::large), average(SizeClass::huge),
                  options.inline_threshold, static_cast<int>(workspace.settings().core.permissions), path);
  return sha256(as_bytes(key)).hex().substr(0, k_name_digits);
}

void make_folder(FileSystem& fs, int repository_fd, const std::string& name) {
  try {
    fs.mkdir({repository_fd, name.c_str()});
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::exists) throw;
  }
}

/// The caller has locked `path`, or made the folder.
void remove_folder(FileSystem& fs, int repository_fd, const std::string& folder, int directory) {
  for (const std::string& file : list_directory(directory, "."))
    if (file != k_path) fs.unlink({directory, file.c_str()});
  fs.unlink({directory, k_path});
  fs.rmdir({repository_fd, folder.c_str()});
}

/// What a killed save left, and what was not used for longest if there is too much. `own` is in use: it stays, and counts.
void tidy(FileSystem& fs, int repository_fd, const std::string& own) {
  std::vector<std::pair<std::int64_t, std::string>> remembered;
  std::vector<std::string> obsolete;
  for (const std::string& name : list_directory(repository_fd, layout::k_saves)) {
    const std::optional<struct stat> info = stat_at(repository_fd, fmt::format("{}/{}/{}", layout::k_saves, name, k_path));
    if (name.starts_with(k_temporary) || !info) obsolete.push_back(name);
    else remembered.emplace_back(name == own ? k_in_use : key_of_stat(*info).mtime_ns, name);
  }
  std::sort(remembered.rbegin(), remembered.rend());
  for (std::size_t i = k_most_remembered; i < remembered.size(); ++i) obsolete.push_back(remembered[i].second);
  for (const std::string& name : obsolete) {
    const std::string folder = fmt::format("{}/{}", layout::k_saves, name);
    try {
      const UniqueFd directory = open_readonly(repository_fd, folder, O_DIRECTORY | O_NOFOLLOW);
      const UniqueFd owner = fs.open({directory.get(), k_path}, O_RDWR | O_CREAT | O_NOFOLLOW);
      if (try_lock_file(owner.get(), LockMode::exclusive)) remove_folder(fs, repository_fd, folder, directory.get());
    } catch (const Error&) {
      // Somebody else is at it, or may.
    }
  }
}

}  // namespace

SaveIndex::SaveIndex(const Workspace& workspace, const std::optional<std::string>& path)
    : fs_(workspace.repository().fs()), repository_fd_(workspace.repository().fd()) {
  make_folder(fs_, repository_fd_, layout::k_saves);
  if (path && open(name_for(workspace, *path), *path)) {
    load();
    return;
  }
  temporary_ = true;
  if (!open(std::string(k_temporary) + random_hex(k_name_digits), path.value_or("")))
    throw Error(ErrorKind::corrupt, "saves: is no folder in which one can be made");
  index_ = std::make_unique<Index>(fs_, directory_.get());
}

/// False if another save has it.
bool SaveIndex::open(const std::string& name, const std::string& path) {
  name_ = fmt::format("{}/{}", layout::k_saves, name);
  try {
    make_folder(fs_, repository_fd_, name_);
    directory_ = open_readonly(repository_fd_, name_, O_DIRECTORY | O_NOFOLLOW);
    owner_ = fs_.open({directory_.get(), k_path}, O_RDWR | O_CREAT | O_NOFOLLOW);
    if (!try_lock_file(owner_.get(), LockMode::exclusive)) return false;
    const std::optional<struct stat> named = stat_at(repository_fd_, fmt::format("{}/{}", name_, k_path));
    if (!named || named->st_ino != stat_fd(owner_.get(), k_path).st_ino) return false;  // tidied away meanwhile
    fs_.truncate(owner_.get(), 0);
    fs_.pwrite(owner_.get(), as_bytes(path), 0);
    return true;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::not_found) return false;
    throw;
  }
}

void SaveIndex::load() {
  try {
    index_ = std::make_unique<Index>(fs_, directory_.get());
    for (Index::Cursor at = index_->seek(""); !at.at_end(); at.next()) continue;  // checks every block
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt && error.kind() != ErrorKind::newer_format) throw;
    index_.reset();
    for (const char* file : k_index_files)
      if (stat_at(directory_.get(), file)) fs_.unlink({directory_.get(), file});
    index_ = std::make_unique<Index>(fs_, directory_.get());
  }
}

SaveIndex::~SaveIndex() {
  index_.reset();
  quietly([&] {  // the next save does it
    if (temporary_ && owner_) remove_folder(fs_, repository_fd_, name_, directory_.get());
    tidy(fs_, repository_fd_, std::string(base_name(name_)));
  });
}

}  // namespace store
