// Settings: every configurable value of cli contract §6 as a typed field with its built-in default. Plain
// data: config.h fills it from files, environment and options; everybody else only reads it.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace store {

inline constexpr std::uint64_t k_min_chunk_average = 4 << 10;
inline constexpr std::uint64_t k_max_chunk_average = 4 << 20;
inline constexpr std::uint64_t k_min_chunk_bound = 64;
inline constexpr std::uint64_t k_max_chunk_bound = 8 << 20;
inline constexpr std::uint64_t k_max_inline_threshold = 1 << 20;
inline constexpr std::uint64_t k_min_memory_usage = 16 << 20;
/// memory_map_threshold "never": no file is that large.
inline constexpr std::uint64_t k_never = std::numeric_limits<std::uint64_t>::max();

/// `full` records all of 07777, `exec` only whether the owner may execute.
enum class Permissions { full, exec };
enum class ColorMode { automatic, always, never };
enum class ProgressMode { automatic, bar, plain, json, none };

struct CoreSettings {
  std::uint64_t inline_threshold = 64 << 10;  // bytes, inclusive
  int compression = 3;                        // zstd level, 0 = store raw
  bool fsync = true;
  Permissions permissions = Permissions::full;
  bool auto_merge = true;
};

/// Size classes of files, told apart by inclusive thresholds: small and medium reach up to theirs, huge
/// starts at its.
enum class SizeClass : std::uint8_t { small, medium, large, huge };

/// The bounds that go with one average. chunk/ makes its parameters of them.
struct ChunkBounds {
  std::uint64_t average, minimum, maximum;
  bool operator==(const ChunkBounds&) const = default;
};

struct ChunkingSettings {
  std::uint64_t avg = 64 << 10;
  std::optional<std::uint64_t> min, max;  // unset: 0.625 and 2 times the average
  std::optional<std::uint64_t> small_file_threshold, medium_file_threshold, huge_file_threshold;
  std::optional<std::uint64_t> small_file_chunk_size, medium_file_chunk_size, large_file_chunk_size,
      huge_file_chunk_size;  // averages; unset: avg

  /// The class of a file of this size; a stream of unknown length is `huge`. Unset thresholds are 1M, 100M
  /// and 10G, moved just far enough to leave those that are set in order.
  SizeClass class_of(std::uint64_t file_size) const;
  ChunkBounds bounds_of(SizeClass size_class) const;
};

struct PerformanceSettings {
  unsigned max_worker_threads = 0;  // 0: available_cpus()
  unsigned batch_size = 100;        // small files that travel together
  std::uint64_t buffer_size = 1 << 20;
  std::uint64_t max_memory_usage = 64 << 20;
  std::uint64_t chunk_cache_size = 12 << 20;
  std::uint64_t file_cache_size = 4 << 20;
  std::uint64_t memory_map_threshold = 10 << 20;  // larger regular files are read through mmap; k_never: none
  std::uint64_t compression_threshold = 4 << 10;  // smaller blocks are stored raw
  bool async_io = true;

  /// Capacity of the one LRU cache of decoded blocks: both shares together, at most a quarter of the memory.
  std::uint64_t block_cache_bytes() const;
};

struct UserSettings {
  std::optional<std::string> name, email;
};

struct MetadataSettings {
  bool times = true;
  bool owners = true;
  bool xattrs = true;
  bool acls = true;
  bool hardlinks = true;
};

struct UiSettings {
  ColorMode color = ColorMode::automatic;
  ProgressMode progress = ProgressMode::automatic;
  std::optional<std::uint64_t> progress_interval_ms;  // unset: by kind of progress
  std::optional<std::string> pager;
};

struct InitSettings {
  std::string default_branch = "main";
};

struct SafeSettings {
  std::vector<std::string> directory;  // repositories of other owners that are trusted; "*" is all
};

struct Settings {
  CoreSettings core;
  ChunkingSettings chunking;
  PerformanceSettings performance;
  UserSettings user;
  MetadataSettings metadata;
  UiSettings ui;
  InitSettings init;
  SafeSettings safe;
};

/// What is wrong with values that are each fine but do not go together.
struct SettingsFault {
  std::string key;
  std::string message;
};
/// min < max for every average in use and ascending thresholds; nothing if all is well.
std::optional<SettingsFault> find_fault(const ChunkingSettings& chunking);

}  // namespace store
