#include "worktree/apply.h"

#include <doctest/doctest.h>

using namespace store;

TEST_CASE("a file is made with its mode only if nobody can do more with it before it is finished than afterwards") {
  const auto initial = [](int mode, std::vector<RawXattr> xattrs = {}) {
    return initial_mode({.mode = static_cast<std::uint16_t>(mode), .mtime = {}, .owner = {}, .xattrs = std::move(xattrs)});
  };
  for (const int mode : {0644, 0755, 0600, 0700, 0444, 0400, 0000, 0111, 0666, 0777, 0622}) CHECK(initial(mode) == mode);
  for (const int mode : {0640, 0750, 0604, 0664}) CHECK(initial(mode) == 0600);      // the group it is made with may be another one
  for (const int mode : {04755, 02755, 01755, 06711}) CHECK(initial(mode) == 0600);  // not with these bits while its owner may change
  for (const char* name : {"system.posix_acl_access", "security.selinux", "user.note"})  // some shut somebody out, some want a mode to write
    CHECK(initial(0644, {{name, Bytes(1)}}) == 0600);
}
