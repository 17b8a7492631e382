// The pages of docs/cli and the scripts in completions are made from the option table; this test says when they are stale.
// STORE_ACCEPT=1 in the environment writes them anew.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "app/commands.h"
#include "app/completion.h"
#include "app/help.h"
#include "app/text_fill.h"

using namespace store;

namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void compare(const std::filesystem::path& path, std::string_view expected) {
  if (std::getenv("STORE_ACCEPT") != nullptr) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << expected;
  }
  const std::string has = read(path);
  const auto differing = std::mismatch(has.begin(), has.end(), expected.begin(), expected.end());
  CAPTURE(path);
  CAPTURE(differing.first - has.begin());
  CHECK_MESSAGE(has == expected, "stale: run this test with STORE_ACCEPT=1");
}

const std::filesystem::path k_root = STORE_SOURCE_DIR;

}  // namespace

TEST_CASE("the pages of the manual say what the option table says") {
  std::set<std::string> pages{"README.md"};
  compare(k_root / "docs/cli/README.md", markdown_index());
  for (const Command& command : commands()) {
    if (command.spec.hidden) continue;
    const std::string page = std::string(command.spec.word) + ".md";
    compare(k_root / "docs/cli" / page, markdown_page(command.spec));
    pages.insert(page);
  }
  for (const auto& entry : std::filesystem::directory_iterator(k_root / "docs/cli")) {
    CAPTURE(entry.path());
    CHECK(pages.count(entry.path().filename().string()) == 1);
  }
}

TEST_CASE("help shows words and what they do in two columns") {
  const std::string help = full_help(k_prose_off_terminal);
  std::set<std::size_t> columns;
  for (const Command& command : commands()) {
    if (command.spec.hidden) continue;
    const std::string word = "\n  " + std::string(command.spec.word) + "  ";
    const std::size_t line = help.find(word);
    REQUIRE_MESSAGE(line != std::string::npos, command.spec.word);
    columns.insert(help.find(command.spec.summary.substr(0, 12), line) - line);
  }
  CHECK(columns.size() == 1);
}

TEST_CASE("the completion scripts are those that the program prints") {
  compare(k_root / "completions/store.bash", completion_script("bash"));
  compare(k_root / "completions/_store", completion_script("zsh"));
  compare(k_root / "completions/store.fish", completion_script("fish"));
}

TEST_CASE("every word explains itself") {
  for (const Command& command : commands()) {
    if (command.spec.hidden) continue;
    CAPTURE(command.spec.word);
    CHECK(!command.spec.summary.empty());
    CHECK(!command.spec.usage.empty());
    for (const OptionSpec& option : command.spec.options)
      if (option.state == OptionSpec::State::shown) CHECK(!option.help.empty());
    CHECK(word_help(command.spec, k_prose_off_terminal).find("usage: store " + std::string(command.spec.word)) != std::string::npos);
  }
}
