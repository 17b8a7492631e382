// The walk of a work tree beside what the kernel alone takes for it: every directory opened and read, every name stat'ed.
// The tree is STORE_BENCH_TREE, or /usr/share; read once before, so that it is in the cache.
#include <benchmark/benchmark.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "worktree/scanner.h"

using namespace store;

namespace {

std::string tree() {
  const char* folder = std::getenv("STORE_BENCH_TREE");
  return folder != nullptr ? folder : "/usr/share";
}

UniqueFd open_tree() { return UniqueFd(::open(tree().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)); }

unsigned threads_of(const benchmark::State& state) { return static_cast<unsigned>(state.range(0)); }

ScanOptions options_of(const benchmark::State& state) {
  ScanOptions options;
  options.threads = threads_of(state);
  return options;
}

/// Opened, read, each name looked up: nothing is kept.
std::int64_t visit(int root_fd, const std::string& directory) {
  const int fd = ::openat(root_fd, directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return 0;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(fd), ::closedir);
  std::int64_t names = 0;
  struct stat info;
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    benchmark::DoNotOptimize(::fstatat(fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW));
    ++names;
  }
  return names;
}

/// The directories are known beforehand, so that threads need not wait for each other.
std::vector<std::string> directories(int root_fd) {
  std::vector<std::string> found{"."};
  Scanner scanner(root_fd, "", {});
  while (const std::optional<ScanEntry> entry = scanner.next())
    if (entry->kind == EntryKind::directory) found.push_back(entry->path);
  return found;
}

void scan_readdir_and_stat(benchmark::State& state) {
  const UniqueFd root = open_tree();
  const std::vector<std::string> all = directories(root.get());
  std::atomic<std::int64_t> names = 0;
  for (auto _ : state) {
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
      for (std::size_t at = next++; at < all.size(); at = next++) names += visit(root.get(), all[at]);
    };
    std::vector<std::jthread> others;
    for (unsigned i = 1; i < threads_of(state); ++i) others.emplace_back(work);
    work();
  }
  state.SetItemsProcessed(names);
}
BENCHMARK(scan_readdir_and_stat)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

void scan_in_path_order(benchmark::State& state) {
  const UniqueFd root = open_tree();
  std::int64_t names = 0;
  for (auto _ : state) {
    Scanner scanner(root.get(), "", options_of(state));
    while (scanner.next()) ++names;
  }
  state.SetItemsProcessed(names);
}
BENCHMARK(scan_in_path_order)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
