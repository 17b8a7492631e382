#include "repo/refs.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <thread>

#include "hash/sha256.h"
#include "support/fault_file_system.h"
#include "support/scratch.h"
#include "support/unsynced_file_system.h"
#include "unit/repo/child_process.h"

using namespace store;
using test::ChildProcess;
using test::FaultFileSystem;
using test::FileCall;
using test::kind_of;
using test::Scratch;

namespace {

const LockWait k_patient{.timeout_ms = 60000, .on_wait = {}, .cancel = nullptr};
constexpr char k_main[] = "refs/heads/main";

std::optional<RefValue> commit(int number) {
  return RefValue{.id = sha256(as_bytes(std::to_string(number))), .branch = {}};
}
std::optional<RefValue> on(const std::string& branch) { return RefValue{.id = std::nullopt, .branch = branch}; }
const std::optional<RefValue> k_none;

OplogRecord record_of(std::vector<RefChange> changes, const std::string& command = "store commit") {
  OplogRecord record;
  record.changes = std::move(changes);
  record.command = command;
  record.time = {.seconds = 1700000000, .zone_minutes = 0};
  return record;
}
OplogRecord move_main(const std::optional<RefValue>& from, const std::optional<RefValue>& to) {
  return record_of({{k_main, from, to}});
}

struct Refs {
  explicit Refs(const std::string& where, FileSystem& fs = test::unsynced_file_system())
      : path((is_repository(where) ? void() : create_repository(test::unsynced_file_system(), where, "", "main"), where)),
        repository(fs, path) {}
  ObjectId update(const OplogRecord& record) const { return store.update(record, k_patient); }
  std::vector<OplogRecord> oplog() const {
    std::vector<OplogRecord> records;
    store.read_oplog([&](const OplogStep& step) { records.push_back(step.record); });
    return records;
  }
  std::string path;
  Repository repository;
  RefStore store{repository};
};

struct Fixture {
  Scratch scratch;
  Refs refs{scratch.path("r")};

  bool no_temporary(const std::string& name = "r") const {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(scratch.path(name))) {
      const std::string path = entry.path().filename().string();
      if (path.find(".new-") != path.npos || path.find(".tmp") != path.npos) return false;
    }
    return true;
  }
  /// Appends to the oplog as a writer does that is killed before it sets any ref.
  void append_only(const OplogRecord& record) const {
    const Bytes bytes = encode_oplog_record(record);
    scratch.write("r/oplog", scratch.read("r/oplog") + std::string(as_text(bytes)));
  }
  void set_file(const std::string& name, const std::optional<RefValue>& value) const {
    scratch.write("r/" + name, as_text(encode_ref(name, *value)));
  }
};

}  // namespace

TEST_CASE("names follow git's rules, and an id is no name") {
  for (const char* name : {"main", "a/b", "feature/x-1", "v1.0", "a@b", "@a", "ä", "a.b", "1234", "\xff"})
    CHECK_MESSAGE(is_valid_ref_name(name), name);
  for (const char* name : {"", "@", "HEAD", "-x", ".a", "a/.b", "a.", "a..b", "a.lock", "a.lock/b", "a@{b", "a b", "a~b",
                           "a^b", "a:b", "a?b", "a*b", "a[b", "a\\b", "/a", "a/", "a//b", "a\tb", "a\x7f"})
    CHECK_MESSAGE(!is_valid_ref_name(name), name);
  CHECK_FALSE(is_valid_ref_name(std::string(64, 'a')));
  CHECK_FALSE(is_valid_ref_name(std::string(64, 'A')));
  CHECK(is_valid_ref_name(std::string(63, 'a')));
  CHECK(is_valid_ref_name(std::string(65, 'a')));
  CHECK(is_valid_ref_name(std::string(255, 'x')));
  CHECK_FALSE(is_valid_ref_name(std::string(256, 'x')));
}

