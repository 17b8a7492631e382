#pragma once

#include "support/repo_fixture.h"

namespace store::test {

/// A tree's entry with whatever its fields are made to say.
struct RawEntry {
  std::uint8_t kind = 1;
  std::uint16_t mode = 0644;
  std::uint64_t size = 0;
  std::string name;
  ObjectId id = k_empty_chunk_id;
};

/// A node with whatever it is made to say of what is below it.
struct RawNode {
  std::uint8_t level = 0;
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  std::vector<Bytes> entries = {};
};

/// A repository that other programs could have made: each id and checksum is right, what they cover need not be. Objects are
/// gathered and stored by publish().
class HostileRepository : public RepoFixture {
 public:
  ObjectId chunk(std::string_view content);
  /// Bytes of any kind under the id that they have.
  ObjectId node(ObjectType type, const RawNode& node);
  /// One node with these entries in this order; count and bytes are their sums.
  ObjectId tree(const std::vector<RawEntry>& entries);
  /// A directory of any number of files without content, in nodes as they should be. `last` is the entry behind them.
  ObjectId wide_tree(std::uint32_t files, const RawEntry& last);
  /// What was gathered last, under an id that it does not have: what somebody can do who writes into packs, or into tables.
  void forge(const ObjectId& id) { objects_.back().first.id = id; }
  /// A file, link or directory that is as it should be.
  RawEntry file(std::string name, std::string_view content);
  RawEntry link(std::string name, std::string_view target);
  RawEntry directory(std::string name, const std::vector<RawEntry>& entries);
  /// A commit whose lines between `tree` and the message are the caller's.
  ObjectId commit_text(const std::string& text);
  ObjectId commit_of(const ObjectId& tree, const std::vector<ObjectId>& parents = {});
  /// Stores what was gathered and puts `main` there, and `other`, which is never checked out.
  void publish(const ObjectId& commit);
  /// commit_of(), published.
  ObjectId publish_tree(const ObjectId& tree);
  ObjectId publish_tree(const std::vector<RawEntry>& entries) { return publish_tree(tree(entries)); }

  static Bytes encode(const RawEntry& entry);
  static Bytes encode_recipe(std::uint8_t kind, std::uint64_t length, const ObjectId& id);
  static std::uint64_t bytes_of(const std::vector<RawEntry>& entries);

 private:
  std::vector<std::pair<ObjectKey, Bytes>> objects_;
};

}  // namespace store::test
