#include "ops/streams.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <unordered_set>
#include <utility>

#include "archive/tar_reader.h"
#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "format/index_metadata.h"
#include "hash/sha256.h"
#include "ops/metadata.h"
#include "ops/permissions.h"
#include "ops/size_classes.h"
#include "ops/staging.h"
#include "worktree/capture.h"
#include "worktree/owner_names.h"

namespace store {
namespace {

/// Links that wait for the content they link to; when there are more, the pipeline is emptied first.
constexpr std::size_t k_max_links = 16 * 1024;
constexpr std::size_t k_directories_remembered = 16 * 1024;
constexpr std::uint16_t k_file_mode = 0644;
constexpr std::uint16_t k_directory_mode = 0755;

/// Notes what the source of an input throws, so that it is told from a refusal of the repository.
class WatchedSource final : public ByteSource {
 public:
  WatchedSource(std::unique_ptr<ByteSource> source, std::optional<std::string>& failure)
      : source_(std::move(source)), failure_(failure) {}
  std::size_t read(MutableByteView out) override {
    try {
      return source_->read(out);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::interrupted) failure_ = error.message();
      throw;
    }
  }

 private:
  std::unique_ptr<ByteSource> source_;
  std::optional<std::string>& failure_;
};

/// Content of the member that the reader stands at.
class MemberSource final : public ByteSource {
 private:
  template <typename Step>
  auto watch(Step step) {
    try {
      return step();
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::partial) failure_ = error.message();
      throw;
    }
  }

 public:
  MemberSource(TarReader& reader, std::optional<std::string>& failure) : reader_(reader), failure_(failure) {}
  std::size_t read(MutableByteView out) override {
    return watch([&] { return reader_.read(out); });
  }
  std::uint64_t skip_zeros() override {
    return watch([&] { return reader_.skip_hole(); });
  }

 private:
  TarReader& reader_;
  std::optional<std::string>& failure_;
};

/// Where a member goes. Error{usage} for names that lead elsewhere, or can stand in no tree.
std::string member_path(const std::string& prefix, const std::string& name) {
  std::string path = prefix;
  for (std::size_t begin = 0; begin < name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    const std::string_view part = std::string_view(name).substr(begin, end - begin);
    begin = end + 1;
    if (part.empty() || part == ".") continue;
    if (const std::string_view fault = name_fault(part); !fault.empty())
      throw Error(ErrorKind::usage, fmt::format("archive member {}: {}", escape_name(name), fault));
    path = join_path(path, part);
  }
  return path;
}

constexpr std::size_t k_max_xattr_name = 255;
constexpr std::size_t k_max_xattr_value = 64u << 10;  // no file can have a larger one (Linux, XATTR_SIZE_MAX)

/// What an archive says of a member, as the index holds it. What no file can have is named in `left_out`.
Bytes metadata_of(const ArchiveEntry& member, const MetadataSelection& selection, AttributeValues& values,
                  std::vector<std::string>& left_out) {
  if (!selection.any()) return {};
  IndexMetadata metadata;
  metadata.captured = {.times = selection.times, .owners = selection.owners, .xattrs = selection.xattrs, .acls = selection.acls,
                       .hardlinks = selection.hardlinks};
  if (selection.times) metadata.attributes.mtime = Attributes::Time{member.mtime_seconds, member.mtime_nanoseconds};
  const auto name_or_none = [](const std::string& name) { return name.size() <= 255 ? name : std::string(); };
  if (selection.owners)
    metadata.attributes.owner =
        Attributes::Owner{member.uid, member.gid, name_or_none(member.user), name_or_none(member.group)};
  metadata.attributes.sparse = !member.holes.empty();
  if (selection.acls) left_out.insert(left_out.end(), member.left_out.begin(), member.left_out.end());
  std::vector<RawXattr> xattrs;
  const std::map<std::string, Bytes> by_name(member.xattrs.begin(), member.xattrs.end());
  for (const auto& [name, value] : by_name) {
    if (!is_wanted_xattr(name, selection)) continue;
    if (!name.empty() && name.size() <= k_max_xattr_name && value.size() <= k_max_xattr_value) xattrs.push_back({name, value});
    else left_out.push_back(fmt::format("extended attribute {}: is too large for a file", escape_name(name)));
  }
  CapturedAttributes captured;
  captured.attributes = std::move(metadata.attributes);
  set_xattrs(captured, std::move(xattrs));
  values = {std::move(captured.chunks), captured.too_long};
  metadata.attributes = std::move(captured.attributes);
  return encode_index_metadata(metadata);
}

