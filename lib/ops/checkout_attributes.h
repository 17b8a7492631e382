// Attributes on their way out: what a checkout restores beside content and mode. Private to ops.
#pragma once

#include <functional>
#include <set>

#include "base/mutex.h"
#include "format/index_metadata.h"
#include "ops/checkout.h"
#include "worktree/apply.h"
#include "worktree/index.h"

namespace store {

class CheckoutAttributes {
 public:
  /// `result` gets what was not restored, and what failed. Only what `metadata.*` selects is restored.
  CheckoutAttributes(const Workspace& workspace, CheckoutResult& result);

  /// Attributes of what is in a directory of a commit, at `prefix` from the commit's root.
  void use_directory(const ObjectId& tree, const Attributes& directory, std::string prefix);
  /// Attributes of the only entry.
  void use_entry(Attributes attributes) { entry_ = std::move(attributes); }
  /// Attributes as the index has them, whose tree is `tree`; what it was not told of is left alone. The index must not change meanwhile.
  void use_index(const Index& index, const ObjectId& tree);
  /// What is restored is this tree: a path that is not the same in it keeps what it has.
  void only_where_alike(const ObjectId& restored) { restored_ = restored; }
  bool any() const { return own_ || entry_ || index_ != nullptr; }
  /// Of the directory itself.
  const std::optional<Attributes>& own() const { return own_; }

  /// Looks up paths in path order; one for each pass. Damage is a failure of the directory that it is in.
  using Lookup = std::function<std::optional<Attributes>(const std::string& path)>;
  Lookup lookup();

  /// The path, below the directory, of the file that a hard link is one of, if the tree has the same entry there.
  std::optional<std::string> link_target(const Attributes& attributes, const TreeEntry& entry) const;

  /// With the values of extended attributes. Values that are damaged are left out, as failures of `path`.
  WantedAttributes wanted(const TreeEntry& entry, const Attributes& attributes, const std::string& path);
  /// Applies and counts. Any thread.
  void apply(const FilePlace& file, const WantedAttributes& wanted, const std::string& path);
  /// Makes what is there already as wanted, if it differs; true if anything was changed.
  bool refresh(int root_fd, const std::string& path, const WantedAttributes& wanted);

  /// Puts a failure into the result, of content or attributes. Any thread.
  void fail(PathFailure failure, bool damaged);
  /// Attributes of what is in a directory cannot be had.
  void note_damage(const std::string& directory, const Error& error);
  const MetadataSelection& selection() const { return selection_; }

  /// A link was made, or could not be made: many files have another stat now.
  void note_links() { look_ = true; }
  /// What the index is to say of a restored path: the recorded attributes and, where something could not be applied, what is there.
  Bytes metadata_of(const TreeEntry& entry, const Attributes& attributes, const std::optional<ScanEntry>& found,
                    const std::string& path, int root_fd) const;
  /// True if the files have to be looked at to tell.
  bool must_look() const { return look_; }

 private:
  std::optional<Attributes> staged(const std::string& path) const;
  bool is_alike(const std::string& path) const;
  MetadataSelection known(const std::string& path) const;

  const Workspace& workspace_;
  CheckoutResult& result_;
  MetadataSelection selection_;
  std::optional<ObjectId> tree_;
  std::optional<Attributes> own_;
  std::optional<Attributes> entry_;
  std::string prefix_;
  const Index* index_ = nullptr;
  std::optional<ObjectId> restored_;
  std::set<std::string> damaged_;
  Mutex mutex_;  // of the result and look_ while files are written
  bool look_ = false;
};

/// Of a commit, for what is at `subtree` in it; nothing is used if the commit has none.
void use_attributes_of(const ObjectReader& objects, const Commit& commit, const std::string& subtree,
                       CheckoutAttributes& attributes, CheckoutResult& result);

/// The working tree's own directory keeps owner and mode: they say who works here, not what is in it.
void restore_root_time(FileSystem& fs, int root_fd, const CheckoutAttributes& attributes);

}  // namespace store
