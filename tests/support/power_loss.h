// Recorded commands, and everything that may be left of them when the power goes at any moment: each state is made on a scratch disk
// in memory and handed to the real code.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ops/workspace.h"
#include "support/discarded_bytes.h"
#include "support/recording_file_system.h"
#include "support/scratch.h"

namespace store::test {

/// A repository and its working tree as one command finds them: small chunks, one thread, syncs on.
struct Site {
  Environment env;
  Settings settings;
  std::string worktree;    // where init makes it
  std::string repository;  // below it, or beside it if bare

  Workspace open() const { return {env, settings, repository}; }
  void init(bool bare = false) const;
  void add_all() const;
  void commit(const std::string& message, bool amend = false) const;
  /// add_all() and commit().
  void snapshot(const std::string& message) const;
};

/// What has to survive: taken from the repository when a command has ended, or when the power has gone.
struct Observed {
  bool repository = false;
  std::map<std::string, std::string> refs;
  std::vector<std::string> oplog;
  std::string index;           // path, kind, mode and id of all but directories' ids
  std::string unstaged;        // where the working tree differs from it
  std::set<ObjectId> commits;  // that the refs name
};

struct Step {
  std::string name;
  std::function<void(const Site&)> run;  // done again on states in which it has not happened
  /// What the command may have done to the working tree; or that it mends a repository in which nothing can be observed before.
  enum class Files { left_alone, changed, mended } files = Files::left_alone;
  std::size_t begin = 0, end = 0;  // in the log
  Observed before, after;
  FileContents discards;  // what undo has to bring back
};

struct ExploreOptions {
  std::size_t states_per_point = 2;  // beside the six plain ones
  std::uint64_t seed = 1;
  bool stop_at_first_bad = false;
  /// Instead of checking a state: what else is to be done with it.
  std::function<void(const Image&)> take = {};
};

/// Power losses so far: each makes another boot id.
extern unsigned power_losses;

struct Explored {
  std::size_t points = 0;  // moments at which the power went
  std::size_t states = 0;  // distinct ones
  std::size_t checks = 0;  // a state counts again where more has to survive
  std::size_t bad = 0;
  std::optional<std::size_t> first_bad;  // the number of its state
  std::string report;                    // of the first few
  Explored& operator+=(const Explored& more);
};

class PowerLossRun {
 public:
  /// `wrap` puts a mutant between the commands and the disk.
  using Wrap = std::function<std::unique_ptr<FileSystem>(FileSystem&)>;
  explicit PowerLossRun(const Wrap& wrap = {}, const Image& start = {});

  /// The user's own changes, made sure at once.
  void write(const std::string& name, std::string_view content);
  void remove(const std::string& name);
  /// Runs and records one command. Nothing is checked if `run` throws: then the mutant did.
  void step(std::string name, std::function<void(const Site&)> run, Step::Files files = Step::Files::left_alone);

  /// What the last command discarded: it is there or kept after each power loss, and undo brings it back.
  void discarded(FileContents files) { steps_.back().discards = std::move(files); }

  Site& site() { return site_; }
  const Site& site() const { return site_; }
  Explored explore(const ExploreOptions& options = {});

 private:
  Observed observe(const Site& site) const;
  /// The disk after a power loss.
  Site revived(const Image& image) const;
  void check(const Image& image, const Step& step) const;
  void check_taken_back(const Image& image, const Step& step) const;
  void check_mended(const Site& site, const Step& step) const;

  Scratch scratch_;
  std::unique_ptr<RecordingFileSystem> recorder_;
  std::unique_ptr<FileSystem> mutant_;
  Site site_;
  std::vector<Step> steps_;
};

}  // namespace store::test