TEST_CASE_FIXTURE(Fixture, "a ref moves from what it was, and the oplog remembers") {
  CHECK(refs.store.head().branch == k_main);
  CHECK_FALSE(refs.store.head().commit);
  const OplogRecord first = move_main(k_none, commit(1));
  const OplogRecord second = move_main(commit(1), commit(2));
  const ObjectId first_id = refs.update(first);
  CHECK(refs.update(second) != first_id);
  CHECK(refs.store.read(k_main) == commit(2));
  CHECK(refs.store.head().commit == commit(2)->id);
  CHECK(refs.oplog() == std::vector<OplogRecord>{first, second});
  CHECK(refs.store.check().empty());
  CHECK(no_temporary());
}

TEST_CASE_FIXTURE(Fixture, "the id that update returns is the one that the oplog shows") {
  const ObjectId id = refs.update(move_main(k_none, commit(1)));
  refs.store.read_oplog([&](const OplogStep& step) { CHECK(step.id == id); });
}

TEST_CASE_FIXTURE(Fixture, "the same move twice in one second has two ids") {
  const RefChange there{"refs/heads/x", k_none, commit(1)};
  const RefChange back{"refs/heads/x", commit(1), k_none};
  std::set<ObjectId> ids;
  for (int i = 0; i < 3; ++i)
    for (const RefChange& change : {there, back}) ids.insert(refs.update(record_of({change})));
  CHECK(ids.size() == 6);
  std::set<ObjectId> shown;
  refs.store.read_oplog([&](const OplogStep& step) { shown.insert(step.id); });
  CHECK(shown == ids);
}

TEST_CASE_FIXTURE(Fixture, "a ref that has moved is a conflict and nothing changes") {
  refs.update(move_main(k_none, commit(1)));
  const std::string oplog = scratch.read("r/oplog");
  CHECK(kind_of([&] { refs.update(move_main(k_none, commit(2))); }) == ErrorKind::conflict);
  CHECK(kind_of([&] { refs.update(move_main(commit(3), commit(2))); }) == ErrorKind::conflict);
  CHECK(kind_of([&] {
          refs.update(record_of({{"refs/tags/t", k_none, commit(2)}, {k_main, commit(3), commit(2)}}));
        }) == ErrorKind::conflict);
  CHECK(refs.store.read(k_main) == commit(1));
  CHECK_FALSE(refs.store.read("refs/tags/t"));
  CHECK(scratch.read("r/oplog") == oplog);
  CHECK(no_temporary());
}

TEST_CASE_FIXTURE(Fixture, "HEAD moves between branches and ids like any ref") {
  refs.update(move_main(k_none, commit(1)));
  refs.update(record_of({{"HEAD", on(k_main), commit(1)}}));
  CHECK(refs.store.head().branch.empty());
  CHECK(refs.store.head().commit == commit(1)->id);
  refs.update(record_of({{"HEAD", commit(1), on("refs/heads/new/topic")}, {"refs/heads/new/topic", k_none, commit(1)}}));
  CHECK(refs.store.head().branch == "refs/heads/new/topic");
  CHECK(refs.store.check().empty());
}

TEST_CASE_FIXTURE(Fixture, "a record without refs is kept, and so is one that changes nothing") {
  refs.update(record_of({}, "store restore a"));
  refs.update(record_of({{"HEAD", on(k_main), on(k_main)}}));
  CHECK(refs.oplog().size() == 2);
  CHECK(refs.store.check().empty());
}

TEST_CASE_FIXTURE(Fixture, "refs are listed below a prefix, ascending, with nested names") {
  for (const char* name : {"refs/heads/b", "refs/heads/a/b/c", "refs/heads/a/x", "refs/tags/v1"})
    refs.update(record_of({{name, k_none, commit(1)}}));
  const auto names = [&](const char* prefix) {
    std::vector<std::string> found;
    for (const auto& [name, value] : refs.store.list(prefix)) found.push_back(name);
    return found;
  };
  CHECK(names("refs/heads/") == std::vector<std::string>{"refs/heads/a/b/c", "refs/heads/a/x", "refs/heads/b"});
  CHECK(names("refs/heads/a/") == std::vector<std::string>{"refs/heads/a/b/c", "refs/heads/a/x"});
  CHECK(names("refs/tags/") == std::vector<std::string>{"refs/tags/v1"});
  CHECK(names("refs/").size() == 4);
  CHECK(names("refs/heads/none/").empty());
  CHECK_FALSE(refs.store.read("refs/heads/a"));
  CHECK_FALSE(refs.store.read("refs/heads/b/c"));
  CHECK_FALSE(refs.store.read("refs/heads/../../config"));
}

