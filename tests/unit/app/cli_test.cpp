// The command line as a whole, in this process: exit codes, text and JSON of every word.
#include <doctest/doctest.h>

#include <csignal>

#include "base/error.h"
#include "cli_fixture.h"

using namespace store;
using test::Answer;
using test::CommandLine;
using Json = nlohmann::json;

namespace {

void check_keys(const Json& object, const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    CAPTURE(key);
    CHECK(object.contains(key));
  }
}

const std::vector<std::string> k_totals = {
    "files",        "bytes",        "unchanged_files", "chunks",           "new_chunks", "new_bytes",
    "stored_bytes", "directories",  "symlinks",        "dedup_ratio",      "mapped_bytes", "streamed_bytes",
    "cache_hits",   "cache_misses", "failed",          "seconds",          "files_per_second",
    "bytes_per_second", "peak_memory_bytes"};

/// Fails at its first write, as a pipe that nobody reads does.
class BrokenSink final : public Sink {
 public:
  explicit BrokenSink(Error error) : error_(std::move(error)) {}
  void write(std::string_view) override { throw error_; }

 private:
  Error error_;
};

}  // namespace

TEST_CASE("no word is a usage error with the words on standard error") {
  CommandLine store;
  const Answer answer = store({});
  CHECK(answer.code == 2);
  CHECK(answer.out.empty());
  CHECK(answer.err.find("checkout") != std::string::npos);
}

TEST_CASE("help and version go to standard output") {
  CommandLine store;
  CHECK(store({"--version"}).out.substr(0, 6) == "store ");
  CHECK(store({"version"}).code == 0);
  CHECK(store({"--help"}).out == store({"help"}).out);
  CHECK(store({"add", "--help"}).out == store({"help", "add"}).out);
  CHECK(store({"version", "--json"}).json()["result"]["format"] == 1);
  const Json help = store({"help", "--json"}).json()["result"];
  check_keys(help, {"words", "global", "exit_codes"});
  CHECK(store({"help", "commit", "--json"}).json()["result"]["words"].size() == 1);
}

TEST_CASE("words of later versions, abbreviations and misspellings are refused") {
  CommandLine store;
  for (const char* word : {"gc", "clone", "pull", "push", "mount"}) {
    const Answer answer = store({word});
    CHECK(answer.code == 2);
    CHECK(answer.err.starts_with("error: store " + std::string(word) + ": not in this version\n"));
  }
  CHECK(store({"statu"}).err.find("store status") != std::string::npos);
  CHECK(store({"sta"}).code == 2);
  CHECK(store({"help", "push"}).code == 2);
  CHECK(store({"c", "--json"}).json()["error"]["candidates"].size() > 1);
}

TEST_CASE("a usage error with --json is one object on standard output") {
  CommandLine store;
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--json"}, {"log", "--bogus", "--json"}, {"--json", "nope"}, {"cat", "--json", "x"}}) {
    const Answer answer = store(words);
    CHECK(answer.code == 2);
    const Json object = answer.json();
    CHECK(object["ok"] == false);
    CHECK(object["error"]["code"] == 2);
    CHECK(object["error"]["kind"] == "usage");
    check_keys(object["error"], {"message", "hint"});
    CHECK(object["warnings"].is_array());
    CHECK(answer.out.find('\n') == answer.out.size() - 1);
  }
}

TEST_CASE("without a repository a command that needs one ends with 10") {
  CommandLine store;
  for (const char* word : {"status", "log", "ls", "fsck"}) CHECK(store({word}).code == 10);
  CHECK(store({"add", "."}).code == 10);
  CHECK(store({"--repo", "nowhere", "log"}).code == 10);
}

TEST_CASE("init tells whether it made the repository") {
  CommandLine store;
  const Json first = store({"init", "--json", "x"}).json();
  CHECK(first["result"]["created"] == true);
  CHECK(first["result"]["path"] == store.scratch.path("work/x/.store"));
  CHECK(store({"init", "--json", "x"}).json()["result"]["created"] == false);
  CHECK(store({"init", "--chunk-avg", "128K", "x"}).code == 7);
  CHECK(store({"init", "--chunk-avg", "3", "y"}).code == 2);
  CHECK(store({"init", "-b", "a..b", "y"}).code == 2);
  CHECK(store({"init", "x/.store/y"}).code == 2);
}

