#include "ops/merge_tree.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "base/path.h"
#include "ops/walk_limit.h"

namespace store {
namespace {

constexpr std::size_t k_max_name = 255;
constexpr std::size_t k_max_label = 100;
/// Deeper down, nodes are let go of while something below is merged.
constexpr std::size_t k_resident_levels = 32;

/// '/' cannot stand in a name.
std::string flat(std::string label) {
  std::replace(label.begin(), label.end(), '/', '_');
  return label.substr(0, k_max_label);
}

/// The directories of one place; null is none.
struct Places {
  const ObjectId* base = nullptr;
  const ObjectId* ours = nullptr;
  const ObjectId* theirs = nullptr;
};

const ObjectId* directory_of(const TreeEntry* entry) {
  return entry != nullptr && entry->kind == EntryKind::directory ? &entry->id : nullptr;
}

/// The three entries of one name, or what is left of them.
struct Entries {
  const TreeEntry* base = nullptr;
  const TreeEntry* ours = nullptr;
  const TreeEntry* theirs = nullptr;
};

/// Three directories side by side, name by name.
class SideBySide {
 public:
  SideBySide(const ObjectReader& objects, const Places& places)
      : base_(cursor(objects, places.base)), ours_(cursor(objects, places.ours)), theirs_(cursor(objects, places.theirs)) {}

  /// The first name that is left, with its entries; nothing at the end.
  std::optional<std::string> name() const {
    const std::string* first = nullptr;
    for (const auto* side : {&base_, &ours_, &theirs_})
      if (*side && !(*side)->at_end() && (first == nullptr || (*side)->entry().name < *first))
        first = &(*side)->entry().name;
    return first != nullptr ? std::optional(*first) : std::nullopt;
  }
  Entries entries(const std::string& name) const {
    return {at(base_, name), at(ours_, name), at(theirs_, name)};
  }
  void next(const std::string& name) {
    for (auto* side : {&base_, &ours_, &theirs_})
      if (at(*side, name) != nullptr) (*side)->next();
  }
  /// Entries of the largest.
  std::uint64_t count() const {
    std::uint64_t count = 0;
    for (const auto* side : {&base_, &ours_, &theirs_})
      if (*side) count = std::max(count, (*side)->count());
    return count;
  }
  /// Lets go of nodes while something below is looked at.
  void suspend() {
    for (auto* side : {&base_, &ours_, &theirs_})
      if (*side) (*side)->suspend();
  }

 private:
  static std::optional<TreeCursor> cursor(const ObjectReader& objects, const ObjectId* tree) {
    return tree != nullptr ? std::optional<TreeCursor>(std::in_place, objects, *tree) : std::nullopt;
  }
  static const TreeEntry* at(const std::optional<TreeCursor>& side, const std::string& name) {
    return side && !side->at_end() && side->entry().name == name ? &side->entry() : nullptr;
  }
  std::optional<TreeCursor> base_, ours_, theirs_;
};

std::vector<ObjectId> roots_of(const MergeInputs& inputs) {
  std::vector<ObjectId> roots{inputs.theirs};
  if (inputs.base) roots.push_back(*inputs.base);
  if (inputs.ours) roots.push_back(*inputs.ours);
  return roots;
}

class Merger {
 public:
  Merger(const ObjectReader& objects, ObjectWriter* writer, const MergeInputs& inputs)
      : objects_(objects), writer_(writer), inputs_(inputs), limit_(objects, roots_of(inputs)) {}

  TreeMerge run() {
    TreeMerge merge;
    merge.tree = directory({}, {inputs_.base ? &*inputs_.base : nullptr, inputs_.ours ? &*inputs_.ours : nullptr,
                                &inputs_.theirs}, 0).id;
    std::sort(conflicts_.begin(), conflicts_.end(),
              [](const ConflictRecord& a, const ConflictRecord& b) { return compare_paths(a.path, b.path) < 0; });
    merge.conflicts = std::move(conflicts_);
    return merge;
  }

 private:
  /// One directory of the result in the making. Files that made room for a directory come in where their names belong.
  class Result {
   public:
    explicit Result(ObjectWriter* writer)
        : builder_([writer](const NodeBuilder::Built& built) {
            if (writer != nullptr) writer->put({ObjectType::tree, built.id}, built.bytes);
          }) {}
    void add(const TreeEntry& entry) {
      add_until(&entry.name);
      builder_.add(entry);
    }
    void add_later(TreeEntry entry) { later_.emplace(entry.name, std::move(entry)); }
    bool will_have(const std::string& name) const { return later_.contains(name); }
    NodeBuilder::Root finish() {
      add_until(nullptr);
      return builder_.finish();
    }

   private:
    void add_until(const std::string* name) {
      while (!later_.empty() && (name == nullptr || later_.begin()->first < *name)) {
        builder_.add(later_.begin()->second);
        later_.erase(later_.begin());
      }
    }
    TreeBuilder builder_;
    std::map<std::string, TreeEntry> later_;
  };

