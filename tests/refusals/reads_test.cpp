// A disk that cannot read: each call that reads is refused, for every N, once and for ever. What a command cannot read it names, with the
// right exit code, or it does without; it never tells something else than with a sound disk, and the next run goes through.
#include "refusals/refused_reads.h"

#include <dirent.h>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <filesystem>
#include <map>
#include <mutex>

#include "support/work_fixture.h"
#include "unit/app/cli_fixture.h"

namespace store::test {
namespace {

struct State {
  std::mutex mutex;
  bool armed = false;
  bool inside = false;  // our own calls
  ReadCall call{};
  std::size_t nth = 0;
  bool for_ever = false;
  std::size_t seen = 0;
  std::size_t refused = 0;
  std::vector<std::string> about;
};
State state;

std::string path_of(int fd) {
  char path[4096];
  const ssize_t length = ::readlink(fmt::format("/proc/self/fd/{}", fd).c_str(), path, sizeof path);
  return length > 0 ? std::string(path, static_cast<std::size_t>(length)) : std::string();
}

}  // namespace

const char* name_of(ReadCall call) {
  static constexpr const char* k_names[k_read_calls] = {"read", "pread", "fstat", "fstatat", "readdir", "getdents", "readlinkat"};
  return k_names[static_cast<int>(call)];
}

RefusedReads::RefusedReads(ReadCall call, std::size_t nth, bool for_ever) {
  const std::lock_guard lock(state.mutex);
  state.call = call;
  state.nth = nth;
  state.for_ever = for_ever;
  state.seen = state.refused = 0;
  state.about.clear();
  state.armed = true;
}
RefusedReads::~RefusedReads() {
  const std::lock_guard lock(state.mutex);
  state.armed = false;
}
std::size_t RefusedReads::count() const { return state.refused; }
const std::vector<std::string>& RefusedReads::about() const { return state.about; }

bool is_refused(ReadCall call, int fd, const char* name) {
  if (!state.armed) return false;
  const std::lock_guard lock(state.mutex);
  if (!state.armed || call != state.call) return false;
  ++state.seen;
  if (state.for_ever ? state.seen < state.nth : state.seen != state.nth) return false;
  ++state.refused;
  state.about.push_back(name != nullptr && *name != '\0' ? name : path_of(fd));
  errno = EIO;
  return true;
}

}  // namespace store::test

using namespace store;
using namespace store::test;

