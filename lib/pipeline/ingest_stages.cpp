#include "pipeline/ingest_stages.h"

#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/path.h"
#include "base/system_info.h"
#include "base/text.h"
#include "hash/sha256.h"
#include "repo/stored_node.h"

namespace store {
namespace {

/// The path stands beside the message: it need not stand in it.
PathFailure without_path(PathFailure failure) {
  const std::string prefix = escape_name(failure.path) + ": ";
  if (failure.message.starts_with(prefix)) failure.message.erase(0, prefix.size());
  return failure;
}

constexpr char k_changed[] = "changed while it was read";

}  // namespace

IngestStages::IngestStages(int root_fd, ObjectStore& objects, const IngestPorts& ports, const IngestOptions& options)
    : root_fd_(root_fd),
      objects_(objects),
      ports_(ports),
      options_(options),
      headroom_(options.most_chunk()),
      block_memory_(options.threads + 1) {}

// ---- plan: which bytes travel together ------------------------------------------------------------------

bool IngestStages::plan(IngestItem& item) {
  if (options_.cancel != nullptr) options_.cancel->check();
  if (planned_) return plan_window(item);
  if (ended_) return false;
  return plan_batch(item);
}

/// Small items up to a window's bytes, or a large file's first window.
bool IngestStages::plan_batch(IngestItem& item) {
  const std::uint64_t room = std::min<std::uint64_t>(options_.window, item.buffer.size());
  std::uint64_t bytes = 0;
  while (item.batch.size() < options_.batch_files) {
    if (!ahead_ && !exhausted_) {
      ahead_ = ports_.next();
      exhausted_ = !ahead_;
    }
    if (!ahead_) break;
    const bool stream = ahead_->action == IngestInput::Action::stream;
    if (stream && !head_) read_stream_head();
    const bool content = stream || ahead_->action == IngestInput::Action::file;
    const std::uint64_t size = !content ? 0 : stream ? head_->size() : ahead_->entry.stat.size;
    if (content && size > profile_of(*ahead_).inline_threshold) {
      if (!item.batch.empty()) break;
      IngestInput input = std::move(*ahead_);
      ahead_.reset();
      if (stream) {
        planned_ = new_large_file(input);
        planned_->values = std::move(input.values);
        planned_->input = std::move(input);
        planned_->head = *std::exchange(head_, std::nullopt);
        planned_offset_ = 0;
        return plan_window(item);
      }
      std::optional<Error> failure;
      if (start_large_file(input, failure)) return plan_window(item);
      fail(input.entry.path, *failure, item);
      item.buffer = {};
      return true;
    }
    if (!item.batch.empty() && bytes + size > room) break;
    bytes += size;
    SmallItem& small = item.batch.emplace_back();
    small.input = std::move(*ahead_);
    small.values = std::move(small.input.values);
    for (const Bytes& value : small.values.chunks) bytes += value.size();
    ahead_.reset();
    if (!stream) continue;
    small.own = *std::exchange(head_, std::nullopt);
    small.length = small.own.size();
    if (is_regular(small.input.entry.kind)) item.counted += small.length;
  }
  item.buffer = item.buffer.first(std::min<std::size_t>(bytes, item.buffer.size()));
  ended_ = item.end = !ahead_ && exhausted_;
  return true;
}

std::shared_ptr<LargeFile> IngestStages::new_large_file(const IngestInput& input) {
  auto file = std::make_shared<LargeFile>(profile_of(input), NodeBuilder::Sink());
  LargeFile* raw = file.get();
  file->recipe = RecipeBuilder([this, raw](const NodeBuilder::Built& built) { on_node(*raw, built); });
  return file;
}

/// Streams are read here, in order: whoever hands them out may need one to be through before the next.
void IngestStages::read_stream_head() {
  const std::size_t length = static_cast<std::size_t>(profile_of(*ahead_).inline_threshold) + 1;
  if (head_buffer_.capacity() < length) head_buffer_ = Buffer(length);
  const ByteView head = head_buffer_.view(0, read_stream(*ahead_, head_buffer_.span(0, length)));
  head_.emplace(head.begin(), head.end());
}

bool IngestStages::start_large_file(IngestInput input, std::optional<Error>& failure) {
  std::shared_ptr<LargeFile> file = new_large_file(input);
  const std::string path = input.entry.path;
  file->read_started_ns = coarse_now_ns();
  try {
    const std::string parent(parent_path(path));
    const int fd = open_beneath(root_fd_, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) throw_errno(-fd, "open", escape_name(parent));
    const UniqueFd directory(fd);
    const std::string name(base_name(path));
    file->source = open_source(directory.get(), name, path);
    if (input.capture == IngestInput::Capture::yes)
      input.entry.metadata = capture({.directory_fd = directory.get(), .name = name, .fd = file->source.fd.get()},
                                     file->source.stat, input, file->values);
  } catch (const Error& error) {
    failure = error;
    return false;
  }
  input.entry.stat = file->source.stat.stat;
  if (ports_.resume != nullptr && ports_.publisher != nullptr) {
    for (JournalNode& node : ports_.resume->find_nodes(path, input.entry.stat, file->profile.chunking)) {
      if (!objects_.known_for_deduplication({ObjectType::recipe, node.id})) break;
      file->resumed_bytes += node.bytes;
      file->resumed.push_back(std::move(node));
    }
  }
  file->input = std::move(input);
  planned_offset_ = file->resumed_bytes;
  planned_ = std::move(file);
  return true;
}

bool IngestStages::plan_stream_window(IngestItem& item) {
  item.file = planned_;
  item.offset = planned_offset_;
  const Bytes head = std::exchange(planned_->head, {});
  if (head.empty()) item.zeros = planned_->input.stream->skip_zeros();
  planned_offset_ += item.zeros;
  if (item.zeros != 0) return true;  // counted when it is through
  const std::size_t length =
      std::max(std::min<std::size_t>(options_.window, item.buffer.size() - item.window_begin), head.size());
  item.buffer = item.buffer.first(item.window_begin + length);
  const MutableByteView out = item.buffer.subspan(item.window_begin);
  std::copy(head.begin(), head.end(), out.begin());
  item.length = head.size() + read_stream(planned_->input, out.subspan(head.size()));
  item.counted = item.length;
  planned_offset_ += item.length;
  item.last = item.length < length;
  if (item.last) planned_.reset();
  return true;
}

bool IngestStages::plan_window(IngestItem& item) {
  const bool first = planned_offset_ == planned_->resumed_bytes;
  item.window_begin = first ? 0 : headroom_;
  if (planned_->input.stream) return plan_stream_window(item);
  const std::uint64_t size = planned_->input.entry.stat.size;
  const bool maybe_sparse = planned_->input.disk_blocks * 512 < size;
  item.file = planned_;
  item.offset = planned_offset_;
  DataRange data{planned_offset_, size};
  if (maybe_sparse) data = next_data(planned_->source.fd.get(), planned_offset_, size);
  if (data.begin > planned_offset_) {
    item.zeros = data.begin - planned_offset_;
    planned_offset_ = data.begin;
  } else {
    item.length = std::min({data.end - planned_offset_, options_.window, item.buffer.size() - item.window_begin});
    item.buffer = item.buffer.first(item.window_begin + item.length);
    item.mapped = size > options_.memory_map_threshold;
    planned_offset_ += item.length;
  }
  item.last = planned_offset_ >= size;
  if (item.last) planned_.reset();
  return true;
}

// ---- read: the only stage that touches sources ----------------------------------------------------------

void IngestStages::read(IngestItem& item) const {
  if (item.file) read_window(item);
  else read_batch(item);
}

void IngestStages::read_window(IngestItem& item) const {
  const LargeFile& file = *item.file;
  if (file.input.stream) return;  // was read when it was planned
  const std::string& path = file.input.entry.path;
  try {
    if (item.zeros == 0) {
      const MutableByteView out = item.buffer.subspan(item.window_begin, item.length);
      const std::size_t got = item.mapped ? copy_mapped(file.source.fd.get(), item.offset, out, path)
                                          : pread_full(file.source.fd.get(), out, item.offset, path);
      item.changed = got != item.length;
      item.length = got;
    }
    if (item.last) item.changed = item.changed || !unchanged_since_open(file.source);
  } catch (const Error& error) {
    item.failure = error;
    item.length = 0;
  }
}

// ---- chunk -----------------------------------------------------------------------------------------------

void IngestStages::chunk(IngestItem& item) {
  if (item.file) {
    chunk_window(item);
    return;
  }
  for (const SmallItem& small : item.batch) item.segments.push_back({small.offset, small.length, false, false, {}});
}

/// The carried bytes go right before the window, so that every chunk is one stretch of the buffer. A hole is real zeros
/// only where a chunk reaches into it from before; chunks inside it are counted, not built.
void IngestStages::chunk_window(IngestItem& item) {
  LargeFile& file = *item.file;
  const std::uint64_t first = file.chunker.chunk_start();
  const std::uint64_t hole = file.chunker.position();
  const std::size_t begin = item.window_begin - file.carry.size();
  std::copy(file.carry.begin(), file.carry.end(), item.buffer.data() + begin);
  std::uint64_t start = first;
  std::vector<std::uint64_t> cuts;
  const auto take_cuts = [&] {
    for (const std::uint64_t cut : cuts) {
      const bool inside_hole = item.zeros != 0 && start >= hole;
      const std::size_t offset = inside_hole ? 0 : begin + static_cast<std::size_t>(start - first);
      item.segments.push_back({offset, cut - start, inside_hole, false, {}});
      start = cut;
    }
    cuts.clear();
  };
  if (item.zeros != 0) {
    std::memset(item.buffer.data() + item.window_begin, 0, std::min<std::uint64_t>(item.zeros, file.profile.chunking.max));
    const std::uint64_t whole = file.chunker.feed_hole(item.zeros, cuts) * file.profile.chunking.max;
    take_cuts();
    if (whole != 0) item.segments.push_back({0, whole, true, false, {}});
    start += whole;
  } else {
    file.chunker.feed(item.buffer.subspan(item.window_begin, item.length), cuts);
  }
  const std::uint64_t end = file.chunker.position();
  if (item.last) file.chunker.finish(cuts);
  take_cuts();
  if (item.zeros != 0 && start >= hole) {
    file.carry.assign(static_cast<std::size_t>(end - start), std::byte{0});
  } else {
    const std::byte* tail = item.buffer.data() + begin + (start - first);
    file.carry.assign(tail, tail + (end - start));
  }
}

// ---- hash ------------------------------------------------------------------------------------------------

void IngestStages::hash(IngestItem& item) const {
  item.generation = sealed_packs_.load(std::memory_order_acquire);
  std::vector<ByteView> messages;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < item.segments.size(); ++i) {
    Segment& segment = item.segments[i];
    if (segment.zeros) continue;
    ByteView bytes = item.buffer.subspan(segment.offset, static_cast<std::size_t>(segment.length));
    if (!item.file && !item.batch[i].own.empty()) bytes = item.batch[i].own;
    if (item.file && all_zero(bytes)) {
      segment.zeros = true;
      continue;
    }
    messages.push_back(bytes);
    places.push_back(i);
  }
  std::vector<ObjectId> ids(messages.size());
  sha256_batch(messages, ids);
  for (std::size_t i = 0; i < places.size(); ++i) {
    Segment& segment = item.segments[places[i]];
    segment.id = ids[i];
    segment.found = segment.length == 0 || objects_.known_for_deduplication({ObjectType::chunk, segment.id});
  }
}

