#include "archive/tar_reader.h"

#include <fmt/format.h>
#include <locale.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <exception>
#include <utility>

#include "archive/acl.h"
#include "archive/libarchive.h"
#include "base/error.h"
#include "base/text.h"
#include "format/index_metadata.h"

namespace store {
namespace {

constexpr std::size_t k_block = 256u << 10;

struct FreeArchive {
  void operator()(archive* reader) const { libarchive().read_free(reader); }
};

/// libarchive converts the names of pax headers to the locale's character set, and in a UTF-8 locale it normalises them to NFC: two
/// names that differ in that alone would become one. In the "C" locale, for this thread only, what is not ASCII cannot be
/// converted; then it warns and gives the bytes as they are, which is what a name is.
class ByteLocale {
 public:
  ByteLocale() : locale_(newlocale(LC_CTYPE_MASK, "C", locale_t{})) {}
  ~ByteLocale() {
    if (locale_ != locale_t{}) freelocale(locale_);
  }
  ByteLocale(const ByteLocale&) = delete;
  ByteLocale& operator=(const ByteLocale&) = delete;

  class Scope {
   public:
    explicit Scope(const ByteLocale& locale)
        : before_(locale.locale_ != locale_t{} ? uselocale(locale.locale_) : locale_t{}) {}
    ~Scope() {
      if (before_ != locale_t{}) uselocale(before_);
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    locale_t before_;
  };

