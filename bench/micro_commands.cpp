// The commands as a program calls them that links the library: `add`, `commit` and `checkout` of files made for it in $TMPDIR, on all
// processors. Beside them, what reading and writing these files alone takes.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <random>
#include <thread>

#include "config/config.h"
#include "ops/add.h"
#include "ops/checkout.h"
#include "ops/commit.h"
#include "ops/init.h"
#include "support/random_bytes.h"
#include "support/scratch.h"

using namespace store;

namespace {

/// A working tree and its repository.
class BenchTree {
 public:
  BenchTree() {
    environment_.command = "bench";
    environment_.default_identity = {"Bench", "bench@example.org"};
    environment_.now_seconds = 1'700'000'000;
    settings_.performance.max_worker_threads = std::max(1u, std::thread::hardware_concurrency());
    start_over();
  }

  void start_over() {
    scratch_.remove(".store");
    InitOptions options;
    options.directory = scratch_.path();
    init(environment_, Config(ConfigSources()), options);
  }

  void write(const std::string& name, ByteView bytes) {
    scratch_.write(name, as_text(bytes));
    files_.emplace_back(name, bytes.size());
    bytes_ += bytes.size();
  }

  AddResult add(bool dry_run) {
    AddOptions options;
    options.all = true;
    options.dry_run = dry_run;
    Workspace workspace = open();
    return store::add(workspace, options);
  }

  CommitResult commit() {
    CommitOptions options;
    options.message = "bench";
    Workspace workspace = open();
    return store::commit(workspace, options);
  }

  /// To the folder "out".
  CheckoutResult checkout(const ObjectId& commit) {
    CheckoutOptions options;
    options.revision.commit = commit;
    options.out = scratch_.path("out");
    Workspace workspace = open();
    return store::checkout(workspace, options);
  }

  /// All files in the folder "out" again, each made, written and closed, by one thread.
  void write_all() const {
    std::string text(std::size_t{10'000}, 'x');
    std::string folder;
    for (const auto& [name, size] : files_) {
      const std::string directory = "out/" + name.substr(0, name.find('/'));
      if (directory != folder) scratch_.make_directory(folder = directory);
      const UniqueFd fd(::openat(scratch_.dirfd(), ("out/" + name).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
      benchmark::DoNotOptimize(::write(fd.get(), text.data(), size));
    }
  }

  void remove_out() { scratch_.remove("out"); }

  /// Every file opened, read and closed, by one thread.
  void read_all() const {
    static Bytes buffer(std::size_t{1} << 20);
    for (const auto& [name, size] : files_) {
      const UniqueFd fd(::openat(scratch_.dirfd(), name.c_str(), O_RDONLY | O_CLOEXEC));
      while (::read(fd.get(), buffer.data(), buffer.size()) > 0) benchmark::DoNotOptimize(buffer.data());
    }
  }

  void report(benchmark::State& state) const {
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes_));
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * files_.size()));
  }

 private:
  Workspace open() { return {environment_, settings_, scratch_.path(".store")}; }

  test::Scratch scratch_;
  Environment environment_;
  Settings settings_;
  std::vector<std::pair<std::string, std::size_t>> files_;
  std::uint64_t bytes_ = 0;
};

/// `megabytes` (10^6) of noise in one file.
std::unique_ptr<BenchTree> large_file(std::int64_t megabytes) {
  auto tree = std::make_unique<BenchTree>();
  tree->write("large", testing::random_bytes(static_cast<std::size_t>(megabytes) * 1'000'000, 1));
  return tree;
}

/// Files of 1 to 10 KB of text, 100 in a directory.
std::unique_ptr<BenchTree> small_files(std::int64_t count) {
  auto tree = std::make_unique<BenchTree>();
  std::mt19937_64 random(2);
  std::string text;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::size_t size = 1'000 + random() % 9'000;
    for (text.clear(); text.size() < size;) text += fmt::format("line {} of {}\n", random() % 1'000'000, i);
    tree->write(fmt::format("{:04}/{:06}.txt", i / 100, i), as_bytes(text));
  }
  return tree;
}

/// Read, chunked, hashed, compressed; nothing is written, so that the next round finds the same.
void large_file_chunking(benchmark::State& state) {
  const auto tree = large_file(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(tree->add(true));
  tree->report(state);
}
BENCHMARK(large_file_chunking)->Arg(1)->Arg(10)->Arg(100)->Arg(1000)->UseRealTime()->Unit(benchmark::kMillisecond);

void large_file_read(benchmark::State& state) {
  const auto tree = large_file(state.range(0));
  for (auto _ : state) tree->read_all();
  tree->report(state);
}
BENCHMARK(large_file_read)->Arg(100)->Arg(1000)->UseRealTime()->Unit(benchmark::kMillisecond);

void many_small_files(benchmark::State& state) {
  const auto tree = small_files(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(tree->add(true));
  tree->report(state);
}
BENCHMARK(many_small_files)->Arg(1000)->Arg(5000)->Arg(10'000)->Arg(20'000)->UseRealTime()->Unit(benchmark::kMillisecond);

void many_small_files_read(benchmark::State& state) {
  const auto tree = small_files(state.range(0));
  for (auto _ : state) tree->read_all();
  tree->report(state);
}
BENCHMARK(many_small_files_read)->Arg(1000)->Arg(20'000)->UseRealTime()->Unit(benchmark::kMillisecond);

/// Into a new repository, packs and index on disk at the end.
void staging(benchmark::State& state) {
  const auto tree = small_files(state.range(0));
  for (auto _ : state) {
    benchmark::DoNotOptimize(tree->add(false));
    state.PauseTiming();
    tree->start_over();
    state.ResumeTiming();
  }
  tree->report(state);
}
BENCHMARK(staging)->Arg(20'000)->UseRealTime()->Unit(benchmark::kMillisecond);

void commit(benchmark::State& state) {
  const auto tree = small_files(state.range(0));
  for (auto _ : state) {
    state.PauseTiming();
    tree->start_over();
    tree->add(false);
    state.ResumeTiming();
    benchmark::DoNotOptimize(tree->commit());
  }
  tree->report(state);
}
BENCHMARK(commit)->Arg(20'000)->UseRealTime()->Unit(benchmark::kMillisecond);

/// Read, decompressed, verified, written and synced, into a new folder.
void checkout(benchmark::State& state) {
  const auto tree = small_files(state.range(0));
  tree->add(false);
  const ObjectId commit = tree->commit().id;
  for (auto _ : state) {
    benchmark::DoNotOptimize(tree->checkout(commit));
    state.PauseTiming();
    tree->remove_out();
    state.ResumeTiming();
  }
  tree->report(state);
}
BENCHMARK(checkout)->Arg(20'000)->UseRealTime()->Unit(benchmark::kMillisecond);

void create_and_write(benchmark::State& state) {
  const auto tree = small_files(state.range(0));
  for (auto _ : state) {
    tree->write_all();
    state.PauseTiming();
    tree->remove_out();
    state.ResumeTiming();
  }
  tree->report(state);
}
BENCHMARK(create_and_write)->Arg(20'000)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