TEST_CASE_FIXTURE(Fixture, "a ref cannot stand where another one needs a directory") {
  refs.update(record_of({{"refs/heads/a/b", k_none, commit(1)}}));
  refs.update(record_of({{"refs/heads/c", k_none, commit(1)}}));
  const auto make = [&](std::vector<RefChange> changes) {
    return kind_of([&] { refs.update(record_of(std::move(changes))); });
  };
  CHECK(make({{"refs/heads/a", k_none, commit(1)}}) == ErrorKind::exists);
  CHECK(make({{"refs/heads/c/d", k_none, commit(1)}}) == ErrorKind::exists);
  CHECK(make({{"refs/heads/e", k_none, commit(1)}, {"refs/heads/e/f", k_none, commit(1)}}) == ErrorKind::exists);
  CHECK(refs.oplog().size() == 2);
  CHECK_FALSE(make({{"refs/heads/a/b", commit(1), k_none}, {"refs/heads/a", k_none, commit(1)}}));
  CHECK_FALSE(make({{"refs/heads/c", commit(1), k_none}, {"refs/heads/c/d/e", k_none, commit(1)}}));
  CHECK(refs.store.read("refs/heads/a") == commit(1));
  CHECK(refs.store.read("refs/heads/c/d/e") == commit(1));
  CHECK(refs.store.check().empty());
}

TEST_CASE_FIXTURE(Fixture, "a removed ref takes its empty directories along, and empty ones are in nobody's way") {
  refs.update(record_of({{"refs/heads/a/b/c", k_none, commit(1)}, {"refs/heads/a/d", k_none, commit(1)}}));
  refs.update(record_of({{"refs/heads/a/b/c", commit(1), k_none}}));
  CHECK_FALSE(scratch.exists("r/refs/heads/a/b"));
  CHECK(scratch.exists("r/refs/heads/a/d"));
  scratch.make_directory("r/refs/heads/left/over");
  refs.update(record_of({{"refs/heads/left", k_none, commit(1)}}));
  CHECK(refs.store.read("refs/heads/left") == commit(1));
  CHECK(refs.store.check().empty());
}

TEST_CASE_FIXTURE(Fixture, "bad names and doubled ones are refused before anything is written") {
  for (const char* name : {"main", "refs/heads", "refs/heads/", "refs/heads/a..b", "refs//x", "refs/heads/../x", "oplog"})
    CHECK(kind_of([&] { refs.update(record_of({{name, k_none, commit(1)}})); }) == ErrorKind::usage);
  CHECK(kind_of([&] { refs.update(record_of({{k_main, k_none, commit(1)}, {k_main, k_none, commit(2)}})); }) ==
        ErrorKind::bug);
  CHECK(refs.oplog().empty());
}

TEST_CASE_FIXTURE(Fixture, "a record none of whose refs was set did not happen") {
  const OplogRecord first = move_main(k_none, commit(1));
  refs.update(first);
  append_only(record_of({{k_main, commit(1), commit(2)}, {"refs/tags/t", k_none, commit(2)}}));
  CHECK(refs.oplog() == std::vector<OplogRecord>{first});
  CHECK(refs.store.check().empty());
  const OplogRecord next = move_main(commit(1), commit(3));
  refs.update(next);
  CHECK(refs.oplog() == std::vector<OplogRecord>{first, next});
  CHECK(refs.store.check().empty());
}

