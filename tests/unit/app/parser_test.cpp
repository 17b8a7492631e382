#include "app/parser.h"

#include <doctest/doctest.h>

#include "app/commands.h"
#include "base/error.h"

using namespace store;

namespace {

using Words = std::vector<std::string>;

Arguments parse(const char* word, const Words& words) { return parse_arguments(find_command(word)->spec, words); }

Error refused(const char* word, const Words& words) {
  try {
    parse(word, words);
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorKind::bug, "it was accepted");
}

}  // namespace

TEST_CASE("names with brackets, a plus pair and a single dash are arguments like any other") {
  const Words names{"[a,b]", "++", "-", "a b", "", "{x}"};
  CHECK(parse("add", names).positionals == names);
}

TEST_CASE("an option's value with brackets and commas stays one value") {
  CHECK(parse("add", {"--exclude", "[a,b]", "--exclude=c,d"}).all("exclude") == Words{"[a,b]", "c,d"});
}

TEST_CASE("what follows a double dash is kept apart, dashes and all") {
  const Arguments log = parse("log", {"HEAD", "--", "a", "-x", "--json"});
  CHECK(log.positionals == Words{"HEAD"});
  CHECK(log.tail == Words{"a", "-x", "--json"});
  CHECK(!log.has("json"));
  CHECK(parse("log", {"--", "HEAD"}).positionals.empty());
  const Arguments add = parse("add", {"--", "-f"});
  CHECK(add.positionals == Words{"-f"});
  CHECK(!add.has("force"));
  const Arguments exec = parse("add", {"--exec", "x", "--", "cat", "-f"});
  CHECK(exec.positionals.empty());
  CHECK(exec.tail == Words{"cat", "-f"});
}

TEST_CASE("a double dash as the value of an option does not end the options") {
  const Arguments arguments = parse("commit", {"-m", "--", "-q"});
  CHECK(arguments.all("message") == Words{"--"});
  CHECK(arguments.has("quiet"));
}

TEST_CASE("values stand attached, after an equals sign or behind, and may be empty or begin with a dash") {
  CHECK(parse("commit", {"-mfoo"}).all("message") == Words{"foo"});
  CHECK(parse("commit", {"-m=foo"}).all("message") == Words{"=foo"});
  CHECK(parse("commit", {"--message=foo=bar"}).all("message") == Words{"foo=bar"});
  CHECK(parse("commit", {"--author=", "-q"}).all("author") == Words{""});
  CHECK(parse("commit", {"-m", "-5", "-m", "--x", "-m", ""}).all("message") == Words{"-5", "--x", ""});
}

TEST_CASE("letters may share a dash, the last one with its value") {
  const Arguments arguments = parse("add", {"-nvj", "4", "-qj2"});
  CHECK(arguments.has("dry-run"));
  CHECK(arguments.has("verbose"));
  CHECK(arguments.has("quiet"));
  CHECK(arguments.all("jobs") == Words{"4", "2"});
}

TEST_CASE("a number with a dash is a count for log and unknown elsewhere") {
  CHECK(parse("log", {"-5"}).number("max-count") == 5);
  CHECK(parse("log", {"-12", "HEAD"}).positionals == Words{"HEAD"});
  CHECK(refused("add", {"-5"}).kind() == ErrorKind::usage);
}

TEST_CASE("an option whose value may be left out takes none from behind it") {
  const Arguments alone = parse("status", {"-u", "a"});
  CHECK(alone.last("untracked-files") == "all");
  CHECK(alone.positionals == Words{"a"});
  CHECK(parse("status", {"-unormal"}).last("untracked-files") == "normal");
  CHECK(parse("status", {"--untracked-files=no"}).last("untracked-files") == "no");
  CHECK(refused("status", {"-ux"}).kind() == ErrorKind::usage);
}

TEST_CASE("an unknown option is refused with the nearest one, and is never an argument") {
  const Error error = refused("add", {"--excldue", "x"});
  CHECK(error.kind() == ErrorKind::usage);
  CHECK(error.message() == "store add: unknown option --excldue");
  CHECK(error.hint() == "--exclude");
  CHECK(refused("add", {"--dry"}).candidates() == Words{"--dry-run"});
  CHECK(refused("log", {"-Z"}).kind() == ErrorKind::usage);
  CHECK(refused("add", {"-nZ"}).message() == "store add: unknown option -Z");
}

TEST_CASE("a flag takes no value and a value is needed where one is") {
  CHECK(refused("add", {"--all=3"}).kind() == ErrorKind::usage);
  CHECK(refused("commit", {"-m"}).message() == "store commit: -m needs a value: MESSAGE");
  CHECK(refused("init", {"a", "b"}).message() == "store init: unexpected argument b");
}

TEST_CASE("the word is found behind global options and their values") {
  CHECK(find_word({"-C", "add", "commit"}) == 2);
  CHECK(find_word({"-qj", "4", "--memory=1G", "log"}) == 3);
  CHECK(find_word({"--config", "core.fsync=false", "-v", "add"}) == 3);
  CHECK(find_word({"--json"}) == std::nullopt);
  CHECK(find_word({"--", "add"}) == std::nullopt);
}

TEST_CASE("a flag is seen where it is an option, not where it is a value or comes after a double dash") {
  const auto seen = [](const char* word, const Words& words) { return has_flag(find_command(word)->spec, words, "json"); };
  CHECK(seen("commit", {"--json", "-m", "x"}));
  CHECK(seen("commit", {"-m", "--", "--json"}));
  CHECK(seen("commit", {"--bogus", "--json"}));
  CHECK(seen("commit", {"-mx", "--json"}));
  CHECK(seen("status", {"-u", "--json"}));
  CHECK(seen("log", {"-5", "--json"}));
  CHECK_FALSE(seen("commit", {"-m", "--json"}));
  CHECK_FALSE(seen("commit", {"-qm", "--json"}));
  CHECK_FALSE(seen("cat", {"-o", "--json", "HEAD:x"}));
  CHECK_FALSE(seen("log", {"-n", "--json"}));
  CHECK_FALSE(seen("add", {"--", "--json"}));
}

TEST_CASE("sizes, numbers, durations and dates are checked where they are asked for") {
  const Arguments arguments = parse("add", {"--exclude-larger-than", "1.5K", "--lock-timeout", "500ms"});
  CHECK(arguments.size("exclude-larger-than") == 1536);
  CHECK(arguments.duration_ms("lock-timeout") == 500);
  CHECK(!arguments.size("memory"));
  CHECK_THROWS_AS(parse("add", {"--exclude-larger-than", "-1"}).size("exclude-larger-than"), Error);
  CHECK_THROWS_AS(parse("log", {"-n", "x"}).number("max-count"), Error);
  CHECK_THROWS_AS(parse("log", {"-n", "-1"}).number("max-count"), Error);
  CHECK(parse("log", {"--since", "@7"}).date_seconds("since", 0) == 7);
}

TEST_CASE("asking for an option that the table does not have is a bug") {
  CHECK_THROWS_AS(parse("add", {}).has("no-such-option"), Error);
}

TEST_CASE("no word's options clash with each other or with the global ones") {
  for (const Command& command : commands()) {
    std::vector<OptionSpec> all = command.spec.options;
    all.insert(all.end(), global_options().begin(), global_options().end());
    for (std::size_t i = 0; i < all.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        CAPTURE(command.spec.word);
        CAPTURE(all[i].shown_name());
        CHECK((all[i].letter == 0 || all[i].letter != all[j].letter));
        CHECK((all[i].name.empty() || all[i].name != all[j].name));
      }
    }
  }
}