TEST_CASE("add and commit report their figures under the contract's keys") {
  CommandLine store;
  store({"init"});
  store.scratch.make_tree({{.path = "work/a", .content = "one\n"}, {.path = "work/d/b", .content = "two\n"}});
  const Json add = store({"add", "--json", "."}).json();
  CHECK(add["ok"] == true);
  check_keys(add["result"], k_totals);
  CHECK(add["result"]["files"] == 2);
  CHECK(add["result"]["bytes"] == 8);
  CHECK(add["result"]["new_chunks"] == 2);
  const Json commit = store({"commit", "--json", "-m", "first"}).json();
  check_keys(commit["result"], k_totals);
  check_keys(commit["result"], {"id", "tree", "parents", "branch", "committed"});
  CHECK(commit["result"]["branch"] == "main");
  CHECK(commit["result"]["committed"] == true);
  CHECK(commit["result"]["id"].get<std::string>().size() == 64);
}

TEST_CASE("nothing to commit is one line and 1, and 0 if that was expected") {
  CommandLine store;
  store.commit_two_files();
  const std::string head = store({"log", "--format", "{id}"}).out;
  const Answer nothing = store({"commit", "-m", "again"});
  CHECK(nothing.code == 1);
  CHECK(nothing.out == "nothing to commit: nothing is staged; store commit -A takes all that changed\n");
  CHECK(store({"commit", "-A", "-m", "again"}).out == "nothing to commit\n");
  const Answer json = store({"commit", "-m", "again", "--json"});
  CHECK(json.code == 1);
  CHECK(json.json()["ok"] == true);
  CHECK(json.json()["result"]["committed"] == false);
  CHECK(json.json()["result"]["id"].get<std::string>() + "\n" == head);
  CHECK(store({"commit", "-m", "again", "--skip-if-unchanged"}).code == 0);
  CHECK(store({"commit", "-q", "-m", "again", "--allow-empty"}).out.size() == 65);
}

TEST_CASE("the message comes from paragraphs, a file, standard input or the editor") {
  CommandLine store;
  store.commit_two_files();
  const auto message = [&] { return store({"log", "-1", "--json"}).json()["result"]["commits"][0]["message"]; };
  CHECK(store({"commit", "--allow-empty", "-m", "one", "-m", "two \n\n"}).code == 0);
  CHECK(message() == "one\n\ntwo");
  store.scratch.write("work/msg", "# from file\n");
  CHECK(store({"commit", "--allow-empty", "-F", "msg"}).code == 0);
  CHECK(message() == "# from file");
  CHECK(store({"commit", "--allow-empty", "-F", "-"}, "typed").code == 0);
  CHECK(message() == "typed");
  CHECK(store({"commit", "--allow-empty"}).code == 2);
  CHECK(store({"commit", "--allow-empty", "-m", " \n"}).code == 2);
  CHECK(store({"commit", "--allow-empty", "-m", "x", "-F", "msg"}).code == 2);
  store.terminal = true;
  store.environment["STORE_EDITOR"] = "sed -i '1s/^/edited/'";
  store.environment["PATH"] = "/usr/bin:/bin";
  CHECK(store({"commit", "--allow-empty"}).code == 0);
  store.terminal = false;
  CHECK(message() == "edited");
}

TEST_CASE("author, date and meta of a commit are what was asked for") {
  CommandLine store;
  store.commit_two_files();
  CHECK(store({"commit", "--allow-empty", "-m", "x", "--author", "A B <a@b>", "--date", "@86400", "--meta", "k=1", "--meta",
               "k=2=3"})
            .code == 0);
  const Json commit = store({"log", "-1", "--json"}).json()["result"]["commits"][0];
  CHECK(commit["author"]["name"] == "A B");
  CHECK(commit["author"]["email"] == "a@b");
  CHECK(commit["time"] == "1970-01-02T00:00:00Z");
  CHECK(commit["meta"]["k"] == "2=3");
  for (const std::vector<std::string>& bad :
       {std::vector<std::string>{"--author", "x"}, {"--date", "soon"}, {"--meta", "K=v"}, {"--meta", "k"}, {"path"}}) {
    std::vector<std::string> words{"commit", "--allow-empty", "-m", "x"};
    words.insert(words.end(), bad.begin(), bad.end());
    CHECK(store(words).code == 2);
  }
}