// ---- assemble: deduplicate, recipes, blocks --------------------------------------------------------------

void IngestStages::assemble(IngestItem& item) {
  forget_sealed();
  current_ = &item;
  if (item.file) assemble_window(item);
  else assemble_batch(item);
  if (item.end) assembler_.flush(item.closed);
}

/// Objects of sealed packs are found through the store now; their keys need not be remembered here.
void IngestStages::forget_sealed() {
  if (ports_.publisher == nullptr) return;
  const std::uint64_t sealed = ports_.publisher->sealed_packs();
  if (sealed == sealed_packs_.load(std::memory_order_relaxed)) return;
  seen_.erase_if([this](const ObjectKey& key) { return objects_.known_for_deduplication(key); });
  sealed_packs_.store(sealed, std::memory_order_release);
}

/// True if the object was new. A negative answer of the hash stage (`found`) holds unless a pack was sealed since.
bool IngestStages::put(const ObjectKey& key, ByteView bytes, bool found, IngestItem& item) {
  if (found || seen_.contains(key)) return false;
  const bool stale = item.generation != sealed_packs_.load(std::memory_order_acquire);
  if ((stale || key.type != ObjectType::chunk) && objects_.known_for_deduplication(key)) return false;
  seen_.insert(key);
  assembler_.add(key, bytes, item.closed);
  if (key.type == ObjectType::chunk && options_.progress != nullptr) {
    options_.progress->new_chunks.fetch_add(1, std::memory_order_relaxed);
    options_.progress->new_bytes.fetch_add(bytes.size(), std::memory_order_relaxed);
  }
  return true;
}

