#include "base/system_info.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <ctime>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/object_id.h"

namespace store {
namespace {

/// A small file of /proc or /sys (their st_size is 0, so read_file cannot); "" if it cannot be read.
std::string read_small_file(const std::string& path) {
  try {
    const std::optional<UniqueFd> fd = open_if_exists(AT_FDCWD, path);
    if (!fd) return {};
    Buffer buffer(64 * 1024);
    const std::size_t size = read_full(fd->get(), buffer.span(0, buffer.capacity()), path);
    return std::string(as_text(buffer.view(0, size)));
  } catch (const Error&) {
    return {};
  }
}

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end == text.data()) return std::nullopt;
  return value;
}

/// Quota over period, if both are positive numbers: "max" (v2) and -1 (v1) mean no limit.
std::optional<double> ratio(std::string_view quota, std::string_view period) {
  const std::optional<double> above = parse_number(quota), below = parse_number(period);
  if (!above || !below || *above <= 0 || *below <= 0) return std::nullopt;
  return *above / *below;
}

std::optional<double> quota_v2(const std::string& group) {
  const std::string text = read_small_file(group + "/cpu.max");
  const std::size_t space = text.find(' ');
  if (space == std::string::npos) return std::nullopt;
  return ratio(std::string_view(text).substr(0, space), std::string_view(text).substr(space + 1));
}

std::optional<double> quota_v1(const std::string& group) {
  return ratio(read_small_file(group + "/cpu.cfs_quota_us"), read_small_file(group + "/cpu.cfs_period_us"));
}

/// The smallest quota of a group and of every group above it. A path of the host that is not mounted here
/// (containers) is skipped by the same walk, which ends at the mount itself.
template <typename Quota>
void take_smallest(const std::string& mount, std::string group, Quota quota,
                   std::optional<double>& smallest) {
  for (;;) {
    const std::optional<double> value = quota(mount + group);
    if (value && (!smallest || *value < *smallest)) smallest = value;
    const std::size_t slash = group.rfind('/');
    if (slash == std::string::npos) return;
    group.resize(slash);
  }
}

bool lists_cpu(std::string_view controllers) {
  while (!controllers.empty()) {
    const std::string_view one = controllers.substr(0, controllers.find(','));
    if (one == "cpu") return true;
    controllers.remove_prefix(std::min(controllers.size(), one.size() + 1));
  }
  return false;
}

unsigned affinity_cpus() {
  for (std::size_t cpus = 1024; cpus <= (1U << 20); cpus *= 2) {
    std::vector<unsigned long> mask(cpus / (8 * sizeof(unsigned long)));
    auto* set = reinterpret_cast<cpu_set_t*>(mask.data());
    if (::sched_getaffinity(0, cpus / 8, set) == 0)
      return static_cast<unsigned>(std::max(1, CPU_COUNT_S(cpus / 8, set)));
    if (errno != EINVAL) break;
  }
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

double cgroup_cpu_quota(const std::string& root) {
  std::optional<double> smallest;
  const std::string text = read_small_file(root + "/proc/self/cgroup");
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const std::string group(line.substr(second + 1));
    if (controllers.empty()) {
      take_smallest(root + "/sys/fs/cgroup", group, quota_v2, smallest);
    } else if (lists_cpu(controllers)) {
      take_smallest(root + "/sys/fs/cgroup/cpu", group, quota_v1, smallest);
      take_smallest(root + "/sys/fs/cgroup/cpu,cpuacct", group, quota_v1, smallest);
    }
  }
  return smallest.value_or(0);
}

unsigned available_cpus() {
  const unsigned allowed = affinity_cpus();
  const double quota = cgroup_cpu_quota("");
  if (quota <= 0 || quota >= allowed) return allowed;
  return static_cast<unsigned>(std::ceil(quota));
}

std::uint64_t peak_memory_bytes() {
  static constexpr std::string_view k_label = "VmHWM:";
  const std::string text = read_small_file("/proc/self/status");
  std::size_t at = text.find(k_label);
  if (at == std::string::npos) return 0;
  at = text.find_first_not_of(" \t", at + k_label.size());
  std::uint64_t kib = 0;
  if (at != std::string::npos) std::from_chars(text.data() + at, text.data() + text.size(), kib);
  return kib * 1024;
}

std::string random_hex(std::size_t digits) {
  Bytes bytes((digits + 1) / 2);
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::getrandom(bytes.data() + done, bytes.size() - done, 0);
    if (got < 0 && errno != EINTR) throw_errno(errno, "getrandom", "random numbers");
    if (got > 0) done += static_cast<std::size_t>(got);
  }
  return to_hex(bytes).substr(0, digits);
}

std::int64_t coarse_now_ns() {
  struct timespec now;
  if (::clock_gettime(CLOCK_REALTIME_COARSE, &now) != 0) throw_errno(errno, "clock_gettime", "coarse clock");
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::string boot_id() {
  std::string text = read_small_file("/proc/sys/kernel/random/boot_id");
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace store