  NodeBuilder::Root directory(const std::string& path, const Places& places, std::size_t depth) {
    SideBySide sides(objects_, places);
    limit_.enter(path, sides.count());
    Result result(writer_);
    while (const std::optional<std::string> name = sides.name()) {
      limit_.step();
      if (inputs_.on_step) inputs_.on_step();
      // Copies: below a directory the cursors let go of their nodes.
      const Entries at = sides.entries(*name);
      const std::optional<TreeEntry> base = copy(at.base), ours = copy(at.ours), theirs = copy(at.theirs);
      sides.next(*name);
      const Entries entries{get(base), get(ours), get(theirs)};
      const MergeDecision decision = decide_merge(entries.base, entries.ours, entries.theirs);
      if (decision.take >= MergeTake::directories && depth >= k_resident_levels) sides.suspend();
      put(join_path(path, *name), entries, decision, places, depth, result);
    }
    limit_.leave();
    return result.finish();
  }

  static std::optional<TreeEntry> copy(const TreeEntry* entry) {
    return entry != nullptr ? std::optional(*entry) : std::nullopt;
  }
  static const TreeEntry* get(const std::optional<TreeEntry>& entry) { return entry ? &*entry : nullptr; }

  void put(const std::string& path, const Entries& at, const MergeDecision& decision, const Places& places,
           std::size_t depth, Result& result) {
    switch (decision.take) {
      case MergeTake::ours:
        if (at.ours != nullptr) result.add(*at.ours);
        break;
      case MergeTake::theirs:
        if (at.theirs != nullptr) result.add(*at.theirs);
        break;
      case MergeTake::our_content_their_mode: result.add(with_mode(*at.ours, at.theirs->mode)); break;
      case MergeTake::their_content_our_mode: result.add(with_mode(*at.theirs, at.ours->mode)); break;
      case MergeTake::directories: put_directories(path, at, depth, result); return;
      case MergeTake::our_directory:
        put_beside(path, *at.ours, *at.theirs, {directory_of(at.base), &at.ours->id, nullptr}, inputs_.their_label,
                   places, depth, result);
        return;
      case MergeTake::their_directory:
        put_beside(path, *at.theirs, *at.ours, {directory_of(at.base), nullptr, &at.theirs->id}, inputs_.our_label,
                   places, depth, result);
        return;
    }
    if (decision.conflict != MergeConflict::none) note(path, at, decision.conflict, places, result);
  }

  static TreeEntry with_mode(TreeEntry entry, std::uint16_t mode) {
    entry.mode = mode;
    return entry;
  }

  void put_directories(const std::string& path, const Entries& at, std::size_t depth, Result& result) {
    const NodeBuilder::Root root =
        directory(path, {directory_of(at.base), directory_of(at.ours), directory_of(at.theirs)}, depth + 1);
    const bool on_both_sides = at.ours != nullptr && at.theirs != nullptr;
    if (root.count == 0 && !on_both_sides) return;  // one side removed it, and nothing keeps it
    TreeEntry entry = at.ours != nullptr ? *at.ours : *at.theirs;
    if (on_both_sides) entry.mode = merged_mode(at.base, *at.ours, *at.theirs);
    entry.id = root.id;
    entry.size = root.bytes;
    result.add(entry);
  }

  /// A directory where the other side has a file: the file makes room, unless nothing is left in the directory.
  void put_beside(const std::string& path, TreeEntry directory_entry, TreeEntry file, const Places& merged,
                  const std::string& label, const Places& places, std::size_t depth, Result& result) {
    if (merged.base != nullptr) {
      const NodeBuilder::Root root = directory(path, merged, depth + 1);
      if (root.count == 0) return result.add(file);
      directory_entry.id = root.id;
      directory_entry.size = root.bytes;
    }
    result.add(directory_entry);
    const std::string beside = free_path(path, file, label, places, result);
    file.name = base_name(beside);
    result.add_later(std::move(file));
    conflicts_.push_back({path, MergeConflict::file_directory, beside, false});
  }

  void note(const std::string& path, const Entries& at, MergeConflict conflict, const Places& places,
            const Result& result) {
    ConflictRecord record{path, conflict, {}, false};
    if (conflict == MergeConflict::both_modified || conflict == MergeConflict::both_added)
      record.beside = free_path(path, *at.theirs, inputs_.their_label, places, result);
    conflicts_.push_back(std::move(record));
  }

  /// PATH~LABEL, or with _0, _1 … behind it.
  std::string free_path(const std::string& path, const TreeEntry& entry, const std::string& label,
                        const Places& places, const Result& result) {
    const std::string ending = "~" + flat(label);
    for (std::uint64_t number = 0;; ++number) {
      const std::string suffix = number == 0 ? ending : ending + "_" + std::to_string(number - 1);
      const std::string name = std::string(base_name(path)).substr(0, k_max_name - suffix.size()) + suffix;
      std::string candidate = join_path(std::string(parent_path(path)), name);
      const auto has = [&](const ObjectId* tree) { return tree != nullptr && find_entry(objects_, *tree, name); };
      if (result.will_have(name) || has(places.ours) || has(places.theirs)) continue;
      if (besides_.contains(candidate)) continue;
      if (inputs_.is_free && !inputs_.is_free(candidate, entry)) continue;
      besides_.insert(candidate);
      return candidate;
    }
  }

  const ObjectReader& objects_;
  ObjectWriter* writer_;
  const MergeInputs& inputs_;
  WalkLimit limit_;
  std::vector<ConflictRecord> conflicts_;
  std::set<std::string> besides_;
};

}  // namespace

TreeMerge merge_trees(const ObjectReader& objects, ObjectWriter* writer, const MergeInputs& inputs) {
  return Merger(objects, writer, inputs).run();
}

}  // namespace store
