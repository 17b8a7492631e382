#include "worktree/scanner.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <tbb/global_control.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/path.h"
#include "support/random_bytes.h"
#include "support/scratch.h"
#include "worktree/listing.h"

using namespace store;
using test::Scratch;

namespace {

/// As many threads as the tests ask for, also on a machine with fewer CPUs.
const tbb::global_control g_threads(tbb::global_control::max_allowed_parallelism, 8);

using Paths = std::vector<std::string>;

Paths scan(const Scratch& scratch, ScanOptions options = {}, const std::string& start = "") {
  Scanner scanner(scratch.dirfd(), start, std::move(options));
  Paths paths;
  while (const std::optional<ScanEntry> entry = scanner.next()) paths.push_back(entry->path);
  return paths;
}

/// Every path below, from another walk and sorted afterwards.
Paths naive_scan(const Scratch& scratch) {
  Paths paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(scratch.path()))
    paths.push_back(entry.path().string().substr(scratch.path().size() + 1));
  std::sort(paths.begin(), paths.end(), PathLess());
  return paths;
}

/// Names that sort differently with '/', around '/' and as signed or unsigned bytes.
std::string random_name(testing::SplitMix64& random) {
  static constexpr char k_bytes[] = {'a', 'b', '-', '.', '\n', '\x01', '\xff', '\x80', ' ', '0', '[', 'A'};
  std::string name;
  for (std::uint64_t length = random.between(1, 3); name.size() < length;)
    name += k_bytes[random.next() % sizeof k_bytes];
  return name == "." || name == ".." ? "dot" : name;
}

/// One more name for an open file without a name: a thousand inodes would take ext4 a second where as many
/// were removed just before.
class Files {
 public:
  explicit Files(const Scratch& scratch)
      : scratch_(scratch), file_(::openat(scratch.dirfd(), ".", O_TMPFILE | O_RDWR, 0644)) {}
  void make(const std::string& path) const {
    const std::string self = "/proc/self/fd/" + std::to_string(file_.get());
    REQUIRE(::linkat(AT_FDCWD, self.c_str(), scratch_.dirfd(), path.c_str(), AT_SYMLINK_FOLLOW) == 0);
  }

 private:
  const Scratch& scratch_;
  UniqueFd file_;
};

void make_directory(const Scratch& scratch, const std::string& path) {
  REQUIRE(::mkdirat(scratch.dirfd(), path.c_str(), 0755) == 0);
}

void grow(const Scratch& scratch, const Files& files, const std::string& directory, int depth,
          testing::SplitMix64& random) {
  std::set<std::string> names;
  for (std::uint64_t count = random.between(0, 7); count > 0; --count) names.insert(random_name(random));
  for (const std::string& name : names) {
    const std::string path = join_path(directory, name);
    if (depth > 0 && random.next() % 2 == 0) {
      make_directory(scratch, path);
      grow(scratch, files, path, depth - 1, random);
    } else if (random.next() % 8 == 0) {
      scratch.make_symlink(path, "..");
    } else {
      files.make(path);
    }
  }
}

void check_all_ways(const Scratch& scratch) {
  const Paths expected = naive_scan(scratch);
  for (const unsigned threads : {1U, 2U, 8U})
    for (const std::size_t run_length : {std::size_t{1}, std::size_t{3}, ScanOptions().run_length}) {
      CAPTURE(threads);
      CAPTURE(run_length);
      REQUIRE(scan(scratch, {.accept = {}, .threads = threads, .run_length = run_length}) == expected);
    }
}

/// Runs `body` as a user for whom permission bits count, on a thread of its own: root passes them all.
template <typename Body>
void as_ordinary_user(Body body) {
  std::thread([&] {
    if (::geteuid() == 0) {
      ::setfsgid(65534);
      ::setfsuid(65534);
    }
    body();
  }).join();
}

ScanEntry find_entry(const Scratch& scratch, const std::string& path) {
  const std::optional<ScanEntry> entry = scan_one(scratch.dirfd(), path);
  REQUIRE(entry);
  return *entry;
}

}  // namespace

TEST_CASE("random trees are reported completely and in path order, for any threads and run length") {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    CAPTURE(seed);
    const Scratch scratch;
    testing::SplitMix64 random(seed);
    grow(scratch, Files(scratch), "", 4, random);
    check_all_ways(scratch);
  }
}

