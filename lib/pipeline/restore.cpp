#include "pipeline/restore.h"

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/parallel_invoke.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <array>

#include "base/path.h"
#include "pipeline/restore_plan.h"
#include "pipeline/threads.h"

namespace store {
namespace {

/// What one more thread takes: a block stored and decoded, and what the heap keeps for it.
constexpr std::uint64_t k_bytes_per_thread = 10u << 20;
constexpr std::size_t k_page = 4096;
constexpr std::size_t k_zeros_per_write = 256u << 10;

/// What concerns one file only; anything else ends the whole restore.
bool concerns_one_file(const Error& error) {
  switch (error.kind()) {
    case ErrorKind::no_space:
    case ErrorKind::interrupted:
    case ErrorKind::bug:
      return false;
    default:
      return true;
  }
}

bool all_zero(ByteView bytes) {
  static const std::array<std::byte, k_page> zeros{};
  return std::memcmp(bytes.data(), zeros.data(), bytes.size()) == 0;
}

/// Calls `write(bytes, offset)` for the runs of pages that are not all zeros, and `skip(offset, length)` for the others; pages are
/// aligned in the file. A page that reaches beyond the bytes is judged by what is in them: its other part belongs to another
/// stretch, which writes its own.
template <typename Write, typename Skip>
void for_each_data_run(ByteView bytes, std::uint64_t offset, Write write, Skip skip) {
  const auto page_at = [&](std::size_t at) {
    return bytes.subspan(at, std::min(k_page - static_cast<std::size_t>((offset + at) % k_page), bytes.size() - at));
  };
  for (std::size_t begin = 0; begin < bytes.size();) {
    const bool zero = all_zero(page_at(begin));
    std::size_t end = begin;
    while (end < bytes.size() && all_zero(page_at(end)) == zero) end += page_at(end).size();
    if (zero) skip(offset + begin, end - begin);
    else write(bytes.subspan(begin, end - begin), offset + begin);
    begin = end;
  }
}

constexpr auto k_leave_out = [](std::uint64_t, std::uint64_t) {};

TargetTree::File::Replace replace_of(const RestoreItem& item) {
  return item.replace ? TargetTree::File::Replace::yes : TargetTree::File::Replace::no;
}

/// The last directory that a thread wrote small files to: extents of one block mostly lie in few directories.
struct OpenDirectory {
  std::string path;
  UniqueFd fd;
};

class Restorer {
 public:
  Restorer(const ObjectReader& objects, const TargetTree& target,
           const std::function<void(const RestoreItem&, const StatKey&)>& done,
           const std::function<void(const RestoreItem&, const Error&)>& failed, const RestoreOptions& options)
      : objects_(objects), target_(target), done_(done), failed_(failed), options_(options) {}

  void fail(const RestoreFilePtr& file, const Error& error) {
    if (!concerns_one_file(error)) throw error;
    // Other threads may be writing to its temporary file, which goes away with the batch.
    if (file->broken.exchange(true)) return;
    const MutexLock lock(report_mutex_);
    failed_(file->item, error);
  }

  /// The last stretch is written: the file gets its name.
  void finish(const RestoreFilePtr& file) {
    if (file->broken) return;
    try {
      const StatKey stat = commit(*file);
      report(file->item, stat);
    } catch (const Error& error) {
      fail(file, error);
    }
  }

  void write_batch(const RestorePlanner::Batch& batch) {
    const std::vector<std::size_t> ends = group_ends(batch.extents);
    const auto write = [&](std::size_t group) {
      if (options_.cancel != nullptr) options_.cancel->check();
      const std::size_t begin = group == 0 ? 0 : ends[group - 1];
      write_group({batch.extents.data() + begin, ends[group] - begin});
    };
    if (options_.threads <= 1) {
      for (std::size_t group = 0; group < ends.size(); ++group) write(group);
    } else {
      namespace tbb = oneapi::tbb;
      tbb::parallel_for(tbb::blocked_range<std::size_t>(0, ends.size(), 1),
                        [&](const tbb::blocked_range<std::size_t>& range) {
                          for (std::size_t group = range.begin(); group != range.end(); ++group) write(group);
                        });
    }
    for (const RestoreFilePtr& file : batch.finished) finish(file);
  }

  const RestoreTotals& totals() const { return totals_; }

 private:
  using Extents = std::span<const Extent>;

  /// A block is decoded once; what is wrong with it or with one of its chunks is a failure of the files that need it.
  void write_group(Extents group) {
    std::optional<ChunkBlock> block;
    if (group.front().is_chunk()) {
      std::vector<WantedChunk> wanted;
      for (const Extent& extent : group) wanted.push_back(extent.chunk);
      try {
        block.emplace(objects_, std::move(wanted));
      } catch (const Error& error) {
        for (const Extent& extent : group) fail(extent.file, error);
      }
    }
    OpenDirectory directory;
    for (std::size_t i = 0; i < group.size(); ++i) {
      const Extent& extent = group[i];
      if (!extent.file->broken) write_extent(extent, block ? &*block : nullptr, i, directory);
      if (--extent.file->outstanding == 0 && extent.file->item.kind == EntryKind::large_file) finish(extent.file);
    }
  }

