#include "worktree/scanner.h"

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <condition_variable>
#include <map>

#include "base/error.h"
#include "base/mutex.h"
#include "base/path.h"
#include "base/text.h"
#include "worktree/listing.h"

namespace store {
namespace {

/// What may be listed ahead of the consumer: at some 250 bytes an entry about 2 MiB, whatever the tree.
constexpr std::size_t k_max_ahead_directories = 256;
constexpr std::size_t k_max_ahead_entries = 8 * 1024;

/// The directories that are known but not yet entered, in path order, which is the order the consumer wants
/// them in: workers always take the first one. Nothing ever waits for a directory that no thread has begun:
/// the consumer lists it itself. So the walk cannot stall, whatever TBB does with its threads.
class Lookahead : public std::enable_shared_from_this<Lookahead> {
 public:
  /// `arena` may be null (one thread) and must live until stop() returns.
  Lookahead(tbb::task_arena* arena, std::size_t threads) : arena_(arena), threads_(threads) {}

  /// Makes directories known.
  void offer(const std::vector<Listing::Child>& children) {
    {
      MutexLock lock(mutex_);
      insert(children);
    }
    wake_workers();
  }

  /// Brings a listing to its end: on this thread if nobody has begun it. Rethrows what ended it.
  void finish(const std::shared_ptr<Listing>& listing) {
    if (claim(*listing)) {
      listing->start();
      offer(listing->children);
      return;
    }
    if (listing->error) std::rethrow_exception(listing->error);
    if (window_is_half_empty()) wake_workers();
  }

  /// No worker runs or will run when this returns.
  void stop() {
    MutexLock lock(mutex_);
    stopped_ = true;
    pending_.clear();
    while (active_ > 0) changed_.wait(mutex_);
  }

 private:
  void insert(const std::vector<Listing::Child>& children) STORE_REQUIRES(mutex_) {
    if (stopped_) return;
    for (const Listing::Child& child : children) pending_.emplace(child.listing->path(), child.listing);
  }

  bool has_work() const STORE_REQUIRES(mutex_) {
    return !stopped_ && !pending_.empty() && ahead_directories_ < k_max_ahead_directories &&
           ahead_entries_ < k_max_ahead_entries;
  }

  /// True if the caller now has to list it; otherwise it is done, and out of the window. While a worker is at it, the caller
  /// lists what comes next: to sleep and be woken costs more than most directories.
  bool claim(Listing& listing) {
    for (;;) {
      std::shared_ptr<Listing> other;
      {
        MutexLock lock(mutex_);
        if (listing.stage == Listing::Stage::pending) {
          pending_.erase(listing.path());
          listing.stage = Listing::Stage::running;
          return true;
        }
        while (listing.stage == Listing::Stage::running && !has_work()) changed_.wait(mutex_);
        if (listing.stage == Listing::Stage::done) {
          leave_window(listing);
          return false;
        }
        other = take_first();
      }
      list_ahead(*other);
    }
  }

  /// A worker that is woken for each directory that leaves a full window costs more than it does.
  bool window_is_half_empty() {
    MutexLock lock(mutex_);
    return ahead_directories_ <= k_max_ahead_directories / 2 && ahead_entries_ <= k_max_ahead_entries / 2;
  }

  void leave_window(Listing& listing) STORE_REQUIRES(mutex_) {
    if (!listing.ahead) return;
    --ahead_directories_;
    ahead_entries_ -= listing.held();
    listing.ahead = false;
  }

  void wake_workers() {
    if (arena_ == nullptr) return;
    std::size_t wanted = 0;
    {
      MutexLock lock(mutex_);
      if (!has_work()) return;
      while (workers_ < threads_ && workers_ < pending_.size()) {
        ++workers_;
        ++wanted;
      }
    }
    // A worker that never gets a thread keeps only this object alive.
    for (; wanted > 0; --wanted) arena_->enqueue([self = shared_from_this()] { self->work(); });
  }

  void work() {
    {
      MutexLock lock(mutex_);
      if (stopped_) return;
      ++active_;
    }
    while (const std::shared_ptr<Listing> listing = take_or_end()) {
      list_ahead(*listing);
      wake_workers();
    }
    MutexLock lock(mutex_);
    --active_;
    changed_.notify_all();
  }

  /// The next directory for a worker; nothing ends it.
  std::shared_ptr<Listing> take_or_end() {
    MutexLock lock(mutex_);
    if (has_work()) return take_first();
    --workers_;
    return nullptr;
  }

  std::shared_ptr<Listing> take_first() STORE_REQUIRES(mutex_) {
    const auto first = pending_.begin();
    std::shared_ptr<Listing> listing = first->second;
    pending_.erase(first);
    listing->stage = Listing::Stage::running;
    listing->ahead = true;
    ++ahead_directories_;
    return listing;
  }

  void list_ahead(Listing& listing) {
    std::exception_ptr error;
    try {
      listing.start();
    } catch (...) {
      error = std::current_exception();
    }
    MutexLock lock(mutex_);
    listing.error = std::move(error);
    listing.stage = Listing::Stage::done;
    ahead_entries_ += listing.held();
    insert(listing.children);
    changed_.notify_all();
  }