TEST_CASE("standard input is read by one option only") {
  CommandLine store;
  store.commit_two_files();
  CHECK(store({"add", "--files-from", "-", "--exclude-from", "-"}, "a\n").code == 2);
}

TEST_CASE("names for add come from a list, relative to the current directory") {
  CommandLine store;
  store.commit_two_files();
  store.scratch.make_tree({{.path = "work/d/[x]", .content = "1"}, {.path = "work/d/y\nz", .content = "2"}});
  store.cwd = store.scratch.path("work/d");
  CHECK(store({"add", "--files-from", "-"}, "[x]\n").code == 0);
  CHECK(store({"add", "--files-from", "-", "-z"}, std::string("y\nz\0gone\0", 9)).code == 3);
  CHECK(store({"status", "--porcelain"}).out == "A  d/[x]\nA  \"d/y\\nz\"\n");
  CHECK(store({"add", "--files-from", "-"}, "").code == 0);
  CHECK(store({"add", "x", "--files-from", "-"}).code == 2);
}

TEST_CASE("status has a form for people, one for short and one for programs") {
  CommandLine store;
  store.commit_two_files();
  store.scratch.write("work/a", "changed\n");
  store.scratch.write("work/d/new file", "x");
  CHECK(store({"status", "--porcelain"}).out == " M a\n?? \"d/new file\"\n");
  CHECK(store({"status", "-z"}).out == std::string(" M a\0?? d/new file\0", 19));
  store.cwd = store.scratch.path("work/d");
  CHECK(store({"status", "-s"}).out == " M ../a\n?? \"new file\"\n");
  CHECK(store({"status"}).out.find("modified:   ../a") != std::string::npos);
  CHECK(store({"status"}).code == 0);
  CHECK(store({"status", "--exit-code"}).code == 1);
  const Json result = store({"status", "--json"}).json()["result"];
  check_keys(result, {"branch", "head", "detached", "staged", "unstaged", "untracked", "conflicted", "ignored", "interrupted"});
  CHECK(result["unstaged"][0]["change"] == "modified");
  CHECK(result["interrupted"].is_null());
}

TEST_CASE("log and status of a repository without commits are empty and succeed") {
  CommandLine store;
  store({"init"});
  CHECK(store({"log"}).code == 0);
  CHECK(store({"log"}).out.empty());
  CHECK(store({"log", "--json"}).json()["result"]["commits"].empty());
  CHECK(store({"status", "--json"}).json()["result"]["head"].is_null());
  CHECK(store({"ls"}).code == 4);
}

TEST_CASE("an argument of log is a revision, a path, or refused for being both or none") {
  CommandLine store;
  store.commit_two_files();
  store.scratch.write("work/main", "a file named like the branch");
  CHECK(store({"log", "a"}).code == 0);
  CHECK(store({"log", "main"}).code == 2);
  CHECK(store({"log", "main", "--"}).code == 0);
  CHECK(store({"log", "--", "main"}).out.empty());
  CHECK(store({"log", "nope"}).code == 4);
  CHECK(store({"log", "nope", "--json"}).json()["error"].contains("candidates"));
  CHECK(store({"log", "nope..HEAD"}).code == 4);
  CHECK(store({"log", "HEAD..HEAD"}).out.empty());
  CHECK(store({"log", "--graph", "--grep", "x"}).code == 2);
}

