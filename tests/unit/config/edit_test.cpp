#include "config/edit.h"

#include <doctest/doctest.h>

#include <string>

#include "base/error.h"
#include "config/config.h"

using namespace store;

namespace {

std::string set(std::string_view text, std::string_view key, std::string_view value) {
  return set_config_value(text, key, value, ConfigFileKind::repository, "config");
}

std::optional<std::string> unset(std::string_view text, std::string_view key) {
  return unset_config_value(text, key, ConfigFileKind::repository, "config");
}

template <typename Call>
Error error_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  FAIL("no error was thrown");
  return Error(ErrorKind::bug, "");
}

}  // namespace

TEST_CASE("a value is replaced in its place and nothing else changes") {
  const std::string text = "# head\n[core]\n  fsync = true   # why\n\n# tail\ncompression=3\n";
  CHECK(set(text, "core.fsync", "off") ==
        "# head\n[core]\n  fsync = false   # why\n\n# tail\ncompression=3\n");
  CHECK(set(text, "core.compression", "none") ==
        "# head\n[core]\n  fsync = true   # why\n\n# tail\ncompression=\"none\"\n");
}

TEST_CASE("a new key goes below the last one of its section, in the same form") {
  CHECK(set("[core]\n  fsync = true # why\n\n[ui]\ncolor = \"never\"\n", "core.auto_merge", "false") ==
        "[core]\n  fsync = true # why\n  auto_merge = false\n\n[ui]\ncolor = \"never\"\n");
  CHECK(set("core.fsync = true\n", "core.auto_merge", "false") ==
        "core.fsync = true\ncore.auto_merge = false\n");
  CHECK(set("[core]\nfsync = true", "core.auto_merge", "0") == "[core]\nfsync = true\nauto_merge = false\n");
}

TEST_CASE("a missing section is added, an empty one is used") {
  CHECK(set("", "core.fsync", "false") == "[core]\nfsync = false\n");
  CHECK(set("# only a comment", "core.fsync", "false") == "# only a comment\n\n[core]\nfsync = false\n");
  CHECK(set("[core]  # empty\n[ui]\n", "core.fsync", "false") == "[core]  # empty\nfsync = false\n[ui]\n");
  CHECK(set("[core]", "core.fsync", "false") == "[core]\nfsync = false\n");
  CHECK(set("[core.more]\nx = 1\n", "core.fsync", "false") ==
        "[core.more]\nx = 1\n\n[core]\nfsync = false\n");
}

TEST_CASE("values in inline tables are replaced, but not added or removed") {
  CHECK(set("user = { name = \"\xc3\x9c\", email = \"old\" }\n", "user.email", "n") ==
        "user = { name = \"\xc3\x9c\", email = \"n\" }\n");
  const Error added = error_of([] { set("\nuser = { name = \"a\" }\n", "user.email", "b"); });
  CHECK(added.kind() == ErrorKind::usage);
  CHECK(added.message() == "config:2: user is written inline; edit it by hand");
  CHECK(error_of([] { unset("user = { name = \"a\" }\n", "user.name"); }).kind() == ErrorKind::usage);
}

TEST_CASE("multi-line values, Windows line ends and a byte order mark survive") {
  CHECK(set("[user]\nname = \"\"\"a\nb\"\"\" # c\nemail = \"e\"\n", "user.name", "x") ==
        "[user]\nname = \"x\" # c\nemail = \"e\"\n");
  CHECK(set("[core]\r\nfsync = true\r\n", "core.auto_merge", "false") ==
        "[core]\r\nfsync = true\r\nauto_merge = false\r\n");
  CHECK(set("[core]\r\nfsync = true # c\r\n", "core.fsync", "false") == "[core]\r\nfsync = false # c\r\n");
  CHECK(set("\xef\xbb\xbf"
            "core.fsync = true\n",
            "core.fsync", "false") ==
        "\xef\xbb\xbf"
        "core.fsync = false\n");
  CHECK(set("\xef\xbb\xbf"
            "core.fsync = true\n",
            "core.auto_merge", "false") ==
        "\xef\xbb\xbf"
        "core.fsync = true\ncore.auto_merge = false\n");
}

TEST_CASE("values are written in the form that TOML has for them") {
  CHECK(set("", "chunking.avg", "131072") == "[chunking]\navg = 131072\n");
  CHECK(set("", "chunking.avg", "128K") == "[chunking]\navg = \"128K\"\n");
  CHECK(set("", "performance.batch_size", "007") == "[performance]\nbatch_size = \"007\"\n");
  CHECK(set("", "core.compression", "0") == "[core]\ncompression = 0\n");
  CHECK(set("", "user.name", "5") == "[user]\nname = \"5\"\n");
  CHECK(set("", "user.name", "a\"b\\c\n\x7f\xc3\x9c") ==
        "[user]\nname = \"a\\\"b\\\\c\\u000A\\u007F\xc3\x9c\"\n");
}