void IngestStages::fail(const std::string& path, const Error& error, IngestItem& item) const {
  item.failures.push_back({path, error.message(), error.errno_value()});
  if (!ports_.forget_failed) return;
  IngestResult gone;
  gone.entry.path = path;
  gone.entry.removed = true;
  item.results.push_back(std::move(gone));
}

void IngestStages::assemble_batch(IngestItem& item) {
  for (std::size_t i = 0; i < item.batch.size(); ++i) {
    SmallItem& small = item.batch[i];
    IndexEntry& entry = small.input.entry;
    if (small.outgrew && ports_.changed) {
      item.changed_files.push_back(entry.path);
      continue;
    }
    if (small.failure) {
      fail(entry.path, *small.failure, item);
      continue;
    }
    IngestResult result{.entry = {}, .known = true, .read = small.input.action != IngestInput::Action::pass};
    if (result.read) {
      const Segment& segment = item.segments[i];
      const ByteView bytes = small.own.empty() ? ByteView(item.buffer.subspan(small.offset, small.length)) : small.own;
      const bool fresh = put({ObjectType::chunk, segment.id}, bytes, segment.found, item);
      totals_.new_chunks += fresh;
      totals_.new_bytes += fresh ? bytes.size() : 0;
      entry.id = segment.id;
      entry.size = bytes.size();
      if (is_regular(entry.kind)) {
        entry.kind = EntryKind::file;
        entry.chunks = bytes.empty() ? 0 : 1;
        result.known = !fresh;
        (small.mapped ? totals_.mapped_bytes : totals_.streamed_bytes) += bytes.size();
      }
      if (small.changed) item.failures.push_back({entry.path, k_changed});
    }
    put_values(entry.path, small.values, item);
    result.entry = std::move(entry);
    item.results.push_back(std::move(result));
  }
}

