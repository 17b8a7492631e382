#include <doctest/doctest.h>

#include <map>

#include "base/error.h"
#include "base/path.h"
#include "unit/format/random_records.h"

using namespace store;
using namespace store::testing;

namespace {

constexpr int k_rounds = 60;
constexpr int k_flips = 60;

template <ObjectType type>
Bytes any_node(Random& random) {
  Bytes leaf;
  NodeBuilder builder(type, [&](const NodeBuilder::Built& built) {
    if (leaf.empty() || any_bool(random)) leaf.assign(built.bytes.begin(), built.bytes.end());
  });
  for (const std::string& name : any_names(random, random.between(0, 40))) {
    if (type == ObjectType::tree) {
      const TreeEntry entry = any_tree_entry(random, name);
      builder.add(encode_tree_entry(entry), entry.content_bytes(), name);
    } else if (type == ObjectType::recipe) {
      const RecipeEntry entry = any_recipe_entry(random, false);
      builder.add(encode_recipe_entry(entry), entry.length);
    } else {
      builder.add(encode_attributes(any_attributes(random)), 0, name);
    }
  }
  builder.finish();
  return leaf;
}

template <ObjectType type>
Bytes any_upper(Random& random) {
  return encode_upper_entry(type, {.count = random.between(1, 1u << 30),
                                   .bytes = random.between(1, k_max_content_bytes),
                                   .name = type == ObjectType::tree ? any_name(random) : "",
                                   .id = any_id(random)});
}

Bytes any_table(Random& random) {
  const Footer footer = any_footer(random, random.between(0, 60));
  Bytes bytes;
  TableWriter writer({any_id(random), any_id(random)}, footer.entries.size(),
                     [&](ByteView piece) { bytes.insert(bytes.end(), piece.begin(), piece.end()); });
  for (const FooterEntry& entry : footer.entries)
    writer.add({.key = entry.key,
                .flags = entry.flags,
                .pack = static_cast<std::uint32_t>(random.between(0, 1)),
                .block_offset = static_cast<std::uint32_t>(random.next()),
                .ordinal = entry.ordinal});
  writer.finish();
  return bytes;
}

Bytes any_listings(Random& random) {
  std::vector<KnownListing> listings;
  std::uint64_t inode = random.next() >> 8;
  for (std::size_t left = random.between(0, 20); left > 0; --left)
    listings.push_back({.device = 1,
                        .inode = inode += random.between(1, 9),
                        .mtime_ns = static_cast<std::int64_t>(random.next()),
                        .ctime_ns = static_cast<std::int64_t>(random.next()),
                        .names = any_id(random)});
  return encode_known_listings(listings);
}

Bytes any_hashes(Random& random) {
  std::map<ObjectId, ObjectId> hashes;
  for (std::size_t left = random.between(0, 20); left > 0; --left) hashes.emplace(any_id(random), any_id(random));
  return encode_content_hashes({hashes.begin(), hashes.end()});
}

Bytes any_index_batch(Random& random) {
  Bytes bytes;
  IndexBatchWriter writer(bytes);
  for (std::size_t left = random.between(0, 20); left > 0; --left) {
    IndexEntry entry = any_index_entry(random, any_path(random));
    if (any_bool(random)) {
      entry = {};
      entry.path = any_path(random);
      entry.removed = true;
    }
    writer.add(entry);
  }
  writer.finish();
  return bytes;
}

Bytes any_index_base(Random& random) {
  std::set<std::string, PathLess> paths;
  for (std::size_t left = random.between(0, 50); left > 0; --left) paths.insert(any_path(random));
  if (!paths.empty()) paths.insert("");
  Bytes bytes;
  IndexBaseWriter writer([&](ByteView piece) { bytes.insert(bytes.end(), piece.begin(), piece.end()); });
  for (const std::string& path : paths) writer.add(any_index_entry(random, path));
  writer.finish();
  return bytes;
}

Bytes any_journal(Random& random) {
  Bytes bytes;
  append_journal_record(any_journal_record(random), bytes);
  return bytes;
}

Bytes any_index_record_bytes(Random& random) {
  Bytes bytes;
  append_index_record(any_index_entry(random, any_path(random)), bytes);
  return bytes;
}

Bytes any_record(std::string_view codec, Random& random) {
  if (codec == "recipe-entry") return encode_recipe_entry(any_recipe_entry(random, any_bool(random)));
  if (codec == "recipe-node") return any_node<ObjectType::recipe>(random);
  if (codec == "recipe-upper-entry") return any_upper<ObjectType::recipe>(random);
  if (codec == "tree-entry") return encode_tree_entry(any_tree_entry(random, any_name(random)));
  if (codec == "tree-node") return any_node<ObjectType::tree>(random);
  if (codec == "tree-upper-entry") return any_upper<ObjectType::tree>(random);
  if (codec == "attributes-entry") return encode_attributes(any_attributes(random));
  if (codec == "attributes-node") return any_node<ObjectType::attributes>(random);
  if (codec == "commit") return bytes_of(encode_commit(any_commit(random)));
  if (codec == "pack-header") return encode_pack_header({});
  if (codec == "block-header") return encode_block_header(any_block_header(random));
  if (codec == "pack-footer") return encode_footer(any_footer(random, random.between(0, 60)));
  if (codec == "catalog-record") return encode_catalog_record(any_catalog_record(random));
  if (codec == "table") return any_table(random);
  if (codec == "hashes") return any_hashes(random);
  if (codec == "listings") return any_listings(random);
  if (codec == "ref") return encode_ref(k_sample_ref, any_ref_value(random));
  if (codec == "oplog-record") return encode_oplog_record(any_oplog_record(random));
  if (codec == "index-record") return any_index_record_bytes(random);
  if (codec == "index-metadata") return encode_index_metadata(any_index_metadata(random));
  if (codec == "index-batch") return any_index_batch(random);
  if (codec == "index-base") return any_index_base(random);
  if (codec == "journal-record") return any_journal(random);
  if (codec == "session-info")
    return encode_session_info({.host = any_text(random),
                                .pid = static_cast<std::int64_t>(random.next()),
                                .command = any_text(random),
                                .start = static_cast<std::int64_t>(random.next())});
  if (codec == "merge-record") return encode_merge_record(any_merge_record(random));
  FAIL("no generator for codec ", codec);
  return {};
}

/// What recode makes of bytes; nothing if they are refused in one of the two allowed ways.
std::optional<Bytes> try_recode(const FormatCodec& codec, const Bytes& bytes) {
  try {
    return codec.recode(bytes);
  } catch (const Error& error) {
    const bool allowed = error.kind() == ErrorKind::corrupt || error.kind() == ErrorKind::newer_format;
    CHECK_MESSAGE(allowed, codec.name, ": ", error.message());
    return std::nullopt;
  }
}

void mutate(Bytes& bytes, Random& random) {
  if (bytes.empty()) return;
  switch (random.between(0, 3)) {
    case 0: bytes[random.next() % bytes.size()] ^= static_cast<std::byte>(1u << random.between(0, 7)); break;
    case 1: bytes[random.next() % bytes.size()] = static_cast<std::byte>(random.between(0, 255)); break;
    case 2: bytes.resize(random.next() % bytes.size()); break;
    default: bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(random.next() % bytes.size()), std::byte{0xff});
  }
}

}  // namespace

