#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "ops/checkout_forms.h"
#include "ops/index_tree.h"
#include "ops/staging.h"

namespace store {
namespace {

/// A writer of trees and what it needs, for one short use.
struct TreeStore {
  TreeStore(const Workspace& workspace, const Session& session)
      : publisher(workspace.repository(), workspace.objects(), session, workspace.lock_wait(),
                  workspace.settings().core.fsync),
        writer(workspace.objects(), publisher, compression_options(workspace.settings())) {}
  void finish() {
    writer.flush();
    publisher.finish(std::nullopt);
  }
  Publisher publisher;
  ObjectWriter writer;
};

/// The tree of entries that are in path order and all below `directory`; takes them off the front.
NodeBuilder::Root write_tree(std::span<const IndexEntry>& entries, const std::string& directory, ObjectWriter& writer) {
  TreeBuilder builder(
      [&](const NodeBuilder::Built& built) { writer.put({ObjectType::tree, built.id}, built.bytes); });
  while (!entries.empty() && is_within(entries.front().path, directory)) {
    const IndexEntry& entry = entries.front();
    const std::size_t begin = directory.empty() ? 0 : directory.size() + 1;
    const std::size_t slash = entry.path.find('/', begin);
    if (slash == std::string::npos) {
      builder.add({entry.kind, entry.mode, entry.size, std::string(base_name(entry.path)), entry.id});
      entries = entries.subspan(1);
      continue;
    }
    const std::string below = entry.path.substr(0, slash);
    const NodeBuilder::Root root = write_tree(entries, below, writer);
    builder.add({EntryKind::directory, 0755, root.bytes, std::string(base_name(below)), root.id});
  }
  return builder.finish();
}

/// Reads one path; nothing for what has no bytes of its own.
std::optional<IngestInput> input_for(const Workspace& workspace, const std::string& path) {
  const std::optional<ScanEntry> found = scan_one(workspace.worktree_fd(), path);
  if (!found || found->socket) return {};
  if (!is_regular(found->kind) && found->kind != EntryKind::symlink) return {};
  IngestInput input;
  input.action = is_regular(found->kind) ? IngestInput::Action::file : IngestInput::Action::symlink;
  input.entry.path = path;
  input.entry.kind = found->kind;
  input.entry.mode = found->kind == EntryKind::symlink ? std::uint16_t{0777} : found->mode;
  input.entry.stat = found->stat;
  input.disk_blocks = found->blocks;
  return input;
}

}  // namespace

ObjectId empty_tree_id() { return TreeBuilder([](const NodeBuilder::Built&) {}).finish().id; }

ObjectId store_discarded(Workspace& workspace, const Session& session, std::vector<std::string> paths,
                         const std::vector<std::string>& absent) {
  std::sort(paths.begin(), paths.end(), PathLess());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  TreeStore store(workspace, session);
  std::vector<IndexEntry> entries;
  std::vector<PathFailure> failures;
  std::size_t at = 0;
  IngestPorts ports;
  ports.next = [&]() -> std::optional<IngestInput> {
    while (at < paths.size())
      if (std::optional<IngestInput> input = input_for(workspace, paths[at++])) return input;
    return {};
  };
  ports.done = [&](const IngestResult& result) { entries.push_back(result.entry); };
  ports.failed = [&](PathFailure failure) { failures.push_back(std::move(failure)); };
  ports.publisher = &store.publisher;
  if (!paths.empty()) ingest(workspace.worktree_fd(), workspace.objects(), ports, ingest_options(workspace));
  if (!failures.empty())
    throw Error(ErrorKind::conflict,
                fmt::format("{}: cannot be kept before it is overwritten: {}", escape_name(failures.front().path),
                            failures.front().message))
        .with_paths({failures.front().path});
  for (const std::string& path : absent) {
    IndexEntry whiteout;
    whiteout.path = path;
    whiteout.kind = EntryKind::char_device;
    entries.push_back(whiteout);
  }
  std::sort(entries.begin(), entries.end(),
            [](const IndexEntry& a, const IndexEntry& b) { return compare_paths(a.path, b.path) < 0; });
  std::span<const IndexEntry> left = entries;
  const ObjectId tree = write_tree(left, "", store.writer).id;
  store.finish();
  return tree;
}

ChangeSource counterparts(const ObjectReader& objects, const ObjectId& files, const ObjectId& other) {
  const ChangeSource all = content_of(objects, files, PathspecSet({}));
  return [&objects, all, other] {
    return ChangeStream([&objects, stream = all(), other]() -> std::optional<TreeChange> {
      while (std::optional<TreeChange> change = stream()) {
        change->after = entry_at(objects, other, change->path);
        if (change->after) return change;
      }
      return {};
    });
  };
}

ObjectId store_entries(Workspace& workspace, const Session& session, std::vector<IndexEntry> entries) {
  std::sort(entries.begin(), entries.end(),
            [](const IndexEntry& a, const IndexEntry& b) { return compare_paths(a.path, b.path) < 0; });
  TreeStore store(workspace, session);
  std::span<const IndexEntry> left = entries;
  const ObjectId tree = write_tree(left, "", store.writer).id;
  store.finish();
  return tree;
}

ObjectId store_index_tree(Workspace& workspace, const Session& session, const Index& index) {
  TreeStore store(workspace, session);
  const ObjectId tree = write_index_tree(index, store.writer).id;
  store.finish();
  return tree;
}

}  // namespace store