 private:
  locale_t locale_;
};

std::string text_of(const char* text) { return text == nullptr ? std::string() : std::string(text); }

std::optional<EntryKind> kind_of(mode_t type) {
  switch (type) {
    case AE_IFREG: return EntryKind::file;
    case AE_IFDIR: return EntryKind::directory;
    case AE_IFLNK: return EntryKind::symlink;
    case AE_IFIFO: return EntryKind::fifo;
    case AE_IFCHR: return EntryKind::char_device;
    case AE_IFBLK: return EntryKind::block_device;
    default: return std::nullopt;
  }
}

AclEntry::Tag tag_of(int tag) {
  switch (tag) {
    case ARCHIVE_ENTRY_ACL_USER_OBJ: return AclEntry::Tag::owner;
    case ARCHIVE_ENTRY_ACL_USER: return AclEntry::Tag::user;
    case ARCHIVE_ENTRY_ACL_GROUP_OBJ: return AclEntry::Tag::owning_group;
    case ARCHIVE_ENTRY_ACL_GROUP: return AclEntry::Tag::group;
    case ARCHIVE_ENTRY_ACL_MASK: return AclEntry::Tag::mask;
    default: return AclEntry::Tag::other;
  }
}

std::ptrdiff_t count_of(const Acl& acl, AclEntry::Tag tag) {
  return std::count_if(acl.begin(), acl.end(), [tag](const AclEntry& entry) { return entry.tag == tag; });
}

/// The kernel wants a mask where users or groups are named; like setfacl, the least that takes nothing away.
void add_mask(Acl& acl) {
  const bool named = count_of(acl, AclEntry::Tag::user) + count_of(acl, AclEntry::Tag::group) > 0;
  if (!named || count_of(acl, AclEntry::Tag::mask) > 0) return;
  AclEntry mask{.tag = AclEntry::Tag::mask};
  for (const AclEntry& entry : acl)
    if (entry.tag != AclEntry::Tag::owner && entry.tag != AclEntry::Tag::other)
      mask.permissions = static_cast<std::uint16_t>(mask.permissions | entry.permissions);
  acl.push_back(mask);
}

std::optional<std::uint32_t> number_of(const std::string& text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// An access control list of one type; none if the member has none, or one that says no more than the permission bits.
/// Error{partial} if the kernel would not take it.
Acl acl_of(archive_entry* member, int wanted, const AclNames& names) {
  Acl acl;
  if (libarchive().entry_acl_reset(member, wanted) == 0) return acl;
  int type = 0;
  int permissions = 0;
  int tag = 0;
  int id = -1;
  const char* name = nullptr;
  while (libarchive().entry_acl_next(member, wanted, &type, &permissions, &tag, &id, &name) == ARCHIVE_OK) {
    AclEntry entry{.tag = tag_of(tag), .permissions = static_cast<std::uint16_t>(permissions & 7)};
    const bool user = entry.tag == AclEntry::Tag::user;
    if (user || entry.tag == AclEntry::Tag::group) {
      // As with owners: the id that the name has here, else the number.
      const auto& id_of = user ? names.user : names.group;
      std::optional<std::uint32_t> known = id_of ? id_of(text_of(name)) : std::nullopt;
      if (!known) known = number_of(text_of(name));  // libarchive's own numbers end at 2³¹-1
      if (!known && id >= 0) known = static_cast<std::uint32_t>(id);
      if (!known) throw Error(ErrorKind::partial, fmt::format("names {}, who is unknown here", escape_name(text_of(name))));
      entry.id = *known;
    }
    acl.push_back(entry);
  }
  add_mask(acl);
  for (const AclEntry::Tag once : {AclEntry::Tag::owner, AclEntry::Tag::owning_group, AclEntry::Tag::other})
    if (count_of(acl, once) != 1) throw Error(ErrorKind::partial, "is incomplete");
  if (count_of(acl, AclEntry::Tag::mask) > 1) throw Error(ErrorKind::partial, "has two masks");
  return acl;
}

void add_acl(ArchiveEntry& entry, archive_entry* member, int type, std::string_view xattr, const AclNames& names) {
  try {
    const Acl acl = acl_of(member, type, names);
    if (acl.empty()) return;
    // With a list the group's permission bits are the mask, whatever the group itself may do.
    if (type == ARCHIVE_ENTRY_ACL_TYPE_ACCESS)
      for (const AclEntry& line : acl)
        if (line.tag == AclEntry::Tag::mask)
          entry.mode = static_cast<std::uint16_t>((entry.mode & ~070) | line.permissions << 3);
    entry.xattrs.emplace_back(xattr, encode_acl(acl));
  } catch (const Error& error) {
    entry.left_out.push_back(fmt::format("{}: {}", xattr, error.message()));
  }
}

/// `warning`: what reading the header left behind; its outcome does not tell of lists.
void add_acls(ArchiveEntry& entry, archive_entry* member, const AclNames& names, std::string_view warning) {
  if ((libarchive().entry_acl_types(member) & ARCHIVE_ENTRY_ACL_TYPE_NFS4) != 0)
    entry.left_out.push_back("access control list: is of NFSv4's kind");
  else if (warning.find("SCHILY.acl") != warning.npos)
    entry.left_out.push_back("access control list: cannot be read");
  add_acl(entry, member, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, k_acl_access, names);
  if (entry.kind == EntryKind::directory) add_acl(entry, member, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, k_acl_default, names);
}

/// GNU tar's keys escape what would end them; libarchive gives them as they are.
std::string unescape_key(std::string name) {
  for (std::size_t at = name.find('%'); at != name.npos; at = name.find('%', at + 1)) {
    if (name.compare(at, 3, "%3D") == 0) name.replace(at, 3, "=");
    else if (name.compare(at, 3, "%25") == 0) name.replace(at, 3, "%");
  }
  return name;
}

void add_xattrs(ArchiveEntry& entry, archive_entry* member) {
  libarchive().entry_xattr_reset(member);
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t length = 0;
  while (libarchive().entry_xattr_next(member, &name, &value, &length) == ARCHIVE_OK) {
    const auto* bytes = static_cast<const std::byte*>(value);
    entry.xattrs.emplace_back(unescape_key(text_of(name)), Bytes(bytes, bytes + length));
  }
}

/// What lies between and behind the stretches that the archive has.
void add_holes(ArchiveEntry& entry, archive_entry* member) {
  if (libarchive().entry_sparse_reset(member) == 0) return;
  std::uint64_t at = 0;
  la_int64_t offset = 0;
  la_int64_t length = 0;
  const auto hole_until = [&](std::uint64_t end) {
    if (end > at) entry.holes.push_back({at, end - at});
  };
  while (libarchive().entry_sparse_next(member, &offset, &length) == ARCHIVE_OK) {
    if (offset < 0 || length < 0) continue;
    hole_until(static_cast<std::uint64_t>(offset));
    at = std::max(at, static_cast<std::uint64_t>(offset) + static_cast<std::uint64_t>(length));
  }
  hole_until(entry.size);
}

/// A pax header has a decimal number, which libarchive splits at the point: -4.5 comes as -4 and 500,000,000.
void set_mtime(ArchiveEntry& entry, archive_entry* member) {
  entry.mtime_seconds = libarchive().entry_mtime(member);
  entry.mtime_nanoseconds = static_cast<std::uint32_t>(libarchive().entry_mtime_nsec(member));
  if (entry.mtime_seconds >= 0 || entry.mtime_nanoseconds == 0) return;
  entry.mtime_seconds -= 1;
  entry.mtime_nanoseconds = 1'000'000'000 - entry.mtime_nanoseconds;
}

}  // namespace

struct TarReader::State {
  State(ByteSource& from, AclNames acl_names) : source(from), names(std::move(acl_names)), buffer(k_block) {}

