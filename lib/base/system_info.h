#pragma once

#include <cstdint>
#include <string>

namespace store {

/// CPUs this process may use: affinity mask and control-group quota (v1 and v2), rounded up, at least 1.
unsigned available_cpus();
/// The control group's quota of CPUs, the smallest up to its root; 0 if there is none. `root` is put before
/// /proc and /sys, so that tests can stand in for them.
double cgroup_cpu_quota(const std::string& root);
/// VmHWM of /proc/self/status in bytes: unlike ru_maxrss it is not inherited from the parent. 0 if unknown.
std::uint64_t peak_memory_bytes();
/// Random lower-case hex digits from getrandom(2).
std::string random_hex(std::size_t digits);
/// CLOCK_REALTIME_COARSE in nanoseconds: no file is stamped later with an earlier time (Linux 6.13 stamps
/// finer).
std::int64_t coarse_now_ns();
/// The kernel's boot id, "" if unknown.
std::string boot_id();

}  // namespace store
