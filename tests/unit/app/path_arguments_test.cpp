#include "app/path_arguments.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "support/scratch.h"

using namespace store;

TEST_CASE("paths are taken from the current directory, absolute ones from the root of the tree") {
  const PathArguments paths("/w", "/w/d/e", false);
  CHECK(paths.resolve("a") == "d/e/a");
  CHECK(paths.resolve("../a/") == "d/a");
  CHECK(paths.resolve(".") == "d/e");
  CHECK(paths.resolve("../..").empty());
  CHECK(paths.resolve("/w/x//y/.") == "x/y");
  CHECK(paths.resolve_pathspec("*.c").pattern == "d/e/*.c");
  CHECK(paths.resolve_pathspec("./:x").pattern == "d/e/:x");
  CHECK_THROWS_AS(paths.resolve("../../.."), Error);
  CHECK_THROWS_AS(paths.resolve("/wx"), Error);
  CHECK_THROWS_AS(paths.resolve(""), Error);
  CHECK_THROWS_AS(paths.resolve("../../.store/config"), Error);
}

TEST_CASE("a current directory with glob characters means itself in a pattern") {
  const PathArguments paths("/w", "/w/[a]", false);
  CHECK(paths.resolve("x") == "[a]/x");
  CHECK(paths.resolve("*.c") == "[a]/*.c");
  const Pathspec glob = paths.resolve_pathspec("*.c");
  CHECK(glob.matches("[a]/b.c"));
  CHECK_FALSE(glob.matches("a/b.c"));
  CHECK(paths.resolve_pathspec("x").literal);
  CHECK(paths.resolve_pathspec("../*").matches("a"));
}

TEST_CASE("pathspec magic is read as git reads it") {
  PathArguments paths("/w", "/w/d", false);
  CHECK(paths.resolve_pathspec(":/x").pattern == "x");
  CHECK(paths.resolve_pathspec(":/").pattern.empty());
  CHECK(paths.resolve_pathspec(":(top)").pattern.empty());
  CHECK(paths.resolve_pathspec(":").pattern == "d/");
  CHECK(paths.resolve_pathspec(":!x").exclude);
  CHECK(paths.resolve_pathspec(":^x").exclude);
  CHECK(paths.resolve_pathspec(":(exclude,top)x").pattern == "x");
  CHECK(paths.resolve_pathspec(":!/:x").pattern == "x");
  CHECK(paths.resolve_pathspec(":(literal)*").literal);
  CHECK(paths.resolve_pathspec(":(icase)X").matches("d/x"));
  CHECK_FALSE(paths.resolve_pathspec(":(icase)X").matches("D/x"));
  CHECK(paths.resolve_pathspec(":(glob)*.c").matches("d/a.c"));
  CHECK_FALSE(paths.resolve_pathspec(":(glob)*.c").matches("d/e/a.c"));
  CHECK(paths.resolve_pathspec("x/").pattern == "d/x/");
  for (const char* bad : {":(attr:x)y", ":(top", ":(nothing)x", ":(glob,literal)x", ":%x", ":(prefix:1)x"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(paths.resolve_pathspec(bad), Error);
  }
  paths.take_literally();
  CHECK(paths.resolve_pathspec(":!x").pattern == "d/:!x");
  CHECK(paths.resolve_pathspec("*").literal);
}

TEST_CASE("from outside the tree paths start at its root if the repository was named, else they are refused") {
  CHECK(PathArguments("/w", "/elsewhere", true).resolve("a") == "a");
  CHECK_THROWS_AS(PathArguments("/w", "/elsewhere", false).resolve("a"), Error);
  CHECK(PathArguments("", "/elsewhere", true).resolve("a/b") == "a/b");
}

TEST_CASE("the path of a revision starts at the root, and with a dot at the current directory") {
  const PathArguments paths("/w", "/w/d", false);
  CHECK(paths.resolve_in_revision("a/b/") == "a/b");
  CHECK(paths.resolve_in_revision("./a") == "d/a");
  CHECK(paths.resolve_in_revision("../a") == "a");
  CHECK(paths.resolve_in_revision("").empty());
  CHECK_THROWS_AS(paths.resolve_in_revision("../../a"), Error);
}

TEST_CASE("paths are shown from the current directory") {
  const PathArguments paths("/w", "/w/d/e", false);
  CHECK(paths.shown("d/e/f") == "f");
  CHECK(paths.shown("d/x") == "../x");
  CHECK(paths.shown("y/z/") == "../../y/z/");
  CHECK(paths.shown("d/e/") == "./");
  CHECK(PathArguments("/w", "/w", false).shown("a/b") == "a/b");
}

TEST_CASE("a path beyond a symlink is refused, the symlink itself is not") {
  const test::Scratch scratch;
  scratch.make_tree({{.path = "d/f"}, {.path = "l", .target = "d"}, {.path = "[x]/f"}});
  const PathArguments paths(scratch.path(), scratch.path(), false);
  paths.check_no_symlink("d/f");
  paths.check_no_symlink("l");
  paths.check_no_symlink("[x]/f");
  paths.check_no_symlink("gone/f");
  CHECK_THROWS_AS(paths.check_no_symlink("l/f"), Error);
  CHECK_THROWS_AS(paths.check_no_symlink("l/*.c"), Error);
}

TEST_CASE("an absolute path through a symlink above the tree is found in it") {
  const test::Scratch scratch;
  scratch.make_tree({{.path = "real/w/f"}, {.path = "link", .target = "real"}});
  const PathArguments paths(scratch.path("real/w"), scratch.path("real/w"), false);
  CHECK(paths.resolve(scratch.path("link/w/f")) == "f");
}
