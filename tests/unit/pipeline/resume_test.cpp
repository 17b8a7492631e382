#include "pipeline/resume.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>

#include "repo/repository.h"
#include "support/work_fixture.h"

using namespace store;
using namespace store::test;

namespace {

constexpr StatKey k_stat{.size = 1000, .mtime_ns = 1, .ctime_ns = 2, .inode = 3, .device = 4};
constexpr StatKey k_other_stat{.size = 1000, .mtime_ns = 1, .ctime_ns = 9, .inode = 3, .device = 4};

/// Session folders with journals, without any process behind them.
class Journals {
 public:
  void add(const std::vector<JournalRecord>& records, std::string_view tail = {}) {
    Bytes bytes = encode_journal_header();
    for (const JournalRecord& record : records) append_journal_record(record, bytes);
    const std::string name = fmt::format("session{}", sessions_.size());
    scratch_.write(name + "/journal", std::string(as_text(bytes)) + std::string(tail));
    add_folder(name);
  }
  void add_folder(const std::string& name) {
    scratch_.make_directory(name);
    DeadSession session;
    session.name = name;
    session.directory = open_readonly(scratch_.dirfd(), name, O_DIRECTORY);
    sessions_.push_back(std::move(session));
  }
  void write(const std::string& name, std::string_view content) { scratch_.write(name, content); }
  const std::vector<DeadSession>& sessions() const { return sessions_; }

 private:
  Scratch scratch_;
  std::vector<DeadSession> sessions_;
};

JournalFile finished(const std::string& path, std::byte id, const StatKey& stat = k_stat) {
  JournalFile file;
  file.entry.path = path;
  file.entry.mode = 0644;
  file.entry.size = stat.size;
  file.entry.chunks = 1;
  file.entry.id.bytes.fill(id);
  file.entry.stat = stat;
  return file;
}

JournalNode node(const std::string& path, std::uint64_t offset, std::uint64_t bytes, const StatKey& stat = k_stat) {
  JournalNode result{.path = path, .stat = stat, .parameters = {}, .offset = offset, .count = 16, .bytes = bytes, .id = {}};
  result.id.bytes.fill(static_cast<std::byte>(offset / 100 + 1));
  return result;
}

}  // namespace

TEST_CASE("a finished file is found for the same stat and mode only, and not if it was racy") {
  Journals journals;
  JournalFile racy = finished("b", std::byte{2});
  racy.entry.racy = true;
  journals.add({finished("a", std::byte{1}), racy, finished("c", std::byte{3}), finished("d", std::byte{4})});
  ResumeJournals resume(journals.sessions());
  CHECK(resume.find_file("a", k_stat, 0644) == finished("a", std::byte{1}).entry);
  CHECK(!resume.find_file("b", k_stat, 0644));
  CHECK(!resume.find_file("c", k_other_stat, 0644));
  CHECK(!resume.find_file("d", k_stat, 0755));
  CHECK(!resume.find_file("e", k_stat, 0644));
}

TEST_CASE("lookups go through the journals in path order, where '/' comes first") {
  Journals journals;
  journals.add({finished("a/z", std::byte{1}), finished("a.b", std::byte{2}), finished("b", std::byte{3})});
  ResumeJournals resume(journals.sessions());
  CHECK(!resume.find_file("a", k_stat, 0644));
  CHECK(!resume.find_file("a/a", k_stat, 0644));
  CHECK(resume.find_file("a/z", k_stat, 0644));
  CHECK(resume.find_file("a.b", k_stat, 0644));
  CHECK(!resume.find_file("a.c", k_stat, 0644));
  CHECK(resume.find_file("b", k_stat, 0644));
}

TEST_CASE("several journals are read side by side") {
  Journals journals;
  journals.add({finished("a", std::byte{1}), finished("c", std::byte{3})});
  journals.add({finished("b", std::byte{2}), finished("c", std::byte{4}, k_other_stat)});
  journals.add({});
  ResumeJournals resume(journals.sessions());
  CHECK(resume.find_file("a", k_stat, 0644));
  CHECK(resume.find_file("b", k_stat, 0644));
  CHECK(resume.find_file("c", k_other_stat, 0644) == finished("c", std::byte{4}, k_other_stat).entry);
}

TEST_CASE("nodes count from the start of the file on, without a gap, for the same stat and parameters") {
  Journals journals;
  const ChunkParameters parameters;
  journals.add({node("gap", 0, 100), node("gap", 100, 100), node("gap", 300, 100), node("late", 100, 100),
                node("stat", 0, 100), node("stat", 100, 100, k_other_stat), node("whole", 0, 100),
                node("whole", 100, 50), finished("whole", std::byte{9})});
  ResumeJournals resume(journals.sessions());
  CHECK(resume.find_nodes("gap", k_stat, parameters) == std::vector{node("gap", 0, 100), node("gap", 100, 100)});
  CHECK(resume.find_nodes("late", k_stat, parameters).empty());
  CHECK(resume.find_nodes("stat", k_stat, parameters) == std::vector{node("stat", 0, 100)});
  CHECK(resume.find_file("whole", k_stat, 0644));
  CHECK(resume.find_nodes("whole", k_stat, ChunkParameters::for_average(4096)).empty());
  CHECK(resume.find_nodes("whole", k_stat, parameters).size() == 2);
}

TEST_CASE("of several journals the one that got furthest in a file counts") {
  Journals journals;
  journals.add({node("f", 0, 100)});
  journals.add({node("f", 0, 100), node("f", 100, 100), node("f", 200, 100)});
  journals.add({node("f", 0, 100), node("f", 100, 100)});
  ResumeJournals resume(journals.sessions());
  CHECK(resume.find_nodes("f", k_stat, {}).size() == 3);
}

TEST_CASE("a journal is read up to its first flaw; none, an empty and a torn header are no journal") {
  Journals journals;
  Bytes torn;
  append_journal_record(finished("c", std::byte{3}), torn);
  torn.pop_back();
  journals.add({finished("a", std::byte{1}), finished("b", std::byte{2})}, as_text(torn));
  journals.add_folder("without a journal");
  journals.write("empty/journal", "");
  journals.add_folder("empty");
  journals.write("header/journal", std::string(as_text(encode_journal_header())).substr(0, 3));
  journals.add_folder("header");
  ResumeJournals resume(journals.sessions());
  CHECK(resume.find_file("b", k_stat, 0644));
  CHECK(!resume.find_file("c", k_stat, 0644));
  for (const DeadSession& session : journals.sessions()) CHECK(is_add_session(session));
}

TEST_CASE("a session of a checkout is none of an add") {
  Journals journals;
  journals.add({JournalTarget{{}, "store checkout", "boot"}, JournalWritten{"a", {}}});
  CHECK(!is_add_session(journals.sessions()[0]));
  ResumeJournals resume(journals.sessions());
  CHECK(!resume.find_file("a", k_stat, 0644));
}
