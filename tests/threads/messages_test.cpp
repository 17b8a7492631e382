// What a command says while its threads work, and what it counts.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <atomic>
#include <map>

#include "app/progress_view.h"
#include "base/cancel.h"
#include "race.h"

using namespace store;
using namespace store::test;

namespace {

constexpr std::size_t k_rounds = 500;

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
  StringSink sink;
  Messages messages(sink);
  Progress progress;
  std::atomic<unsigned> requests{0};
  ProgressView view(progress, messages,
                    {.style = ProgressStyle::json, .interval_ms = 1, .plan = {{Stage::scan, 0.5}, {Stage::write, 0.5}},
                     .line_requests = &requests});
  for (const Stage stage : {Stage::scan, Stage::write}) {
    progress.enter(stage);
    progress.files_total = k_threads * 20'000;
    race([&](std::size_t thread) {
      for (std::size_t i = 0; i < 20'000; ++i) {
        progress.bytes_done.fetch_add(3, std::memory_order_relaxed);
        progress.chunks_done.fetch_add(2, std::memory_order_relaxed);
        progress.new_chunks.fetch_add(1, std::memory_order_relaxed);
        progress.files_done.fetch_add(1, std::memory_order_relaxed);
        if (thread == 0 && i % 5'000 == 0) ++requests;
      }
    });
  }
  view.complete();
  REQUIRE(view.reports().size() == 2);
  for (const ProgressView::StageReport& report : view.reports()) {
    CHECK(report.state.files_done == k_threads * 20'000);
    CHECK(report.state.bytes_done == k_threads * 60'000);
    CHECK(report.state.chunks_done == k_threads * 40'000);
    CHECK(report.state.new_chunks == k_threads * 20'000);
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