TEST_CASE("every record survives decoding and encoding byte for byte") {
  for (const FormatCodec& codec : format_codecs()) {
    Random random(1);
    for (int round = 0; round < k_rounds; ++round) {
      const Bytes bytes = any_record(codec.name, random);
      CHECK_MESSAGE(codec.recode(bytes) == bytes, codec.name);
    }
  }
}

TEST_CASE("bytes that were changed are refused, or decode to something whose one encoding they are") {
  for (const FormatCodec& codec : format_codecs()) {
    Random random(2);
    for (int round = 0; round < k_rounds; ++round) {
      const Bytes good = any_record(codec.name, random);
      for (int flip = 0; flip < k_flips; ++flip) {
        Bytes bytes = good;
        mutate(bytes, random);
        if (bytes == good) continue;
        const std::optional<Bytes> recoded = try_recode(codec, bytes);
        // Logs and batches answer "nothing here"; a record may be followed by others, and a header by its file.
        const bool prefix = recoded && (recoded->empty() || (codec.seal != nullptr && *recoded == good));
        CHECK_MESSAGE((!recoded || prefix || *recoded == bytes), codec.name);
      }
    }
  }
}

TEST_CASE("one changed bit never passes a checksum") {
  for (const FormatCodec& codec : format_codecs()) {
    if (codec.seal == nullptr) continue;
    Random random(3);
    const Bytes good = any_record(codec.name, random);
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
      Bytes bytes = good;
      bytes[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
      const std::optional<Bytes> recoded = try_recode(codec, bytes);
      CHECK_MESSAGE((!recoded || recoded->empty()), codec.name, " bit ", bit);
    }
  }
}

TEST_CASE("hostile bytes under right checksums are refused, or decode to something that has one encoding") {
  for (const FormatCodec& codec : format_codecs()) {
    if (codec.seal == nullptr) continue;
    Random random(4);
    for (int round = 0; round < k_rounds; ++round) {
      const Bytes good = any_record(codec.name, random);
      for (int flip = 0; flip < k_flips; ++flip) {
        Bytes bytes = good;
        mutate(bytes, random);
        codec.seal(bytes);
        const std::optional<Bytes> recoded = try_recode(codec, bytes);
        if (recoded && !recoded->empty()) CHECK_MESSAGE(codec.recode(*recoded) == *recoded, codec.name);
      }
    }
  }
}

TEST_CASE("random bytes are no record") {
  for (const FormatCodec& codec : format_codecs())
    for (std::uint64_t seed = 0; seed < k_rounds; ++seed) {
      const Bytes bytes = random_bytes(seed * 3, seed);
      const std::optional<Bytes> recoded = try_recode(codec, bytes);
      if (!bytes.empty()) CHECK_MESSAGE((!recoded || recoded->empty() || *recoded == bytes), codec.name);
    }
}
