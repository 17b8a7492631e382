// Every codec of format as data: recode = decode, then encode again; seal = make the checksums of mutated bytes
// right again, so that what is behind them is reached. The mutation test and the fuzzers share this list.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "format/attributes.h"
#include "format/catalog.h"
#include "format/commit.h"
#include "format/content_hashes.h"
#include "format/index_metadata.h"
#include "format/journal.h"
#include "format/listings.h"
#include "format/merge_record.h"
#include "format/pack.h"
#include "format/recipe.h"
#include "format/refs.h"
#include "format/table.h"
#include "format/tree.h"
#include "hash/checksum.h"
#include "hash/checksum_stream.h"

namespace store::testing {

struct FormatCodec {
  std::string_view name;
  Bytes (*recode)(ByteView);         // of what is not there at all: no bytes
  void (*seal)(Bytes&) = nullptr;    // nothing to seal: no checksum
};

inline constexpr std::string_view k_sample_ref = "refs/heads/main";

inline Bytes bytes_of(std::string_view text) {
  const ByteView view = as_bytes(text);
  return Bytes(view.begin(), view.end());
}

// --- recode -------------------------------------------------------------------------------------------------------

template <ObjectType type>
Bytes recode_node(ByteView bytes) {
  return encode_node(decode_node(type, bytes));
}
template <ObjectType type>
Bytes recode_upper(ByteView bytes) {
  return encode_upper_entry(type, decode_upper_entry(type, bytes));
}
inline Bytes recode_commit(ByteView bytes) { return bytes_of(encode_commit(decode_commit(as_text(bytes)))); }
inline Bytes recode_block_header(ByteView bytes) {
  const BlockHeader header = decode_block_header(bytes);
  Bytes encoded = encode_block_header(header);
  if (encoded.size() != block_header_size(bytes)) return {};
  return encoded;
}
inline Bytes recode_footer(ByteView bytes) {
  const Footer footer = decode_footer(bytes);
  const FooterView view(bytes, FooterView::Verify::no);
  for (const FooterEntry& entry : footer.entries)
    if (view.find(entry.key)->key != entry.key) return {};
  return encode_footer(footer);
}
inline Bytes recode_catalog(ByteView bytes) {
  bool torn = false;
  const std::optional<CatalogStep> step = next_catalog_record(bytes, torn);
  return step ? encode_catalog_record(*step->record) : Bytes();
}
inline Bytes recode_oplog(ByteView bytes) {
  bool torn = false;
  const std::optional<OplogStep> step = next_oplog_record(bytes, 0, torn);
  return step ? encode_oplog_record(step->record) : Bytes();
}
inline Bytes recode_listings(ByteView bytes) {
  const KnownListingsView view(bytes);
  std::vector<KnownListing> listings;
  for (std::size_t i = 0; i < view.size(); ++i) {
    listings.push_back(view.at(i));
    if (view.find(listings[i].device, listings[i].inode) != i) return {};
  }
  return encode_known_listings(listings);
}
inline Bytes recode_journal(ByteView bytes) {
  const std::optional<JournalStep> step = next_journal_record(bytes);
  Bytes encoded;
  if (step) append_journal_record(step->record, encoded);
  return encoded;
}
inline Bytes recode_index_record(ByteView bytes) {
  Bytes encoded;
  append_index_record(decode_index_record(bytes), encoded);
  return encoded;
}
inline Bytes recode_index_batch(ByteView bytes) {
  const std::optional<IndexBatch> batch = read_index_batch(bytes);
  Bytes encoded;
  if (!batch) return encoded;
  IndexBatchWriter writer(encoded);
  for (const auto& [path, record] : batch->records) writer.add(decode_index_record(record));
  writer.finish();
  return encoded;
}
inline Bytes recode_index_base(ByteView bytes) {
  if (bytes.empty()) return {};  // an index that was never written
  const IndexBaseView view(bytes);
  Bytes encoded;
  IndexBaseWriter writer([&](ByteView piece) { encoded.insert(encoded.end(), piece.begin(), piece.end()); });
  for (IndexBaseView::Cursor cursor = view.seek(""); !cursor.at_end(); cursor.next()) {
    if (view.seek(cursor.entry().path).entry() != cursor.entry()) return {};
    writer.add(cursor.entry());
  }
  writer.finish();
  return encoded;
}
inline Bytes recode_table(ByteView bytes) {
  const TableView view(bytes, FooterView::Verify::yes);
  std::vector<TableEntry> entries;
  for (std::size_t i = 0; i < view.size(); ++i) entries.push_back(view.entry(i));
  const auto less = [](const TableEntry& a, const TableEntry& b) { return key_less(a.key, b.key); };
  if (!std::is_sorted(entries.begin(), entries.end(), less)) return {};
  Bytes encoded;
  TableWriter writer(view.packs(), entries.size(),
                     [&](ByteView piece) { encoded.insert(encoded.end(), piece.begin(), piece.end()); });
  for (const TableEntry& entry : entries) {
    (void)view.find(entry.key);
    writer.add(entry);
  }
  writer.finish();
  return encoded;
}

// --- seal ---------------------------------------------------------------------------------------------------------

inline void seal_at(Bytes& bytes, std::size_t at, std::size_t from) {
  store_u64(bytes.data() + at, xxh3(ByteView(bytes).subspan(from, at - from)));
}
inline void seal_last(Bytes& bytes) {
  if (bytes.size() >= 8) seal_at(bytes, bytes.size() - 8, 0);
}
inline void seal_header(Bytes& bytes) {
  if (bytes.size() >= 32) seal_at(bytes, 24, 0);
}
inline void seal_header_and_last(Bytes& bytes) {
  seal_header(bytes);
  if (bytes.size() >= 40) seal_at(bytes, bytes.size() - 8, 32);
}
inline void seal_footer(Bytes& bytes) {
  if (bytes.size() < 32) return;
  const std::size_t at = bytes.size() - 32;
  Xxh3Stream stream;
  stream.update(ByteView(bytes).first(at));
  stream.update(ByteView(bytes).subspan(at + 8));
  store_u64(bytes.data() + at, stream.value());
}
inline void seal_frame(Bytes& bytes) {
  if (bytes.size() < 16) return;
  store_u32(bytes.data() + 4, static_cast<std::uint32_t>(bytes.size() - 16));
  seal_last(bytes);
}
inline void seal_index_base(Bytes& bytes) {
  seal_header(bytes);
  if (bytes.size() < 64) return;
  const std::uint64_t blocks = load_u64(bytes.data() + bytes.size() - 24);
  if (blocks > (bytes.size() - 64) / 8) return;
  const std::size_t offsets_at = bytes.size() - 32 - static_cast<std::size_t>(blocks) * 8;
  seal_at(bytes, bytes.size() - 8, offsets_at);
  for (std::size_t i = 0; i < blocks; ++i) {
    const std::uint64_t start = load_u64(bytes.data() + offsets_at + i * 8);
    const std::uint64_t end = i + 1 == blocks ? offsets_at : load_u64(bytes.data() + offsets_at + (i + 1) * 8);
    if (start < 32 || end > offsets_at || start + 8 > end || start > end) continue;
    seal_at(bytes, static_cast<std::size_t>(end) - 8, static_cast<std::size_t>(start));
  }
}
inline void seal_text(Bytes& bytes) {
  constexpr std::size_t k_line = 9 + 16 + 1;
  if (bytes.size() < k_line) return;
  bytes.resize(bytes.size() - k_line);
  const Bytes line = bytes_of(fmt::format("checksum {:016x}\n", xxh3(bytes)));
  bytes.insert(bytes.end(), line.begin(), line.end());
}

inline constexpr std::size_t k_format_codecs = 25;

inline const std::array<FormatCodec, k_format_codecs>& format_codecs() {
  static const std::array<FormatCodec, k_format_codecs> codecs = {{
      {"recipe-entry", [](ByteView b) { return encode_recipe_entry(decode_recipe_entry(b)); }},
      {"recipe-node", recode_node<ObjectType::recipe>},
      {"recipe-upper-entry", recode_upper<ObjectType::recipe>},
      {"tree-entry", [](ByteView b) { return encode_tree_entry(decode_tree_entry(b)); }},
      {"tree-node", recode_node<ObjectType::tree>},
      {"tree-upper-entry", recode_upper<ObjectType::tree>},
      {"attributes-entry", [](ByteView b) { return encode_attributes(decode_attributes(b)); }},
      {"attributes-node", recode_node<ObjectType::attributes>},
      {"commit", recode_commit},
      {"pack-header", [](ByteView b) { return encode_pack_header(decode_pack_header(b)); }, seal_header},
      {"block-header", recode_block_header, seal_last},
      {"pack-footer", recode_footer, seal_footer},
      {"catalog-record", recode_catalog, seal_frame},
      {"table", recode_table, seal_header_and_last},
      {"listings", recode_listings, seal_header_and_last},
      {"hashes", [](ByteView b) { return encode_content_hashes(decode_content_hashes(b)); }, seal_header_and_last},
      {"ref", [](ByteView b) { return encode_ref(k_sample_ref, decode_ref(k_sample_ref, b)); }, seal_text},
      {"oplog-record", recode_oplog, seal_frame},
      {"index-record", recode_index_record},
      {"index-metadata", [](ByteView b) { return b.empty() ? Bytes() : encode_index_metadata(decode_index_metadata(b)); }},
      {"index-batch", recode_index_batch, seal_header_and_last},
      {"index-base", recode_index_base, seal_index_base},
      {"journal-record", recode_journal, seal_frame},
      {"session-info", [](ByteView b) { return encode_session_info(decode_session_info(b)); }, seal_text},
      {"merge-record", [](ByteView b) { return encode_merge_record(decode_merge_record(b)); }, seal_text},
  }};
  return codecs;
}

}  // namespace store::testing
