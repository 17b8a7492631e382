#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/path.h"
#include "chunk/chunker.h"
#include "format/commit.h"
#include "format/recipe.h"
#include "format/tree.h"
#include "repo/object_store.h"
#include "repo/publisher.h"
#include "repo/refs.h"
#include "support/scratch.h"

namespace store::test {

/// One thing in a tree to store; `kind` file decides by size whether it has a recipe.
struct FixtureEntry {
  std::string content = {};  // of a file; a symlink's target
  std::uint16_t mode = 0644;
  EntryKind kind = EntryKind::file;
  bool operator==(const FixtureEntry&) const = default;
};
FixtureEntry file_of(std::string content, std::uint16_t mode = 0644);
FixtureEntry link_to(std::string target);
FixtureEntry directory_of(std::uint16_t mode = 0755);

/// A tree by path; directories above an entry come by themselves with mode 0755.
using FixtureTree = std::map<std::string, FixtureEntry, PathLess>;

/// A repository `work/.store` in a scratch folder, filled from memory with the writers of format and repo alone: no work tree, no
/// index, no pipeline.
class RepoFixture {
 public:
  RepoFixture();

  const Scratch& scratch() const { return scratch_; }
  std::string worktree() const { return scratch_.path("work"); }
  const Repository& repository() const { return *repository_; }
  ObjectStore& objects() { return *objects_; }
  RefStore refs() const { return RefStore(*repository_); }

  /// Objects are visible when the call returns.
  ObjectId put_tree(const FixtureTree& tree);
  ObjectId put_commit(const Commit& commit);
  struct CommitSpec {
    FixtureTree tree = {};
    std::vector<ObjectId> parents = {};
    std::string message = "message";
    std::int64_t time = 1'000'000;
  };
  ObjectId commit(const CommitSpec& spec);
  /// Raw objects, hostile ones too: stored under the key as given.
  void put_objects(const std::vector<std::pair<ObjectKey, Bytes>>& objects);

  /// Sets or creates a ref ("refs/heads/x", "refs/tags/x"); HEAD stays.
  void set_ref(const std::string& name, const ObjectId& commit);
  void set_head(const RefValue& value);

  ChunkParameters parameters;
  std::uint64_t inline_threshold = 64u << 10;

 private:
  class Writing;
  TreeEntry put_entry(ObjectWriter& writer, const std::string& name, const FixtureEntry& entry) const;
  NodeBuilder::Root put_directory(ObjectWriter& writer, const FixtureTree& tree, const std::string& directory) const;
  void update_ref(const std::string& name, const RefValue& value);

  Scratch scratch_;
  std::unique_ptr<Repository> repository_;
  std::unique_ptr<ObjectStore> objects_;
};

}  // namespace store::test
