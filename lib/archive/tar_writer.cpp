#include "archive/tar_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "archive/acl.h"
#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "format/index_metadata.h"

namespace store {
namespace {

constexpr std::size_t k_block = 512;
constexpr std::size_t k_record = 20 * k_block;  // what tar programs read and write at a time
constexpr std::uint64_t k_max_size = 077777777777;
constexpr std::int64_t k_max_time = 077777777777;
constexpr std::uint32_t k_max_owner = 07777777;

// POSIX.1-2017, pax, "ustar Interchange Format".
struct Field {
  std::size_t offset;
  std::size_t length;
};
constexpr Field k_name{0, 100};
constexpr Field k_mode{100, 8};
constexpr Field k_uid{108, 8};
constexpr Field k_gid{116, 8};
constexpr Field k_size{124, 12};
constexpr Field k_mtime{136, 12};
constexpr Field k_checksum{148, 8};
constexpr Field k_type{156, 1};
constexpr Field k_link{157, 100};
constexpr Field k_magic{257, 8};
constexpr Field k_user{265, 32};
constexpr Field k_group{297, 32};
constexpr Field k_dev_major{329, 8};
constexpr Field k_dev_minor{337, 8};
constexpr Field k_prefix{345, 155};

class Header {
 public:
  void text(Field field, std::string_view value) {
    std::copy_n(value.begin(), std::min(value.size(), field.length), block_.begin() + field.offset);
  }
  /// Digits and a NUL.
  void number(Field field, std::uint64_t value) { text(field, fmt::format("{:0{}o}", value, field.length - 1)); }
  ByteView seal() {
    text(k_magic, std::string_view("ustar\00000", k_magic.length));
    text(k_checksum, "        ");
    unsigned sum = 0;
    for (const char c : block_) sum += static_cast<unsigned char>(c);
    text(k_checksum, std::string_view(fmt::format("{:06o}", sum) + '\0' + ' '));
    return as_bytes({block_.data(), block_.size()});
  }

