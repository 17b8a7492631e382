#include "worktree/directory_names.h"

#include <dirent.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "base/error.h"
#include "worktree/spill_file.h"

namespace store {
namespace {

constexpr std::size_t k_listing_buffer = 32 * 1024;  // on the stack
/// A run ends here too, so that a caller's run length in names also bounds bytes.
constexpr std::size_t k_max_pool_bytes = 16 * 1024 * 1024;
constexpr std::size_t k_write_buffer = 64 * 1024;
/// All merge buffers together, each between these limits. A name and its NUL always fit.
constexpr std::size_t k_merge_memory = 4 * 1024 * 1024;
constexpr std::size_t k_min_merge_buffer = 1024;
constexpr std::size_t k_max_merge_buffer = 64 * 1024;
constexpr const char* k_spill_name = "temporary file of directory names";

/// The kernel's record of getdents64(2): inode u64, offset i64, length u16, type u8, name.
constexpr std::size_t k_length_at = 16;
constexpr std::size_t k_name_at = 19;

void write_all(int fd, const std::vector<char>& bytes, std::uint64_t offset) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t count =
        ::pwrite(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (count > 0)
      done += static_cast<std::size_t>(count);
    else if (count == 0 || errno != EINTR)
      throw_errno(count == 0 ? EIO : errno, "write", k_spill_name);
  }
}

/// Calls `visit` for each name; 0 at the end of the directory, else errno.
template <typename Visit>
int for_each_name(int fd, Visit visit) {
  alignas(std::uint64_t) char buffer[k_listing_buffer];
  for (;;) {
    const long size = ::syscall(SYS_getdents64, fd, buffer, k_listing_buffer);
    if (size == 0) return 0;
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno;
    for (long at = 0; at < size;) {
      std::uint16_t length;
      std::memcpy(&length, buffer + at + k_length_at, sizeof length);
      const std::string_view name = buffer + at + k_name_at;
      if (name != "." && name != "..") visit(name);
      at += length;
    }
  }
}

}  // namespace

void NamePool::add(std::string_view name) {
  offsets_.push_back(static_cast<std::uint32_t>(text_.size()));
  text_.insert(text_.end(), name.begin(), name.end());
  text_.push_back('\0');
}

void NamePool::sort() {
  std::sort(offsets_.begin(), offsets_.end(), [this](std::uint32_t a, std::uint32_t b) {
    return std::strcmp(&text_[a], &text_[b]) < 0;  // compares unsigned bytes
  });
}

void NamePool::clear() {
  text_.clear();
  offsets_.clear();
}

int DirectoryNames::read(int fd, std::size_t run_length, const std::function<bool(std::string_view)>& keep) {
  const int error = for_each_name(fd, [&](std::string_view name) {
    if (!keep(name)) return;
    if (pool_.size() >= run_length || pool_.bytes() >= k_max_pool_bytes) spill();
    pool_.add(name);
  });
  if (error != 0) return error;
  if (runs_.empty()) {
    pool_.sort();
  } else {
    spill();
    pool_ = {};
    start_merge();
  }
  return 0;
}

void DirectoryNames::spill() {
  if (pool_.size() == 0) return;
  pool_.sort();
  if (!file_) file_ = open_spill_file();
  Run run;
  run.at = file_size_;
  std::vector<char> buffer;
  for (std::size_t i = 0; i < pool_.size(); ++i) {
    const std::string_view name = pool_.at(i);
    buffer.insert(buffer.end(), name.data(), name.data() + name.size() + 1);
    if (buffer.size() < k_write_buffer && i + 1 < pool_.size()) continue;
    write_all(file_.get(), buffer, file_size_);
    file_size_ += buffer.size();
    buffer.clear();
  }
  run.end = file_size_;
  runs_.push_back(std::move(run));
  pool_.clear();
}

void DirectoryNames::start_merge() {
  buffer_size_ = std::clamp(k_merge_memory / runs_.size(), k_min_merge_buffer, k_max_merge_buffer);
  for (std::size_t i = 0; i < runs_.size(); ++i)
    if (advance(runs_[i])) heap_.push_back(i);
  std::make_heap(heap_.begin(), heap_.end(), [this](std::size_t a, std::size_t b) { return later(a, b); });
}

/// Goes to the run's next name, reading on if the buffer does not hold all of it; false at the end.
bool DirectoryNames::advance(Run& run) {
  if (!run.buffer.empty()) run.position += run.name().size() + 1;
  const auto rest = run.buffer.begin() + static_cast<std::ptrdiff_t>(run.position);
  if (std::find(rest, run.buffer.end(), '\0') != run.buffer.end()) return true;
  run.buffer.erase(run.buffer.begin(), rest);
  run.position = 0;
  const std::size_t kept = run.buffer.size();
  const auto more = static_cast<std::size_t>(std::min<std::uint64_t>(buffer_size_, run.end - run.at));
  run.buffer.resize(kept + more);
  const MutableByteView target = std::as_writable_bytes(std::span(run.buffer)).subspan(kept);
  if (pread_full(file_.get(), target, run.at, k_spill_name) != more) throw_errno(EIO, "read", k_spill_name);
  run.at += more;
  return !run.buffer.empty();
}

bool DirectoryNames::at_end() const { return runs_.empty() ? position_ == pool_.size() : heap_.empty(); }

std::optional<std::string_view> DirectoryNames::next() {
  if (!runs_.empty()) return next_merged();
  // A directory that changes while it is read may give a name twice.
  while (position_ > 0 && position_ < pool_.size() && pool_.at(position_) == pool_.at(position_ - 1))
    ++position_;
  if (position_ == pool_.size()) return std::nullopt;
  return pool_.at(position_++);
}

std::optional<std::string_view> DirectoryNames::next_merged() {
  const auto order = [this](std::size_t a, std::size_t b) { return later(a, b); };
  while (!heap_.empty()) {
    std::pop_heap(heap_.begin(), heap_.end(), order);
    Run& run = runs_[heap_.back()];
    const bool again = run.name() == last_;  // no name is empty, so the first one never is
    if (!again) last_ = run.name();
    if (advance(run)) {
      std::push_heap(heap_.begin(), heap_.end(), order);
    } else {
      heap_.pop_back();
      run.buffer = {};
    }
    if (!again) return last_;
  }
  return std::nullopt;
}

}  // namespace store
