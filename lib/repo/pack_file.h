// Packs as files: opening, reading and decoding single blocks. Checks everything it reads; caches nothing.
#pragma once

#include <optional>

#include "base/fd.h"
#include "repo/block.h"
#include "repo/repository.h"

namespace store {

class ObjectReader;

/// Reads one pack front to back without the cache, for fsck, merging and rebuilding tables.
struct PackFile {
  ObjectId id;
  std::string name;  // as errors have it
  UniqueFd fd;
  std::uint64_t size = 0;  // of the file
  std::uint64_t end = 0;   // of the pack: what follows in the file is not its own
  std::uint64_t footer_offset = 0;
  Bytes footer = {};  // checked, entry by entry, or made anew from the blocks
  bool rescued = false;     // header or footer does not check
  bool listed_anew = false;  // the footer is made from the blocks that are whole: others may lie between them
};
/// Opens and checks header, trailer and footer (also that the name is the footer's hash). Nothing if the file
/// is gone.
std::optional<PackFile> open_pack(const Repository& repository, const ObjectId& pack);
/// For a pack that open_pack() refuses as damaged: by its footer if that one is whole, at the file's end or before what was
/// appended, else every block is read, the ids computed from the bytes (1 GiB: seconds; holes of the file cost no time) and a
/// footer made in memory. Blocks with bases are left out. What it lists answers reads, never deduplication.
std::optional<PackFile> rescue_pack(const Repository& repository, const ObjectId& pack);
/// open_pack(), and rescue_pack() if that fails.
std::optional<PackFile> open_or_rescue_pack(const Repository& repository, const ObjectId& pack);
struct StoredBlock {
  BlockHeader header;
  Bytes bytes;  // header ‖ payload as stored, both checksums checked
  std::size_t header_size = 0;
  std::string pack = {};  // it and the offset, for errors
  std::uint64_t offset = 0;
};
/// Error{corrupt} names pack and offset. `end` is where the block ends exactly, or in a pack listed anew at the latest.
StoredBlock read_stored_block(const PackFile& pack, std::uint64_t offset, std::uint64_t end);
/// The same where the block's end is not known: it lies before `limit`. `what` names the file in errors.
StoredBlock read_block_at(int fd, std::string_view what, std::uint64_t offset, std::uint64_t limit);
/// Reads and checks the header at the start of a pack: Error{newer_format}, Error{corrupt}.
void check_pack_header(int fd, const std::string& path);
/// Decodes a block; its bases (if any) come from `reader`, which must find each in a block without bases
/// (depth 1). Error{corrupt} names pack and offset.
DecodedBlock decode_block(const StoredBlock& block, Decompressor& decompressor, const ObjectReader* reader);

/// The id of an object of this type with these bytes; Error{corrupt} if they are no such object.
ObjectId object_id(ObjectType type, ByteView bytes);
/// The ids of a block's objects, nothing for bytes that are no such object. Chunks are hashed side by side: twice as fast as one by one.
std::vector<std::optional<ObjectId>> object_ids(const DecodedBlock& block);
/// Checks bytes against the key's id by its type's rule.
bool object_matches(const ObjectKey& key, ByteView bytes);

}  // namespace store
