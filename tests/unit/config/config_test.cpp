#include "config/config.h"

#include <doctest/doctest.h>

#include <string>

#include "base/error.h"
#include "config/record.h"
#include "config/toml_document.h"

using namespace store;

namespace {

ConfigSources repository_text(std::string text) {
  ConfigSources sources;
  sources.repository = {"config", std::move(text)};
  return sources;
}

Error error_of(const ConfigSources& sources) {
  try {
    const Config config(sources);
  } catch (const Error& error) {
    return error;
  }
  FAIL("no error was thrown");
  return Error(ErrorKind::bug, "");
}

}  // namespace

TEST_CASE("without sources every value is the built-in one") {
  const Config config(ConfigSources{});
  CHECK(config.warnings().empty());
  CHECK_FALSE(config.recorded());
  CHECK_FALSE(config.ids_warning());
  for (const ConfigKey& key : config_keys()) {
    CHECK(key.same(config.settings(), Settings{}));
    const std::optional<ConfigValue> value = config.find(key.name);
    REQUIRE(value.has_value() == !key.default_value.empty());
    if (value) CHECK(value->value == key.default_value);
    if (value) CHECK(value->origin == "default");
  }
}

TEST_CASE("each layer beats the ones before it and is named as the origin") {
  ConfigSources sources;
  const auto expect = [&](const char* value, const char* origin) {
    const std::optional<ConfigValue> found = Config(sources).find("chunking.avg");
    REQUIRE(found);
    CHECK(found->value == value);
    CHECK(found->origin == origin);
  };
  expect("64K", "default");
  sources.system = {"/etc/store/config.toml", "# c\n\n[chunking]\navg = \"4K\"\n"};
  expect("4K", "/etc/store/config.toml:4");
  sources.user = {"user.toml", "chunking.avg = 8192\n"};
  expect("8192", "user.toml:1");
  sources.repository = {"config", "[recorded]\nchunking.avg = \"16K\"\n"};
  expect("16K", "config:2");
  sources.repository.text += "[chunking]\navg = '32K'\n";
  expect("32K", "config:4");
  sources.environment["STORE_CHUNKING_AVG"] = "128K";
  expect("128K", "environment STORE_CHUNKING_AVG");
  sources.assignments = {"chunking.avg=256K", "chunking.avg=512K"};
  expect("512K", "--config");
  sources.options = {{"chunking.avg", "1M", "--chunk-avg"}};
  expect("1M", "--chunk-avg");
  CHECK(Config(sources).settings().chunking.avg == 1 << 20);
}

TEST_CASE("values are listed once each, in the order of the table") {
  ConfigSources sources = repository_text("[user]\nname = \"Ada\"\n[core]\nfsync = false\n");
  sources.environment["STORE_CORE_FSYNC"] = "true";
  const Config config(sources);
  std::vector<std::string> listed, expected;
  for (const ConfigValue& value : config.list()) listed.push_back(value.key);
  for (const ConfigKey& key : config_keys())
    if (!key.default_value.empty() || key.name == "user.name") expected.emplace_back(key.name);
  CHECK(listed == expected);
}

TEST_CASE("every TOML form of a value is understood") {
  const Config config(
      repository_text("core = { fsync = false, compression = 9 }\n"
                      "performance.max_memory_usage = 33_554_432\n"
                      "\"performance\".\"async_io\" = \"off\"\n"
                      "[chunking]\navg = '''4K'''\n"));
  CHECK_FALSE(config.settings().core.fsync);
  CHECK(config.settings().core.compression == 9);
  CHECK(config.settings().performance.max_memory_usage == 32 << 20);
  CHECK_FALSE(config.settings().performance.async_io);
  CHECK(config.settings().chunking.avg == 4096);
  CHECK(config.warnings().empty());
}

