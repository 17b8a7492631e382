#include "ops/history.h"

#include <deque>
#include <map>

namespace store {

void visit_oplog(const Workspace& workspace, const std::function<bool(const OplogStep&)>& visit) {
  constexpr std::size_t k_window = 16 * 1024;
  const RefStore refs = workspace.refs();
  std::size_t count = 0;
  refs.read_oplog([&](const OplogStep&) { ++count; });
  for (std::size_t end = count; end > 0;) {
    const std::size_t begin = end - std::min(end, k_window);
    std::vector<OplogStep> window;
    std::size_t at = 0;
    refs.read_oplog([&](const OplogStep& step) {
      if (at >= begin && at < end) window.push_back(step);
      ++at;
    });
    for (auto step = window.rbegin(); step != window.rend(); ++step)
      if (!visit(*step)) return;
    end = begin;
  }
}

std::vector<RefMoment> history_of(const Workspace& workspace, const std::string& ref) {
  std::map<std::string, RefValue> values;
  std::vector<RefMoment> moments;
  const auto commit_of = [&]() -> std::optional<ObjectId> {
    const auto value = values.find(ref);
    if (value == values.end()) return std::nullopt;
    if (value->second.branch.empty()) return value->second.id;
    const auto branch = values.find(value->second.branch);
    return branch == values.end() ? std::nullopt : branch->second.id;
  };
  // init puts HEAD on a branch without a record: what the first change of it replaced, or where it still is.
  bool head_known = ref != "HEAD";
  if (!head_known) {
    workspace.refs().read_oplog([&](const OplogStep& step) {
      for (const RefChange& change : step.record.changes)
        if (!head_known && change.name == ref) {
          head_known = true;
          if (change.old_value) values[ref] = *change.old_value;
        }
    });
    if (!head_known)
      if (const auto value = workspace.refs().read(ref)) values[ref] = *value;
  }
  workspace.refs().read_oplog([&](const OplogStep& step) {
    for (const RefChange& change : step.record.changes) {
      if (change.new_value) values[change.name] = *change.new_value;
      else values.erase(change.name);
    }
    const std::optional<ObjectId> commit = commit_of();
    if (commit && (moments.empty() || moments.back().commit != *commit))
      moments.push_back({step.record.time.seconds, *commit});
  });
  return moments;
}

std::optional<RefValue> previous_head(const Workspace& workspace) {
  std::optional<RefValue> previous;
  workspace.refs().read_oplog([&](const OplogStep& step) {
    for (const RefChange& change : step.record.changes) {
      if (change.name != "HEAD" || !change.old_value || !change.new_value) continue;
      if (change.old_value->branch != change.new_value->branch) previous = change.old_value;
    }
  });
  return previous;
}

}  // namespace store
