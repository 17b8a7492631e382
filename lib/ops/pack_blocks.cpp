#include "ops/pack_blocks.h"

#include <fmt/format.h>

#include "base/error.h"
#include "format/node.h"

namespace store {

PackBlock read_block_header(int fd, const ObjectId& pack, std::uint64_t offset) {
  const std::string path = layout::pack_path(pack);
  PackBlock block{.index = 0, .offset = offset, .end = 0, .header = {}};
  try {
    // Behind the end of the file nothing is read; no file reaches so far that pread() refuses the offset.
    if (offset > k_max_content_bytes) throw_corrupt("no block lies there");
    Bytes bytes(k_block_prefix_size);
    bytes.resize(pread_full(fd, bytes, offset, path));
    bytes.resize(block_header_size(bytes));
    bytes.resize(pread_full(fd, bytes, offset, path));
    block.header = decode_block_header(bytes);
    block.end = offset + bytes.size() + block.header.stored_length;
  } catch (Error& error) {
    error.add_context(fmt::format("pack {}: block at offset {}", pack.short_hex(), offset));
    throw;
  }
  return block;
}

PackBlock read_pack_block(const PackFile& pack, const FooterView& footer, std::uint32_t index) {
  PackBlock block = read_block_header(pack.fd.get(), pack.id, footer.block_offset(index));
  block.index = index;
  return block;
}

void each_block(const PackFile& pack, const std::function<void(const PackBlock& block)>& visit) {
  const FooterView footer(pack.footer, FooterView::Verify::no);
  for (std::uint32_t i = 0; i < footer.blocks(); ++i) visit(read_pack_block(pack, footer, i));
}

std::uint64_t stored_share(const PackBlock& block, std::uint64_t raw) {
  __extension__ using Wide = unsigned __int128;
  if (block.header.raw_length == 0) return 0;
  return static_cast<std::uint64_t>(static_cast<Wide>(block.end - block.offset) * raw / block.header.raw_length);
}

}  // namespace store
