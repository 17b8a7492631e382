#pragma once

#include <vector>

#include "base/cancel.h"
#include "pipeline/progress.h"
#include "repo/object_store.h"
#include "repo/pack_writer.h"

namespace store {

struct RepackOptions {
  CompressionOptions compression;
  unsigned threads = 1;              // 1: no TBB at all
  std::uint64_t memory = 64u << 20;  // budget for blocks in flight; bounds their number
  bool sync = true;
  const CancelToken* cancel = nullptr;
  Progress* progress = nullptr;
};

/// Rewrites some packs as new ones in the same order: every block is decoded, every object checked against its id, objects
/// that lie in these packs twice are kept once, and blocks are filled and compressed anew; those with bases are copied. The
/// new packs are sealed, not in the catalog. Nothing if one of the packs is damaged (`damaged` is set): what was sealed is
/// removed again. `temporary` is the open pack's name in the session's folder.
/// Memory: blocks in flight, and about 120 bytes for each object of these packs.
std::optional<std::vector<CatalogPack>> rewrite_packs(const Repository& repository, const ObjectReader& objects,
                                                      const std::vector<CatalogPack>& packs, int session_fd,
                                                      const RepackOptions& options, std::optional<CatalogPack>& damaged);

}  // namespace store
