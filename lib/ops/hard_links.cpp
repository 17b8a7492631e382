#include <algorithm>
#include <array>
#include <cstring>

#include "format/index_metadata.h"
#include "format/tree.h"
#include "hash/sha256.h"
#include "ops/index_attributes.h"
#include "worktree/spill_file.h"

namespace store {
namespace {

/// What links have in common: the inode, and that it was staged with one content. An inode number that was used again has other times.
/// A hash, so that a million of them fit into memory.
using GroupKey = std::array<std::uint64_t, 2>;

GroupKey group_of(const IndexEntry& entry) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.u64(entry.stat.device);
  out.u64(entry.stat.inode);
  out.u64(static_cast<std::uint64_t>(entry.stat.mtime_ns));
  out.u8(static_cast<std::uint8_t>(entry.kind));
  out.u16(entry.mode);
  out.u64(entry.size);
  out.raw(entry.id.view());
  const ObjectId hash = sha256(bytes);
  GroupKey key;
  std::memcpy(key.data(), hash.bytes.data(), sizeof key);
  return key;
}

/// For each group the path that comes first in tree order.
class LinkGroups {
 public:
  void add(const IndexEntry& entry) { members_.push_back({group_of(entry), paths_.add(entry.path)}); }

  void finish() {
    std::sort(members_.begin(), members_.end());
    members_.erase(std::unique(members_.begin(), members_.end(),
                               [](const Member& a, const Member& b) { return a.group == b.group; }),
                   members_.end());
  }

  /// Nothing for the first member itself.
  std::optional<std::string> link_of(const IndexEntry& entry) {
    const GroupKey group = group_of(entry);
    const auto first = std::lower_bound(members_.begin(), members_.end(), Member{group, 0});
    std::string path = paths_.at(first->path);
    if (path == entry.path) return std::nullopt;
    return path;
  }

 private:
  struct Member {
    GroupKey group;
    std::uint64_t path;  // in `paths_`: ascends in tree order
    auto operator<=>(const Member&) const = default;
  };
  std::vector<Member> members_;
  SpilledTexts paths_;
};

/// A link that could not be made on disk stays one as long as its other end has the same content.
bool holds_without_inode(const Index& index, const IndexEntry& entry, const IndexMetadata& metadata) {
  if (!metadata.unapplied || !metadata.unapplied->link || !metadata.attributes.link) return false;
  const std::optional<IndexEntry> target = index.find(*metadata.attributes.link);
  return target && target->kind == entry.kind && target->mode == entry.mode && target->id == entry.id;
}

/// The entry with the link it has now; nothing if that is what it says.
std::optional<IndexEntry> relinked(const Index& index, const IndexEntry& entry, LinkGroups& groups) {
  IndexMetadata metadata = decode_index_metadata(entry.metadata);
  std::optional<std::string> link;
  if (metadata.linked) link = groups.link_of(entry);
  if (!link && holds_without_inode(index, entry, metadata)) link = metadata.attributes.link;
  if (link && link->size() > 0xffff) link.reset();
  if (link == metadata.attributes.link) return std::nullopt;
  metadata.attributes.link = link;
  IndexEntry changed = entry;
  changed.metadata = encode_index_metadata(metadata);
  return changed;
}

}  // namespace

void resolve_hard_links(Index& index, bool sync) {
  constexpr std::size_t k_at_once = 16 * 1024;
  LinkGroups groups;
  for (Index::Cursor at = index.seek(""); !at.at_end(); at.next())
    if (is_linked(at.entry().metadata)) groups.add(at.entry());
  groups.finish();
  std::vector<IndexEntry> changed;
  std::string from;
  for (bool more = true; more;) {
    more = false;
    for (Index::Cursor at = index.seek(from); !at.at_end(); at.next()) {
      const IndexEntry& entry = at.entry();
      if (!is_linked(entry.metadata)) continue;
      if (changed.size() == k_at_once) {
        from = entry.path;
        more = true;
        break;
      }
      if (std::optional<IndexEntry> entry_now = relinked(index, entry, groups)) changed.push_back(std::move(*entry_now));
    }
    record_refreshed(index, changed, sync && !more);
    changed.clear();
  }
}

}  // namespace store