TEST_CASE_FIXTURE(Fixture, "a record some of whose refs were set is finished by the next writer") {
  refs.update(record_of({{k_main, k_none, commit(1)}, {"refs/heads/old", k_none, commit(1)}}));
  const OplogRecord half = record_of({{k_main, commit(1), commit(2)},
                                      {"refs/heads/old", commit(1), k_none},
                                      {"refs/tags/deep/t", k_none, commit(2)}});
  append_only(half);
  set_file(k_main, commit(2));
  CHECK_MESSAGE(refs.store.check().empty(), "a crash is no damage");
  CHECK(refs.oplog().size() == 2);
  refs.update(record_of({{"refs/heads/other", k_none, commit(2)}}));
  CHECK(refs.store.read(k_main) == commit(2));
  CHECK_FALSE(refs.store.read("refs/heads/old"));
  CHECK(refs.store.read("refs/tags/deep/t") == commit(2));
  CHECK(refs.oplog().size() == 3);
  CHECK(refs.store.check().empty());
}

TEST_CASE_FIXTURE(Fixture, "a torn tail of the oplog is cut off, and a shorter record after it reads well") {
  const OplogRecord first = move_main(k_none, commit(1));
  refs.update(first);
  const std::string whole = scratch.read("r/oplog");
  const Bytes long_record = encode_oplog_record(record_of({{k_main, commit(1), commit(2)}}, std::string(5000, 'x')));
  const OplogRecord next = move_main(commit(1), commit(3));
  for (const std::size_t kept : {std::size_t{1}, std::size_t{20}, long_record.size() / 2, long_record.size() - 1}) {
    CAPTURE(kept);
    scratch.write("r/oplog", whole + std::string(as_text(ByteView(long_record).first(kept))));
    set_file(k_main, commit(1));
    CHECK(refs.oplog() == std::vector<OplogRecord>{first});
    CHECK(refs.store.check().empty());
    refs.update(next);
    CHECK(refs.oplog() == std::vector<OplogRecord>{first, next});
    CHECK(scratch.read("r/oplog").size() == whole.size() + encode_oplog_record(next).size());
  }
}

TEST_CASE_FIXTURE(Fixture, "damage in the middle of the oplog is found, not cut") {
  refs.update(move_main(k_none, commit(1)));
  const std::size_t middle = scratch.read("r/oplog").size() - 20;
  refs.update(move_main(commit(1), commit(2)));
  std::string log = scratch.read("r/oplog");
  log[middle] = static_cast<char>(log[middle] ^ 1);
  scratch.write("r/oplog", log);
  CHECK(kind_of([&] { refs.oplog(); }) == ErrorKind::corrupt);
  CHECK(kind_of([&] { refs.update(move_main(commit(2), commit(3))); }) == ErrorKind::corrupt);
  CHECK(scratch.read("r/oplog") == log);
  scratch.remove("r/oplog");
  CHECK(kind_of([&] { refs.oplog(); }) == ErrorKind::corrupt);
  CHECK(kind_of([&] { refs.update(move_main(commit(2), commit(3))); }) == ErrorKind::corrupt);
}

