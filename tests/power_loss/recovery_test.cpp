#include <algorithm>

#include "base/error.h"
#include "format/catalog.h"
#include "power_loss/explore.h"
#include "support/mutant_file_systems.h"
#include "support/work_fixture.h"

using namespace store;
using namespace store::test;

namespace {

/// A repository with a commit, and a second one under way.
void make_commits(PowerLossRun& run) {
  run.step("init", [](const Site& site) { site.init(); });
  run.write("work/a", "1");
  run.step("commit", [](const Site& site) { site.snapshot("first"); });
  run.write("work/a", "2");
  run.write("work/large", noise(20'000, 1));
  run.step("commit again", [](const Site& site) { site.snapshot("second"); });
}

std::vector<Image> states_of(PowerLossRun& run) {
  std::vector<Image> states;
  ExploreOptions options;
  options.take = [&](const Image& image) { states.push_back(image); };
  run.explore(options);
  return states;
}

bool is_initialised(const Image& image) { return image.contains("work/.store/format"); }

/// A pack of which power loss left the name and not all bytes, and which no catalog names.
bool has_torn_pack(const Image& image, const Bytes& whole) {
  const auto catalog = image.find("work/.store/catalog");
  if (catalog == image.end() || catalog->second.content->size() != k_catalog_header_size) return false;
  const auto log = image.find("work/.store/index.log");
  if (log != image.end() && !log->second.content->empty()) return false;
  return std::any_of(image.begin(), image.end(), [&](const auto& entry) {
    return entry.first.ends_with(".pack") && *entry.second.content != whole;
  });
}

constexpr std::size_t k_most_tried = 6;

/// Bad states of an add and commit that come upon a torn pack of the very name they make; a refusal is one, too.
std::size_t bad_over_torn_pack(const PowerLossRun::Wrap& wrap) {
  PowerLossRun unsynced;
  unsynced.site().settings.core.fsync = false;
  unsynced.step("init", [](const Site& site) { site.init(); });
  unsynced.write("work/large", noise(20'000, 1));
  unsynced.step("add", [](const Site& site) { site.add_all(); });
  std::size_t bad = 0;
  std::size_t tried = 0;
  for (const Image& image : states_of(unsynced)) {
    if (!has_torn_pack(image, {}) || ++tried > k_most_tried) continue;
    try {
      PowerLossRun run(wrap, image);
      run.step("add", [](const Site& site) { site.add_all(); });
      run.step("commit", [](const Site& site) { site.commit("message"); });
      bad += run.explore({.states_per_point = 0, .stop_at_first_bad = true}).bad;
    } catch (const Error&) {
      ++bad;
    }
  }
  CHECK(tried > 0);
  return bad;
}

}  // namespace

TEST_CASE("power that goes again while a command mends what the first time left does no harm") {
  PowerLossRun run;
  make_commits(run);
  const std::vector<Image> states = states_of(run);
  Explored all;
  const std::size_t k_tried = 2 + 2 * explore_options().states_per_point;
  for (std::size_t i = 0; i < k_tried; ++i) {
    const Image& image = states[states.size() / 4 + i * states.size() * 3 / 4 / k_tried];
    if (!is_initialised(image)) continue;
    PowerLossRun again({}, image);
    again.step("commit once more", [](const Site& site) { site.snapshot("again"); });
    all += again.explore({.states_per_point = 0, .seed = i});
  }
  report(all, 400);
}

TEST_CASE("a pack of which power loss left the name alone is replaced, and a store that trusts its name is caught") {
  CHECK(bad_over_torn_pack({}) == 0);
  CHECK(bad_over_torn_pack([](FileSystem& next) { return std::make_unique<SkipExisting>(next); }) > 0);
}
