// What a command says while its threads work, and what it counts.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <atomic>
#include <map>
#include <vector>

#include "app/progress_view.h"
#include "base/cancel.h"
#include "race.h"

using namespace store;
using namespace store::test;

namespace {

constexpr std::size_t k_rounds = 500;

/// Tells other threads how many lines there are, and orders nothing by it.
class CountingSink final : public Sink {
 public:
  void write(std::string_view text) override {
    text_ += text;
    lines_.fetch_add(1, std::memory_order_relaxed);
  }
  std::uint64_t lines() const { return lines_.load(std::memory_order_relaxed); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::atomic<std::uint64_t> lines_{0};
};

std::map<std::string, std::size_t> lines_of(const std::string& text) {
  std::map<std::string, std::size_t> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    REQUIRE(end != text.npos);
    ++lines[text.substr(at, end - at)];
    at = end + 1;
  }
  return lines;
}

}  // namespace

TEST_CASE("messages of several threads come out whole, each once, and the warnings are kept") {
  StringSink sink;
  Messages messages(sink);
  race([&](std::size_t thread) {
    for (std::size_t i = 0; i < k_rounds; ++i) {
      messages.warning({"kind", fmt::format("warning {} of {}", i, thread)});
      messages.note(fmt::format("note {} of {}", i, thread));
      messages.line(fmt::format("line {} of {}", i, thread));
      messages.error(Error(ErrorKind::system, fmt::format("error {} of {}", i, thread)));
    }
  });
  const std::map<std::string, std::size_t> lines = lines_of(sink.text());
  CHECK(lines.size() == 4 * k_threads * k_rounds);
  for (std::size_t thread = 0; thread < k_threads; ++thread)
    for (std::size_t i = 0; i < k_rounds; ++i)
      for (const char* what : {"warning: warning", "note", "line", "error: error"})
        CHECK(lines.contains(fmt::format("{} {} of {}", what, i, thread)));
  CHECK(messages.warnings().size() == k_threads * k_rounds);
}

TEST_CASE("live lines stay below what other threads say, and leave nothing behind") {
  StringSink sink;
  Messages messages(sink);
  race([&](std::size_t thread) {
    for (std::size_t i = 0; i < k_rounds; ++i) {
      if (thread == 0) messages.show_live({"bar one", fmt::format("bar {}", i)}, 80 + i % 2);
      else messages.line(fmt::format("line {} of {}", i, thread));
    }
  });
  messages.end_live();
  for (std::size_t thread = 1; thread < k_threads; ++thread)
    for (std::size_t i = 0; i < k_rounds; ++i)
      CHECK(sink.text().find(fmt::format("line {} of {}\n", i, thread)) != std::string::npos);
  const std::size_t said = sink.text().size();
  messages.end_live();
  CHECK(sink.text().size() == said);
}

TEST_CASE("counters that threads bump while a view samples them add up, and the view ends with their sums") {
  CountingSink sink;
  Messages messages(sink);
  Progress progress;
  std::atomic<unsigned> requests{0};
  ProgressView view(progress, messages,
                    {.style = ProgressStyle::json, .interval_ms = 1, .plan = {{Stage::scan, 0.5}, {Stage::write, 0.5}},
                     .line_requests = &requests});
  std::vector<std::uint64_t> sums;
  for (const Stage stage : {Stage::scan, Stage::write, Stage::scan, Stage::write}) {
    progress.enter(stage);
    const std::uint64_t before = sink.lines();
    std::atomic<std::uint64_t> sum{0};
    race([&](std::size_t thread) {
      std::uint64_t rounds = 0;
      // The view has looked twice.
      for (; rounds < 1'000 || sink.lines() < before + 2; ++rounds) {
        progress.bytes_done.fetch_add(3, std::memory_order_relaxed);
        progress.chunks_done.fetch_add(2, std::memory_order_relaxed);
        progress.new_chunks.fetch_add(1, std::memory_order_relaxed);
        progress.files_done.fetch_add(1, std::memory_order_relaxed);
      }
      if (thread == 0) ++requests;
      sum.fetch_add(rounds, std::memory_order_relaxed);
    });
    sums.push_back(sum);
  }
  view.complete();
  REQUIRE(view.reports().size() == sums.size());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const ProgressState& state = view.reports()[i].state;
    CHECK(state.files_done == sums[i]);
    CHECK(state.bytes_done == 3 * sums[i]);
    CHECK(state.chunks_done == 2 * sums[i]);
    CHECK(state.new_chunks == sums[i]);
  }
  CHECK(sink.text().find(R"("stage":"write","done":true)") != std::string::npos);
}

TEST_CASE("of several threads that cancel one is heard, by all") {
  CancelToken cancel;
  std::atomic<std::size_t> heard{0};
  race([&](std::size_t thread) {
    if (thread < 2) cancel.request(thread == 0 ? 2 : 15);
    while (!cancel.requested()) std::this_thread::yield();
    try {
      cancel.check();
    } catch (const Error& error) {
      heard += error.kind() == ErrorKind::interrupted;
    }
  });
  CHECK(heard == k_threads);
  CHECK((cancel.signal() == 2 || cancel.signal() == 15));
}