AclNames acl_names() {
  return {.user = [](const std::string& name) { return owner_names().uid_of(name); },
          .group = [](const std::string& name) { return owner_names().gid_of(name); }};
}

/// Marks a member that others link to: an inode that no file has tells the group. Nothing if it is marked already.
std::optional<IndexEntry> with_inode(const IndexEntry& member) {
  if (is_linked(member.metadata)) return std::nullopt;
  constexpr std::uint64_t k_no_device = ~std::uint64_t{0};
  IndexEntry marked = member;
  const ObjectId hash = sha256(as_bytes(member.path));
  marked.stat.device = k_no_device;
  std::memcpy(&marked.stat.inode, hash.bytes.data(), sizeof marked.stat.inode);
  IndexMetadata metadata = decode_index_metadata(member.metadata);
  metadata.linked = true;
  marked.metadata = encode_index_metadata(metadata);
  return marked;
}

class StreamIngest {
 public:
  StreamIngest(const Workspace& workspace, const std::vector<StreamInput>& inputs, const StreamPorts& ports)
      : workspace_(workspace), inputs_(inputs), ports_(ports), options_(ingest_options(workspace)), classes_(workspace.settings()) {}

  StreamsResult run() {
    try {
      while (!ended_) {
        run_pipeline();
        settle_links();
      }
    } catch (const Error&) {
      if (!failure_) throw;
      result_.failed.push_back({inputs_[next_ - 1].shown, *failure_});
      result_.complete = false;
    }
    return std::move(result_);
  }

 private:
  struct Link {
    IndexEntry entry;
    std::string target;
  };

  void run_pipeline() {
    IngestPorts ports;
    ports.next = [this] { return next(); };
    ports.done = [this](const IngestResult& one) { done(one); };
    ports.failed = [this](PathFailure failure) { result_.failed.push_back(std::move(failure)); };
    ports.publisher = ports_.publisher;
    const IngestTotals read = ingest(-1, workspace_.objects(), ports, options_);
    result_.totals.new_chunks += read.new_chunks;
    result_.totals.new_bytes += read.new_bytes;
    result_.totals.stored_bytes += read.stored_bytes;
    result_.totals.streamed_bytes += read.streamed_bytes;
  }

  std::optional<IngestInput> next() {
    if (held_) return std::exchange(held_, std::nullopt);
    for (;;) {
      if (reader_) {
        if (std::optional<IngestInput> input = next_member()) return input;
        if (links_wait()) return std::nullopt;
        reader_.reset();
      }
      source_.reset();
      if (next_ == inputs_.size()) {
        ended_ = true;
        return std::nullopt;
      }
      if (std::optional<IngestInput> input = open(inputs_[next_++])) return input;
    }
  }

  /// What is under way has to be through before more is read: the links need it.
  bool links_wait() const { return held_ || links_.size() >= k_max_links; }

