// Memory that runs out at the Nth allocation of a command, once or from there on: exit code 14, nothing breaks, and the next run goes
// through.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <set>

#include "refusals/kept_world.h"
#include "unit/repo/child_process.h"

using namespace store;
using namespace store::test;

namespace {

/// Allocations until one is refused; below zero: none is. After that one all are, or none.
std::atomic<long long> left = -1;
std::atomic<bool> all_after = false;

bool is_refused() {
  if (left < 0) return false;
  if (left == 0) return all_after;
  return --left == 0;
}

void* allocate(std::size_t size) {
  void* const memory = is_refused() ? nullptr : std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void* allocate(std::size_t size, std::align_val_t alignment) {
  const auto border = static_cast<std::size_t>(alignment);
  void* const memory = is_refused() ? nullptr : std::aligned_alloc(border, (size + border - 1) / border * border);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, std::align_val_t alignment) { return allocate(size, alignment); }
void* operator new[](std::size_t size, std::align_val_t alignment) { return allocate(size, alignment); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace {

using Words = std::vector<std::string>;

constexpr int k_not_met = 99;  // the command needed fewer allocations
/// So many allocations apart are refused, one round once and one for ever, unless STORE_ALLOCATIONS is set: then all of them, both ways.
constexpr long long k_step = 11;
/// States that look the same are looked into once, and once more every so many rounds.
constexpr long long k_look_again = 100;

/// How the command line ends if its Nth allocation is refused, in a process of its own in which nothing was used before.
int refused_at(CommandLine& store, const Words& words, long long nth, bool for_ever) {
  ChildProcess child([&] {
    StringSink out;
    StringSink err;
    Console console;
    console.out = &out;
    console.err = &err;
    console.environment = store.environment;
    console.cwd = store.cwd;
    console.stdin_fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    console.cancel = &store.cancel;
    all_after = for_ever;
    left = nth;
    const int code = run(words, console);
    const bool met = left == 0;
    left = -1;
    ::_exit(met ? code : k_not_met);
  });
  return child.wait();
}

/// What comes after: the same once more, which may find nothing to do, a check, a commit and a check.
void check_next(CommandLine& store, const Words& words) {
  ChildProcess child([&] {
    const Answer again = store(words);
    CAPTURE(again.err);
    CHECK((again.code == 0 || again.code == 1));
    for (const Words& next : {Words{"fsck"}, Words{"commit", "-A", "-m", "after", "--allow-empty"}, Words{"fsck", "--data"}}) {
      const Answer answer = store(next);
      CAPTURE(answer.err);
      CHECK(answer.code == 0);
      if (answer.code != 0) ::_exit(1);
    }
    ::_exit(again.code < 2 ? 0 : 1);
  });
  CHECK(child.succeeds());
}

struct Sweep {
  void (*prepare)(CommandLine&);
  Words words;
};

void prepare_staged(CommandLine& store) {
  prepare_changes(store);
  REQUIRE(store({"add", "-A"}).code == 0);
}

const Sweep k_sweeps[] = {
    {prepare_changes, {"status", "--jobs", "1"}},
    {prepare_changes, {"add", "-A", "--jobs", "1"}},
    {prepare_changes, {"add", "-A", "--jobs", "2"}},
    {prepare_changes, {"add", "-A", "--jobs", "1", "--progress", "json"}},
    {prepare_staged, {"commit", "-m", "x", "--jobs", "1"}},
    {prepare_changes, {"commit", "-A", "-m", "x", "--jobs", "1"}},
    {prepare_changes, {"save", "d", "-b", "saved", "-m", "x", "--jobs", "1"}},
    {prepare_branches, {"switch", "side", "--jobs", "1"}},
    {prepare_changes, {"checkout", "main~1", "--force", "--jobs", "1"}},
    {prepare_changes, {"restore", ".", "--jobs", "1"}},
    {prepare_branches, {"merge", "side", "--jobs", "1"}},
    {prepare_branches, {"undo", "--jobs", "1"}},
    {prepare_branches, {"repack", "--jobs", "1"}},
    {prepare_branches, {"fsck", "--jobs", "1"}},
    {prepare_branches, {"fsck", "--data", "--jobs", "1"}},
    {prepare_branches, {"fsck", "--data", "--jobs", "2"}},
};

struct Counts {
  std::size_t rounds = 0;
  std::size_t told = 0;
  std::size_t states = 0;
};

Counts run_sweep(const Sweep& sweep, long long step, bool both_ways) {
  KeptWorld world(sweep.prepare);
  std::set<std::string> looked_into;
  Counts counts;
  for (long long nth = 1;; nth += step) {
    for (const bool for_ever : {false, true}) {
      if (!both_ways && for_ever != (nth / step % 2 == 1)) continue;
      CAPTURE(nth);
      CAPTURE(for_ever);
      world.put_back();
      const int status = refused_at(world.store, sweep.words, nth, for_ever);
      CAPTURE(status);
      CHECK(WIFEXITED(status));
      const int code = WEXITSTATUS(status);
      if (code == k_not_met) return counts;
      CHECK((code == 0 || code == 14));
      if (!for_ever) CHECK(world.temporaries() == "");  // to remove one may need memory
      ++counts.rounds;
      counts.told += code == 14;
      const bool is_new = looked_into.insert(fmt::format("{} {}", code, world.shape())).second;
      counts.states += is_new;
      if (is_new || nth / step % k_look_again == 0) check_next(world.store, sweep.words);
    }
  }
}

}  // namespace

TEST_CASE("without memory at any moment a command says so, breaks nothing, and the next one goes through") {
  const bool all = std::getenv("STORE_ALLOCATIONS") != nullptr;
  Counts sum;
  for (const Sweep& sweep : k_sweeps) {
    const std::string line = fmt::format("{}", fmt::join(sweep.words, " "));
    CAPTURE(line);
    const Counts counts = run_sweep(sweep, all ? 1 : k_step, all);
    MESSAGE(line << ": " << counts.rounds << " refused allocations, " << counts.told << " ended the command, " << counts.states
                 << " states");
    CHECK(counts.told > 10);
    sum.rounds += counts.rounds;
    sum.told += counts.told;
    sum.states += counts.states;
  }
  MESSAGE(sum.rounds << " refused allocations, " << sum.told << " ended the command, " << sum.states << " states");
}
