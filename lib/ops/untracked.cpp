#include "ops/untracked.h"

#include <utility>

#include "base/path.h"

namespace store {

bool UntrackedList::enters(const ScanEntry& directory) const {
  const bool matches = pathspecs_.matches(directory.path, EntryKind::directory);
  if (!matches && !pathspecs_.may_match_below(directory.path)) return false;
  if (directory.ignored) return rules_.ignored && (rules_.all || !matches);
  return rules_.all || rules_.ignored || !matches;
}

void UntrackedList::hide(std::string directory, Hidden hidden) {
  leave(&directory);
  hidden_path_ = std::move(directory);
  hidden_ = hidden;
}

void UntrackedList::add(const ScanEntry& found) {
  leave(&found.path);
  if (found.socket || (found.ignored && !rules_.ignored && open_.empty())) return;
  if (!pathspecs_.matches(found.path, found.kind)) {
    if (open_.empty() && found.ignored && !rules_.all && !is_in_ignored(found.path)) {
      ignored_above_ = found.path;
      listed_above_ = false;
    }
    if (open_.empty() || pathspecs_.speaks_of(found.path, found.kind)) return;
    // A glob meets the directory and not what is in it: that does not make it empty.
    open_.back().empty = false;
    open_.back().content = true;
    return;
  }
  const bool directory = found.kind == EntryKind::directory;
  if (directory && enters(found)) {
    if (!open_.empty()) open_.back().empty = false;
    open_.push_back({.path = found.path, .ignored = found.ignored, .ignored_before = ignored_.size()});
  } else if (found.ignored) {
    on_ignored(found.path, directory);
  } else if (!directory || holds_content_(found)) {
    on_content(found.path, directory);
  }
}

void UntrackedList::leave(const std::string* next) {
  while (!open_.empty() && (next == nullptr || !is_within(*next, open_.back().path))) {
    const Open left = std::move(open_.back());
    open_.pop_back();
    close(left);
  }
}

void UntrackedList::close(const Open& directory) {
  if (directory.empty) {
    if (directory.ignored) on_ignored(directory.path, true);
    else on_content(directory.path, true);
  } else if (directory.content) {
    if (!rules_.all) on_content(directory.path, true);
  } else if (!rules_.all) {
    ignored_.truncate(directory.ignored_before);
    on_ignored(directory.path, true);
  }
}

bool UntrackedList::is_in_ignored(const std::string& path) const {
  return !ignored_above_.empty() && is_within(path, ignored_above_);
}

void UntrackedList::on_ignored(const std::string& path, bool directory) {
  if (!open_.empty()) open_.back().empty = false;
  if (!rules_.ignored) return;
  const bool inside = is_in_ignored(path);
  if (inside && std::exchange(listed_above_, true)) return;
  const std::string& shown = inside ? ignored_above_ : path;
  if (shown != hidden_path_) ignored_.add({shown, Change::added, {}, inside || directory});
}

void UntrackedList::on_content(const std::string& path, bool directory) {
  if (!open_.empty()) {
    open_.back().empty = false;
    open_.back().content = true;
  }
  if (path == hidden_path_ && hidden_ == Hidden::always) return;
  if (rules_.all || open_.empty()) untracked_.add({path, Change::added, {}, directory});
}

bool holds_content(int root_fd, const std::string& directory, const IgnoreScope::Pointer& whole_tree) {
  ScanOptions options;
  options.ignore = whole_tree;
  options.enter = [](const ScanEntry& entry) { return !entry.ignored; };
  Scanner scanner(root_fd, directory, std::move(options));
  struct Open {
    std::string path;
    bool empty = true;
  };
  std::vector<Open> open;
  while (const std::optional<ScanEntry> found = scanner.next()) {
    for (; !open.empty() && !is_within(found->path, open.back().path); open.pop_back())
      if (open.back().empty) return true;
    if (found->socket) continue;
    if (!open.empty()) open.back().empty = false;
    if (found->ignored) continue;
    if (found->kind != EntryKind::directory) return true;
    open.push_back({found->path});
  }
  return !open.empty() && open.back().empty;
}

bool holds_file(int root_fd, const std::string& directory, const IgnoreScope::Pointer& whole_tree) {
  ScanOptions options;
  options.ignore = whole_tree;
  options.enter = [](const ScanEntry& entry) { return !entry.ignored; };
  Scanner scanner(root_fd, directory, std::move(options));
  while (const std::optional<ScanEntry> found = scanner.next())
    if (found->kind != EntryKind::directory && !found->socket && !found->ignored) return true;
  return false;
}

}  // namespace store
