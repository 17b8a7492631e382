#include "config/keys.h"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "base/error.h"

using namespace store;

namespace {

constexpr std::uint64_t k_kib = 1 << 10;
constexpr std::uint64_t k_mib = 1 << 20;

/// For each key: values it takes, each giving other settings than its default, and values it refuses.
struct Sample {
  const char* key;
  std::vector<std::string> good;
  std::vector<std::string> bad;
};

const std::vector<Sample>& samples() {
  static const std::vector<std::string> k_not_sizes{"",   "-1", "big", "1X", "1.5.2G", "9223372036854775808",
                                                    " 1M"};
  static const std::vector<std::string> k_not_averages{"",   "0",   "-4096", "2K",  "4095",
                                                       "5K", "96K", "8M",    "many"};
  static const std::vector<std::string> k_not_bounds{"", "63", "8388609", "9M", "-64", "never"};
  static const std::vector<std::string> k_not_booleans{"", "2", "TRUE", "maybe", "-1"};
  static const std::vector<std::string> k_off{"false", "no", "off", "0"};
  static const std::vector<Sample> k_samples{
      {"core.inline_threshold",
       {"0", "1", "65535", "1M", "1024KiB", "0.5M"},
       {"", "-1", "1048577", "2M", "64Q"}},
      {"core.compression", {"none", "0", "1", "22"}, {"", "-1", "23", "fast", "3.5", "3 "}},
      {"core.fsync", k_off, k_not_booleans},
      {"core.permissions", {"exec"}, {"", "FULL", "none", "0644"}},
      {"core.auto_merge", k_off, k_not_booleans},
      {"chunking.avg", {"4K", "4096", "128K", "4M"}, k_not_averages},
      {"chunking.min", {"64", "1K", "8M"}, k_not_bounds},
      {"chunking.max", {"64", "256K", "8M"}, k_not_bounds},
      {"chunking.small_file_threshold", {"0", "1M"}, k_not_sizes},
      {"chunking.small_file_chunk_size", {"4K", "4M"}, k_not_averages},
      {"chunking.medium_file_threshold", {"0", "1M"}, k_not_sizes},
      {"chunking.medium_file_chunk_size", {"4K", "4M"}, k_not_averages},
      {"chunking.large_file_chunk_size", {"4K", "4M"}, k_not_averages},
      {"chunking.huge_file_threshold", {"1", "10G"}, {"0", "", "-1", "never"}},
      {"chunking.huge_file_chunk_size", {"4K", "4M"}, k_not_averages},
      {"performance.max_worker_threads", {"1", "4096"}, {"", "-1", "4097", "all", "1.5", "1K"}},
      {"performance.batch_size", {"1", "100000"}, {"", "0", "-1", "100001", "1M"}},
      {"performance.buffer_size", {"4K", "2M", "64M"}, {"", "4095", "65M", "-1"}},
      {"performance.max_memory_usage", {"16M", "1.5G"}, {"", "16777215", "15M", "0", "-1"}},
      {"performance.chunk_cache_size", {"0", "1M"}, k_not_sizes},
      {"performance.file_cache_size", {"0", "1M"}, k_not_sizes},
      {"performance.memory_map_threshold", {"0", "1", "never"}, {"", "-1", "always", "Never"}},
      {"performance.compression_threshold", {"0", "1M"}, k_not_sizes},
      {"performance.async_io", k_off, k_not_booleans},
      {"user.name", {"A <b> C", "auto", "\xff"}, {}},
      {"user.email", {"a@b"}, {}},
      {"metadata.times", k_off, k_not_booleans},
      {"metadata.owners", k_off, k_not_booleans},
      {"metadata.xattrs", k_off, k_not_booleans},
      {"metadata.acls", k_off, k_not_booleans},
      {"metadata.hardlinks", k_off, k_not_booleans},
      {"ui.color", {"always", "never"}, {"", "true", "Auto"}},
      {"ui.progress", {"bar", "plain", "json", "none"}, {"", "true", "bars"}},
      {"ui.progress_interval", {"10ms", "1", "2s", "1h"}, {"", "0", "9ms", "-1s", "1d", "soon"}},
      {"ui.pager", {"less -R"}, {}},
      {"init.default_branch", {"trunk", "a/b"}, {"", "a..b", "HEAD", "-x", "a b"}},
      {"safe.directory", {"/srv/x", "*"}, {""}},
  };
  return k_samples;
}

}  // namespace

