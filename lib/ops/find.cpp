#include "ops/find.h"

#include <fcntl.h>

#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "hash/sha256.h"
#include "ops/commit_graph.h"
#include "ops/content_hashes.h"
#include "ops/tree_reader.h"
#include "worktree/pathspec.h"

namespace store {
namespace {

constexpr std::size_t k_remembered_matches = 1'000'000;
constexpr std::size_t k_window = 1u << 20;

/// Every entry of the commits of all refs, with the newest commit that has it: each commit is compared with a child that was
/// looked at before it.
class HistoryEntries {
 public:
  explicit HistoryEntries(const Workspace& workspace) : workspace_(workspace) {}

  using Visit = std::function<void(const ObjectId& commit, const std::string& path, const TreeEntry& entry)>;
  void each(const Visit& visit) {
    CommitWalk walk(workspace_, every_tip(workspace_), {}, Parents::all);
    std::optional<ObjectId> last;
    while (const std::optional<CommitWalk::Item> item = walk.next()) {
      // Of another line of descent anything looked at is better than nothing.
      const auto known = trees_of_children_.find(item->id);
      differences(known != trees_of_children_.end() ? known->second : last, *item, visit);
      if (known != trees_of_children_.end()) trees_of_children_.erase(known);
      for (const ObjectId& parent : item->commit.parents) trees_of_children_.emplace(parent, item->commit.tree);
      last = item->commit.tree;
    }
  }

 private:
  void differences(const std::optional<ObjectId>& newer, const CommitWalk::Item& item, const Visit& visit) const {
    TreeDiff diff(workspace_.objects(), newer, item.commit.tree);
    while (const std::optional<TreeChange> change = diff.next()) {
      workspace_.check_cancelled();
      if (!change->after) continue;
      const bool same_content = change->before && change->before->kind == change->after->kind &&
                                (change->before->id == change->after->id || change->after->kind == EntryKind::directory);
      if (!same_content) visit(item.id, change->path, *change->after);
    }
  }

  const Workspace& workspace_;
  std::unordered_map<ObjectId, ObjectId, ObjectIdHash> trees_of_children_;  // of commits that are still to come
};

class Matcher {
 public:
  Matcher(Workspace& workspace, const FindOptions& options) : options_(options), hashes_(workspace) {}

  bool matches(const std::string& path, const TreeEntry& entry) {
    return (!options_.pattern || matches_pattern(path)) && (!options_.content || has_content(entry));
  }
  void finish() { hashes_.remember(); }

 private:
  bool matches_pattern(const std::string& path) const {
    const std::string& pattern = *options_.pattern;
    if (pattern.find('/') == pattern.npos) return glob_matches(pattern, base_name(path));
    // "**/" stands for no directory, too.
    return glob_matches(pattern, path) || (pattern.starts_with("**/") && glob_matches(pattern.substr(3), path));
  }

  bool has_content(const TreeEntry& entry) {
    if (!is_regular(entry.kind) || (options_.content->size && entry.size != *options_.content->size)) return false;
    return hashes_.sha256_of(entry) == options_.content->sha256;
  }

  const FindOptions& options_;
  ContentHashes hashes_;
};

/// Which matches were listed already, by 16 bytes of a hash.
class Listed {
 public:
  /// False if it was.
  bool add(const std::string& path, const TreeEntry& entry) {
    const ObjectId id = entry.kind == EntryKind::directory ? ObjectId{} : entry.id;
    const std::byte kind = static_cast<std::byte>(entry.kind);
    const ByteView parts[] = {{&kind, 1}, id.view(), as_bytes(path)};
    const ObjectId hash = sha256(std::span<const ByteView>(parts));
    const Key key{load_u64(hash.bytes.data()), load_u64(hash.bytes.data() + 8)};
    if (keys_.size() >= k_remembered_matches) return !keys_.contains(key);
    return keys_.insert(key).second;
  }

 private:
  using Key = std::pair<std::uint64_t, std::uint64_t>;
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept { return static_cast<std::size_t>(key.first); }
  };
  std::unordered_set<Key, Hash> keys_;
};

}  // namespace

bool find(Workspace& workspace, const FindOptions& options, const std::function<void(const FindMatch&)>& visit) {
  Matcher matcher(workspace, options);
  Listed listed;
  bool any = false;
  const auto look = [&](const ObjectId& commit, const std::string& path, const TreeEntry& entry) {
    if (Progress* progress = workspace.env().progress; progress != nullptr && is_regular(entry.kind)) ++progress->files_done;
    if (!matcher.matches(path, entry) || !listed.add(path, entry)) return;
    any = true;
    visit({commit, path, entry});
  };
  try {
    HistoryEntries(workspace).each(look);
  } catch (...) {
    matcher.finish();
    throw;
  }
  matcher.finish();
  return any;
}

FindOptions::Content content_of_file(const Workspace& workspace, const std::string& path) {
  const std::string name = escape_name(path);
  const UniqueFd fd = open_readonly(AT_FDCWD, path);
  if (S_ISDIR(stat_fd(fd.get(), name).st_mode)) throw Error(ErrorKind::usage, name + ": is a directory");
  Sha256 hash;
  std::uint64_t size = 0;
  for (Buffer window(k_window);;) {
    workspace.check_cancelled();
    const std::size_t got = read_full(fd.get(), window.span(0, k_window), name);
    hash.update(window.view(0, got));
    size += got;
    if (got < k_window) return {hash.finish(), size};
  }
}

}  // namespace store
