#include "ops/commit_graph.h"

#include <algorithm>

namespace store {

CommitWalk::CommitWalk(const Workspace& workspace, const std::vector<ObjectId>& start,
                       const std::vector<ObjectId>& exclude, Parents parents)
    : workspace_(&workspace), parents_mode_(parents) {
  exclude_history(exclude);
  std::unordered_set<ObjectId, ObjectIdHash> seen;
  for (const ObjectId& id : start)
    if (!excluded_.contains(id) && seen.insert(id).second) tips_.push_back(id);
}

void CommitWalk::exclude_history(const std::vector<ObjectId>& tips) {
  std::vector<ObjectId> open = tips;
  while (!open.empty()) {
    const ObjectId id = open.back();
    open.pop_back();
    if (!excluded_.insert(id).second) continue;
    workspace_->check_cancelled();
    for (const ObjectId& parent : parents_of(read_commit(workspace_->objects(), id))) open.push_back(parent);
  }
}

std::vector<ObjectId> CommitWalk::parents_of(const Commit& commit) const {
  std::vector<ObjectId> parents = commit.parents;
  if (parents_mode_ == Parents::first && parents.size() > 1) parents.resize(1);
  std::erase_if(parents, [&](const ObjectId& id) { return excluded_.contains(id); });
  return parents;
}

std::optional<CommitWalk::Item> CommitWalk::next() {
  workspace_->check_cancelled();
  if (!loaded_ && tips_.size() <= 1) return next_straight();
  if (!loaded_) load_graph();
  return next_free();
}

std::optional<CommitWalk::Item> CommitWalk::next_straight() {
  if (tips_.empty()) return {};
  Item item{tips_.front(), read_commit(workspace_->objects(), tips_.front())};
  tips_ = parents_of(item.commit);
  return item;
}

/// Reads everything reachable from the tips and counts each commit's children.
void CommitWalk::load_graph() {
  loaded_ = true;
  for (const ObjectId& tip : tips_) number_of(tip);
  for (Number number = 0; number < nodes_.size(); ++number) {
    workspace_->check_cancelled();
    const Commit commit = read_commit(workspace_->objects(), nodes_[number].id);
    const std::vector<ObjectId> ids = parents_of(commit);
    nodes_[number].time = commit.time.seconds;
    nodes_[number].first_parent = static_cast<std::uint32_t>(parents_.size());
    nodes_[number].parent_count = static_cast<std::uint32_t>(ids.size());
    for (const ObjectId& id : ids) {
      const Number parent = number_of(id);
      ++nodes_[parent].children;
      parents_.push_back(parent);
    }
  }
  numbers_.clear();
  for (Number number = 0; number < nodes_.size(); ++number)
    if (nodes_[number].children == 0) make_free(number);
}

CommitWalk::Number CommitWalk::number_of(const ObjectId& id) {
  const auto [found, added] = numbers_.try_emplace(id, static_cast<Number>(nodes_.size()));
  if (added) {
    nodes_.emplace_back();
    nodes_.back().id = id;
  }
  return found->second;
}

bool CommitWalk::less(Number a, Number b) const {
  if (nodes_[a].time != nodes_[b].time) return nodes_[a].time < nodes_[b].time;
  return nodes_[b].id < nodes_[a].id;
}

void CommitWalk::make_free(Number number) {
  free_.push_back(number);
  std::push_heap(free_.begin(), free_.end(), [this](Number a, Number b) { return less(a, b); });
}

std::optional<CommitWalk::Item> CommitWalk::next_free() {
  if (free_.empty()) return {};
  std::pop_heap(free_.begin(), free_.end(), [this](Number a, Number b) { return less(a, b); });
  const Node node = nodes_[free_.back()];
  free_.pop_back();
  for (std::uint32_t i = 0; i < node.parent_count; ++i) {
    const Number parent = parents_[node.first_parent + i];
    if (--nodes_[parent].children == 0) make_free(parent);
  }
  return Item{node.id, read_commit(workspace_->objects(), node.id)};
}

std::vector<ObjectId> every_tip(const Workspace& workspace) {
  std::vector<ObjectId> tips;
  const RefStore refs = workspace.refs();
  if (const auto head = refs.head().commit) tips.push_back(*head);
  for (const char* prefix : {"refs/heads/", "refs/tags/"})
    for (const auto& [name, value] : refs.list(prefix))
      if (value.id) tips.push_back(*value.id);
  return tips;
}

}  // namespace store
