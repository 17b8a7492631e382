#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "base/fd.h"
#include "support/scratch.h"

namespace store::test {

struct Outcome {
  int status = 0;
  std::string output;
};

/// Runs git in the scratch folder, or a folder in it, without anybody's configuration.
inline Outcome run_git(const Scratch& scratch, std::vector<std::string> words, const std::string& below = {}) {
  words.insert(words.begin(), {"git", "-C", below.empty() ? scratch.path() : scratch.path(below)});
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  int pipe_fds[2];
  if (::pipe2(pipe_fds, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  const UniqueFd reading(pipe_fds[0]);
  UniqueFd writing(pipe_fds[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(writing.get(), STDOUT_FILENO);
    ::dup2(::open("/dev/null", O_WRONLY), STDERR_FILENO);  // refusals are expected
    ::setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
    ::setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
    ::execvp("git", arguments.data());
    ::_exit(127);
  }
  writing.reset();
  Outcome outcome;
  Bytes buffer(1 << 16);
  while (const std::size_t got = read_full(reading.get(), buffer, "pipe"))
    outcome.output += as_text(ByteView(buffer).first(got));
  int status = 0;
  if (::waitpid(child, &status, 0) != child) throw std::runtime_error("waitpid");
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

inline std::vector<std::string> split_at_nul(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\0', begin);
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

}  // namespace store::test
