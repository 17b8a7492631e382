#include "worktree/capture.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "chunk/chunker.h"
#include "hash/sha256.h"
#include "worktree/owner_names.h"

namespace store {
namespace {

constexpr std::int64_t k_second = 1'000'000'000;
constexpr std::uint64_t k_block = 512;

Attributes::Time time_of(std::int64_t ns) {
  std::int64_t seconds = ns / k_second;
  std::int64_t rest = ns % k_second;
  if (rest < 0) {  // before 1970
    --seconds;
    rest += k_second;
  }
  return {seconds, static_cast<std::uint32_t>(rest)};
}

/// As vfat keeps a time: cut to an even second.
bool is_coarse_form(std::int64_t ns, const Attributes::Time& time) {
  constexpr std::int64_t k_coarse = 2 * k_second;
  return ns % k_coarse == 0 && time_of(ns).seconds == time.seconds - (time.seconds & 1);
}

bool has_hole(int fd, const ScanEntry& found) {
  if (fd < 0 || !is_regular(found.kind) || found.blocks >= (found.stat.size + k_block - 1) / k_block) return false;
  const off_t hole = ::lseek(fd, 0, SEEK_HOLE);
  return hole >= 0 && static_cast<std::uint64_t>(hole) < found.stat.size;
}

void add_xattrs(CapturedAttributes& captured, std::vector<RawXattr>& xattrs, std::size_t inline_limit) {
  captured.attributes.xattrs.clear();
  captured.chunks.clear();
  for (RawXattr& raw : xattrs) {
    Xattr xattr;
    xattr.name = raw.name;
    xattr.length = static_cast<std::uint32_t>(raw.value.size());
    if (raw.value.size() <= inline_limit) {
      xattr.value = raw.value;
    } else {
      xattr.chunk = sha256(raw.value);
      captured.chunks.push_back(raw.value);
    }
    captured.attributes.xattrs.push_back(std::move(xattr));
  }
}

bool fits(const Attributes& attributes) { return encode_attributes(attributes).size() <= k_max_attributes_entry; }

/// Keeps recorded attributes of one kind instead of those on disk.
template <typename Belongs>
void keep_xattrs(const std::vector<Xattr>& recorded, std::vector<Xattr>& fresh, Belongs belongs) {
  std::erase_if(fresh, [&](const Xattr& xattr) { return belongs(xattr.name); });
  std::copy_if(recorded.begin(), recorded.end(), std::back_inserter(fresh),
               [&](const Xattr& xattr) { return belongs(xattr.name); });
  std::sort(fresh.begin(), fresh.end(), [](const Xattr& a, const Xattr& b) { return a.name < b.name; });
}

}  // namespace

void set_xattrs(CapturedAttributes& captured, std::vector<RawXattr> xattrs) {
  std::erase_if(xattrs, [](const RawXattr& raw) { return raw.value.size() > k_chunk_limit || raw.name.size() > 255; });
  if (xattrs.empty()) return;
  add_xattrs(captured, xattrs, k_max_inline_xattr);
  if (fits(captured.attributes)) return;
  add_xattrs(captured, xattrs, 0);
  if (fits(captured.attributes)) return;
  captured.attributes.xattrs.clear();
  captured.chunks.clear();
  captured.too_long = true;
}

CapturedAttributes capture_attributes(const FilePlace& file, const ScanEntry& found, const MetadataSelection& selection) {
  CapturedAttributes captured;
  Attributes& attributes = captured.attributes;
  attributes.sparse = has_hole(file.fd, found);
  if (selection.times) attributes.mtime = time_of(found.stat.mtime_ns);
  if (selection.owners)
    attributes.owner = {found.uid, found.gid, owner_names().user(found.uid), owner_names().group(found.gid)};
  set_xattrs(captured, read_xattrs(file, selection));
  return captured;
}

IndexMetadata index_metadata(const Attributes& fresh, const ScanEntry& found, const MetadataSelection& selection,
                             const IndexMetadata& before, std::int64_t known_mtime_ns) {
  IndexMetadata metadata;
  metadata.captured = selection;
  metadata.linked = selection.hardlinks && found.links > 1 && found.kind != EntryKind::directory;
  metadata.policy = before.policy;
  metadata.attributes = fresh;
  if (metadata.linked) metadata.attributes.link = before.attributes.link;  // until the next commit looks
  if (selection.times && before.attributes.mtime && found.stat.mtime_ns == known_mtime_ns &&
      (!before.stale || is_coarse_form(found.stat.mtime_ns, *before.attributes.mtime)))
    metadata.attributes.mtime = before.attributes.mtime;
  if (!before.unapplied) return metadata;
  Unapplied still = *before.unapplied;
  const bool same_owner = found.uid == still.uid && found.gid == still.gid;
  still.owner = still.owner && same_owner && selection.owners;
  still.mode = still.mode && found.mode == still.mode_found;
  still.xattrs = still.xattrs && same_owner && selection.xattrs;
  still.acls = still.acls && same_owner && selection.acls;
  still.link = still.link && selection.hardlinks;
  metadata.linked = metadata.linked || still.link;
  if (!still.any()) return metadata;
  if (still.owner) metadata.attributes.owner = before.attributes.owner;
  std::vector<Xattr>& xattrs = metadata.attributes.xattrs;
  // Of extended attributes, those that are set now are as they are; one that is missing could not be set.
  const auto missing = [&](const std::string& name) {
    return std::none_of(fresh.xattrs.begin(), fresh.xattrs.end(), [&](const Xattr& xattr) { return xattr.name == name; });
  };
  if (still.xattrs)
    keep_xattrs(before.attributes.xattrs, xattrs, [&](const std::string& name) { return !is_acl(name) && missing(name); });
  if (still.acls)
    keep_xattrs(before.attributes.xattrs, xattrs, [&](const std::string& name) { return is_acl(name) && missing(name); });
  if (still.link) metadata.attributes.link = before.attributes.link;
  metadata.unapplied = still;
  return metadata;
}

bool knows_metadata(ByteView bytes, const MetadataSelection& wanted) {
  if (!wanted.any()) return true;
  if (bytes.empty()) return false;
  const IndexMetadata metadata = decode_index_metadata(bytes);
  return !metadata.stale && metadata.captured.covers(wanted);
}

Bytes stale_metadata(Bytes bytes) {
  if (bytes.empty()) return bytes;
  IndexMetadata metadata = decode_index_metadata(bytes);
  metadata.stale = true;
  return encode_index_metadata(metadata);
}

}  // namespace store
