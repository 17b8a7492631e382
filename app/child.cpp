#include "app/child.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"

namespace store {
namespace {

constexpr std::string_view k_scissors = "# ------------------------ >8 ------------------------";
constexpr std::size_t k_pipe_buffer = 8192;
constexpr std::uint64_t k_max_message = 16u << 20;

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (std::string& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

/// While the user works in another program, Ctrl-C and Ctrl-\ are meant for that one.
class KeyboardSignalsIgnored {
 public:
  KeyboardSignalsIgnored() {
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGINT, &ignore, &interrupt_);
    sigaction(SIGQUIT, &ignore, &quit_);
  }
  ~KeyboardSignalsIgnored() {
    sigaction(SIGINT, &interrupt_, nullptr);
    sigaction(SIGQUIT, &quit_, nullptr);
  }
  KeyboardSignalsIgnored(const KeyboardSignalsIgnored&) = delete;
  KeyboardSignalsIgnored& operator=(const KeyboardSignalsIgnored&) = delete;

 private:
  struct sigaction interrupt_ {};
  struct sigaction quit_ {};
};

void reset_signals() {
  for (const int number : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ, SIGUSR1}) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace

pid_t start_child(const ChildCommand& child) {
  // Everything is made before the fork: between it and exec only async-signal-safe calls are allowed.
  std::vector<std::string> words = {"sh", "-c", child.command + " \"$@\"", child.command};
  words.insert(words.end(), child.arguments.begin(), child.arguments.end());
  std::vector<std::string> variables;
  for (const auto& [name, value] : child.environment) variables.push_back(name + "=" + value);
  const std::vector<char*> argv = pointers(words);
  const std::vector<char*> envp = pointers(variables);
  const pid_t pid = fork();
  if (pid < 0) throw_errno(errno, "fork", child.command);
  if (pid > 0) return pid;
  reset_signals();
  if (child.stdin_fd != 0) dup2(child.stdin_fd, 0);
  execve("/bin/sh", argv.data(), envp.data());
  _exit(127);
}

int wait_for_child(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) throw_errno(errno, "waitpid", std::to_string(pid));
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Pager::Pager(const std::string& command, std::map<std::string, std::string> environment) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw_errno(errno, "pipe2", command);
  const UniqueFd read_end(ends[0]);
  pipe_.reset(ends[1]);
  environment.emplace("LESS", "FRX");
  pid_ = start_child({.command = command, .environment = std::move(environment), .stdin_fd = read_end.get()});
  sink_ = std::make_unique<FdSink>(pipe_.get(), "pager", WriteErrors::report, k_pipe_buffer);
}

Pager::~Pager() {
  try {
    if (pipe_) sink_->flush();
  } catch (const std::exception&) {  // the user has left; another error is on its way
  }
  pipe_.reset();
  if (pid_ > 0) waitpid(pid_, nullptr, 0);
}

void Pager::finish() {
  sink_->flush();
  pipe_.reset();
  const pid_t pid = std::exchange(pid_, -1);
  wait_for_child(pid);
}

std::string edit_message(const Console& console, const std::string& editor, const std::string& file,
                         const std::string& initial, const std::string& below_scissors) {
  const std::string text = initial + "\n" + std::string(k_scissors) + "\n" + below_scissors;
  replace_file(posix_file_system(), AT_FDCWD, file, as_bytes(text), SyncDirectory::no);
  const KeyboardSignalsIgnored ignored;
  const int status = wait_for_child(
      start_child({.command = editor, .arguments = {file}, .environment = console.environment}));
  if (status != 0)
    throw Error(ErrorKind::usage, escape_name(editor) + ": the editor ended with " + std::to_string(status));
  const std::optional<Bytes> edited = read_file(AT_FDCWD, file, k_max_message);
  if (!edited) throw Error(ErrorKind::usage, escape_name(file) + ": the editor left no message");
  std::string message(as_text(*edited));
  if (message.starts_with(k_scissors)) return {};
  if (const std::size_t cut = message.find("\n" + std::string(k_scissors)); cut != message.npos) message.resize(cut);
  return message;
}

}  // namespace store
