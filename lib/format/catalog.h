#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "base/object_id.h"

namespace store {

/// What the catalog says of one pack.
struct CatalogPack {
  ObjectId id;  // SHA-256 of the footer: the file name
  std::uint64_t size = 0;
  std::uint32_t objects = 0;
  std::uint8_t flags = 0;  // k_pack_unverified: from elsewhere; k_pack_damaged: answers reads, never deduplication
  bool operator==(const CatalogPack&) const = default;
};
inline constexpr std::uint8_t k_pack_unverified = 1;
inline constexpr std::uint8_t k_pack_damaged = 2;

struct AddPacks {
  std::vector<CatalogPack> packs;
  bool operator==(const AddPacks&) const = default;
};
/// `added` take the place of `removed`, in one step.
struct ReplacePacks {
  std::vector<ObjectId> removed;
  std::vector<CatalogPack> added;
  bool operator==(const ReplacePacks&) const = default;
};
enum class LayerKind : std::uint8_t { full = 1, delta = 2 };
/// The record of one publish. Merging changes packs, never layers.
struct Layer {
  LayerKind kind = LayerKind::full;
  std::vector<ObjectId> packs;  // as published
  std::uint64_t objects = 0;
  std::uint64_t chunks = 0;        // new chunks
  std::uint64_t raw_bytes = 0;     // unique content before compression
  std::uint64_t stored_bytes = 0;  // pack bytes
  std::int64_t time = 0;           // seconds
  std::optional<ObjectId> commit;
  bool operator==(const Layer&) const = default;
};
using CatalogRecord = std::variant<AddPacks, ReplacePacks, Layer>;

/// The catalog starts with a header; each record is framed with length and XXH3-64.
extern const std::size_t k_catalog_header_size;
Bytes encode_catalog_header();
void check_catalog_header(ByteView bytes);
Bytes encode_catalog_record(const CatalogRecord& record);

/// Layers are history: most readers need only the packs, and a log of a thousand commits is a thousand layers.
enum class LayerRecords { decode, skip };
/// Result of reading a log's record: a torn tail is the writer's to cut off, other damage is Error{corrupt}.
struct CatalogStep {
  std::optional<CatalogRecord> record;  // nothing for a layer that was skipped
  std::size_t size = 0;                 // bytes taken
};
/// Nothing at a clean end and at a torn last record (`torn` set); Error{corrupt} for a bad record that is followed
/// by a good one.
std::optional<CatalogStep> next_catalog_record(ByteView bytes, bool& torn,
                                               LayerRecords layers = LayerRecords::decode);

/// Where in a damaged log the first whole record begins, the size of `bytes` if there is none.
std::size_t find_catalog_record(ByteView bytes);

}  // namespace store
