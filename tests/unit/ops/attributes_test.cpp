#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>

#include "base/path.h"
#include "ops/attributes_reader.h"
#include "ops/reachability.h"
#include "ops/revision.h"
#include "ops/tree_reader.h"
#include "repo/node_cursor.h"
#include "support/work_fixture.h"

using namespace store;
using namespace store::test;

namespace {

/// A working tree whose attributes are set, and those that its commits recorded.
struct AttributesFixture : WorkFixture {
  Commit read(const ObjectId& id) const { return read_commit(open().objects(), id); }

  Attributes of(const ObjectId& commit_id, const std::string& name) const {
    const Workspace workspace = open();
    const Commit commit = read_commit(workspace.objects(), commit_id);
    REQUIRE(commit.attributes);
    const Attributes root = read_root_attributes(workspace.objects(), *commit.attributes);
    if (name.empty()) return root;
    AttributesReader reader(workspace.objects(), commit.tree, *root.directory,
                            [](const std::string&, const Error& error) { throw error; });
    const std::optional<Attributes> found = reader.at(name);
    REQUIRE(found);
    return *found;
  }

  void set_mtime(const std::string& name, std::int64_t seconds, long ns) const {
    const struct timespec times[2] = {{seconds, ns}, {seconds, ns}};
    REQUIRE(::utimensat(AT_FDCWD, path(name).c_str(), times, AT_SYMLINK_NOFOLLOW) == 0);
  }
  void set_xattr(const std::string& name, const std::string& key, const std::string& value) const {
    REQUIRE(::lsetxattr(path(name).c_str(), key.c_str(), value.data(), value.size(), 0) == 0);
  }
  void link(const std::string& from, const std::string& to) const {
    REQUIRE(::link(path(from).c_str(), path(to).c_str()) == 0);
  }
  CommitResult record(const std::string& message = "again") const {
    add_all();
    CommitOptions options;
    options.message = message;
    options.allow_empty = true;
    return commit(options);
  }
};

/// A repository that lost one object.
class Without final : public ObjectReader {
 public:
  Without(const ObjectReader& objects, const ObjectKey& missing) : objects_(objects), missing_(missing) {}
  std::optional<ObjectLocation> find(const ObjectKey& key) const override {
    return key == missing_ ? std::nullopt : objects_.find(key);
  }
  std::shared_ptr<const DecodedBlock> read_block(const ObjectKey& key, ObjectLocation& location) const override {
    return objects_.read_block(key, location);
  }

 private:
  const ObjectReader& objects_;
  ObjectKey missing_;
};

bool can_have_user_xattrs(const std::string& path) {
  return ::setxattr(path.c_str(), "user.probe", "", 0, 0) == 0 && ::removexattr(path.c_str(), "user.probe") == 0;
}

std::vector<std::size_t> shape_of(const ObjectReader& objects, const ObjectKey& root) {
  std::vector<std::size_t> sizes;
  const Bytes bytes = objects.read(root);
  const Node node = decode_node(root.type, bytes);
  sizes.push_back(node.entries.size());
  if (node.level == 0) return sizes;
  for (const ByteView entry : node.entries) {
    const std::vector<std::size_t> below = shape_of(objects, {root.type, decode_upper_entry(root.type, entry).id});
    sizes.insert(sizes.end(), below.begin(), below.end());
  }
  return sizes;
}

}  // namespace

