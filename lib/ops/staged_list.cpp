#include "ops/staged_list.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <vector>

#include "base/path.h"
#include "ops/staged_changes.h"

namespace store {
namespace {

/// Looks for pairs of a deleted and an added file or symlink of the same non-empty content: 24 bytes for each of these.
class RenameSearch {
 public:
  /// The change that is entry `index` of the list.
  void note(const ListedChange& change, std::size_t index) {
    if (!change.renameable()) return;
    Candidate candidate{.key = {}, .index = static_cast<std::uint32_t>(index), .link = change.entry().kind == EntryKind::symlink};
    std::copy_n(change.entry().id.bytes.begin(), candidate.key.size(), candidate.key.begin());
    (change.change == Change::added ? added_ : deleted_).push_back(candidate);
  }

  /// The list with each pair as one entry; of several deleted files the one with the same name is preferred.
  StatusList apply(StatusList changes) {
    if (added_.empty() || deleted_.empty()) return changes;
    std::stable_sort(deleted_.begin(), deleted_.end(), less_key);
    std::vector<std::uint32_t> source(changes.size(), k_none);
    std::vector<bool> used(changes.size());
    for (const Candidate& added : added_) {
      const std::uint32_t from = source_of(changes, added, used);
      if (from == k_none) continue;
      source[added.index] = from;
      used[from] = true;
    }
    StatusList renamed;
    for (std::size_t i = 0; i < changes.size(); ++i) {
      if (used[i]) continue;
      StatusEntry entry = changes[i];
      if (source[i] != k_none) entry = {entry.path, Change::renamed, changes[source[i]].path, entry.directory};
      renamed.add(entry);
    }
    return renamed;
  }

 private:
  static constexpr std::uint32_t k_none = ~0u;
  /// Half an id: nobody finds two contents that agree in it.
  struct Candidate {
    std::array<std::byte, 16> key;
    std::uint32_t index;
    bool link;
  };
  static bool less_key(const Candidate& a, const Candidate& b) {
    return std::tie(a.link, a.key) < std::tie(b.link, b.key);
  }

  std::uint32_t source_of(const StatusList& changes, const Candidate& added, const std::vector<bool>& used) const {
    const auto [first, last] = std::equal_range(deleted_.begin(), deleted_.end(), added, less_key);
    std::uint32_t best = k_none;
    for (auto it = first; it != last; ++it) {
      if (used[it->index]) continue;
      if (base_name(changes[it->index].path) == base_name(changes[added.index].path)) return it->index;
      if (best == k_none) best = it->index;
    }
    return best;
  }

  std::vector<Candidate> added_;
  std::vector<Candidate> deleted_;
};

}  // namespace

StatusList staged_list(const Workspace& workspace, const std::optional<ObjectId>& tree, const Index& index,
                       const PathspecSet& pathspecs, const std::function<bool(const std::string&)>& leave_out) {
  StatusList changes;
  RenameSearch renames;
  for_each_staged_change(workspace.objects(), tree, index, [&](const ListedChange& change) {
    if (!pathspecs.matches(change.path, change.entry().kind) || leave_out(change.path)) return;
    renames.note(change, changes.size());
    changes.add({change.path, change.change, {}, change.directory()});
  });
  return renames.apply(std::move(changes));
}

}  // namespace store
