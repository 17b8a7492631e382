#include "support/discarded_bytes.h"

#include <fcntl.h>

#include <algorithm>
#include <filesystem>
#include <variant>

#include "base/error.h"
#include "ops/cat.h"
#include "ops/checkout_plan.h"
#include "ops/history.h"
#include "ops/undo.h"
#include "repo/session.h"
#include "support/power_loss.h"

namespace store::test {
namespace {

constexpr std::uint64_t k_any_file = 1u << 20;

bool is_there(const Site& site, const std::string& path, const std::string& content) {
  const std::string full = site.worktree + "/" + path;
  if (!std::filesystem::is_regular_file(std::filesystem::symlink_status(full))) return false;
  const std::optional<Bytes> bytes = read_file(AT_FDCWD, full, k_any_file);
  return bytes && as_text(*bytes) == content;
}

/// Trees of discarded bytes.
std::vector<ObjectId> discarded_trees(const Workspace& workspace) {
  std::vector<ObjectId> trees;
  visit_oplog(workspace, [&](const OplogStep& step) {
    if (step.record.discarded) trees.push_back(*step.record.discarded);
    return true;
  });
  for (const DeadSession& session : adopt_dead_sessions(workspace.repository()))
    read_journal(session, [&](JournalRecord&& record) {
      if (const auto* said = std::get_if<JournalDiscarded>(&record)) trees.push_back(said->tree);
    });
  return trees;
}

bool is_in(Workspace& workspace, const ObjectId& tree, const std::string& path, const std::string& content) {
  if (!workspace.objects().contains({ObjectType::tree, tree})) return false;  // of a journal that nothing came of
  const std::optional<TreeEntry> entry = entry_at(workspace.objects(), tree, path);
  if (!entry || entry->size != content.size() || (entry->kind != EntryKind::file && entry->kind != EntryKind::large_file)) return false;
  std::string found;
  cat(workspace, *entry, path, {}, [&](ByteView bytes) { found += as_text(bytes); });
  return found == content;
}

}  // namespace

std::string first_lost(const Site& site, const FileContents& files) {
  Workspace workspace = site.open();
  const std::vector<ObjectId> trees = discarded_trees(workspace);
  for (const auto& file : files) {
    const auto has_it = [&](const ObjectId& tree) { return is_in(workspace, tree, file.first, file.second); };
    if (!is_there(site, file.first, file.second) && std::none_of(trees.begin(), trees.end(), has_it)) return file.first;
  }
  return {};
}

bool all_there(const Site& site, const FileContents& files) {
  return std::all_of(files.begin(), files.end(), [&](const auto& file) { return is_there(site, file.first, file.second); });
}

void take_back(const Site& site) {
  try {
    Workspace workspace = site.open();
    undo(workspace, {});
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::conflict || error.paths().empty()) throw;
    for (const std::string& path : error.paths()) std::filesystem::remove_all(site.worktree + "/" + path);
    Workspace workspace = site.open();
    undo(workspace, {});
  }
}

}  // namespace store::test
