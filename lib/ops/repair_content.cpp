#include <fcntl.h>

#include <algorithm>

#include "base/error.h"
#include "base/path.h"
#include "hash/sha256.h"
#include "ops/check_ignore.h"
#include "ops/index_tree.h"
#include "ops/metadata.h"
#include "ops/repair_parts.h"
#include "ops/size_classes.h"
#include "ops/staging.h"
#include "ops/tree_reader.h"
#include "pipeline/content_id.h"
#include "worktree/source.h"

namespace store {
namespace {

/// Reads files for what is missing. What a file was cut into is told twice: by its recipe, if it is tracked and that can be read, and
/// by cutting it anew, which also finds content at another place or of another path. Whatever is stored was hashed as it was read.
class ContentSearch {
 public:
  ContentSearch(const RepairSite& site, const Index& index, const ObjectSet& missing, ObjectWriter& writer)
      : workspace_(site.workspace), index_(index), classes_(site.workspace.settings()), missing_(missing), writer_(writer) {
    for (const ObjectKey& key : missing)
      if (key.type == ObjectType::chunk || key.type == ObjectType::recipe) ++wanted_;
  }

  bool found_all() const { return wanted_ == 0; }
  std::uint64_t stored() const { return stored_; }

  void look_at(const std::string& path) {
    workspace_.check_cancelled();
    try {
      const std::optional<ScanEntry> found = scan_one(workspace_.worktree_fd(), path);
      if (!found || found->socket) return;
      if (found->kind == EntryKind::symlink) put_link(path);
      else if (found->kind == EntryKind::file && found->stat.size != 0) look_into(*found);
    } catch (const Error& error) {
      // It cannot be read, or changes meanwhile: then it has nothing for us.
      if (error.errno_value() == 0 && error.kind() != ErrorKind::system) throw;
    }
  }

 private:
  bool is_missing(const ObjectKey& key) const { return missing_.contains(key); }

  void put(const ObjectKey& key, ByteView bytes) {
    if (!writer_.put(key, bytes)) return;
    ++stored_;
    if (is_missing(key)) --wanted_;
  }

  void put_link(const std::string& path) {
    const std::string target = symlink_target(workspace_.worktree_fd(), path);
    const ObjectKey key{ObjectType::chunk, sha256(as_bytes(target))};
    if (is_missing(key)) put(key, as_bytes(target));
  }

  void look_into(const ScanEntry& found) {
    const std::optional<IndexEntry> tracked = index_.find(found.path);
    if (tracked && tracked->kind == EntryKind::large_file) take_as_recorded(found.path, tracked->id);
    const ContentProfile profile = classes_.profile_of(tracked ? &*tracked : nullptr, found.stat.size);
    FileRecipe file(workspace_.worktree_fd(), found.path, profile.chunking, profile.inline_threshold);
    bool any = false;
    const ObjectKey whole = file.is_inline() ? drain_small(file, any) : drain_large(file, any, {});
    if (!any && !is_missing(whole)) return;
    take_anew(found.path, profile, is_missing(whole));
  }

  ObjectKey drain_small(FileRecipe& file, bool& any) const {
    const std::optional<RecipeEntry> chunk = file.next();
    const ObjectKey key{ObjectType::chunk, chunk ? chunk->id : sha256(ByteView())};
    any = is_missing(key);
    return key;
  }

  /// Reads to the end; `sink` gets the recipe's nodes. Returns the recipe.
  ObjectKey drain_large(FileRecipe& file, bool& any, const NodeBuilder::Sink& sink) const {
    RecipeBuilder recipe(sink ? sink : [](const NodeBuilder::Built&) {});
    while (const std::optional<RecipeEntry> entry = file.next()) {
      workspace_.check_cancelled();
      any = any || (entry->kind == RecipeKind::chunk && is_missing({ObjectType::chunk, entry->id}));
      if (entry->kind == RecipeKind::zeros) recipe.add_zeros(entry->length);
      else recipe.add_chunk(entry->id, entry->length);
    }
    return {ObjectType::recipe, recipe.finish().id};
  }

  SourceFile open(const std::string& path) const {
    const int directory = open_beneath(workspace_.worktree_fd(), std::string(parent_path(path)), O_PATH | O_DIRECTORY);
    if (directory < 0) throw_errno(-directory, "open", path);
    const UniqueFd owner(directory);
    return open_source(directory, std::string(base_name(path)), path);
  }

