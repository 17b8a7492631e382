#include "support/work_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "ops/init.h"
#include "repo/pack_file.h"
#include "worktree/index.h"

namespace store::test {
namespace {

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

Settings small_settings() {
  Settings settings;
  settings.chunking.avg = 4096;
  settings.core.inline_threshold = 4096;
  settings.core.fsync = false;
  settings.performance.max_worker_threads = 1;
  return settings;
}

std::string_view short_name(Change change) {
  switch (change) {
    case Change::added: return "A";
    case Change::modified: return "M";
    case Change::deleted: return "D";
    case Change::renamed: return "R";
    case Change::typechange: return "T";
  }
  return "?";
}

std::string shown(const StatusEntry& entry) {
  const std::string path = std::string(entry.path) + (entry.directory ? "/" : "");
  return entry.change == Change::renamed ? std::string(entry.from) + " -> " + path : path;
}

}  // namespace

std::string noise(std::size_t size, std::uint64_t seed) {
  return std::string(as_text(testing::random_bytes(size, seed)));
}

void write_sparse(const std::string& path, std::uint64_t size,
                  const std::vector<std::pair<std::uint64_t, std::string>>& pieces) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd || ::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) fail(path);
  for (const auto& [offset, bytes] : pieces)
    if (::pwrite(fd.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset)) !=
        static_cast<ssize_t>(bytes.size()))
      fail(path);
}

WorkFixture::WorkFixture() : settings(small_settings()) {
  env.fs = &unsynced_file_system();
  env.command = "store test";
  env.now_seconds = k_now;
  env.source_date_epoch = k_now;
  env.default_identity = {"Tester", "tester@example.org"};
  env.lock_timeout_ms = 0;
  env.warn = [this](const Warning& warning) { warnings.push_back(warning); };
  start_over();
}

std::string WorkFixture::path(const std::string& below) const {
  return scratch_.path(below.empty() ? "work" : "work/" + below);
}

void WorkFixture::start_over() {
  remove(".store");
  InitOptions options;
  options.directory = path();
  init(env, Config(ConfigSources()), options);
}

void WorkFixture::write(const std::string& name, std::string_view content, mode_t mode) const {
  scratch_.write("work/" + name, content, mode);
}

void WorkFixture::append(const std::string& name, std::string_view content) const {
  std::ofstream(path(name), std::ios::binary | std::ios::app) << content;
}

void WorkFixture::make_directory(const std::string& name, mode_t mode) const {
  scratch_.make_directory("work/" + name, mode);
}

void WorkFixture::make_symlink(const std::string& name, const std::string& target) const {
  scratch_.make_symlink("work/" + name, target);
}

void WorkFixture::rename(const std::string& from, const std::string& to) const {
  std::filesystem::rename(path(from), path(to));
}

void WorkFixture::chmod(const std::string& name, mode_t mode) const {
  if (::chmod(path(name).c_str(), mode) != 0) fail(name);
}

void WorkFixture::settle() const { std::this_thread::sleep_for(std::chrono::milliseconds(30)); }

AddResult WorkFixture::add(const AddOptions& options) const {
  Workspace workspace = open();
  return store::add(workspace, options);
}

AddResult WorkFixture::add_paths(std::vector<std::string> paths) const {
  AddOptions options;
  options.paths.assign(paths.begin(), paths.end());
  return add(options);
}

AddResult WorkFixture::add_all() const {
  AddOptions options;
  options.all = true;
  return add(options);
}

CommitResult WorkFixture::commit(const CommitOptions& options) const {
  Workspace workspace = open();
  return store::commit(workspace, options);
}

CommitResult WorkFixture::commit(const std::string& message) const {
  CommitOptions options;
  options.message = message;
  return commit(options);
}

CommitResult WorkFixture::snapshot(const std::string& message) const {
  add_all();
  return commit(message);
}

StatusResult WorkFixture::status(const StatusOptions& options) const {
  Workspace workspace = open();
  return store::status(workspace, options);
}

FsckResult WorkFixture::fsck(FsckOptions::Mode mode) const {
  Workspace workspace = open();
  FsckOptions options;
  options.mode = mode;
  return store::fsck(workspace, options);
}

std::optional<IndexEntry> WorkFixture::staged(const std::string& name) const {
  const Repository repository(*env.fs, repository_path());
  return Index(repository.fs(), repository.fd()).find(name);
}

std::map<std::string, std::string> WorkFixture::packs() const {
  std::map<std::string, std::string> packs;
  for (const auto& file : std::filesystem::directory_iterator(path(".store/packs")))
    packs[file.path().filename()] = scratch_.read("work/.store/packs/" + file.path().filename().string());
  return packs;
}

std::size_t WorkFixture::count_objects(ObjectType type) const {
  const Repository repository(*env.fs, repository_path());
  std::set<ObjectKey> keys;
  for (const CatalogState::Pack& pack : read_catalog(repository).packs) {
    const std::optional<PackFile> file = open_pack(repository, pack.pack.id);
    if (!file) throw std::runtime_error("a pack of the catalog is missing");
    for (const FooterEntry& entry : decode_footer(file->footer).entries)
      if (entry.key.type == type) keys.insert(entry.key);
  }
  return keys.size();
}

std::vector<std::string> lines_of(const StatusResult& status) {
  std::vector<std::string> lines;
  for (const StatusEntry entry : status.staged) lines.push_back(std::string(short_name(entry.change)) + "  " + shown(entry));
  for (const StatusEntry entry : status.unstaged)
    lines.push_back(" " + std::string(short_name(entry.change)) + " " + shown(entry));
  for (const StatusEntry entry : status.untracked) lines.push_back("?? " + shown(entry));
  return lines;
}

std::string describe(const FsckResult& result) {
  std::string text;
  for (const FsckProblem& problem : result.problems) {
    text += problem.kind + ": " + problem.message;
    for (const std::string& path : problem.paths) text += " [" + path + "]";
    text += "\n";
  }
  return text;
}

}  // namespace store::test