extern "C" {
int __real_fstat64(int, struct stat64*);
int __real_fstatat64(int, const char*, struct stat64*, int);
struct dirent64* __real_readdir64(DIR*);
ssize_t __real_readlinkat(int, const char*, char*, size_t);
long __real_syscall(long, ...);

int __wrap_fstat64(int fd, struct stat64* info) { return is_refused(ReadCall::fstat, fd, nullptr) ? -1 : __real_fstat64(fd, info); }
int __wrap_fstatat64(int fd, const char* name, struct stat64* info, int flags) {
  return is_refused(ReadCall::fstatat, fd, name) ? -1 : __real_fstatat64(fd, name, info, flags);
}
struct dirent64* __wrap_readdir64(DIR* directory) {
  return is_refused(ReadCall::readdir, ::dirfd(directory), nullptr) ? nullptr : __real_readdir64(directory);
}
ssize_t __wrap_readlinkat(int fd, const char* name, char* out, size_t size) {
  return is_refused(ReadCall::readlinkat, fd, name) ? -1 : __real_readlinkat(fd, name, out, size);
}
long __wrap_syscall(long number, ...) {
  va_list more;
  va_start(more, number);
  long arguments[6];
  for (long& argument : arguments) argument = va_arg(more, long);
  va_end(more);
  if (number == SYS_getdents64 && is_refused(ReadCall::getdents, static_cast<int>(arguments[0]), nullptr)) return -1;
  return __real_syscall(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}
}

namespace {

using Words = std::vector<std::string>;

struct Word {
  Words words;
  bool writes = false;
};

const std::vector<Word>& words() {
  static const std::vector<Word> all{
      {{"status", "--porcelain"}},
      {{"log"}},
      {{"ls", "-r"}},
      {{"cat", "HEAD:d/large"}},
      {{"diff", "HEAD~1", "HEAD"}},
      {{"fsck"}},
      {{"add", "-A"}, true},
      {{"commit", "-A", "-m", "more"}, true},
      {{"checkout", "side~1", "--force"}, true},
      {{"restore", "."}, true},
      {{"merge", "side"}, true},
      {{"save", "d", "-b", "saved", "-m", "x"}, true},
      {{"repack"}, true},
      {{"undo"}, true},
  };
  return all;
}

void prepare(CommandLine& store) {
  const auto done = [&](const Words& line) { REQUIRE(store(line).code == 0); };
  store.commit_two_files();
  done({"branch", "side"});
  store.scratch.write("work/d/large", noise(100'000, 1));
  store.scratch.make_symlink("work/shortcut", "a");
  done({"commit", "-A", "-m", "second"});
  done({"switch", "side"});
  store.scratch.write("work/theirs", "3");
  done({"commit", "-A", "-m", "third"});
  done({"switch", "main"});
}

void change(const CommandLine& store) {
  store.scratch.write("work/a", "changed");
  store.scratch.write("work/d/b", "changed, too");
}

/// What is behind the last slash: of a pack ten digits, of the working tree itself ".".
bool names_one_of(const std::string& text, const std::vector<std::string>& about) {
  return std::any_of(about.begin(), about.end(), [&](const std::string& path) {
    std::string tail = path.substr(path.rfind('/') + 1);
    if (path.starts_with("pipe:")) return true;  // of the program's own threads and children
    if (tail.ends_with(".pack")) tail.resize(10);
    const bool is_top = tail == "work" || tail == ".";
    return (tail != "." && text.find(tail) != std::string::npos) || (is_top && text.find(".: ") != std::string::npos);
  });
}

std::string temporaries(const CommandLine& store) {
  std::string found;
  for (const auto& file : std::filesystem::recursive_directory_iterator(store.scratch.path("work"))) {
    const std::string name = file.path().filename();
    if (name == "pack.tmp") continue;
    if (name.find("tmp") != std::string::npos || name.find(".new-") != std::string::npos) found += name + " ";
  }
  return found;
}

struct Refusal {
  ReadCall call{};
  std::size_t nth = 1;
  bool for_ever = false;
};

/// One word with one refusal; false if it was not met. `calm` is what it says otherwise.
bool run_round(CommandLine& store, const Word& word, const Refusal& refusal, const std::string& calm) {
  CAPTURE(refusal.nth);
  Answer answer;
  std::vector<std::string> about;
  {
    const RefusedReads refused(refusal.call, refusal.nth, refusal.for_ever);
    Words line = word.words;
    line.insert(line.end(), {"--jobs", "1"});
    answer = store(line);
    if (refused.count() == 0) return false;
    about = refused.about();
  }
  INFO(fmt::format("refused: {}", fmt::join(about, " ")));
  CAPTURE(answer.code);
  CAPTURE(answer.err);
  CHECK((answer.code == 0 || answer.code == 3 || answer.code == 14));
  if (answer.code == 0 && !word.writes) CHECK(answer.out == calm);
  if (answer.code != 0) CHECK(names_one_of(answer.err + answer.out, about));
  CHECK(temporaries(store) == "");
  if (!word.writes) return true;
  const Answer again = store(word.words);
  CAPTURE(again.err);
  CHECK((again.code == 0 || again.code == 1));
  CHECK(store({"fsck"}).code == 0);
  return true;
}

}  // namespace

TEST_CASE("a refusal of any call that reads, once or for ever, is told with the name of what cannot be read, and harms nothing") {
  std::map<std::string, std::size_t> rounds;
  for (const Word& word : words()) {
    CAPTURE(word.words.front());
    std::string calm;
    std::unique_ptr<CommandLine> store;
    const auto renew = [&] {
      store = std::make_unique<CommandLine>();
      prepare(*store);
      if (word.words.front() != "merge" && word.words.front() != "undo") change(*store);
    };
    renew();
    if (!word.writes) calm = (*store)(word.words).out;
    for (int i = 0; i < k_read_calls; ++i)
      for (const bool for_ever : {false, true}) {
        Refusal refusal{static_cast<ReadCall>(i), 1, for_ever};
        const std::string call = name_of(refusal.call);
        CAPTURE(call);
        CAPTURE(for_ever);
        for (;; ++refusal.nth) {
          if (word.writes) renew();
          if (!run_round(*store, word, refusal, calm)) break;
          ++rounds[name_of(refusal.call)];
        }
      }
  }
  std::size_t sum = 0;
  std::string counts;
  for (const auto& [name, count] : rounds) {
    sum += count;
    counts += fmt::format(" {} {}", count, name);
  }
  CHECK(rounds.size() == k_read_calls);
  MESSAGE(sum << " refusals:" << counts);
}
