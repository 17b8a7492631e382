#include "repo/mapped_footer.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "repo/pack_file.h"

namespace store {
namespace {

constexpr std::uint64_t k_always_checked = 1u << 20;

/// Where the footer of a pack of `size` bytes starts.
std::uint64_t footer_offset(int fd, std::uint64_t size, const std::string& path) {
  if (size < k_pack_header_size + k_footer_trailer_size)
    throw_corrupt(fmt::format("ends after {} bytes", size));
  Bytes trailer(k_footer_trailer_size);
  trailer.resize(pread_full(fd, trailer, size - k_footer_trailer_size, path));
  const std::uint64_t length = footer_size(trailer);
  if (length > size - k_pack_header_size)
    throw_corrupt(fmt::format("footer of {} bytes does not fit", length));
  return size - length;
}

}  // namespace

std::shared_ptr<const MappedFooter> MappedFooter::open(const Repository& repository, const ObjectId& pack,
                                                       FooterView::Verify verify) try {
  const std::string path = layout::pack_path(pack);
  const std::optional<UniqueFd> fd = open_if_exists(repository.fd(), path);
  if (!fd) return nullptr;
  check_pack_header(fd->get(), path);
  return std::shared_ptr<const MappedFooter>(new MappedFooter(pack, fd->get(), path, verify));
} catch (Error& error) {
  error.add_context(fmt::format("pack {}", pack.short_hex()));
  throw;
}

MappedFooter::MappedFooter(const ObjectId& pack, int fd, const std::string& path, FooterView::Verify verify)
    : pack_(pack) {
  const auto size = static_cast<std::uint64_t>(stat_fd(fd, path).st_size);
  const std::uint64_t offset = footer_offset(fd, size, path);
  const std::uint64_t page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const std::uint64_t start = offset / page * page;
  mapped_ = size - start;
  mapping_ = ::mmap(nullptr, mapped_, PROT_READ, MAP_SHARED, fd, static_cast<off_t>(start));
  if (mapping_ == MAP_FAILED) throw_errno(errno, "mmap", path);
  const ByteView footer(static_cast<const std::byte*>(mapping_) + (offset - start), size - offset);
  if (footer.size() <= k_always_checked) verify = FooterView::Verify::yes;
  try {
    view_.emplace(footer, verify);
  } catch (...) {
    unmap();
    throw;
  }
}

MappedFooter::MappedFooter(const ObjectId& pack, Bytes footer) : pack_(pack), rescued_(std::move(footer)) {
  view_.emplace(rescued_, FooterView::Verify::no);
}

std::shared_ptr<const MappedFooter> MappedFooter::rescue(const Repository& repository, const ObjectId& pack) {
  std::optional<PackFile> file = rescue_pack(repository, pack);
  if (!file) return nullptr;
  return std::shared_ptr<const MappedFooter>(new MappedFooter(pack, std::move(file->footer)));
}

MappedFooter::~MappedFooter() { unmap(); }

void MappedFooter::unmap() {
  if (mapping_ != nullptr) ::munmap(mapping_, mapped_);
}

}  // namespace store