  /// Stores a stretch of a file if it still is what its id says.
  void put_stretch(const SourceFile& file, const std::string& path, std::uint64_t offset, const RecipeEntry& stretch) {
    Bytes bytes(static_cast<std::size_t>(std::min<std::uint64_t>(stretch.length, k_max_object_size)));
    bytes.resize(pread_full(file.fd.get(), bytes, offset, path));
    if (sha256(bytes) == stretch.id) put({ObjectType::chunk, stretch.id}, bytes);
  }

  void take_as_recorded(const std::string& path, const ObjectId& recipe) {
    try {
      const SourceFile file = open(path);
      for (RecipeCursor at(workspace_.objects(), recipe); !at.at_end(); at.next()) {
        workspace_.check_cancelled();
        if (at.entry().kind == RecipeKind::chunk && is_missing({ObjectType::chunk, at.entry().id}))
          put_stretch(file, path, at.offset(), at.entry());
      }
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;  // the rest of the recipe is missing itself
    }
  }

  /// `everything`: the file is what a recipe that is missing was about, and nobody can say which of its chunks are missing.
  void take_anew(const std::string& path, const ContentProfile& profile, bool everything) {
    const SourceFile file = open(path);
    FileRecipe pieces(workspace_.worktree_fd(), path, profile.chunking, profile.inline_threshold);
    std::uint64_t offset = 0;
    while (const std::optional<RecipeEntry> piece = pieces.next()) {
      workspace_.check_cancelled();
      if (piece->kind == RecipeKind::chunk && (everything || is_missing({ObjectType::chunk, piece->id})))
        put_stretch(file, path, offset, *piece);
      offset += piece->length;
    }
    if (!everything || pieces.is_inline()) return;
    FileRecipe again(workspace_.worktree_fd(), path, profile.chunking, profile.inline_threshold);
    bool any = false;
    drain_large(again, any, [this](const NodeBuilder::Built& node) { put({ObjectType::recipe, node.id}, node.bytes); });
  }

  const Workspace& workspace_;
  const Index& index_;
  const SizeClasses classes_;
  const ObjectSet& missing_;
  ObjectWriter& writer_;
  std::uint64_t wanted_ = 0;
  std::uint64_t stored_ = 0;
};

void search_everywhere(const Workspace& workspace, ContentSearch& search, const std::vector<std::string>& paths) {
  for (const std::string& path : paths)
    if (!search.found_all()) search.look_at(path);
  if (search.found_all()) return;
  ScanOptions options;
  options.threads = workspace.threads();
  Scanner scanner(workspace.worktree_fd(), "", std::move(options));
  while (!search.found_all()) {
    const std::optional<ScanEntry> found = scanner.next();
    if (!found) return;
    search.look_at(found->path);
  }
}

/// The trees of the index with their attributes are those of a commit as long as nobody staged anything since.
void write_trees_of_index(const Workspace& workspace, Index& index, ObjectWriter& writer) {
  Index::Batch batch = index.begin();
  for (Index::Cursor at = index.seek(""); !at.at_end(); at.next()) {
    IndexEntry entry = at.entry();
    if (entry.kind != EntryKind::directory || entry.id.is_zero()) continue;
    entry.id = entry.attributes = {};
    batch.put(entry);
  }
  batch.commit(true);
  write_index_tree(index, writer, attributes_policy(workspace));
}

bool is_of_a_tree(const ObjectKey& key) { return key.type == ObjectType::tree || key.type == ObjectType::attributes; }

}  // namespace

std::uint64_t take_from_worktree(RepairSite& site, const ObjectSet& missing, const std::vector<std::string>& paths) {
  Workspace& workspace = site.workspace;
  if (missing.empty() || !workspace.has_worktree()) return 0;
  Publisher publisher(workspace.repository(), workspace.objects(), site.session, workspace.lock_wait(), true);
  ObjectWriter writer(workspace.objects(), publisher, compression_options(workspace.settings()));
  Index index(workspace.repository().fs(), workspace.repository().fd());
  ContentSearch search(site, index, missing, writer);
  search_everywhere(workspace, search, paths);
  if (std::ranges::any_of(missing, is_of_a_tree)) write_trees_of_index(workspace, index, writer);
  writer.flush();
  const std::uint64_t stored = publisher.finish(std::nullopt).objects;
  if (stored != 0) workspace.objects().refresh();
  return stored;
}

}  // namespace store
