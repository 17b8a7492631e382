#pragma once

#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "ops/workspace.h"
#include "repo/mapped_footer.h"
#include "repo/stored_node.h"

namespace store {

/// One bit for each object of each pack: those that were seen. One thread.
class ObjectMarks {
 public:
  explicit ObjectMarks(const Workspace& workspace) : workspace_(workspace) {}

  /// True if it was not seen before. Error{corrupt} if there is no such object.
  bool mark(const ObjectKey& key);
  /// Of the entry at `index` in a pack's footer.
  bool is_marked(const ObjectId& pack, std::size_t index) const;

 private:
  struct Pack {
    std::shared_ptr<const MappedFooter> footer;
    std::vector<bool> seen;
  };
  Pack& pack(const ObjectId& id);

  const Workspace& workspace_;
  std::unordered_map<ObjectId, Pack, ObjectIdHash> packs_;
};

/// How many of what size, by powers of two: bucket b counts sizes from 2^(b-1) to 2^b - 1, bucket 0 nothing at all.
class SizeHistogram {
 public:
  void add(std::uint64_t size, std::uint64_t count = 1);
  void add(const SizeHistogram& other);
  /// Smallest size of each bucket that counts anything, ascending, and its count.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> rows() const;

 private:
  void add_to(std::uint8_t bucket, std::uint64_t count);
  std::vector<std::pair<std::uint8_t, std::uint64_t>> buckets_;  // few: sorted
};

/// What a tree holds; each file counts as often as it stands there.
struct ContentTotals {
  std::uint64_t small_files = 0;  // stored as one chunk
  std::uint64_t small_bytes = 0;
  std::uint64_t large_files = 0;  // stored with a recipe
  std::uint64_t large_bytes = 0;
  std::uint64_t hole_bytes = 0;   // runs of zeros of the large ones
  SizeHistogram file_sizes;

  void add(const ContentTotals& other);
};

/// Walks everything that trees, recipes, attributes and commits name, each node once, however many commits share it. Each
/// object is given to `met` the first time. Memory: one bit an object, and about 120 bytes for each tree node that was met (a
/// directory, or about 125 names of a large one). One thread.
class ContentWalk {
 public:
  using Met = std::function<void(const ObjectKey& key, std::uint64_t length)>;
  ContentWalk(const Workspace& workspace, ObjectMarks& marks, Met met);

  /// Error{corrupt} for what is missing or malformed.
  const ContentTotals& tree(const ObjectId& id);
  /// The commit object, its tree and its attributes; not its parents.
  const ContentTotals& commit(const ObjectId& id, const Commit& commit);
  /// One file, link or tree.
  ContentTotals entry(EntryKind kind, std::uint64_t size, const ObjectId& id);
  void attributes(const ObjectId& id);
  void chunk(const ObjectId& id, std::uint64_t length);

 private:
  const ContentTotals& tree_node(const ObjectId& id, std::optional<unsigned> level, unsigned depth);
  ContentTotals entry_at(EntryKind kind, std::uint64_t size, const ObjectId& id, unsigned depth);
  std::uint64_t recipe_holes(const ObjectId& id, std::optional<unsigned> level);
  void attributes_node(const ObjectId& id, std::optional<unsigned> level, unsigned depth);
  StoredNode read_node(const ObjectKey& key, std::optional<unsigned> level, unsigned depth) const;

  const Workspace& workspace_;
  const ObjectReader& objects_;
  ObjectMarks& marks_;
  Met met_;
  std::unordered_map<ObjectId, ContentTotals, ObjectIdHash> trees_;       // by node
  std::unordered_map<ObjectId, std::uint64_t, ObjectIdHash> recipe_holes_;  // by node, those that have any
};

}  // namespace store
