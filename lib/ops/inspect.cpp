#include "ops/inspect.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "ops/pack_blocks.h"
#include "ops/revision.h"
#include "repo/stored_node.h"

namespace store {
namespace {

constexpr std::size_t k_candidates = 20;
constexpr std::size_t k_shortest_prefix = 4;

bool is_hex_prefix(std::string_view text) {
  return text.size() >= k_shortest_prefix && text.size() <= 64 &&
         text.find_first_not_of("0123456789abcdef") == text.npos;
}

std::optional<ObjectType> type_of(std::string_view name) {
  for (const ObjectType type : {ObjectType::chunk, ObjectType::recipe, ObjectType::tree, ObjectType::attributes, ObjectType::commit})
    if (name_of(type) == name) return type;
  return {};
}

class Inspector {
 public:
  using Head = std::function<void(const Inspected&)>;
  using Entry = std::function<void(const InspectedEntry&)>;
  Inspector(Workspace& workspace, const Head& head, const Entry& entry)
      : workspace_(workspace), objects_(workspace.objects()), head_(head), entry_(entry) {}

  void run(const std::string& what) {
    const std::size_t colon = what.find(':');
    if (colon != what.npos) {
      typed(what.substr(0, colon), what.substr(colon + 1));
    } else if (!is_hex_prefix(what) || !(try_object(what, {}) || try_pack(what))) {
      object({ObjectType::commit, resolve_revision(workspace_, what).commit}, {});
    }
  }

 private:
  void typed(const std::string& type, const std::string& rest) {
    bool found = false;
    if (type == "layer") found = try_layer(rest);
    else if (type == "pack") found = is_hex_prefix(rest) && try_pack(rest);
    else if (const auto known = type_of(type)) found = is_hex_prefix(rest) && try_object(rest, known);
    else throw Error(ErrorKind::usage, escape_name(type) + ": is no type", "chunk recipe tree attributes commit pack layer");
    if (!found) throw Error(ErrorKind::not_found, fmt::format("{}: there is no such {}", escape_name(rest), type));
  }

  bool try_object(const std::string& prefix, std::optional<ObjectType> type) {
    if (ObjectId::from_hex(prefix) == k_empty_chunk_id && type.value_or(ObjectType::chunk) == ObjectType::chunk) {
      head_({.type = "chunk", .id = k_empty_chunk_id});  // known to everybody, never stored
      return true;
    }
    const std::vector<ObjectKey> keys = objects_.find_prefix(prefix, type, k_candidates);
    if (keys.empty()) return false;
    if (keys.front().id != keys.back().id) {
      Error error(ErrorKind::ambiguous, fmt::format("{}: several objects begin with it", prefix));
      std::vector<std::string> names;
      for (const ObjectKey& key : keys) names.push_back(fmt::format("{}:{}", name_of(key.type), key.id.hex()));
      throw error.with_candidates(std::move(names));
    }
    std::vector<std::string> also;
    for (std::size_t i = 1; i < keys.size(); ++i) also.emplace_back(name_of(keys[i].type));
    object(keys.front(), std::move(also));
    return true;
  }

  void object(const ObjectKey& key, std::vector<std::string> also) {
    Inspected head{.type = std::string(name_of(key.type)), .id = key.id, .also = std::move(also)};
    if (key.type == ObjectType::chunk || key.type == ObjectType::commit) {
      const Bytes bytes = objects_.read(key);
      head.size = bytes.size();
      if (key.type == ObjectType::commit) head.text = std::string(as_text(bytes));
      begin(key, head);
      if (key.type == ObjectType::commit) commit_entries(read_commit(objects_, key.id));
    } else {
      const StoredNode node(objects_, key);
      head.size = node.stored_bytes();
      head.level = node.level();
      begin(key, head);
      node_entries(node);
    }
  }

  /// After it was read: where it lies may have become known only then.
  void begin(const ObjectKey& key, Inspected& head) {
    if (const std::optional<ObjectLocation> at = objects_.find(key)) {
      head.pack = at->pack.hex();
      head.offset = at->block_offset;
    }
    head_(head);
  }

  void commit_entries(const Commit& commit) {
    entry_({.type = "tree", .id = commit.tree});
    if (commit.attributes) entry_({.type = "attributes", .id = *commit.attributes});
    for (const ObjectId& parent : commit.parents) entry_({.type = "commit", .id = parent});
  }

