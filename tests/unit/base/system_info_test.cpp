#include "base/system_info.h"

#include <doctest/doctest.h>
#include <sched.h>

#include <ctime>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support/scratch.h"

using namespace store;
using test::Scratch;

TEST_CASE("a quota of control groups v2 is the smallest up to the root") {
  const Scratch root;
  root.write("proc/self/cgroup", "0::/a/b\n");
  CHECK(cgroup_cpu_quota(root.path()) == 0);
  root.write("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  CHECK(cgroup_cpu_quota(root.path()) == 0);
  root.write("sys/fs/cgroup/a/cpu.max", "150000 100000\n");
  CHECK(cgroup_cpu_quota(root.path()) == 1.5);
  root.write("sys/fs/cgroup/a/b/cpu.max", "50000 100000\n");
  CHECK(cgroup_cpu_quota(root.path()) == 0.5);
  root.write("sys/fs/cgroup/a/b/cpu.max", "nonsense");
  CHECK(cgroup_cpu_quota(root.path()) == 1.5);
}

TEST_CASE("a quota of control groups v1 is read from the cpu controller alone") {
  const Scratch root;
  root.write("proc/self/cgroup", "4:cpuset:/x\n3:cpuacct,cpu:/docker/1\n0::/\n");
  root.write("sys/fs/cgroup/cpu/cpu.cfs_period_us",
             "100000\n");  // a container sees its own group as the mount
  root.write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  CHECK(cgroup_cpu_quota(root.path()) == 0);
  root.write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "250000\n");
  CHECK(cgroup_cpu_quota(root.path()) == 2.5);
}

TEST_CASE("available_cpus follows the affinity mask") {
  unsigned seen = 0;
  std::thread limited([&] {  // the mask belongs to one thread
    cpu_set_t mask;
    CPU_ZERO(&mask);
    CPU_SET(static_cast<unsigned>(::sched_getcpu()), &mask);
    if (::sched_setaffinity(0, sizeof mask, &mask) == 0) seen = available_cpus();
  });
  limited.join();
  CHECK(seen == 1);
  CHECK(available_cpus() >= 1);
}

TEST_CASE("peak_memory_bytes grows with memory that was touched") {
  const std::uint64_t before = peak_memory_bytes();
  REQUIRE(before > 0);
  const std::vector<char> block(before + (16 << 20), 'x');
  CHECK(peak_memory_bytes() >= block.size());
}

TEST_CASE("random_hex gives as many digits as asked, never the same") {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) seen.insert(random_hex(15));
  CHECK(seen.size() == 100);
  for (const std::string& text : seen) {
    CHECK(text.size() == 15);
    CHECK(text.find_first_not_of("0123456789abcdef") == std::string::npos);
  }
  CHECK(random_hex(0).empty());
}

TEST_CASE("no file is stamped earlier than the coarse clock read before it was written") {
  const std::int64_t before = coarse_now_ns();
  const Scratch scratch;
  scratch.write("f", "x");
  const struct stat info = *stat_at(scratch.dirfd(), "f");
  const std::int64_t stamp = std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
  CHECK(before <= stamp);
}

TEST_CASE("the boot id is one line without its end") {
  CHECK(boot_id() == boot_id());
  CHECK(boot_id().size() == 36);
}
