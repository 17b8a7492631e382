#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "repo/object_store.h"

namespace store {

/// Names on the way to a path; more is Error{corrupt}.
inline constexpr std::size_t k_max_tree_depth = 4096;
/// Paths in one tree; more is Error{corrupt}: a few kilobytes of directories that name each other again and again stand for 10^30.
inline constexpr std::uint64_t k_max_tree_paths = 1ULL << 32;

/// Ends a walk over all paths of a tree that is too deep or has too many. A walk that has seen very many, through directories so
/// wide that there may be too many, has them counted, each directory once. Whoever gets 131,072 paths may so get all of them. Memory:
/// 16 MiB while they are counted; trees of more than 262,144 directories are not. One thread.
class WalkLimit {
 public:
  /// `roots`: the trees that are walked side by side.
  WalkLimit(const ObjectReader& objects, std::vector<ObjectId> roots) : objects_(&objects), roots_(std::move(roots)) {}

  /// A directory of so many entries is entered, below the one that was entered last.
  void enter(std::string_view path, std::uint64_t entries);
  void leave() { widths_.pop_back(); }
  /// One more path.
  void step();
  /// Directories that were entered and not left.
  std::size_t depth() const { return widths_.size(); }

 private:
  void judge() const;
  const ObjectReader* objects_;
  std::vector<ObjectId> roots_;
  // Of each directory on the way, how many places there are as deep as its entries if all others are as wide. At most so many paths
  // as the largest of these numbers come before a larger one does (Kraft's inequality), so small trees are never counted.
  std::vector<double> widths_;
  std::uint64_t paths_ = 0;
  std::uint64_t next_look_ = 1u << 17;
};

}  // namespace store
