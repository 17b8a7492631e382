// Refs, settings, logs and indexes of every wrong shape: bytes that are none, folders, links, fifos and files without end.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "format/refs.h"
#include "support/attack.h"
#include "support/random_bytes.h"

using namespace store;
using namespace store::test;

namespace {

struct Shaped : HostileRepository {
  Shaped() {
    const ObjectId first = commit_of(tree({file("f", "1\n")}));
    publish(commit_of(tree({file("f", "2\n"), file("g", "3\n")}), {first}));
    run_program(worktree(), {"checkout", "--force", "main"});
    scratch().write("work/new", "new\n");
    run_program(worktree(), {"add", "new"});
  }
  std::string path(const std::string& name) const { return scratch().path("work/.store/" + name); }
};

using Shape = std::function<void(const Shaped&, const std::string& name)>;

void remove(const Shaped& repository, const std::string& name) { std::filesystem::remove_all(repository.path(name)); }

/// What can stand where a file should.
const std::vector<std::pair<std::string, Shape>>& shapes() {
  static const std::vector<std::pair<std::string, Shape>> all = {
      {"nothing", remove},
      {"no bytes", [](auto& repository, auto& name) { repository.scratch().write("work/.store/" + name, ""); }},
      {"noise", [](auto& repository, auto& name) {
         repository.scratch().write("work/.store/" + name, as_text(testing::random_bytes(3000, 1)));
       }},
      {"text", [](auto& repository, auto& name) { repository.scratch().write("work/.store/" + name, "\x1b[2Jref: refs/heads/main\n"); }},
      {"a folder", [](auto& repository, auto& name) {
         remove(repository, name);
         ::mkdir(repository.path(name).c_str(), 0755);
       }},
      {"a fifo", [](auto& repository, auto& name) {
         remove(repository, name);
         ::mkfifo(repository.path(name).c_str(), 0644);
       }},
      {"a link to nothing", [](auto& repository, auto& name) {
         remove(repository, name);
         (void)!::symlink("nowhere", repository.path(name).c_str());
       }},
      {"a link to itself", [](auto& repository, auto& name) {
         remove(repository, name);
         (void)!::symlink(std::string(std::filesystem::path(name).filename()).c_str(), repository.path(name).c_str());
       }},
      {"a link to the outside", [](auto& repository, auto& name) {
         remove(repository, name);
         (void)!::symlink(repository.scratch().path("outside/precious").c_str(), repository.path(name).c_str());
       }},
      {"a terabyte of zeros", [](auto& repository, auto& name) { CHECK(::truncate(repository.path(name).c_str(), 1LL << 40) == 0); }},
  };
  return all;
}

/// Words that write too: each ends by itself, as a word of the contract, and touches nothing outside.
void check_words(const Shaped& repository) {
  repository.scratch().write("outside/precious", "precious\n");
  const std::vector<std::vector<std::string>> words = {
      {"status"}, {"log"}, {"cat", "main:f"}, {"oplog"}, {"fsck"}, {"add", "-A"}, {"commit", "-m", "x"}, {"branch", "b"},
      {"config", "core.fsync", "true"}, {"undo"}, {"checkout", "--force", "main"}, {"save", "../outside", "-b", "s", "-m", "x"},
      {"switch", "-"}, {"branch", "-m", "renamed"}};
  for (const std::vector<std::string>& word : words) {
    std::vector<std::string> arguments = word;
    arguments.insert(arguments.begin(), {"--lock-timeout", "0"});
    const ProgramRun run = run_program(repository.worktree(), arguments);
    INFO(fmt::format("{}: {}: {}", word, run.code, run.err.substr(0, 500)));
    CHECK((run.code <= 14 && run.code >= 0));
    CHECK((run.code <= 1 || !run.err.empty()));
    CHECK(run.peak_memory < (200ULL << 20));
    CHECK(repository.scratch().read("outside/precious") == "precious\n");
  }
}

}  // namespace

