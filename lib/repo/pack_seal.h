// The end of every pack that is written or taken over; private to repo.
#pragma once

#include <string>

#include "base/fd.h"
#include "format/catalog.h"
#include "format/pack.h"
#include "repo/repository.h"

namespace store {

/// A pack whose blocks are written: `size` bytes from the header to the end of the last block.
struct UnsealedPack {
  int directory_fd = -1;
  std::string name;
  UniqueFd fd;
  std::uint64_t size = 0;
  Footer footer = {};  // entries in any order
  bool sync = true;
};

/// Footer, sync, close, rename to its id, directory sync (docs/durability.md "Publishing a pack" 2–6). The entries are
/// sorted then, each object once.
CatalogPack seal_pack(const Repository& repository, UnsealedPack& pack);

}  // namespace store
