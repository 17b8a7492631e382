#include "config/keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <vector>

#include "base/error.h"
#include "base/ref_name.h"
#include "base/text.h"

namespace store {
namespace {

constexpr std::uint64_t k_kib = 1 << 10;
constexpr std::uint64_t k_mib = 1 << 20;
constexpr std::uint64_t k_max_size = std::numeric_limits<std::int64_t>::max();

/// One field of one section of Settings.
template <auto Section, auto Member>
struct Field {
  static auto& of(Settings& settings) { return (settings.*Section).*Member; }
  static bool same(const Settings& a, const Settings& b) {
    return (a.*Section).*Member == (b.*Section).*Member;
  }
};

/// "64K" of 65536: the spelling that parse_size takes back.
std::string size_text(std::uint64_t bytes) {
  if (bytes != 0 && bytes % k_mib == 0) return fmt::format("{}M", bytes / k_mib);
  if (bytes != 0 && bytes % k_kib == 0) return fmt::format("{}K", bytes / k_kib);
  return fmt::format("{}", bytes);
}

std::string range_fault(std::uint64_t low, std::uint64_t high) {
  if (high == k_max_size)
    return low == 0 ? "is not a size" : fmt::format("is not a size of {} or more", size_text(low));
  return fmt::format("is not a size from {} to {}", size_text(low), size_text(high));
}

template <typename F, std::uint64_t Low, std::uint64_t High>
std::string size(Settings& settings, std::string_view text) {
  const std::optional<std::uint64_t> value = parse_size(text);
  if (!value || *value < Low || *value > High) return range_fault(Low, High);
  F::of(settings) = *value;
  return {};
}

/// A size that may be unset: "auto".
template <typename F, std::uint64_t Low, std::uint64_t High>
std::string automatic_size(Settings& settings, std::string_view text) {
  if (text != "auto") return size<F, Low, High>(settings, text);
  F::of(settings).reset();
  return {};
}

template <typename F>
std::string size_or_never(Settings& settings, std::string_view text) {
  if (text != "never")
    return size<F, 0, k_max_size>(settings, text).empty() ? std::string() : "is neither a size nor \"never\"";
  F::of(settings) = k_never;
  return {};
}

template <typename F>
std::string average(Settings& settings, std::string_view text) {
  const std::optional<std::uint64_t> value = parse_size(text);
  if (!value || !std::has_single_bit(*value) || *value < k_min_chunk_average || *value > k_max_chunk_average)
    return fmt::format("is not a power of two from {} to {}", size_text(k_min_chunk_average),
                       size_text(k_max_chunk_average));
  F::of(settings) = *value;
  return {};
}

template <typename F>
std::string automatic_average(Settings& settings, std::string_view text) {
  if (text != "auto") return average<F>(settings, text);
  F::of(settings).reset();
  return {};
}

template <typename F, unsigned Low, unsigned High>
std::string number(Settings& settings, std::string_view text) {
  unsigned value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size() || value < Low || value > High)
    return fmt::format("is not a number from {} to {}", Low, High);
  F::of(settings) = value;
  return {};
}

template <typename F>
std::string level(Settings& settings, std::string_view text) {
  constexpr int k_max_level = 22;  // zstd's
  int value = 0;
  if (text != "none") {
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (status != std::errc() || end != text.data() + text.size() || value < 0 || value > k_max_level)
      return fmt::format("is not a level from 0 to {} nor \"none\"", k_max_level);
  }
  F::of(settings) = value;
  return {};
}

template <typename F>
std::string boolean(Settings& settings, std::string_view text) {
  const bool yes = text == "true" || text == "yes" || text == "on" || text == "1";
  const bool no = text == "false" || text == "no" || text == "off" || text == "0";
  if (!yes && !no) return "is neither true nor false";
  F::of(settings) = yes;
  return {};
}

/// The names of an enum's values, in its order.
template <typename F, const auto& Names>
std::string choice(Settings& settings, std::string_view text) {
  const auto found = std::find(Names.begin(), Names.end(), text);
  if (found == Names.end()) return fmt::format("is not one of {}", fmt::join(Names, ", "));
  using Value = std::remove_reference_t<decltype(F::of(settings))>;
  F::of(settings) = static_cast<Value>(found - Names.begin());
  return {};
}

template <typename F>
std::string duration(Settings& settings, std::string_view text) {
  constexpr std::uint64_t k_shortest_ms = 10;  // a display that is busier only costs
  const std::optional<std::uint64_t> value = parse_duration_ms(text);
  if (!value || *value < k_shortest_ms)
    return fmt::format("is not a duration of {}ms or more", k_shortest_ms);
  F::of(settings) = *value;
  return {};
}

/// A text that may be unset: "".
template <typename F>
std::string optional_text(Settings& settings, std::string_view text) {
  F::of(settings).reset();
  if (!text.empty()) F::of(settings) = std::string(text);
  return {};
}

template <typename F>
std::string branch_name(Settings& settings, std::string_view text) {
  if (!is_valid_ref_name(text)) return "is no valid branch name";
  F::of(settings) = std::string(text);
  return {};
}

template <typename F>
std::string one_more(Settings& settings, std::string_view text) {
  if (text.empty()) return "is empty";
  F::of(settings).emplace_back(text);
  return {};
}

constexpr std::array<std::string_view, 2> k_boolean{"true", "false"};
constexpr std::array<std::string_view, 1> k_auto{"auto"};
constexpr std::array<std::string_view, 1> k_never_mapped{"never"};
constexpr std::array<std::string_view, 1> k_uncompressed{"none"};
constexpr std::array<std::string_view, 2> k_permissions{"full", "exec"};
constexpr std::array<std::string_view, 3> k_color{"auto", "always", "never"};
constexpr std::array<std::string_view, 5> k_progress{"auto", "bar", "plain", "json", "none"};

using InlineThreshold = Field<&Settings::core, &CoreSettings::inline_threshold>;
using Compression = Field<&Settings::core, &CoreSettings::compression>;
using Fsync = Field<&Settings::core, &CoreSettings::fsync>;
using PermissionBits = Field<&Settings::core, &CoreSettings::permissions>;
using AutoMerge = Field<&Settings::core, &CoreSettings::auto_merge>;
template <auto Member>
using Chunking = Field<&Settings::chunking, Member>;
using C = ChunkingSettings;
template <auto Member>
using Performance = Field<&Settings::performance, Member>;
using P = PerformanceSettings;
template <auto Member>
using Metadata = Field<&Settings::metadata, Member>;
using M = MetadataSettings;
using UserName = Field<&Settings::user, &UserSettings::name>;
using UserEmail = Field<&Settings::user, &UserSettings::email>;
using Color = Field<&Settings::ui, &UiSettings::color>;
using Progress = Field<&Settings::ui, &UiSettings::progress>;
using ProgressInterval = Field<&Settings::ui, &UiSettings::progress_interval_ms>;
using Pager = Field<&Settings::ui, &UiSettings::pager>;
using DefaultBranch = Field<&Settings::init, &InitSettings::default_branch>;
using SafeDirectory = Field<&Settings::safe, &SafeSettings::directory>;

template <auto Member>
constexpr ConfigKey class_average(std::string_view name, std::string_view description) {
  using F = Chunking<Member>;
  return {name, KeyType::size, "", KeyScope::anywhere, true, description, automatic_average<F>, F::same, k_auto};
}

template <auto Member, std::uint64_t Low>
constexpr ConfigKey class_threshold(std::string_view name, std::string_view description) {
  using F = Chunking<Member>;
  return {name,
          KeyType::size,
          "",
          KeyScope::anywhere,
          true,
          description,
          automatic_size<F, Low, k_max_size>,
          F::same,
          k_auto};
}

template <auto Member>
constexpr ConfigKey chunk_bound(std::string_view name, std::string_view description) {
  using F = Chunking<Member>;
  return {name,
          KeyType::size,
          "",
          KeyScope::anywhere,
          true,
          description,
          automatic_size<F, k_min_chunk_bound, k_max_chunk_bound>,
          F::same,
          k_auto};
}

template <auto Member, std::uint64_t Low, std::uint64_t High>
constexpr ConfigKey performance_size(std::string_view name, std::string_view value,
                                     std::string_view description) {
  using F = Performance<Member>;
  return {name, KeyType::size, value, KeyScope::anywhere, false, description, size<F, Low, High>, F::same};
}

template <typename F>
constexpr ConfigKey flag(std::string_view name, std::string_view description) {
  return {name, KeyType::boolean, "true", KeyScope::anywhere, false, description, boolean<F>, F::same, k_boolean};
}

constexpr ConfigKey k_keys[] = {
    {"core.inline_threshold", KeyType::size, "64K", KeyScope::anywhere, true,
     "files up to this size are one chunk (0 to 1M; at most the chunk maximum counts)",
     size<InlineThreshold, 0, k_max_inline_threshold>, InlineThreshold::same},
    {"core.compression", KeyType::level, "3", KeyScope::anywhere, false, "zstd level from 1 to 22, or none",
     level<Compression>, Compression::same, k_uncompressed},
    flag<Fsync>("core.fsync", "wait until the disk has what a command reports as stored"),
    {"core.permissions", KeyType::choice, "full", KeyScope::anywhere, true,
     "full records all permission bits, exec only whether the owner may execute",
     choice<PermissionBits, k_permissions>, PermissionBits::same, k_permissions},
    flag<AutoMerge>("core.auto_merge", "commit merges small packs"),

    {"chunking.avg", KeyType::size, "64K", KeyScope::anywhere, true,
     "average chunk, a power of two from 4K to 4M", average<Chunking<&C::avg>>, Chunking<&C::avg>::same},
    chunk_bound<&C::min>("chunking.min", "smallest chunk, 64 to 8M; auto is 0.625 times the average"),
    chunk_bound<&C::max>("chunking.max", "largest chunk, 64 to 8M; auto is twice the average"),
    class_threshold<&C::small_file_threshold, 0>("chunking.small_file_threshold",
                                                 "files up to this size are small; auto is 1M"),
    class_average<&C::small_file_chunk_size>("chunking.small_file_chunk_size",
                                             "average chunk of small files; auto is chunking.avg"),
    class_threshold<&C::medium_file_threshold, 0>("chunking.medium_file_threshold",
                                                  "larger files up to this size are medium; auto is 100M"),
    class_average<&C::medium_file_chunk_size>("chunking.medium_file_chunk_size",
                                              "average chunk of medium files; auto is chunking.avg"),
    class_average<&C::large_file_chunk_size>(
        "chunking.large_file_chunk_size",
        "average chunk of files between medium and huge; auto is chunking.avg"),
    class_threshold<&C::huge_file_threshold, 1>("chunking.huge_file_threshold",
                                                "files from this size on are huge, and streams; auto is 10G"),
    class_average<&C::huge_file_chunk_size>("chunking.huge_file_chunk_size",
                                            "average chunk of huge files; auto is chunking.avg"),

    {"performance.max_worker_threads", KeyType::number, "0", KeyScope::anywhere, false,
     "threads that work at once; 0 is the number of CPUs this process may use",
     number<Performance<&P::max_worker_threads>, 0, 4096>, Performance<&P::max_worker_threads>::same},
    {"performance.batch_size", KeyType::number, "100", KeyScope::anywhere, false,
     "small files that are handled together", number<Performance<&P::batch_size>, 1, 100'000>,
     Performance<&P::batch_size>::same},
    performance_size<&P::buffer_size, 4 * k_kib, 64 * k_mib>("performance.buffer_size", "1M",
                                                             "bytes of a large file read at once"),
    performance_size<&P::max_memory_usage, k_min_memory_usage, k_max_size>(
        "performance.max_memory_usage", "64M",
        "memory for everything in flight and all caches, at least 16M"),
    performance_size<&P::chunk_cache_size, 0, k_max_size>("performance.chunk_cache_size", "12M",
                                                          "share of the block cache for chunks"),
    performance_size<&P::file_cache_size, 0, k_max_size>("performance.file_cache_size", "4M",
                                                         "share of the block cache for trees and recipes"),
    {"performance.memory_map_threshold", KeyType::size, "10M", KeyScope::anywhere, false,
     "larger regular files are read through mmap, all else by read; or never",
     size_or_never<Performance<&P::memory_map_threshold>>, Performance<&P::memory_map_threshold>::same, k_never_mapped},
    performance_size<&P::compression_threshold, 0, k_max_size>("performance.compression_threshold", "4K",
                                                               "smaller blocks are stored raw"),
    flag<Performance<&P::async_io>>("performance.async_io", "read ahead"),

    {"user.name", KeyType::text, "", KeyScope::anywhere, false, "author of commits", optional_text<UserName>,
     UserName::same},
    {"user.email", KeyType::text, "", KeyScope::anywhere, false, "mail address of the author",
     optional_text<UserEmail>, UserEmail::same},

    flag<Metadata<&M::times>>("metadata.times", "record and restore modification times"),
    flag<Metadata<&M::owners>>("metadata.owners", "record and restore owners and groups"),
    flag<Metadata<&M::xattrs>>("metadata.xattrs", "record and restore extended attributes"),
    flag<Metadata<&M::acls>>("metadata.acls", "record and restore access control lists"),
    flag<Metadata<&M::hardlinks>>("metadata.hardlinks", "record and restore which files are hard links of one another"),

    {"ui.color", KeyType::choice, "auto", KeyScope::anywhere, false, "auto, always or never",
     choice<Color, k_color>, Color::same, k_color},
    {"ui.progress", KeyType::choice, "auto", KeyScope::anywhere, false, "auto, bar, plain, json or none",
     choice<Progress, k_progress>, Progress::same, k_progress},
    {"ui.progress_interval", KeyType::duration, "", KeyScope::anywhere, false,
     "time between two progress lines; by default 100ms for bars, 10s for lines, 1s for json",
     duration<ProgressInterval>, ProgressInterval::same},
    {"ui.pager", KeyType::text, "", KeyScope::not_repository, false,
     "program that shows long output on a terminal", optional_text<Pager>, Pager::same},

    {"init.default_branch", KeyType::text, "main", KeyScope::anywhere, false,
     "first branch of a new repository", branch_name<DefaultBranch>, DefaultBranch::same},
    {"safe.directory", KeyType::list, "", KeyScope::user_only, false,
     "working trees whose repositories of another owner are trusted; * is all", one_more<SafeDirectory>,
     SafeDirectory::same},
};

}  // namespace

