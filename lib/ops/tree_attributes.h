// The attributes objects of a tree: writing them from the index. Private to ops.
#pragma once

#include <vector>

#include "ops/index_tree.h"

namespace store {

/// Makes attributes entries of the index's paths, by a policy.
class AttributesWriter {
 public:
  /// `root`: the index's root entry, which tells by which policy the ids in the index were made.
  AttributesWriter(ObjectWriter& writer, const AttributesPolicy& policy, const IndexEntry& root,
                   std::vector<PathFailure>& incomplete);

  /// True if the attributes of what is in the directory are known, by this policy.
  bool knows(const IndexEntry& directory) const { return same_policy_ && !directory.attributes.is_zero(); }
  /// The encoded entry of a path in its directory's attributes. A directory's own attributes id must be known.
  Bytes entry(const IndexEntry& entry);
  /// Notes the policy in the root's entry.
  void sign(IndexEntry& root) const;
  /// The commit's root object.
  ObjectId write_root(const IndexEntry& root);

 private:
  Attributes selected(const IndexEntry& entry) const;
  Bytes fitting(Attributes attributes, const std::string& path);

  ObjectWriter& writer_;
  AttributesPolicy policy_;
  bool same_policy_;
  std::vector<PathFailure>& incomplete_;
};

}  // namespace store