 private:
  std::array<char, k_block> block_{};
};

/// "LENGTH KEY=VALUE\n", the length counting itself.
std::string pax_record(std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (rest + fmt::formatted_size("{}", length) != length) ++length;
  return fmt::format("{} {}={}\n", length, key, value);
}

/// Where a path may be cut in two for `prefix` and `name`; nothing if it is too long.
std::optional<std::size_t> ustar_cut(std::string_view path) {
  if (path.size() <= k_name.length) return 0;
  for (std::size_t slash = path.find('/'); slash != path.npos && slash <= k_prefix.length; slash = path.find('/', slash + 1))
    if (slash > 0 && slash + 1 < path.size() && path.size() - slash - 1 <= k_name.length) return slash;
  return std::nullopt;
}

std::string decimal_time(std::int64_t seconds, std::uint32_t nanoseconds) {
  if (nanoseconds == 0) return fmt::format("{}", seconds);
  const bool negative = seconds < 0;
  const std::uint64_t whole = negative ? static_cast<std::uint64_t>(-(seconds + 1)) : static_cast<std::uint64_t>(seconds);
  std::string text = fmt::format("{}{}.{:09}", negative ? "-" : "", whole, negative ? 1'000'000'000 - nanoseconds : nanoseconds);
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

/// As GNU tar and star have it: the value as it is, and '=' and '%' of the name escaped.
std::string xattr_key(std::string_view name) {
  std::string key = "SCHILY.xattr.";
  for (const char c : name) {
    if (c == '=') key += "%3D";
    else if (c == '%') key += "%25";
    else key += c;
  }
  return key;
}

std::string name_of(const ArchiveEntry& entry) {
  return entry.kind == EntryKind::directory ? entry.path + "/" : entry.path;
}

std::string_view link_of(const ArchiveEntry& entry) { return entry.hard_link.empty() ? entry.target : entry.hard_link; }

bool has_content(const ArchiveEntry& entry) { return is_regular(entry.kind) && entry.hard_link.empty(); }

bool is_sparse(const ArchiveEntry& entry) { return has_content(entry) && !entry.holes.empty(); }

/// Where the data of a sparse file belongs: GNU's form 1.0, "count, then offset and length of each", every number on a line. It
/// stands before the data, and fills whole blocks. A hole at the end is followed by an empty stretch, which says how far it goes.
std::string sparse_map(const ArchiveEntry& entry) {
  std::string map;
  std::size_t count = 0;
  std::uint64_t at = 0;
  const auto stretch = [&](std::uint64_t end) {
    map += fmt::format("{}\n{}\n", at, end - at);
    ++count;
  };
  for (const Hole& hole : entry.holes) {
    if (hole.offset > at) stretch(hole.offset);
    at = hole.offset + hole.length;
  }
  stretch(entry.size);
  map.insert(0, fmt::format("{}\n", count));
  map.resize((map.size() + k_block - 1) / k_block * k_block);
  return map;
}

std::uint64_t data_bytes(const ArchiveEntry& entry) {
  if (!has_content(entry)) return 0;
  std::uint64_t bytes = entry.size;
  for (const Hole& hole : entry.holes) bytes -= hole.length;
  return bytes;
}

/// The record that says what GNU tar and libarchive read from there, as text; every other extended attribute goes as it is.
std::string xattr_record(const std::string& name, ByteView value) {
  if (is_acl(name)) {
    const std::string_view key = name == k_acl_access ? "SCHILY.acl.access" : "SCHILY.acl.default";
    if (const std::optional<Acl> acl = decode_acl(value)) return pax_record(key, acl_text(*acl));
  }
  return pax_record(xattr_key(name), as_text(value));
}

/// What the ustar header of this entry cannot say; `stored` is what its content takes in the archive.
std::string pax_records(const ArchiveEntry& entry, std::uint64_t stored) {
  const std::string name = name_of(entry);
  const std::string_view link = link_of(entry);
  std::string records;
  if (is_sparse(entry)) records += pax_record("GNU.sparse.name", name);
  else if (!ustar_cut(name)) records += pax_record("path", name);
  if (link.size() > k_link.length) records += pax_record("linkpath", link);
  if (entry.user.size() >= k_user.length) records += pax_record("uname", entry.user);
  if (entry.group.size() >= k_group.length) records += pax_record("gname", entry.group);
  // Names are UTF-8 unless this stands before them.
  if (!records.empty() && !(is_valid_utf8(name) && is_valid_utf8(link)))
    records.insert(0, pax_record("hdrcharset", "BINARY"));
  if (entry.uid > k_max_owner) records += pax_record("uid", fmt::format("{}", entry.uid));
  if (entry.gid > k_max_owner) records += pax_record("gid", fmt::format("{}", entry.gid));
  if (stored > k_max_size) records += pax_record("size", fmt::format("{}", stored));
  if (is_sparse(entry)) {
    records += pax_record("GNU.sparse.major", "1") + pax_record("GNU.sparse.minor", "0");
    records += pax_record("GNU.sparse.realsize", fmt::format("{}", entry.size));
  }
  if (entry.mtime_nanoseconds != 0 || entry.mtime_seconds < 0 || entry.mtime_seconds > k_max_time)
    records += pax_record("mtime", decimal_time(entry.mtime_seconds, entry.mtime_nanoseconds));
  for (const auto& [xattr, value] : entry.xattrs) records += xattr_record(xattr, value);
  return records;
}

/// A name that fits, in a directory of its own.
std::string within_name(std::string_view directory, const ArchiveEntry& entry) {
  return std::string(directory) + std::string(base_name(entry.path)).substr(0, k_name.length - directory.size());
}

char type_of(const ArchiveEntry& entry) {
  if (!entry.hard_link.empty()) return '1';
  switch (entry.kind) {
    case EntryKind::file:
    case EntryKind::large_file: return '0';
    case EntryKind::symlink: return '2';
    case EntryKind::char_device: return '3';
    case EntryKind::block_device: return '4';
    case EntryKind::directory: return '5';
    case EntryKind::fifo: return '6';
  }
  return '0';
}

}  // namespace

TarWriter::TarWriter(std::function<void(ByteView)> sink) : sink_(std::move(sink)) {}

void TarWriter::put(ByteView bytes) {
  sink_(bytes);
  written_ += bytes.size();
}

void TarWriter::pad(std::uint64_t unit) {
  static constexpr std::array<std::byte, k_record> k_zeros{};
  put(ByteView(k_zeros).first(static_cast<std::size_t>((unit - written_ % unit) % unit)));
}

void TarWriter::member(const std::string& name, char type, std::uint64_t size, const ArchiveEntry& entry) {
  Header header;
  const std::size_t cut = ustar_cut(name).value_or(0);
  header.text(k_prefix, std::string_view(name).substr(0, cut));
  header.text(k_name, std::string_view(name).substr(cut == 0 ? 0 : cut + 1));
  header.number(k_mode, entry.mode);
  header.number(k_uid, std::min(entry.uid, k_max_owner));
  header.number(k_gid, std::min(entry.gid, k_max_owner));
  if (entry.user.size() < k_user.length) header.text(k_user, entry.user);
  if (entry.group.size() < k_group.length) header.text(k_group, entry.group);
  header.number(k_size, size > k_max_size ? 0 : size);
  header.number(k_mtime, static_cast<std::uint64_t>(std::clamp<std::int64_t>(entry.mtime_seconds, 0, k_max_time)));
  header.text(k_type, std::string_view(&type, 1));
  header.text(k_link, link_of(entry));
  header.number(k_dev_major, entry.device >> 32);
  header.number(k_dev_minor, entry.device & 0xffffffff);
  put(header.seal());
}

void TarWriter::begin(const ArchiveEntry& entry) {
  if (left_ != 0) throw Error(ErrorKind::bug, fmt::format("tar: {} bytes of a member are missing", left_));
  pad(k_block);
  const std::string map = is_sparse(entry) ? sparse_map(entry) : std::string();
  const std::uint64_t data = data_bytes(entry);
  const std::string records = pax_records(entry, map.size() + data);
  if (!records.empty()) {
    ArchiveEntry extended;
    extended.mode = 0644;
    member(within_name("PaxHeaders/", entry), 'x', records.size(), extended);
    put(as_bytes(records));
    pad(k_block);
  }
  left_ = data;
  // Whoever does not know sparse files must not take the map for the file.
  member(map.empty() ? name_of(entry) : within_name("GNUSparseFile.0/", entry), type_of(entry), map.size() + data, entry);
  put(as_bytes(map));
}

void TarWriter::write(ByteView content) {
  if (content.size() > left_) throw Error(ErrorKind::bug, "tar: a member is longer than it said");
  left_ -= content.size();
  put(content);
}

void TarWriter::finish() {
  if (left_ != 0) throw Error(ErrorKind::bug, fmt::format("tar: {} bytes of a member are missing", left_));
  pad(k_block);
  static constexpr std::array<std::byte, 2 * k_block> k_end{};
  put(k_end);
  pad(k_record);
}

}  // namespace store