TEST_CASE("ls lists paths from the root, in the forms of text and JSON") {
  CommandLine store;
  store.commit_two_files();
  CHECK(store({"ls"}).out == "a\nd\n");
  CHECK(store({"ls", "-r"}).out == "a\nd\nd/b\n");
  CHECK(store({"ls", "HEAD:d"}).out == "d/b\n");
  CHECK(store({"ls", "HEAD:d/b"}).out == "d/b\n");
  CHECK(store({"ls", "-z", ":"}).out == std::string("a\0d\0", 4));
  store.cwd = store.scratch.path("work/d");
  CHECK(store({"ls", "HEAD:./b"}).out == "d/b\n");
  const Json entries = store({"ls", "-r", "--json"}).json()["result"]["entries"];
  CHECK(entries[0]["mode"] == "0644");
  CHECK(entries[0]["type"] == "file");
  CHECK(entries[1]["type"] == "directory");
  CHECK(entries[1]["size"] == 4);
}

TEST_CASE("cat sends bytes, ranges and symlink targets, or replaces a file") {
  CommandLine store;
  store({"init"});
  store.scratch.make_tree({{.path = "work/a", .content = "0123456789"}, {.path = "work/l", .target = "a"}});
  store({"add", "."});
  store({"commit", "-m", "x"});
  CHECK(store({"cat", "HEAD:a"}).out == "0123456789");
  CHECK(store({"cat", "HEAD:l"}).out == "a");
  CHECK(store({"cat", ":a"}).out == "0123456789");
  CHECK(store({"cat", "HEAD:a", "--bytes", "2-4"}).out == "234");
  CHECK(store({"cat", "HEAD:a", "--bytes", "-3"}).out == "789");
  CHECK(store({"cat", "HEAD:a", "--bytes", "10-"}).code == 4);
  CHECK(store({"cat", "HEAD:a", "--bytes", "5-3"}).code == 2);
  CHECK(store({"cat", "HEAD:"}).code == 4);
  CHECK(store({"cat"}).code == 2);
  store.scratch.write("work/out", "old", 0600);
  CHECK(store({"cat", "HEAD:a", "-o", "out"}).code == 0);
  CHECK(store.scratch.read("work/out") == "0123456789");
  CHECK(store({"cat", "HEAD:gone", "-o", "out2"}).code == 4);
  CHECK(!store.scratch.exists("work/out2"));
}

TEST_CASE("checkout moves between commits and says what is in the way") {
  CommandLine store;
  store.commit_two_files();
  store.scratch.write("work/a", "second\n");
  store({"commit", "-a", "-m", "second"});
  const Json back = store({"checkout", "HEAD~1", "--json"}).json()["result"];
  check_keys(back, {"head", "branch", "written", "removed", "kept", "bytes", "not_restored", "failed"});
  CHECK(back["branch"].is_null());
  CHECK(store.scratch.read("work/a") == "one\n");
  store.scratch.write("work/a", "mine\n");
  const Answer blocked = store({"checkout", "main", "--json"});
  CHECK(blocked.code == 7);
  CHECK(blocked.json()["error"]["paths"] == Json::array({"a"}));
  CHECK(store.scratch.read("work/a") == "mine\n");
  CHECK(store({"checkout", "main", "--force"}).code == 0);
  CHECK(store({"status", "--porcelain"}).out.empty());
  CHECK(store({"checkout", "main", "--out", "../copy"}).code == 0);
  CHECK(store.scratch.read("copy/d/b") == "two\n");
  CHECK(store({"checkout"}).code == 2);
  CHECK(store({"checkout", "--", "a"}).code == 2);
  CHECK(store({"checkout", "a"}).code == 2);
  CHECK(store({"checkout", "HEAD:d"}).code == 2);
}

TEST_CASE("fsck of a sound repository finds nothing") {
  CommandLine store;
  store.commit_two_files();
  const Json result = store({"fsck", "--json"}).json()["result"];
  check_keys(result, {"objects", "packs", "bytes_read", "problems"});
  CHECK(result["problems"].empty());
  CHECK(store({"fsck", "--quick", "--subset", "5%"}).code == 2);
  CHECK(store({"fsck", "--subset", "0/3"}).code == 2);
}