  void write_extent(const Extent& extent, const ChunkBlock* block, std::size_t index, OpenDirectory& directory) {
    const RestoreFilePtr& file = extent.file;
    try {
      const ByteView content = block != nullptr ? block->bytes(index) : ByteView();
      if (file->item.kind != EntryKind::large_file)
        report(file->item, write_small(*file, content, directory));
      else if (block != nullptr)
        write_stretch(*file, content, extent.offset);
      else
        write_zeros(*file, extent.offset, extent.chunk.length);
      count_bytes(extent.chunk.length);
    } catch (const Error& error) {
      fail(file, error);
    }
  }

  StatKey write_small(RestoreFile& file, ByteView content, OpenDirectory& directory) const {
    const RestoreItem& item = file.item;
    if (item.holes == RestoreItem::Holes::all) {
      TargetTree::File output = target_.create_file(item.path);
      for_each_data_run(content, 0, [&](ByteView run, std::uint64_t at) { output.write(run, at); }, k_leave_out);
      return output.commit(item.size, item.mode, replace_of(item), item.finish);
    }
    const std::string_view parent = parent_path(item.path);
    if (!directory.fd || directory.path != parent) {
      directory.fd = target_.open_directory(std::string(parent));
      directory.path = parent;
    }
    return target_.write_small_file(directory.fd.get(), std::string(base_name(item.path)), content, item.mode,
                                    replace_of(item), item.finish);
  }

  /// The open file, made by whoever comes first.
  const TargetTree::File& output_of(RestoreFile& file) const {
    const MutexLock lock(file.mutex);
    if (!file.output) {
      file.output.emplace(target_.create_file(file.item.path));
      if (!file.holes) file.output->reserve(file.item.size);
    }
    return *file.output;
  }

  void write_stretch(RestoreFile& file, ByteView bytes, std::uint64_t offset) const {
    const TargetTree::File& output = output_of(file);
    if (!file.holes) return output.write(bytes, offset);
    const auto write = [&](ByteView run, std::uint64_t at) { output.write(run, at); };
    if (!file.in_place) return for_each_data_run(bytes, offset, write, k_leave_out);
    for_each_data_run(bytes, offset, write, [&](std::uint64_t at, std::uint64_t length) { output.clear(at, length); });
  }

  void write_zeros(RestoreFile& file, std::uint64_t offset, std::uint64_t length) const {
    static const std::array<std::byte, k_zeros_per_write> zeros{};
    const TargetTree::File& output = output_of(file);
    if (file.holes) return output.clear(offset, length);
    for (std::uint64_t done = 0; done < length; done += zeros.size()) {
      const std::size_t part = static_cast<std::size_t>(std::min<std::uint64_t>(zeros.size(), length - done));
      output.write({zeros.data(), part}, offset + done);
    }
  }

  StatKey commit(RestoreFile& file) const {
    output_of(file);  // a file that is one hole has not been opened yet
    const MutexLock lock(file.mutex);
    const StatKey stat = file.output->commit(file.item.size, file.item.mode, replace_of(file.item), file.item.finish);
    file.output.reset();
    return stat;
  }

  void report(const RestoreItem& item, const StatKey& stat) {
    const MutexLock lock(report_mutex_);
    ++totals_.files;
    totals_.bytes += item.size;
    if (options_.progress != nullptr) ++options_.progress->files_done;
    done_(item, stat);
  }
  void count_bytes(std::uint64_t bytes) const {
    if (options_.progress == nullptr) return;
    options_.progress->bytes_done += bytes;
    ++options_.progress->chunks_done;
  }

  const ObjectReader& objects_;
  const TargetTree& target_;
  const std::function<void(const RestoreItem&, const StatKey&)>& done_;
  const std::function<void(const RestoreItem&, const Error&)>& failed_;
  const RestoreOptions& options_;
  Mutex report_mutex_;
  RestoreTotals totals_;
};

}  // namespace

RestoreTotals restore_files(const ObjectReader& objects, const TargetTree& target,
                            const std::function<std::optional<RestoreItem>()>& next,
                            const std::function<void(const RestoreItem&, const StatKey&)>& done,
                            const std::function<void(const RestoreItem&, const Error&)>& failed,
                            const RestoreOptions& wanted) {
  RestoreOptions options = wanted;
  options.threads = affordable(wanted.threads, wanted.memory, k_bytes_per_thread);
  Restorer restorer(objects, target, done, failed, options);
  RestorePlanner planner(
      objects, target, next, [&](const RestoreFilePtr& file, const Error& error) { restorer.fail(file, error); }, options);
  namespace tbb = oneapi::tbb;
  tbb::task_arena arena(static_cast<int>(options.threads));
  const auto plan = [&] {
    RestorePlanner::Batch batch = planner.next_batch();
    sort_by_location(batch.extents);
    return batch;
  };
  RestorePlanner::Batch batch = plan();
  while (!batch.empty()) {
    RestorePlanner::Batch following;
    const auto write = [&] { restorer.write_batch(batch); };
    if (options.threads <= 1) {
      write();
      following = plan();
    } else {
      arena.execute([&] { tbb::parallel_invoke(write, [&] { following = plan(); }); });
    }
    batch = std::move(following);
  }
  return restorer.totals();
}

}  // namespace store
