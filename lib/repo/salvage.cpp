#include <fcntl.h>
#include <fmt/format.h>

#include "base/error.h"
#include "repo/pack_file.h"
#include "repo/pack_seal.h"
#include "repo/pack_writer.h"

namespace store {
namespace {

/// Adds a block's objects to the footer, their ids computed from their bytes.
void list_objects(const DecodedBlock& block, Footer& footer) {
  std::vector<FooterEntry> entries;
  const auto index = static_cast<std::uint32_t>(footer.block_offsets.size());
  for (std::size_t i = 0; i < block.size(); ++i) {
    const ObjectType type = block.object(i).type;
    entries.push_back({{type, object_id(type, block.bytes(i))}, 0, index, static_cast<std::uint32_t>(i)});
  }
  footer.entries.insert(footer.entries.end(), entries.begin(), entries.end());
}

/// Reads blocks until one does not check or the file ends; fills `pack.size` and `pack.footer`. One block in memory.
void find_good_prefix(UnsealedPack& pack, std::uint64_t file_size) {
  Decompressor decompressor;
  try {
    check_pack_header(pack.fd.get(), pack.name);
    pack.size = k_pack_header_size;
    while (pack.size < file_size && pack.footer.entries.size() < k_pack_object_limit) {
      const StoredBlock stored = read_block_at(pack.fd.get(), pack.name, pack.size, file_size);
      list_objects(decode_block(stored, decompressor, nullptr), pack.footer);
      pack.footer.block_offsets.push_back(pack.size);
      pack.size += stored.bytes.size();
    }
  } catch (const Error& error) {
    // Here the good part ends: a torn block, reserved space, or a footer that was already written.
    if (error.kind() != ErrorKind::corrupt) throw;
  }
}

}  // namespace

std::optional<CatalogPack> salvage_pack(const Repository& repository, int directory_fd, const std::string& name) {
  FileSystem& fs = repository.fs();
  const At at{directory_fd, name.c_str()};
  if (!stat_at(directory_fd, name)) return std::nullopt;
  UnsealedPack pack{.directory_fd = directory_fd, .name = name, .fd = fs.open(at, O_RDWR | O_NOFOLLOW)};
  find_good_prefix(pack, static_cast<std::uint64_t>(stat_fd(pack.fd.get(), name).st_size));
  if (pack.footer.entries.empty()) {
    fs.unlink(at);
    return std::nullopt;
  }
  return seal_pack(repository, std::move(pack));
}

}  // namespace store