  void node_entries(const StoredNode& node) {
    const ObjectType type = node.key().type;
    std::uint64_t offset = 0;
    for (std::size_t i = 0; i < node.size(); ++i) {
      if (node.level() > 0) {
        const UpperEntry upper = node.upper_entry(i);
        InspectedEntry entry{.type = std::string(name_of(type)), .id = upper.id, .size = upper.bytes};
        if (!upper.name.empty()) entry.name = upper.name;
        if (type == ObjectType::recipe) entry.offset = offset;
        entry.count = upper.count;
        offset += upper.bytes;
        entry_(entry);
      } else if (type == ObjectType::tree) {
        const TreeEntry found = node.tree_entry(i);
        InspectedEntry entry{.type = std::string(type_name(found.kind)), .size = found.content_bytes(), .name = found.name, .mode = found.mode};
        if (!found.id.is_zero()) entry.id = found.id;
        entry_(entry);
      } else if (type == ObjectType::recipe) {
        const RecipeEntry found = node.recipe_entry(i);
        InspectedEntry entry{.type = found.kind == RecipeKind::chunk ? "chunk" : "zeros", .size = found.length, .offset = offset};
        if (found.kind == RecipeKind::chunk) entry.id = found.id;
        offset += found.length;
        entry_(entry);
      } else {
        const Attributes found = node.attributes(i);
        InspectedEntry entry{.type = "entry"};
        if (found.directory) entry = {.type = "attributes", .id = *found.directory};
        if (found.mode) entry.mode = *found.mode;
        entry_(entry);
      }
    }
  }

  bool try_pack(const std::string& prefix) {
    std::vector<ObjectId> packs;
    for (const CatalogState::Pack& live : objects_.catalog()->packs)
      if (live.pack.id.hex().starts_with(prefix)) packs.push_back(live.pack.id);
    if (packs.empty()) return false;
    if (packs.size() > 1) {
      std::vector<std::string> names;
      for (std::size_t i = 0; i < packs.size() && i < k_candidates; ++i) names.push_back("pack:" + packs[i].hex());
      throw Error(ErrorKind::ambiguous, fmt::format("{}: several packs begin with it", prefix)).with_candidates(std::move(names));
    }
    const std::optional<PackFile> file = open_or_rescue_pack(workspace_.repository(), packs.front());
    if (!file) throw_corrupt(fmt::format("pack {}: missing", packs.front().hex()));
    head_({.type = "pack", .id = packs.front(), .size = file->size});
    pack_entries(*file);
    return true;
  }

  /// Objects in the order in which they lie there.
  void pack_entries(const PackFile& file) {
    const FooterView footer(file.footer, FooterView::Verify::no);
    std::vector<FooterEntry> entries;
    entries.reserve(footer.size());
    for (std::size_t i = 0; i < footer.size(); ++i) entries.push_back(footer.entry(i));
    std::ranges::sort(entries, [](const FooterEntry& a, const FooterEntry& b) {
      return std::pair(a.block, a.ordinal) < std::pair(b.block, b.ordinal);
    });
    std::optional<PackBlock> block;
    for (const FooterEntry& entry : entries) {
      if (!block || block->index != entry.block) block = read_pack_block(file, footer, entry.block);
      if (entry.ordinal >= block->header.objects.size())
        throw_corrupt(fmt::format("pack {}: footer names an object that its block does not have", file.id.short_hex()));
      entry_({.type = std::string(name_of(entry.key.type)),
              .id = entry.key.id,
              .size = block->header.objects[entry.ordinal].length,
              .offset = block->offset});
    }
  }

  bool try_layer(const std::string& text) {
    if (text.empty() || text.size() > 9 || text.find_first_not_of("0123456789") != text.npos) return false;
    const std::size_t number = std::stoul(text);
    const CatalogHistory history = read_catalog_history(workspace_.repository());
    if (number == 0 || number > history.layers.size()) return false;
    const Layer& layer = history.layers[number - 1].layer;
    head_({.type = "layer", .size = layer.stored_bytes});
    for (const ObjectId& pack : layer.packs) {
      InspectedEntry entry{.type = "pack", .id = pack};
      for (const CatalogState::Pack& live : history.state.packs)
        if (live.pack.id == pack) {
          entry.size = live.pack.size;
          entry.count = live.pack.objects;
        }
      entry_(entry);
    }
    if (layer.commit) entry_({.type = "commit", .id = *layer.commit});
    return true;
  }

  Workspace& workspace_;
  ObjectStore& objects_;
  const Head& head_;
  const Entry& entry_;
};

}  // namespace

void inspect(Workspace& workspace, const std::string& what, const std::function<void(const Inspected&)>& head,
             const std::function<void(const InspectedEntry&)>& entry) {
  Inspector(workspace, head, entry).run(what);
}

}  // namespace store
