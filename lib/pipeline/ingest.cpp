#include "pipeline/ingest.h"

#include <oneapi/tbb/parallel_pipeline.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "base/error.h"
#include "pipeline/ingest_stages.h"
#include "pipeline/threads.h"

namespace store {
namespace {

/// What one more thread takes: tables of zstd and loads, a block, a frame, and as much that the heap keeps of others.
std::uint64_t bytes_per_thread(const IngestOptions& options) { return (6u << 20) + 3ULL * options.most_block(); }

/// What travels through the pipeline: items one behind the other in one buffer. So few loads are in flight that their buffers bound
/// memory, and so full each that blocks are closed often enough for all threads.
struct Load {
  static constexpr std::size_t k_most_items = 8;

  Buffer buffer;
  std::vector<IngestItem> items;

  /// False at the end.
  bool plan(IngestStages& stages) {
    items.clear();
    items.reserve(k_most_items);
    MutableByteView room = buffer.span(0, buffer.capacity());
    while (items.size() < k_most_items && room.size() >= stages.least_room()) {
      IngestItem& item = items.emplace_back();
      item.buffer = room;
      if (!stages.plan(item)) {
        items.pop_back();
        break;
      }
      room = room.subspan(item.buffer.size());
    }
    return !items.empty();
  }
};

/// As many loads as may be in flight, used in turn: the one that went first is through when all the others are on their way. Memory
/// is at its mark after one turn.
class LoadRing {
 public:
  LoadRing(std::size_t loads, std::size_t buffer_capacity) : loads_(loads), buffer_capacity_(buffer_capacity) {}

  /// By the first stage, which is serial.
  Load* next() {
    Load& load = loads_[next_++ % loads_.size()];
    if (load.buffer.capacity() == 0) load.buffer = Buffer(buffer_capacity_);
    return &load;
  }

 private:
  std::vector<Load> loads_;
  std::size_t buffer_capacity_;
  std::size_t next_ = 0;
};

/// Counts the time of one step of one load or item, until its end.
class StepTime {
 public:
  StepTime(Progress* progress, IngestStep step) : progress_(progress), step_(static_cast<std::size_t>(step)) {}
  ~StepTime() {
    if (progress_ == nullptr) return;
    const std::chrono::nanoseconds taken = std::chrono::steady_clock::now() - started_;
    progress_->ingest_ns[step_].fetch_add(static_cast<std::uint64_t>(taken.count()), std::memory_order_relaxed);
  }
  StepTime(const StepTime&) = delete;
  StepTime& operator=(const StepTime&) = delete;

 private:
  Progress* progress_;
  std::size_t step_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

void run_in_a_loop(IngestStages& stages, Progress* progress) {
  Load load;
  load.buffer = Buffer(stages.most_room());
  Compressor compressor;
  const auto step = [&](IngestStep name, auto stage) {
    const StepTime time(progress, name);
    return stage();
  };
  while (step(IngestStep::plan, [&] { return load.plan(stages); })) {
    for (IngestItem& item : load.items) {
      step(IngestStep::read, [&] { stages.read(item); });
      step(IngestStep::chunk, [&] { stages.chunk(item); });
      step(IngestStep::hash, [&] { stages.hash(item); });
      step(IngestStep::assemble, [&] { stages.assemble(item); });
      step(IngestStep::compress, [&] { stages.compress(item, compressor); });
      step(IngestStep::append, [&] { stages.append(item); });
    }
  }
}

void run_in_parallel(IngestStages& stages, const IngestOptions& options) {
  namespace tbb = oneapi::tbb;
  using tbb::filter_mode;
  LoadRing ring(stages.loads_in_flight(), stages.most_room());
  std::vector<Compressor> compressors(options.threads);
  const auto step = [&](filter_mode mode, IngestStep name, auto stage) {
    return tbb::make_filter<Load*, Load*>(mode, [progress = options.progress, name, stage](Load* load) {
      const StepTime time(progress, name);
      for (IngestItem& item : load->items) stage(item);
      return load;
    });
  };
  const auto plan = [&](tbb::flow_control& control) -> Load* {
    const StepTime time(options.progress, IngestStep::plan);
    Load* load = ring.next();
    if (load->plan(stages)) return load;
    control.stop();
    return nullptr;
  };
  const auto append = [&](Load* load) {
    const StepTime time(options.progress, IngestStep::append);
    for (IngestItem& item : load->items) stages.append(item);
    load->items.clear();
  };
  const auto chain = tbb::make_filter<void, Load*>(filter_mode::serial_in_order, plan) &
                     step(filter_mode::parallel, IngestStep::read, [&](IngestItem& item) { stages.read(item); }) &
                     step(filter_mode::serial_in_order, IngestStep::chunk, [&](IngestItem& item) { stages.chunk(item); }) &
                     step(filter_mode::parallel, IngestStep::hash, [&](IngestItem& item) { stages.hash(item); }) &
                     step(filter_mode::serial_in_order, IngestStep::assemble, [&](IngestItem& item) { stages.assemble(item); }) &
                     step(filter_mode::parallel, IngestStep::compress,
                          [&](IngestItem& item) { stages.compress(item, compressors[thread_of_arena()]); }) &
                     tbb::make_filter<Load*, void>(filter_mode::serial_in_order, append);
  tbb::task_arena arena(static_cast<int>(options.threads));
  arena.execute([&] { tbb::parallel_pipeline(stages.loads_in_flight(), chain); });
}

}  // namespace

IngestTotals ingest(int root_fd, ObjectStore& objects, const IngestPorts& ports, const IngestOptions& wanted) {
  IngestOptions options = wanted;
  options.threads = affordable(wanted.threads, wanted.memory, bytes_per_thread(wanted));
  IngestStages stages(root_fd, objects, ports, options);
  const auto run = [&] {
    if (options.threads <= 1) run_in_a_loop(stages, options.progress);
    else run_in_parallel(stages, options);
  };
  if (ports.journal == nullptr) {
    run();
    return stages.totals();
  }
  try {
    run();
  } catch (...) {
    // The next add takes over what is finished; the first error is the one to report.
    try {
      ports.journal->flush();
    } catch (const std::exception&) {
    }
    throw;
  }
  ports.journal->flush();
  return stages.totals();
}

}  // namespace store
