// Kills and refusals at every call of `fsck --repair` on a repository in which everything is damaged at once.
#include <doctest/doctest.h>
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "ops/repair.h"
#include "support/fault_file_system.h"
#include "support/work_fixture.h"
#include "unit/repo/child_process.h"

using namespace store;
using namespace store::test;

namespace {

/// Two commits, and damage in catalog, a ref, HEAD, the index, a table's place, the pack of what the working tree has, and one that has
/// only its footer wrong; one file of content is in no working tree.
class Damaged {
 public:
  Damaged() {
    fixture_.settings.core.auto_merge = false;
    fixture_.settings.core.fsync = true;
    fixture_.write("old", noise(3'000, 1));
    fixture_.snapshot("one");
    fixture_.write("old", "changed");
    fixture_.write("d/large", noise(20'000, 2));
    tip_ = fixture_.snapshot("two").id;
    fixture_.write("staged", "3");
    fixture_.add_all();
    damage_pack_with(noise(3'000, 1), 1500);
    damage_pack_with(noise(20'000, 2), 9'000);
    for (const auto& [name, content] : fixture_.packs())
      if (content.find("message") == std::string::npos && !is_damaged("packs/" + name)) damage("packs/" + name, content.size() - 1);
    for (const char* name : {"catalog", "refs/heads/main", "HEAD"}) damage(name, read(name).size() / 2);
    damage("index.log", 2);
  }

  void repair(FileSystem& fs) const {
    Environment env = fixture_.env;
    env.fs = &fs;
    Workspace workspace(env, fixture_.settings, fixture_.repository_path());
    const RepairResult result = store::repair(workspace, {}, "");
    CHECK(left(result) == 1);
  }

  /// Another repair goes through: all is there but the one thing, every damaged file is kept, and nothing is left over.
  void check_afterwards() {
    repair(unsynced_file_system());
    CHECK(fixture_.open().refs().head().commit == tip_);
    CHECK(fixture_.status().unstaged.empty());
    for (const std::string& content : damaged_) CHECK(is_kept(content));
    fixture_.write("more", "4");
    CHECK(fixture_.snapshot("after").committed);
    CHECK(temporaries() == "");
    FsckResult result = fixture_.fsck();
    CHECK(result.problems.size() == 1);
    CHECK(result.problems.front().paths == std::vector<std::string>{"old"});
    CHECK(std::filesystem::is_empty(fixture_.path(".store/sessions")));
  }

 private:
  static std::size_t left(const RepairResult& result) { return result.left.problems.size(); }
  std::string read(const std::string& name) const { return fixture_.scratch().read("work/.store/" + name); }
  bool is_damaged(const std::string& name) const {
    const std::string content = read(name);
    return std::find(damaged_.begin(), damaged_.end(), content) != damaged_.end();
  }
  void damage(const std::string& name, std::size_t at) {
    std::string content = read(name);
    content.at(at) = static_cast<char>(content.at(at) ^ 0x20);
    fixture_.scratch().write("work/.store/" + name, content);
    damaged_.push_back(content);
  }
  void damage_pack_with(const std::string& content, std::size_t at) {
    for (const auto& [name, bytes] : fixture_.packs())
      if (const std::size_t begin = bytes.find(content.substr(0, 500)); begin != std::string::npos)
        return damage("packs/" + name, begin + at);
    FAIL("no pack has it");
  }
  bool is_kept(const std::string& content) const {
    for (const auto& file : std::filesystem::directory_iterator(fixture_.path(".store/quarantine")))
      if (read("quarantine/" + file.path().filename().string()) == content) return true;
    return false;
  }
  std::string temporaries() const {
    std::string found;
    for (const auto& file : std::filesystem::recursive_directory_iterator(fixture_.repository_path())) {
      const std::string name = file.path().filename();
      if (name.find("tmp") != std::string::npos || name.starts_with(".")) found += name + " ";
    }
    return found;
  }

  WorkFixture fixture_;
  ObjectId tip_;
  std::vector<std::string> damaged_;
};

}  // namespace

TEST_CASE("killed at any call, a repair can be run again, and loses nothing") {
  std::uint64_t nth = 1;
  for (bool killed = true; killed; ++nth) {
    CAPTURE(nth);
    Damaged damaged;
    ChildProcess child([&] {
      FaultFileSystem killing(unsynced_file_system());
      killing.arm({.call = std::nullopt, .nth = nth, .action = FaultAction::kill});
      damaged.repair(killing);
    });
    killed = WIFSIGNALED(child.wait());
    damaged.check_afterwards();
  }
  CHECK(nth > 60);
}

TEST_CASE("an error at any call of a repair is told, it can be run again, and nothing is lost") {
  for (const FaultLasts lasts : {FaultLasts::once, FaultLasts::forever}) {
    for (const int error : {EIO, ENOSPC}) {
      for (std::uint64_t nth = 1;; ++nth) {
        CAPTURE(nth);
        CAPTURE(error);
        Damaged damaged;
        FaultFileSystem failing(unsynced_file_system());
        failing.arm({.call = std::nullopt, .nth = nth, .error = error, .lasts = lasts});
        const std::optional<ErrorKind> result = kind_of([&] { damaged.repair(failing); });
        if (result) CHECK(*result == kind_of_errno(error));
        damaged.check_afterwards();
        if (failing.faults() == 0) break;
      }
    }
  }
}

TEST_CASE("on a file system without links the damaged files are kept as copies") {
  Damaged damaged;
  FaultFileSystem refusing(unsynced_file_system());
  refusing.arm({.call = FileCall::link, .nth = 1, .error = EPERM, .lasts = FaultLasts::forever});
  damaged.repair(refusing);
  CHECK(refusing.faults() > 0);
  damaged.check_afterwards();
}
