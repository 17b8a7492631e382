#include "worktree/beneath.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <climits>
#include <string>

#include "support/scratch.h"
#include "worktree/scanner.h"

using namespace store;
using test::Scratch;

namespace {

/// Both ways must give the same errno, or both a descriptor of the same file.
int open_both(const Scratch& scratch, const std::string& path, int flags) {
  const int one = open_beneath(scratch.dirfd(), path, flags);
  const int other = open_by_component(scratch.dirfd(), path, flags, 0);
  const UniqueFd first(one);
  const UniqueFd second(other);
  CAPTURE(path);
  if (one < 0 || other < 0) {
    CHECK(one == other);
    return std::min(one, other);
  }
  CHECK(stat_fd(one, path).st_ino == stat_fd(other, path).st_ino);
  return 0;
}

}  // namespace

TEST_CASE("paths inside are opened, alike with and without openat2") {
  const Scratch scratch;
  scratch.make_tree({{"d/e/f", "x"}});
  for (const std::string path : {"", "d", "d/e", "d/e/f", "d//e", "d/./e"})
    CHECK(open_both(scratch, path, O_RDONLY) == 0);
  CHECK(open_both(scratch, "d/none", O_RDONLY) == -ENOENT);
  CHECK(open_both(scratch, "none/f", O_RDONLY) == -ENOENT);
  CHECK(open_both(scratch, "d/e/f/g", O_RDONLY) == -ENOTDIR);
  CHECK(open_both(scratch, "d/e/f", O_RDONLY | O_DIRECTORY) == -ENOTDIR);
}

TEST_CASE("nothing is opened outside of the root, nor through a symlink") {
  const Scratch outside;
  outside.write("secret", "x");
  const Scratch scratch;
  scratch.make_tree({{"d/f", "x"}});
  scratch.make_symlink("out", outside.path());
  scratch.make_symlink("in", "d");
  scratch.make_symlink("file", "d/f");
  CHECK(open_both(scratch, "..", O_RDONLY) == -EXDEV);
  CHECK(open_both(scratch, "d/../d", O_RDONLY) == -EXDEV);
  CHECK(open_both(scratch, "/etc", O_RDONLY) == -EXDEV);
  CHECK(open_both(scratch, outside.path(), O_RDONLY) == -EXDEV);
  CHECK(open_both(scratch, "file", O_RDONLY) == -ELOOP);
  CHECK(open_both(scratch, "file", O_PATH) == -ELOOP);
  CHECK(open_both(scratch, "file", O_PATH | O_NOFOLLOW) == 0);
  // The kernel says ELOOP, the fallback ENOTDIR: what matters is that neither opens.
  for (const std::string path : {"out/secret", "in/f", "out", "in"}) {
    CHECK(open_beneath(scratch.dirfd(), path, O_RDONLY | O_DIRECTORY) < 0);
    CHECK(open_by_component(scratch.dirfd(), path, O_RDONLY | O_DIRECTORY, 0) < 0);
  }
}

TEST_CASE("a path longer than PATH_MAX is opened in stretches, and its links are still refused") {
  const Scratch scratch;
  const std::string name(200, 'n');
  std::string path;
  UniqueFd at(::openat(scratch.dirfd(), ".", O_PATH | O_DIRECTORY));
  while (path.size() < 3 * PATH_MAX) {
    REQUIRE(::mkdirat(at.get(), name.c_str(), 0755) == 0);
    at.reset(::openat(at.get(), name.c_str(), O_PATH | O_DIRECTORY));
    path += (path.empty() ? "" : "/") + name;
  }
  CHECK(open_both(scratch, path, O_RDONLY | O_DIRECTORY) == 0);
  REQUIRE(::symlinkat(".", at.get(), "link") == 0);
  CHECK(open_beneath(scratch.dirfd(), path + "/link/x", O_RDONLY) < 0);
  CHECK(open_beneath(scratch.dirfd(), path + "/../x", O_RDONLY) == -EXDEV);
}
