#include "ops/fsck.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>

#include "base/error.h"
#include "support/work_fixture.h"
#include "unit/repo/child_process.h"

using namespace store;
using namespace store::test;

namespace {

/// A small repository: two commits, and something that is staged only.
void fill(const WorkFixture& fixture) {
  fixture.write("a", "1");
  fixture.write("d/large", noise(20'000, 1));
  fixture.write("text", std::string(9000, 't'));
  fixture.settle();
  fixture.snapshot("one");
  fixture.write("a", "22");
  fixture.snapshot("two");
  fixture.write("staged only", "33");
  fixture.add_all();
}

/// One byte of a file with a bit turned, put back at the end.
class Flip {
 public:
  Flip(std::string path, std::size_t offset) : path_(std::move(path)), offset_(offset) {
    std::fstream file = open();
    file.seekg(static_cast<std::streamoff>(offset_));
    file.get(before_);
    put(file, static_cast<char>(before_ ^ 0x10));
  }
  ~Flip() {
    std::fstream file = open();
    put(file, before_);
  }
  Flip(const Flip&) = delete;
  Flip& operator=(const Flip&) = delete;

 private:
  std::fstream open() const { return std::fstream(path_, std::ios::binary | std::ios::in | std::ios::out); }
  void put(std::fstream& file, char value) const {
    file.seekp(static_cast<std::streamoff>(offset_));
    file.put(value);
    if (!file) throw std::runtime_error(path_);
  }
  std::string path_;
  std::size_t offset_;
  char before_ = 0;
};

/// Flips bytes of one file of the repository, one after the other, and collects the kinds of problems that fsck finds;
/// "" where it finds nothing. The catalog is put back each time: fsck marks damaged packs in it.
std::set<std::string> kinds_found(const WorkFixture& fixture, const std::string& name, std::size_t step = 1) {
  const std::string path = fixture.path(".store/" + name);
  const std::size_t size = std::filesystem::file_size(path);
  const std::string catalog = fixture.scratch().read("work/.store/catalog");
  std::set<std::string> kinds;
  for (std::size_t offset = 0; offset < size; offset += step) {
    const Flip flip(path, offset);
    const FsckResult result = fixture.fsck();
    if (result.problems.empty()) kinds.insert("");
    for (const FsckProblem& problem : result.problems) kinds.insert(problem.kind);
    if (name != "catalog") fixture.scratch().write("work/.store/catalog", catalog);
  }
  return kinds;
}

using Kinds = std::set<std::string>;

/// Name and bytes of the pack that has this content uncompressed.
std::pair<std::string, std::string> pack_with(const WorkFixture& fixture, const std::string& content) {
  for (const auto& pack : fixture.packs())
    if (pack.second.find(content) != std::string::npos) return pack;
  throw std::runtime_error("no pack has the content");
}

}  // namespace

TEST_CASE("a sound repository has no problems, quick or thorough") {
  WorkFixture fixture;
  CHECK(describe(fixture.fsck()) == "");
  fill(fixture);
  for (const unsigned threads : {1u, 2u}) {
    fixture.settings.performance.max_worker_threads = threads;
    const FsckResult thorough = fixture.fsck();
    CHECK(describe(thorough) == "");
    CHECK(thorough.packs == fixture.packs().size());
    CHECK(thorough.objects > 10);
    std::uint64_t bytes = 0;
    for (const auto& [name, content] : fixture.packs()) bytes += content.size();
    CHECK(thorough.bytes_read > bytes * 9 / 10);
    const FsckResult quick = fixture.fsck(FsckOptions::Mode::quick);
    CHECK(describe(quick) == "");
    CHECK(quick.bytes_read < bytes / 4);
  }
}

TEST_CASE("every flipped byte of a log or a ref is found") {
  WorkFixture fixture;
  fill(fixture);
  CHECK(kinds_found(fixture, "HEAD") == Kinds{"ref"});
  CHECK(kinds_found(fixture, "refs/heads/main") == Kinds{"ref"});
  CHECK(kinds_found(fixture, "index.log", 3) == Kinds{"index"});
  CHECK(kinds_found(fixture, "catalog", 3) == Kinds{"catalog"});
  Kinds oplog = kinds_found(fixture, "oplog");
  oplog.erase("oplog");
  CHECK(oplog == Kinds{"ref"});
}

TEST_CASE("every flipped byte of a pack is found, with pack and offset") {
  WorkFixture fixture;
  fill(fixture);
  for (const auto& [name, content] : fixture.packs()) {
    const std::string path = fixture.path(".store/packs/" + name);
    const std::string catalog = fixture.scratch().read("work/.store/catalog");
    for (std::size_t offset = 0; offset < content.size(); offset += content.size() / 40 + 1) {
      CAPTURE(path);
      CAPTURE(offset);
      const Flip flip(path, offset);
      const FsckResult result = fixture.fsck();
      REQUIRE(!result.problems.empty());
      const FsckProblem& problem = result.problems.front();
      REQUIRE(problem.pack);
      CHECK(problem.pack->hex() + ".pack" == name);
      if (problem.kind == "block") {
        REQUIRE(problem.offset);
        CHECK(*problem.offset <= offset);
      }
      fixture.scratch().write("work/.store/catalog", catalog);
    }
  }
}

TEST_CASE("damage names the commits and paths that need it") {
  WorkFixture fixture;
  fixture.settings.core.compression = 0;
  const std::string content = noise(3000, 42);
  fixture.write("d/victim", content);
  fixture.write("copies/of/it", content);
  const ObjectId first = fixture.snapshot("one").id;
  fixture.write("new", "1");
  const ObjectId second = fixture.snapshot("two").id;
  fixture.remove("copies");
  fixture.remove("d/victim");
  fixture.snapshot("three");
  std::optional<Flip> flip;
  for (const auto& [name, bytes] : fixture.packs())
    if (const std::size_t at = bytes.find(content); at != std::string::npos)
      flip.emplace(fixture.path(".store/packs/" + name), at + 1000);
  REQUIRE(flip);
  // quick does not read blocks.
  CHECK(fixture.fsck(FsckOptions::Mode::quick).problems.empty());
  const FsckResult result = fixture.fsck();
  REQUIRE(result.problems.size() == 1);
  const FsckProblem& problem = result.problems.front();
  CHECK(problem.kind == "block");
  std::vector<ObjectId> commits{first, second};
  std::sort(commits.begin(), commits.end());
  CHECK(problem.commits == commits);
  CHECK(problem.paths == std::vector<std::string>{"copies/of/it", "d/victim"});
  // What was found once is known to quick, too.
  const FsckResult quick = fixture.fsck(FsckOptions::Mode::quick);
  REQUIRE(quick.problems.size() == 1);
  CHECK(quick.problems.front().pack == problem.pack);
}

TEST_CASE("a damaged pack is marked, and content that is added again is stored again") {
  WorkFixture fixture;
  fixture.settings.core.compression = 0;
  const std::string content = noise(3000, 42);
  fixture.write("f", content);
  bool heals = false;
  SUBCASE("in a pack of its own") {}
  SUBCASE("in a pack of the same content, which takes the damaged one's name and place") { heals = true; }
  if (!heals) fixture.write("g", "in the same pack");
  fixture.snapshot("one");
  for (const auto& [name, bytes] : fixture.packs())
    if (const std::size_t at = bytes.find(content); at != std::string::npos)
      fixture.scratch().write("work/.store/packs/" + name, std::string(bytes).replace(at, 1, 1, static_cast<char>(~bytes[at])));
  fixture.write("before", content);
  CHECK(fixture.add_paths({"before"}).totals.new_chunks == 0);
  CHECK(fixture.fsck().problems.size() == 1);
  fixture.write("after", content);
  CHECK(fixture.add_paths({"after"}).totals.new_chunks == 1);
  fixture.commit("two");
  // A sound copy exists now.
  const Workspace workspace = fixture.open();
  CHECK(as_text(workspace.objects().read({ObjectType::chunk, fixture.staged("after")->id})) == content);
  const FsckResult again = fixture.fsck();
  REQUIRE(again.problems.size() == (heals ? 0 : 1));
  if (!heals) CHECK(again.problems.front().paths == std::vector<std::string>{"g"});
}

TEST_CASE("a missing pack is a problem with all that needs it") {
  WorkFixture fixture;
  fixture.write("f", noise(3000, 1));
  fixture.add_all();
  const std::string pack = fixture.packs().begin()->first;
  fixture.commit("one");
  fixture.remove(".store/packs/" + pack);
  const FsckResult result = fixture.fsck();
  REQUIRE(result.problems.size() == 2);
  CHECK(result.problems[0].kind == "missing_pack");
  CHECK(result.problems[0].pack->hex() + ".pack" == pack);
  CHECK(result.problems[1].paths == std::vector<std::string>{"f"});
}

TEST_CASE("a pack whose header or footer is damaged gives every file whose block is whole") {
  WorkFixture fixture;
  fixture.settings.core.compression = 0;
  const std::string content = noise(3000, 42);
  fixture.write("f", content);
  fixture.write("g", noise(3000, 43));
  const ObjectId commit = fixture.snapshot("one").id;
  const auto [name, bytes] = pack_with(fixture, content);
  const std::string path = fixture.path(".store/packs/" + name);
  const std::string catalog = fixture.scratch().read("work/.store/catalog");
  const std::size_t size = bytes.size();
  for (const std::size_t offset : {std::size_t{3}, size - 1, size - 20, size - 40}) {
    CAPTURE(offset);
    const Flip flip(path, offset);
    const FsckResult result = fixture.fsck();
    REQUIRE(result.problems.size() == 1);
    const FsckProblem& problem = result.problems.front();
    CHECK(problem.kind == (offset == 3 ? "pack" : "footer"));
    REQUIRE(problem.pack);
    CHECK(problem.pack->hex() + ".pack" == name);
    REQUIRE(problem.offset);
    CHECK(*problem.offset <= offset);
    CHECK(problem.commits.empty());
    const Workspace workspace = fixture.open();
    CHECK(as_text(workspace.objects().read({ObjectType::chunk, fixture.staged("f")->id})) == content);
    CHECK(!workspace.objects().known_for_deduplication({ObjectType::chunk, fixture.staged("f")->id}));
    fixture.scratch().write("work/.store/catalog", catalog);
  }
  // With a block lost as well, what needs it is named: at the block while the footer tells what it had, else at the pack.
  const Flip block(path, bytes.find(content) + 1000);
  for (const std::size_t offset : {std::size_t{3}, size - 1}) {
    CAPTURE(offset);
    const Flip flip(path, offset);
    const FsckResult result = fixture.fsck();
    REQUIRE(result.problems.size() == (offset == 3 ? 2 : 1));
    const FsckProblem& problem = result.problems.back();
    CHECK(problem.kind == (offset == 3 ? "block" : "footer"));
    CHECK(problem.commits == std::vector<ObjectId>{commit});
    CHECK(problem.paths.front() == "f");
    fixture.scratch().write("work/.store/catalog", catalog);
  }
}

TEST_CASE("a lost and a rolled-back branch are told from the oplog") {
  WorkFixture fixture;
  fixture.write("a", "1");
  fixture.snapshot("one");
  const std::string old = fixture.scratch().read("work/.store/refs/heads/main");
  fixture.write("a", "22");
  fixture.snapshot("two");
  const std::string now = fixture.scratch().read("work/.store/refs/heads/main");
  fixture.scratch().write("work/.store/refs/heads/main", old);
  REQUIRE(fixture.fsck().problems.size() == 1);
  CHECK(fixture.fsck().problems.front().kind == "ref");
  fixture.remove(".store/refs/heads/main");
  REQUIRE(!fixture.fsck().problems.empty());
  CHECK(fixture.fsck().problems.front().kind == "ref");
  fixture.scratch().write("work/.store/refs/heads/main", now);
  CHECK(describe(fixture.fsck()) == "");
}

TEST_CASE("a damaged ref is one problem, and what it pointed to is checked") {
  WorkFixture fixture;
  fixture.settings.core.compression = 0;
  const std::string content = noise(3000, 42);
  fixture.write("f", content);
  const ObjectId commit = fixture.snapshot("one").id;
  for (const std::string name : {"HEAD", "refs/heads/main"}) {
    CAPTURE(name);
    for (const bool is_lost : {false, true}) {
      const std::string before = fixture.scratch().read("work/.store/" + name);
      if (is_lost)
        fixture.remove(".store/" + name);
      else
        fixture.scratch().write("work/.store/" + name, std::string(before).replace(before.size() / 2, 1, "?"));
      const FsckResult result = fixture.fsck();
      REQUIRE(result.problems.size() == 1);
      const std::string& message = result.problems.front().message;
      CAPTURE(message);
      CHECK(message.find("ref " + name + ": ") == 0);
      CHECK(message.find(name, message.find(name) + 1) == std::string::npos);
      fixture.scratch().write("work/.store/" + name, before);
    }
  }
  fixture.remove(".store/refs/heads/main");
  const auto [name, bytes] = pack_with(fixture, content);
  const Flip flip(fixture.path(".store/packs/" + name), bytes.find(content) + 1000);
  const FsckResult result = fixture.fsck();
  REQUIRE(result.problems.size() == 2);
  CHECK(result.problems.front().kind == "block");
  CHECK(result.problems.front().commits == std::vector<ObjectId>{commit});
}

TEST_CASE("parts of a subset together read every block once") {
  WorkFixture fixture;
  for (std::uint64_t i = 0; i < 12; ++i) {
    fixture.write(fmt::format("f{}", i), noise(2000, i));
    fixture.snapshot();
  }
  const auto read = [&](std::optional<FsckOptions::Subset> subset) {
    Workspace workspace = fixture.open();
    FsckOptions options;
    options.subset = std::move(subset);
    const FsckResult result = store::fsck(workspace, options);
    CHECK(describe(result) == "");
    options.mode = FsckOptions::Mode::quick;
    Workspace again = fixture.open();
    return result.bytes_read - store::fsck(again, options).bytes_read;
  };
  const std::uint64_t all = read(std::nullopt);
  std::uint64_t parts = 0;
  for (int n = 1; n <= 3; ++n) parts += read(parse_subset(fmt::format("{}/3", n)));
  CHECK(parts == all);
  CHECK(read(parse_subset("100%")) == all);
  const std::uint64_t half = read(parse_subset("50%"));
  CHECK(half > 0);
  CHECK(half < all);
  CHECK(read(parse_subset("1P")) == all);
  const std::uint64_t some = read(parse_subset("1K"));
  CHECK(some >= 1024);
  CHECK(some < all);
}

TEST_CASE("malformed subsets are refused") {
  for (const std::string_view text : {"", "%", "0%", "101%", "-5%", "nan%", "1e1x%", "0/3", "4/3", "1/", "/3", "1/0", "a/b", "-1G", "x"}) {
    CAPTURE(std::string(text));
    CHECK(kind_of([&] { parse_subset(text); }) == ErrorKind::usage);
  }
  CHECK(parse_subset("2.5%").percent == 2.5);
  CHECK(parse_subset("3/7").part == std::pair<std::uint64_t, std::uint64_t>(3, 7));
  CHECK(parse_subset("10G").bytes == 10ULL << 30);
}

TEST_CASE("an object whose content does not have its id is found though every checksum holds") {
  WorkFixture fixture;
  fixture.write("f", "1");
  fixture.snapshot();
  const ObjectKey wrong{ObjectType::chunk, ObjectId::from_bytes(testing::random_bytes(32, 1))};
  {
    Workspace workspace = fixture.open();
    Session session = Session::open(workspace.repository(), "test", {});
    Publisher publisher(workspace.repository(), workspace.objects(), session, {}, false);
    ObjectWriter writer(workspace.objects(), publisher, {});
    writer.put(wrong, as_bytes("not what the id says"));
    writer.flush();
    publisher.finish(std::nullopt);
    session.remove();
  }
  const FsckResult result = fixture.fsck();
  REQUIRE(result.problems.size() == 1);
  CHECK(result.problems.front().kind == "object");
  CHECK(result.problems.front().object == wrong.id);
  CHECK(result.problems.front().offset);
}

TEST_CASE("a damaged pack is marked once, however often fsck runs") {
  WorkFixture fixture;
  fill(fixture);
  const std::string catalog = fixture.scratch().read("work/.store/catalog");
  const Flip flip(fixture.path(".store/packs/" + fixture.packs().begin()->first), 60);
  CHECK(!fixture.fsck().problems.empty());
  CHECK(fixture.scratch().read("work/.store/catalog") != catalog);
  const std::string marked = fixture.scratch().read("work/.store/catalog");
  CHECK(!fixture.fsck().problems.empty());
  CHECK(fixture.scratch().read("work/.store/catalog") == marked);
}

TEST_CASE("what others store while fsck runs is no damage") {
  WorkFixture fixture;
  fill(fixture);
  Workspace workspace = fixture.open();
  const std::size_t packs = workspace.objects().catalog()->packs.size();  // fsck goes on with this reading of the catalog
  SUBCASE("objects that were published since") {
    fixture.write("new/small", "44");
    fixture.write("new/large", noise(20'000, 44));
    fixture.snapshot("three");
    fixture.write("new/staged", noise(20'000, 45));
    fixture.add_all();
  }
  SUBCASE("packs that were merged since") {
    for (int i = 0; fixture.packs().size() >= packs; ++i) {
      REQUIRE(i < 20);
      fixture.write(fmt::format("new/{}", i), fmt::format("content {}", i));
      fixture.snapshot();
    }
  }
  for (const auto mode : {FsckOptions::Mode::data, FsckOptions::Mode::quick}) {
    FsckOptions options;
    options.mode = mode;
    CHECK(describe(store::fsck(workspace, options)) == "");
  }
}

TEST_CASE("a writer at work is not waited for, and the next fsck marks the damaged pack") {
  WorkFixture fixture;
  fill(fixture);
  fixture.env.lock_timeout_ms = 0;
  const std::string catalog = fixture.scratch().read("work/.store/catalog");
  const Flip flip(fixture.path(".store/packs/" + fixture.packs().begin()->first), 60);
  {
    const Workspace writer = fixture.open();
    const Lock lock = writer.repository().locks().acquire(LockName::catalog, LockMode::exclusive, {});
    CHECK(!fixture.fsck().problems.empty());
    CHECK(fixture.scratch().read("work/.store/catalog") == catalog);
  }
  CHECK(!fixture.fsck().problems.empty());
  CHECK(fixture.scratch().read("work/.store/catalog") != catalog);
}

TEST_CASE("a config that is lost or does not parse is a problem") {
  WorkFixture fixture;
  fixture.scratch().write("work/.store/config", "core = [");
  REQUIRE(fixture.fsck().problems.size() == 1);
  CHECK(fixture.fsck().problems.front().kind == "config");
  fixture.remove(".store/config");
  REQUIRE(fixture.fsck().problems.size() == 1);
  CHECK(fixture.fsck().problems.front().kind == "config");
}

TEST_CASE("an interrupted fsck says so") {
  WorkFixture fixture;
  fill(fixture);
  CancelToken cancel;
  cancel.request(SIGTERM);
  fixture.env.cancel = &cancel;
  CHECK(kind_of([&] { fixture.fsck(); }) == ErrorKind::interrupted);
}
