#include "worktree/spill_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"

namespace store {
namespace {

constexpr std::size_t k_write_buffer = 64 * 1024;
constexpr const char* k_name = "temporary file";

void write_all(int fd, ByteView bytes, std::uint64_t offset) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t count = ::pwrite(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (count > 0)
      done += static_cast<std::size_t>(count);
    else if (count == 0 || errno != EINTR)
      throw_errno(count == 0 ? EIO : errno, "write", k_name);
  }
}

}  // namespace

UniqueFd open_spill_file() {
  for (const char* folder : {"/var/tmp", "/tmp"}) {
    const int fd = ::open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0) return UniqueFd(fd);
    std::string name = std::string(folder) + "/store-XXXXXX";
    const int named = ::mkostemp(name.data(), O_CLOEXEC);
    if (named < 0) continue;
    ::unlink(name.c_str());
    return UniqueFd(named);
  }
  throw_errno(errno, "open", k_name);
}

/// A text is its length and its bytes.
std::uint64_t SpilledTexts::add(std::string_view text) {
  const std::uint64_t position = written_ + pending_.size();
  ByteWriter out(pending_);
  out.u32(static_cast<std::uint32_t>(text.size()));
  out.raw(text);
  if (pending_.size() >= k_write_buffer) flush();
  return position;
}

std::string SpilledTexts::at(std::uint64_t position) {
  if (!pending_.empty()) flush();
  Bytes head(4);
  if (pread_full(file_.get(), head, position, k_name) != head.size()) throw_errno(EIO, "read", k_name);
  Bytes text(ByteReader(head, k_name).u32());
  if (pread_full(file_.get(), text, position + head.size(), k_name) != text.size()) throw_errno(EIO, "read", k_name);
  return std::string(as_text(text));
}

void SpilledTexts::flush() {
  if (!file_) file_ = open_spill_file();
  write_all(file_.get(), pending_, written_);
  written_ += pending_.size();
  pending_.clear();
}

}  // namespace store