  /// A failure of what `step` calls is this input's.
  template <typename Step>
  auto watch(Step step) {
    try {
      return step();
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::interrupted) failure_ = error.message();
      throw;
    }
  }

  std::optional<IngestInput> open(const StreamInput& input) {
    if (input.kind == StreamInput::Kind::file) ports_.check(input.path, EntryKind::file);
    source_ = std::make_shared<WatchedSource>(watch(input.open), failure_);
    if (input.kind == StreamInput::Kind::archive) {
      prefix_ = input.path;
      reader_ = watch([&] { return std::make_unique<TarReader>(*source_, acl_names()); });
      return std::nullopt;
    }
    IngestInput out = input_at(input.path, EntryKind::file, k_file_mode);
    out.action = IngestInput::Action::stream;
    out.stream = source_;
    apply_class(out, std::nullopt);
    return out;
  }

  void apply_class(IngestInput& input, std::optional<std::uint64_t> size) const {
    const std::optional<IndexEntry> before = ports_.tracked ? ports_.tracked(input.entry.path) : std::nullopt;
    classes_.apply(input, before ? &*before : nullptr, size);
  }

  IngestInput input_at(const std::string& path, EntryKind kind, std::uint16_t mode) const {
    IngestInput input;
    input.entry.path = path;
    input.entry.kind = kind;
    input.entry.mode = recorded_mode(kind, mode, workspace_.settings().core.permissions);
    input.entry.streamed = true;
    return input;
  }

  std::optional<IngestInput> next_member() {
    while (!links_wait()) {
      const std::optional<ArchiveEntry> member = watch([&] { return reader_->next(); });
      if (!member) return std::nullopt;
      const std::string path = member_path(prefix_, member->path);
      const bool directory = member->kind == EntryKind::directory;
      if (path == prefix_ && directory) continue;  // "./": where it all goes
      if (path.empty()) throw Error(ErrorKind::usage, fmt::format("archive member {}: has no name", escape_name(member->path)));
      if (leaves_out(path, *member)) continue;
      refuse_meeting(path, member->kind);
      ports_.check(path, member->kind);
      IngestInput input = input_at(path, member->kind, member->mode);
      if (!member->hard_link.empty()) {
        add_link(std::move(input.entry), member_path(prefix_, member->hard_link));
        continue;
      }
      fill(*member, input);
      add_metadata(*member, input);
      links_.erase(path);
      if (!link_targets_.contains(path)) return input;
      held_ = std::move(input);
    }
    return std::nullopt;
  }

  /// A member and a named stream in one place: one of them would be lost. (Of two members the later one stands.)
  void refuse_meeting(const std::string& path, EntryKind kind) const {
    for (const StreamInput& input : inputs_) {
      if (input.kind != StreamInput::Kind::file) continue;
      const bool below_member = kind != EntryKind::directory && is_within(input.path, path);
      if (below_member || is_within(path, input.path))
        throw Error(ErrorKind::usage, fmt::format("archive member {}: is in the way of {}, which is to be a file",
                                                  escape_name(path), escape_name(input.path)));
    }
  }

  void add_metadata(const ArchiveEntry& member, IngestInput& input) {
    std::vector<std::string> left_out;
    input.entry.metadata = metadata_of(member, options_.metadata, input.values, left_out);
    for (const std::string& what : left_out) result_.failed.push_back({input.entry.path, what + ": left out"});
  }

  void add_link(IndexEntry entry, std::string target) {
    if (const auto other = links_.find(target); other != links_.end()) target = other->second.target;
    link_targets_.insert(target);
    std::string path = entry.path;
    links_.insert_or_assign(std::move(path), Link{std::move(entry), std::move(target)});
  }

  bool leaves_out(const std::string& path, const ArchiveEntry& member) {
    if (!left_out_.empty() && is_within(path, left_out_)) return true;
    ScanEntry seen;
    seen.path = path;
    seen.kind = member.kind;
    seen.stat.size = member.size;
    if (!ports_.accept || ports_.accept(seen)) return false;
    if (member.kind == EntryKind::directory) left_out_ = path;
    return true;
  }

  void fill(const ArchiveEntry& member, IngestInput& input) {
    if (member.kind == EntryKind::file) {
      input.action = IngestInput::Action::stream;
      input.stream = std::make_shared<MemberSource>(*reader_, failure_);
      apply_class(input, member.size);
    } else if (member.kind == EntryKind::symlink) {
      const ByteView target = as_bytes(member.target);
      input.action = IngestInput::Action::stream;
      input.stream = std::make_shared<BytesSource>(Bytes(target.begin(), target.end()));
      ++result_.totals.symlinks;
    } else if (member.kind == EntryKind::directory) {
      ++result_.totals.directories;
    } else if (member.kind != EntryKind::fifo) {
      input.entry.size = member.device;
    }
  }

  void done(const IngestResult& one) {
    if (is_regular(one.entry.kind)) count(one.entry, one.known);
    put(one.entry);
  }

  void count(const IndexEntry& entry, bool known) {
    ++result_.totals.files;
    ++result_.totals.cache_misses;
    result_.totals.bytes += entry.size;
    result_.totals.chunks += entry.chunks;
    result_.totals.unchanged_files += known && (entry.size != 0 || (ports_.had && ports_.had(entry)));
  }

  /// Every path needs the directories above it.
  void put(const IndexEntry& entry) {
    const std::string parent(parent_path(entry.path));
    if (directories_.size() >= k_directories_remembered) directories_.clear();
    for (std::size_t end = 0; end != std::string::npos && !parent.empty() && !directories_.contains(parent);) {
      end = parent.find('/', end == 0 ? 0 : end + 1);
      put_directory(parent.substr(0, end));
    }
    // One that became something else is made again when something comes below it.
    if (entry.kind != EntryKind::directory && directories_.contains(entry.path)) directories_.clear();
    ports_.entries->put(entry);
  }

  void put_directory(const std::string& path) {
    if (!directories_.insert(path).second) return;
    const std::optional<IndexEntry> sorted = ports_.entries->find(path);
    if (sorted && sorted->kind == EntryKind::directory) return;
    const std::optional<IndexEntry> known = !sorted && ports_.directory ? ports_.directory(path) : std::nullopt;
    ports_.entries->put(known ? *known : input_at(path, EntryKind::directory, k_directory_mode).entry);
  }

  /// The content of what hard links name is in the sorter by now.
  void settle_links() {
    for (auto& [path, link] : links_) {
      std::optional<IndexEntry> target = ports_.entries->find(link.target);
      if (!target || target->kind == EntryKind::directory) {
        result_.failed.push_back({path, fmt::format("links to {}, which is not in the archive before it",
                                                               escape_name(link.target))});
        continue;
      }
      if (options_.metadata.hardlinks) {
        if (std::optional<IndexEntry> marked = with_inode(*target)) {
          target = std::move(marked);
          ports_.entries->put(*target);
        }
      }
      IndexEntry entry = *target;
      entry.path = path;
      if (is_regular(entry.kind)) count(entry, true);
      result_.totals.symlinks += entry.kind == EntryKind::symlink;
      put(entry);
    }
    links_.clear();
    link_targets_.clear();
  }

  const Workspace& workspace_;
  const std::vector<StreamInput>& inputs_;
  const StreamPorts& ports_;
  IngestOptions options_;
  SizeClasses classes_;
  StreamsResult result_;
  std::size_t next_ = 0;  // input that comes next
  bool ended_ = false;
  std::shared_ptr<WatchedSource> source_;
  std::unique_ptr<TarReader> reader_;
  std::string prefix_;
  std::string left_out_;
  std::unordered_set<std::string> directories_;  // known to be in the sorter: spares it being searched
  std::map<std::string, Link> links_;
  std::set<std::string> link_targets_;
  std::optional<IngestInput> held_;  // replaces what a link names: comes after it is settled
  std::optional<std::string> failure_;
};

}  // namespace

StreamsResult ingest_streams(const Workspace& workspace, const std::vector<StreamInput>& inputs,
                             const StreamPorts& ports) {
  return StreamIngest(workspace, inputs, ports).run();
}

}  // namespace store
