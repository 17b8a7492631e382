// Prose and help in windows of every width.
#include "app/text_fill.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>
#include <vector>

#include "app/commands.h"
#include "app/help.h"
#include "app/table.h"

using namespace store;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// Words in their order; a backslash at the end of a line is none.
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream stream(text);
  for (std::string word; stream >> word;)
    if (word != "\\") words.push_back(word);
  return words;
}

void check_fits(const std::string& page, std::size_t columns, const std::string& wide) {
  CHECK(words_of(page) == words_of(wide));
  for (const std::string& line : lines_of(page)) {
    CAPTURE(line);
    const bool fits = display_columns(line) <= columns;
    // A name that is longer than the window stands alone, quoted ones with their blanks.
    const bool alone = words_of(line).size() == 1 || line.find('\'') != line.npos || line.find('"') != line.npos;
    CHECK((fits || alone));
    CHECK((line.empty() || line.back() != ' '));
  }
}

}  // namespace

TEST_CASE("help fits windows of every width, whole words only") {
  constexpr std::size_t k_no_window = 1000;
  for (const std::size_t columns : {20u, 25u, 40u, 60u, 80u, 100u}) {
    CAPTURE(columns);
    check_fits(full_help(columns), columns, full_help(k_no_window));
    check_fits(short_help(columns), columns, short_help(k_no_window));
    for (const Command& command : commands())
      if (!command.spec.hidden) check_fits(word_help(command.spec, columns), columns, word_help(command.spec, k_no_window));
  }
}

TEST_CASE("prose is broken between words, behind its indent") {
  CHECK(fill("one two  three\nfour", 9, {0, 2}) == "one two\n  three\n  four\n");
  CHECK(fill("a-very-long-name is kept", 8, {2, 4}) == "  a-very-long-name\n    is\n    kept\n");
  CHECK(fill("", 8) == "\n");
  CHECK(fill("日本語 日本語", 7) == "日本語\n日本語\n");
  CHECK(fill_paragraphs("a b\nc\n\nd", 3) == "a b\nc\n\nd\n");
}

TEST_CASE("lines that are too long are broken between words, others are as they are") {
  CHECK(fold("short  one\n a line that is long\n", 12) == "short  one\n a line that\n   is long\n");
  CHECK(fold("/a/name/that/is/long and more", 12) == "/a/name/that/is/long\n  and more");
  CHECK(fold("say /a/name/that/is/long", 12) == "say\n  /a/name/that/is/long");
  CHECK(fold("\n\nx\n", 3) == "\n\nx\n");
  CHECK(fold("    deep words", 6) == "    deep\n      words");
  CHECK(fold("", 5).empty());
}

TEST_CASE("a command is broken where a shell reads it back as it is") {
  CHECK(fill_command("store save a -m 'two words'", 14, {2, 4}) == "  store save \\\n    a -m \\\n    'two words'\n");
  CHECK(fill_command("store add", 20, {2, 4}) == "  store add\n");
}

TEST_CASE("a name and its meaning stand beside each other where there is room") {
  CHECK(fill_entry("-x", "what it does", 8, 20) == "  -x    what it does\n");
  CHECK(fill_entry("--long-name", "what it does", 8, 20) == "  --long-name\n        what it does\n");
  CHECK(fill_entry("-x", "what it does", 12, 20) == "  -x\n    what it does\n");
}
