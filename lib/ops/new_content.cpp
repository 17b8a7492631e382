#include "ops/new_content.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ops/tree_reader.h"
#include "ops/write_access.h"

namespace store {
namespace {

constexpr std::size_t k_max_references = 1'000'000;
constexpr int k_attempts = 3;

/// The packs since the last layer of another commit, numbered, and what their layers say.
struct Recent {
  std::unordered_map<ObjectId, std::uint32_t, ObjectIdHash> packs;
  NewContent published;
};

/// The history as the object store knows the packs: others may merge between the two reads.
CatalogHistory matching_history(const Workspace& workspace) {
  CatalogHistory history;
  for (int attempt = 0; attempt < k_attempts; ++attempt) {
    workspace.objects().refresh();
    history = read_catalog_history(workspace.repository());
    if (workspace.objects().catalog()->size == history.state.size) break;
  }
  return history;
}

Recent recent_packs(const Workspace& workspace, const ObjectId& commit) {
  const CatalogHistory history = matching_history(workspace);
  std::optional<std::uint64_t> border;
  for (const auto& [layer, sequence] : history.layers)
    if (layer.commit && *layer.commit != commit) border = sequence;
  Recent recent;
  std::unordered_set<ObjectId, ObjectIdHash> in_a_layer;
  for (const auto& [layer, sequence] : history.layers) {
    if (border && sequence <= *border) continue;
    recent.published.chunks += layer.chunks;
    recent.published.bytes += layer.raw_bytes;
    recent.published.stored_bytes += layer.stored_bytes;
    in_a_layer.insert(layer.packs.begin(), layer.packs.end());
  }
  for (const CatalogState::Pack& pack : history.state.packs) {
    if (border && pack.sequence <= *border) continue;
    recent.packs.emplace(pack.pack.id, static_cast<std::uint32_t>(recent.packs.size()));
    if (in_a_layer.contains(pack.pack.id)) continue;
    // Of an interrupted add: published without a layer of its own.
    const PackContent content = pack_content(workspace.repository(), pack.pack.id);
    recent.published.chunks += content.chunks;
    recent.published.bytes += content.raw_bytes;
    recent.published.stored_bytes += pack.pack.size;
  }
  return recent;
}

/// A chunk in a recent pack: 16 bytes.
struct Place {
  std::uint32_t pack;
  std::uint32_t block_offset;
  std::uint32_t ordinal;
  std::uint32_t length;
  auto operator<=>(const Place&) const = default;
};

class Counter {
 public:
  Counter(const ObjectReader& objects, const Recent& recent) : objects_(objects), recent_(recent) {}

  void add(const TreeEntry& entry) {
    const std::optional<ObjectKey> key = object_of(entry.kind, entry.size, entry.id);
    if (!key || full()) return;
    if (key->type == ObjectType::chunk) {
      add_chunk(entry.id, entry.size);
    } else if (key->type == ObjectType::recipe) {
      for (RecipeCursor at(objects_, entry.id); !at.at_end() && !full(); at.next())
        if (at.entry().kind == RecipeKind::chunk) add_chunk(at.entry().id, at.entry().length);
    }
  }

  bool full() const { return places_.size() >= k_max_references; }

  void count_into(NewContent& content) {
    std::sort(places_.begin(), places_.end());
    places_.erase(std::unique(places_.begin(), places_.end()), places_.end());
    content.chunks = places_.size();
    content.bytes = 0;
    for (const Place& place : places_) content.bytes += place.length;
  }

 private:
  void add_chunk(const ObjectId& id, std::uint64_t length) {
    const std::optional<ObjectLocation> at = objects_.find({ObjectType::chunk, id});
    if (!at) return;
    const auto pack = recent_.packs.find(at->pack);
    if (pack == recent_.packs.end()) return;
    places_.push_back({pack->second, static_cast<std::uint32_t>(at->block_offset), at->ordinal,
                       static_cast<std::uint32_t>(length)});
  }

  const ObjectReader& objects_;
  const Recent& recent_;
  std::vector<Place> places_;
};

}  // namespace

NewContent new_content(const Workspace& workspace, const ObjectId& commit, const ObjectId& tree,
                       const std::optional<ObjectId>& parent_tree) {
  const Recent recent = recent_packs(workspace, commit);
  NewContent content = recent.published;
  Counter counter(workspace.objects(), recent);
  diff_trees(workspace.objects(), parent_tree, tree, [&](const TreeChange& change) {
    if (change.after) counter.add(*change.after);
  });
  if (!counter.full()) counter.count_into(content);
  return content;
}

}  // namespace store
