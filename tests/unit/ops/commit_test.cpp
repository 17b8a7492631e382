#include "ops/commit.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/error.h"
#include "ops/revision.h"
#include "support/work_fixture.h"
#include "unit/repo/child_process.h"

using namespace store;
using namespace store::test;

namespace {

Commit read(const WorkFixture& fixture, const ObjectId& id) {
  return read_commit(fixture.open().objects(), id);
}

std::vector<OplogRecord> oplog(const WorkFixture& fixture) {
  std::vector<OplogRecord> records;
  fixture.open().refs().read_oplog([&](const OplogStep& step) { records.push_back(step.record); });
  return records;
}

CommitOptions with_message(const std::string& message) {
  CommitOptions options;
  options.message = message;
  return options;
}

}  // namespace

TEST_CASE("the first commit is a root commit of what is staged, on the branch of HEAD") {
  WorkFixture fixture;
  fixture.write("a", "content");
  fixture.write("d/b", noise(20'000, 1));
  fixture.make_symlink("d/link", "../a");
  fixture.add_all();
  const CommitResult result = fixture.commit("subject\n\nbody");
  CHECK(result.committed);
  CHECK(result.root);
  CHECK(result.parents.empty());
  CHECK(result.branch == "main");
  CHECK(result.subject == "subject");
  CHECK(result.changes.added == 3);
  CHECK(result.changes.modified == 0);
  CHECK(result.changes.deleted == 0);
  CHECK(result.totals.files == 2);
  CHECK(result.totals.directories == 1);
  CHECK(result.totals.symlinks == 1);
  CHECK(result.totals.bytes == 20'007);
  const Commit commit = read(fixture, result.id);
  CHECK(commit.tree == result.tree);
  CHECK(commit.message == "subject\n\nbody");
  CHECK(fixture.open().refs().head().commit == result.id);
  CHECK(fixture.status().staged.empty());
}

TEST_CASE("nothing to commit is told with the id of HEAD, and moves nothing") {
  WorkFixture fixture;
  fixture.write("a", "content");
  const CommitResult first = fixture.snapshot();
  const std::size_t records = oplog(fixture).size();
  const CommitResult again = fixture.commit("again");
  CHECK(!again.committed);
  CHECK(again.id == first.id);
  CHECK(again.tree == first.tree);
  CHECK(oplog(fixture).size() == records);
  CommitOptions skip = with_message("skip");
  skip.skip_if_unchanged = true;
  CHECK(!fixture.commit(skip).committed);
  // Times alone are no change.
  fixture.write("a", "content");
  CHECK(!fixture.snapshot("touched").committed);
  CHECK(fixture.open().refs().head().commit == first.id);
}

TEST_CASE("an empty tree before the first commit is nothing to commit, however often it is tried") {
  WorkFixture fixture;
  for (int i = 0; i < 2; ++i) {
    CHECK(!fixture.commit().committed);
    CHECK(!fixture.snapshot().committed);
    CommitOptions all = with_message("all");
    all.stage_all = true;
    CHECK(!fixture.commit(all).committed);
    CHECK(fixture.fsck().packs == 0);
  }
  fixture.write("a", "content");
  fixture.add_all();
  fixture.remove("a");
  fixture.add_all();
  CHECK(!fixture.commit().committed);
  CHECK(!fixture.open().refs().head().commit);
}

TEST_CASE("allow_empty commits the same tree again") {
  WorkFixture fixture;
  fixture.write("a", "content");
  const CommitResult first = fixture.snapshot();
  CommitOptions options = with_message("empty");
  options.allow_empty = true;
  const CommitResult second = fixture.commit(options);
  CHECK(second.committed);
  CHECK(second.tree == first.tree);
  CHECK(second.id != first.id);
  CHECK(second.parents == std::vector{first.id});
  CHECK(!second.root);
  CHECK(second.totals.new_chunks == 0);
  CHECK(second.changes.added + second.changes.modified + second.changes.deleted == 0);
}

TEST_CASE("allow_empty makes a first commit of an empty tree") {
  WorkFixture fixture;
  CommitOptions options = with_message("empty");
  options.allow_empty = true;
  const CommitResult result = fixture.commit(options);
  CHECK(result.committed);
  CHECK(result.root);
  CHECK(result.totals.files == 0);
  CHECK(describe(fixture.fsck()) == "");
}

TEST_CASE("trailing white space of a message goes, the rest stays byte for byte") {
  WorkFixture fixture;
  CommitOptions options;
  options.allow_empty = true;
  for (const auto& [given, kept] : {std::pair{"one\n\n\n", "one"}, std::pair{"two \t\r\n", "two"},
                                   std::pair{"\n  three\n  # four \n\nfive", "\n  three\n  # four \n\nfive"},
                                   std::pair{"gr\xc3\xbc\xc3\x9f dich", "gr\xc3\xbc\xc3\x9f dich"}}) {
    options.message = given;
    CHECK(read(fixture, fixture.commit(options).id).message == kept);
  }
}

TEST_CASE("an empty message and one that is not UTF-8 are refused before anything happens") {
  WorkFixture fixture;
  fixture.write("a", "content");
  fixture.add_all();
  for (const std::string message : {"", " \n\t\n", "\xff\xfe"}) {
    CHECK(kind_of([&] { fixture.commit(message); }) == ErrorKind::usage);
    CHECK(!fixture.open().refs().head().commit);
  }
}

TEST_CASE("the author is the option, else the configured user, else the default identity") {
  WorkFixture fixture;
  CommitOptions options = with_message("m");
  options.allow_empty = true;
  CHECK(read(fixture, fixture.commit(options).id).author == fixture.env.default_identity);
  fixture.settings.user.name = "Configured";
  CHECK(read(fixture, fixture.commit(options).id).author == Identity{"Configured", fixture.env.default_identity.email});
  fixture.settings.user.email = "c@example.org";
  CHECK(read(fixture, fixture.commit(options).id).author == Identity{"Configured", "c@example.org"});
  options.author = Identity{"Given <>%\n", "g@example.org"};
  CHECK(read(fixture, fixture.commit(options).id).author == *options.author);
}

TEST_CASE("the time is the option, else SOURCE_DATE_EPOCH in UTC, else now") {
  WorkFixture fixture;
  CommitOptions options = with_message("m");
  options.allow_empty = true;
  fixture.env.source_date_epoch = 12'345;
  fixture.env.now_seconds = 99'999;
  const Timestamp epoch = read(fixture, fixture.commit(options).id).time;
  CHECK(epoch.seconds == 12'345);
  CHECK(epoch == Timestamp{12'345, 0});
  options.date = Timestamp{77'777, 90};
  CHECK(read(fixture, fixture.commit(options).id).time == Timestamp{77'777, 90});
  options.date.reset();
  fixture.env.source_date_epoch.reset();
  CHECK(read(fixture, fixture.commit(options).id).time.seconds == 99'999);
}

TEST_CASE("meta values are recorded") {
  WorkFixture fixture;
  CommitOptions options = with_message("m");
  options.allow_empty = true;
  options.meta = {{"build", "42"}, {"a.b", "x y\n%"}};
  CHECK(read(fixture, fixture.commit(options).id).meta == options.meta);
}

TEST_CASE("the oplog tells the command, the time, the branch's move and the trees of the index") {
  WorkFixture fixture;
  fixture.write("a", "one");
  fixture.env.command = "store commit -m one";
  const CommitResult first = fixture.snapshot("one");
  fixture.write("a", "two!");
  fixture.env.command = "store commit -am two";
  fixture.env.now_seconds += 60;
  CommitOptions options = with_message("two");
  options.stage_tracked = true;
  const CommitResult second = fixture.commit(options);
  const std::vector<OplogRecord> records = oplog(fixture);
  REQUIRE(records.size() >= 2);
  const OplogRecord& one = records[records.size() - 2];
  const OplogRecord& two = records.back();
  CHECK(one.command == "store commit -m one");
  CHECK(one.changes == std::vector{RefChange{"refs/heads/main", std::nullopt, RefValue{first.id, {}}}});
  CHECK(one.index_before == first.tree);
  CHECK(one.index_after == first.tree);
  CHECK(!one.discarded);
  CHECK(two.command == "store commit -am two");
  CHECK(two.time.seconds == WorkFixture::k_now + 60);
  CHECK(two.changes == std::vector{RefChange{"refs/heads/main", RefValue{first.id, {}}, RefValue{second.id, {}}}});
  // The index as it was before the command staged anything.
  CHECK(two.index_before == first.tree);
  CHECK(two.index_after == second.tree);
  CHECK(fixture.open().objects().contains({ObjectType::tree, *two.index_before}));
}

TEST_CASE("-a stages what is tracked, changes and deletions; -A what is untracked too") {
  WorkFixture fixture;
  fixture.write("changed", "1");
  fixture.write("deleted", "1");
  fixture.snapshot();
  fixture.write("changed", "22");
  fixture.remove("deleted");
  fixture.write("untracked", "1");
  CommitOptions options = with_message("tracked");
  options.stage_tracked = true;
  const CommitResult tracked = fixture.commit(options);
  CHECK(tracked.changes.modified == 1);
  CHECK(tracked.changes.deleted == 1);
  CHECK(tracked.changes.added == 0);
  CHECK(tracked.totals.files == 1);
  CHECK(!fixture.staged("untracked"));
  options.stage_all = true;
  const CommitResult all = fixture.commit(options);
  CHECK(all.changes.added == 1);
  CHECK(all.totals.files == 2);
}

TEST_CASE("new figures of a commit are what no earlier commit holds, merging or not") {
  WorkFixture fixture;
  const std::string shared = noise(50'000, 1);
  fixture.write("shared", shared);
  fixture.write("one", noise(1000, 2));
  const CommitResult first = fixture.snapshot();
  CHECK(first.totals.new_bytes == shared.size() + 1000);
  CHECK(first.totals.new_chunks == first.totals.chunks);
  CHECK(first.totals.stored_bytes > first.totals.new_bytes);
  fixture.write("copy", shared);
  const CommitResult copied = fixture.snapshot();
  CHECK(copied.totals.new_chunks == 0);
  CHECK(copied.totals.new_bytes == 0);
  CHECK(copied.totals.stored_bytes > 0);
  // Two adds before one commit count both; and merges in between (8 packs and more) count nothing.
  for (std::uint64_t i = 0; i < 20; ++i) {
    CAPTURE(i);
    fixture.write("x", noise(500 + i, 100 + i));
    fixture.add_all();
    fixture.write("y", noise(700 + i, 200 + i));
    const CommitResult result = fixture.snapshot();
    CHECK(result.totals.new_chunks == 2);
    CHECK(result.totals.new_bytes == 1200 + 2 * i);
    CHECK(result.totals.stored_bytes < 10'000);
  }
}

TEST_CASE("many commits keep few packs and rewrite little") {
  WorkFixture fixture;
  constexpr int k_commits = 150;
  constexpr std::size_t k_few_packs = 32;
  constexpr std::uint64_t k_rewritten_per_new_byte = 4;
  std::uint64_t new_bytes = 0;
  std::uint64_t merged_bytes = 0;
  for (int i = 0; i < k_commits; ++i) {
    fixture.write(fmt::format("d{}/f{}", i % 5, i), noise(3000, static_cast<std::uint64_t>(i)));
    const CommitResult result = fixture.snapshot();
    REQUIRE(result.committed);
    new_bytes += result.totals.stored_bytes;
    merged_bytes += result.merged_bytes;
    REQUIRE(fixture.packs().size() <= k_few_packs);
  }
  CHECK(merged_bytes > 0);
  CHECK(merged_bytes <= k_rewritten_per_new_byte * new_bytes);
  CHECK(describe(fixture.fsck()) == "");
}

TEST_CASE("without auto_merge no pack is rewritten") {
  WorkFixture fixture;
  fixture.settings.core.auto_merge = false;
  for (int i = 0; i < 12; ++i) {
    fixture.write("f", noise(3000, static_cast<std::uint64_t>(i)));
    CHECK(fixture.snapshot().merged_bytes == 0);
  }
  CHECK(fixture.packs().size() == 24);
}

TEST_CASE("a commit after one change in a thousand directories writes as many trees as it is deep") {
  WorkFixture fixture;
  for (int i = 0; i < 1000; ++i) fixture.write(fmt::format("a/b{}/c{}/f", i / 100, i), fmt::format("{}", i));
  fixture.settle();
  fixture.snapshot();
  const std::size_t trees = fixture.count_objects(ObjectType::tree);
  fixture.write("a/b5/c555/f", "changed");
  const CommitResult result = fixture.snapshot();
  CHECK(result.committed);
  // c555, b5, a and the root; directories of 100 names may have an upper node.
  const std::size_t written = fixture.count_objects(ObjectType::tree) - trees;
  CHECK(written >= 4);
  CHECK(written <= 8);
  CHECK(result.changes.modified == 1);
  CHECK(result.totals.files == 1000);
}

TEST_CASE("a bare repository has nothing to commit from") {
  WorkFixture fixture;
  create_repository(*fixture.env.fs, fixture.scratch().path("bare"), "", "main");
  Workspace workspace(fixture.env, fixture.settings, fixture.scratch().path("bare"));
  CHECK(kind_of([&] { store::commit(workspace, with_message("m")); }) == ErrorKind::no_worktree);
  CHECK(kind_of([&] { store::add(workspace, {}); }) == ErrorKind::no_worktree);
}

TEST_CASE("a commit on a detached HEAD moves HEAD and no branch") {
  WorkFixture fixture;
  fixture.write("a", "1");
  const CommitResult first = fixture.snapshot();
  {
    OplogRecord record;
    record.changes = {{"HEAD", RefValue{std::nullopt, "refs/heads/main"}, RefValue{first.id, {}}}};
    fixture.open().refs().update(record, {});
  }
  fixture.write("a", "22");
  const CommitResult second = fixture.snapshot();
  CHECK(second.branch.empty());
  CHECK(second.parents == std::vector{first.id});
  const RefStore::Head head = fixture.open().refs().head();
  CHECK(head.branch.empty());
  CHECK(head.commit == second.id);
  CHECK(fixture.open().refs().read("refs/heads/main")->id == first.id);
}