TEST_CASE("a bad value ends everything and names where it stands") {
  CHECK(error_of(repository_text("[core]\n\ninline_threshold = \"2M\"\n")).message() ==
        "config:3: core.inline_threshold: \"2M\" is not a size from 0 to 1M");
  CHECK(error_of(repository_text("core.inline_threshold = -1\n")).message() ==
        "config:1: core.inline_threshold: \"-1\" is not a size from 0 to 1M");
  ConfigSources sources;
  sources.environment["STORE_PERFORMANCE_BATCH_SIZE"] = "0";
  CHECK(error_of(sources).message() ==
        "environment STORE_PERFORMANCE_BATCH_SIZE: performance.batch_size: \"0\" is not a number from 1 to "
        "100000");
  sources = {};
  sources.assignments = {"performance.max_memory_usage=15M"};
  CHECK(error_of(sources).message() ==
        "--config: performance.max_memory_usage: \"15M\" is not a size of 16M or more");
  sources = {};
  sources.options = {{"performance.max_worker_threads", "-1", "--jobs"}};
  CHECK(error_of(sources).message() ==
        "--jobs: performance.max_worker_threads: \"-1\" is not a number from 0 to 4096");
  CHECK(error_of(sources).kind() == ErrorKind::usage);
}

TEST_CASE("a bad value is refused even where a later layer replaces it") {
  ConfigSources sources;
  sources.user = {"user.toml", "core.fsync = \"maybe\"\n"};
  sources.assignments = {"core.fsync=true"};
  CHECK(error_of(sources).message() == "user.toml:1: core.fsync: \"maybe\" is neither true nor false");
}

TEST_CASE("a TOML type that cannot be meant is refused") {
  CHECK(error_of(repository_text("core.fsync = 1.5\n")).message() == "config:1: core.fsync: not a boolean");
  CHECK(error_of(repository_text("user.name = true\n")).message() == "config:1: user.name: not a text");
  CHECK(error_of(repository_text("user.name = 5\n")).message() == "config:1: user.name: not a text");
  CHECK(error_of(repository_text("chunking.avg = [\"4K\"]\n")).message() ==
        "config:1: chunking.avg: not a size");
  CHECK(error_of(repository_text("core.compression = true\n")).message() ==
        "config:1: core.compression: not a level");
  CHECK(error_of(repository_text("core.fsync = 1979-05-27\n")).message() ==
        "config:1: core.fsync: not a boolean");
}

TEST_CASE("bounds that do not go together name the one that was set") {
  CHECK(error_of(repository_text("[chunking]\nmin = \"128K\"\n")).message() ==
        "config:2: chunking.min: chunks of average 65536 would have minimum 131072, not below their maximum "
        "131072");
  ConfigSources sources = repository_text("[chunking]\nmax = \"1M\"\n");
  sources.assignments = {"chunking.avg=4M"};
  CHECK(error_of(sources).message().starts_with("config:2: chunking.max: "));
  sources = repository_text("[chunking]\nmin = \"128K\"\n");
  sources.assignments = {"chunking.avg=128K"};
  CHECK(Config(sources).settings().chunking.min == 131072U);
}

TEST_CASE("a file that is no TOML is refused by line") {
  const Error error = error_of(repository_text("[core]\nfsync = true\nfsync = false\n"));
  CHECK(error.kind() == ErrorKind::usage);
  CHECK(error.message().starts_with("config:3: "));
  CHECK(error_of(repository_text("[core\n")).message().starts_with("config:1: "));
  CHECK(error_of(repository_text("a = \"\xff\"\n")).message().starts_with("config:1: "));
}

TEST_CASE("a hostile file neither overflows the stack nor is read without limit") {
  std::string dotted, tables = "a = ";
  for (std::size_t i = 0; i < k_max_config_nesting; ++i) dotted += "a.";
  const Config deep(repository_text(dotted + "a = 1"));
  REQUIRE(deep.warnings().size() == 1);
  CHECK(deep.warnings()[0].message == "config:1: unknown key a.a.a.a");  // no key of ours is deeper
  CHECK(error_of(repository_text("." + dotted + "a = 1")).kind() == ErrorKind::usage);
  for (std::size_t i = 0; i < k_max_config_nesting / 2; ++i) tables += "{a.a = ";
  for (const std::string& text :
       {tables, "a = " + std::string(k_max_config_nesting, '['), std::string(k_max_config_nesting, '[')})
    CHECK(error_of(repository_text(text)).kind() == ErrorKind::usage);
  CHECK(error_of(repository_text(std::string(k_max_config_size + 1, '\n'))).kind() == ErrorKind::usage);
}

