#include <doctest/doctest.h>

#include "app/identity.h"
#include "app/log_format.h"
#include "app/log_graph.h"
#include "app/quote.h"
#include "app/status_format.h"
#include "base/error.h"
#include "base/shell_quote.h"

using namespace store;

namespace {

ObjectId id_of(char digit) { return *ObjectId::from_hex(std::string(64, digit)); }

Commit example() {
  Commit commit;
  commit.author = {"A\x1b[31m", "a@b"};
  commit.time = {0, 0};
  commit.message = "subject\n\n\ttabbed\x07";
  commit.meta = {{"build", "7"}};
  return commit;
}

}  // namespace

TEST_CASE("paths are quoted as git's porcelain quotes them with core.quotePath=false") {
  CHECK(c_quoted("plain/\xc3\xa4-\xff") == "plain/\xc3\xa4-\xff");
  CHECK(c_quoted("a b") == "\"a b\"");
  CHECK(c_quoted("q\"\\") == "\"q\\\"\\\\\"");
  CHECK(c_quoted("\a\b\t\n\v\f\r") == "\"\\a\\b\\t\\n\\v\\f\\r\"");
  CHECK(c_quoted("\x01\x7f") == "\"\\001\\177\"");
}

TEST_CASE("a word for a shell is quoted only where it has to be") {
  CHECK(shell_quoted("HEAD~1:a/b.c") == "HEAD~1:a/b.c");
  CHECK(shell_quoted("") == "''");
  CHECK(shell_quoted("it's") == "'it'\\''s'");
}

TEST_CASE("status lines stand in the order of plain bytes, untracked ones last") {
  StatusResult result;
  result.staged = {{.path = "a/b", .change = Change::added, .from = {}},
                   {.path = "new", .change = Change::renamed, .from = "old"}};
  result.unstaged = {{.path = "a/b", .change = Change::modified, .from = {}},
                     {.path = "a-b", .change = Change::deleted, .from = {}},
                     {.path = "d", .change = Change::modified, .from = {}, .directory = true}};
  result.untracked = {{.path = "0", .change = Change::added, .from = {}, .directory = true}};
  std::string text;
  std::string renamed;
  for_each_status_line(result, [&](const StatusLine& line) {
    text += porcelain_line(line, [](const std::string& path) { return path; }) + "\n";
    if (!line.from.empty()) renamed = porcelain_record(line);
  });
  CHECK(text == " D a-b\nAM a/b\n M d/\nR  old -> new\n?? 0/\n");
  CHECK(renamed == std::string("R  new\0old\0", 11));
}

TEST_CASE("a format is filled from the commit, and unknown fields are refused") {
  const LogFormat format("{{{short}}} {subject}|{meta.build}|{meta.none}|{author}");
  CHECK(format.apply(id_of('a'), example()) == "{aaaaaaaaaa} subject|7||A\\x1b[31m <a@b>");
  CHECK_THROWS_AS(LogFormat("{nope}"), Error);
  CHECK_THROWS_AS(LogFormat("{id"), Error);
  CHECK_THROWS_AS(LogFormat("{meta.}"), Error);
}

TEST_CASE("a message keeps its tabs and lines but no control bytes") {
  const std::vector<std::string> lines = commit_lines(id_of('a'), example(), false);
  CHECK(lines.front() == "commit " + std::string(64, 'a'));
  CHECK(lines.back() == "    \ttabbed\\x07");
  CHECK(lines[lines.size() - 2].empty());
}

TEST_CASE("the graph draws a branch and its merge") {
  LogGraph graph;
  const auto merge = graph.add(id_of('4'), {id_of('3'), id_of('2')});
  CHECK(merge.commit == "* ");
  CHECK(merge.rest == "| ");
  CHECK(merge.joints == std::vector<std::string>{"|\\"});
  CHECK(graph.add(id_of('3'), {id_of('1')}).commit == "* | ");
  const auto side = graph.add(id_of('2'), {id_of('1')});
  CHECK(side.commit == "| * ");
  CHECK(side.joints == std::vector<std::string>{"|/"});
  const auto root = graph.add(id_of('1'), {});
  CHECK(root.commit == "* ");
  CHECK(root.rest == "  ");
  CHECK(root.joints.empty());
}

TEST_CASE("a lane that runs past another one is drawn through it, and lanes move in when a root ends") {
  LogGraph graph;
  graph.add(id_of('9'), {id_of('1')});
  graph.add(id_of('8'), {id_of('2')});
  const auto third = graph.add(id_of('7'), {id_of('1')});
  CHECK(third.commit == "| | * ");
  CHECK(third.joints == std::vector<std::string>{"|_|/"});
  const auto root = graph.add(id_of('1'), {});
  CHECK(root.commit == "* | ");
  CHECK(root.joints == std::vector<std::string>{" /"});
  CHECK(graph.add(id_of('2'), {}).commit == "* ");
}

TEST_CASE("an author is a name and an address in angle brackets") {
  CHECK(parse_identity("A B <a@b>") == Identity{"A B", "a@b"});
  CHECK(parse_identity("<a@b>") == Identity{"", "a@b"});
  CHECK(parse_identity("A <x> <a@b>") == Identity{"A <x>", "a@b"});
  for (const char* bad : {"", "A B", "A <b", "a@b>", "A <b> c"}) CHECK_THROWS_AS(parse_identity(bad), Error);
}

TEST_CASE("there always is a login identity") {
  CHECK(!login_identity().name.empty());
  CHECK(login_identity().email.find('@') != std::string::npos);
}
