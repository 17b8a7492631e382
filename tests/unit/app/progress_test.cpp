#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "app/progress_bars.h"
#include "app/progress_view.h"

using namespace store;

namespace {

using Json = nlohmann::json;

std::vector<Json> events_of(const std::string& text) {
  std::vector<Json> events;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    events.push_back(Json::parse(text.substr(at, end - at)));
    at = end + 1;
  }
  return events;
}

/// What stands in a line behind its label and its bar; two blanks are between values.
std::vector<std::string> values_of(const std::string& line) {
  const std::size_t bar = line.find(']');
  const std::size_t label = line.find_first_of(" ");
  std::string rest = line.substr(bar != std::string::npos ? bar + 1 : label);
  std::vector<std::string> values;
  for (std::size_t at = rest.find_first_not_of(' '); at != std::string::npos; at = rest.find_first_not_of(' ', at)) {
    const std::size_t end = std::min(rest.find("  ", at), rest.size());
    values.push_back(rest.substr(at, end - at));
    at = end;
  }
  return values;
}

}  // namespace

TEST_CASE("what is done never goes back and never exceeds its total") {
  Progress counters;
  ProgressTracker tracker({{Stage::write, 1}});
  counters.enter(Stage::write);
  tracker.enter(Stage::write, 0);
  counters.files_total = 10;
  counters.bytes_total = 1000;
  counters.files_done = 12;
  counters.bytes_done = 500;
  tracker.sample(counters, 1);
  CHECK(tracker.state().files_done == 10);
  CHECK(tracker.state().overall == doctest::Approx(0.5));
  counters.bytes_done = 400;
  tracker.sample(counters, 2);
  CHECK(tracker.state().bytes_done == 500);
  CHECK(tracker.state().overall == doctest::Approx(0.5));
}

TEST_CASE("counters of another stage are not taken in") {
  Progress counters;
  ProgressTracker tracker({});
  counters.enter(Stage::scan);
  counters.files_done = 7;
  tracker.enter(Stage::write, 0);
  tracker.sample(counters, 1);
  CHECK(tracker.state().files_done == 0);
}

TEST_CASE("the last state of a stage is done with totals that equal it") {
  Progress counters;
  ProgressTracker tracker({{Stage::scan, 0.25}, {Stage::write, 0.75}});
  counters.enter(Stage::scan);
  tracker.enter(Stage::scan, 0);
  counters.files_done = 3;
  tracker.sample(counters, 0.1);
  tracker.complete();
  const Json event = Json::parse(progress_json(tracker.state()));
  CHECK(event["done"] == true);
  CHECK(event["files_done"] == 3);
  CHECK(event["files_total"] == 3);
  CHECK(event["overall"] == doctest::Approx(0.25));
  tracker.enter(Stage::write, 1);
  tracker.finish();
  CHECK(tracker.state().overall == 1);
}

TEST_CASE("rate and remaining time come from the bytes") {
  Progress counters;
  ProgressTracker tracker({{Stage::write, 1}});
  counters.enter(Stage::write);
  tracker.enter(Stage::write, 0);
  counters.bytes_total = 1000;
  counters.bytes_done = 200;
  tracker.sample(counters, 2);
  CHECK(tracker.state().bytes_per_second == doctest::Approx(100));
  CHECK(*tracker.state().eta_seconds == doctest::Approx(8));
}

TEST_CASE("an event has every key of the contract, with null for what is unknown") {
  const Json event = Json::parse(progress_json({.stage = Stage::ingest}));
  for (const char* key : {"event", "stage", "done", "overall", "files_done", "files_total", "bytes_done", "bytes_total",
                          "chunks_done", "new_chunks", "bytes_per_second", "eta_seconds", "elapsed_seconds"}) {
    CAPTURE(key);
    CHECK(event.contains(key));
  }
  CHECK(event["files_total"].is_null());
  CHECK(event["eta_seconds"].is_null());
}

TEST_CASE("bars never fill more columns than there are") {
  ProgressState state{.stage = Stage::ingest, .files_done = 123456, .files_total = 200000, .bytes_done = 1u << 30,
                      .bytes_total = 3u << 30, .chunks_done = 77777, .new_chunks = 5, .eta_seconds = 3600.0};
  for (std::size_t width = 1; width < 200; ++width)
    for (const std::string& line : progress_bars(state, width)) CHECK(line.size() <= width);
}

