#pragma once

#include <functional>

#include "repo/pack_file.h"

namespace store {

/// A block of a pack, known by its header alone: its payload is not read.
struct PackBlock {
  std::uint32_t index = 0;  // in the footer
  std::uint64_t offset = 0;
  std::uint64_t end = 0;
  BlockHeader header;
};

/// Reads the header of every block of a pack, in order. Error{corrupt} names the pack and the block's offset.
void each_block(const PackFile& pack, const std::function<void(const PackBlock& block)>& visit);
/// One block.
PackBlock read_pack_block(const PackFile& pack, const FooterView& footer, std::uint32_t index);

/// The block that begins at `offset`, its end taken from its own header. Error{corrupt} names `pack` and the offset.
PackBlock read_block_header(int fd, const ObjectId& pack, std::uint64_t offset);

/// What of a block's stored bytes falls to `raw` of its `raw_length` bytes.
std::uint64_t stored_share(const PackBlock& block, std::uint64_t raw);

}  // namespace store
