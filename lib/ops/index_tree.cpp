#include "ops/index_tree.h"

#include <algorithm>
#include <vector>

#include "base/path.h"
#include "format/tree.h"
#include "ops/index_attributes.h"
#include "ops/tree_attributes.h"

namespace store {
namespace {

/// The directories from the root down to where the walk is, each with its tree and its attributes in the making.
class OpenDirectories {
 public:
  OpenDirectories(ObjectWriter& writer, AttributesWriter* attributes) : writer_(writer), attributes_(attributes) {}

  void enter(const IndexEntry& directory) {
    const auto put = [this](ObjectType type) {
      return [this, type](const NodeBuilder::Built& built) { writer_.put({type, built.id}, built.bytes); };
    };
    stack_.push_back({directory, TreeBuilder(put(ObjectType::tree)),
                      NodeBuilder(ObjectType::attributes, put(ObjectType::attributes))});
  }

  /// Finishes directories until the innermost one holds `path`.
  void leave_until_within(std::string_view path) {
    while (stack_.size() > 1 && !is_within(path, stack_.back().entry.path)) leave();
  }

  void add(const IndexEntry& entry) {
    Directory& into = stack_.back();
    const std::string name(base_name(entry.path));
    into.builder.add({entry.kind, entry.mode, entry.size, name, entry.id});
    if (attributes_ != nullptr) into.attributes.add(attributes_->entry(entry), 0, name);
  }

  /// The root's entry with its ids, and all directories that were built, in path order.
  std::pair<IndexEntry, std::vector<IndexEntry>> finish() {
    while (stack_.size() > 1) leave();
    close_innermost();
    std::sort(built_.begin(), built_.end(),
              [](const IndexEntry& a, const IndexEntry& b) { return PathLess()(a.path, b.path); });
    return {stack_.back().entry, std::move(built_)};
  }

 private:
  struct Directory {
    IndexEntry entry;
    TreeBuilder builder;
    NodeBuilder attributes;
  };

  void close_innermost() {
    Directory& directory = stack_.back();
    const NodeBuilder::Root root = directory.builder.finish();
    directory.entry.id = root.id;
    directory.entry.size = root.bytes;
    directory.entry.attributes = attributes_ != nullptr ? directory.attributes.finish().id : ObjectId();
    if (directory.entry.path.empty() && attributes_ != nullptr) attributes_->sign(directory.entry);
    built_.push_back(directory.entry);
  }

  void leave() {
    close_innermost();
    const IndexEntry entry = std::move(stack_.back().entry);
    stack_.pop_back();
    add(entry);
  }

  ObjectWriter& writer_;
  AttributesWriter* attributes_;
  std::vector<Directory> stack_;
  std::vector<IndexEntry> built_;
};

/// Walks the index and builds what is not known.
std::pair<IndexEntry, std::vector<IndexEntry>> build(const Index& index, const IndexEntry& root, ObjectWriter& writer,
                                                     AttributesWriter* attributes) {
  const auto is_known = [&](const IndexEntry& directory) {
    return !directory.id.is_zero() && (attributes == nullptr || attributes->knows(directory));
  };
  if (is_known(root)) return {root, {}};
  Index::Cursor at = index.seek("");
  if (!at.at_end() && at.entry().path.empty()) at.next();
  OpenDirectories open(writer, attributes);
  open.enter(root);
  while (!at.at_end()) {
    const IndexEntry& entry = at.entry();
    open.leave_until_within(entry.path);
    if (entry.kind != EntryKind::directory) {
      open.add(entry);
    } else if (!is_known(entry)) {
      open.enter(entry);
    } else {
      open.add(entry);
      at.next_sibling();
      continue;
    }
    at.next();
  }
  return open.finish();
}

}  // namespace

IndexTree write_index_tree(const Index& index, ObjectWriter& writer, const AttributesPolicy& policy) {
  const IndexEntry root = index.find("").value_or(root_index_entry());
  IndexTree tree;
  std::optional<AttributesWriter> attributes;
  if (policy.selection.any()) attributes.emplace(writer, policy, root, tree.incomplete);
  auto [built_root, built] = build(index, root, writer, attributes ? &*attributes : nullptr);
  tree.id = built_root.id;
  tree.built = std::move(built);
  if (attributes) tree.attributes = attributes->write_root(built_root);
  return tree;
}

void record_trees(Index& index, const IndexTree& tree, bool sync) {
  Index::Batch batch = index.begin();
  for (const IndexEntry& directory : tree.built) batch.put(directory);
  batch.commit(sync);
}

IndexSummary index_summary(const Index& index) {
  IndexSummary summary;
  IngestTotals& totals = summary.totals;
  std::string empty_so_far;  // the last directory
  for (Index::Cursor at = index.seek(""); !at.at_end(); at.next()) {
    const IndexEntry& entry = at.entry();
    if (entry.path.empty()) continue;
    ++summary.contents;
    if (!empty_so_far.empty() && is_within(entry.path, empty_so_far)) --summary.contents;
    if (entry.kind == EntryKind::directory) empty_so_far = entry.path;
    else empty_so_far.clear();
    summary.any_linked = summary.any_linked || is_linked(entry.metadata);
    totals.directories += entry.kind == EntryKind::directory;
    totals.symlinks += entry.kind == EntryKind::symlink;
    if (!is_regular(entry.kind)) continue;
    ++totals.files;
    totals.bytes += entry.size;
    totals.chunks += entry.chunks;
  }
  return summary;
}

}  // namespace store
