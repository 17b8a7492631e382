#include "format/commit.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "unit/format/samples.h"

using namespace store;
using namespace store::testing;

namespace {

constexpr std::string_view k_id = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
constexpr std::string_view k_other_id = "fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9";

std::string text_with(std::string_view head, std::string_view author = "author A <a@b>\n",
                      std::string_view time = "time 0 +0000\n", std::string_view rest = "\n") {
  return fmt::format("{}{}{}{}", head, author, time, rest);
}
std::string tree_line() { return fmt::format("tree {}\n", k_id); }

void refuse(const std::string& text) {
  try {
    decode_commit(text);
    FAIL_CHECK("accepted: ", text);
  } catch (const Error& error) {
    CHECK_MESSAGE(error.kind() == ErrorKind::corrupt, error.message());
  }
}

}  // namespace

TEST_CASE("a commit's text has one form") {
  CHECK(encode_commit(sample_commit()) == fmt::format("tree {}\nattributes {}\nparent {}\n"
                                                      "author Ada %3C3 Lovelace <ada@example.org>\n"
                                                      "time 1700000000 +0200\nmeta build=17\nmeta note=100%25\n\n"
                                                      "first version\n\nWith a body.",
                                                      id_of("tree").hex(), id_of("attributes").hex(),
                                                      id_of("parent").hex()));
  CHECK(sample_commit().subject() == "first version");
  CHECK(decode_commit(text_with(tree_line())).message.empty());
}

TEST_CASE("a reader refuses every other form of a commit") {
  CHECK_NOTHROW(decode_commit(text_with(tree_line())));
  refuse("");
  refuse(text_with(""));
  refuse(text_with("tree 2C26B46B68FFC68FF99B453C1D30413413422D706483BFA0F98A5E886266E7AE\n"));
  refuse(text_with(tree_line() + tree_line()));
  refuse(text_with(fmt::format("attributes {}\n{}", k_id, tree_line())));
  refuse(text_with(fmt::format("{0}parent {1}\nparent {1}\n", tree_line(), k_id)));
  refuse(text_with(fmt::format("{}parent {}\nattributes {}\n", tree_line(), k_id, k_other_id)));
  for (const char* author : {"", "author A a@b\n", "author A <a@b\n", "author A<a@b>\n", "author A %3c<a@b>\n",
                             "author %41 <a@b>\n", "author A% <a@b>\n", "author A <<a@b>\n", "author A\t <a@b>\n",
                             "author A <a@b> \n", "Author A <a@b>\n"})
    refuse(text_with(tree_line(), author));
  for (const char* time : {"", "time 0\n", "time 00 +0000\n", "time -0 +0000\n", "time +1 +0000\n", "time 0 -0000\n",
                           "time 0 +000\n", "time 0 +2400\n", "time 0 +0060\n", "time 9223372036854775808 +0000\n",
                           "time 0  +0000\n"})
    refuse(text_with(tree_line(), "author A <a@b>\n", time));
  for (const char* rest : {"", "meta b=1\nmeta a=1\n\n", "meta a=1\nmeta a=2\n\n", "meta a\n\n", "meta A=1\n\n",
                           "meta =1\n\n", "meta a=%0a\n\n", "meta a=%20\n\n", "unknown 1\n\n"})
    refuse(text_with(tree_line(), "author A <a@b>\n", "time 0 +0000\n", rest));
}

TEST_CASE("a signed commit is from a later version") {
  try {
    decode_commit(text_with(tree_line(), "author A <a@b>\n", "time 0 +0000\n", "signature x\n\n"));
    FAIL_CHECK("accepted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::newer_format);
  }
}

TEST_CASE("no author is refused for its bytes, and the message is kept byte for byte") {
  Commit commit = sample_commit();
  for (int c = 0; c < 256; ++c) {
    commit.author.name += static_cast<char>(c);
    commit.author.email += static_cast<char>(c);
    commit.meta["all"] += static_cast<char>(c);
    commit.message += static_cast<char>(c);
  }
  CHECK(decode_commit(encode_commit(commit)) == commit);
  commit.author = {};
  commit.message = "\n\n";
  CHECK(decode_commit(encode_commit(commit)) == commit);
}

TEST_CASE("a commit that has no form is a usage error") {
  const auto refused = [](const Commit& commit) {
    try {
      encode_commit(commit);
      return false;
    } catch (const Error& error) {
      return error.kind() == ErrorKind::usage;
    }
  };
  Commit commit = sample_commit();
  commit.message.assign(k_max_commit_text, 'x');
  CHECK(refused(commit));
  commit.message.resize(k_max_commit_text - (encode_commit(sample_commit()).size() - sample_commit().message.size()));
  CHECK(encode_commit(commit).size() == k_max_commit_text);
  CHECK(decode_commit(encode_commit(commit)) == commit);
  commit = sample_commit();
  commit.parents.assign(2, id_of("parent"));
  CHECK(refused(commit));
  commit.parents.clear();
  for (std::size_t i = 0; i <= k_max_parents; ++i) commit.parents.push_back(id_of(std::to_string(i)));
  CHECK(refused(commit));
  commit.parents.pop_back();
  CHECK(decode_commit(encode_commit(commit)) == commit);
  for (const char* key : {"", "A", "a=b", "a b", "\xc3\xa4"}) {
    commit = sample_commit();
    commit.meta[key] = "x";
    CHECK(refused(commit));
  }
  commit = sample_commit();
  commit.meta[std::string(65, 'k')] = "x";
  CHECK(refused(commit));
}
