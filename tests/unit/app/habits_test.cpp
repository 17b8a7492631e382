#include "app/habits.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "app/commands.h"
#include "cli_fixture.h"

using namespace store;
using namespace store::test;

namespace {

/// The options and the word of each "store WORD …" in a hint, up to the comma, semicolon, colon or pipe that ends it.
std::vector<std::vector<std::string>> commands_in(std::string_view hint) {
  std::vector<std::vector<std::string>> found;
  std::vector<std::string>* current = nullptr;
  bool next_is_word = false;
  for (std::size_t begin = 0; begin < hint.size();) {
    const std::size_t end = std::min(hint.find(' ', begin), hint.size());
    std::string token(hint.substr(begin, end - begin));
    begin = end + 1;
    const bool last = token == "|" || token.ends_with(',') || token.ends_with(';') || (token.ends_with(':') && token.size() > 1);
    if (last) token.pop_back();
    if (token == "store") {
      found.emplace_back();
      current = &found.back();
      next_is_word = true;
    } else if (current != nullptr && next_is_word && token.starts_with('-')) {
      begin = std::min(hint.find(' ', begin), hint.size()) + 1;  // a global option and its value
    } else if (current != nullptr && (next_is_word || token.starts_with("-"))) {
      if (token != "--") current->push_back(token);
      next_is_word = false;
    }
    if (last) current = nullptr;
  }
  return found;
}

bool has_option(const CommandSpec& spec, const std::string& token) {
  for (const std::vector<OptionSpec>* options : {&spec.options, &global_options()})
    for (const OptionSpec& option : *options) {
      if (token.starts_with("--") ? token.substr(2) == option.name : option.letter == token[1]) return true;
      if (option.digits && token.find_first_not_of("0123456789", 1) == token.npos) return true;
    }
  return false;
}

void check_hint(std::string_view hint) {
  INFO("hint: ", std::string(hint));
  for (const std::vector<std::string>& words : commands_in(hint)) {
    REQUIRE(!words.empty());
    const Command* command = find_command(words.front());
    INFO("word: ", words.front());
    REQUIRE(command != nullptr);
    for (std::size_t i = 1; i < words.size(); ++i) {
      INFO("option: ", words[i]);
      CHECK(has_option(command->spec, words[i]));
    }
  }
}

}  // namespace

TEST_CASE("every command that a habit is answered with exists, with its options") {
  CHECK(commands_in("store a -b, or store --repo DIR c --d: why").size() == 2);
  for (const WordHabit& habit : word_habits()) check_hint(habit.hint);
  for (const OptionHabit& habit : option_habits()) check_hint(habit.hint);
}

TEST_CASE("no habit stands for a word or an option that there is") {
  for (const WordHabit& habit : word_habits()) {
    INFO(std::string(habit.word));
    CHECK(find_command(habit.word) == nullptr);
    CHECK(habit_of_word(habit.word) == habit.hint);
  }
  for (const OptionHabit& habit : option_habits()) {
    INFO(std::string(habit.word), " ", std::string(habit.option));
    const Command* command = find_command(habit.word);
    REQUIRE(command != nullptr);
    if (habit.option.empty()) CHECK(command->spec.max_positionals != CommandSpec().max_positionals);
    else CHECK(!has_option(command->spec, std::string(habit.option)));
    CHECK(habit_of_option(habit.word, habit.option) == habit.hint);
  }
}

TEST_CASE("words and options of git are refused with what does the work here") {
  CommandLine store;
  const auto refused = [&](const std::vector<std::string>& words, const std::string& hint) {
    const Answer answer = store(words);
    INFO(answer.err);
    CHECK(answer.code == 2);
    CHECK(answer.err.find("try: " + hint) != std::string::npos);
  };
  refused({"stash", "pop"}, "store switch -c NAME");
  refused({"reset", "--hard"}, "store restore --staged PATH");
  refused({"push", "--force"}, "store --repo DIR save");
  refused({"help", "rebase"}, "store merge REV");
  refused({"help", "gc"}, "store stats");
  refused({"diff", "--cached"}, "store diff --staged");
  refused({"checkout", "-b", "new"}, "store switch -c NAME");
  refused({"checkout", "-bnew"}, "store switch -c NAME");
  refused({"branch", "-D", "old"}, "store branch -d -f NAME");
  refused({"log", "--pretty=oneline"}, "store log --format");
  refused({"ls", "HEAD", "d"}, "store ls HEAD:d");
  refused({"ls", "v1", "--", "d"}, "store ls REV:d");
  refused({"cat", "a", "b"}, "store cat REV:b");
  refused({"commit", "a"}, "store add PATH, then store commit");
  refused({"stats", "a"}, "store help stats");
  refused({"verify"}, "store verify --worktree");
}