TEST_CASE("an unknown key of a file is a warning with the nearest match") {
  const Config config(
      repository_text("[core]\nfsnyc = false\n\"a\\nb\" = 1\n[other.thing]\nx = 1\n[core.fsync]\ny = 1\n"));
  REQUIRE(config.warnings().size() == 4);
  CHECK(config.warnings()[0].kind == "unknown_key");
  CHECK(config.warnings()[0].message == "config:2: unknown key core.fsnyc (did you mean core.fsync?)");
  CHECK(config.warnings()[1].message == "config:3: unknown key core.a\\nb");
  CHECK(config.warnings()[2].message == "config:5: unknown key other.thing.x");
  CHECK(config.warnings()[3].message.starts_with("config:7: unknown key core.fsync.y"));
  CHECK(config.settings().core.fsync);
}

TEST_CASE("an unknown variable of a section is a warning, other STORE variables are none of ours") {
  ConfigSources sources;
  sources.environment = {
      {"STORE_CORE_FSNYC", "0"},       {"STORE_DIR", "/x"}, {"STORE_PAGER", "cat"}, {"STORE_EDITOR", "vi"},
      {"STORECORE_FSYNC", "0"},        {"CORE_FSYNC", "0"}, {"STORE_CORE", "1"},    {"ZZZ", "1"},
      {"STORE_LITERAL_PATHSPECS", "1"}};
  const Config config(sources);
  REQUIRE(config.warnings().size() == 1);
  CHECK(config.warnings()[0].kind == "unknown_key");
  CHECK(config.warnings()[0].message ==
        "environment: unknown variable STORE_CORE_FSNYC (did you mean STORE_CORE_FSYNC?)");
  CHECK(config.settings().core.fsync);
}

TEST_CASE("every key can be set by its environment variable") {
  for (const ConfigKey& key : config_keys()) {
    ConfigSources sources;
    const std::string value = key.default_value.empty() ? key.type == KeyType::duration ? "1s" : "64K"
                                                        : std::string(key.default_value);
    sources.environment[environment_name(key.name)] = value;
    const std::optional<ConfigValue> found = Config(sources).find(key.name);
    REQUIRE_MESSAGE(found, std::string(key.name));
    CHECK(found->value == value);
    CHECK(found->origin == "environment " + environment_name(key.name));
  }
}

TEST_CASE("a repository can neither name a pager nor trust itself") {
  ConfigSources sources = repository_text("[ui]\npager = \"evil\"\n[safe]\ndirectory = [\"*\"]\n");
  const Config hostile(sources);
  CHECK_FALSE(hostile.settings().ui.pager);
  CHECK(hostile.settings().safe.directory.empty());
  REQUIRE(hostile.warnings().size() == 2);
  CHECK(hostile.warnings()[0].kind == "ignored_key");
  CHECK(hostile.warnings()[0].message == "config:2: ui.pager is ignored in this file");
  CHECK(hostile.warnings()[1].message == "config:4: safe.directory is ignored in this file");
  sources.user = {"user.toml", "ui.pager = \"less\"\n"};
  CHECK(Config(sources).settings().ui.pager == "less");
}

TEST_CASE("safe directories come from the user's file and the environment, together") {
  ConfigSources sources;
  sources.system = {"system.toml", "safe.directory = \"/system\"\n"};
  sources.user = {"user.toml", "safe.directory = [\"/a\", \"/b\"]\n"};
  sources.environment["STORE_SAFE_DIRECTORY"] = "*";
  const Config config(sources);
  CHECK(config.settings().safe.directory == std::vector<std::string>{"/a", "/b", "*"});
  REQUIRE(config.warnings().size() == 1);
  CHECK(config.warnings()[0].kind == "ignored_key");
  std::vector<std::string> listed;
  for (const ConfigValue& value : config.list())
    if (value.key == "safe.directory") listed.push_back(value.value + " " + value.origin);
  CHECK(listed ==
        std::vector<std::string>{"/a user.toml:1", "/b user.toml:1", "* environment STORE_SAFE_DIRECTORY"});
  sources.assignments = {"safe.directory=/c"};
  CHECK(error_of(sources).kind() == ErrorKind::usage);
}

