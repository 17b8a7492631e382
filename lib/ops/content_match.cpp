#include "ops/content_match.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "format/pack.h"
#include "hash/sha256.h"
#include "ops/tree_reader.h"
#include "worktree/source.h"
#include "repo/recipe_nodes.h"

namespace store {

bool same_type(EntryKind a, EntryKind b) { return a == b || (is_regular(a) && is_regular(b)); }

namespace {

constexpr std::size_t k_max_link_target = 4096;
constexpr std::size_t k_read_size = 1u << 20;

bool range_has_content(int fd, std::uint64_t offset, std::uint64_t length, const ObjectId& id, Bytes& buffer,
                       const std::string& path) {
  buffer.resize(static_cast<std::size_t>(length));
  return pread_full(fd, buffer, offset, path) == length && sha256(buffer) == id;
}

bool range_is_zero(int fd, std::uint64_t begin, std::uint64_t end, Bytes& buffer, const std::string& path) {
  for (std::uint64_t at = begin; at < end;) {
    const DataRange data = next_data(fd, at, end);
    at = std::max(at, data.begin);
    const std::uint64_t stop = std::min(data.end, end);
    while (at < stop) {
      buffer.resize(static_cast<std::size_t>(std::min<std::uint64_t>(k_read_size, stop - at)));
      if (pread_full(fd, buffer, at, path) != buffer.size()) return false;
      if (std::any_of(buffer.begin(), buffer.end(), [](std::byte b) { return b != std::byte{0}; })) return false;
      at += buffer.size();
    }
  }
  return true;
}

bool file_matches_recipe(const Workspace& workspace, int fd, const TreeEntry& entry, const std::string& path) {
  Bytes buffer;
  for (RecipeCursor cursor(workspace.objects(), entry.id); !cursor.at_end(); cursor.next()) {
    workspace.check_cancelled();
    if (!stretch_matches(fd, cursor.entry(), cursor.offset(), buffer, path)) return false;
  }
  return true;
}

SourceFile open_found(int root_fd, const ScanEntry& found) {
  const int directory = open_beneath(root_fd, std::string(parent_path(found.path)), O_PATH | O_DIRECTORY);
  if (directory < 0) throw_errno(-directory, "open", escape_name(found.path));
  const UniqueFd owner(directory);
  return open_source(directory, std::string(base_name(found.path)), found.path);
}

/// True if the first chunks of a recipe are not what the file is cut into now. A cut depends on nothing before its chunk.
bool cut_otherwise(const ObjectReader& objects, const TreeEntry& entry, int fd, const ChunkParameters& now,
                   const std::string& path) {
  constexpr int k_stretches = 8;
  Bytes buffer;
  int looked_at = 0;
  for (RecipeCursor cursor(objects, entry.id); !cursor.at_end() && looked_at < k_stretches; cursor.next()) {
    ++looked_at;
    const std::uint64_t length = cursor.entry().length;
    if (cursor.entry().kind == RecipeKind::zeros) {
      // Zeros are cut at the maximum.
      if (cursor.offset() + length < entry.size && length % now.max != 0) return true;
      continue;
    }
    buffer.resize(now.max);
    buffer.resize(pread_full(fd, buffer, cursor.offset(), path));
    if (buffer.empty() || chunk_cuts(now, buffer).front() != length) return true;  // it shrinks meanwhile
  }
  return false;
}

bool file_matches(const Workspace& workspace, int root_fd, const ScanEntry& found, const TreeEntry& entry) {
  if (found.stat.size != entry.size) return false;
  if (entry.size == 0) return true;
  const SourceFile file = open_found(root_fd, found);
  if (file.stat.stat != found.stat) return false;
  Bytes buffer;
  const bool same = entry.kind == EntryKind::large_file
                        ? file_matches_recipe(workspace, file.fd.get(), entry, found.path)
                        : entry.size <= k_max_object_size &&
                              range_has_content(file.fd.get(), 0, entry.size, entry.id, buffer, found.path);
  return same && unchanged_since_open(file);
}

bool link_matches(int root_fd, const ScanEntry& found, const TreeEntry& entry) {
  const int directory = open_beneath(root_fd, std::string(parent_path(found.path)), O_PATH | O_DIRECTORY);
  if (directory < 0) throw_errno(-directory, "open", escape_name(found.path));
  const UniqueFd owner(directory);
  std::string target(k_max_link_target + 1, '\0');
  const ssize_t length =
      ::readlinkat(directory, std::string(base_name(found.path)).c_str(), target.data(), target.size());
  if (length < 0) throw_errno(errno, "readlink", escape_name(found.path));
  if (static_cast<std::uint64_t>(length) != entry.size) return false;
  target.resize(static_cast<std::size_t>(length));
  return sha256(as_bytes(target)) == entry.id;
}

}  // namespace

bool stretch_matches(int fd, const RecipeEntry& stretch, std::uint64_t offset, Bytes& buffer, const std::string& path) {
  if (stretch.kind == RecipeKind::zeros) return range_is_zero(fd, offset, offset + stretch.length, buffer, path);
  return stretch.length <= k_max_object_size && range_has_content(fd, offset, stretch.length, stretch.id, buffer, path);
}

bool content_equals(const Workspace& workspace, int root_fd, const ScanEntry& found, const TreeEntry& entry) {
  if (found.socket || !same_type(found.kind, entry.kind)) return false;
  if (entry.kind == EntryKind::symlink) return link_matches(root_fd, found, entry);
  if (!is_regular(entry.kind)) {
    const bool device = entry.kind == EntryKind::char_device || entry.kind == EntryKind::block_device;
    return !device || found.device_number == entry.size;
  }
  return file_matches(workspace, root_fd, found, entry);
}

bool content_matches(const Workspace& workspace, int root_fd, const ScanEntry& found, const TreeEntry& entry) {
  std::optional<Error> nobody_asks;
  return content_matches(workspace, root_fd, found, entry, nobody_asks);
}

bool content_matches(const Workspace& workspace, int root_fd, const ScanEntry& found, const TreeEntry& entry,
                     std::optional<Error>& unreadable) {
  try {
    return content_equals(workspace, root_fd, found, entry);
  } catch (const Error& error) {
    // What cannot be read is not known to be the same; damage and cancellation are for the caller.
    if (error.errno_value() == 0) throw;
    if (!unreadable && error.kind() != ErrorKind::not_found) unreadable = error;
    return false;
  }
}

bool equals_in_another_form(const Workspace& workspace, int root_fd, const ScanEntry& found, const TreeEntry& entry,
                            const ContentProfile& now) {
  if (!is_regular(entry.kind) || found.stat.size != entry.size || entry.size == 0) return false;
  const bool large = entry.kind == EntryKind::large_file;
  try {
    if (large == (entry.size > now.inline_threshold) &&
        !(large && cut_otherwise(workspace.objects(), entry, open_found(root_fd, found).fd.get(), now.chunking, found.path)))
      return false;
    return file_matches(workspace, root_fd, found, entry);
  } catch (const Error& error) {
    if (error.errno_value() == 0) throw;
    return false;
  }
}

std::string read_link_target(const ObjectReader& objects, const TreeEntry& entry) {
  const Bytes bytes = objects.read({ObjectType::chunk, entry.id});
  if (bytes.size() != entry.size || bytes.empty() || bytes.size() > k_max_link_target || as_text(bytes).find('\0') != std::string_view::npos)
    throw_corrupt(fmt::format("chunk {}: is not the target of symlink {}", entry.id.hex(), escape_name(entry.name)));
  return std::string(as_text(bytes));
}

std::uint64_t chunk_count(const ObjectReader& objects, const TreeEntry& entry) {
  if (entry.kind == EntryKind::file) return entry.size == 0 ? 0 : 1;
  if (entry.kind != EntryKind::large_file) return 0;
  return RecipeNodes(objects).recipe(entry.id).chunks;
}

}  // namespace store
