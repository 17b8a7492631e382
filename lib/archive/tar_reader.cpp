#include "archive/tar_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <locale.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <utility>

#include "base/error.h"

namespace store {
namespace {

constexpr std::size_t k_block = 256u << 10;

struct FreeArchive {
  void operator()(archive* reader) const { archive_read_free(reader); }
};

/// libarchive converts names between the archive's and the locale's character set, and the "C" locale loses what is not ASCII.
/// In C.UTF-8, for this thread only, conversion is the identity, and what is not UTF-8 comes as it is.
class Utf8Locale {
 public:
  Utf8Locale() : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", locale_t{})) {}
  ~Utf8Locale() {
    if (locale_ != locale_t{}) freelocale(locale_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

  class Scope {
   public:
    explicit Scope(const Utf8Locale& locale)
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

}  // namespace

struct TarReader::State {
  explicit State(ByteSource& from) : source(from), buffer(k_block) {}

  ByteSource& source;
  Buffer buffer;
  bool source_ended = false;
  bool any_bytes = false;
  std::exception_ptr source_error;
  Utf8Locale locale;
  std::unique_ptr<archive, FreeArchive> reader;

  static la_ssize_t on_read(archive*, void* self, const void** out);
  /// A call's outcome; what the source threw inside of it goes on from here.
  int check(int status);
};

/// C code is between here and us: nothing may be thrown through it.
la_ssize_t TarReader::State::on_read(archive* reader, void* self, const void** out) {
  State& state = *static_cast<State*>(self);
  *out = state.buffer.data();
  try {
    const std::size_t got = state.source.read(state.buffer.span(0, k_block));
    state.any_bytes = state.any_bytes || got > 0;
    state.source_ended = got < k_block;
    return static_cast<la_ssize_t>(got);
  } catch (...) {
    state.source_error = std::current_exception();
    archive_set_error(reader, EIO, "the source failed");
    return -1;
  }
}

int TarReader::State::check(int status) {
  if (source_error) std::rethrow_exception(std::exchange(source_error, {}));
  if (status == ARCHIVE_OK || status == ARCHIVE_WARN || status == ARCHIVE_EOF || status == ARCHIVE_RETRY) return status;
  throw Error(ErrorKind::partial, any_bytes ? text_of(archive_error_string(reader.get())) : "is empty: no tar archive");
}

TarReader::TarReader(ByteSource& source) : state_(std::make_unique<State>(source)) {
  state_->reader.reset(archive_read_new());
  archive* reader = state_->reader.get();
  if (reader == nullptr) throw Error(ErrorKind::system, "tar: no memory for a reader");
  archive_read_support_filter_gzip(reader);
  archive_read_support_filter_bzip2(reader);
  archive_read_support_filter_xz(reader);
  archive_read_support_filter_zstd(reader);
  archive_read_support_filter_lz4(reader);
  archive_read_support_format_tar(reader);
  const Utf8Locale::Scope scope(state_->locale);
  state_->check(archive_read_open(reader, state_.get(), nullptr, State::on_read, nullptr));
}

TarReader::~TarReader() = default;

std::optional<ArchiveEntry> TarReader::next() {
  const Utf8Locale::Scope scope(state_->locale);
  archive_entry* member = nullptr;
  int status = ARCHIVE_RETRY;
  while (status == ARCHIVE_RETRY) status = state_->check(archive_read_next_header(state_->reader.get(), &member));
  if (status == ARCHIVE_EOF) {
    while (!state_->source_ended) state_->source_ended = state_->source.read(state_->buffer.span(0, k_block)) < k_block;
    return std::nullopt;
  }
  ArchiveEntry entry;
  entry.path = text_of(archive_entry_pathname(member));
  entry.hard_link = text_of(archive_entry_hardlink(member));
  const std::optional<EntryKind> kind = kind_of(archive_entry_filetype(member));
  if (!kind && entry.hard_link.empty())
    throw Error(ErrorKind::partial, fmt::format("{}: a member of an unknown type", entry.path));
  entry.kind = kind.value_or(EntryKind::file);
  entry.mode = static_cast<std::uint16_t>(archive_entry_perm(member) & 07777);
  entry.size = static_cast<std::uint64_t>(std::max<la_int64_t>(0, archive_entry_size(member)));
  entry.target = text_of(archive_entry_symlink(member));
  entry.device = static_cast<std::uint64_t>(archive_entry_rdevmajor(member)) << 32 | archive_entry_rdevminor(member);
  entry.mtime_seconds = archive_entry_mtime(member);
  entry.mtime_nanoseconds = static_cast<std::uint32_t>(archive_entry_mtime_nsec(member));
  entry.uid = static_cast<std::uint32_t>(archive_entry_uid(member));
  entry.gid = static_cast<std::uint32_t>(archive_entry_gid(member));
  entry.user = text_of(archive_entry_uname(member));
  entry.group = text_of(archive_entry_gname(member));
  archive_entry_xattr_reset(member);
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t length = 0;
  while (archive_entry_xattr_next(member, &name, &value, &length) == ARCHIVE_OK) {
    const auto* bytes = static_cast<const std::byte*>(value);
    entry.xattrs.emplace_back(text_of(name), Bytes(bytes, bytes + length));
  }
  return entry;
}

std::size_t TarReader::read(MutableByteView out) {
  const Utf8Locale::Scope scope(state_->locale);
  std::size_t got = 0;
  while (got < out.size()) {
    const la_ssize_t length = archive_read_data(state_->reader.get(), out.data() + got, out.size() - got);
    if (length < 0) state_->check(static_cast<int>(length));
    if (length == 0) break;
    if (length > 0) got += static_cast<std::size_t>(length);
  }
  return got;
}

}  // namespace store
