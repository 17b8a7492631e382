#pragma once

#include <memory>
#include <vector>

#include "ops/workspace.h"
#include "support/random_bytes.h"
#include "support/repo_fixture.h"

namespace store::test {

/// A RepoFixture seen through a Workspace, as the commands see it.
class OpsFixture : public RepoFixture {
 public:
  /// Opened on first use; reopen() sees what was stored since.
  Workspace& workspace() {
    if (!workspace_) reopen();
    return *workspace_;
  }
  void reopen() {
    Environment env;
    env.command = "test";
    env.now_seconds = 2'000'000;
    env.lock_timeout_ms = 0;
    env.warn = [this](const Warning& warning) { warnings.push_back(warning); };
    workspace_ = std::make_unique<Workspace>(env, settings, repository().path());
  }

  Settings settings = default_settings();
  std::vector<Warning> warnings;

 private:
  static Settings default_settings() {
    Settings settings;
    settings.core.fsync = false;
    settings.performance.max_worker_threads = 2;
    return settings;
  }
  std::unique_ptr<Workspace> workspace_;
};

inline std::string random_text(std::size_t size, std::uint64_t seed) {
  return std::string(as_text(testing::random_bytes(size, seed)));
}

/// The kind of error that a call throws; ErrorKind::no if it throws none.
template <typename Call>
ErrorKind kind_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.kind();
  }
  return ErrorKind::no;
}

}  // namespace store::test
