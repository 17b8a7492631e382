#include "ops/repair.h"

#include <fcntl.h>

#include <filesystem>

#include "base/error.h"
#include "power_loss/explore.h"
#include "support/work_fixture.h"

using namespace store;
using namespace store::test;

namespace {

std::string content_of(const std::string& path) { return std::string(as_text(*read_file(AT_FDCWD, path, 1u << 20))); }

void damage(PowerLossRun& run, const std::string& name, std::size_t at) {
  std::string content = content_of(run.site().repository + "/" + name);
  content.at(at) = static_cast<char>(content.at(at) ^ 0x20);
  run.write("work/.store/" + name, content);
}

}  // namespace

TEST_CASE("after a power loss in a repair, the next one mends all that the first one would have") {
  PowerLossRun run;
  run.site().settings.core.auto_merge = false;
  run.step("init", [](const Site& site) { site.init(); });
  run.write("work/a", "1");
  run.write("work/d/large", noise(12'000, 1));
  run.step("commit", [](const Site& site) { site.snapshot("first"); });
  run.write("work/b", "2");
  run.step("commit", [](const Site& site) { site.snapshot("second"); });
  std::vector<std::string> packs;
  for (const auto& file : std::filesystem::directory_iterator(run.site().repository + "/packs"))
    packs.push_back("packs/" + file.path().filename().string());
  for (const std::string& pack : packs) {
    const std::string content = content_of(run.site().repository + "/" + pack);
    const std::size_t large = content.find(noise(12'000, 1).substr(0, 200));
    // Of the one with the large file a block, of the others the footer.
    damage(run, pack, large != std::string::npos ? large + 100 : content.size() - 1);
  }
  for (const char* name : {"catalog", "HEAD", "refs/heads/main", "index.log"})
    damage(run, name, content_of(run.site().repository + "/" + name).size() / 2);
  run.step("fsck --repair", [](const Site& site) {
    Workspace workspace = site.open();
    const RepairResult result = repair(workspace, {}, "");
    if (!result.left.problems.empty()) throw Error(ErrorKind::bug, "left: " + describe(result.left));
  }, Step::Files::mended);
  explore_and_check(run, 800);
}
