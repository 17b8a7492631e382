#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "hash/sha256.h"
#include "ops/checkout_attributes.h"
#include "ops/checkout_forms.h"
#include "ops/content_match.h"
#include "ops/entry_sorter.h"
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

/// What is there, with its attributes, but without its content.
IndexEntry captured(const Workspace& workspace, ObjectWriter& writer, const ScanEntry& found, const MetadataSelection& selection) {
  IndexEntry entry;
  entry.path = found.path;
  entry.kind = found.kind;
  entry.mode = found.kind == EntryKind::symlink ? std::uint16_t{0777} : found.mode;
  const UniqueFd parent(open_beneath(workspace.worktree_fd(), std::string(parent_path(found.path)), O_PATH | O_DIRECTORY));
  const std::string name(base_name(found.path));
  CapturedAttributes attributes = capture_attributes({.directory_fd = parent.get(), .name = name, .fd = -1}, found, selection);
  for (const Bytes& value : attributes.chunks) writer.put({ObjectType::chunk, sha256(value)}, value);
  IndexMetadata metadata;
  metadata.captured = selection;
  metadata.attributes = std::move(attributes.attributes);
  entry.metadata = encode_index_metadata(metadata);
  return entry;
}

/// Makes tree and attributes of entries that come in path order. Directories may be entries; those that are not are as found.
class DiscardedTree {
 public:
  DiscardedTree(const Workspace& workspace, ObjectWriter& writer, const MetadataSelection& selection)
      : workspace_(workspace), writer_(writer), selection_(selection) {
    if (selection_.any()) attributes_.emplace(writer, AttributesPolicy{selection_, {}}, IndexEntry{}, incomplete_);
    open(IndexEntry{});
  }

  void add(const IndexEntry& entry) {
    empty_ = false;
    while (!is_within(entry.path, open_.back()->self.path)) close();
    while (parent_path(entry.path) != open_.back()->self.path) {
      const std::string& at = open_.back()->self.path;
      open(as_found(entry.path.substr(0, entry.path.find('/', at.empty() ? 0 : at.size() + 1))));
    }
    if (entry.kind == EntryKind::directory) open(entry);
    else put(entry);
  }

  Discarded finish() {
    while (open_.size() > 1) close();
    Open& root = *open_.back();
    const ObjectId tree = root.tree.finish().id;
    if (!attributes_ || empty_) return {tree, std::nullopt};
    return {tree, root.attributes.finish().id};
  }

 private:
  struct Open {
    Open(IndexEntry entry, ObjectWriter& writer)
        : self(std::move(entry)), tree(put(writer, ObjectType::tree)), attributes(ObjectType::attributes, put(writer, ObjectType::attributes)) {}
    static std::function<void(const NodeBuilder::Built&)> put(ObjectWriter& writer, ObjectType type) {
      return [&writer, type](const NodeBuilder::Built& built) { writer.put({type, built.id}, built.bytes); };
    }
    IndexEntry self;
    TreeBuilder tree;
    NodeBuilder attributes;
  };

  void open(IndexEntry directory) { open_.push_back(std::make_unique<Open>(std::move(directory), writer_)); }

  void close() {
    const std::unique_ptr<Open> done = std::move(open_.back());
    open_.pop_back();
    const NodeBuilder::Root root = done->tree.finish();
    done->self.id = root.id;
    done->self.size = root.bytes;
    if (attributes_) done->self.attributes = done->attributes.finish().id;
    put(done->self);
  }

  void put(const IndexEntry& entry) {
    const std::string name(base_name(entry.path));
    open_.back()->tree.add({entry.kind, entry.mode, entry.size, name, entry.id});
    if (attributes_) open_.back()->attributes.add(attributes_->entry(entry), 0, name);
  }

  IndexEntry as_found(const std::string& path) {
    const std::optional<ScanEntry> found = scan_one(workspace_.worktree_fd(), path);
    if (found && found->kind == EntryKind::directory) return captured(workspace_, writer_, *found, selection_);
    IndexEntry entry;
    entry.path = path;
    entry.kind = EntryKind::directory;
    entry.mode = 0755;
    return entry;
  }

  const Workspace& workspace_;
  ObjectWriter& writer_;
  MetadataSelection selection_;
  bool empty_ = true;
  std::vector<PathFailure> incomplete_;
  std::optional<AttributesWriter> attributes_;
  std::vector<std::unique_ptr<Open>> open_;  // from the root in
};

