#include "ops/repair.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "ops/cat.h"
#include "ops/checkout.h"
#include "ops/checkout_plan.h"
#include "ops/revision.h"
#include "ops/tree_reader.h"
#include "support/work_fixture.h"
#include "unit/repo/child_process.h"

using namespace store;
using namespace store::test;

namespace {

/// Two commits and something that is staged only.
class Repairing : public WorkFixture {
 public:
  Repairing() {
    settings.core.auto_merge = false;
    write("a", "1");
    snapshot("before");  // so that no block has this and the large file
    write("d/large", noise(20'000, 1));
    make_symlink("link", "d/large");
    settle();
    first = snapshot("one");
    write("a", "22");
    write("e/new", noise(6'000, 2));
    settle();
    second = snapshot("two");
    write("staged only", "33");
    add_all();
  }

  RepairResult repair() const {
    Workspace workspace = open();
    return store::repair(workspace, {}, "");
  }
  std::string bytes(const std::string& name) const { return scratch().read("work/.store/" + name); }
  void put(const std::string& name, std::string_view content) const { scratch().write("work/.store/" + name, content); }
  void damage(const std::string& name, std::size_t at) const {
    std::string content = bytes(name);
    content.at(at) = static_cast<char>(content.at(at) ^ 0x20);
    put(name, content);
  }
  std::string pack_with(const std::string& content) const {
    for (const auto& [name, bytes_of_it] : packs())
      if (bytes_of_it.find(content) != std::string::npos) return "packs/" + name;
    FAIL("no pack has it");
    return {};
  }
  std::vector<std::string> quarantined() const {
    std::vector<std::string> names;
    if (!std::filesystem::exists(path(".store/quarantine"))) return names;
    for (const auto& entry : std::filesystem::directory_iterator(path(".store/quarantine"))) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }
  std::string read(const ObjectId& commit, const std::string& name) const {
    Workspace workspace = open();
    const std::optional<TreeEntry> entry = entry_at(workspace.objects(), read_commit(workspace.objects(), commit).tree, name);
    REQUIRE(entry);
    std::string content;
    cat(workspace, *entry, name, std::nullopt, [&](ByteView piece) { content += as_text(piece); });
    return content;
  }
  std::optional<ObjectId> head() const { return open().refs().head().commit; }

  CommitResult first, second;
};

using Names = std::vector<std::string>;

/// Repairs, and says what is left.
std::string left_by(const Repairing& fixture) { return describe(fixture.repair().left); }

}  // namespace

TEST_CASE("a sound repository is left alone by repair") {
  const Repairing fixture;
  const auto before = fixture.packs();
  const std::string catalog = fixture.bytes("catalog");
  const RepairResult result = fixture.repair();
  CHECK(describe(result.left) == "");
  CHECK(result.repaired.empty());
  CHECK(fixture.packs() == before);
  CHECK(fixture.bytes("catalog") == catalog);
  CHECK(fixture.quarantined().empty());
  CHECK(std::filesystem::is_empty(fixture.path(".store/sessions")));
}

TEST_CASE("what a damaged pack still has is in a new one after a repair, and the rest comes from the working tree") {
  const Repairing fixture;
  const std::string content = noise(20'000, 1);
  const std::string pack = fixture.pack_with(content.substr(0, 1000));
  const std::size_t at = fixture.bytes(pack).find(content.substr(0, 1000));
  fixture.damage(pack, at + 500);
  const std::string damaged = fixture.bytes(pack);
  const RepairResult result = fixture.repair();
  CHECK(describe(result.left) == "");
  CHECK(describe(fixture.fsck()) == "");
  CHECK(fixture.read(fixture.second.id, "d/large") == content);
  CHECK(fixture.read(fixture.first.id, "a") == "1");
  CHECK(fixture.quarantined() == Names{pack.substr(6)});
  CHECK(fixture.bytes("quarantine/" + pack.substr(6)) == damaged);
  CHECK(!fixture.packs().contains(pack.substr(6)));
  CHECK(fixture.repair().repaired.empty());
}

TEST_CASE("content that is in another place of another file by now is found all the same") {
  const Repairing fixture;
  const std::string content = noise(20'000, 1);
  fixture.damage(fixture.pack_with(content.substr(0, 1000)), 300);
  fixture.remove("d/large");
  fixture.write("elsewhere/copy", content + noise(5'000, 9));
  fixture.repair();
  fixture.write("elsewhere/copy", content);
  CHECK(left_by(fixture) == "");
  CHECK(fixture.read(fixture.first.id, "d/large") == content);
}

TEST_CASE("content that is nowhere else is named with its path and commits, and all others come out") {
  const Repairing fixture;
  const std::string content = noise(20'000, 1);
  const std::string pack = fixture.pack_with(content.substr(0, 1000));
  fixture.damage(pack, fixture.bytes(pack).find(content.substr(0, 1000)) + 500);
  fixture.write("d/large", noise(20'000, 77));
  const RepairResult result = fixture.repair();
  REQUIRE(!result.left.problems.empty());
  for (const FsckProblem& problem : result.left.problems) {
    CHECK(problem.kind == "missing_object");
    CHECK(problem.paths == Names{"d/large"});
    CHECK(problem.commits.size() == 2);
  }
  CHECK(describe(fixture.fsck()) == describe(result.left));
  CHECK(fixture.read(fixture.second.id, "e/new") == noise(6'000, 2));
  CHECK(fixture.read(fixture.second.id, "a") == "22");
  fixture.write("d/large", content);
  CHECK(left_by(fixture) == "");
}

TEST_CASE("a pack that is gone is no longer counted on, and taken back when it comes back") {
  const Repairing fixture;
  for (const auto& pack : fixture.packs()) {
    const std::string& name = pack.first;
    CAPTURE(name);
    fixture.remove(".store/packs/" + name);
    const RepairResult result = fixture.repair();
    for (const FsckProblem& problem : result.left.problems) CHECK(problem.kind == "missing_object");
    CHECK(describe(fixture.fsck()) == describe(result.left));
    fixture.put("packs/" + name, pack.second);
    CHECK(left_by(fixture) == "");
    CHECK(describe(fixture.fsck()) == "");
  }
  CHECK(fixture.quarantined().empty());
}

TEST_CASE("trees, recipes and attributes that are gone are made again from the index and the files") {
  const Repairing fixture;
  const ObjectLocation commit = *fixture.open().objects().find({ObjectType::commit, fixture.second.id});
  for (const auto& [name, content] : fixture.packs())
    if (name != commit.pack.hex() + ".pack") fixture.remove(".store/packs/" + name);
  const RepairResult result = fixture.repair();
  // A commit is in nobody's files.
  for (const FsckProblem& problem : result.left.problems) CHECK(problem.object == fixture.first.id);
  CHECK(fixture.read(fixture.second.id, "d/large") == noise(20'000, 1));
  CHECK(fixture.read(fixture.second.id, "e/new") == noise(6'000, 2));
  CHECK(fixture.read(fixture.second.id, "link") == "d/large");
  CheckoutOptions options;
  Workspace workspace = fixture.open();
  options.revision = resolve_revision(workspace, fixture.second.id.hex());
  options.out = fixture.scratch().path("out");
  CHECK(checkout(workspace, options).failed.empty());
}

TEST_CASE("a damaged catalog is made anew from the packs, wherever the damage is") {
  const Repairing fixture;
  const std::string catalog = fixture.bytes("catalog");
  for (std::size_t at = 0; at < catalog.size(); at += 7) {
    CAPTURE(at);
    fixture.put("catalog", catalog);
    fixture.damage("catalog", at);
    CHECK(left_by(fixture) == "");
    CHECK(fixture.read(fixture.second.id, "d/large") == noise(20'000, 1));
    fixture.put("catalog", catalog.substr(0, at));
    CHECK(left_by(fixture) == "");
  }
  CHECK(describe(fixture.fsck()) == "");
}

TEST_CASE("refs and oplog are mended from each other") {
  const Repairing fixture;
  const auto is_as_before = [&] {
    CHECK(left_by(fixture) == "");
    CHECK(fixture.head() == fixture.second.id);
    CHECK(fixture.open().refs().head().branch == "refs/heads/main");
    CHECK(describe(fixture.fsck()) == "");
  };
  SUBCASE("a ref that is damaged, lost or rolled back is what the oplog says") {
    const std::string now = fixture.bytes("refs/heads/main");
    fixture.damage("refs/heads/main", 30);
    is_as_before();
    CHECK(fixture.quarantined() == Names{"refs~heads~main"});
    fixture.remove(".store/refs/heads/main");
    is_as_before();
    const Repairing older;
    fixture.put("refs/heads/main", as_text(encode_ref("refs/heads/main", RefValue{.id = fixture.first.id, .branch = {}})));
    is_as_before();
    CHECK(fixture.bytes("refs/heads/main") == now);
  }
  SUBCASE("HEAD that no record tells of is on the branch that was committed to") {
    fixture.remove(".store/HEAD");
    is_as_before();
    fixture.damage("HEAD", 3);
    is_as_before();
  }
  SUBCASE("an oplog that lost records believes the refs") {
    const std::string oplog = fixture.bytes("oplog");
    for (std::size_t at = 0; at < oplog.size(); at += 5) {
      CAPTURE(at);
      fixture.damage("oplog", at);
      is_as_before();
      fixture.put("oplog", oplog.substr(0, at));
      is_as_before();
      fixture.put("oplog", oplog);
    }
    fixture.remove(".store/oplog");
    is_as_before();
  }
  SUBCASE("an oplog that lost its end, and every trace of it, believes what descends from what it knows") {
    std::string oplog = fixture.bytes("oplog");
    bool torn = false;
    const std::size_t size = next_oplog_record(as_bytes(oplog).subspan(k_oplog_header_size), k_oplog_header_size, torn)->size;
    fixture.put("oplog", oplog.substr(0, k_oplog_header_size + size));
    fixture.remove(".store/oplog.done");
    is_as_before();
  }
}

TEST_CASE("a move of refs that never happened is not made to happen by a repair") {
  const Repairing fixture;
  const std::string ref = fixture.bytes("refs/heads/main");
  const std::string mark = fixture.bytes("oplog.done");
  fixture.write("a", "333");
  fixture.snapshot("three");
  fixture.put("refs/heads/main", ref);
  fixture.put("oplog.done", mark);
  CHECK(left_by(fixture) == "");
  CHECK(fixture.head() == fixture.second.id);
}

TEST_CASE("a damaged index never stages what undoes a commit, and files are looked at again") {
  const Repairing fixture;
  const std::string log = fixture.bytes("index.log");
  CHECK(lines_of(fixture.status()) == Names{"A  staged only"});
  for (std::size_t at = 0; at < log.size(); at += 11) {
    CAPTURE(at);
    for (const bool cut : {false, true}) {
      if (cut) fixture.put("index.log", log.substr(0, at));
      else fixture.damage("index.log", at);
      fixture.remove(".store/index.base");
      const RepairResult result = fixture.repair();
      CHECK(describe(result.left) == "");
      const Names status = lines_of(fixture.status());
      CAPTURE(cut);
      // A log that was cut between two batches is an older one, and sound.
      CHECK((result.repaired.empty() || status.empty() || status == Names{"A  staged only"} || status == Names{"?? staged only"}));
      fixture.remove(".store/index.base");
      fixture.put("index.log", log);
    }
  }
}

TEST_CASE("an index whose base is damaged is as the last commit, with what was staged since") {
  const Repairing fixture;
  fixture.put("index.base", "nothing that could be read");
  CHECK(left_by(fixture) == "");
  CHECK(lines_of(fixture.status()) == Names{"A  staged only"});
  CHECK(fixture.quarantined() == Names{"index.base", "index.log"});
}

TEST_CASE("a damaged table is told by fsck, and made anew by repair") {
  const Repairing fixture;
  for (int i = 0; i < 4; ++i) {
    fixture.write("a", std::string(1, static_cast<char>('a' + i)));
    fixture.snapshot();
  }
  const auto tables = [&] {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(fixture.path(".store/tables")))
      names.push_back("tables/" + entry.path().filename().string());
    return names;
  };
  REQUIRE(tables().size() == 1);
  const std::string table = tables().front();
  const std::string content = fixture.bytes(table);
  for (std::size_t at = 0; at < content.size(); at += 101) {
    CAPTURE(at);
    fixture.damage(table, at);
    const FsckResult found = fixture.fsck();
    REQUIRE(found.problems.size() == 1);
    CHECK(found.problems.front().kind == "table");
    fixture.put(table, content);
  }
  fixture.damage(table, content.size() / 2);
  CHECK(left_by(fixture) == "");
  CHECK(tables().size() == 1);
  CHECK(fixture.quarantined().size() == 1);
  CHECK(describe(fixture.fsck()) == "");
}

TEST_CASE("everything is mended at once, and nothing that was there is gone") {
  const Repairing fixture;
  for (const std::string name : {"catalog", "refs/heads/main", "HEAD", "index.log"}) fixture.damage(name, fixture.bytes(name).size() / 2);
  const std::size_t packs = fixture.packs().size();
  for (const auto& [name, content] : fixture.packs()) fixture.damage("packs/" + name, content.size() - 1);
  CHECK(left_by(fixture) == "");
  CHECK(describe(fixture.fsck()) == "");
  CHECK(fixture.head() == fixture.second.id);
  CHECK(fixture.read(fixture.first.id, "a") == "1");
  CHECK(fixture.quarantined().size() == 4 + packs);
}
