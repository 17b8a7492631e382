#include "support/power_loss.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <unordered_set>

#include "base/error.h"
#include "base/path.h"
#include "config/config.h"
#include "ops/add.h"
#include "ops/commit.h"
#include "ops/fsck.h"
#include "ops/init.h"
#include "ops/reachability.h"
#include "ops/revision.h"
#include "ops/save.h"
#include "ops/status.h"
#include "support/unsynced_file_system.h"
#include "support/work_fixture.h"
#include "worktree/index.h"

namespace store::test {

unsigned power_losses = 0;

namespace {

constexpr std::size_t k_shown = 3;  // bad states

/// What is wrong with a state.
struct Bad {
  std::string what;
};

void require(bool holds, const std::string& what) {
  if (!holds) throw Bad{what};
}

std::string shown(const RefValue& value) { return value.id ? value.id->hex() : value.branch; }

std::string content_of_index(const Site& site) {
  const Repository repository(*site.env.fs, site.repository);
  const Index index(repository.fs(), repository.fd());
  std::string text;
  for (Index::Cursor at = index.seek(""); !at.at_end(); at.next()) {
    const IndexEntry& entry = at.entry();
    const bool directory = entry.kind == EntryKind::directory;
    text += fmt::format("{} {} {:o} {}\n", entry.path, static_cast<int>(entry.kind), entry.mode,
                        directory ? "" : entry.id.short_hex());
  }
  return text;
}

std::string lines_unstaged(const Site& site) {
  Workspace workspace = site.open();
  std::string text;
  for (const StatusEntry entry : store::status(workspace, {}).unstaged) text += std::string(entry.path) + "\n";
  return text;
}

/// What the next writer cuts off.
bool is_tail(const FsckProblem& problem) {
  return problem.message.find("no complete record") != std::string::npos ||
         problem.message.find("no complete batch") != std::string::npos;
}

/// Every commit that was acknowledged, all before it, and all they name.
void check_complete(const Site& site, const std::set<ObjectId>& commits) {
  const Workspace workspace = site.open();
  Reachability reachability(workspace.objects(), [](const ObjectKey&) { return false; }, [] { return false; });
  std::vector<ObjectId> open(commits.begin(), commits.end());
  std::set<ObjectId> seen;
  while (!open.empty()) {
    const ObjectId id = open.back();
    open.pop_back();
    if (!seen.insert(id).second) continue;
    const Commit commit = read_commit(workspace.objects(), id);
    open.insert(open.end(), commit.parents.begin(), commit.parents.end());
    for (const Reachability::Need& need : reachability.tree(commit.tree))
      throw Bad{fmt::format("commit {} lacks {} at {}", id.short_hex(), need.key.id.short_hex(), need.path)};
  }
}

void check_fsck(const Site& site, bool tails_allowed) {
  Workspace workspace = site.open();
  FsckResult result = fsck(workspace, {});
  if (tails_allowed) std::erase_if(result.problems, is_tail);
  require(result.problems.empty(), "fsck: " + describe(result));
}

/// A move of several refs may be half done until the next writer comes.
void check_refs(const Observed& found, const Step& step) {
  for (const auto* known : {&found.refs, &step.before.refs, &step.after.refs})
    for (const auto& [name, ignored] : *known) {
      const auto value = [&, &ref = name](const Observed& observed) {
        const auto at = observed.refs.find(ref);
        return at == observed.refs.end() ? std::string("absent") : at->second;
      };
      require(value(found) == value(step.before) || value(found) == value(step.after),
              fmt::format("{} is {}", name, value(found)));
    }
}

void check_oplog(const Observed& found, const Step& step) {
  const auto starts_with = [](const std::vector<std::string>& whole, const std::vector<std::string>& part) {
    return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
  };
  require(starts_with(found.oplog, step.before.oplog), "an entry of the oplog is lost");
  require(starts_with(step.after.oplog, found.oplog), "the oplog has an entry of nobody");
}

void check_index(const Observed& found, const Step& step) {
  const bool before = found.index == step.before.index;
  const bool after = found.index == step.after.index;
  require(before || after, "the index is neither old nor new:\n" + found.index);
  if (step.files == Step::Files::left_alone)
    require(found.unstaged == (before ? step.before : step.after).unstaged, "not as staged: " + found.unstaged);
  else if (!before)
    require(found.unstaged == step.after.unstaged, "staged, but not there: " + found.unstaged);
}

/// What a user may be told when a command is run again that has happened already.
bool is_refusal(ErrorKind kind) {
  return kind == ErrorKind::conflict || kind == ErrorKind::exists || kind == ErrorKind::not_found ||
         kind == ErrorKind::usage || kind == ErrorKind::no;
}

void run_again(const Site& site, const Step& step, bool happened, bool staged) {
  try {
    step.run(site);
  } catch (const Error& error) {
    const bool gone = staged && error.kind() == ErrorKind::not_found;  // what an rm took out of the index already
    if (!gone && !(happened && is_refusal(error.kind()))) throw Bad{"once more: " + error.message()};
  }
}

/// A command that had not happened and was run again comes to the same end as if nothing had been.
void check_done(const Observed& found, const Step& step) {
  require(found.index == step.after.index, "run again, it stages something else:\n" + found.index);
  require(found.unstaged == step.after.unstaged, "run again, it leaves other files: " + found.unstaged);
  require(found.refs.size() == step.after.refs.size(), "run again, it leaves other refs");
}

void run_next(const Site& site) {
  const bool bare = !site.open().has_worktree();
  const std::string folder = bare ? site.worktree + "-next" : site.worktree;
  std::filesystem::create_directories(folder);
  {
    const UniqueFd fd(::open((folder + "/next").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    posix_file_system().pwrite(fd.get(), as_bytes("next"), 0);
  }
  if (!bare) return site.snapshot("next");
  SaveOptions options;
  options.path = folder;
  options.branch = "next";
  options.commit.message = "next";
  Workspace workspace = site.open();
  require(save(workspace, options).committed, "the next save has nothing to commit");
}

}  // namespace

void Site::init(bool bare) const {
  InitOptions options;
  options.directory = bare ? repository : worktree;
  options.bare = bare;
  store::init(env, Config(ConfigSources()), options);
}

void Site::add_all() const {
  Workspace workspace = open();
  AddOptions options;
  options.all = true;
  require(add(workspace, options).failed.empty(), "something could not be added");
}

void Site::commit(const std::string& message, bool amend) const {
  Workspace workspace = open();
  CommitOptions options;
  options.message = message;
  options.amend = amend;
  options.allow_empty = true;
  // Amended once more it is the same commit.
  require(store::commit(workspace, options).committed || amend, "nothing to commit");
}

void Site::snapshot(const std::string& message) const {
  add_all();
  commit(message);
}

Explored& Explored::operator+=(const Explored& more) {
  points += more.points;
  if (more.first_bad && !first_bad) first_bad = states + *more.first_bad;
  states += more.states;
  checks += more.checks;
  bad += more.bad;
  report += more.report;
  return *this;
}

PowerLossRun::PowerLossRun(const Wrap& wrap, const Image& start) {
  scratch_.make_directory("disk");
  materialise(start, scratch_.path("disk"));
  recorder_ = std::make_unique<RecordingFileSystem>(scratch_.path("disk"));
  if (wrap) mutant_ = wrap(*recorder_);
  site_.worktree = scratch_.path("disk/work");
  site_.repository = site_.worktree + "/.store";
  site_.env.fs = mutant_ ? mutant_.get() : recorder_.get();
  site_.env.command = "store test";
  site_.env.now_seconds = WorkFixture::k_now;
  site_.env.source_date_epoch = WorkFixture::k_now;
  site_.env.default_identity = {"Tester", "tester@example.org"};
  site_.env.lock_timeout_ms = 0;
  site_.env.warn = [](const Warning&) {};
  site_.settings.chunking.avg = 4096;
  site_.settings.core.inline_threshold = 4096;
  site_.settings.performance.max_worker_threads = 1;
}

void PowerLossRun::write(const std::string& name, std::string_view content) {
  const std::string path = scratch_.path("disk/" + name);
  for (std::size_t slash = path.find('/', scratch_.path("disk/").size()); slash != std::string::npos;
       slash = path.find('/', slash + 1))
    if (!std::filesystem::exists(path.substr(0, slash))) recorder_->mkdir({AT_FDCWD, path.substr(0, slash).c_str()}, 0755);
  const UniqueFd fd = recorder_->open({AT_FDCWD, path.c_str()}, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  recorder_->pwrite(fd.get(), as_bytes(content), 0);
  recorder_->fsync(fd.get());
  for (std::string at = path; at.size() > scratch_.path("disk").size();) {
    at.resize(at.rfind('/'));
    sync_directory(*recorder_, {AT_FDCWD, at.c_str()});
  }
}

void PowerLossRun::remove(const std::string& name) {
  const std::string path = scratch_.path("disk/" + name);
  recorder_->unlink({AT_FDCWD, path.c_str()});
  sync_directory(*recorder_, {AT_FDCWD, path.substr(0, path.rfind('/')).c_str()});
}

void PowerLossRun::step(std::string name, std::function<void(const Site&)> run, Step::Files files) {
  Step step{.name = std::move(name), .run = std::move(run), .files = files, .before = {}, .after = {}, .discards = {}};
  if (files != Step::Files::mended) step.before = observe(site_);
  step.begin = recorder_->log().size();
  step.run(site_);
  step.end = recorder_->log().size();
  step.after = observe(site_);
  steps_.push_back(std::move(step));
}

Observed PowerLossRun::observe(const Site& site) const {
  Observed observed;
  observed.repository = is_repository(site.repository);
  if (!observed.repository) return observed;
  {
    const Workspace workspace = site.open();
    const RefStore refs = workspace.refs();
    if (const auto head = refs.read("HEAD")) observed.refs["HEAD"] = shown(*head);
    for (const auto& [name, value] : refs.list("refs/")) {
      observed.refs[name] = shown(value);
      if (value.id) observed.commits.insert(*value.id);
    }
    refs.read_oplog([&](const OplogStep& entry) { observed.oplog.push_back(entry.id.hex()); });
    if (!workspace.has_worktree()) return observed;
  }
  observed.index = content_of_index(site);
  observed.unstaged = lines_unstaged(site);
  return observed;
}

/// Run again it mends the rest, and then nothing shows that there was damage or a power loss.
void PowerLossRun::check_mended(const Site& site, const Step& step) const {
  step.run(site);
  const Observed found = observe(site);
  require(found.refs == step.after.refs, "run again, it leaves other refs");
  check_done(found, step);
  check_fsck(site, false);
  check_complete(site, step.after.commits);
  run_next(site);
  check_fsck(site, false);
  require(std::filesystem::is_empty(site.repository + "/sessions"), "a session is left");
}

/// The scratch disk holds nothing but the image, at the place of the recording.
Site PowerLossRun::revived(const Image& image) const {
  std::filesystem::remove_all(scratch_.path("disk"));
  scratch_.make_directory("disk");
  materialise(image, scratch_.path("disk"));
  ++power_losses;
  Site site = site_;
  site.env.fs = &unsynced_file_system();
  return site;
}

/// Nobody runs the command again: what it had discarded comes back all the same. An undo goes on with an interrupted one first.
void PowerLossRun::check_taken_back(const Image& image, const Step& step) const {
  const Site site = revived(image);
  for (int i = 0; i < 2 && !all_there(site, step.discards); ++i) take_back(site);
  require(all_there(site, step.discards), "undo does not bring back what was discarded");
  check_fsck(site, true);
}

void PowerLossRun::check(const Image& image, const Step& step) const {
  const Site site = revived(image);
  const auto check_discarded = [&](const std::string& when) {
    const std::string lost = step.discards.empty() ? "" : first_lost(site, step.discards);
    require(lost.empty(), fmt::format("{}, {} is lost", when, lost));
  };
  bool happened = false;
  bool staged = false;
  if (step.files == Step::Files::mended) {
    check_mended(site, step);
    return;
  }
  if (is_repository(site.repository)) {
    const Observed found = observe(site);
    check_refs(found, step);
    check_oplog(found, step);
    if (site.open().has_worktree()) check_index(found, step);
    check_complete(site, step.before.commits);
    check_fsck(site, true);
    check_discarded("after the power loss");
    happened = found.refs != step.before.refs || found.oplog != step.before.oplog;
    staged = found.index != step.before.index;
  } else {
    require(!step.before.repository, "the repository is lost");
  }
  run_again(site, step, happened, staged);
  check_discarded("after the same once more");
  if (!happened) check_done(observe(site), step);
  run_next(site);
  check_complete(site, step.before.commits);
  check_fsck(site, false);
  // That of an interrupted checkout waits for the next one.
  if (step.files == Step::Files::left_alone)
    require(std::filesystem::is_empty(site.repository + "/sessions"), "a session is left");
  if (!step.discards.empty()) check_taken_back(image, step);
}

namespace {

/// The states of one moment: six plain ones, then some in which one item goes another way than the rest, then some at random.
std::vector<Fate> fates_of(const Disk& disk, const ExploreOptions& options, testing::SplitMix64& random) {
  using Data = Fate::Data;
  std::vector<Fate> fates{{Data::kept, true}, {Data::lost, false}, {Data::lost, true},
                          {Data::kept, false}, {Data::zeros, true}, {Data::torn, true}};
  std::size_t items = 0;
  disk.after_power_loss(fates.front(), items);
  if (items == 0) return {fates.front()};
  for (std::size_t i = 0; i < options.states_per_point; ++i) {
    Fate fate = i % 2 == 0 ? Fate{Data::kept, true} : Fate{Data::lost, false};
    fate.exception = random.next() % items;
    if (i % 4 >= 2) fate.seed = random.next();
    fates.push_back(fate);
  }
  return fates;
}

}  // namespace

Explored PowerLossRun::explore(const ExploreOptions& options) {
  Explored result;
  Disk disk;
  testing::SplitMix64 random(options.seed);
  std::unordered_set<std::uint64_t> states;
  const auto at_moment = [&](const Step& step, std::size_t moment, std::set<std::uint64_t>& seen) {
    ++result.points;
    for (const Fate& fate : fates_of(disk, options, random)) {
      std::size_t items = 0;
      const Image image = disk.after_power_loss(fate, items);
      const std::uint64_t digest = digest_of(image);
      if (!seen.insert(digest).second) continue;
      states.insert(digest);
      ++result.checks;
      if (options.take) {
        options.take(image);
        continue;
      }
      std::string what;
      try {
        check(image, step);
        continue;
      } catch (const Bad& bad) {
        what = bad.what;
      } catch (const std::exception& error) {
        what = error.what();
      }
      if (!result.first_bad) result.first_bad = states.size();
      if (++result.bad > k_shown) continue;
      result.report += fmt::format("{}, before call {} ({}), data {}, names {}, but {}, seed {}: {}\n", step.name,
                                   moment - step.begin,
                                   moment < step.end ? describe(recorder_->log()[moment]) : "the end",
                                   static_cast<int>(fate.data), fate.entries_kept,
                                   fate.exception ? static_cast<int>(*fate.exception) : -1, fate.seed.value_or(0), what);
    }
  };
  std::size_t position = 0;
  for (const Step& step : steps_) {
    std::set<std::uint64_t> seen;
    for (; position < step.begin; ++position) disk.apply(recorder_->log()[position]);
    for (;; ++position) {
      at_moment(step, position, seen);
      result.states = states.size();
      if (options.stop_at_first_bad && result.bad > 0) return result;
      if (position == step.end) break;
      disk.apply(recorder_->log()[position]);
    }
  }
  return result;
}

}  // namespace store::test
