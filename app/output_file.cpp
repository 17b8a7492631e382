#include "app/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/file_system.h"
#include "base/path.h"
#include "base/system_info.h"
#include "base/text.h"

namespace store {

namespace {

/// What the system refuses is said of the file that was asked for: nobody knows the temporary's name.
template <typename Step>
auto named(const std::string& path, const char* call, Step step) {
  try {
    return step();
  } catch (const Error& error) {
    if (error.errno_value() == 0) throw;
    throw_errno(error.errno_value(), call, escape_name(path));
  }
}

}  // namespace

OutputFile::OutputFile(std::string path) : path_(std::move(path)) {
  FileSystem& fs = posix_file_system();
  struct stat info{};
  const bool exists = stat(path_.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode)) throw Error(ErrorKind::usage, escape_name(path_) + ": is a directory");
  if (exists && !S_ISREG(info.st_mode)) {
    fd_ = fs.open({AT_FDCWD, path_.c_str()}, O_WRONLY);
    return;
  }
  temporary_ = path_ + ".tmp-" + random_hex(12);
  // The mode stays; a new file gets what the umask says.
  fd_ = named(path_, "open",
              [&] { return fs.open({AT_FDCWD, temporary_.c_str()}, O_WRONLY | O_CREAT | O_EXCL, 0666); });
  if (exists) named(path_, "chmod", [&] { fs.chmod(fd_.get(), info.st_mode & 07777); });
}

OutputFile::~OutputFile() {
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void OutputFile::write(ByteView bytes) {
  if (!temporary_.empty()) {
    named(path_, "write", [&] { posix_file_system().pwrite(fd_.get(), bytes, size_); });
    size_ += bytes.size();
    return;
  }
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_errno(errno, "write", escape_name(path_));
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void OutputFile::commit() {
  if (temporary_.empty()) return;
  FileSystem& fs = posix_file_system();
  named(path_, "fdatasync", [&] { fs.fdatasync(fd_.get()); });
  fd_.reset();
  named(path_, "rename", [&] { fs.rename({AT_FDCWD, temporary_.c_str()}, {AT_FDCWD, path_.c_str()}); });
  temporary_.clear();
  const std::string directory(parent_path(path_));
  sync_directory(fs, {AT_FDCWD, directory.empty() ? "/" : directory.c_str()});
}

}  // namespace store
