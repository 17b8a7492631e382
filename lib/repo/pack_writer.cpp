#include "repo/pack_writer.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/error.h"
#include "hash/sha256.h"
#include "repo/pack_seal.h"

namespace store {
namespace {

constexpr std::uint64_t k_first_reservation = 1u
                                              << 20;  // doubled up to the last: a small commit takes little
constexpr std::uint64_t k_last_reservation = 64u << 20;
constexpr std::size_t k_write_size = 1u << 20;
constexpr std::size_t k_first_entries = 32768;  // a pack of chunks has some 17,000: it never grows
constexpr std::uint64_t k_page = 4096;

/// A footer lists every object once, ascending. Merged packs may hold an object twice (two adders at once);
/// the copy that needs no bases is the one to list, since only such a copy can be a base itself.
void list_each_once(std::vector<FooterEntry>& entries) {
  std::sort(entries.begin(), entries.end(), [](const FooterEntry& a, const FooterEntry& b) {
    if (a.key != b.key) return key_less(a.key, b.key);
    return std::tie(a.flags, a.block, a.ordinal) < std::tie(b.flags, b.block, b.ordinal);
  });
  const auto same = [](const FooterEntry& a, const FooterEntry& b) { return a.key == b.key; };
  entries.erase(std::unique(entries.begin(), entries.end(), same), entries.end());
}

/// Writes the footer from `offset` on, and returns its id. It is large where small files are many: never whole in memory. One piece, as
/// nearly always, needs no OpenSSL, which costs milliseconds to load.
ObjectId write_footer(FileSystem& fs, int fd, std::uint64_t offset, const Footer& footer) {
  const std::uint64_t size = footer_size(footer.block_offsets.size(), footer.entries.size());
  ObjectId id;
  std::optional<Sha256> pieces;
  encode_footer(footer, [&](ByteView piece) {
    if (piece.size() == size) {
      id = sha256(piece);
    } else {
      if (!pieces) pieces.emplace();
      pieces->update(piece);
    }
    fs.pwrite(fd, piece, offset);
    offset += piece.size();
  });
  return pieces ? pieces->finish() : id;
}

}  // namespace

PackWriter::PackWriter(const Repository& repository, int directory_fd, bool sync, std::string name)
    : repository_(repository), directory_fd_(directory_fd), sync_(sync), name_(std::move(name)) {}

void PackWriter::create() {
  fd_ = repository_.fs().open({directory_fd_, name_.c_str()}, O_RDWR | O_CREAT | O_EXCL);
  entries_.reserve(k_first_entries);
  const Bytes header = encode_pack_header({});
  make_room(header.size());
  write(header);
}

/// Reserves ahead in steps, so that the file lies in few pieces. A full disk may still hold what is really
/// written, so a refused reservation is no error yet: the write will say.
void PackWriter::make_room(std::uint64_t length) {
  if (offset_ + length <= reserved_) return;
  const std::uint64_t step = std::max(length, std::clamp(reserved_, k_first_reservation, k_last_reservation));
  try {
    repository_.fs().reserve(fd_.get(), offset_, step);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::no_space) throw;
  }
  reserved_ = offset_ + step;
}

void PackWriter::write(ByteView bytes) {
  FileSystem& fs = repository_.fs();
  while (!bytes.empty()) {
    const ByteView piece = bytes.first(std::min(bytes.size(), k_write_size));
    fs.pwrite(fd_.get(), piece, offset_);
    bytes = bytes.subspan(piece.size());
    offset_ += piece.size();
    // Whole pages only: a page that is still being filled would be written twice.
    const std::uint64_t whole = offset_ / k_page * k_page;
    if (!sync_ || whole - written_back_ < k_write_size) continue;
    fs.start_writeback(fd_.get(), written_back_, whole - written_back_);
    written_back_ = whole;
  }
}

void PackWriter::append(const EncodedBlock& block) {
  if (!fd_) create();
  const std::uint64_t at = offset_;
  make_room(block.bytes.size());
  write(block.bytes);
  const auto index = static_cast<std::uint32_t>(block_offsets_.size());
  block_offsets_.push_back(at);
  // Grown once, and never copied at twice the size.
  if (entries_.size() + block.keys.size() > entries_.capacity())
    entries_.reserve(std::max<std::size_t>(k_pack_object_limit, entries_.size() + block.keys.size()));
  for (std::size_t i = 0; i < block.keys.size(); ++i)
    entries_.push_back(
        {block.keys[i], block.delta ? k_flag_delta : std::uint8_t{0}, index, static_cast<std::uint32_t>(i)});
}

bool PackWriter::full() const {
  return offset_ >= k_pack_size_limit || entries_.size() >= k_pack_object_limit;
}

bool PackWriter::fits(const EncodedBlock& block) const {
  return empty() || (!full() && entries_.size() + block.keys.size() <= k_pack_object_limit);
}

CatalogPack PackWriter::seal() {
  const bool next_follows = full();
  UnsealedPack pack{.directory_fd = directory_fd_,
                    .name = name_,
                    .fd = std::move(fd_),
                    .size = offset_,
                    .footer = {std::move(block_offsets_), std::move(entries_)},
                    .sync = sync_};
  const CatalogPack sealed = seal_pack(repository_, pack);
  if (next_follows) entries_ = std::move(pack.footer.entries);  // anew, their room would lie elsewhere, and leave a hole here
  start_over();
  return sealed;
}

void PackWriter::discard() {
  try {
    // Sealing takes the descriptor away, also when it is refused.
    if (fd_ || offset_ != 0) repository_.fs().unlink({directory_fd_, name_.c_str()});
  } catch (const std::exception&) {
    // What went wrong before is what the caller reports; the session's folder takes the file with it.
  }
  start_over();
}

void PackWriter::start_over() {
  fd_.reset();
  offset_ = reserved_ = written_back_ = 0;
  block_offsets_.clear();
  entries_.clear();
}

CatalogPack seal_pack(const Repository& repository, UnsealedPack& pack) {
  FileSystem& fs = repository.fs();
  list_each_once(pack.footer.entries);
  const std::size_t objects = pack.footer.entries.size();
  // durability.md: pack 2. Cutting also gives back what was reserved beyond the end.
  const CatalogPack sealed{.id = write_footer(fs, pack.fd.get(), pack.size, pack.footer),
                           .size = pack.size + footer_size(pack.footer.block_offsets.size(), objects),
                           .objects = static_cast<std::uint32_t>(objects)};
  fs.truncate(pack.fd.get(), sealed.size);
  if (pack.sync) fs.fdatasync(pack.fd.get());  // durability.md: pack 3
  pack.fd.reset();
  // durability.md: pack 5. A namesake has the same footer; ours is known to be whole, so it takes its place.
  const std::string path = layout::pack_path(sealed.id);
  fs.rename({pack.directory_fd, pack.name.c_str()}, {repository.fd(), path.c_str()});
  if (pack.sync) sync_directory(fs, {repository.fd(), layout::k_packs});  // durability.md: pack 6
  return sealed;
}

}  // namespace store