TEST_CASE_FIXTURE(Fixture, "lost, rolled-back, swapped, damaged and unknown refs are found, and not built upon") {
  refs.update(record_of({{k_main, k_none, commit(1)}, {"refs/heads/b", k_none, commit(7)}}));
  refs.update(move_main(commit(1), commit(2)));
  const std::string main = scratch.read("r/refs/heads/main");
  const auto only_problem = [&](const char* name, const std::optional<RefValue>& record) {
    const std::vector<RefStore::Mismatch> found = refs.store.check();
    REQUIRE(found.size() == 1);
    CHECK(found.front().name == name);
    CHECK(found.front().record == record);
    CHECK_FALSE(found.front().problem.empty());
  };
  SUBCASE("lost") {
    scratch.remove("r/refs/heads/main");
    only_problem(k_main, commit(2));
    CHECK(kind_of([&] { refs.update(move_main(k_none, commit(3))); }) == ErrorKind::corrupt);
  }
  SUBCASE("rolled back") {
    set_file(k_main, commit(1));
    only_problem(k_main, commit(2));
    CHECK(kind_of([&] { refs.update(move_main(commit(1), commit(3))); }) == ErrorKind::corrupt);
  }
  SUBCASE("lost, and not the last one moved") {
    scratch.remove("r/oplog.done");
    scratch.remove("r/refs/heads/b");
    only_problem("refs/heads/b", commit(7));
  }
  SUBCASE("swapped") {
    scratch.write("r/refs/heads/main", scratch.read("r/refs/heads/b"));
    only_problem(k_main, commit(2));
    CHECK(kind_of([&] { refs.store.read(k_main); }) == ErrorKind::corrupt);
  }
  SUBCASE("damaged") {
    for (std::size_t at = 0; at < main.size(); ++at) {
      std::string bytes = main;
      bytes[at] = static_cast<char>(bytes[at] ^ 4);
      scratch.write("r/refs/heads/main", bytes);
      CHECK(kind_of([&] { refs.store.read(k_main); }) == ErrorKind::corrupt);
    }
    only_problem(k_main, commit(2));
    CHECK_NOTHROW(refs.oplog());
    CHECK(kind_of([&] { refs.update(move_main(commit(2), commit(3))); }) == ErrorKind::corrupt);
  }
  SUBCASE("unknown") {
    set_file("refs/heads/stray", commit(5));
    only_problem("refs/heads/stray", k_none);
  }
  SUBCASE("HEAD is gone") {
    scratch.remove("r/HEAD");
    only_problem("HEAD", k_none);
    CHECK(kind_of([&] { refs.store.head(); }) == ErrorKind::corrupt);
  }
  CHECK_MESSAGE(refs.oplog().size() == 2, "nothing was cut off");
}

