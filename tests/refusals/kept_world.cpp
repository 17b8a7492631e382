#include "refusals/kept_world.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <vector>

#include "repo/repository.h"
#include "support/work_fixture.h"
#include "unit/repo/child_process.h"

namespace store::test {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t k_drawn_digits = 16;  // of sessions; packs and objects have more

/// A line for each file, in order.
template <typename Line>
std::string lines_of(const std::string& folder, Line line) {
  std::vector<std::string> lines;
  for (const auto& file : fs::recursive_directory_iterator(folder))
    if (std::string one = line(file.path().string().substr(folder.size()), file.path().string()); !one.empty())
      lines.push_back(std::move(one));
  std::sort(lines.begin(), lines.end());
  return fmt::format("{}", fmt::join(lines, "\n"));
}

struct stat stat_of(const std::string& path) {
  struct stat info = {};
  REQUIRE(::lstat(path.c_str(), &info) == 0);
  return info;
}

std::string without_digits(const std::string& name) {
  std::string shown;
  for (std::size_t at = 0; at < name.size();) {
    std::size_t end = at;
    while (end < name.size() && std::isxdigit(static_cast<unsigned char>(name[end])) != 0) ++end;
    if (end - at >= k_drawn_digits) shown += '#';
    else shown += name.substr(at, end - at);
    if (end < name.size()) shown += name[end++];
    at = end;
  }
  return shown;
}

void commit_all(CommandLine& store, const std::string& message) {
  REQUIRE(store({"commit", "-A", "-m", message, "--date", "@1000"}).code == 0);
}

}  // namespace

KeptWorld::KeptWorld(const std::function<void(CommandLine&)>& prepare) {
  store.environment["STORE_METADATA_TIMES"] = "false";
  store.environment["STORE_PERFORMANCE_MAX_WORKER_THREADS"] = "1";
  REQUIRE(ChildProcess([&] { prepare(store); }).succeeds());
  fs::copy(store.scratch.path("work"), store.scratch.path("kept"), fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  marks_ = marks();
}

void KeptWorld::put_back() {
  if (marks() == marks_) return;
  fs::remove_all(store.scratch.path("work"));
  fs::copy(store.scratch.path("kept"), store.scratch.path("work"), fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  marks_ = marks();
}

std::string KeptWorld::shape() const {
  return lines_of(store.scratch.path("work"), [](const std::string& name, const std::string& path) {
    return fmt::format("{} {}", without_digits(name), stat_of(path).st_size);
  });
}

std::string KeptWorld::temporaries() const {
  return lines_of(store.scratch.path("work"), [](const std::string& name, const std::string&) {
    const std::string last = name.substr(name.rfind('/') + 1);
    const bool is_one = last != layout::k_pack_temporary && (last.find("tmp") != std::string::npos || last.find(".new-") != std::string::npos);
    return is_one ? name : std::string();
  });
}

/// Whatever is done to a file changes one of these.
std::string KeptWorld::marks() const {
  return lines_of(store.scratch.path("work"), [](const std::string& name, const std::string& path) {
    const struct stat info = stat_of(path);
    return fmt::format("{} {} {} {}", name, info.st_ino, info.st_ctim.tv_sec, info.st_ctim.tv_nsec);
  });
}

void prepare_branches(CommandLine& store) {
  store.commit_two_files();
  REQUIRE(store({"branch", "side"}).code == 0);
  store.scratch.write("work/d/large", noise(200'000, 1));
  store.scratch.write("work/a", "changed\n");
  store.scratch.make_symlink("work/shortcut", "a");
  commit_all(store, "second");
  REQUIRE(store({"switch", "side"}).code == 0);
  store.scratch.write("work/theirs", "3");
  commit_all(store, "third");
  REQUIRE(store({"switch", "main"}).code == 0);
}

void prepare_changes(CommandLine& store) {
  prepare_branches(store);
  store.scratch.write("work/d/large", noise(210'000, 2));
  store.scratch.write("work/a", "mine\n");
  store.scratch.write("work/new/file", "new");
}

}  // namespace store::test