/// Reads one path; nothing for what is no content.
std::optional<IngestInput> input_for(const Workspace& workspace, const Index& index, const std::string& path) {
  const std::optional<ScanEntry> found = scan_one(workspace.worktree_fd(), path);
  if (!found || !can_be_kept(*found)) return {};
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

/// What would be lost for good. A device that is tracked comes back with the index.
std::vector<std::string> not_to_be_kept(const Workspace& workspace, const Index& index, const std::vector<std::string>& paths) {
  std::vector<std::string> lost;
  for (const std::string& path : paths) {
    const std::optional<ScanEntry> found = scan_one(workspace.worktree_fd(), path);
    if (!found || found->kind == EntryKind::directory || can_be_kept(*found)) continue;
    const std::optional<IndexEntry> tracked = index.find(path);
    const bool is_tracked = tracked && !found->socket && tracked->kind == found->kind && tracked->size == found->device_number;
    if (!is_tracked) lost.push_back(path);
  }
  return lost;
}

/// True for one of the paths, what is below one, and what is above one.
bool is_within_any(const std::string& path, const std::set<std::string, PathLess>& paths) {
  const auto below = paths.lower_bound(path);
  if (below != paths.end() && is_within(*below, path)) return true;
  for (std::string_view above = parent_path(path); !above.empty(); above = parent_path(above))
    if (paths.contains(std::string(above))) return true;
  return false;
}

}  // namespace

bool can_be_kept(const ScanEntry& found) {
  return !found.socket && (is_regular(found.kind) || found.kind == EntryKind::symlink || found.kind == EntryKind::fifo);
}

ObjectId empty_tree_id() { return TreeBuilder([](const NodeBuilder::Built&) {}).finish().id; }

void store_empty_tree(Workspace& workspace, const Session& session) {
  TreeStore store(workspace, session);
  TreeBuilder([&](const NodeBuilder::Built& built) { store.writer.put({ObjectType::tree, built.id}, built.bytes); }).finish();
  store.finish();
}

struct DiscardStore::State {
  State(Workspace& in, const Session& session)
      : workspace(in), trees(in, session), entries(in.repository().fs(), session), selection(metadata_selection(in.settings())) {}
  Workspace& workspace;
  TreeStore trees;
  EntrySorter entries;
  MetadataSelection selection;
};

DiscardStore::DiscardStore(Workspace& workspace, const Session& session)
    : state_(std::make_unique<State>(workspace, session)) {}
DiscardStore::~DiscardStore() = default;

void DiscardStore::add_absent(const std::string& path) {
  IndexEntry whiteout;
  whiteout.path = path;
  whiteout.kind = EntryKind::char_device;
  state_->entries.put(std::move(whiteout));
}

void DiscardStore::add_earlier(const ObjectReader& objects, const Discarded& earlier, const std::vector<std::string>& paths) {
  if (!objects.contains({ObjectType::tree, earlier.tree})) return;
  const std::set<std::string, PathLess> now(paths.begin(), paths.end());
  CheckoutResult nobody_asks;
  CheckoutAttributes attributes(state_->workspace, nobody_asks);
  if (earlier.attributes && objects.contains({ObjectType::attributes, *earlier.attributes})) {
    Attributes root;
    root.directory = *earlier.attributes;
    attributes.use_directory(earlier.tree, root, "");
  }
  const CheckoutAttributes::Lookup attributes_of = attributes.lookup();
  const ChangeStream entries = content_of(objects, earlier.tree, PathspecSet({}))();
  while (const std::optional<TreeChange> change = entries()) {
    if (is_within_any(change->path, now)) continue;
    IndexEntry entry = index_entry_of(change->path, *change->after);
    if (const std::optional<Attributes> recorded = attributes_of(change->path)) {
      IndexMetadata metadata;
      metadata.captured = state_->selection;
      metadata.attributes = *recorded;
      metadata.attributes.directory.reset();
      metadata.attributes.mode.reset();
      entry.metadata = encode_index_metadata(metadata);
    }
    state_->entries.put(std::move(entry));
  }
}

void DiscardStore::add_known(const ScanEntry& found, const TreeEntry& content) {
  IndexEntry entry = captured(state_->workspace, state_->trees.writer, found, state_->selection);
  entry.kind = content.kind;
  if (entry.kind != EntryKind::directory) {
    entry.size = content.size;
    entry.id = content.id;
  }
  state_->entries.put(std::move(entry));
}