TEST_CASE("every key has a sample here, a description, and a name that is its own") {
  std::set<std::string_view> sampled, names, variables;
  for (const Sample& sample : samples()) sampled.insert(sample.key);
  std::set<std::string> environment;
  for (const ConfigKey& key : config_keys()) {
    CHECK_MESSAGE(sampled.count(key.name) == 1, std::string(key.name));
    CHECK(names.insert(key.name).second);
    CHECK(environment.insert(environment_name(key.name)).second);
    CHECK_FALSE(key.description.empty());
    CHECK(find_key(key.name) == &key);
  }
  CHECK(sampled.size() == config_keys().size());
}

TEST_CASE("the built-in settings are the defaults of the table") {
  for (const ConfigKey& key : config_keys()) {
    if (key.default_value.empty()) continue;
    Settings settings;
    CHECK(key.apply(settings, key.default_value) == "");
    CHECK_MESSAGE(key.same(settings, Settings{}), std::string(key.name));
  }
}

TEST_CASE("every key takes its good values and they change its own setting alone") {
  for (const Sample& sample : samples()) {
    const ConfigKey& key = require_key(sample.key);
    for (const std::string& value : sample.good) {
      Settings settings;
      CHECK_MESSAGE(key.apply(settings, value) == "", sample.key << " = " << value);
      for (const ConfigKey& other : config_keys()) {
        // 64K as 0.5M etc. all differ from the defaults, so `same` must be false for the key itself.
        const bool expected = &other != &key;
        CHECK_MESSAGE(other.same(settings, Settings{}) == expected,
                      sample.key << " = " << value << ": " << std::string(other.name));
      }
    }
  }
}

TEST_CASE("every key refuses bad values, says why and keeps what it had") {
  for (const Sample& sample : samples()) {
    const ConfigKey& key = require_key(sample.key);
    for (const std::string& value : sample.bad) {
      Settings settings;
      CHECK_MESSAGE(key.apply(settings, value).starts_with("is "), sample.key << " = \"" << value << "\"");
      CHECK_MESSAGE(key.same(settings, Settings{}), sample.key << " = \"" << value << "\"");
    }
  }
}

TEST_CASE("values mean what they say") {
  Settings settings;
  const auto set = [&](std::string_view key, std::string_view value) {
    REQUIRE(require_key(key).apply(settings, value) == "");
  };
  set("core.inline_threshold", "256kb");
  CHECK(settings.core.inline_threshold == 256 * k_kib);
  set("core.compression", "none");
  CHECK(settings.core.compression == 0);
  set("core.permissions", "exec");
  CHECK(settings.core.permissions == Permissions::exec);
  set("performance.max_memory_usage", "1.5G");
  CHECK(settings.performance.max_memory_usage == 1536 * k_mib);
  set("performance.memory_map_threshold", "never");
  CHECK(settings.performance.memory_map_threshold == k_never);
  set("performance.memory_map_threshold", "0");
  CHECK(settings.performance.memory_map_threshold == 0);
  set("ui.color", "never");
  CHECK(settings.ui.color == ColorMode::never);
  set("ui.progress", "none");
  CHECK(settings.ui.progress == ProgressMode::none);
  set("ui.progress_interval", "2");
  CHECK(settings.ui.progress_interval_ms == 2000U);
  set("user.name", "Ada");
  CHECK(settings.user.name == "Ada");
  set("user.name", "");
  CHECK(settings.user.name == std::nullopt);
  set("chunking.min", "1K");
  set("chunking.min", "auto");
  CHECK(settings.chunking.min == std::nullopt);
  set("safe.directory", "/a");
  set("safe.directory", "/b");
  CHECK(settings.safe.directory == std::vector<std::string>{"/a", "/b"});
}

TEST_CASE("exactly the threshold, the permissions and chunking change ids") {
  for (const ConfigKey& key : config_keys()) {
    const bool expected = key.name.starts_with("chunking.") || key.name == "core.inline_threshold" ||
                          key.name == "core.permissions";
    CHECK_MESSAGE(key.changes_ids == expected, std::string(key.name));
  }
}

TEST_CASE("an unknown key is refused with the nearest one") {
  CHECK(find_key("core") == nullptr);
  CHECK(find_key("core.fsync ") == nullptr);
  try {
    require_key("core.fsnyc");
    FAIL("not refused");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(error.message() == "core.fsnyc: unknown key (did you mean core.fsync?)");
  }
  CHECK(nearest_key_hint("zzz.zzzzzz") == "");
}

TEST_CASE("environment names are capitals with underscores") {
  CHECK(environment_name("performance.memory_map_threshold") == "STORE_PERFORMANCE_MEMORY_MAP_THRESHOLD");
  CHECK(environment_name("a-b.c") == "STORE_A_B_C");
}