TEST_CASE("times and owners of files, directories and links are recorded to the nanosecond") {
  AttributesFixture fixture;
  fixture.write("d/f", "content");
  fixture.make_symlink("d/l", "f");
  REQUIRE(::mkfifo(fixture.path("p").c_str(), 0600) == 0);
  fixture.set_mtime("d/f", 1'000'000'001, 123'456'789);
  fixture.set_mtime("d/l", -5, 1);
  fixture.set_mtime("p", 7, 8);
  fixture.set_mtime("d", 1'600'000'000, 999'999'999);
  const ObjectId commit = fixture.snapshot().id;
  CHECK(fixture.of(commit, "d/f").mtime == Attributes::Time{1'000'000'001, 123'456'789});
  CHECK(fixture.of(commit, "d/l").mtime == Attributes::Time{-5, 1});
  CHECK(fixture.of(commit, "p").mtime == Attributes::Time{7, 8});
  CHECK(fixture.of(commit, "d").mtime == Attributes::Time{1'600'000'000, 999'999'999});
  REQUIRE(fixture.of(commit, "d/f").owner);
  CHECK(fixture.of(commit, "d/f").owner->uid == ::geteuid());
  CHECK(fixture.of(commit, "").owner->uid == ::geteuid());
  struct stat root;
  REQUIRE(::stat(fixture.path().c_str(), &root) == 0);
  CHECK(fixture.of(commit, "").mode == (root.st_mode & 07777));
  CHECK(fixture.fsck().problems.empty());
}

TEST_CASE("extended attributes up to 256 bytes are in the entry, larger ones are chunks") {
  AttributesFixture fixture;
  fixture.write("f", "content");
  if (!can_have_user_xattrs(fixture.path("f"))) return;
  const std::string large(257, 'x');
  fixture.set_xattr("f", "user.a", std::string("\0\xff", 2));
  fixture.set_xattr("f", "user.b", std::string(256, 'y'));
  fixture.set_xattr("f", "user.c", large);
  fixture.set_xattr("f", "user.d", "");
  const ObjectId commit = fixture.snapshot().id;
  const std::vector<Xattr> xattrs = fixture.of(commit, "f").xattrs;
  REQUIRE(xattrs.size() == 4);
  CHECK(as_text(xattrs[0].value) == std::string_view("\0\xff", 2));
  CHECK(xattrs[1].value.size() == 256);
  REQUIRE(xattrs[2].chunk);
  CHECK(as_text(fixture.open().objects().read({ObjectType::chunk, *xattrs[2].chunk})) == large);
  CHECK(xattrs[3].value.empty());
}

TEST_CASE("attributes alone make no commit, and the next one records them") {
  AttributesFixture fixture;
  fixture.write("d/f", "content");
  fixture.settle();
  const ObjectId first = fixture.snapshot().id;
  fixture.set_mtime("d/f", 1'000, 5);
  fixture.add_all();
  CHECK_FALSE(fixture.commit("nothing").committed);
  fixture.write("other", "more");
  const ObjectId second = fixture.snapshot().id;
  CHECK(fixture.of(second, "d/f").mtime == Attributes::Time{1'000, 5});
  CHECK(fixture.of(first, "d/f").mtime != Attributes::Time{1'000, 5});
  CHECK(fixture.status().unstaged.empty());
}

TEST_CASE("a file that status has looked at meanwhile still has its new attributes recorded by the next add") {
  AttributesFixture fixture;
  fixture.write("f", "content");
  fixture.settle();
  fixture.snapshot();
  fixture.set_mtime("f", 1'000, 5);
  fixture.settle();
  CHECK(fixture.status().unstaged.empty());
  CHECK(fixture.staged("f")->stat.mtime_ns == 1'000'000'000'005);
  const AddResult added = fixture.add_all();
  CHECK(added.totals.cache_hits == 1);  // not read once more
  CHECK(fixture.of(fixture.record().id, "f").mtime == Attributes::Time{1'000, 5});
}

TEST_CASE("directories below which nothing changed keep their attributes, and the tree is the same whatever the attributes are") {
  AttributesFixture fixture;
  fixture.write("a/x/f", "one");
  fixture.write("b/y/g", "two");
  fixture.settle();
  const ObjectId first = fixture.snapshot().id;
  fixture.set_mtime("b/y/g", 1'000, 5);
  const ObjectId second = fixture.record().id;
  CHECK(fixture.read(first).tree == fixture.read(second).tree);
  CHECK(fixture.read(first).attributes != fixture.read(second).attributes);
  CHECK(fixture.of(first, "a").directory == fixture.of(second, "a").directory);
  CHECK(fixture.of(first, "b").directory != fixture.of(second, "b").directory);
  CHECK(fixture.of(first, "b/y").directory != fixture.of(second, "b/y").directory);
  const ObjectId third = fixture.record().id;
  CHECK(fixture.read(third).attributes == fixture.read(second).attributes);
}

TEST_CASE("attributes are cut exactly as their tree") {
  AttributesFixture fixture;
  for (int i = 0; i < 1500; ++i) fixture.write(fmt::format("d/{}", i * 7919), "x");
  const ObjectId commit = fixture.snapshot().id;
  const Workspace workspace = fixture.open();
  const std::optional<TreeEntry> tree = find_entry(workspace.objects(), fixture.read(commit).tree, "d");
  REQUIRE(tree);
  const std::vector<std::size_t> shape = shape_of(workspace.objects(), {ObjectType::tree, tree->id});
  CHECK(shape.size() > 5);
  CHECK(shape == shape_of(workspace.objects(), {ObjectType::attributes, *fixture.of(commit, "d").directory}));
  // One that is far from the one before is found by a search in the nodes.
  CHECK(fixture.of(commit, "d/9993778").mtime);
  AttributesReader reader(workspace.objects(), fixture.read(commit).tree, *fixture.of(commit, "").directory,
                          [](const std::string&, const Error& error) { throw error; });
  CHECK(reader.at("d/0"));
  CHECK_FALSE(reader.at("d/1"));
  CHECK(reader.at("d/7919"));
  CHECK(reader.at("d/9993778"));
  CHECK_FALSE(reader.at("e"));
}

TEST_CASE("attributes of changes made step by step are those of the whole made at once") {
  AttributesFixture fixture;
  testing::SplitMix64 random(7);
  for (int i = 0; i < 60; ++i) fixture.write(fmt::format("d{}/e{}/f{}", i % 5, i % 3, i), fmt::format("{}", i % 20));
  fixture.snapshot();
  for (int round = 0; round < 12; ++round) {
    const auto any = [&] {
      const auto i = static_cast<int>(random.between(0, 59));
      return fmt::format("d{}/e{}/f{}", i % 5, i % 3, i);
    };
    for (int change = 0; change < 4; ++change) {
      const std::string name = any(), other = any();
      const bool there = ::access(fixture.path(name).c_str(), F_OK) == 0;
      switch (random.between(0, 4)) {
        case 0: fixture.write(name, fmt::format("{}", random.between(0, 9))); break;
        case 1: if (there) fixture.remove(name); break;
        case 2: if (there) fixture.set_mtime(name, static_cast<std::int64_t>(random.between(1, 9)), 3); break;
        case 3: if (there) ::link(fixture.path(name).c_str(), fixture.path(other).c_str()); break;
        default: if (there) fixture.chmod(name, 0600); break;
      }
    }
    if (random.between(0, 1) == 0) fixture.status();
    const Commit commit = fixture.read(fixture.record().id);
    const ObjectId step_by_step = *fixture.of(commit_id(encode_commit(commit)), "").directory;
    // The same working tree, seen by a repository that knows nothing of it.
    const std::string kept = fixture.scratch().path("kept");
    std::filesystem::rename(fixture.repository_path(), kept);
    fixture.start_over();
    const ObjectId at_once = fixture.snapshot().id;
    CHECK(fixture.read(at_once).tree == commit.tree);
    CHECK(*fixture.of(at_once, "").directory == step_by_step);
    fixture.remove(".store");
    std::filesystem::rename(kept, fixture.repository_path());
  }
}

TEST_CASE("hard links name the first of their group in tree order, whatever order they were made in") {
  AttributesFixture fixture;
  fixture.write("m/f", "content");
  fixture.link("m/f", "z");
  fixture.write("alone", "content");
  const ObjectId first = fixture.snapshot().id;
  CHECK_FALSE(fixture.of(first, "m/f").link);
  CHECK(fixture.of(first, "z").link == "m/f");
  CHECK_FALSE(fixture.of(first, "alone").link);

  fixture.link("z", "b");
  const ObjectId second = fixture.snapshot().id;
  CHECK_FALSE(fixture.of(second, "b").link);
  CHECK(fixture.of(second, "m/f").link == "b");
  CHECK(fixture.of(second, "z").link == "b");

  fixture.remove("b");
  fixture.remove("m/f");
  const ObjectId third = fixture.snapshot().id;
  CHECK_FALSE(fixture.of(third, "z").link);
}

TEST_CASE("a name of a linked file that was staged with other content is no link of it") {
  AttributesFixture fixture;
  fixture.write("a", "one");
  fixture.link("a", "b");
  fixture.add_paths({"a"});
  fixture.append("b", "more");
  fixture.add_paths({"b"});
  const ObjectId commit = fixture.commit().id;
  CHECK_FALSE(fixture.of(commit, "a").link);
  CHECK_FALSE(fixture.of(commit, "b").link);
}

TEST_CASE("a file is sparse if there is a hole before its end") {
  AttributesFixture fixture;
  write_sparse(fixture.path("holes"), 1u << 20, {{0, "begin"}});
  write_sparse(fixture.path("small"), 16384, {{0, "begin"}});
  fixture.write("zeros", std::string(1u << 20, '\0'));
  const ObjectId commit = fixture.snapshot().id;
  CHECK(fixture.of(commit, "holes").sparse);
  CHECK(fixture.of(commit, "small").sparse);
  CHECK_FALSE(fixture.of(commit, "zeros").sparse);
}

TEST_CASE("each of metadata.* switches its attributes off, and all of them the object") {
  AttributesFixture fixture;
  fixture.write("a", "content");
  fixture.link("a", "b");
  const bool xattrs = can_have_user_xattrs(fixture.path("a"));
  if (xattrs) fixture.set_xattr("a", "user.x", "value");
  const auto recorded = [&](bool MetadataSettings::* off) {
    fixture.settings.metadata = {};
    fixture.settings.metadata.*off = false;
    return fixture.of(fixture.record().id, "b");
  };
  CHECK_FALSE(recorded(&MetadataSettings::times).mtime);
  CHECK_FALSE(recorded(&MetadataSettings::owners).owner);
  CHECK(recorded(&MetadataSettings::xattrs).xattrs.empty());
  CHECK_FALSE(recorded(&MetadataSettings::hardlinks).link);
  const Attributes without_acls = recorded(&MetadataSettings::acls);
  CHECK(without_acls.mtime);
  CHECK(without_acls.owner);
  CHECK(without_acls.xattrs.size() == (xattrs ? 1 : 0));
  CHECK(without_acls.link == "a");
  fixture.settings.metadata = {.times = false, .owners = false, .xattrs = false, .acls = false, .hardlinks = false};
  CHECK_FALSE(fixture.read(fixture.record().id).attributes);
  // What was not looked at then is captured as soon as it is wanted, without reading.
  fixture.settings.metadata = {};
  fixture.write("c", "new");
  fixture.settings.metadata.times = false;
  fixture.settle();
  fixture.add_all();
  fixture.settings.metadata = {};
  fixture.settle();
  CHECK(fixture.add_all().totals.cache_hits == 3);
  CHECK(fixture.of(fixture.record().id, "c").mtime);
}

TEST_CASE("SOURCE_DATE_EPOCH is the latest time that is recorded") {
  AttributesFixture fixture;
  fixture.write("early", "1");
  fixture.write("late", "2");
  fixture.set_mtime("early", 999, 5);
  fixture.set_mtime("late", 1'000, 1);
  const ObjectId as_they_are = fixture.snapshot().id;
  CHECK(fixture.of(as_they_are, "late").mtime == Attributes::Time{1'000, 1});
  fixture.env.source_date_epoch = 1'000;
  const ObjectId clamped = fixture.record().id;
  CHECK(fixture.of(clamped, "early").mtime == Attributes::Time{999, 5});
  CHECK(fixture.of(clamped, "late").mtime == Attributes::Time{1'000, 0});
  CHECK(fixture.of(clamped, "").mtime == Attributes::Time{1'000, 0});
  fixture.env.source_date_epoch.reset();
  CHECK(fixture.of(fixture.record().id, "late").mtime == Attributes::Time{1'000, 1});
}

TEST_CASE("fsck names the paths whose attributes or extended attributes are lost") {
  AttributesFixture fixture;
  fixture.write("d/f", "content");
  if (!can_have_user_xattrs(fixture.path("d/f"))) return;
  fixture.set_xattr("d/f", "user.large", noise(4000, 1));
  const ObjectId commit = fixture.snapshot().id;
  const ObjectId value = *fixture.of(commit, "d/f").xattrs.front().chunk;
  const ObjectId node = *fixture.of(commit, "d").directory;
  const Workspace workspace = fixture.open();
  const auto lost = [&](const ObjectKey& missing) {
    const Without objects(workspace.objects(), missing);
    Reachability reach(objects, [](const ObjectKey&) { return false; }, [] { return false; });
    const Commit read = fixture.read(commit);
    std::vector<std::string> paths;
    for (const Reachability::Need& need : reach.attributes(*read.attributes, read.tree)) paths.push_back(need.path);
    return paths;
  };
  CHECK(lost({ObjectType::chunk, value}) == std::vector<std::string>{"d/f"});
  CHECK(lost({ObjectType::attributes, node}) == std::vector<std::string>{"d"});
}