TEST_CASE("bars say how far the command is, which stage runs, and what it does") {
  const ProgressState state{.stage = Stage::ingest, .stage_number = 2, .stage_count = 3, .overall = 0.5, .files_done = 50, .files_total = 200,
                            .bytes_done = 3u << 20, .bytes_total = 4u << 20, .chunks_done = 80, .new_chunks = 60, .rated = true,
                            .files_per_second = 1234, .bytes_per_second = 1 << 20, .chunks_per_second = 9, .eta_seconds = 1.0,
                            .elapsed_seconds = 3};
  const std::vector<std::string> wide = {
      "overall [===================>                  ]   50%  ingest (2 of 3)  3.0s  ETA 1.0s",
      "files   [=========>                            ]  50/200  1,234/s",
      "bytes   [============================>         ]  3.0 MiB/4.0 MiB  1.0 MiB/s",
      "new     [============================>         ]  60 of 80 chunks  20 deduplicated  9/s"};
  CHECK(progress_bars(state, 100) == wide);
  // In a narrower window bars get shorter, then the values at the right go,
  const std::vector<std::string> narrow = {
      "overall [=======>      ]   50%  ingest (2 of 3)  3.0s", "files   [===>          ]  50/200  1,234/s",
      "bytes   [==========>   ]  3.0 MiB/4.0 MiB  1.0 MiB/s", "new     [==========>   ]  60 of 80 chunks  20 deduplicated"};
  CHECK(progress_bars(state, 58) == narrow);
  // rates and times first, then totals,
  const std::vector<std::string> column = {"overall [=====>    ]   50%", "files   [==>       ]  50/200",
                                           "bytes   [=======>  ]  3.0 MiB", "new     [=======>  ]  60"};
  CHECK(progress_bars(state, 36) == column);
  const std::vector<std::string> slim = {"overall [==>  ]   50%", "files   [=>   ]  50/200", "bytes   [===> ]  3.0 MiB", "new     [===> ]  60"};
  CHECK(progress_bars(state, 24) == slim);
  // then the bars,
  const std::vector<std::string> tiny = {"overall  50%", "files   50/200", "bytes   3.0 MiB", "new     60"};
  CHECK(progress_bars(state, 18) == tiny);
  CHECK(progress_bars(state, 16) == tiny);
  // and last what is left.
  CHECK(progress_bars(state, 13) == std::vector<std::string>{"overall  50%", "files   50", "new     60"});
  CHECK(progress_bars(state, 6) == std::vector<std::string>{" 50%"});
  CHECK(progress_bars(state, 3).empty());
}

TEST_CASE("values of the bars are whole in every window, and rates never stay where bars have gone") {
  const ProgressState state{.stage = Stage::ingest, .stage_number = 2, .stage_count = 2, .overall = 0.54, .files_done = 18783,
                            .files_total = 36410, .bytes_done = 1503238553, .bytes_total = 2040109465, .chunks_done = 39707,
                            .new_chunks = 39119, .rated = true, .files_per_second = 7940, .bytes_per_second = 591396864,
                            .chunks_per_second = 900, .eta_seconds = 1.8, .elapsed_seconds = 2.3};
  const std::set<std::string> known = {"54%", "ingest (2 of 2)", "2.3s", "ETA 1.8s", "18,783/36,410", "18,783", "7,940/s",
                                       "1.4 GiB/1.9 GiB", "1.4 GiB", "564 MiB/s", "39,119 of 39,707 chunks", "39,119",
                                       "588 deduplicated", "900/s"};
  bool bars_before = true;
  for (std::size_t width = 120; width > 4; --width) {
    CAPTURE(width);
    std::string all;
    for (const std::string& line : progress_bars(state, width)) {
      all += line;
      for (const std::string& value : values_of(line)) {
        CAPTURE(value);
        CHECK(known.count(value) == 1);
      }
    }
    const bool bars = all.find('[') != std::string::npos;
    CHECK((bars || all.find("/s") == std::string::npos));
    CHECK((bars_before || !bars));  // once gone, they stay away
    bars_before = bars;
    CHECK((bars || width < 26));
  }
}

TEST_CASE("what is not known is not drawn, and no rate is shown before there is one") {
  const std::vector<std::string> lines = progress_bars({.stage = Stage::scan, .files_done = 7}, 100);
  REQUIRE(lines.size() == 2);
  CHECK(lines[1] == "files   [                                      ]  7");
}

TEST_CASE("a terminal that became narrower has wrapped the live lines") {
  StringSink err;
  Messages messages(err);
  messages.show_live({"0123456789", "abc"}, 20);
  messages.show_live({"0123", "ab"}, 4);
  CHECK(err.text() ==
        "0123456789\x1b[K\nabc\x1b[K\x1b[J"
        "\r\x1b[3A\x1b[J0123\x1b[K\nab\x1b[K\x1b[J");
}

TEST_CASE("every stage is reported first and last, however short it was") {
  StringSink err;
  Messages messages(err);
  Progress progress;
  {
    ProgressView view(progress, messages, {.style = ProgressStyle::json, .plan = {{Stage::scan, 0.5}, {Stage::write, 0.5}}});
    progress.enter(Stage::scan);
    progress.files_done = 4;
    progress.enter(Stage::write);
    progress.bytes_done = 9;
    view.complete();
  }
  const std::vector<Json> events = events_of(err.text());
  REQUIRE(events.size() == 4);
  CHECK(events[0]["stage"] == "scan");
  CHECK(events[0]["done"] == false);
  CHECK(events[1]["done"] == true);
  CHECK(events[1]["files_done"] == 4);
  CHECK(events[2]["stage"] == "write");
  CHECK(events[3]["bytes_done"] == 9);
  CHECK(events[3]["overall"] == 1.0);
}

