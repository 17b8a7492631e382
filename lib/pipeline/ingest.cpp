#include "pipeline/ingest.h"

#include <oneapi/tbb/enumerable_thread_specific.h>
#include <oneapi/tbb/parallel_pipeline.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "base/error.h"
#include "pipeline/ingest_stages.h"

namespace store {
namespace {

/// Items are reused: their number is what bounds memory. An item weighs its buffer, and on average one block before and one
/// after compression.
class ItemPool {
 public:
  explicit ItemPool(std::size_t buffer_capacity) : buffer_capacity_(buffer_capacity) {}

  IngestItem* take() {
    const MutexLock lock(mutex_);
    if (free_.empty()) {
      all_.push_back(std::make_unique<IngestItem>());
      all_.back()->buffer = Buffer(buffer_capacity_);
      return all_.back().get();
    }
    IngestItem* item = free_.back();
    free_.pop_back();
    return item;
  }

  void give_back(IngestItem* item) {
    item->reset();
    const MutexLock lock(mutex_);
    free_.push_back(item);
  }

 private:
  std::size_t buffer_capacity_;
  Mutex mutex_;
  std::vector<std::unique_ptr<IngestItem>> all_ STORE_GUARDED_BY(mutex_);
  std::vector<IngestItem*> free_ STORE_GUARDED_BY(mutex_);
};

std::size_t items_in_flight(const IngestOptions& options, std::size_t buffer_capacity) {
  // Keys and footer entries of an open pack: 262,144 objects at about 120 bytes; half the budget at most is theirs.
  const std::uint64_t weight = buffer_capacity + 2 * k_data_block_size;
  const std::uint64_t affordable = options.memory / 2 / weight;
  return static_cast<std::size_t>(std::clamp<std::uint64_t>(affordable, 2, 3ULL * options.threads + 2));
}

void run_in_a_loop(IngestStages& stages) {
  IngestItem item;
  item.buffer = Buffer(stages.buffer_capacity());
  Compressor compressor;
  while (stages.plan(item)) {
    stages.read(item);
    stages.chunk(item);
    stages.hash(item);
    stages.assemble(item);
    stages.compress(item, compressor);
    stages.append(item);
    item.reset();
  }
}

void run_in_parallel(IngestStages& stages, const IngestOptions& options) {
  namespace tbb = oneapi::tbb;
  using tbb::filter_mode;
  ItemPool pool(stages.buffer_capacity());
  tbb::enumerable_thread_specific<Compressor> compressors;
  const auto step = [](auto stage) {
    return [stage](IngestItem* item) {
      stage(*item);
      return item;
    };
  };
  const auto plan = [&](tbb::flow_control& control) -> IngestItem* {
    IngestItem* item = pool.take();
    if (stages.plan(*item)) return item;
    control.stop();
    return nullptr;
  };
  const auto append = [&](IngestItem* item) {
    stages.append(*item);
    pool.give_back(item);
  };
  const auto chain =
      tbb::make_filter<void, IngestItem*>(filter_mode::serial_in_order, plan) &
      tbb::make_filter<IngestItem*, IngestItem*>(filter_mode::parallel,
                                                 step([&](IngestItem& item) { stages.read(item); })) &
      tbb::make_filter<IngestItem*, IngestItem*>(filter_mode::serial_in_order,
                                                 step([&](IngestItem& item) { stages.chunk(item); })) &
      tbb::make_filter<IngestItem*, IngestItem*>(filter_mode::parallel,
                                                 step([&](IngestItem& item) { stages.hash(item); })) &
      tbb::make_filter<IngestItem*, IngestItem*>(filter_mode::serial_in_order,
                                                 step([&](IngestItem& item) { stages.assemble(item); })) &
      tbb::make_filter<IngestItem*, IngestItem*>(
          filter_mode::parallel, step([&](IngestItem& item) { stages.compress(item, compressors.local()); })) &
      tbb::make_filter<IngestItem*, void>(filter_mode::serial_in_order, append);
  tbb::task_arena arena(static_cast<int>(options.threads));
  arena.execute([&] { tbb::parallel_pipeline(items_in_flight(options, stages.buffer_capacity()), chain); });
}

}  // namespace

IngestTotals ingest(int root_fd, ObjectStore& objects, const IngestPorts& ports, const IngestOptions& options) {
  IngestStages stages(root_fd, objects, ports, options);
  const auto run = [&] {
    if (options.threads <= 1) run_in_a_loop(stages);
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
    } catch (const Error&) {
    }
    throw;
  }
  ports.journal->flush();
  return stages.totals();
}

}  // namespace store
