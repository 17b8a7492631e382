#include "support/disk_model.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <system_error>

#include "base/fd.h"
#include "hash/checksum.h"

namespace store::test {
namespace {

constexpr std::size_t k_sector = 512;
constexpr std::size_t k_page = 4096;

void write_over(Bytes& content, std::uint64_t offset, ByteView bytes) {
  if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
  std::copy(bytes.begin(), bytes.end(), content.begin() + static_cast<std::ptrdiff_t>(offset));
}

void carry_out(Bytes& content, const DiskChange& change) {
  if (change.kind == DiskChange::Kind::truncate)
    content.resize(change.offset);
  else
    write_over(content, change.offset, change.bytes);
}

/// Keeps each sector, or page, of the write with one chance in two.
void carry_out_torn(Bytes& content, const DiskChange& change, testing::SplitMix64& random) {
  const std::uint64_t unit = random.next() % 2 == 0 ? k_sector : k_page;
  const ByteView bytes = change.bytes;
  const bool prefix = random.next() % 2 == 0;
  bool kept = true;
  for (std::uint64_t at = 0; at < bytes.size();) {
    const std::uint64_t end = std::min<std::uint64_t>(bytes.size(), (change.offset + at) / unit * unit + unit - change.offset);
    kept = prefix ? kept && random.next() % 2 == 0 : random.next() % 2 == 0;
    if (kept) write_over(content, change.offset + at, bytes.subspan(at, end - at));
    at = end;
  }
}

/// The length is there, the bytes are not; what was sure before stays.
void carry_out_length(Bytes& content, const DiskChange& change, std::size_t sure, Fate::Data fill, std::uint64_t seed) {
  const std::size_t end = change.offset + change.bytes.size();
  const std::size_t begin = std::max<std::size_t>(sure, change.offset);
  if (end <= begin) return;
  if (content.size() < end) content.resize(end);
  const Bytes junk = fill == Fate::Data::junk ? testing::random_bytes(end - begin, seed) : Bytes(end - begin);
  write_over(content, begin, junk);
}

[[noreturn]] void fail(const std::string& path) { throw std::system_error(errno, std::generic_category(), path); }

}  // namespace

std::string describe(const DiskChange& change) {
  switch (change.kind) {
    case DiskChange::Kind::create: return fmt::format("create node {} {}", change.node, change.name);
    case DiskChange::Kind::entry:
      return change.target ? fmt::format("name {} in node {} is node {}", change.name, change.node, *change.target)
                           : fmt::format("name {} in node {} is gone", change.name, change.node);
    case DiskChange::Kind::write:
      return fmt::format("write node {} at {}, {} bytes", change.node, change.offset, change.bytes.size());
    case DiskChange::Kind::truncate: return fmt::format("truncate node {} to {}", change.node, change.offset);
    case DiskChange::Kind::mode: return fmt::format("mode of node {} is {:o}", change.node, change.mode);
    case DiskChange::Kind::sync: return fmt::format("sync node {}", change.node);
    case DiskChange::Kind::sync_all: return "sync everything";
  }
  return "?";
}

std::uint64_t digest_of(const Image& image) {
  Bytes text;
  const auto add = [&](ByteView bytes) { text.insert(text.end(), bytes.begin(), bytes.end()); };
  for (const auto& [path, node] : image) {
    add(as_bytes(fmt::format("{}\n{} {:o} {:x}\n", path, static_cast<int>(node.type), node.mode,
                             node.content ? xxh3(*node.content) : 0)));
  }
  return xxh3(text);
}

void materialise(const Image& image, const std::string& folder) {
  for (const auto& [path, node] : image) {
    const std::string full = folder + "/" + path;
    switch (node.type) {
      case NodeType::directory:
        if (::mkdir(full.c_str(), 0700) != 0) fail(full);
        break;
      case NodeType::symlink:
        if (::symlink(std::string(as_text(*node.content)).c_str(), full.c_str()) != 0) fail(full);
        break;
      case NodeType::other:
        if (::mkfifo(full.c_str(), 0600) != 0) fail(full);
        break;
      case NodeType::file: {
        const UniqueFd fd(::open(full.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (!fd) fail(full);
        const ByteView bytes = *node.content;
        if (::write(fd.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) fail(full);
        if (::fchmod(fd.get(), node.mode) != 0) fail(full);
        break;
      }
    }
  }
  for (auto at = image.rbegin(); at != image.rend(); ++at)
    if (at->second.type == NodeType::directory && ::chmod((folder + "/" + at->first).c_str(), at->second.mode) != 0)
      fail(at->first);
}

Disk::Disk() { nodes_[k_root_node] = Node{}; }

void Disk::settle(Node& node) {
  if (!node.later_content.empty()) {
    auto content = std::make_shared<Bytes>(*node.content);
    for (const auto& change : node.later_content) carry_out(*content, *change);
    node.content = std::move(content);
  }
  unsure_ -= node.later_content.size() + node.later_modes.size();
  node.later_content.clear();
  if (!node.later_modes.empty()) node.mode = node.later_modes.back();
  node.later_modes.clear();
  for (const auto& [name, values] : node.later_entries) {
    if (values.back())
      node.entries[name] = *values.back();
    else
      node.entries.erase(name);
    unsure_ -= values.size();
  }
  node.later_entries.clear();
}

void Disk::apply(const DiskChange& change) {
  switch (change.kind) {
    case DiskChange::Kind::create: {
      Node node;
      node.type = change.type;
      node.mode = change.mode;
      // A link's target is in the same place on the disk as the link.
      if (change.type == NodeType::symlink) {
        const ByteView target = as_bytes(change.name);
        node.content = std::make_shared<const Bytes>(target.begin(), target.end());
      }
      nodes_[change.node] = std::move(node);
      return;
    }
    case DiskChange::Kind::entry: nodes_.at(change.node).later_entries[change.name].push_back(change.target); break;
    case DiskChange::Kind::write:
    case DiskChange::Kind::truncate:
      nodes_.at(change.node).later_content.push_back(std::make_shared<const DiskChange>(change));
      break;
    case DiskChange::Kind::mode: nodes_.at(change.node).later_modes.push_back(change.mode); break;
    case DiskChange::Kind::sync: settle(nodes_.at(change.node)); return;
    case DiskChange::Kind::sync_all:
      for (auto& [id, node] : nodes_) settle(node);
      return;
  }
  ++unsure_;
}

/// Draws the fate of one item after the other while it walks from the root: what cannot be reached has none.
class ImageBuilder {
 public:
  ImageBuilder(const Disk& disk, const Fate& fate) : disk_(disk), fate_(fate), random_(fate.seed.value_or(0)) {}

  Image build(std::size_t& items) {
    directory(k_root_node, "");
    items = items_;
    return std::move(image_);
  }

 private:
  Fate::Data next_data() {
    const std::size_t item = items_++;
    if (fate_.seed) return static_cast<Fate::Data>(random_.next() % 5);
    if (fate_.exception != item) return fate_.data;
    return fate_.data == Fate::Data::kept ? Fate::Data::lost : Fate::Data::kept;
  }

  /// 0 is the sure one of `count` + 1 values.
  std::size_t next_value(std::size_t count) {
    const std::size_t item = items_++;
    if (fate_.seed) return random_.next() % (count + 1);
    const bool kept = fate_.entries_kept != (fate_.exception == item);
    return kept ? count : 0;
  }

  std::shared_ptr<const Bytes> content(const Disk::Node& node) {
    if (node.later_content.empty()) return node.content;
    auto bytes = std::make_shared<Bytes>(*node.content);
    const std::size_t sure = bytes->size();
    for (const auto& change : node.later_content) {
      Fate::Data data = next_data();
      if (change->kind == DiskChange::Kind::truncate && data != Fate::Data::kept) continue;
      if (data == Fate::Data::kept) carry_out(*bytes, *change);
      else if (data == Fate::Data::torn) carry_out_torn(*bytes, *change, random_);
      else if (data != Fate::Data::lost) carry_out_length(*bytes, *change, sure, data, random_.next());
    }
    return bytes;
  }

  void put(NodeId id, const std::string& path) {
    const Disk::Node& node = disk_.nodes_.at(id);
    if (node.type == NodeType::directory) {
      if (!above_.insert(id).second) return;
      image_[path] = {NodeType::directory, mode(node), nullptr};
      directory(id, path + "/");
      above_.erase(id);
      return;
    }
    const auto [at, is_new] = files_.try_emplace(id);
    if (is_new) at->second = {node.type, mode(node), content(node)};
    image_[path] = at->second;
  }

  mode_t mode(const Disk::Node& node) {
    if (node.later_modes.empty()) return node.mode;
    const std::size_t value = next_value(node.later_modes.size());
    return value == 0 ? node.mode : node.later_modes[value - 1];
  }

  void directory(NodeId id, const std::string& prefix) {
    const Disk::Node& node = disk_.nodes_.at(id);
    std::map<std::string, NodeId> entries = node.entries;
    for (const auto& [name, values] : node.later_entries) {
      const std::size_t value = next_value(values.size());
      if (value == 0) continue;
      if (values[value - 1])
        entries[name] = *values[value - 1];
      else
        entries.erase(name);
    }
    for (const auto& [name, child] : entries) put(child, prefix + name);
  }

  const Disk& disk_;
  const Fate& fate_;
  testing::SplitMix64 random_;
  std::size_t items_ = 0;
  Image image_;
  std::map<NodeId, ImageNode> files_;
  std::set<NodeId> above_;
};

Image Disk::after_power_loss(const Fate& fate, std::size_t& items) const { return ImageBuilder(*this, fate).build(items); }

}  // namespace store::test
