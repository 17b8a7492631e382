#include "worktree/apply.h"

#include <doctest/doctest.h>

using namespace store;

TEST_CASE("a file is made with its mode only if nobody can do more with it before it is finished than afterwards") {
  const auto before = [](int mode, std::vector<RawXattr> xattrs = {}) {
    return mode_before({.mode = static_cast<std::uint16_t>(mode), .mtime = {}, .owner = {}, .xattrs = std::move(xattrs)});
  };
  for (const int mode : {0644, 0755, 0600, 0700, 0444, 0400, 0000, 0111}) CHECK(before(mode) == mode);
  for (const int mode : {0640, 0750, 0604}) CHECK(before(mode) == 0600);           // the group it is made with may be another one
  for (const int mode : {0666, 0777, 0664, 0622}) CHECK(before(mode) == 0600);     // others would write to it before it is whole
  for (const int mode : {04755, 02755, 01755, 06711}) CHECK(before(mode) == 0600);  // not with these bits while its owner may change
  CHECK(before(0644, {{"user.note", Bytes(1)}}) == 0644);
  CHECK(before(0644, {{"system.posix_acl_access", Bytes(1)}}) == 0600);  // which may shut out one of the others
}
