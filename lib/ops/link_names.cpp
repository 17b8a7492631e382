#include "ops/link_names.h"

#include "format/index_metadata.h"
#include "ops/content_match.h"

namespace store {
namespace {

/// The first name of the group that a tracked path is in; nothing for what has one name.
std::optional<std::string> group_of(const std::optional<IndexEntry>& tracked) {
  if (!tracked || tracked->kind == EntryKind::directory || !is_linked(tracked->metadata)) return {};
  return decode_index_metadata(tracked->metadata).attributes.link.value_or(tracked->path);
}

}  // namespace

void LinkNames::look_for_others(const ChangeSource& source, const CheckoutPlan& plan) {
  const ChangeStream changes = source();
  for (const Step step : plan.steps) {
    const std::optional<TreeChange> change = changes();
    if (!change || !writes_content(step) || change->after->kind == EntryKind::directory) continue;
    if (const auto group = group_of(index_.find(change->path))) others_.emplace(*group, "");
  }
  if (others_.empty()) return;
  for (Index::Cursor at = index_.seek(""); !at.at_end(); at.next()) {
    const std::optional<std::string> group = group_of(at.entry());
    const auto other = group ? others_.find(*group) : others_.end();
    if (other != others_.end() && other->second.empty() && is_there(at.entry().path)) other->second = at.entry().path;
  }
}

bool LinkNames::is_there(const std::string& path) const {
  const std::optional<StatKey> expected = untouched(path);
  const std::optional<ScanEntry> found = expected ? scan_one(workspace_.worktree_fd(), path) : std::nullopt;
  return found && found->stat.inode == expected->inode && found->stat.device == expected->device &&
         found->stat.size == expected->size && found->stat.mtime_ns == expected->mtime_ns;
}

std::optional<std::string> LinkNames::other_of(const TreeChange& change, const Attributes& recorded) const {
  const std::optional<std::string> group = group_of(index_.find(change.path));
  const auto other = group ? others_.find(*group) : others_.end();
  if (other == others_.end() || other->second.empty()) return {};
  const std::optional<TreeEntry> entry = entry_at(workspace_.objects(), target_, other->second);
  if (!entry || entry->kind != change.after->kind || entry->mode != change.after->mode || entry->id != change.after->id) return {};
  const std::optional<Attributes> theirs = attributes_.lookup()(other->second);
  const bool one_file = theirs && theirs->link.value_or(other->second) == recorded.link.value_or(change.path);
  return one_file ? std::optional(other->second) : std::nullopt;
}

std::optional<StatKey> LinkNames::untouched(const std::string& path) const {
  const std::optional<IndexEntry> tracked = index_.find(path);
  const std::optional<TreeEntry> wanted = entry_at(workspace_.objects(), target_, path);
  if (!tracked || !wanted || tracked->kind != wanted->kind || tracked->id != wanted->id) return {};
  if (!tracked->racy) return tracked->stat;
  const std::optional<ScanEntry> found = scan_one(workspace_.worktree_fd(), path);
  const bool same = found && content_matches(workspace_, workspace_.worktree_fd(), *found, *wanted);
  return same ? std::optional(found->stat) : std::nullopt;
}

}  // namespace store