void DiscardStore::add_files(const Index& index, std::vector<std::string> paths) {
  Workspace& workspace = state_->workspace;
  std::erase_if(paths, [&](const std::string& path) {
    const std::optional<ScanEntry> found = scan_one(workspace.worktree_fd(), path);
    if (!found || found->kind != EntryKind::directory) return false;
    add_known(*found, {.kind = EntryKind::directory, .mode = 0, .size = 0, .name = {}, .id = {}});
    return true;
  });
  if (paths.empty()) return;
  std::sort(paths.begin(), paths.end(), PathLess());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  if (std::vector<std::string> lost = not_to_be_kept(workspace, index, paths); !lost.empty())
    throw Error(ErrorKind::conflict, fmt::format("{}: is a socket or a device, which cannot be kept before it is overwritten",
                                                 escape_name(lost.front())),
                "move it away or remove it, then run the command again")
        .with_paths(std::move(lost));
  std::vector<PathFailure> failures;
  std::size_t at = 0;
  IngestPorts ports;
  ports.next = [&]() -> std::optional<IngestInput> {
    while (at < paths.size())
      if (std::optional<IngestInput> input = input_for(workspace, index, paths[at++])) return input;
    return {};
  };
  ports.done = [&](const IngestResult& result) { state_->entries.put(result.entry); };
  ports.failed = [&](PathFailure failure) { failures.push_back(std::move(failure)); };
  ports.publisher = &state_->trees.publisher;
  ingest(workspace.worktree_fd(), workspace.objects(), ports, ingest_options(workspace));
  if (failures.empty()) return;
  const PathFailure& first = failures.front();
  const std::string message = fmt::format("{}: cannot be kept before it is overwritten: {}", escape_name(first.path), first.message);
  const ErrorKind kind = kind_of_errno(first.errno_value);
  const bool refused = kind == ErrorKind::system || kind == ErrorKind::permission;
  if (first.errno_value != 0 && refused) refuse_unreadable(Error(kind, message).with_errno(first.errno_value));
  throw Error(ErrorKind::conflict, message, "run the command again").with_paths({first.path});
}

Discarded DiscardStore::finish() {
  DiscardedTree tree(state_->workspace, state_->trees.writer, state_->selection);
  state_->entries.visit([&](const IndexEntry& entry) { tree.add(entry); });
  const Discarded discarded = tree.finish();
  state_->trees.finish();
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

Discarded store_entries(Workspace& workspace, const Session& session, std::vector<IndexEntry> entries,
                        const MetadataSelection& selection) {
  std::sort(entries.begin(), entries.end(),
            [](const IndexEntry& a, const IndexEntry& b) { return compare_paths(a.path, b.path) < 0; });
  TreeStore store(workspace, session);
  DiscardedTree files(workspace, store.writer, selection);
  for (const IndexEntry& entry : entries) files.add(entry);
  const Discarded stored = files.finish();
  store.finish();
  return stored;
}

ObjectId store_index_tree(const Workspace& workspace, const Session& session, const Index& index) {
  TreeStore store(workspace, session);
  const ObjectId tree = write_index_tree(index, store.writer).id;
  store.finish();
  return tree;
}

CheckoutPlan plan_over(const Workspace& workspace, const ChangeSource& files, const OverRules& rules) {
  CheckoutPlan plan;
  const auto remove_below = [&](const std::string& path) {
    Scanner scanner(workspace.worktree_fd(), path, {});
    while (const std::optional<ScanEntry> inside = scanner.next())
      if ((inside->kind != EntryKind::directory || inside->socket) && rules.may_remove && rules.may_remove(inside->path))
        plan.untracked_below.push_back(inside->path);
  };
  const auto step_for = [&](const TreeEntry& wanted, const std::optional<ScanEntry>& found) {
    const bool found_directory = found && found->kind == EntryKind::directory;
    if (is_whiteout(wanted)) {
      if (found_directory) remove_below(found->path);
      return !found ? Step::forget : found_directory ? Step::remove_tree : Step::remove;
    }
    if (wanted.kind == EntryKind::directory) {
      if (!found) return Step::make_directory;
      // What is tracked may have come back in the place of a directory whose content was discarded.
      if (!found_directory) return Step::turn_into_directory;
      return found->mode != wanted.mode && rules.may_set_mode && rules.may_set_mode(*found) ? Step::set_mode : Step::leave;
    }
    if (!found) return Step::write;
    if (found_directory) {
      remove_below(found->path);
      return Step::replace_directory;
    }
    if (!content_matches(workspace, workspace.worktree_fd(), *found, wanted)) return Step::replace;
    return is_regular(found->kind) || found->kind == EntryKind::fifo ? Step::set_mode : Step::keep;
  };
  const ChangeStream changes = files();
  while (const std::optional<TreeChange> change = changes())
    plan.steps.push_back(step_for(*change->after, scan_one(workspace.worktree_fd(), change->path)));
  return plan;
}

}  // namespace store
