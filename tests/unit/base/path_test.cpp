#include "base/path.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace store;

namespace {

/// The order by definition: '/' becomes the smallest byte, then plain unsigned comparison.
std::vector<int> order_key(const std::string& path) {
  std::vector<int> key;
  for (const char c : path) key.push_back(c == '/' ? -1 : static_cast<unsigned char>(c));
  return key;
}

/// Paths over an alphabet whose bytes stand on both sides of '/', so that prefixes and ties are frequent.
rc::Gen<std::string> any_path() {
  return rc::gen::container<std::string>(rc::gen::element('/', 'a', 'b', '.', '!', '\x01', '\xff'));
}

}  // namespace

TEST_CASE("compare_paths puts '/' below every other byte") {
  std::vector<std::string> paths{"a.b", "a", "a/b", "a!", "a/b/c", "a\x01", "ab", "B", "a/\xff", "\xff"};
  std::sort(paths.begin(), paths.end(), PathLess());
  CHECK(paths ==
        std::vector<std::string>{"B", "a", "a/b", "a/b/c", "a/\xff", "a\x01", "a!", "a.b", "ab", "\xff"});
}

TEST_CASE("compare_paths is the lexicographic order of bytes with '/' smallest, for all paths") {
  const bool holds = rc::check([] {
    const std::string a = *any_path(), b = *any_path();
    RC_ASSERT((compare_paths(a, b) == (order_key(a) <=> order_key(b))));
    RC_ASSERT((compare_paths(a, a) == 0));
  });
  CHECK(holds);
}

TEST_CASE("the bytes that two paths share are counted; what comes behind them decides the order") {
  const bool holds = rc::check([] {
    const std::string shared = *rc::gen::container<std::string>(*rc::gen::inRange<std::size_t>(0, 40), rc::gen::element('/', 'a'));
    const std::string a = shared + *any_path(), b = shared + *any_path();
    const auto [end, other] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    RC_ASSERT(common_length(a, b) == static_cast<std::size_t>(end - a.begin()));
    RC_ASSERT((compare_paths(a, b) == (order_key(a) <=> order_key(b))));
  });
  CHECK(holds);
}

TEST_CASE("sorted paths keep each directory directly before all that is below it") {
  const bool holds = rc::check([] {
    auto paths = *rc::gen::container<std::vector<std::string>>(any_path());
    std::sort(paths.begin(), paths.end(), PathLess());
    for (std::size_t i = 0; i < paths.size(); ++i) {
      std::size_t end = i;
      while (end < paths.size() && is_within(paths[end], paths[i])) ++end;
      for (; end < paths.size(); ++end) RC_ASSERT(!is_within(paths[end], paths[i]));
    }
  });
  CHECK(holds);
}

TEST_CASE("is_within knows whole components only") {
  CHECK(is_within("a", ""));
  CHECK(is_within("", ""));
  CHECK(is_within("a", "a"));
  CHECK(is_within("a/b", "a"));
  CHECK_FALSE(is_within("ab", "a"));
  CHECK_FALSE(is_within("a", "a/b"));
  CHECK_FALSE(is_within("", "a"));
}

TEST_CASE("a path splits into parent and base name and joins again") {
  for (const char* path : {"c", "a/c", "a/b/c"}) CHECK(join_path(parent_path(path), base_name(path)) == path);
  CHECK(parent_path("a/b/c") == "a/b");
  CHECK(parent_path("c") == "");
  CHECK(base_name("a/b/c") == "c");
  CHECK(base_name("c") == "c");
}

TEST_CASE("the repository's name is recognised in any ASCII case") {
  for (const char* name : {".store", ".Store", ".STORE", ".sToRe"})
    CHECK_MESSAGE(is_repository_name(name), name);
  for (const char* name :
       {"", "store", ".stor", ".store2", ".storeignore", "..store", ".store ", ".\u017ftore"})
    CHECK_FALSE_MESSAGE(is_repository_name(name), name);
}

TEST_CASE("the repository's name is recognised behind every ignorable code point") {
  const std::vector<std::string> ignorable{"\u200c", "\u200d", "\u200e", "\u200f", "\u202a", "\u202b",
                                           "\u202c", "\u202d", "\u202e", "\u206a", "\u206b", "\u206c",
                                           "\u206d", "\u206e", "\u206f", "\ufeff"};
  for (const std::string& point : ignorable) {
    CHECK(is_repository_name(point + ".store"));
    CHECK(is_repository_name(".s" + point + point + "TORE"));
    CHECK(is_repository_name(".store" + point));
    CHECK_FALSE(is_repository_name(point));
  }
  for (const std::string other :
       {"\u200b", "\u2010", "\u2029", "\u202f", "\u2069", "\u2070", "\ufefe", "\xe2\x80"})
    CHECK_FALSE(is_repository_name(".store" + other));
}

TEST_CASE("name_fault names what keeps a name out of a tree") {
  for (const std::string& good :
       {std::string("a"), std::string("..."), std::string("-x"), std::string("a\nb"), std::string("\xff"),
        std::string(255, 'n'), std::string(".git")})
    CHECK(name_fault(good).empty());
  for (const std::string& bad :
       {std::string(), std::string("."), std::string(".."), std::string("a/b"), std::string("/"),
        std::string("a\0b", 3), std::string(256, 'n'), std::string(".Store")})
    CHECK_FALSE(name_fault(bad).empty());
}

TEST_CASE("normalise_path resolves dots and double slashes against the base") {
  const auto resolve = [](std::string_view base, std::string_view path) {
    std::string out;
    REQUIRE(normalise_path(base, path, out));
    return out;
  };
  CHECK(resolve("", "a/b") == "a/b");
  CHECK(resolve("a/b", "c") == "a/b/c");
  CHECK(resolve("a/b", "../c") == "a/c");
  CHECK(resolve("a/b", "./c//d/.") == "a/b/c/d");
  CHECK(resolve("a/b", "../..") == "");
  CHECK(resolve("a", "") == "a");
  CHECK(resolve("", ".") == "");
  CHECK(resolve("a", "b/") == "a/b");
  CHECK(resolve("", "...") == "...");
  CHECK(resolve("", "a/../b") == "b");
}

TEST_CASE("normalise_path refuses every path that leaves the root, even for a moment") {
  std::string out;
  for (const char* path : {"..", "../a", "a/../..", "a/../../a", "/", "/etc/passwd"})
    CHECK_FALSE_MESSAGE(normalise_path("", path, out), path);
  CHECK_FALSE(normalise_path("a/b", "../../../a/b/c", out));
}