  tbb::task_arena* arena_;
  const std::size_t threads_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string_view, std::shared_ptr<Listing>, PathLess> pending_ STORE_GUARDED_BY(mutex_);
  std::size_t ahead_directories_ STORE_GUARDED_BY(mutex_) = 0;
  std::size_t ahead_entries_ STORE_GUARDED_BY(mutex_) = 0;
  std::size_t workers_ STORE_GUARDED_BY(mutex_) = 0;  // tasks given to TBB that have not ended
  std::size_t active_ STORE_GUARDED_BY(mutex_) = 0;   // those that have begun
  bool stopped_ STORE_GUARDED_BY(mutex_) = false;
};

}  // namespace

struct Scanner::State {
  /// A directory on the way from the start down to the consumer.
  struct Frame {
    std::shared_ptr<Listing> listing;
    bool entered = false;
    std::size_t next_entry = 0;
    std::size_t next_child = 0;
  };

  State(int root_fd, const std::string& start, ScanOptions options);
  ~State() { lookahead->stop(); }
  std::optional<ScanEntry> next();
  void push(std::shared_ptr<Listing> listing) { stack.push_back({.listing = std::move(listing)}); }
  void enter(Frame& frame);
  ScanEntry take_entry();
  bool load_more(Frame& frame);
  void take_notes(Listing& listing);

  std::shared_ptr<WalkContext> walk = std::make_shared<WalkContext>();
  std::unique_ptr<tbb::task_arena> arena;
  std::shared_ptr<Lookahead> lookahead;
  std::optional<ScanEntry> start_entry;
  std::vector<Frame> stack;
  std::vector<PathFailure> failures;
  std::vector<std::string> skipped;
};

Scanner::State::State(int root_fd, const std::string& start, ScanOptions options) {
  // More than TBB will give only makes it print a warning.
  const std::size_t allowed = tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism);
  const std::size_t threads = std::min<std::size_t>(options.threads, allowed);
  walk->root_fd = root_fd;
  walk->options = std::move(options);
  if (threads > 1) arena = std::make_unique<tbb::task_arena>(static_cast<int>(threads));
  lookahead = std::make_shared<Lookahead>(arena.get(), threads);

  std::optional<ScanEntry> entry = scan_one(root_fd, start);
  if (!entry) return;
  walk->device = entry->stat.device;
  IgnoreScope::Pointer scope = walk->options.ignore;
  if (scope != nullptr && !start.empty()) {
    scope = IgnoreScope::of_directory(std::move(scope), root_fd, std::string(parent_path(start)));
    entry->ignored = scope->ignores(start, entry->kind == EntryKind::directory);
  }
  if (!start.empty() && walk->options.accept && !walk->options.accept(*entry)) return;
  const bool entered = start.empty() || !walk->options.enter || walk->options.enter(*entry);
  if (entry->kind == EntryKind::directory && entered) {
    const std::string name = start.empty() ? "." : std::string(base_name(start));
    push(std::make_shared<Listing>(walk, std::make_shared<Directory>(walk, std::string(parent_path(start))),
                                   name, start, std::move(scope)));
  }
  if (!start.empty()) start_entry = std::move(entry);
}

std::optional<ScanEntry> Scanner::State::next() {
  if (start_entry) return std::exchange(start_entry, std::nullopt);
  while (!stack.empty()) {
    Frame& top = stack.back();
    if (!top.entered) enter(top);
    if (top.next_entry < top.listing->entries.size()) return take_entry();
    if (!load_more(top)) stack.pop_back();
  }
  return std::nullopt;
}

void Scanner::State::enter(Frame& frame) {
  frame.entered = true;
  lookahead->finish(frame.listing);
  take_notes(*frame.listing);
}

/// The top frame's next entry; a directory is entered by the following call.
ScanEntry Scanner::State::take_entry() {
  Frame& top = stack.back();
  Listing& listing = *top.listing;
  const std::size_t at = top.next_entry++;
  ScanEntry entry = std::move(listing.entries[at]);
  entry.path = join_path(listing.path(), entry.path);
  if (top.next_child < listing.children.size() && listing.children[top.next_child].at == at)
    push(std::move(listing.children[top.next_child++].listing));  // invalidates `top`
  return entry;
}

/// The rest of a huge directory, a chunk at a time. This thread is the one that waits for it, so the others
/// help.
bool Scanner::State::load_more(Frame& frame) {
  Listing& listing = *frame.listing;
  if (!listing.has_more()) return false;
  const Directory::Lease lease = listing.directory().lease();
  if (lease.fd < 0) {
    listing.give_up(-lease.fd);
    take_notes(listing);
    return false;
  }
  std::vector<Listing::Found> chunk = listing.next_names();
  const auto look_up = [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) listing.look_up(chunk[i], lease.fd);
  };
  constexpr std::size_t k_grain = 256;  // some 300 µs of stats
  if (arena == nullptr) {
    look_up(0, chunk.size());
  } else {
    arena->execute([&] {
      tbb::parallel_for(tbb::blocked_range<std::size_t>(0, chunk.size(), k_grain),
                        [&](const auto& range) { look_up(range.begin(), range.end()); });
    });
  }
  listing.collect(std::move(chunk));
  frame.next_entry = 0;
  frame.next_child = 0;
  take_notes(listing);
  lookahead->offer(listing.children);
  return true;
}

void Scanner::State::take_notes(Listing& listing) {
  std::move(listing.failures.begin(), listing.failures.end(), std::back_inserter(failures));
  std::move(listing.skipped.begin(), listing.skipped.end(), std::back_inserter(skipped));
  listing.failures.clear();
  listing.skipped.clear();
}

Scanner::Scanner(int root_fd, std::string start, ScanOptions options)
    : state_(std::make_unique<State>(root_fd, start, std::move(options))) {}
Scanner::~Scanner() = default;
std::optional<ScanEntry> Scanner::next() { return state_->next(); }
const std::vector<PathFailure>& Scanner::failures() const { return state_->failures; }
const std::vector<std::string>& Scanner::skipped() const { return state_->skipped; }

}  // namespace store
