// Packs and blocks: docs/format.md "Packs". Pack = header, blocks, footer; a block is one zstd frame (or raw
// bytes) over consecutive objects, with a header that lists them.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/object_id.h"

namespace store {

inline constexpr std::uint32_t k_max_object_size = 8u << 20;   // raw bytes, also of a block
inline constexpr std::uint32_t k_data_block_size = 2u << 20;   // a data block closes before passing this
inline constexpr std::uint32_t k_metadata_block_size = 128u << 10;
inline constexpr std::uint32_t k_max_block_objects = 65536;
inline constexpr std::uint64_t k_pack_size_limit = 1ULL << 30;  // sealed at, bytes
inline constexpr std::uint32_t k_pack_object_limit = 262144;    // sealed at, objects
inline constexpr std::size_t k_max_bases = 16;

enum class Codec : std::uint8_t { raw = 0, zstd = 1 };

struct BlockObject {
  ObjectType type{};
  std::uint32_t length = 0;
  bool operator==(const BlockObject&) const = default;
};

/// Everything before a block's payload.
struct BlockHeader {
  Codec codec = Codec::raw;
  std::uint32_t raw_length = 0;     // sum of the objects' lengths
  std::uint32_t stored_length = 0;  // payload bytes on disk
  std::vector<BlockObject> objects;
  std::vector<ObjectId> bases;      // chunk ids whose bytes, concatenated, are the zstd prefix
  std::uint64_t payload_checksum = 0;
  bool operator==(const BlockHeader&) const = default;
};

/// Size of the fixed first part of a block header; it tells the size of the whole header.
extern const std::size_t k_block_prefix_size;
Bytes encode_block_header(const BlockHeader& header);
/// From at least k_block_prefix_size bytes: how long the whole header is. Checks magic and limits.
std::size_t block_header_size(ByteView prefix);
/// Checks magic, limits and the header's own checksum.
BlockHeader decode_block_header(ByteView bytes);

/// Pack header. `required` are feature bits; an unknown one is Error{newer_format}.
struct PackHeader {
  std::uint16_t version = 1;
  std::uint64_t required = 0;
};
extern const std::size_t k_pack_header_size;
Bytes encode_pack_header(const PackHeader& header);
PackHeader decode_pack_header(ByteView bytes);

/// One object of a pack, as its footer lists it and tables repeat it.
struct FooterEntry {
  ObjectKey key;
  std::uint8_t flags = 0;      // k_flag_delta
  std::uint32_t block = 0;     // index into the footer's block offsets
  std::uint32_t ordinal = 0;   // index into the block's objects
  bool operator==(const FooterEntry&) const = default;
};
inline constexpr std::uint8_t k_flag_delta = 1;  // the block has bases

/// The pack's table of contents; the pack is named by the SHA-256 of the encoded footer.
struct Footer {
  std::vector<std::uint64_t> block_offsets;  // ascending; the last block ends where the footer starts
  // Ascending by key (id first, then type), then by block and ordinal: merging copies whole blocks, so an object
  // may lie in a pack twice.
  std::vector<FooterEntry> entries;
};
/// Error{bug} unless the order is as described.
Bytes encode_footer(const Footer& footer);
inline constexpr std::size_t k_footer_piece = 1u << 20;  // bytes
/// The same in pieces of at most k_footer_piece, one behind the other; each is valid during the call.
void encode_footer(const Footer& footer, const std::function<void(ByteView)>& out);
/// How long a footer of this many blocks and objects is.
std::uint64_t footer_size(std::size_t blocks, std::size_t objects);
/// The last bytes of a pack: how long the footer (trailer included) is.
extern const std::size_t k_footer_trailer_size;
std::uint64_t footer_size(ByteView trailer);
/// Checks the checksum and the sort order. `bytes` is the whole footer, trailer included.
Footer decode_footer(ByteView bytes);

/// Searches an encoded footer in place (mapped or in memory), after its checksum was checked once.
class FooterView {
 public:
  /// Throws Error{corrupt} if the frame is wrong; `Verify::no` skips the checksum over the whole footer.
  enum class Verify : bool { no, yes };
  FooterView(ByteView footer, Verify verify);
  std::size_t size() const { return count_; }
  std::size_t blocks() const { return blocks_; }
  FooterEntry entry(std::size_t index) const;
  std::uint64_t block_offset(std::size_t block) const;
  /// Binary search (interpolated on the uniform ids).
  std::optional<FooterEntry> find(const ObjectKey& key) const;
  /// Index of the first entry whose key is not below `key`.
  std::size_t lower_bound(const ObjectKey& key) const;

 private:
  ByteView footer_;
  std::size_t count_ = 0;
  std::size_t blocks_ = 0;
};

/// Order of footers and tables: id first, then type.
bool key_less(const ObjectKey& a, const ObjectKey& b);

/// Where a damaged pack may go on: the next offset >= `from` that looks like a block header, or bytes.size().
std::size_t find_block_magic(ByteView bytes, std::size_t from);
/// The first position from `from` on that bytes stand before which a footer ends with, or bytes.size() + 1.
std::size_t find_footer_end(ByteView bytes, std::size_t from);

}  // namespace store