void IngestStages::assemble_window(IngestItem& item) {
  LargeFile& file = *item.file;
  if (item.failure && !file.dropped) {
    fail(file.input.entry.path, *item.failure, item);
    file.dropped = true;
  }
  if (file.dropped) return;
  for (const JournalNode& node : file.resumed) {
    const StoredNode stored(objects_, {ObjectType::recipe, node.id});
    for (std::size_t i = 0; i < stored.size(); ++i) file.chunks += stored.recipe_entry(i).kind == RecipeKind::chunk;
    file.recipe.add_existing_node(node.id, node.count, node.bytes);
    file.bytes += node.bytes;
    file.node_offset += node.bytes;
    item.journal.emplace_back(node);
  }
  if (options_.progress != nullptr && !file.resumed.empty()) {
    options_.progress->bytes_done.fetch_add(file.bytes, std::memory_order_relaxed);
    options_.progress->chunks_done.fetch_add(file.chunks, std::memory_order_relaxed);
  }
  file.resumed.clear();
  for (const Segment& segment : item.segments) {
    file.bytes += segment.length;
    if (segment.zeros) {
      file.recipe.add_zeros(segment.length);
      continue;
    }
    const ByteView bytes = item.buffer.subspan(segment.offset, static_cast<std::size_t>(segment.length));
    const bool fresh = put({ObjectType::chunk, segment.id}, bytes, segment.found, item);
    file.any_new = file.any_new || fresh;
    file.chunks += 1;
    totals_.new_chunks += fresh;
    totals_.new_bytes += fresh ? segment.length : 0;
    file.recipe.add_chunk(segment.id, segment.length);
  }
  (item.mapped ? totals_.mapped_bytes : totals_.streamed_bytes) += item.length;
  if (item.last) finish_large_file(item);
}