  ByteSource& source;
  AclNames names;
  Buffer buffer;
  bool source_ended = false;
  bool any_bytes = false;
  std::exception_ptr source_error;
  ByteLocale locale;
  std::unique_ptr<archive, FreeArchive> reader;

  static la_ssize_t on_read(archive*, void* self, const void** out);
  /// A call's outcome; what the source threw inside of it goes on from here.
  int check(int status);
  /// Makes `data` what comes next of the member's content, or its end.
  void fetch();

  // of the member's content
  std::uint64_t size = 0;         // that its header says
  ByteView data;                  // fetched and not read yet
  std::uint64_t data_offset = 0;  // of it; at the end, the member's size
  std::uint64_t position = 0;
  bool ended = false;
};

/// C code is between here and us: nothing may be thrown through it.
la_ssize_t TarReader::State::on_read(archive* reader, void* self, const void** out) {
  State& state = *static_cast<State*>(self);
  *out = state.buffer.data();
  try {
    const std::size_t got = state.source.read(state.buffer.span(0, k_block));
    state.any_bytes = state.any_bytes || got > 0;
    state.source_ended = got == 0;
    return static_cast<la_ssize_t>(got);
  } catch (...) {
    state.source_error = std::current_exception();
    libarchive().set_error(reader, EIO, "the source failed");
    return -1;
  }
}

int TarReader::State::check(int status) {
  if (source_error) std::rethrow_exception(std::exchange(source_error, {}));
  if (status == ARCHIVE_OK || status == ARCHIVE_WARN || status == ARCHIVE_EOF || status == ARCHIVE_RETRY) return status;
  if (!any_bytes) throw Error(ErrorKind::partial, "is empty: no tar archive");
  const std::string reason = text_of(libarchive().error_string(reader.get()));  // libarchive does not always give one
  throw Error(ErrorKind::partial, reason.empty() ? "is damaged, or ends early" : reason);
}

void TarReader::State::fetch() {
  while (data.empty() && !ended) {
    const void* bytes = nullptr;
    std::size_t length = 0;
    la_int64_t offset = 0;
    const int status = check(libarchive().read_data_block(reader.get(), &bytes, &length, &offset));
    if (status == ARCHIVE_RETRY) continue;
    ended = status == ARCHIVE_EOF;
    data = ended ? ByteView() : ByteView(static_cast<const std::byte*>(bytes), length);
    data_offset = std::max(position, static_cast<std::uint64_t>(std::max<la_int64_t>(0, offset)));
    // A list of stretches may say anything.
    if (data_offset > size || data.size() > size - data_offset)
      throw Error(ErrorKind::partial, fmt::format("a member of {} bytes has content at {}", size, data_offset));
  }
}

TarReader::TarReader(ByteSource& source, AclNames names) : state_(std::make_unique<State>(source, std::move(names))) {
  state_->reader.reset(libarchive().read_new());
  archive* reader = state_->reader.get();
  if (reader == nullptr) throw Error(ErrorKind::system, "tar: no memory for a reader");
  libarchive().read_support_filter_gzip(reader);
  libarchive().read_support_filter_bzip2(reader);
  libarchive().read_support_filter_xz(reader);
  libarchive().read_support_filter_zstd(reader);
  libarchive().read_support_filter_lz4(reader);
  libarchive().read_support_format_tar(reader);
  const ByteLocale::Scope scope(state_->locale);
  state_->check(libarchive().read_open(reader, state_.get(), nullptr, State::on_read, nullptr));
}

TarReader::~TarReader() = default;

std::optional<ArchiveEntry> TarReader::next() {
  const ByteLocale::Scope scope(state_->locale);
  archive_entry* member = nullptr;
  int status = ARCHIVE_RETRY;
  while (status == ARCHIVE_RETRY) status = state_->check(libarchive().read_next_header(state_->reader.get(), &member));
  if (status == ARCHIVE_EOF) {
    while (!state_->source_ended) state_->source_ended = state_->source.read(state_->buffer.span(0, k_block)) == 0;
    return std::nullopt;
  }
  ArchiveEntry entry;
  entry.path = text_of(libarchive().entry_pathname(member));
  entry.hard_link = text_of(libarchive().entry_hardlink(member));
  const std::optional<EntryKind> kind = kind_of(libarchive().entry_filetype(member));
  if (!kind && entry.hard_link.empty())
    throw Error(ErrorKind::partial, fmt::format("{}: a member of an unknown type", entry.path));
  entry.kind = kind.value_or(EntryKind::file);
  entry.mode = static_cast<std::uint16_t>(libarchive().entry_perm(member) & 07777);
  entry.size = static_cast<std::uint64_t>(std::max<la_int64_t>(0, libarchive().entry_size(member)));
  entry.target = text_of(libarchive().entry_symlink(member));
  entry.device = static_cast<std::uint64_t>(libarchive().entry_rdevmajor(member)) << 32 | libarchive().entry_rdevminor(member);
  set_mtime(entry, member);
  entry.uid = static_cast<std::uint32_t>(libarchive().entry_uid(member));
  entry.gid = static_cast<std::uint32_t>(libarchive().entry_gid(member));
  entry.user = text_of(libarchive().entry_uname(member));
  entry.group = text_of(libarchive().entry_gname(member));
  add_acls(entry, member, state_->names, text_of(libarchive().error_string(state_->reader.get())));
  add_xattrs(entry, member);
  if (entry.kind == EntryKind::file) add_holes(entry, member);
  state_->size = entry.size;
  state_->data = {};
  state_->data_offset = state_->position = 0;
  state_->ended = false;
  return entry;
}

std::size_t TarReader::read(MutableByteView out) {
  const ByteLocale::Scope scope(state_->locale);
  state_->fetch();
  std::size_t take = 0;
  if (state_->data_offset > state_->position) {
    take = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), state_->data_offset - state_->position));
    std::fill_n(out.begin(), take, std::byte{0});
  } else {
    take = std::min(out.size(), state_->data.size());
    std::copy_n(state_->data.begin(), take, out.begin());
    state_->data = state_->data.subspan(take);
    state_->data_offset += take;
  }
  state_->position += take;
  return take;
}

std::uint64_t TarReader::skip_hole() {
  const ByteLocale::Scope scope(state_->locale);
  state_->fetch();
  return state_->data_offset - std::exchange(state_->position, state_->data_offset);
}

}  // namespace store