std::string_view name_of(KeyType type) {
  static constexpr std::array<std::string_view, 8> k_names{"boolean",  "number", "size", "level",
                                                           "duration", "choice", "text", "list"};
  return k_names[static_cast<std::size_t>(type)];
}

std::span<const ConfigKey> config_keys() { return k_keys; }

const ConfigKey* find_key(std::string_view name) {
  const auto* found = std::find_if(std::begin(k_keys), std::end(k_keys),
                                   [&](const ConfigKey& key) { return key.name == name; });
  return found == std::end(k_keys) ? nullptr : found;
}

const ConfigKey& require_key(std::string_view name) {
  if (const ConfigKey* key = find_key(name)) return *key;
  throw Error(ErrorKind::usage, fmt::format("{}: unknown key{}", escape_name(name), nearest_key_hint(name)),
              "store config --list");
}

std::string environment_name(std::string_view key) {
  std::string name = "STORE_";
  for (const char c : key) {
    const bool lower = c >= 'a' && c <= 'z';
    name += c == '.' || c == '-' ? '_' : lower ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return name;
}

std::string nearest_key_hint(std::string_view name) {
  std::vector<std::string> names;
  for (const ConfigKey& key : k_keys) names.emplace_back(key.name);
  const std::optional<std::string> nearest = nearest_match(name, names);
  return nearest ? fmt::format(" (did you mean {}?)", *nearest) : std::string();
}

}  // namespace store
