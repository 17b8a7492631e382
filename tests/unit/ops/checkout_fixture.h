#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "ops/checkout.h"
#include "support/fault_file_system.h"
#include "support/work_fixture.h"

namespace store::test {

/// What is in a folder: "0644 content" of files, "-> target" of links, "0755/" of directories, "fifo". `.store` is left out.
using Snapshot = std::map<std::string, std::string>;

inline Snapshot snapshot_of(const std::string& root) {
  namespace fs = std::filesystem;
  Snapshot result;
  for (auto at = fs::recursive_directory_iterator(root); at != fs::recursive_directory_iterator(); ++at) {
    const std::string name = at->path().string().substr(root.size() + 1);
    if (name == ".store") {
      at.disable_recursion_pending();
      continue;
    }
    const fs::file_status status = at->symlink_status();
    char mode[8];
    std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(status.permissions()) & 07777);
    if (status.type() == fs::file_type::symlink) {
      result[name] = "-> " + fs::read_symlink(at->path()).string();
    } else if (status.type() == fs::file_type::directory) {
      result[name] = std::string(mode) + "/";
    } else if (status.type() == fs::file_type::fifo) {
      result[name] = std::string(mode) + " fifo";
    } else {
      const UniqueFd fd = open_readonly(AT_FDCWD, at->path().string());
      Bytes bytes(static_cast<std::size_t>(at->file_size()));
      pread_full(fd.get(), bytes, 0, name);
      result[name] = std::string(mode) + " " + std::string(as_text(bytes));
    }
  }
  return result;
}

/// "a, b, c": what a failing check can show.
inline std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : ", ") + line;
  return text;
}

/// A working tree with commits to go back and forth between.
class CheckoutFixture : public WorkFixture {
 public:
  Snapshot files() const { return snapshot_of(path()); }
  Snapshot files_out(const std::string& name = "out") const { return snapshot_of(scratch().path(name)); }
  std::string status_lines() const { return joined(lines_of(status())); }

  CheckoutResult checkout_with(CheckoutOptions options, const std::string& revision) const {
    Workspace workspace = open();
    options.revision = resolve_revision(workspace, revision);
    return checkout(workspace, options);
  }
  CheckoutResult go_to(const std::string& revision) const { return checkout_with({}, revision); }
  CheckoutResult go_to(const ObjectId& commit) const { return go_to(commit.hex()); }
  CheckoutResult force_to(const ObjectId& commit) const { return checkout_with({.force = true}, commit.hex()); }
  CheckoutResult take_paths(const ObjectId& commit, std::vector<std::string> paths, bool force = false) const {
    CheckoutOptions options;
    options.paths.assign(paths.begin(), paths.end());
    options.force = force;
    return checkout_with(options, commit.hex());
  }
  CheckoutResult take_out(const ObjectId& commit, const std::string& name = "out", CheckoutOptions options = {}) const {
    options.out = scratch().path(name);
    return checkout_with(options, commit.hex());
  }

  /// The paths in the way of a call that has to be refused.
  template <typename Call>
  std::string in_the_way(Call call) const {
    try {
      call();
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::conflict) throw;
      return joined(error.paths());
    }
    return "not refused";
  }

  RefStore::Head head() const {
    const Workspace workspace = open();
    return workspace.refs().head();
  }

  /// Runs the call in a child process that dies at its nth call of the file system; true if it died, false if it ended before.
  template <typename Call>
  bool killed_at(std::uint64_t nth, Call call) {
    const pid_t child = ::fork();
    if (child == 0) {
      FaultFileSystem fs(unsynced_file_system());
      fs.arm({.nth = nth, .action = FaultAction::kill});
      env.fs = &fs;
      try {
        call();
      } catch (...) {
        ::_exit(2);
      }
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) return true;
    if (WIFSIGNALED(status)) throw std::runtime_error("the child crashed");
    if (WEXITSTATUS(status) != 0) throw std::runtime_error("the child failed");
    return false;
  }
};

}  // namespace store::test
