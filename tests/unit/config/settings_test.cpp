#include "config/settings.h"

#include <doctest/doctest.h>

using namespace store;

namespace {

constexpr std::uint64_t k_kib = 1 << 10;
constexpr std::uint64_t k_mib = 1 << 20;
constexpr std::uint64_t k_gib = 1 << 30;

}  // namespace

TEST_CASE("an average brings its own bounds along, and set bounds replace them alone") {
  ChunkingSettings chunking;
  CHECK(chunking.bounds_of(SizeClass::large) == ChunkBounds{65536, 40960, 131072});
  chunking.avg = k_max_chunk_average;
  CHECK(chunking.bounds_of(SizeClass::large) == ChunkBounds{4 * k_mib, 2560 * k_kib, 8 * k_mib});
  chunking.avg = k_min_chunk_average;
  CHECK(chunking.bounds_of(SizeClass::large) == ChunkBounds{4096, 2560, 8192});
  chunking.min = 64;
  CHECK(chunking.bounds_of(SizeClass::large) == ChunkBounds{4096, 64, 8192});
  chunking.max = 65;
  CHECK(chunking.bounds_of(SizeClass::large) == ChunkBounds{4096, 64, 65});
}

TEST_CASE("without size classes all files have one profile") {
  const ChunkingSettings chunking;
  for (const SizeClass size_class : {SizeClass::small, SizeClass::medium, SizeClass::large, SizeClass::huge})
    CHECK(chunking.bounds_of(size_class) == chunking.bounds_of(SizeClass::small));
}

TEST_CASE("a class has its own average, or the common one") {
  ChunkingSettings chunking;
  chunking.small_file_chunk_size = 4 * k_kib;
  chunking.medium_file_chunk_size = 8 * k_kib;
  chunking.huge_file_chunk_size = k_mib;
  CHECK(chunking.bounds_of(SizeClass::small).average == 4 * k_kib);
  CHECK(chunking.bounds_of(SizeClass::medium).average == 8 * k_kib);
  CHECK(chunking.bounds_of(SizeClass::large).average == chunking.avg);
  CHECK(chunking.bounds_of(SizeClass::huge).average == k_mib);
  chunking.large_file_chunk_size = 16 * k_kib;
  CHECK(chunking.bounds_of(SizeClass::large).average == 16 * k_kib);
}

TEST_CASE("thresholds belong to the class they name") {
  ChunkingSettings chunking;
  chunking.small_file_threshold = 100;
  chunking.medium_file_threshold = 200;
  chunking.huge_file_threshold = 300;
  CHECK(chunking.class_of(0) == SizeClass::small);
  CHECK(chunking.class_of(100) == SizeClass::small);
  CHECK(chunking.class_of(101) == SizeClass::medium);
  CHECK(chunking.class_of(200) == SizeClass::medium);
  CHECK(chunking.class_of(201) == SizeClass::large);
  CHECK(chunking.class_of(299) == SizeClass::large);
  CHECK(chunking.class_of(300) == SizeClass::huge);
}

TEST_CASE("unset thresholds make room for those that are set") {
  ChunkingSettings chunking;
  CHECK(chunking.class_of(k_mib) == SizeClass::small);
  CHECK(chunking.class_of(k_mib + 1) == SizeClass::medium);
  CHECK(chunking.class_of(100 * k_mib + 1) == SizeClass::large);
  CHECK(chunking.class_of(10 * k_gib) == SizeClass::huge);
  chunking.huge_file_threshold = 1;  // everything but the empty file
  CHECK(chunking.class_of(1) == SizeClass::huge);
  CHECK(chunking.class_of(0) == SizeClass::small);
  chunking = {};
  chunking.small_file_threshold = 20 * k_gib;
  CHECK(chunking.class_of(20 * k_gib) == SizeClass::small);
  CHECK(chunking.class_of(20 * k_gib + 1) == SizeClass::huge);
  chunking = {};
  chunking.medium_file_threshold = 1000;
  CHECK(chunking.class_of(1000) == SizeClass::small);
  CHECK(chunking.class_of(1001) == SizeClass::large);
  chunking.small_file_threshold = 0;
  CHECK(chunking.class_of(1000) == SizeClass::medium);
}

TEST_CASE("values that do not go together are found") {
  ChunkingSettings chunking;
  CHECK_FALSE(find_fault(chunking));
  chunking.min = 131072;
  REQUIRE(find_fault(chunking));
  CHECK(find_fault(chunking)->key == "chunking.min");
  chunking.min = 131071;
  CHECK_FALSE(find_fault(chunking));
  chunking = {};
  chunking.max = 40960;
  CHECK(find_fault(chunking)->key == "chunking.max");
  chunking = {};
  chunking.max = 65536;
  chunking.huge_file_chunk_size = k_mib;  // its minimum is above that maximum
  CHECK(find_fault(chunking)->key == "chunking.max");
  chunking = {};
  chunking.small_file_threshold = 10;
  chunking.medium_file_threshold = 9;
  CHECK(find_fault(chunking)->key == "chunking.medium_file_threshold");
  chunking.medium_file_threshold = 10;
  CHECK_FALSE(find_fault(chunking));
  chunking.huge_file_threshold = 10;
  CHECK(find_fault(chunking)->key == "chunking.huge_file_threshold");
}

TEST_CASE("the block cache is both shares together and never more than a quarter of the memory") {
  PerformanceSettings performance;
  performance.max_memory_usage = k_gib;
  performance.chunk_cache_size = 5 * k_mib;
  performance.file_cache_size = 3 * k_mib;
  CHECK(performance.block_cache_bytes() == 8 * k_mib);
  performance.max_memory_usage = k_min_memory_usage;
  CHECK(performance.block_cache_bytes() == k_min_memory_usage / 4);
  performance.chunk_cache_size = performance.file_cache_size = k_never;
  CHECK(performance.block_cache_bytes() == k_min_memory_usage / 4);
  performance.chunk_cache_size = performance.file_cache_size = 0;
  CHECK(performance.block_cache_bytes() == 0);
}
