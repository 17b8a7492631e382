#include "repo/pack_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <tuple>

#include "base/error.h"
#include "format/commit.h"
#include "format/node.h"
#include "hash/checksum.h"
#include "hash/sha256.h"
#include "repo/object_store.h"

namespace store {
namespace {

constexpr std::uint64_t k_first_read = 64u << 10;  // holds nearly every header; most blocks are longer
constexpr std::uint64_t k_scan_window = 1u << 20;
constexpr std::uint64_t k_max_stored_block = k_max_object_size + (1u << 20);

std::string pack_name(const ObjectId& pack) { return fmt::format("pack {}", pack.short_hex()); }
std::string block_name(std::string_view pack, std::uint64_t offset) { return fmt::format("{}: block at offset {}", pack, offset); }

/// What `read` gives, which knows its place from now on; an error of its own names that.
template <typename Read>
StoredBlock block_at(std::string_view pack, std::uint64_t offset, Read read) try {
  StoredBlock block = read();
  block.pack = pack;
  block.offset = offset;
  return block;
} catch (Error& error) {
  error.add_context(block_name(pack, offset));
  throw;
}

/// Makes `bytes` longer, up to `size`, from the file; Error{corrupt} if the file ends before.
void read_up_to(int fd, Bytes& bytes, std::uint64_t offset, std::uint64_t size) {
  const std::size_t have = bytes.size();
  if (size <= have) return;
  bytes.resize(size);
  const std::size_t got = pread_full(fd, MutableByteView(bytes).subspan(have), offset + have, "pack");
  if (have + got < size) throw_corrupt(fmt::format("ends after {} of {} bytes", have + got, size));
}

/// `limit` is where the block must end at the latest.
StoredBlock read_checked(int fd, std::uint64_t offset, std::uint64_t limit, std::uint64_t first_read) {
  if (offset >= limit) throw_corrupt(fmt::format("no block can start here: blocks end at {}", limit));
  StoredBlock block;
  read_up_to(fd, block.bytes, offset, std::min(limit - offset, first_read));
  block.header_size = block_header_size(block.bytes);
  if (block.header_size > limit - offset) throw_corrupt("header reaches past the end");
  read_up_to(fd, block.bytes, offset, block.header_size);
  block.header = decode_block_header(ByteView(block.bytes).first(block.header_size));
  const std::uint64_t size = block.header_size + std::uint64_t{block.header.stored_length};
  if (size > limit - offset || block.header.stored_length > k_max_stored_block)
    throw_corrupt(fmt::format("block of {} bytes reaches past {}", size, limit));
  read_up_to(fd, block.bytes, offset, size);
  block.bytes.resize(size);
  if (xxh3(ByteView(block.bytes).subspan(block.header_size)) != block.header.payload_checksum)
    throw_corrupt("payload does not match its checksum");
  return block;
}

/// The prefix of a delta block.
Bytes gather_bases(const std::vector<ObjectId>& bases, const ObjectReader* reader) {
  if (reader == nullptr) throw_corrupt("has bases, and none can be read here");
  Bytes prefix;
  for (const ObjectId& base : bases) {
    const Bytes bytes = reader->read_base(base);
    if (prefix.size() + bytes.size() > k_max_object_size)
      throw_corrupt(fmt::format("bases of over {} bytes", k_max_object_size));
    prefix.insert(prefix.end(), bytes.begin(), bytes.end());
  }
  return prefix;
}

void check_block_offsets(const FooterView& footer, std::uint64_t footer_offset) {
  std::uint64_t expected = k_pack_header_size;
  for (std::size_t i = 0; i < footer.blocks(); ++i) {
    const std::uint64_t offset = footer.block_offset(i);
    const bool fits = i == 0 ? offset == expected : offset > expected;
    if (!fits || offset >= footer_offset)
      throw_corrupt(fmt::format("footer: block {} at offset {}", i, offset));
    expected = offset;
  }
}

/// Reads and checks the footer of a pack that ends at file.end.
void read_footer(PackFile& file, const std::string& path) {
  if (file.end < k_pack_header_size + k_footer_trailer_size)
    throw_corrupt(fmt::format("ends after {} bytes", file.end));
  Bytes trailer(k_footer_trailer_size);
  pread_full(file.fd.get(), trailer, file.end - trailer.size(), path);
  const std::uint64_t length = footer_size(trailer);
  if (length > file.end - k_pack_header_size)
    throw_corrupt(fmt::format("footer of {} bytes does not fit", length));
  file.footer_offset = file.end - length;
  file.footer.clear();
  read_up_to(file.fd.get(), file.footer, file.footer_offset, length);
  if (sha256(file.footer) != file.id) throw_corrupt("footer is not the one that the name says");
  const FooterView footer(file.footer, FooterView::Verify::yes);
  check_block_offsets(footer, file.footer_offset);
  for (std::size_t i = 0; i < footer.size(); ++i) static_cast<void>(footer.entry(i));
}

/// Opens without any check. Nothing if the file is gone.
std::optional<PackFile> open_unchecked(const Repository& repository, const ObjectId& pack, const std::string& path) {
  std::optional<UniqueFd> fd = open_if_exists(repository.fd(), path);
  if (!fd) return std::nullopt;
  PackFile file{.id = pack, .name = pack_name(pack), .fd = std::move(*fd)};
  file.size = static_cast<std::uint64_t>(stat_fd(file.fd.get(), path).st_size);
  file.end = file.size;
  return file;
}

/// The blocks of a pack, as far as their headers follow each other.
struct Chain {
  std::uint64_t end = k_pack_header_size;
  std::size_t blocks = 0;
  std::size_t objects = 0;
};

/// Reads no payload.
Chain follow_blocks(const PackFile& file, const std::string& path) {
  Chain chain;
  try {
    while (chain.objects <= k_pack_object_limit) {
      Bytes bytes(k_block_prefix_size);
      bytes.resize(pread_full(file.fd.get(), bytes, chain.end, path));
      bytes.resize(block_header_size(bytes));
      bytes.resize(pread_full(file.fd.get(), bytes, chain.end, path));
      const BlockHeader header = decode_block_header(bytes);
      chain.end += bytes.size() + header.stored_length;
      chain.objects += header.objects.size();
      ++chain.blocks;
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
  }
  return chain;
}

/// Where a pack ends that something was appended to: its footer begins behind its blocks. Nothing if none stands there. Reads headers,
/// and as much as the footer of so many objects may have.
std::optional<std::uint64_t> find_end(const PackFile& file, const std::string& path) {
  const Chain chain = follow_blocks(file, path);
  if (chain.objects > k_pack_object_limit + k_max_block_objects || chain.end >= file.size) return std::nullopt;
  Bytes bytes(std::min<std::uint64_t>(footer_size(chain.blocks, chain.objects), file.size - chain.end));
  bytes.resize(pread_full(file.fd.get(), bytes, chain.end, path));
  for (std::size_t end = k_footer_trailer_size; end <= bytes.size(); ++end) {
    end = find_footer_end(bytes, end);
    if (end > bytes.size()) break;
    try {
      if (footer_size(ByteView(bytes).first(end)) == end) return chain.end + end;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;  // these bytes of an id look like the end of a footer
    }
  }
  return std::nullopt;
}

/// The next offset from `from` on that lies in no hole of the file, or `size`. Everybody else reads at offsets, so nobody minds
/// where this leaves the descriptor.
std::uint64_t skip_hole(int fd, std::uint64_t from, std::uint64_t size) {
  const off_t data = ::lseek(fd, static_cast<off_t>(from), SEEK_DATA);
  if (data < 0) return errno == ENXIO ? size : from;  // others: a file system that knows no holes
  return std::clamp(static_cast<std::uint64_t>(data), from, size);
}

/// The next offset from `from` on that looks like the start of a block, or `size`. None begins in a hole: a magic is no zeros.
std::uint64_t next_block(int fd, std::uint64_t from, std::uint64_t size) {
  constexpr std::size_t k_magic_size = 4;
  Bytes window(std::min<std::uint64_t>(k_scan_window, size));
  while ((from = skip_hole(fd, from, size)) + k_magic_size <= size) {
    const std::size_t wanted = std::min<std::uint64_t>(window.size(), size - from);
    const ByteView bytes = ByteView(window).first(
        pread_full(fd, MutableByteView(window).first(wanted), from, "pack"));
    const std::size_t at = find_block_magic(bytes, 0);
    if (at < bytes.size()) return from + at;
    if (bytes.size() < wanted || from + wanted == size) break;
    from += wanted - (k_magic_size - 1);  // a magic may lie across two windows
  }
  return size;
}

/// Adds a block's objects to the footer, their ids computed from their bytes.
void list_block(const StoredBlock& stored, std::uint64_t offset, Decompressor& decompressor, Footer& footer) {
  const DecodedBlock block = decode_block(stored, decompressor, nullptr);
  std::vector<FooterEntry> entries;
  const auto index = static_cast<std::uint32_t>(footer.block_offsets.size());
  for (std::size_t i = 0; i < block.size(); ++i) {
    const ObjectType type = block.object(i).type;
    entries.push_back({{type, object_id(type, block.bytes(i))}, 0, index, static_cast<std::uint32_t>(i)});
  }
  footer.entries.insert(footer.entries.end(), entries.begin(), entries.end());
  footer.block_offsets.push_back(offset);
}

/// Makes the footer from every block that is whole; one block in memory.
void list_anew(PackFile& file) {
  Footer footer;
  Decompressor decompressor;
  file.footer_offset = k_pack_header_size;
  for (std::uint64_t at = k_pack_header_size; at < file.size;) {
    try {
      const StoredBlock stored = read_checked(file.fd.get(), at, file.size, k_first_read);
      list_block(stored, at, decompressor, footer);
      at += stored.bytes.size();
      file.footer_offset = at;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;
      at = next_block(file.fd.get(), at + 1, file.size);
    }
  }
  const auto order = [](const FooterEntry& a, const FooterEntry& b) {
    if (a.key != b.key) return key_less(a.key, b.key);
    return std::tie(a.block, a.ordinal) < std::tie(b.block, b.ordinal);
  };
  const auto same = [](const FooterEntry& a, const FooterEntry& b) { return a.key == b.key; };
  std::sort(footer.entries.begin(), footer.entries.end(), order);
  footer.entries.erase(std::unique(footer.entries.begin(), footer.entries.end(), same), footer.entries.end());
  file.footer = encode_footer(footer);
  file.listed_anew = true;
}

}  // namespace

void check_pack_header(int fd, const std::string& path) {
  Bytes header(k_pack_header_size);
  header.resize(pread_full(fd, header, 0, path));
  decode_pack_header(header);
}

std::optional<PackFile> open_pack(const Repository& repository, const ObjectId& pack) try {
  const std::string path = layout::pack_path(pack);
  std::optional<PackFile> file = open_unchecked(repository, pack, path);
  if (!file) return std::nullopt;
  check_pack_header(file->fd.get(), path);
  read_footer(*file, path);
  return file;
} catch (Error& error) {
  error.add_context(pack_name(pack));
  throw;
}

std::optional<PackFile> rescue_pack(const Repository& repository, const ObjectId& pack) {
  const std::string path = layout::pack_path(pack);
  std::optional<PackFile> file = open_unchecked(repository, pack, path);
  if (!file) return std::nullopt;
  file->rescued = true;
  const auto has_footer = [&] {
    try {
      read_footer(*file, path);
      return true;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;
      return false;
    }
  };
  if (has_footer()) return file;
  file->end = find_end(*file, path).value_or(file->size);
  if (file->end < file->size && has_footer()) return file;
  file->end = file->size;
  list_anew(*file);
  return file;
}

std::optional<PackFile> open_or_rescue_pack(const Repository& repository, const ObjectId& pack) {
  try {
    return open_pack(repository, pack);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
  }
  return rescue_pack(repository, pack);
}

StoredBlock read_stored_block(const PackFile& pack, std::uint64_t offset, std::uint64_t end) {
  return block_at(pack.name, offset, [&] {
    if (offset < k_pack_header_size || end > pack.footer_offset || offset >= end)
      throw_corrupt(fmt::format("no block lies up to {}", end));
    StoredBlock block = read_checked(pack.fd.get(), offset, end, std::min(end - offset, k_max_stored_block));
    if (block.bytes.size() != end - offset && !pack.listed_anew)
      throw_corrupt(fmt::format("block of {} bytes where {} are", block.bytes.size(), end - offset));
    return block;
  });
}

StoredBlock read_block_at(int fd, std::string_view what, std::uint64_t offset, std::uint64_t limit) {
  return block_at(what, offset, [&] { return read_checked(fd, offset, limit, k_first_read); });
}

DecodedBlock decode_block(const StoredBlock& block, Decompressor& decompressor, const ObjectReader* reader) try {
  const BlockHeader& header = block.header;
  const ByteView payload = ByteView(block.bytes).subspan(block.header_size);
  if (header.raw_length > k_max_object_size)
    throw_corrupt(
        fmt::format("block of {} raw bytes exceeds limit {}", header.raw_length, k_max_object_size));
  Buffer raw(header.raw_length);
  if (header.codec == Codec::raw) {
    if (payload.size() != header.raw_length || !header.bases.empty())
      throw_corrupt("raw block of another length");
    std::copy(payload.begin(), payload.end(), raw.data());
  } else if (header.bases.empty()) {
    decompressor.decompress(payload, raw.span(0, header.raw_length));
  } else {
    const Bytes prefix = gather_bases(header.bases, reader);
    decompressor.decompress_with_prefix(payload, prefix, raw.span(0, header.raw_length));
  }
  return DecodedBlock(header.objects, std::move(raw), header.raw_length, !header.bases.empty());
} catch (Error& error) {
  error.add_context(block_name(block.pack, block.offset));
  throw;
}

ObjectId object_id(ObjectType type, ByteView bytes) {
  switch (type) {
    case ObjectType::chunk:
      return sha256(bytes);
    case ObjectType::commit:
      return commit_id(as_text(bytes));
    case ObjectType::recipe:
    case ObjectType::tree:
    case ObjectType::attributes:
      return node_id(decode_node(type, bytes));
  }
  throw Error(ErrorKind::bug, fmt::format("object type {}", static_cast<int>(type)));
}

std::vector<std::optional<ObjectId>> object_ids(const DecodedBlock& block) {
  std::vector<std::optional<ObjectId>> ids(block.size());
  std::vector<ByteView> chunks;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < block.size(); ++i) {
    const ObjectType type = block.object(i).type;
    if (type == ObjectType::chunk) {
      chunks.push_back(block.bytes(i));
      places.push_back(i);
      continue;
    }
    try {
      ids[i] = object_id(type, block.bytes(i));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;
    }
  }
  std::vector<ObjectId> of_chunks(chunks.size());
  sha256_batch(chunks, of_chunks);
  for (std::size_t i = 0; i < places.size(); ++i) ids[places[i]] = of_chunks[i];
  return ids;
}

bool object_matches(const ObjectKey& key, ByteView bytes) {
  try {
    return object_id(key.type, bytes) == key.id;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
    return false;
  }
}

}  // namespace store
