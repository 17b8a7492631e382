#pragma once

#include <memory>

#include "format/pack.h"
#include "repo/repository.h"

namespace store {

/// A pack's footer, mapped (a rescued one in memory): lookup without the memory of its entries. Thread rule: immutable, any thread.
class MappedFooter {
 public:
  /// Nothing if the pack's file is gone. Error{corrupt} names the pack. Footers up to 1 MiB (0.1 ms) are
  /// always checked against their checksum, larger ones if `verify` says so.
  static std::shared_ptr<const MappedFooter> open(const Repository& repository, const ObjectId& pack,
                                                  FooterView::Verify verify);
  /// Of a pack that open() refuses as damaged, by rescue_pack(): in memory, 44 bytes an object.
  static std::shared_ptr<const MappedFooter> rescue(const Repository& repository, const ObjectId& pack);
  ~MappedFooter();
  MappedFooter(const MappedFooter&) = delete;
  MappedFooter& operator=(const MappedFooter&) = delete;

  const ObjectId& pack() const { return pack_; }
  const FooterView& view() const { return *view_; }
  /// Whether the pack is known to be damaged: never to be relied on for deduplication.
  bool rescued() const { return mapping_ == nullptr; }

 private:
  MappedFooter(const ObjectId& pack, int fd, const std::string& path, FooterView::Verify verify);
  MappedFooter(const ObjectId& pack, Bytes footer);
  void unmap();

  ObjectId pack_;
  void* mapping_ = nullptr;
  std::size_t mapped_ = 0;
  Bytes rescued_;
  std::optional<FooterView> view_;
};

}  // namespace store
