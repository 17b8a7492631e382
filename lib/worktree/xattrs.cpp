#include "worktree/xattrs.h"

#include <fmt/format.h>
#include <sys/xattr.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/text.h"

namespace store {
namespace {

constexpr std::size_t k_usual_list = 1024;
constexpr std::size_t k_usual_value = 256;

/// Calls `read(buffer, size)` with a buffer that is large enough, however the answer grows meanwhile. The bytes read, or -errno.
template <typename Read>
ssize_t read_growing(std::vector<char>& buffer, std::size_t usual, Read read) {
  buffer.resize(usual);
  for (;;) {
    const ssize_t got = read(buffer.data(), buffer.size());
    if (got >= 0) return got;
    if (errno != ERANGE) return -errno;
    const ssize_t needed = read(nullptr, 0);
    if (needed < 0) return -errno;
    buffer.resize(std::max(buffer.size() * 2, static_cast<std::size_t>(needed)));
  }
}

/// Gone meanwhile, or not for this user: no reason to leave the file out.
bool is_no_value(int error) { return error == ENODATA || error == EACCES || error == EPERM || error == EOPNOTSUPP; }

}  // namespace

bool is_wanted_xattr(std::string_view name, const MetadataSelection& selection) {
  if (is_acl(name)) return selection.acls;
  return selection.xattrs && !name.starts_with("system.");
}

std::string path_of(const FilePlace& file) {
  if (file.fd >= 0) return fmt::format("/proc/self/fd/{}", file.fd);
  return fmt::format("/proc/self/fd/{}/{}", file.directory_fd, file.name);
}

bool needs_root(std::string_view xattr) { return xattr.starts_with("security.") || xattr.starts_with("trusted."); }

std::vector<RawXattr> read_xattrs(const FilePlace& file, const MetadataSelection& selection) {
  std::vector<RawXattr> xattrs;
  if (!selection.xattrs && !selection.acls) return xattrs;
  const std::string path = file.fd >= 0 ? std::string() : path_of(file);
  std::vector<char> names;
  const ssize_t length = read_growing(names, k_usual_list, [&](char* buffer, std::size_t size) {
    return file.fd >= 0 ? ::flistxattr(file.fd, buffer, size) : ::llistxattr(path.c_str(), buffer, size);
  });
  if (length == -EOPNOTSUPP) return xattrs;
  if (length < 0) throw_errno(static_cast<int>(-length), "listxattr", escape_name(file.name));
  const std::string_view list(names.data(), static_cast<std::size_t>(length));
  std::vector<char> value;
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t end = std::min(list.find('\0', begin), list.size());
    const std::string name(list.substr(begin, end - begin));
    begin = end + 1;
    if (!is_wanted_xattr(name, selection)) continue;
    const ssize_t got = read_growing(value, k_usual_value, [&](char* buffer, std::size_t size) {
      return file.fd >= 0 ? ::fgetxattr(file.fd, name.c_str(), buffer, size)
                          : ::lgetxattr(path.c_str(), name.c_str(), buffer, size);
    });
    if (got < 0 && is_no_value(static_cast<int>(-got))) continue;
    if (got < 0) throw_errno(static_cast<int>(-got), "getxattr", escape_name(file.name));
    const ByteView bytes = as_bytes({value.data(), static_cast<std::size_t>(got)});
    xattrs.push_back({name, Bytes(bytes.begin(), bytes.end())});
  }
  std::sort(xattrs.begin(), xattrs.end(), [](const RawXattr& a, const RawXattr& b) { return a.name < b.name; });
  return xattrs;
}

}  // namespace store