void IngestStages::on_node(LargeFile& file, const NodeBuilder::Built& built) {
  IngestItem& item = *current_;
  file.any_new = put({ObjectType::recipe, built.id}, built.bytes, false, item) || file.any_new;
  if (built.node.level != 0 || file.input.stream) return;  // a stream cannot be taken up where it ended
  item.journal.emplace_back(JournalNode{file.input.entry.path, file.input.entry.stat, file.profile.chunking,
                                        file.node_offset, built.node.count, built.node.bytes, built.id});
  file.node_offset += built.node.bytes;
}

void IngestStages::finish_large_file(IngestItem& item) {
  LargeFile& file = *item.file;
  IndexEntry& entry = file.input.entry;
  if (file.bytes <= file.profile.inline_threshold) {
    if (ports_.changed) item.changed_files.push_back(entry.path);
    else fail(entry.path, Error(ErrorKind::partial, k_changed), item);
    return;
  }
  const bool stream = file.input.stream != nullptr;
  const bool changed = !stream && (item.changed || file.bytes != entry.stat.size);
  if (changed && ports_.changed) {
    item.changed_files.push_back(entry.path);
    return;
  }
  if (changed) item.failures.push_back({entry.path, k_changed});
  put_values(entry.path, file.values, item);
  entry.kind = EntryKind::large_file;
  entry.id = file.recipe.finish().id;
  entry.size = file.bytes;
  entry.chunks = file.chunks;
  entry.racy = !stream && (is_racy(entry.stat, file.read_started_ns) || changed);
  item.results.push_back({std::move(entry), !file.any_new, true});
}

void PackEstimate::append(const EncodedBlock& block) {
  if (open_ >= k_pack_size_limit || objects_ + block.keys.size() > k_pack_object_limit) finish();
  open_ += block.bytes.size();
  objects_ += block.keys.size();
  ++blocks_;
}

std::uint64_t PackEstimate::finish() {
  if (blocks_ != 0) sealed_ += k_pack_header_size + open_ + footer_size(blocks_, objects_);
  open_ = blocks_ = objects_ = 0;
  return sealed_;
}

// ---- compress and append ---------------------------------------------------------------------------------

void IngestStages::compress(IngestItem& item, Compressor& compressor) const {
  for (RawBlock& block : item.closed) {
    item.encoded.push_back(encode_block(block, compressor, options_.compression));
    block_memory_.give_back(std::move(block.bytes));
  }
  item.closed.clear();
}

void IngestStages::append(IngestItem& item) {
  for (EncodedBlock& block : item.encoded) {
    if (ports_.publisher != nullptr) ports_.publisher->append(block);
    else estimate_.append(block);
    block_memory_.give_back(std::move(block.bytes));
  }
  if (item.end) totals_.stored_bytes = estimate_.finish();
  for (PathFailure& failure : item.failures) ports_.failed(without_path(std::move(failure)));
  for (const std::string& path : item.changed_files) ports_.changed(path);
  if (ports_.journal != nullptr)
    for (const JournalRecord& record : item.journal) ports_.journal->append(record);
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  const auto is_chunk = [](const Segment& segment) { return !segment.zeros; };
  std::uint64_t chunks = 0;
  if (item.file) chunks = static_cast<std::uint64_t>(std::count_if(item.segments.begin(), item.segments.end(), is_chunk));
  for (const IngestResult& result : item.results) {
    if (ports_.journal != nullptr && result.read && !result.entry.streamed) ports_.journal->append(JournalFile{result.entry});
    if (result.read && is_regular(result.entry.kind)) {  // the walk has counted what was passed through
      ++files;
      if (!item.file) bytes += result.entry.size, chunks += result.entry.chunks;
    }
    ports_.done(result);
  }
  // What is in the pack now is of use to a resumed run only if the journal says so.
  const bool node_inside_file = !item.journal.empty() && !item.last;
  if (ports_.journal != nullptr && (!item.encoded.empty() || node_inside_file)) ports_.journal->flush();
  if (item.file) bytes += item.length + item.zeros;
  if (options_.progress != nullptr) {
    options_.progress->files_done.fetch_add(files, std::memory_order_relaxed);
    options_.progress->bytes_done.fetch_add(bytes - item.counted, std::memory_order_relaxed);
    options_.progress->chunks_done.fetch_add(chunks, std::memory_order_relaxed);
  }
}

}  // namespace store