TEST_CASE("settings are read from every layer and written with their comments kept") {
  CommandLine store;
  store({"init"});
  CHECK(store({"config", "core.auto_merge"}).out == "true\n");
  CHECK(store({"config", "core.auto_merge", "false"}).code == 0);
  CHECK(store({"config", "core.auto_merge"}).out == "false\n");
  store.environment["STORE_CORE_AUTO_MERGE"] = "true";
  CHECK(store({"config", "core.auto_merge", "--show-origin"}).out.find("STORE_CORE_AUTO_MERGE") != std::string::npos);
  CHECK(store({"--config", "core.auto_merge=false", "config", "core.auto_merge"}).out == "false\n");
  CHECK(store({"config", "--unset", "core.auto_merge"}).code == 0);
  CHECK(store({"config", "--unset", "core.auto_merge"}).code == 1);
  CHECK(store({"config", "user.name"}).code == 1);
  CHECK(store({"config", "--user", "user.name", "A B"}).code == 0);
  CHECK(store.scratch.read("home/.config/store/config.toml").find("A B") != std::string::npos);
  CHECK(store({"config", "user.name", "--json"}).json()["result"]["values"][0]["value"] == "A B");
  CHECK(store({"config", "core.nope"}).code == 2);
  CHECK(store({"config"}).code == 2);
  CHECK(store({"config", "--list", "a"}).code == 2);
}

TEST_CASE("an unknown key warns with the nearest match, a bad value ends with 2 and names where it stands") {
  CommandLine store;
  store({"init"});
  store.environment["STORE_CORE_FSNC"] = "1";
  const Answer warned = store({"status", "--json"});
  CHECK(warned.code == 0);
  CHECK(warned.json()["warnings"][0]["message"].get<std::string>().find("STORE_CORE_FSYNC") != std::string::npos);
  store.environment["STORE_CORE_FSYNC"] = "maybe";
  const Answer bad = store({"status"});
  CHECK(bad.code == 2);
  CHECK(bad.err.find("STORE_CORE_FSYNC") != std::string::npos);
}

TEST_CASE("paths outside the tree or beyond a symlink, and little memory, are usage errors") {
  CommandLine store;
  store.commit_two_files();
  store.scratch.make_symlink("work/l", "d");
  CHECK(store({"add", ".."}).code == 2);
  CHECK(store({"add", "l/b"}).code == 2);
  CHECK(store({"add", ".store/config"}).code == 2);
  CHECK(store({"add", "nope"}).code == 4);
  CHECK(store({"add"}).code == 2);
  CHECK(store({"--memory", "15M", "status"}).code == 2);
  CHECK(store({"-C", "nowhere", "status"}).code == 4);
  CHECK(store({"-C", "d", "add", "b"}).code == 0);
}

TEST_CASE("a signal ends a command with 128 and its number") {
  CommandLine store;
  store.commit_two_files();
  store.cancel.request(SIGTERM);
  const Answer answer = store({"log"});
  CHECK(answer.code == 143);
}

TEST_CASE("a pipe that nobody reads ends the command without a word, a full disk with 9") {
  CommandLine store;
  store.commit_two_files();
  const auto run_into = [&](const Error& error, StringSink& err) {
    BrokenSink out(error);
    Console console;
    console.out = &out;
    console.err = &err;
    console.environment = store.environment;
    console.cwd = store.cwd;
    return run({"log"}, console);
  };
  StringSink quiet;
  CHECK(run_into(Error(ErrorKind::interrupted, "broken").with_signal(SIGPIPE), quiet) == 141);
  CHECK(quiet.text().empty());
  StringSink told;
  CHECK(run_into(Error(ErrorKind::no_space, "standard output: write: full"), told) == 9);
  CHECK(told.text().find("full") != std::string::npos);
}

TEST_CASE("names in text output carry no control bytes") {
  CommandLine store;
  store({"init"});
  store.scratch.write("work/a\x1b[2J\n\xff", "x");
  store({"add", "."});
  CHECK(store({"status"}).out.find('\x1b') == std::string::npos);
  store({"commit", "-m", "x\x1b[2J"});
  CHECK(store({"ls"}).out == "a\\x1b[2J\\n\\xff\n");
  CHECK(store({"log"}).out.find('\x1b') == std::string::npos);
  CHECK(store({"ls", "--json"}).json()["result"]["entries"][0]["path_base64"] == "YRtbMkoK/w==");
}
