// Random valid records, for properties.
#pragma once

#include <algorithm>
#include <set>

#include "fuzz/format_codecs.h"
#include "hash/sha256.h"
#include "support/random_bytes.h"

namespace store::testing {

using Random = SplitMix64;

inline ObjectId any_id(Random& random) { return sha256(random_bytes(8, random.next())); }
inline bool any_bool(Random& random) { return random.next() % 2 == 0; }

/// Any bytes but NUL and '/', so that most are not UTF-8.
inline std::string any_name(Random& random, std::size_t limit = 40) {
  std::string name;
  for (std::size_t left = random.between(1, limit); left > 0; --left) {
    char c = static_cast<char>(random.between(1, 255));
    name += c == '/' ? 'x' : c;
  }
  return name == "." || name == ".." ? "dots" : name;
}
inline std::string any_text(Random& random, std::size_t limit = 40) {
  std::string text;
  for (std::size_t left = random.between(0, limit); left > 0; --left) text += static_cast<char>(random.between(0, 255));
  return text;
}
inline std::set<std::string> any_names(Random& random, std::size_t count) {
  std::set<std::string> names;
  while (names.size() < count) names.insert(any_name(random));
  return names;
}

inline TreeEntry any_tree_entry(Random& random, std::string name) {
  TreeEntry entry{.kind = static_cast<EntryKind>(random.between(1, 7)),
                  .mode = static_cast<std::uint16_t>(random.between(0, 07777)),
                  .size = random.between(1, k_max_object_size),
                  .name = std::move(name),
                  .id = any_id(random)};
  if (entry.kind == EntryKind::symlink) entry.mode = 0777;
  if (entry.kind == EntryKind::large_file) entry.size = random.between(1, k_max_content_bytes);
  if (entry.kind == EntryKind::fifo) entry.size = 0;
  if (entry.kind >= EntryKind::fifo) entry.id = {};
  if (entry.kind == EntryKind::file && random.next() % 4 == 0) {
    entry.size = 0;
    entry.id = k_empty_chunk_id;
  }
  return entry;
}

inline RecipeEntry any_recipe_entry(Random& random, bool zeros) {
  if (zeros) return {.kind = RecipeKind::zeros, .length = random.between(1, 1ULL << 40), .id = {}};
  return {.kind = RecipeKind::chunk, .length = random.between(1, k_chunk_limit), .id = any_id(random)};
}

inline MergeRecord any_merge_record(Random& random) {
  MergeRecord record{.ours = any_id(random), .theirs = any_id(random), .label = any_text(random), .message = any_text(random),
                     .conflicts = {}};
  for (std::size_t left = random.between(0, 5); left > 0; --left)
    record.conflicts.push_back({any_name(random), static_cast<MergeConflict>(random.between(1, 5)),
                                any_bool(random) ? any_name(random) : "", any_bool(random)});
  return record;
}

inline Xattr any_xattr(Random& random, std::string name) {
  Xattr xattr{.name = std::move(name), .value = {}, .chunk = {}, .length = 0};
  if (any_bool(random)) {
    xattr.chunk = any_id(random);
    xattr.length = static_cast<std::uint32_t>(random.between(1, 65536));
  } else {
    xattr.value = random_bytes(random.between(0, k_max_inline_xattr), random.next());
    xattr.length = static_cast<std::uint32_t>(xattr.value.size());
  }
  return xattr;
}

inline Attributes any_attributes(Random& random) {
  Attributes attributes;
  attributes.sparse = any_bool(random);
  if (any_bool(random))
    attributes.mtime = {.seconds = static_cast<std::int64_t>(random.next()),
                        .nanoseconds = static_cast<std::uint32_t>(random.between(0, 999'999'999))};
  if (any_bool(random))
    attributes.owner = {.uid = static_cast<std::uint32_t>(random.next()),
                        .gid = static_cast<std::uint32_t>(random.next()),
                        .user = any_text(random),
                        .group = any_text(random)};
  if (any_bool(random)) attributes.link = any_name(random) + "/" + any_name(random);
  if (any_bool(random))
    for (const std::string& name : any_names(random, random.between(1, 5)))
      attributes.xattrs.push_back(any_xattr(random, name));
  if (any_bool(random)) attributes.directory = any_id(random);
  if (attributes.directory && any_bool(random)) attributes.mode = static_cast<std::uint16_t>(random.between(0, 07777));
  return attributes;
}

inline Commit any_commit(Random& random) {
  Commit commit;
  commit.tree = any_id(random);
  if (any_bool(random)) commit.attributes = any_id(random);
  for (std::size_t left = random.between(0, 3); left > 0; --left) commit.parents.push_back(any_id(random));
  commit.author = {.name = any_text(random), .email = any_text(random)};
  commit.time = {.seconds = static_cast<std::int64_t>(random.next()) >> random.between(0, 60),
                 .zone_minutes = static_cast<int>(random.between(0, 2878)) - 1439};
  for (std::size_t left = random.between(0, 3); left > 0; --left)
    commit.meta["key." + std::to_string(random.between(0, 9))] = any_text(random);
  commit.message = any_text(random, 200);
  return commit;
}

inline BlockHeader any_block_header(Random& random) {
  BlockHeader header;
  header.codec = any_bool(random) ? Codec::zstd : Codec::raw;
  for (std::size_t left = random.between(1, 20); left > 0; --left) {
    header.objects.push_back({static_cast<ObjectType>(random.between(1, 5)),
                              static_cast<std::uint32_t>(random.between(1, 100'000))});
    header.raw_length += header.objects.back().length;
  }
  header.stored_length = header.codec == Codec::raw ? header.raw_length : header.raw_length / 2 + 1;
  if (header.codec == Codec::zstd)
    for (std::size_t left = random.between(0, k_max_bases); left > 0; --left) header.bases.push_back(any_id(random));
  header.payload_checksum = random.next();
  return header;
}

inline ObjectKey any_key(Random& random) {
  return {static_cast<ObjectType>(random.between(1, 5)), any_id(random)};
}

inline Footer any_footer(Random& random, std::size_t objects) {
  Footer footer;
  std::uint64_t offset = k_pack_header_size;
  for (std::size_t i = 0; i < objects / 8 + 1; ++i, offset += random.between(1, k_data_block_size))
    footer.block_offsets.push_back(offset);
  for (std::size_t i = 0; i < objects; ++i)
    footer.entries.push_back({.key = any_key(random),
                              .flags = static_cast<std::uint8_t>(random.between(0, 1)),
                              .block = static_cast<std::uint32_t>(i / 8),
                              .ordinal = static_cast<std::uint32_t>(i % 8)});
  const auto less = [](const FooterEntry& a, const FooterEntry& b) { return key_less(a.key, b.key); };
  std::sort(footer.entries.begin(), footer.entries.end(), less);
  return footer;
}

inline std::vector<CatalogPack> any_packs(Random& random) {
  std::vector<CatalogPack> packs(random.between(0, 4));
  for (CatalogPack& pack : packs)
    pack = {.id = any_id(random),
            .size = random.next(),
            .objects = static_cast<std::uint32_t>(random.next()),
            .flags = static_cast<std::uint8_t>(random.between(0, 3))};
  return packs;
}
inline std::vector<ObjectId> any_ids(Random& random) {
  std::vector<ObjectId> ids(random.between(0, 4));
  for (ObjectId& id : ids) id = any_id(random);
  return ids;
}
inline CatalogRecord any_catalog_record(Random& random) {
  switch (random.between(0, 2)) {
    case 0: return AddPacks{any_packs(random)};
    case 1: return ReplacePacks{any_ids(random), any_packs(random)};
    default: break;
  }
  Layer layer{.kind = any_bool(random) ? LayerKind::full : LayerKind::delta,
              .packs = any_ids(random),
              .objects = random.next(),
              .chunks = random.next(),
              .raw_bytes = random.next(),
              .stored_bytes = random.next(),
              .time = static_cast<std::int64_t>(random.next()),
              .commit = {}};
  if (any_bool(random)) layer.commit = any_id(random);
  return layer;
}

inline RefValue any_ref_value(Random& random) {
  if (any_bool(random)) return {.id = any_id(random), .branch = {}};
  return {.id = {}, .branch = "refs/heads/" + any_name(random)};
}

inline OplogRecord any_oplog_record(Random& random) {
  OplogRecord record;
  record.changes.resize(random.between(0, 3));
  for (RefChange& change : record.changes) {
    change.name = any_name(random);
    if (any_bool(random)) change.old_value = any_ref_value(random);
    if (any_bool(random)) change.new_value = any_ref_value(random);
  }
  if (any_bool(random)) record.index_before = any_id(random);
  if (any_bool(random)) record.index_after = any_id(random);
  if (any_bool(random)) record.discarded = any_id(random);
  if (record.discarded && any_bool(random)) record.discarded_attributes = any_id(random);
  if (any_bool(random)) record.brought_back = any_id(random);
  record.command = any_text(random);
  record.time = {.seconds = static_cast<std::int64_t>(random.next()),
                 .zone_minutes = static_cast<int>(random.between(0, 2878)) - 1439};
  return record;
}

inline StatKey any_stat(Random& random) {
  return {.size = random.next(),
          .mtime_ns = static_cast<std::int64_t>(random.next()),
          .ctime_ns = static_cast<std::int64_t>(random.next()),
          .inode = random.next(),
          .device = random.next()};
}

inline IndexMetadata any_index_metadata(Random& random) {
  IndexMetadata metadata;
  metadata.captured = {.times = any_bool(random),
                       .owners = any_bool(random),
                       .xattrs = any_bool(random),
                       .acls = any_bool(random),
                       .hardlinks = any_bool(random)};
  metadata.stale = any_bool(random);
  metadata.linked = any_bool(random);
  if (any_bool(random))
    metadata.unapplied = Unapplied{.owner = any_bool(random),
                                   .xattrs = any_bool(random),
                                   .acls = any_bool(random),
                                   .mode = any_bool(random),
                                   .link = true,
                                   .uid = static_cast<std::uint32_t>(random.next()),
                                   .gid = static_cast<std::uint32_t>(random.next()),
                                   .mode_found = static_cast<std::uint16_t>(random.between(0, 07777))};
  if (any_bool(random)) metadata.policy = random.next();
  metadata.attributes = any_attributes(random);
  metadata.attributes.directory.reset();
  metadata.attributes.mode.reset();
  return metadata;
}

inline IndexEntry any_index_entry(Random& random, std::string path) {
  IndexEntry entry;
  entry.path = std::move(path);
  entry.kind = static_cast<EntryKind>(random.between(1, 7));
  entry.mode = static_cast<std::uint16_t>(random.between(0, 07777));
  entry.size = random.next();
  entry.chunks = random.next();
  if (any_bool(random)) entry.id = any_id(random);
  if (any_bool(random)) entry.attributes = any_id(random);
  if (any_bool(random)) entry.stat = any_stat(random);
  if (any_bool(random)) entry.metadata = encode_index_metadata(any_index_metadata(random));
  entry.racy = any_bool(random);
  entry.streamed = any_bool(random);
  entry.size_class = static_cast<std::uint8_t>(random.between(0, 4));
  return entry;
}
inline std::string any_path(Random& random) {
  std::string path = any_name(random, 3);
  for (std::size_t left = random.between(0, 4); left > 0; --left) path += "/" + any_name(random, 3);
  return path;
}

inline JournalRecord any_journal_record(Random& random) {
  switch (random.between(0, 5)) {
    case 0: return JournalFile{any_index_entry(random, any_path(random))};
    case 1: {
      JournalNode node{.path = any_text(random), .stat = any_stat(random), .parameters = {}, .id = any_id(random)};
      node.parameters = {.min = 64, .max = static_cast<std::uint32_t>(random.next()), .threshold = random.next()};
      node.offset = random.next();
      node.count = random.next();
      node.bytes = random.next();
      return node;
    }
    case 2: return JournalTarget{any_id(random), any_text(random), any_text(random)};
    case 3: return JournalWritten{any_path(random), any_id(random)};
    case 4: {
      JournalDiscarded discarded{any_id(random), {}, {}, {}};
      if (any_bool(random)) discarded.attributes = any_id(random);
      if (any_bool(random)) discarded.wrote = any_id(random);
      if (any_bool(random)) discarded.index_before = any_id(random);
      return discarded;
    }
    default: return JournalRewrite{any_path(random), any_id(random), any_id(random)};
  }
}

}  // namespace store::testing
