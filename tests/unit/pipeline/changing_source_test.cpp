// Files that vanish, change or are replaced between the walk and the read.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <functional>
#include <map>

#include "pipeline/content_id.h"
#include "pipeline/ingest_stages.h"
#include "support/work_fixture.h"

using namespace store;
using namespace store::test;

namespace {

/// What came out of one ingest of the files a, b, c, of which `change` does something to b after the walk saw it.
struct Outcome {
  std::map<std::string, IndexEntry> staged;
  std::vector<std::string> failed;
};

class ChangingSource {
 public:
  explicit ChangingSource(std::size_t size) {
    for (const std::string name : {"a", "b", "c"}) fixture_.write(name, noise(size, static_cast<std::uint64_t>(name[0])));
    fixture_.settle();
  }
  const WorkFixture& fixture() const { return fixture_; }

  /// `when`: the path whose input is handed out right after the change; "b" is before b is opened.
  Outcome ingest(const IngestOptions& options, const std::function<void()>& change, const std::string& when = "b") {
    const Workspace workspace = fixture_.open();
    Session session = Session::open(workspace.repository(), "test", {});
    Publisher publisher(workspace.repository(), workspace.objects(), session, {}, false);
    Scanner scanner(workspace.worktree_fd(), "", {});
    Outcome outcome;
    const IngestPorts ports{
        .next = [&]() -> std::optional<IngestInput> {
          const std::optional<ScanEntry> found = scanner.next();
          if (!found) return std::nullopt;
          if (found->path == when) change();
          IngestInput input;
          input.action = IngestInput::Action::file;
          input.entry.path = found->path;
          input.entry.stat = found->stat;
          input.disk_blocks = found->blocks;
          return input;
        },
        .done = [&](const IngestResult& result) { outcome.staged[result.entry.path] = result.entry; },
        .failed = [&](const PathFailure& failure) { outcome.failed.push_back(failure.path); },
        .publisher = &publisher,
        .journal = nullptr,
        .resume = nullptr};
    store::ingest(workspace.worktree_fd(), workspace.objects(), ports, options);
    publisher.finish(std::nullopt);
    session.remove();
    return outcome;
  }

