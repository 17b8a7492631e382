#include <fcntl.h>
#include <fmt/format.h>

#include <unordered_set>

#include "base/error.h"
#include "repo/catalog.h"
#include "repo/directory.h"
#include "repo/log_repair.h"
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

/// Reads blocks until one does not check or the file ends; fills `pack.size` and `pack.footer`. One block in
/// memory.
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

/// True if every block decodes and every object that the footer lists is what its id says.
bool is_whole(const PackFile& pack) {
  const FooterView footer(pack.footer, FooterView::Verify::no);
  Decompressor decompressor;
  Footer computed;
  for (std::size_t i = 0; i < footer.blocks(); ++i) {
    const std::uint64_t end = i + 1 < footer.blocks() ? footer.block_offset(i + 1) : pack.footer_offset;
    const StoredBlock stored = read_stored_block(pack, footer.block_offset(i), end);
    list_objects(decode_block(stored, decompressor, nullptr), computed);
    computed.block_offsets.push_back(footer.block_offset(i));
  }
  std::unordered_set<ObjectKey, ObjectKeyHash> present;
  for (const FooterEntry& entry : computed.entries) present.insert(entry.key);
  for (std::size_t i = 0; i < footer.size(); ++i)
    if (!present.contains(footer.entry(i).key)) return false;
  return true;
}

/// The pack that a file in packs/ is named after.
std::optional<ObjectId> id_of_name(const std::string& name) {
  const std::optional<ObjectId> id = ObjectId::from_hex(name.substr(0, name.find('.')));
  if (!id || layout::pack_path(*id) != fmt::format("{}/{}", layout::k_packs, name)) return std::nullopt;
  return id;
}

/// Nothing if the file is no whole pack. Synced: whoever sealed it may have been told not to.
std::optional<CatalogPack> check_unnamed(const Repository& repository, const ObjectId& id) {
  try {
    const std::optional<PackFile> pack = open_pack(repository, id);
    if (!pack || !is_whole(*pack)) return std::nullopt;
    repository.fs().fdatasync(pack->fd.get());
    const FooterView footer(pack->footer, FooterView::Verify::no);
    return CatalogPack{.id = id, .size = pack->size, .objects = static_cast<std::uint32_t>(footer.size())};
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
    return std::nullopt;
  }
}

/// Of what else is named like a pack: what can be read of it.
std::optional<CatalogPack> as_damaged(const Repository& repository, const ObjectId& id) {
  const std::optional<PackFile> pack = open_or_rescue_pack(repository, id);
  if (!pack) return std::nullopt;
  const FooterView footer(pack->footer, FooterView::Verify::no);
  return CatalogPack{.id = id,
                     .size = pack->size,
                     .objects = static_cast<std::uint32_t>(footer.size()),
                     .flags = k_pack_damaged};
}

/// Files of packs/ that are named like a pack, which is not in the catalog.
std::vector<ObjectId> unnamed_packs(const Repository& repository, Replaced replaced) {
  const CatalogState catalog = read_catalog(repository);
  std::unordered_set<ObjectId, ObjectIdHash> known;
  if (replaced == Replaced::left_alone) known.insert(catalog.removed.begin(), catalog.removed.end());
  for (const CatalogState::Pack& pack : catalog.packs) known.insert(pack.pack.id);
  std::vector<ObjectId> unnamed;
  for (const std::string& name : list_directory(repository.fd(), layout::k_packs))
    if (const std::optional<ObjectId> id = id_of_name(name); id && !known.contains(*id)) unnamed.push_back(*id);
  return unnamed;
}

std::vector<CatalogPack> publish_found(const Repository& repository, AddPacks found, const LockWait& wait) {
  if (found.packs.empty()) return {};
  sync_directory(repository.fs(), {repository.fd(), layout::k_packs});
  append_catalog(repository, {found}, wait);
  return std::move(found.packs);
}

}  // namespace

std::vector<CatalogPack> adopt_unnamed_packs(const Repository& repository, const LockWait& wait) {
  AddPacks adopted;
  for (const ObjectId& id : unnamed_packs(repository, Replaced::left_alone))
    if (const std::optional<CatalogPack> pack = check_unnamed(repository, id)) adopted.packs.push_back(*pack);
  return publish_found(repository, std::move(adopted), wait);
}

std::vector<CatalogPack> name_stray_packs(const Repository& repository, Replaced replaced, const LockWait& wait) {
  AddPacks named;
  for (const ObjectId& id : unnamed_packs(repository, replaced)) {
    std::optional<CatalogPack> pack = check_unnamed(repository, id);
    if (!pack) pack = as_damaged(repository, id);
    if (pack) named.packs.push_back(*pack);
  }
  return publish_found(repository, std::move(named), wait);
}

std::optional<CatalogPack> salvage_pack(const Repository& repository, int directory_fd,
                                        const std::string& name) {
  FileSystem& fs = repository.fs();
  const At at{directory_fd, name.c_str()};
  if (!stat_at(directory_fd, name)) return std::nullopt;
  UnsealedPack pack{.directory_fd = directory_fd, .name = name, .fd = fs.open(at, O_RDWR | O_NOFOLLOW)};
  find_good_prefix(pack, static_cast<std::uint64_t>(stat_fd(pack.fd.get(), name).st_size));
  if (pack.footer.entries.empty()) {
    fs.unlink(at);
    return std::nullopt;
  }
  return seal_pack(repository, pack);
}

}  // namespace store
