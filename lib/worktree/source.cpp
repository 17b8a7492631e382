#include "worktree/source.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/text.h"
#include "worktree/scan_entry.h"

namespace store {
namespace {

// --- the SIGBUS guard ---

/// The mapping this thread copies from; a fault outside of it is somebody else's.
struct Guard {
  sigjmp_buf resume;
  const std::byte* begin = nullptr;
  const std::byte* end = nullptr;
};
constinit thread_local Guard* volatile t_guard = nullptr;
struct sigaction g_previous;  // written once, before our handler can run

/// What would have happened without us.
void pass_on(int signal, siginfo_t* info, void* context) {
  if ((g_previous.sa_flags & SA_SIGINFO) != 0) {
    g_previous.sa_sigaction(signal, info, context);
  } else if (g_previous.sa_handler != SIG_DFL && g_previous.sa_handler != SIG_IGN) {
    g_previous.sa_handler(signal);
  } else {
    ::signal(SIGBUS, SIG_DFL);
    if (info->si_code <= 0) ::raise(SIGBUS);  // sent by a process; a fault comes again by itself
  }
}

void on_bus_error(int signal, siginfo_t* info, void* context) {
  Guard* guard = t_guard;
  const auto* address = static_cast<const std::byte*>(info->si_addr);
  if (guard == nullptr || info->si_code <= 0 || address < guard->begin || address >= guard->end) {
    pass_on(signal, info, context);
    return;
  }
  t_guard = nullptr;
  siglongjmp(guard->resume, 1);
}

void install_handler() {
  static const bool installed = [] {
    struct sigaction action = {};
    action.sa_sigaction = on_bus_error;
    action.sa_flags =
        SA_SIGINFO | SA_NODEFER | SA_ONSTACK;  // not blocked inside, so no mask has to be saved and restored
    sigemptyset(&action.sa_mask);
    return ::sigaction(SIGBUS, nullptr, &g_previous) == 0 && ::sigaction(SIGBUS, &action, nullptr) == 0;
  }();
  if (!installed) throw Error(ErrorKind::system, "sigaction: refused");
}

/// False if the mapping raised SIGBUS on the way; `out` is then undefined. No object with a destructor lives
/// here.
bool guarded_copy(MutableByteView out, ByteView mapped) {
  Guard guard;
  guard.begin = mapped.data();
  guard.end = mapped.data() + mapped.size();
  if (sigsetjmp(guard.resume, 0) != 0) return false;
  t_guard = &guard;
  std::atomic_signal_fence(
      std::memory_order_seq_cst);  // the compiler knows nothing of the handler that reads it
  std::memcpy(out.data(), mapped.data(), mapped.size());
  std::atomic_signal_fence(std::memory_order_seq_cst);
  t_guard = nullptr;
  return true;
}

/// A window of a file, mapped for a moment.
class Window {
 public:
  Window(int fd, std::uint64_t offset, std::size_t length) {
    static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    skipped_ = static_cast<std::size_t>(offset % page);
    length_ = skipped_ + length;
    void* address = ::mmap(nullptr, length_, PROT_READ, MAP_SHARED | MAP_POPULATE, fd,
                           static_cast<off_t>(offset - skipped_));
    if (address != MAP_FAILED) address_ = static_cast<const std::byte*>(address);
  }
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;
  ~Window() {
    if (address_ != nullptr) ::munmap(const_cast<std::byte*>(address_), length_);
  }
  explicit operator bool() const { return address_ != nullptr; }
  ByteView view() const { return ByteView(address_, length_).subspan(skipped_); }

 private:
  const std::byte* address_ = nullptr;
  std::size_t length_ = 0;
  std::size_t skipped_ = 0;
};

}  // namespace

SourceFile open_source(int directory_fd, const std::string& name, const std::string& shown_path) {
  // O_NONBLOCK: a fifo that took the file's place must not hang us.
  constexpr int k_flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  const int fd = open_beneath(directory_fd, name, k_flags);
  if (fd < 0) throw_errno(-fd, "open", escape_name(shown_path));
  SourceFile file;
  file.fd.reset(fd);
  const struct stat info = stat_fd(fd, shown_path);
  if (!S_ISREG(info.st_mode))
    // An errno, as of every other file that cannot be read: what took a file's place is no damage and no bug.
    throw Error(ErrorKind::system, escape_name(shown_path) + ": is no regular file any more").with_errno(EINVAL);
  file.stat = entry_of_stat(shown_path, info);
  return file;
}

bool unchanged_since_open(const SourceFile& file) {
  const StatKey now = key_of_stat(stat_fd(file.fd.get(), file.stat.path));
  const StatKey& then = file.stat.stat;
  return now.size == then.size && now.mtime_ns == then.mtime_ns && now.ctime_ns == then.ctime_ns;
}

DataRange next_data(int fd, std::uint64_t offset, std::uint64_t size) {
  if (offset >= size) return {size, size};
  const off_t data = ::lseek(fd, static_cast<off_t>(offset), SEEK_DATA);
  if (data < 0) return errno == ENXIO ? DataRange{size, size} : DataRange{offset, size};
  const auto begin = static_cast<std::uint64_t>(data);
  if (begin >= size) return {size, size};  // it grew behind `size`
  const off_t hole = ::lseek(fd, data, SEEK_HOLE);
  return {begin, hole < 0 ? size : std::min(static_cast<std::uint64_t>(hole), size)};
}

std::size_t copy_mapped(int fd, std::uint64_t offset, MutableByteView out, const std::string& shown_path) {
  if (out.empty()) return 0;
  install_handler();
  const Window window(fd, offset, out.size());
  // A file that cannot be mapped, was truncated, or fails to be read: pread says which, and how much there
  // is.
  if (!window || !guarded_copy(out, window.view())) return pread_full(fd, out, offset, shown_path);
  // Truncated inside the last page it raises nothing: the rest of that page reads as zeros.
  const auto size = static_cast<std::uint64_t>(stat_fd(fd, shown_path).st_size);
  return static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size > offset ? size - offset : 0));
}

}  // namespace store