 private:
  WorkFixture fixture_;
};

IngestOptions small_options() {
  IngestOptions options;
  options.chunking = ChunkParameters::for_average(4096);
  options.inline_threshold = 4096;
  options.window = 16'384;
  options.compression.level = std::nullopt;
  return options;
}

/// Every way to read: small and large, streamed and mapped, alone and in parallel.
void for_all_ways(const std::function<void(std::size_t size, const IngestOptions&)>& body) {
  for (const std::size_t size : {std::size_t{3000}, std::size_t{100'000}})
    for (const std::uint64_t threshold : {std::uint64_t{0}, ~std::uint64_t{0}})
      for (const unsigned threads : {1u, 2u}) {
        CAPTURE(size);
        CAPTURE(threshold);
        CAPTURE(threads);
        IngestOptions options = small_options();
        options.memory_map_threshold = threshold;
        options.threads = threads;
        body(size, options);
      }
}

bool holds(const Outcome& outcome, const std::string& path) { return outcome.staged.contains(path); }

}  // namespace

TEST_CASE("a file that vanishes is named, and the rest goes in") {
  for_all_ways([](std::size_t size, const IngestOptions& options) {
    ChangingSource source(size);
    const Outcome outcome = source.ingest(options, [&] { source.fixture().remove("b"); });
    CHECK(outcome.failed == std::vector<std::string>{"b"});
    CHECK(!holds(outcome, "b"));
    CHECK(holds(outcome, "a"));
    CHECK(holds(outcome, "c"));
  });
}

TEST_CASE("a file that another type took the place of is named, and never followed or waited for") {
  for_all_ways([](std::size_t size, const IngestOptions& options) {
    for (const std::string type : {"link", "fifo", "directory"}) {
      CAPTURE(type);
      ChangingSource source(size);
      const Outcome outcome = source.ingest(options, [&] {
        source.fixture().remove("b");
        if (type == "link") source.fixture().make_symlink("b", "a");
        if (type == "fifo") CHECK(::mkfifo(source.fixture().path("b").c_str(), 0644) == 0);
        if (type == "directory") source.fixture().make_directory("b");
      });
      CHECK(outcome.failed == std::vector<std::string>{"b"});
      CHECK(!holds(outcome, "b"));
      CHECK(holds(outcome, "c"));
    }
  });
}

TEST_CASE("a file that was rewritten after the walk saw it is recorded as it is now, with its own stat") {
  for_all_ways([](std::size_t size, const IngestOptions& options) {
    ChangingSource source(size);
    const std::string now = noise(size, 1234);
    const Outcome outcome = source.ingest(options, [&] { source.fixture().write("b", now); });
    CHECK(outcome.failed.empty());
    REQUIRE(holds(outcome, "b"));
    const IndexEntry& entry = outcome.staged.at("b");
    const Workspace workspace = source.fixture().open();
    CHECK(entry.id == content_id(workspace.worktree_fd(), "b", options.chunking, options.inline_threshold).id);
    CHECK(entry.stat == scan_one(workspace.worktree_fd(), "b")->stat);
    // It changed within the clock's tick before it was read: it must be looked at again.
    CHECK(entry.racy);
  });
}

TEST_CASE("a file that shrank or grew across the inline threshold is named or recorded right, never mixed up") {
  for_all_ways([](std::size_t size, const IngestOptions& options) {
    for (const std::size_t now : {std::size_t{0}, std::size_t{10}, std::size_t{4096}, std::size_t{4097}, std::size_t{50'000}}) {
      CAPTURE(now);
      ChangingSource source(size);
      const Outcome outcome = source.ingest(options, [&] { source.fixture().write("b", noise(now, 7)); });
      CHECK(holds(outcome, "a"));
      CHECK(holds(outcome, "c"));
      if (!holds(outcome, "b")) {
        CHECK(outcome.failed == std::vector<std::string>{"b"});
        continue;
      }
      const Workspace workspace = source.fixture().open();
      const ContentId expected = content_id(workspace.worktree_fd(), "b", options.chunking, options.inline_threshold);
      CHECK(outcome.staged.at("b").id == expected.id);
      CHECK(outcome.staged.at("b").kind == expected.kind);
      CHECK(outcome.staged.at("b").size == expected.size);
    }
  });
}

TEST_CASE("a large file that is cut short or written to while it is read is named, and nothing crashes") {
  constexpr std::size_t k_size = 1u << 20;
  for (const std::uint64_t threshold : {std::uint64_t{0}, ~std::uint64_t{0}}) {
    for (const bool cut : {true, false}) {
      CAPTURE(threshold);
      CAPTURE(cut);
      const ChangingSource source(k_size);
      IngestOptions options = small_options();
      options.memory_map_threshold = threshold;
      const Workspace workspace = source.fixture().open();
      std::optional<ScanEntry> found = scan_one(workspace.worktree_fd(), "b");
      std::vector<std::string> failed;
      std::vector<IndexEntry> staged;
      const auto next = [&]() -> std::optional<IngestInput> {
        if (!found) return std::nullopt;
        IngestInput input;
        input.action = IngestInput::Action::file;
        input.entry.path = found->path;
        input.entry.stat = found->stat;
        input.disk_blocks = found->blocks;
        found.reset();
        return input;
      };
      const IngestPorts ports{.next = next,
                              .done = [&](const IngestResult& result) { staged.push_back(result.entry); },
                              .failed = [&](const PathFailure& failure) { failed.push_back(failure.path); },
                              .publisher = nullptr,
                              .journal = nullptr,
                              .resume = nullptr};
      // The stages one by one, as the loop drives them; the file changes after a quarter of its windows.
      IngestStages stages(workspace.worktree_fd(), workspace.objects(), ports, options);
      Buffer buffer(stages.most_room());
      Compressor compressor;
      for (std::size_t windows = 0;; ++windows) {
        IngestItem item;
        item.buffer = buffer.span(0, buffer.capacity());
        if (!stages.plan(item)) break;
        if (windows == k_size / options.window / 4) {
          if (cut) std::filesystem::resize_file(source.fixture().path("b"), k_size / 2);
          else source.fixture().append("b", "x");
        }
        stages.read(item);
        stages.chunk(item);
        stages.hash(item);
        stages.assemble(item);
        stages.compress(item, compressor);
        stages.append(item);
      }
      CHECK(failed == std::vector<std::string>{"b"});
      // What is recorded anyway is marked to be read again.
      for (const IndexEntry& entry : staged) CHECK(entry.racy);
    }
  }
}