TEST_CASE("an empty tree has no entries") {
  const Scratch scratch;
  CHECK(scan(scratch).empty());
}

TEST_CASE("a directory comes right before what is in it, and before its name with any other byte") {
  const Scratch scratch;
  scratch.make_tree({{"a/x"}, {"a-b"}, {"a.c/y"}, {"a\x01"}, {"a0"}, {"empty/"}});
  CHECK(scan(scratch) == Paths{"a", "a/x", "a\x01", "a-b", "a.c", "a.c/y", "a0", "empty"});
}

TEST_CASE("names of 255 bytes, with newlines and not UTF-8 come back byte for byte") {
  const Scratch scratch;
  const std::string longest(255, 'n');
  scratch.make_tree({{longest + "/" + longest}, {"line\nbreak"}, {"\xff\xfe/\x80"}, {"-dash"}, {"[a,b]"}});
  CHECK(scan(scratch) == Paths{"-dash", "[a,b]", "line\nbreak", longest, longest + "/" + longest, "\xff\xfe",
                               "\xff\xfe/\x80"});
}

TEST_CASE("a directory of more than one chunk is complete, also where its names spill") {
  const Scratch scratch;
  const std::size_t count = 2 * Listing::k_chunk + 7;
  make_directory(scratch, "d");
  const Files files(scratch);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = "d/" + std::to_string(i * 7919 % 1000003);
    if (i % 1000 == 0)
      scratch.write(name + "/inside", "");
    else
      files.make(name);
  }
  const Paths expected = naive_scan(scratch);
  for (const unsigned threads : {1U, 4U})
    for (const std::size_t run_length : {Listing::k_chunk / 3, ScanOptions().run_length})
      REQUIRE(scan(scratch, {.accept = {}, .threads = threads, .run_length = run_length}) == expected);
}

TEST_CASE("a tree deeper than PATH_MAX and than the open directories of a walk is entered to its end") {
  const Scratch scratch;
  const int depth = 250;
  const std::string name(20, 'd');  // depth * 21 bytes of path
  std::string path;
  UniqueFd at(::openat(scratch.dirfd(), ".", O_PATH | O_DIRECTORY));
  for (int i = 0; i < depth; ++i) {
    REQUIRE(::mkdirat(at.get(), name.c_str(), 0755) == 0);
    at.reset(::openat(at.get(), name.c_str(), O_PATH | O_DIRECTORY));
    path = join_path(path, name);
  }
  for (const unsigned threads : {1U, 4U}) {
    const Paths paths = scan(scratch, {.accept = {}, .threads = threads});
    REQUIRE(paths.size() == depth);
    CHECK(paths.back() == path);
  }
  CHECK(scan(scratch, {}, path) == Paths{path});
}

TEST_CASE("more directories than the window holds are all entered, also if the consumer stops halfway") {
  const Scratch scratch;
  const Files files(scratch);
  for (int i = 0; i < 20; ++i) make_directory(scratch, "d" + std::to_string(i));
  for (int i = 0; i < 400; ++i) {
    const std::string path = "d" + std::to_string(i % 20) + "/e" + std::to_string(i);
    make_directory(scratch, path);
    files.make(path + "/f");
  }
  const Paths expected = naive_scan(scratch);
  CHECK(scan(scratch, {.accept = {}, .threads = 4}) == expected);
  for (std::size_t taken = 0; taken < expected.size(); taken += 97) {
    Scanner scanner(scratch.dirfd(), "", {.accept = {}, .threads = 4});
    for (std::size_t i = 0; i < taken; ++i) REQUIRE(scanner.next()->path == expected[i]);
  }
}

TEST_CASE("symlinks are reported and never followed") {
  const Scratch scratch;
  scratch.make_tree({{"d/f", "x"}});
  scratch.make_symlink("d/loop", ".");
  scratch.make_symlink("d/up", "../..");
  scratch.make_symlink("dangling", "nowhere");
  CHECK(scan(scratch) == Paths{"d", "d/f", "d/loop", "d/up", "dangling"});
  const ScanEntry link = find_entry(scratch, "dangling");
  CHECK(link.kind == EntryKind::symlink);
  CHECK(link.mode == 0777);
  CHECK(link.stat.size == std::string("nowhere").size());
}