TEST_CASE("what was set is what is read") {
  for (const char* value : {"Ada", "a\"b\\c\nd\te\x01", "# no comment", "[x]", "\xf0\x9f\x8e\x89", " "}) {
    ConfigSources sources;
    sources.repository = {"config", set("[user]\nemail = \"e\" # c\n", "user.name", value)};
    CHECK(Config(sources).settings().user.name == value);
    CHECK(Config(sources).settings().user.email == "e");
  }
}

TEST_CASE("a list grows by what it does not have") {
  const auto trust = [](std::string_view text, std::string_view path) {
    return set_config_value(text, "safe.directory", path, ConfigFileKind::user, "user.toml");
  };
  CHECK(trust("", "/a") == "[safe]\ndirectory = [\"/a\"]\n");
  CHECK(trust("[safe]\ndirectory = [\"/a\"]\n", "/b") == "[safe]\ndirectory = [\"/a\", \"/b\"]\n");
  CHECK(trust("[safe]\ndirectory = \"/a\" # c\n", "/b") == "[safe]\ndirectory = [\"/a\", \"/b\"] # c\n");
  CHECK(trust("[safe]\ndirectory = [\"/a\"]\n", "/a") == "[safe]\ndirectory = [\"/a\"]\n");
}

TEST_CASE("unset removes the lines of one key") {
  CHECK(unset("# a\n[core]\nfsync = true # c\n# b\nauto_merge = true\n", "core.fsync") ==
        "# a\n[core]\n# b\nauto_merge = true\n");
  CHECK(unset("core.fsync = true", "core.fsync") == "");
  CHECK(unset("[user]\nname = '''a\nb'''\nemail = \"e\"\n", "user.name") == "[user]\nemail = \"e\"\n");
  CHECK(unset("[core]\nfsync = true\n", "core.auto_merge") == std::nullopt);
  CHECK(unset("", "core.fsync") == std::nullopt);
  CHECK(error_of([] { unset("", "core.fsnyc"); }).kind() == ErrorKind::usage);
  CHECK(unset("[ui]\npager = \"x\"\n", "ui.pager") == "[ui]\n");
}

TEST_CASE("bad keys and values are refused before anything is edited") {
  CHECK(error_of([] { set("", "core.fsnyc", "true"); }).message() ==
        "core.fsnyc: unknown key (did you mean core.fsync?)");
  CHECK(error_of([] { set("", "chunking.avg", "5K"); }).message() ==
        "chunking.avg: \"5K\" is not a power of two from 4K to 4M");
  CHECK(error_of([] { set("", "user.name", "\xff"); }).message() == "user.name: \"\\xff\" is not UTF-8");
  CHECK(error_of([] { set("[core\n", "core.fsync", "true"); }).message().starts_with("config:1: "));
  CHECK(error_of([] { set("[core]\nfsync.x = 1\n", "core.fsync", "true"); }).kind() == ErrorKind::usage);
}

TEST_CASE("a repository's file is not given keys that it may not set") {
  for (const char* key : {"ui.pager", "safe.directory"}) {
    const Error error = error_of([&] { set("", key, "x"); });
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(error.hint() == "store config --user");
    CHECK_FALSE(set_config_value("", key, "x", ConfigFileKind::user, "user.toml").empty());
  }
}

TEST_CASE("an edit may not make a good file bad, but may mend a bad one step by step") {
  CHECK(error_of([] { set("", "chunking.min", "1M"); }).message().starts_with("config:2: chunking.min: "));
  CHECK(error_of([] { unset("[chunking]\navg = \"1M\"\nmin = \"512K\"\n", "chunking.avg"); }).kind() ==
        ErrorKind::usage);
  const std::string bad = "[core]\nfsync = \"maybe\"\ncompression = 99\n";
  const std::string better = set(bad, "core.fsync", "true");
  CHECK(better == "[core]\nfsync = true\ncompression = 99\n");
  CHECK(unset(better, "core.compression") == "[core]\nfsync = true\n");
}

TEST_CASE("unknown keys and foreign sections are kept") {
  const std::string text =
      "[other]\nx = [1, 2]\n[core]\nnew_key = 1\nfsync = true\n[[many]]\na = 1\n[[many]]\na = 2\n";
  CHECK(set(text, "core.fsync", "false") ==
        "[other]\nx = [1, 2]\n[core]\nnew_key = 1\nfsync = false\n[[many]]\na = 1\n[[many]]\na = 2\n");
}
