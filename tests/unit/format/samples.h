// The example records of docs/format.md, by the name of their hexdump there.
#pragma once

#include "fuzz/format_codecs.h"
#include "hash/sha256.h"

namespace store::testing {

struct Sample {
  std::string name;
  Bytes bytes;
};

/// The example ids are SHA-256 of a word.
inline ObjectId id_of(std::string_view word) { return sha256(as_bytes(word)); }

inline Node node_of(ObjectType type, std::uint8_t level, std::uint64_t count, std::uint64_t bytes,
                    const std::vector<Bytes>& entries) {
  Node node{.type = type, .level = level, .count = count, .bytes = bytes, .entries = {}};
  for (const Bytes& entry : entries) node.entries.push_back(entry);
  return node;
}

inline TreeEntry sample_tree_entry() {
  return {.kind = EntryKind::file, .mode = 0644, .size = 6, .name = "hello.txt", .id = id_of("hello\n")};
}
inline std::vector<Bytes> sample_tree_entries() {
  return {encode_tree_entry(sample_tree_entry()),
          encode_tree_entry({.kind = EntryKind::symlink, .mode = 0777, .size = 9, .name = "link",
                             .id = id_of("hello.txt")})};
}
inline std::vector<Bytes> sample_recipe_entries() {
  return {encode_recipe_entry({.kind = RecipeKind::chunk, .length = 71699, .id = id_of("chunk")}),
          encode_recipe_entry({.kind = RecipeKind::zeros, .length = 1048576, .id = {}})};
}
inline Attributes sample_attributes() {
  Attributes attributes;
  attributes.sparse = true;
  attributes.mtime = {.seconds = 1700000000, .nanoseconds = 123456789};
  attributes.owner = {.uid = 1000, .gid = 100, .user = "ada", .group = "users"};
  attributes.link = "bin/tool";
  attributes.xattrs = {{.name = "user.big", .value = {}, .chunk = id_of("big"), .length = 300},
                       {.name = "user.tag", .value = bytes_of("v1"), .chunk = {}, .length = 2}};
  return attributes;
}
inline Attributes sample_root_attributes() {
  Attributes root;
  root.mtime = {.seconds = 1700000000, .nanoseconds = 0};
  root.directory = id_of("attributes");
  root.mode = 0755;
  return root;
}
inline Commit sample_commit() {
  return {.tree = id_of("tree"),
          .attributes = id_of("attributes"),
          .parents = {id_of("parent")},
          .author = {.name = "Ada <3 Lovelace", .email = "ada@example.org"},
          .time = {.seconds = 1700000000, .zone_minutes = 120},
          .meta = {{"build", "17"}, {"note", "100%"}},
          .message = "first version\n\nWith a body."};
}
inline Footer sample_footer() {
  Footer footer;
  footer.block_offsets = {32, 200};
  footer.entries = {{.key = {ObjectType::chunk, id_of("chunk")}, .flags = 0, .block = 0, .ordinal = 0},
                    {.key = {ObjectType::tree, id_of("tree")}, .flags = 0, .block = 1, .ordinal = 0}};
  std::sort(footer.entries.begin(), footer.entries.end(),
            [](const FooterEntry& a, const FooterEntry& b) { return key_less(a.key, b.key); });
  return footer;
}
inline Bytes sample_table() {
  Bytes bytes;
  TableWriter writer({id_of("pack")}, sample_footer().entries.size(),
                     [&](ByteView piece) { bytes.insert(bytes.end(), piece.begin(), piece.end()); });
  for (const FooterEntry& entry : sample_footer().entries)
    writer.add({.key = entry.key,
                .flags = 0,
                .pack = 0,
                .block_offset = static_cast<std::uint32_t>(sample_footer().block_offsets[entry.block]),
                .ordinal = entry.ordinal});
  writer.finish();
  return bytes;
}
inline std::vector<ContentHash> sample_hashes() {
  std::vector<ContentHash> hashes = {{id_of("recipe a"), id_of("content a")}, {id_of("recipe b"), id_of("content b")}};
  std::sort(hashes.begin(), hashes.end());
  return hashes;
}
inline std::vector<KnownListing> sample_listings() {
  return {{.device = 2049, .inode = 131074, .mtime_ns = 1700000000000000000, .ctime_ns = 1700000000250000000,
           .names = sha256(as_bytes(std::string_view("a\0b.c\0", 6)))},
          {.device = 2049, .inode = 131075, .mtime_ns = -1, .ctime_ns = 1700000001000000000, .names = sha256(ByteView())}};
}
inline CatalogPack sample_pack() { return {.id = id_of("pack"), .size = 1073750000, .objects = 15000, .flags = 0}; }
inline Layer sample_layer() {
  return {.kind = LayerKind::full,
          .packs = {id_of("pack")},
          .objects = 15000,
          .chunks = 14000,
          .raw_bytes = 2000000000,
          .stored_bytes = 1073750000,
          .time = 1700000000,
          .commit = id_of("commit")};
}
inline OplogRecord sample_oplog() {
  return {.changes = {{.name = "refs/heads/main",
                       .old_value = RefValue{.id = id_of("parent"), .branch = {}},
                       .new_value = RefValue{.id = id_of("commit"), .branch = {}}},
                      {.name = "HEAD", .old_value = {}, .new_value = RefValue{.id = {}, .branch = "refs/heads/main"}}},
          .index_before = {},
          .index_after = id_of("tree"),
          .discarded = {},
          .discarded_attributes = {},
          .brought_back = {},
          .command = "store commit -m first",
          .time = {.seconds = 1700000000, .zone_minutes = -330}};
}
inline IndexMetadata sample_index_metadata() {
  IndexMetadata metadata;
  metadata.captured = {.times = true, .owners = true, .xattrs = true, .acls = true, .hardlinks = true};
  metadata.unapplied = Unapplied{.owner = true, .uid = 65534, .gid = 65534, .mode_found = 0644};
  metadata.attributes.mtime = Attributes::Time{1700000000, 123456789};
  metadata.attributes.owner = Attributes::Owner{1000, 100, "anna", "users"};
  return metadata;
}
inline IndexEntry sample_index_entry(std::string path = "src/main.c") {
  IndexEntry entry;
  entry.path = std::move(path);
  entry.mode = 0644;
  entry.size = 6;
  entry.chunks = 1;
  entry.id = id_of("hello\n");
  entry.stat = {.size = 6, .mtime_ns = 1700000000123456789, .ctime_ns = 1700000000123456789, .inode = 4711,
                .device = 2049};
  entry.metadata = encode_index_metadata(sample_index_metadata());
  entry.racy = true;
  return entry;
}
inline IndexEntry sample_removed_entry() {
  IndexEntry entry;
  entry.path = "src/old.c";
  entry.removed = true;
  return entry;
}
inline Bytes sample_index_record() {
  Bytes bytes;
  append_index_record(sample_index_entry(), bytes);
  return bytes;
}
inline Bytes sample_index_batch() {
  Bytes bytes;
  IndexBatchWriter writer(bytes);
  writer.add(sample_index_entry());
  writer.add(sample_removed_entry());
  writer.finish();
  return bytes;
}
inline Bytes sample_index_base() {
  Bytes bytes;
  IndexBaseWriter writer([&](ByteView piece) { bytes.insert(bytes.end(), piece.begin(), piece.end()); });
  IndexEntry directory;
  directory.path = "src";
  directory.kind = EntryKind::directory;
  directory.mode = 0755;
  writer.add(directory);
  writer.add(sample_index_entry());
  writer.finish();
  return bytes;
}
inline Bytes sample_journal(const JournalRecord& record) {
  Bytes bytes;
  append_journal_record(record, bytes);
  return bytes;
}
inline JournalNode sample_journal_node() {
  JournalNode node{.path = "disk.img", .stat = sample_index_entry().stat, .parameters = {}, .id = id_of("node")};
  node.offset = 71699;
  node.count = 16;
  node.bytes = 1048576;
  return node;
}

inline MergeRecord sample_merge_record() {
  return {.ours = id_of("ours"),
          .theirs = id_of("theirs"),
          .label = "dev",
          .message = "Merge branch 'dev'",
          .conflicts = {{"data.bin", MergeConflict::both_modified, "data.bin~dev", false},
                        {"old\nname", MergeConflict::deleted_by_us, "", true}}};
}

inline std::vector<Sample> all_samples() {
  const ObjectId id = id_of("chunk");
  return {
      {"file-header", encode_catalog_header()},
      {"recipe-entry", sample_recipe_entries()[0]},
      {"recipe-node", encode_node(node_of(ObjectType::recipe, 0, 2, 71699 + 1048576, sample_recipe_entries()))},
      {"recipe-upper-entry", encode_upper_entry(ObjectType::recipe, {250, 16000000, "", id})},
      {"tree-entry", sample_tree_entries()[0]},
      {"tree-node", encode_node(node_of(ObjectType::tree, 0, 2, 15, sample_tree_entries()))},
      {"tree-upper-entry", encode_upper_entry(ObjectType::tree, {125, 16000000, "zebra", id})},
      {"attributes-entry", encode_attributes(sample_attributes())},
      {"attributes-root", encode_node(node_of(ObjectType::attributes, 0, 1, 0,
                                              {encode_attributes(sample_root_attributes())}))},
      {"commit", bytes_of(encode_commit(sample_commit()))},
      {"pack-header", encode_pack_header({})},
      {"block-header", encode_block_header({.codec = Codec::raw, .raw_length = 12, .stored_length = 12,
                                            .objects = {{ObjectType::chunk, 5}, {ObjectType::chunk, 7}},
                                            .bases = {}, .payload_checksum = xxh3(as_bytes("hello\nworld\n"))})},
      {"block-header-delta", encode_block_header({.codec = Codec::zstd, .raw_length = 71699, .stored_length = 900,
                                                  .objects = {{ObjectType::chunk, 71699}}, .bases = {id_of("base")},
                                                  .payload_checksum = 0x0123456789abcdef})},
      {"pack-footer", encode_footer(sample_footer())},
      {"catalog-add", encode_catalog_record(AddPacks{{sample_pack()}})},
      {"catalog-replace", encode_catalog_record(ReplacePacks{{id_of("old pack")}, {sample_pack()}})},
      {"catalog-layer", encode_catalog_record(sample_layer())},
      {"table", sample_table()},
      {"hashes", encode_content_hashes(sample_hashes())},
      {"listings", encode_known_listings(sample_listings())},
      {"ref", encode_ref(k_sample_ref, {.id = id_of("commit"), .branch = {}})},
      {"ref-head", encode_ref("HEAD", {.id = {}, .branch = "refs/heads/main"})},
      {"oplog-record", encode_oplog_record(sample_oplog())},
      {"index-record", sample_index_record()},
      {"index-metadata", encode_index_metadata(sample_index_metadata())},
      {"index-batch", sample_index_batch()},
      {"index-base", sample_index_base()},
      {"journal-file", sample_journal(JournalFile{sample_index_entry("a")})},
      {"journal-node", sample_journal(sample_journal_node())},
      {"journal-target", sample_journal(JournalTarget{id_of("commit"), "store checkout v1",
                                                      "11111111-2222-3333-4444-555555555555"})},
      {"journal-written", sample_journal(JournalWritten{"src/main.c", id_of("hello\n")})},
      {"journal-rewrite", sample_journal(JournalRewrite{"disk.img", id_of("recipe a"), id_of("recipe b")})},
      {"journal-discarded", sample_journal(JournalDiscarded{id_of("tree"), id_of("attributes"), {}, {}})},
      {"session-info", encode_session_info({.host = "build-7", .pid = 4711, .command = "store add .",
                                            .start = 1700000000})},
      {"merge-record", encode_merge_record(sample_merge_record())},
  };
}

/// Ids of the examples, as docs/format.md lists them under "example ids".
inline std::vector<std::pair<std::string, std::string>> all_sample_ids() {
  const auto node = [](ObjectType type, std::uint64_t bytes, const std::vector<Bytes>& entries) {
    return node_id(node_of(type, 0, entries.size(), bytes, entries)).hex();
  };
  return {
      {"empty-chunk", k_empty_chunk_id.hex()},
      {"empty-recipe-node", node(ObjectType::recipe, 0, {})},
      {"empty-tree-node", node(ObjectType::tree, 0, {})},
      {"empty-attributes-node", node(ObjectType::attributes, 0, {})},
      {"recipe-node", node(ObjectType::recipe, 71699 + 1048576, sample_recipe_entries())},
      {"tree-node", node(ObjectType::tree, 15, sample_tree_entries())},
      {"attributes-root", node(ObjectType::attributes, 0, {encode_attributes(sample_root_attributes())})},
      {"commit", commit_id(encode_commit(sample_commit())).hex()},
      {"pack-footer", sha256(encode_footer(sample_footer())).hex()},
      {"oplog-record", oplog_record_id(sha256(encode_oplog_record(sample_oplog())), k_oplog_header_size).hex()},
  };
}

}  // namespace store::testing
