// Revisions, in a repository with two branches, a merge and a tag: a commit that is there, or a refusal.
#include "fuzz/target.h"
#include "ops/revision.h"
#include "unit/ops/ops_fixture.h"

namespace {

using namespace store;
using namespace store::test;

struct History : OpsFixture {
  History() {
    const ObjectId one = commit({.tree = {{"a/b", file_of("1")}}, .message = "one", .time = 1});
    const ObjectId two = commit({.tree = {{"a/b", file_of("2")}}, .parents = {one}, .message = "two", .time = 2});
    const ObjectId side = commit({.tree = {{"s", file_of("s")}}, .parents = {one}, .message = "side", .time = 3});
    set_ref("refs/heads/main", two);
    set_ref("refs/heads/side", side);
    set_ref("refs/heads/main", commit({.tree = {}, .parents = {two, side}, .message = "merge", .time = 4}));
    set_ref("refs/tags/v1", one);
  }
};

void revision(ByteView input) {
  static History history;
  const std::string_view text = as_text(input);
  const RevisionPath parts = split_revision_path(text);
  fuzz::require(parts.revision.size() + (parts.path ? parts.path->size() + 1 : 0) == text.size());
  fuzz::answers({ErrorKind::usage, ErrorKind::not_found, ErrorKind::ambiguous}, [&] {
    const Revision found = resolve_revision(history.workspace(), parts.revision);
    const Commit commit = read_commit(history.workspace().objects(), found.commit);
    if (parts.path) (void)find_in_tree(history.workspace().objects(), commit.tree, *parts.path);
  });
}

const fuzz::Enter k_revision("revision", revision);

}  // namespace