TEST_CASE_FIXTURE(Fixture, "a ref with neither the old nor the new value of a doubtful record stops every writer") {
  refs.update(move_main(k_none, commit(1)));
  append_only(record_of({{k_main, commit(1), commit(2)}}));
  set_file(k_main, commit(9));
  CHECK(kind_of([&] { refs.update(record_of({{"refs/tags/t", k_none, commit(1)}})); }) == ErrorKind::corrupt);
  CHECK(refs.store.check().size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "whatever stands in the place of a mark is in nobody's way") {
  refs.update(move_main(k_none, commit(1)));
  for (const std::string& mark : {std::string(), std::string("mark"), std::string(100'000, 'x')}) {
    scratch.write("r/oplog.done", mark);
    CHECK(refs.store.check().empty());
    refs.store.finish_interrupted();
    refs.update(record_of({{"refs/tags/t", k_none, commit(1)}}));
    refs.update(record_of({{"refs/tags/t", commit(1), k_none}}));
  }
}

TEST_CASE_FIXTURE(Fixture, "a mark is believed for its own record only, even if two records have the same bytes") {
  refs.update(move_main(k_none, commit(1)));
  const std::string mark = scratch.read("r/oplog.done");
  refs.update(move_main(commit(1), k_none));
  scratch.write("r/oplog.done", mark);
  append_only(move_main(k_none, commit(1)));
  CHECK(refs.oplog().size() == 2);
  refs.update(move_main(k_none, commit(5)));
  CHECK(refs.oplog().size() == 3);
  CHECK(refs.store.check().empty());
}

namespace {

/// One move with everything in it: a branch, a new nested tag, a deletion, and HEAD.
const OplogRecord& big_move() {
  static const OplogRecord record = record_of({{k_main, commit(1), commit(2)},
                                               {"refs/tags/deep/er/t", k_none, commit(2)},
                                               {"refs/heads/old/one", commit(1), k_none},
                                               {"HEAD", on(k_main), commit(2)}});
  return record;
}

void prepare(const Refs& refs) {
  refs.update(record_of({{k_main, k_none, commit(1)}, {"refs/heads/old/one", k_none, commit(1)}}));
}

/// All of big_move() happened, or none of it.
bool is_new(const Refs& refs) {
  std::size_t moved = 0;
  for (const RefChange& change : big_move().changes) {
    const std::optional<RefValue> value = refs.store.read(change.name);
    CHECK((value == change.old_value || value == change.new_value));
    if (value == change.new_value) ++moved;
  }
  CHECK((moved == 0 || moved == big_move().changes.size()));
  return moved != 0;
}

/// After an interrupted big_move(): no damage is seen, and the next writer makes it whole or drops it.
void check_recovers(const Fixture& fixture, const Refs& refs, const std::string& name) {
  CHECK(refs.store.check().empty());
  refs.update(record_of({{"refs/heads/next", k_none, commit(3)}}));
  const bool happened = is_new(refs);
  CHECK(refs.oplog().size() == (happened ? 3 : 2));
  CHECK(refs.store.check().empty());
  CHECK(fixture.no_temporary(name));
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "whatever call fails, once or for ever, a move is old or new") {
  for (const test::FaultLasts lasts : {test::FaultLasts::once, test::FaultLasts::forever}) {
    for (std::uint64_t nth = 1;; ++nth) {
      const std::string name = fmt::format("f{}-{}", static_cast<int>(lasts), nth);
      const Refs plain(scratch.path(name));
      prepare(plain);
      FaultFileSystem fs(test::unsynced_file_system());
      const Refs faulty(scratch.path(name), fs);
      fs.arm({.nth = nth, .error = EIO, .lasts = lasts, .bytes_before = 7});
      const std::optional<ErrorKind> kind = kind_of([&] { faulty.update(big_move()); });
      if (fs.faults() == 0) break;
      CAPTURE(name);
      if (!kind) CHECK(is_new(plain));
      check_recovers(*this, plain, name);
    }
  }
}

TEST_CASE_FIXTURE(Fixture, "a full disk leaves the refs as they were and no trace") {
  for (std::uint64_t nth = 1;; ++nth) {
    const std::string name = fmt::format("s{}", nth);
    const Refs plain(scratch.path(name));
    prepare(plain);
    const std::string oplog = scratch.read(name + "/oplog");
    FaultFileSystem fs(test::unsynced_file_system());
    const Refs full(scratch.path(name), fs);
    fs.arm({.call = FileCall::pwrite, .nth = nth, .error = ENOSPC, .lasts = test::FaultLasts::forever, .bytes_before = 5});
    const std::optional<ErrorKind> kind = kind_of([&] { full.update(big_move()); });
    if (fs.faults() == 0) break;
    CAPTURE(nth);
    if (kind) {
      CHECK(kind == ErrorKind::no_space);
      CHECK(scratch.read(name + "/oplog") == oplog);
      CHECK_FALSE(is_new(plain));
    } else {
      CHECK(is_new(plain));
    }
    CHECK(no_temporary(name));
  }
}

TEST_CASE_FIXTURE(Fixture, "wherever a writer is killed, the next one finishes or drops its move") {
  for (std::uint64_t nth = 1;; ++nth) {
    const std::string name = fmt::format("k{}", nth);
    const Refs plain(scratch.path(name));
    prepare(plain);
    ChildProcess child([&] {
      FaultFileSystem fs(test::unsynced_file_system());
      const Refs doomed(scratch.path(name), fs);
      fs.arm({.nth = nth, .action = test::FaultAction::kill, .bytes_before = 7});
      doomed.update(big_move());
    });
    const bool done = child.succeeds();
    CAPTURE(nth);
    check_recovers(*this, plain, name);
    if (done) break;
  }
}

TEST_CASE_FIXTURE(Fixture, "wherever the next writer is killed while it finishes a move, a third one does") {
  for (std::uint64_t nth = 1;; ++nth) {
    const std::string name = fmt::format("t{}", nth);
    const Refs plain(scratch.path(name));
    prepare(plain);
    const Bytes bytes = encode_oplog_record(big_move());
    scratch.write(name + "/oplog", scratch.read(name + "/oplog") + std::string(as_text(bytes)));
    scratch.write(name + "/HEAD", as_text(encode_ref("HEAD", *commit(2))));
    ChildProcess child([&] {
      FaultFileSystem fs(test::unsynced_file_system());
      const Refs doomed(scratch.path(name), fs);
      fs.arm({.nth = nth, .action = test::FaultAction::kill});
      doomed.update(record_of({{"refs/heads/doomed", k_none, commit(4)}}));
    });
    const bool done = child.succeeds();
    CAPTURE(nth);
    CHECK(plain.store.check().empty());
    const bool doomed_happened = plain.store.read("refs/heads/doomed").has_value();
    plain.update(record_of({{"refs/heads/next", k_none, commit(3)}}));
    CHECK(is_new(plain));
    CHECK(plain.oplog().size() == (doomed_happened ? 4 : 3));
    CHECK(plain.store.check().empty());
    CHECK(no_temporary(name));
    if (done) break;
  }
}

TEST_CASE_FIXTURE(Fixture, "the refs are synced in the documented order") {
  FaultFileSystem fs(test::unsynced_file_system());
  const Refs counted(scratch.path("r"), fs);
  counted.update(move_main(k_none, commit(1)));
  CHECK_MESSAGE(fs.count(FileCall::fdatasync) == 1, "the oplog");
  CHECK_MESSAGE(fs.count(FileCall::fsync) == 2, "the new file and refs/heads");
  scratch.remove("r/oplog.done");
  counted.update(move_main(commit(1), commit(2)));
  CHECK_MESSAGE(fs.count(FileCall::fsync) == 5, "and the directory of a last record that nobody knows to be durable");
}

TEST_CASE_FIXTURE(Fixture, "writers at once: every move is on top of another one, none is lost") {
  constexpr int k_writers = 4;
  constexpr int k_moves = 25;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < k_writers; ++writer)
    writers.emplace_back([&, writer] {
      const Refs own(scratch.path("r"));
      for (int done = 0; done < k_moves;) {
        const std::optional<RefValue> before = own.store.read(k_main);
        const auto kind = kind_of([&] { own.update(move_main(before, commit(writer * k_moves + done))); });
        if (!kind) ++done;
        if (kind && kind != ErrorKind::conflict) return;
      }
    });
  for (std::thread& writer : writers) writer.join();
  const std::vector<OplogRecord> log = refs.oplog();
  REQUIRE(log.size() == k_writers * k_moves);
  for (std::size_t i = 1; i < log.size(); ++i)
    CHECK(log[i].changes.front().old_value == log[i - 1].changes.front().new_value);
  CHECK(refs.store.check().empty());
}

TEST_CASE_FIXTURE(Fixture, "a reader beside a writer sees whole values and a log that only grows") {
  refs.update(move_main(k_none, commit(0)));
  constexpr int k_moves = 60;
  ChildProcess child([&] {
    const Refs own(scratch.path("r"));
    for (int i = 0; i < k_moves; ++i) own.update(move_main(commit(i), commit(i + 1)));
  });
  std::size_t seen = 0;
  while (refs.store.read(k_main) != commit(k_moves)) {
    const std::size_t now = refs.oplog().size();
    CHECK(now >= seen);
    seen = now;
    CHECK(refs.store.check().empty());
  }
  CHECK(child.succeeds());
  CHECK(refs.oplog().size() == k_moves + 1);
}

TEST_CASE_FIXTURE(Fixture, "records larger than a read window are read whole") {
  std::vector<RefChange> changes;
  for (int i = 0; i < 10000; ++i) changes.push_back({fmt::format("refs/tags/v{}", i), k_none, k_none});
  const OplogRecord large = record_of(changes, std::string(300000, 'c'));
  refs.update(move_main(k_none, commit(1)));
  refs.update(large);
  refs.update(move_main(commit(1), commit(2)));
  REQUIRE(refs.oplog().size() == 3);
  CHECK(refs.oplog()[1] == large);
}
