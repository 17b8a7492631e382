#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "base/error.h"
#include "ops/repair_parts.h"
#include "pipeline/verify.h"
#include "repo/directory.h"
#include "repo/pack_replace.h"
#include "repo/pack_writer.h"
#include "repo/table_set.h"

namespace store {
namespace {

constexpr char k_temporary[] = "pack.tmp-repair";

/// Copies every sound object of a pack into new ones, each once and without bases. One block in memory, and 50 bytes an object.
class PackRescue {
 public:
  PackRescue(const Workspace& workspace, int session_fd)
      : workspace_(workspace), writer_(workspace.repository(), session_fd, true, k_temporary) {
    unlink_if_exists(workspace.repository().fs(), session_fd, k_temporary);
  }
  ~PackRescue() { writer_.discard(); }
  PackRescue(const PackRescue&) = delete;
  PackRescue& operator=(const PackRescue&) = delete;

  std::vector<CatalogPack> run(const PackFile& pack) {
    for (const BlockPlace& place : blocks_of(pack)) {
      workspace_.check_cancelled();
      try {
        take_block(pack, place);
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::corrupt) throw;
      }
      drain();
    }
    assembler_.flush(closed_);
    drain();
    if (!writer_.empty()) sealed_.push_back(writer_.seal());
    return std::move(sealed_);
  }
  std::size_t objects() const { return seen_.size(); }

 private:
  void take_block(const PackFile& pack, const BlockPlace& place) {
    const StoredBlock stored = read_stored_block(pack, place.offset, place.end);
    const DecodedBlock block = decode_block(stored, decompressor_, &workspace_.objects());
    const FooterView footer(pack.footer, FooterView::Verify::no);
    const std::vector<std::optional<ObjectId>> ids = object_ids(block);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (!ids[i]) continue;
      const ObjectKey key{block.object(i).type, *ids[i]};
      // Bytes that rotted under a right checksum have an id that the footer does not know.
      if (footer.find(key) && seen_.insert(key).second) assembler_.add(key, block.bytes(i), closed_);
    }
  }

  void drain() {
    for (RawBlock& raw : closed_) {
      const EncodedBlock block = encode_block(raw, compressor_, compression_);
      if (!writer_.fits(block)) sealed_.push_back(writer_.seal());
      writer_.append(block);
    }
    closed_.clear();
  }

  const Workspace& workspace_;
  PackWriter writer_;
  BlockAssembler assembler_;
  Compressor compressor_;
  Decompressor decompressor_;
  CompressionOptions compression_;
  std::unordered_set<ObjectKey, ObjectKeyHash> seen_;
  std::vector<RawBlock> closed_;
  std::vector<CatalogPack> sealed_;
};

/// durability.md: repair 5
void replace_pack(const Workspace& workspace, const CatalogPack& pack, const std::vector<CatalogPack>& fresh) {
  const Repository& repository = workspace.repository();
  const bool same_name = std::ranges::any_of(fresh, [&](const CatalogPack& one) { return one.id == pack.id; });
  // Sealing has put the new one in the place of a namesake.
  if (same_name) append_catalog(repository, {AddPacks{fresh}}, workspace.lock_wait());
  else publish_replacement(repository, {pack}, fresh, workspace.lock_wait());
}

void repair_pack(RepairSite& site, const CatalogPack& pack) {
  const Workspace& workspace = site.workspace;
  const std::string path = layout::pack_path(pack.id);
  const std::optional<std::string> kept = site.quarantine.keep(path);
  const std::optional<PackFile> file = open_or_rescue_pack(workspace.repository(), pack.id);
  if (!file) {
    replace_pack(workspace, pack, {});
    site.done("missing_pack", fmt::format("pack {}: was missing: is no longer counted on", pack.id.short_hex()), {}, pack.id);
    return;
  }
  PackRescue rescue(workspace, site.session.directory_fd());
  const std::vector<CatalogPack> fresh = rescue.run(*file);
  replace_pack(workspace, pack, fresh);
  site.done("pack", fmt::format("pack {}: was damaged: {} of its objects are in a new pack", pack.id.short_hex(), rescue.objects()),
            kept.value_or(""), pack.id);
}

}  // namespace

void repair_packs(RepairSite& site, const std::vector<ObjectId>& packs) {
  const CatalogState catalog = read_catalog(site.workspace.repository());
  for (const CatalogState::Pack& pack : catalog.packs)
    if (std::ranges::find(packs, pack.pack.id) != packs.end()) repair_pack(site, pack.pack);
  if (!packs.empty()) site.workspace.objects().refresh();
}

void repair_tables(RepairSite& site) {
  const Repository& repository = site.workspace.repository();
  const TableSet tables = open_tables(repository, {}, FooterView::Verify::yes);
  for (const std::string& name : tables.bad) {
    const std::string path = fmt::format("{}/{}", layout::k_tables, name);
    const std::optional<std::string> kept = site.quarantine.take(path);
    site.done("table", fmt::format("table {}: was damaged: is derived from the packs again", name), kept.value_or(""));
  }
  if (!tables.bad.empty()) site.workspace.objects().refresh();
}

}  // namespace store