TEST_CASE("kinds, modes and sizes are what stat says") {
  const Scratch scratch;
  scratch.write("file", "12345", 04751);
  scratch.make_directory("dir", 01770);
  REQUIRE(::mkfifoat(scratch.dirfd(), "fifo", 0600) == 0);
  REQUIRE(::linkat(scratch.dirfd(), "file", scratch.dirfd(), "hard", 0) == 0);
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  struct sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  scratch.path("socket").copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(socket.get(), reinterpret_cast<struct sockaddr*>(&address), sizeof address) == 0);

  const ScanEntry file = find_entry(scratch, "file");
  CHECK(file.kind == EntryKind::file);
  CHECK(file.mode == 04751);
  CHECK(file.stat.size == 5);
  CHECK(file.links == 2);
  CHECK(file.stat.inode == find_entry(scratch, "hard").stat.inode);
  CHECK(find_entry(scratch, "dir").kind == EntryKind::directory);
  CHECK(find_entry(scratch, "dir").mode == 01770);
  CHECK(find_entry(scratch, "fifo").kind == EntryKind::fifo);
  CHECK_FALSE(find_entry(scratch, "fifo").socket);
  CHECK(find_entry(scratch, "socket").socket);
  CHECK(scan(scratch) == Paths{"dir", "fifo", "file", "hard", "socket"});
}

TEST_CASE("devices carry their numbers") {
  const UniqueFd dev(::open("/dev", O_RDONLY | O_DIRECTORY));
  const std::optional<ScanEntry> null = scan_one(dev.get(), "null");
  REQUIRE(null);
  CHECK(null->kind == EntryKind::char_device);
  CHECK(null->device_number == (std::uint64_t{1} << 32 | 3));
}

TEST_CASE("a hole shows in the blocks") {
  const Scratch scratch;
  scratch.write("sparse", "");
  REQUIRE(::truncate(scratch.path("sparse").c_str(), 1 << 20) == 0);
  const ScanEntry sparse = find_entry(scratch, "sparse");
  CHECK(sparse.blocks * 512 < sparse.stat.size);
}

TEST_CASE("a start that is a directory is reported first, one that is a file alone") {
  const Scratch scratch;
  scratch.make_tree({{"a/b/c"}, {"a/b-d"}, {"a/z"}});
  CHECK(scan(scratch, {}, "a/b") == Paths{"a/b", "a/b/c"});
  CHECK(scan(scratch, {.accept = {}, .threads = 4}, "a") == Paths{"a", "a/b", "a/b/c", "a/b-d", "a/z"});
  CHECK(scan(scratch, {}, "a/z") == Paths{"a/z"});
}

TEST_CASE("a start that is missing or beyond a symlink yields nothing") {
  const Scratch scratch;
  scratch.make_tree({{"d/f"}});
  scratch.make_symlink("link", "d");
  for (const std::string start : {"none", "none/below", "link/f", "d/f/below"}) {
    CAPTURE(start);
    CHECK_FALSE(scan_one(scratch.dirfd(), start));
    CHECK_FALSE(Scanner(scratch.dirfd(), start, {}).next());
  }
  CHECK(scan_one(scratch.dirfd(), "link")->kind == EntryKind::symlink);
  CHECK(scan_one(scratch.dirfd(), "")->kind == EntryKind::directory);
}

TEST_CASE("what is not accepted is left out with everything below it") {
  const Scratch scratch;
  scratch.make_tree({{"keep/x"}, {"keep/skip/y"}, {"skip/z"}, {"t"}});
  for (const unsigned threads : {1U, 4U}) {
    std::atomic<int> asked_below{0};
    const auto accept = [&](const ScanEntry& entry) {
      if (entry.path.find("skip/") != std::string::npos) ++asked_below;
      return base_name(entry.path) != "skip";
    };
    CHECK(scan(scratch, {.accept = accept, .threads = threads}) == Paths{"keep", "keep/x", "t"});
    CHECK(asked_below == 0);
    CHECK(scan(scratch, {.accept = accept, .threads = threads}, "skip").empty());
  }
}