TEST_CASE("--config takes KEY=VALUE of a known key") {
  ConfigSources sources;
  sources.assignments = {"user.name=a=b"};
  CHECK(Config(sources).settings().user.name == "a=b");
  for (const char* bad : {"core.fsync", "", "=true", "core.fsnyc=true", "core.fsync =true"}) {
    sources.assignments = {bad};
    CHECK_MESSAGE(error_of(sources).kind() == ErrorKind::usage, bad);
  }
}

TEST_CASE("an unset value has no entry, whichever layer unset it") {
  ConfigSources sources = repository_text("user.name = \"Ada\"\nchunking.min = \"1K\"\n");
  sources.environment = {{"STORE_USER_NAME", ""}, {"STORE_CHUNKING_MIN", "auto"}};
  const Config config(sources);
  CHECK_FALSE(config.find("user.name"));
  CHECK_FALSE(config.find("chunking.min"));
  CHECK_FALSE(config.settings().chunking.min);
  CHECK_THROWS_AS(config.find("user.nmae"), Error);
  sources.environment = {{"STORE_USER_NAME", "auto"}};
  CHECK(Config(sources).find("user.name")->value == "auto");
}

TEST_CASE("a new repository records what ids depend on and keeps it against later user files") {
  ConfigSources sources;
  sources.user = {"user.toml", "core.inline_threshold = \"16K\"\n"};
  sources.options = {{"chunking.avg", "128K", "--chunk-avg"}, {"core.permissions", "exec", "--permissions"}};
  ConfigSources later = repository_text(initial_repository_config(Config(sources)));
  later.user = {"user.toml", "core.inline_threshold = \"32K\"\nchunking.min = \"1K\"\n"};
  const Config config(later);
  CHECK(config.warnings().empty());
  CHECK(config.settings().core.inline_threshold == 16 << 10);
  CHECK(config.settings().core.permissions == Permissions::exec);
  CHECK(config.settings().chunking.avg == 128 << 10);
  CHECK_FALSE(config.settings().chunking.min);
  REQUIRE(config.recorded());
  CHECK(ids_differ(*config.recorded(), config.settings()).empty());
  CHECK_FALSE(config.ids_warning());
}

TEST_CASE("changed settings give one warning that names them all, until they are recorded again") {
  const std::string initial = initial_repository_config(Config(ConfigSources{}));
  ConfigSources sources = repository_text(initial + "\n[core]\ninline_threshold = 0\ncompression = 9\n");
  sources.assignments = {"chunking.min=1K"};
  const Config config(sources);
  CHECK(ids_differ(*config.recorded(), config.settings()) ==
        std::vector<std::string>{"core.inline_threshold", "chunking.min"});
  REQUIRE(config.changed_ids().size() == 2);
  CHECK(config.changed_ids()[1].key + "=" + config.changed_ids()[1].value == "chunking.min=1K");
  const std::optional<ConfigWarning> warning = config.ids_warning();
  REQUIRE(warning);
  CHECK(warning->kind == "ids_changed");
  CHECK(warning->message.starts_with("core.inline_threshold, chunking.min: changed"));
  const std::string updated = update_record(sources.repository.text, config, "config");
  CHECK(updated.find("# What ids depend on") != std::string::npos);
  CHECK(updated.find("compression = 9") != std::string::npos);
  ConfigSources again = repository_text(updated);
  again.assignments = sources.assignments;
  CHECK_FALSE(Config(again).ids_warning());
}

TEST_CASE("a record holds keys of ids only, and only in a repository's file") {
  const Config config(repository_text("[recorded]\ncore.fsync = false\ncore.inline_threshold = 0\n"));
  CHECK(config.settings().core.fsync);
  CHECK(config.settings().core.inline_threshold == 0);
  REQUIRE(config.warnings().size() == 1);
  CHECK(config.warnings()[0].message == "config:2: unknown key recorded.core.fsync");
  ConfigSources sources;
  sources.user = {"user.toml", "[recorded]\ncore.inline_threshold = 0\n"};
  CHECK(Config(sources).warnings().size() == 1);
  CHECK_FALSE(Config(sources).recorded());
  CHECK(error_of(repository_text("[recorded]\nchunking.avg = 5\n"))
            .message()
            .starts_with("config:2: chunking.avg: "));
}
