#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "app/cli.h"
#include "base/fd.h"
#include "support/scratch.h"

namespace store::test {

struct Answer {
  int code = 0;
  std::string out;
  std::string err;
  nlohmann::json json() const { return nlohmann::json::parse(out); }
};

/// Runs the command line in this process, in a scratch folder of its own, with nothing of the user's environment.
class CommandLine {
 public:
  CommandLine() {
    scratch.make_directory("home");
    scratch.make_directory("work");
    cwd = scratch.path("work");
    environment = {{"HOME", scratch.path("home")}, {"TERM", "dumb"}, {"STORE_CORE_FSYNC", "false"}};
  }

  Answer operator()(const std::vector<std::string>& arguments, const std::string& input = {}) {
    StringSink out;
    StringSink err;
    scratch.write("stdin", input);
    const UniqueFd in(::open(scratch.path("stdin").c_str(), O_RDONLY | O_CLOEXEC));
    Console console;
    console.out = &out;
    console.err = &err;
    console.environment = environment;
    console.cwd = cwd;
    console.stdin_fd = in.get();
    console.out_is_terminal = terminal;
    console.in_is_terminal = terminal;
    console.err_is_terminal = terminal;
    console.cancel = &cancel;
    const int code = run(arguments, console);
    return {code, out.text(), err.text()};
  }

  /// A repository with one commit of "a" and "d/b".
  void commit_two_files() {
    (*this)({"init"});
    scratch.make_tree({{.path = "work/a", .content = "one\n"}, {.path = "work/d/b", .content = "two\n"}});
    (*this)({"add", "."});
    (*this)({"commit", "-m", "first"});
  }

  Scratch scratch;
  std::string cwd;
  std::map<std::string, std::string> environment;
  bool terminal = false;
  CancelToken cancel;
};

}  // namespace store::test