TEST_CASE("what accept throws ends the walk at the directory where it happened") {
  const Scratch scratch;
  for (int i = 0; i < 50; ++i) scratch.write("d" + std::to_string(i) + "/f", "");
  for (const unsigned threads : {1U, 4U}) {
    const auto accept = [](const ScanEntry& entry) -> bool {
      if (entry.path == "d30/f") throw std::runtime_error("stop");
      return true;
    };
    Scanner scanner(scratch.dirfd(), "", {.accept = accept, .threads = threads});
    std::string last;
    CHECK_THROWS_AS(
        [&] {
          while (const auto entry = scanner.next()) last = entry->path;
        }(),
        std::runtime_error);
    CHECK(last == "d30");
  }
}

TEST_CASE("repositories are listed as skipped in path order, whatever their type, and never entered") {
  const Scratch scratch;
  scratch.make_tree(
      {{".store/objects"}, {"sub/.STORE/x"}, {"sub/.store"}, {"sub/.storeignore"}, {"z/.sto\u200cre"}});
  for (const unsigned threads : {1U, 4U}) {
    Scanner scanner(scratch.dirfd(), "", {.accept = {}, .threads = threads});
    Paths paths;
    while (const auto entry = scanner.next()) paths.push_back(entry->path);
    CHECK(paths == Paths{"sub", "sub/.storeignore", "z"});
    CHECK(scanner.skipped() == Paths{".store", "sub/.STORE", "sub/.store", "z/.sto\u200cre"});
    CHECK(scanner.failures().empty());
  }
}

TEST_CASE("an unreadable directory is reported, then recorded as failed, and the walk goes on") {
  const Scratch scratch;
  REQUIRE(::chmod(scratch.path().c_str(), 0755) == 0);
  scratch.make_tree({{"a/x"}, {"closed/hidden"}, {"listed/inside"}, {"z"}});
  REQUIRE(::chmod(scratch.path("closed").c_str(), 0) == 0);
  REQUIRE(::chmod(scratch.path("listed").c_str(), 0744) == 0);  // names may be read, nothing about them
  if (::geteuid() == 0) REQUIRE(::chown(scratch.path("listed").c_str(), 1, 1) == 0);
  as_ordinary_user([&] {
    Scanner scanner(scratch.dirfd(), "", {});
    Paths paths;
    std::vector<std::size_t> failures_so_far;
    while (const auto entry = scanner.next()) {
      paths.push_back(entry->path);
      failures_so_far.push_back(scanner.failures().size());
    }
    const bool root_owned = ::geteuid() == 0;
    CHECK(failures_so_far.back() == scanner.failures().size());
    if (!root_owned) return;  // the owner may still search `listed`
    CHECK(paths == Paths{"a", "a/x", "closed", "listed", "z"});
    CHECK(failures_so_far == std::vector<std::size_t>{0, 0, 0, 1, 2});
    REQUIRE(scanner.failures().size() == 2);
    CHECK(scanner.failures()[0].path == "closed");
    CHECK(scanner.failures()[0].message == "open: Permission denied");
    CHECK(scanner.failures()[1].path == "listed/inside");
    CHECK(scanner.failures()[1].message == "stat: Permission denied");
  });
  REQUIRE(::chmod(scratch.path("closed").c_str(), 0755) == 0);
}

TEST_CASE("one file system: a mount point is reported and not entered") {
  const UniqueFd root(::open("/", O_RDONLY | O_DIRECTORY));
  const auto near = [](const ScanEntry& entry) {
    return entry.path == "proc" || entry.path == "proc/version" || entry.path == "etc" ||
           entry.path == "etc/passwd";
  };
  const auto walk = [&](bool one_file_system) {
    Scanner scanner(root.get(), "", {.accept = near, .one_file_system = one_file_system});
    Paths paths;
    while (const auto entry = scanner.next()) paths.push_back(entry->path);
    return paths;
  };
  CHECK(walk(false) == Paths{"etc", "etc/passwd", "proc", "proc/version"});
  CHECK(walk(true) == Paths{"etc", "etc/passwd", "proc"});
}

TEST_CASE("what vanishes during the walk is no failure") {
  const Scratch scratch;
  for (int i = 0; i < 40; ++i) scratch.write("d" + std::to_string(i) + "/sub/f", "");
  Scanner scanner(scratch.dirfd(), "", {});
  std::size_t reported = 0;
  while (const auto entry = scanner.next()) {
    ++reported;
    if (reported == 1) std::filesystem::remove_all(scratch.path("d39"));
  }
  CHECK(scanner.failures().empty());
  CHECK(reported == 39 * 3 + 1);  // of the one that vanished, its own entry: it was listed before
}
