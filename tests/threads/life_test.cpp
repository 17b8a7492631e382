// The parallel commands from end to end: what several threads make is what one makes.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "base/error.h"
#include "ops/checkout.h"
#include "ops/export.h"
#include "ops/rechunk.h"
#include "ops/ref_edit.h"
#include "ops/repack.h"
#include "race.h"
#include "support/work_fixture.h"

using namespace store;
using namespace store::test;

namespace {

/// A few hundred files: small ones, some of several chunks, some of many windows, holes, copies, links.
class Life {
 public:
  Life() {
    fixture.settings.core.auto_merge = false;
    fixture.env.warn = {};
    for (std::uint64_t i = 0; i < 400; ++i) fixture.write(fmt::format("d{}/small{}", i % 23, i), noise(20 + i, i));
    for (std::uint64_t i = 0; i < 60; ++i) fixture.write(fmt::format("m{}/several{}", i % 7, i), noise(9'000 + 100 * i, i % 50));
    for (std::uint64_t i = 0; i < 3; ++i) fixture.write(fmt::format("large{}", i), noise(2'500'000, 1000 + i));
    std::vector<std::pair<std::uint64_t, std::string>> pieces;
    for (std::uint64_t i = 0; i < 40; ++i) pieces.emplace_back(100'000 * i, noise(30'000, 2000 + i));
    write_sparse(fixture.path("sparse"), 4'000'000, pieces);
    // Only root has what others own, and does not give it back as the fixture is no root.
    for (std::uint64_t i = 1; i < 80; i += 2)
      strangers_ += ::chown(fixture.path(fmt::format("d{}/small{}", i % 23, i)).c_str(), 12'345, 12'345) == 0;
    fixture.make_symlink("link", "large0");
    fixture.settle();
  }

  void use(unsigned threads) { fixture.settings.performance.max_worker_threads = threads; }

  /// Everything in the working tree as another checkout shows it.
  std::string difference(const std::string& revision) const {
    const std::string out = fixture.scratch().path("out");
    Workspace workspace = fixture.open();
    CheckoutOptions options;
    options.revision = resolve_revision(workspace, revision);
    options.out = out;
    options.force = true;
    const CheckoutResult result = checkout(workspace, options);
    if (result.not_restored.owner != strangers_) return fmt::format("{} owners left", result.not_restored.owner);
    if (!result.failed.empty()) return result.failed.front().path + ": " + result.failed.front().message;
    std::string different;
    std::size_t files = 0;
    for (const std::string& path : fixture.scratch().list()) {
      if (!path.starts_with("out/")) continue;
      ++files;
      if (std::filesystem::is_directory(fixture.scratch().path(path))) continue;
      if (fixture.scratch().read(path) != fixture.scratch().read("work/" + path.substr(4))) different += path + " ";
    }
    if (files < 464) different += fmt::format("{} paths only", files);
    std::filesystem::remove_all(out);
    return different;
  }

  std::string tar() const {
    Workspace workspace = fixture.open();
    const Commit commit = read_commit(workspace.objects(), resolve_revision(workspace, "HEAD").commit);
    ExportOptions options;
    options.entry = find_in_tree(workspace.objects(), commit.tree, "");
    options.tree = commit.tree;
    options.attributes = commit.attributes;
    std::string tar;
    export_tar(workspace, options, [&](ByteView bytes) { tar += as_text(bytes); });
    return tar;
  }

  WorkFixture fixture;

 private:
  std::size_t strangers_ = 0;
};

}  // namespace

TEST_CASE("four threads store and give back what one does, byte for byte") {
  Life life;
  const WorkFixture& fixture = life.fixture;
  life.use(1);
  const ObjectId commit = fixture.snapshot("one").id;
  const std::map<std::string, std::string> packs = fixture.packs();
  const std::string tar = life.tar();
  life.fixture.start_over();
  life.use(k_threads);
  CHECK(fixture.snapshot("one").id == commit);
  CHECK((fixture.packs() == packs));
  CHECK((life.tar() == tar));
  CHECK(life.difference("HEAD") == "");
  CHECK(describe(fixture.fsck()) == "");
  CHECK(lines_of(fixture.status()).empty());
}

TEST_CASE("four threads change a working tree, store it again in another form, and lose nothing") {
  Life life;
  const WorkFixture& fixture = life.fixture;
  life.use(k_threads);
  const ObjectId before = fixture.snapshot("one").id;
  for (std::uint64_t i = 0; i < 400; i += 2) fixture.write(fmt::format("d{}/small{}", i % 23, i), noise(30 + i, 7'000 + i));
  fixture.append("large1", "more");
  fixture.write("large2", noise(2'500'000, 77));
  fixture.settle();
  const ObjectId after = fixture.snapshot("two").id;
  CHECK(life.difference("HEAD") == "");
  for (const ObjectId& commit : {before, after}) {
    Workspace workspace = fixture.open();
    CheckoutOptions options;
    options.revision = resolve_revision(workspace, commit.hex());
    CHECK(checkout(workspace, options).failed.empty());
    CHECK(lines_of(fixture.status()).empty());
    CHECK(life.difference(commit.hex()) == "");
  }
  create_ref(fixture.open(), NamedRef::branch, "line", after, Overrule::no);
  life.fixture.settings.chunking.avg = 8192;
  Workspace rechunking = fixture.open();
  CHECK(rechunk(rechunking, {.branch = "line"}).commits.size() == 2);
  life.fixture.settings.core.compression = 1;
  Workspace repacking = fixture.open();
  CHECK(repack(repacking).packs_after > 0);
  CHECK(life.difference("line") == "");
  CHECK(life.difference(after.hex()) == "");
  CHECK(describe(fixture.fsck()) == "");
}

TEST_CASE("a command that another thread cancels ends with that or is done, and the next one goes on") {
  Life life;
  const WorkFixture& fixture = life.fixture;
  life.use(k_threads);
  for (const std::uint64_t files : {0U, 50U, 200U}) {
    CancelToken cancel;
    Progress progress;
    Environment env = fixture.env;
    env.cancel = &cancel;
    env.progress = &progress;
    std::atomic<bool> ended{false};
    std::jthread watcher([&] {
      while (!ended && (progress.stage != Stage::ingest || progress.files_done < files)) std::this_thread::yield();
      cancel.request(2);
    });
    std::optional<ErrorKind> kind;
    try {
      Workspace workspace(env, fixture.settings, fixture.repository_path());
      AddOptions options;
      options.all = true;
      add(workspace, options);
    } catch (const Error& error) {
      kind = error.kind();
    }
    ended = true;
    CHECK((!kind || kind == ErrorKind::interrupted));
  }
  fixture.snapshot("after all");
  CHECK(life.difference("HEAD") == "");
  CHECK(describe(fixture.fsck()) == "");
}