TEST_CASE("every file of a repository in every wrong shape") {
  for (const std::string name : {"HEAD", "refs/heads/main", "config", "format", "catalog", "oplog", "oplog.done", "index.base", "index.log",
                                 "info/exclude", "hashes", "told", "lock/index", "lock/refs", "lock/catalog", "lock/gate", "lock/repo",
                                 "lock/merge", "merge"}) {
    for (const std::pair<std::string, Shape>& each : shapes()) {
      const std::string& shape = each.first;  // no captured bindings: clang 14 refuses them
      CAPTURE(name);
      CAPTURE(shape);
      const Shaped repository;
      repository.scratch().write("outside/precious", "precious\n");
      if (shape == "a terabyte of zeros" && !std::filesystem::exists(repository.path(name))) continue;
      each.second(repository, name);
      check_words(repository);
    }
  }
}

namespace {

/// With tables, with what `save` remembers of a folder, and with a session that nobody holds.
struct Furnished : Shaped {
  Furnished() {
    for (int i = 0; i < 10; ++i) {
      scratch().write("outside/precious", std::to_string(i));
      run_program(worktree(), {"save", "../outside", "-b", "s", "-m", "x"});
    }
    scratch().write("outside/precious", "precious\n");
    scratch().make_directory("work/.store/sessions/" + session);
    for (const char* name : {"info", "journal", "pack.tmp"}) scratch().write("work/.store/sessions/" + session + "/" + name, "");
  }
  /// A file somewhere in a folder of the repository.
  std::string file_in(const std::string& folder) const {
    for (const auto& file : std::filesystem::recursive_directory_iterator(path(folder)))
      if (file.is_regular_file()) return file.path().string().substr(path("").size());
    return {};
  }
  const std::string session = "00112233445566aa";
};

}  // namespace

TEST_CASE("every file in a folder of a repository in every wrong shape") {
  const std::string session = "sessions/00112233445566aa/";
  for (const std::string folder : {"tables", "saves", "packs", "info", "journal", "pack.tmp"}) {
    for (const std::pair<std::string, Shape>& each : shapes()) {
      const std::string& shape = each.first;
      CAPTURE(folder);
      CAPTURE(shape);
      const Furnished repository;
      const bool in_session = folder == "info" || folder == "journal" || folder == "pack.tmp";
      const std::string name = in_session ? session + folder : repository.file_in(folder);
      REQUIRE(!name.empty());
      each.second(repository, name);
      check_words(repository);
    }
  }
}

TEST_CASE("folders of a repository that are links or files") {
  for (const std::string name : {"refs", "refs/heads", "packs", "tables", "sessions", "lock", "info", "saves"}) {
    for (const bool link : {true, false}) {
      CAPTURE(name);
      CAPTURE(link);
      const Shaped repository;
      repository.scratch().write("outside/precious", "precious\n");
      remove(repository, name);
      if (link) REQUIRE(::symlink(repository.scratch().path("outside").c_str(), repository.path(name).c_str()) == 0);
      else repository.scratch().write("work/.store/" + name, "x");
      check_words(repository);
    }
  }
}

TEST_CASE("refs with right checksums that name what they must not") {
  const auto put = [](const Shaped& repository, const std::string& file, const std::string& name, const RefValue& value) {
    repository.scratch().write("work/.store/" + file, as_text(encode_ref(name, value)));
  };
  for (const std::string target : {"refs/heads/../../../outside/precious", "../outside", "/etc/passwd", "refs/heads/", "refs/heads/a..b", "HEAD"}) {
    CAPTURE(target);
    const Shaped repository;
    repository.scratch().write("outside/precious", "precious\n");
    put(repository, "HEAD", "HEAD", {.id = {}, .branch = target});
    check_words(repository);
  }
  const Shaped repository;
  repository.scratch().write("outside/precious", "precious\n");
  put(repository, "refs/heads/-rf", "refs/heads/-rf", {.id = *repository.refs().head().commit, .branch = {}});
  put(repository, "refs/heads/\x1b[2J", "refs/heads/\x1b[2J", {.id = *repository.refs().head().commit, .branch = {}});
  put(repository, "refs/heads/other", "refs/heads/main", {.id = *repository.refs().head().commit, .branch = {}});
  check_words(repository);
}