TEST_CASE("a command that fails leaves a last state that is not done") {
  StringSink err;
  Messages messages(err);
  Progress progress;
  {
    ProgressView view(progress, messages, {.style = ProgressStyle::json});
    progress.enter(Stage::write);
  }
  CHECK(events_of(err.text()).back()["done"] == false);
}

TEST_CASE("a request for a line is answered even without progress output") {
  StringSink err;
  Messages messages(err);
  Progress progress;
  std::atomic<unsigned> requests{0};
  {
    ProgressView view(progress, messages, {.style = ProgressStyle::none, .line_requests = &requests});
    progress.enter(Stage::ingest);
    progress.files_done = 5;
    ++requests;
  }
  CHECK(err.text().substr(0, 15) == "ingest: 5 files");
}

TEST_CASE("a Ctrl-Z takes the bars away before the process stops, and they come back below what stands there then") {
  struct Jobs final : JobControl {
    void hold() override { held = true; }
    void release() override { held = false; }
    bool stop_asked() const override { return asked; }
    void stop() override {
      if (!stopped) at_stop = err->text();
      asked = false;
      stopped = true;
    }
    unsigned continued() const override { return 0; }
    bool in_foreground() const override { return foreground; }
    StringSink* err = nullptr;
    std::string at_stop;
    std::atomic<bool> held{false}, asked{false}, stopped{false}, foreground{true};
  };
  struct CountedSink final : Sink {  // read by this thread while the view writes
    void write(std::string_view text) override {
      inner.write(text);
      ++writes;
    }
    StringSink inner;
    std::atomic<unsigned> writes{0};
  } err;
  const auto wait_for = [](const std::function<bool()>& holds) {
    while (!holds()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
  Messages messages(err);
  Progress progress;
  Jobs jobs;
  jobs.err = &err.inner;
  {
    ProgressView view(progress, messages, {.style = ProgressStyle::bar, .jobs = &jobs});
    CHECK(jobs.held);
    progress.enter(Stage::ingest);
    wait_for([&] { return err.writes > 0; });
    jobs.foreground = false;  // as behind Ctrl-Z and bg
    jobs.asked = true;
    wait_for([&] { return jobs.stopped.load(); });
    CHECK(jobs.at_stop.substr(jobs.at_stop.size() - 3) == "\x1b[J");  // nothing stands behind what was erased
    const unsigned before = err.writes;
    jobs.foreground = true;
    wait_for([&] { return err.writes > before; });
    jobs.asked = true;
  }
  CHECK_FALSE(jobs.asked);  // a late one is obeyed, too
  CHECK_FALSE(jobs.held);
  // Drawn anew from where the cursor is: nothing of the shell's is overwritten.
  CHECK(err.inner.text().substr(jobs.at_stop.size(), 7) == "overall");
}

TEST_CASE("live lines are taken away for a message and put back below it") {
  StringSink err;
  Messages messages(err);
  messages.show_live({"one", "two"}, 80);
  messages.note("hello");
  messages.end_live();
  CHECK(err.text() ==
        "one\x1b[K\ntwo\x1b[K\x1b[J"
        "\r\x1b[1A\x1b[Jhello\none\x1b[K\ntwo\x1b[K"
        "\r\x1b[1A\x1b[J");
}

TEST_CASE("messages carry no control bytes of names") {
  StringSink err;
  Messages messages(err);
  messages.error(Error(ErrorKind::conflict, "in the way\x1b[2J").with_paths({"a\nb"}));
  CHECK(err.text() == "error: in the way\\x1b[2J\n  a\\nb\n");
}

TEST_CASE("the bars in docs/terminal.md are those that the program draws") {
  ProgressState state;
  state.stage = Stage::ingest;
  state.stage_number = state.stage_count = 2;
  state.overall = 0.59;
  state.files_done = 29'630;
  state.files_total = 67'070;
  state.bytes_done = 431u << 20;
  state.bytes_total = 752u << 20;
  state.chunks_done = 33'321;
  state.new_chunks = 30'947;
  state.rated = true;
  state.files_per_second = 14'452;
  state.bytes_per_second = 175u << 20;
  state.chunks_per_second = 16'000;
  state.eta_seconds = 1.8;
  state.elapsed_seconds = 2.6;
  std::string drawn = "```text\n";
  for (const std::string& line : progress_bars(state, 76)) drawn += line + "\n";
  drawn += "```\n";
  std::ifstream file(std::string(STORE_SOURCE_DIR) + "/docs/terminal.md");
  const std::string page((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  CHECK_MESSAGE(page.find(drawn) != std::string::npos, drawn);
}
