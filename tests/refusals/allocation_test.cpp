// Memory that runs out at the Nth allocation of a command, for a sample of N: exit code 14, nothing breaks, and the next run goes through.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <iterator>
#include <new>

#include "support/work_fixture.h"
#include "unit/app/cli_fixture.h"
#include "unit/repo/child_process.h"

using namespace store;
using namespace store::test;

namespace {

/// Allocations until one is refused; below zero: none is. After that one all are, or none.
std::atomic<long long> left = -1;
std::atomic<bool> all_after = false;
std::atomic<long long> allocations = 0;

bool is_refused() {
  ++allocations;
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

/// A repository with a commit, and a change.
void prepare(CommandLine& store) {
  store.commit_two_files();
  store.scratch.write("work/d/large", noise(200'000, 1));
  store.scratch.write("work/a", "changed");
}

/// Runs a command in a process of its own in which the Nth allocation is refused; how that ended.
int refused_at(CommandLine& store, const Words& words, long long nth, bool for_ever) {
  const ChildProcess child([&] {
    all_after = for_ever;
    left = nth;
    const int code = store(words).code;
    left = -1;
    ::_exit(code);
  });
  return const_cast<ChildProcess&>(child).wait();
}

long long allocations_of(const Words& before, const Words& words) {
  CommandLine store;
  prepare(store);
  if (!before.empty()) REQUIRE(store(before).code == 0);
  const long long start = allocations;
  CHECK(store(words).code == 0);
  return allocations - start;
}

struct Sweep {
  Words before;
  Words words;
};

}  // namespace

TEST_CASE("without memory at any moment a command says so, breaks nothing, and the next one goes through") {
  constexpr long long k_samples = 400;
  constexpr long long k_of_the_test = 30;  // allocations before the command line is run
  const Sweep sweeps[] = {{{}, {"add", "-A", "--jobs", "1"}},
                          {{"add", "-A"}, {"commit", "-m", "x", "--jobs", "1"}},
                          {{"commit", "-A", "-m", "x"}, {"checkout", "main~1", "--force", "--jobs", "1"}},
                          {{}, {"status", "--jobs", "1"}},
                          {{}, {"add", "-A", "--jobs", "2"}},
                          {{}, {"commit", "-A", "-m", "x", "--jobs", "1"}}};
  std::size_t told = 0;
  for (const Sweep& sweep : sweeps) {
    CAPTURE(sweep.words.front());
    // Without the last ones, among which are those of the test itself.
    const long long total = allocations_of(sweep.before, sweep.words) * 9 / 10;
    REQUIRE(total > 500);
    for (long long sample = 0; sample < k_samples; ++sample) {
      const long long nth = k_of_the_test + sample * total / k_samples + sample % 7;
      CAPTURE(nth);
      CommandLine store;
      prepare(store);
      if (!sweep.before.empty()) REQUIRE(store(sweep.before).code == 0);
      const int status = refused_at(store, sweep.words, nth, sample % 2 == 1);
      CAPTURE(status);
      CHECK(WIFEXITED(status));
      const int code = WEXITSTATUS(status);
      CAPTURE(code);
      CHECK((code == 0 || code == 14));
      told += code == 14;
      const Answer again = store(sweep.words);
      CAPTURE(again.err);
      CHECK((again.code == 0 || again.code == 1));  // nothing to commit any more
      CHECK(store({"fsck"}).code == 0);
      CHECK(store({"commit", "-A", "-m", "after", "--allow-empty"}).code == 0);
      CHECK(store({"fsck"}).code == 0);
    }
  }
  MESSAGE(told << " commands ended for want of memory");
  CHECK(told > std::size(sweeps) * k_samples / 2);
}
