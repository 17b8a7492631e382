#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "hash/sha256.h"
#include "ops/checkout_forms.h"
#include "ops/content_match.h"
#include "ops/index_tree.h"
#include "ops/metadata.h"
#include "ops/staging.h"
#include "ops/tree_attributes.h"
#include "worktree/beneath.h"
#include "worktree/capture.h"

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

/// Makes tree and attributes of entries that are in path order.
class DiscardedTree {
 public:
  DiscardedTree(const Workspace& workspace, ObjectWriter& writer, std::span<const IndexEntry> entries,
                const MetadataSelection& selection)
      : workspace_(workspace), writer_(writer), entries_(entries), selection_(selection) {
    if (selection_.any() && !entries.empty()) attributes_.emplace(writer, AttributesPolicy{selection_, {}}, IndexEntry{}, incomplete_);
  }

  Discarded write() {
    const IndexEntry root = write("");
    return {root.id, attributes_ ? std::optional(root.attributes) : std::nullopt};
  }

 private:
  /// What is below a directory; takes it off the front.
  IndexEntry write(const std::string& directory) {
    const auto put = [this](ObjectType type) {
      return [this, type](const NodeBuilder::Built& built) { writer_.put({type, built.id}, built.bytes); };
    };
    TreeBuilder tree(put(ObjectType::tree));
    NodeBuilder attributes(ObjectType::attributes, put(ObjectType::attributes));
    while (!entries_.empty() && is_within(entries_.front().path, directory)) {
      IndexEntry entry = entries_.front();
      const std::size_t begin = directory.empty() ? 0 : directory.size() + 1;
      const std::size_t slash = entry.path.find('/', begin);
      if (slash == std::string::npos) entries_ = entries_.subspan(1);
      else entry = write(entry.path.substr(0, slash));
      const std::string name(base_name(entry.path));
      tree.add({entry.kind, entry.mode, entry.size, name, entry.id});
      if (attributes_) attributes.add(attributes_->entry(entry), 0, name);
    }
    IndexEntry made = as_found(directory);
    const NodeBuilder::Root root = tree.finish();
    made.id = root.id;
    made.size = root.bytes;
    if (attributes_) made.attributes = attributes.finish().id;
    return made;
  }

  /// A directory as it is now.
  IndexEntry as_found(const std::string& path) {
    IndexEntry entry;
    entry.path = path;
    entry.kind = EntryKind::directory;
    entry.mode = 0755;
    const std::optional<ScanEntry> found = path.empty() ? std::nullopt : scan_one(workspace_.worktree_fd(), path);
    if (!found || found->kind != EntryKind::directory) return entry;
    entry.mode = found->mode;
    const UniqueFd parent(open_beneath(workspace_.worktree_fd(), std::string(parent_path(path)), O_PATH | O_DIRECTORY));
    const std::string name(base_name(path));
    CapturedAttributes captured = capture_attributes({.directory_fd = parent.get(), .name = name, .fd = -1}, *found, selection_);
    for (const Bytes& value : captured.chunks) writer_.put({ObjectType::chunk, sha256(value)}, value);
    IndexMetadata metadata;
    metadata.captured = selection_;
    metadata.attributes = std::move(captured.attributes);
    entry.metadata = encode_index_metadata(metadata);
    return entry;
  }

  const Workspace& workspace_;
  ObjectWriter& writer_;
  std::span<const IndexEntry> entries_;
  MetadataSelection selection_;
  std::vector<PathFailure> incomplete_;
  std::optional<AttributesWriter> attributes_;
};

/// Reads one path; nothing for what is no content.
std::optional<IngestInput> input_for(const Workspace& workspace, const Index& index, const std::string& path) {
  const std::optional<ScanEntry> found = scan_one(workspace.worktree_fd(), path);
  if (!found || found->socket) return {};
  if (!is_regular(found->kind) && found->kind != EntryKind::symlink && found->kind != EntryKind::fifo) return {};
  IngestInput input;
  if (is_regular(found->kind)) input.action = IngestInput::Action::file;
  else if (found->kind == EntryKind::symlink) input.action = IngestInput::Action::symlink;
  input.capture = IngestInput::Capture::yes;
  input.entry.path = path;
  input.entry.kind = found->kind;
  input.entry.mode = found->kind == EntryKind::symlink ? std::uint16_t{0777} : found->mode;
  input.entry.stat = found->stat;
  input.found = *found;
  input.disk_blocks = found->blocks;
  if (const std::optional<IndexEntry> tracked = index.find(path)) {
    input.entry.metadata = tracked->metadata;
    input.known_mtime_ns = tracked->stat.mtime_ns;
  }
  return input;
}

}  // namespace

ObjectId empty_tree_id() { return TreeBuilder([](const NodeBuilder::Built&) {}).finish().id; }

void store_empty_tree(Workspace& workspace, const Session& session) {
  TreeStore store(workspace, session);
  TreeBuilder([&](const NodeBuilder::Built& built) { store.writer.put({ObjectType::tree, built.id}, built.bytes); }).finish();
  store.finish();
}

Discarded store_discarded(Workspace& workspace, const Session& session, const Index& index, std::vector<std::string> paths,
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
      if (std::optional<IngestInput> input = input_for(workspace, index, paths[at++])) return input;
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
  const Discarded discarded = DiscardedTree(workspace, store.writer, entries, metadata_selection(workspace.settings())).write();
  store.finish();
  return discarded;
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
  const ObjectId tree = DiscardedTree(workspace, store.writer, left, {}).write().tree;
  store.finish();
  return tree;
}

ObjectId store_index_tree(Workspace& workspace, const Session& session, const Index& index) {
  TreeStore store(workspace, session);
  const ObjectId tree = write_index_tree(index, store.writer).id;
  store.finish();
  return tree;
}

CheckoutPlan plan_over(const Workspace& workspace, const ChangeSource& files) {
  // What is tracked may have come back in the place of a directory whose content was discarded.
  const auto directory = [](const std::optional<ScanEntry>& found) {
    if (!found) return Step::make_directory;
    return found->kind == EntryKind::directory ? Step::leave : Step::turn_into_directory;
  };
  CheckoutPlan plan;
  const ChangeStream changes = files();
  while (const std::optional<TreeChange> change = changes()) {
    const std::optional<ScanEntry> found = scan_one(workspace.worktree_fd(), change->path);
    Step step = found ? Step::replace : Step::write;
    if (is_whiteout(*change->after)) step = found ? Step::remove : Step::forget;
    else if (change->after->kind == EntryKind::directory) step = directory(found);
    else if (found && content_matches(workspace, workspace.worktree_fd(), *found, *change->after))
      step = is_regular(found->kind) ? Step::set_mode : Step::keep;
    plan.steps.push_back(step);
  }
  return plan;
}

}  // namespace store
