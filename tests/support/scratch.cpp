#include "support/scratch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace store::test {
namespace {

namespace fs = std::filesystem;

void set_mode(const std::string& path, mode_t mode) {
  if (::chmod(path.c_str(), mode) != 0) throw std::system_error(errno, std::generic_category(), path);
}

void make_parent(const std::string& path) { fs::create_directories(fs::path(path).parent_path()); }

/// An ordinary user cannot empty a directory without the write bit.
void make_removable(const fs::path& directory) {
  std::error_code ignored;
  fs::permissions(directory, fs::perms::owner_all, fs::perm_options::add, ignored);
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, ignored))
    if (entry.is_directory(ignored) && !entry.is_symlink(ignored)) make_removable(entry.path());
}

}  // namespace

Scratch::Scratch() {
  std::string pattern = (fs::temp_directory_path() / "store-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::system_error(errno, std::generic_category(), pattern);
  path_ = pattern;
  fd_ = open_readonly(AT_FDCWD, path_, O_DIRECTORY);
}

Scratch::~Scratch() {
  if (std::getenv("STORE_KEEP_SCRATCH") != nullptr) {
    std::fprintf(stderr, "kept %s\n", path_.c_str());
    return;
  }
  std::error_code ignored;
  make_removable(path_);
  fs::remove_all(path_, ignored);
}

std::string Scratch::path(std::string_view relative) const { return path_ + '/' + std::string(relative); }

void Scratch::write(std::string_view name, std::string_view content, mode_t mode) const {
  const std::string full = path(name);
  make_parent(full);
  std::ofstream out(full, std::ios::binary | std::ios::trunc);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.close();
  if (!out) throw std::system_error(errno, std::generic_category(), full);
  set_mode(full, mode);
}

void Scratch::make_directory(std::string_view name, mode_t mode) const {
  const std::string full = path(name);
  fs::create_directories(full);
  set_mode(full, mode);
}

void Scratch::make_symlink(std::string_view name, const std::string& target) const {
  const std::string full = path(name);
  make_parent(full);
  if (::symlink(target.c_str(), full.c_str()) != 0)
    throw std::system_error(errno, std::generic_category(), full);
}

void Scratch::make_tree(std::initializer_list<TreeItem> items) const {
  for (const TreeItem& item : items) {
    if (!item.target.empty()) {
      make_symlink(item.path, item.target);
    } else if (item.path.ends_with('/')) {
      make_directory(item.path.substr(0, item.path.size() - 1), item.mode != 0 ? item.mode : 0755);
    } else {
      write(item.path, item.content, item.mode != 0 ? item.mode : 0644);
    }
  }
}

std::string Scratch::read(std::string_view name) const {
  std::ifstream in(path(name), std::ios::binary);
  if (!in) throw std::system_error(errno, std::generic_category(), path(name));
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

bool Scratch::exists(std::string_view name) const {
  return fs::symlink_status(path(name)).type() != fs::file_type::not_found;
}

void Scratch::remove(std::string_view name) const { fs::remove_all(path(name)); }

std::vector<std::string> Scratch::list() const {
  std::vector<std::string> paths;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(path_))
    paths.push_back(entry.path().string().substr(path_.size() + 1));
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace store::test
