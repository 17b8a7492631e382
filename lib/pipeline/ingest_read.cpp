// The read stage for small files: batches by directory, opened together so that cold reads overlap (measured on
// 20,000 cold files: 1.35 s one by one, 0.34 s in batches of 50 with WILLNEED; +0.3 us a file when warm).
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/path.h"
#include "base/system_info.h"
#include "base/text.h"
#include "pipeline/ingest_stages.h"

namespace store {
namespace {

constexpr std::size_t k_open_at_once = 50;
constexpr int k_read_attempts = 3;

UniqueFd open_parent(int root_fd, const std::string& parent) {
  const int fd = open_beneath(root_fd, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) throw_errno(-fd, "open", escape_name(parent));
  return UniqueFd(fd);
}

std::string_view parent_of(const SmallItem& small) { return parent_path(small.input.entry.path); }

std::string name_in_parent(const SmallItem& small) { return std::string(base_name(small.input.entry.path)); }

}  // namespace

void IngestStages::read_batch(IngestItem& item) const {
  std::size_t used = 0;
  std::span<SmallItem> rest(item.batch);
  while (!rest.empty()) {
    std::size_t length = 1;
    while (length < rest.size() && length < k_open_at_once && parent_of(rest[length]) == parent_of(rest[0])) ++length;
    read_group(rest.first(length), item, used);
    rest = rest.subspan(length);
  }
}

/// Items of one directory.
void IngestStages::read_group(std::span<SmallItem> group, IngestItem& item, std::size_t& used) const {
  const auto reads = [](const SmallItem& small) {
    return small.input.action == IngestInput::Action::file || small.input.action == IngestInput::Action::symlink ||
           small.input.capture == IngestInput::Capture::yes;
  };
  if (std::none_of(group.begin(), group.end(), reads)) return;
  UniqueFd directory;
  try {
    directory = open_parent(root_fd_, std::string(parent_of(group[0])));
  } catch (const Error& error) {
    for (SmallItem& small : group)
      if (reads(small)) small.failure = error;
    return;
  }
  const std::int64_t started = coarse_now_ns();
  std::vector<SourceFile> sources(group.size());
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (group[i].input.action != IngestInput::Action::file) continue;
    try {
      sources[i] = open_source(directory.get(), name_in_parent(group[i]), group[i].input.entry.path);
      const std::uint64_t size = sources[i].stat.stat.size;
      if (options_.read_ahead && size > 0)
        ::posix_fadvise(sources[i].fd.get(), 0, static_cast<off_t>(size), POSIX_FADV_WILLNEED);
    } catch (const Error& error) {
      group[i].failure = error;
    }
  }
  for (std::size_t i = 0; i < group.size(); ++i) {
    SmallItem& small = group[i];
    if (small.failure || !reads(small)) continue;
    try {
      if (small.input.action == IngestInput::Action::symlink) read_symlink(directory.get(), small);
      if (small.input.action == IngestInput::Action::file)
        read_small(directory.get(), small, std::move(sources[i]), item, used);
      else if (small.input.capture == IngestInput::Capture::yes)
        capture_unread(directory.get(), small);
      const bool compared = small.input.action == IngestInput::Action::pass && is_regular(small.input.entry.kind);
      small.input.entry.racy = small.changed || is_racy(small.input.entry.stat, started) || (compared && small.input.entry.racy);
    } catch (const Error& error) {
      small.failure = error;
    }
  }
}

/// Reads a file whole. One that changes meanwhile is read again, at last recorded as it was read.
void IngestStages::read_small(int directory_fd, SmallItem& small, SourceFile source, IngestItem& item,
                              std::size_t& used) const {
  const std::string& path = small.input.entry.path;
  for (int attempt = 1;; ++attempt) {
    const std::uint64_t size = source.stat.stat.size;
    small.outgrew = size > profile_of(small.input).inline_threshold;
    if (small.outgrew) throw Error(ErrorKind::partial, "grew while it was read; add it again");
    const std::size_t length = static_cast<std::size_t>(size);
    const bool fits = used + length <= item.buffer.size();
    if (!fits) small.own.resize(length);
    const MutableByteView out = fits ? item.buffer.subspan(used, length) : MutableByteView(small.own);
    small.mapped = size > options_.memory_map_threshold;
    const std::size_t got = small.mapped ? copy_mapped(source.fd.get(), 0, out, path)
                                         : pread_full(source.fd.get(), out, 0, path);
    Bytes metadata;
    if (small.input.capture == IngestInput::Capture::yes)
      metadata = capture({.directory_fd = directory_fd, .name = path, .fd = source.fd.get()}, source.stat, small.input,
                         small.values);
    small.changed = got != length || !unchanged_since_open(source);
    if (!small.changed || attempt == k_read_attempts) {
      small.offset = fits ? used : 0;
      small.length = got;
      if (fits) used += got;
      else small.own.resize(got);
      small.input.entry.stat = source.stat.stat;
      if (small.input.capture == IngestInput::Capture::yes) small.input.entry.metadata = std::move(metadata);
      return;
    }
    small.own.clear();
    source = open_source(directory_fd, name_in_parent(small), path);
  }
}

void IngestStages::read_symlink(int directory_fd, SmallItem& small) const {
  char target[PATH_MAX];
  const ssize_t length = ::readlinkat(directory_fd, name_in_parent(small).c_str(), target, sizeof target);
  if (length < 0) throw_errno(errno, "readlink", escape_name(small.input.entry.path));
  const ByteView bytes = as_bytes({target, static_cast<std::size_t>(length)});
  small.own.assign(bytes.begin(), bytes.end());
  small.length = small.own.size();
}

/// Fills `out`, less only at the end. Progress shows what has come: the next bytes may be long in coming.
std::size_t IngestStages::read_stream(const IngestInput& input, MutableByteView out) const {
  std::size_t filled = 0;
  while (filled < out.size()) {
    const std::size_t got = input.stream->read(out.subspan(filled));
    if (got == 0) break;
    filled += got;
    if (options_.progress != nullptr && is_regular(input.entry.kind))
      options_.progress->bytes_done.fetch_add(got, std::memory_order_relaxed);
  }
  return filled;
}

}  // namespace store
