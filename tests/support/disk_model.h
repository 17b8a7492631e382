// A disk that loses power: what a file system may show afterwards, given the calls that were made and nothing but what POSIX
// promises. Only what was synced is sure:
// - each write and each change of length since the file's last fsync is there, gone, or there in part, sector by sector; where the
//   file grew, what is gone may read as zeros or as anything;
// - each name of a directory has the value of its last fsync or any later one, whatever became of the other names: not even a rename
//   puts the new name and takes the old one together;
// - an fsync of a file says nothing about its name, one of a directory nothing about what its names lead to.
// Assumed: a sector is old or new as a whole, and what was synced is not lost when bytes beside it are written.
// Not modelled: times, owners, extended attributes.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "support/random_bytes.h"

namespace store::test {

using NodeId = std::uint32_t;
inline constexpr NodeId k_root_node = 0;
enum class NodeType : std::uint8_t { file, directory, symlink, other };

/// One step of the log of calls, by node, so that names play no part but in directories.
struct DiskChange {
  enum class Kind : std::uint8_t { create, entry, write, truncate, mode, sync, sync_all };
  Kind kind = Kind::sync_all;
  NodeId node = k_root_node;          // for `entry`: the directory
  NodeType type = NodeType::file;     // create
  mode_t mode = 0;                    // create, mode: permission bits
  std::string name = {};              // entry: the name; create: a symlink's target
  std::optional<NodeId> target = {};  // entry: nothing if the name goes
  std::uint64_t offset = 0;           // write; truncate: the new size
  Bytes bytes = {};                   // write
};
/// For failing checks to show.
std::string describe(const DiskChange& change);

/// What a state of the disk shows below its root, by path.
struct ImageNode {
  NodeType type = NodeType::file;
  mode_t mode = 0;
  std::shared_ptr<const Bytes> content;  // of a file; of a symlink its target
};
using Image = std::map<std::string, ImageNode>;
std::uint64_t digest_of(const Image& image);
/// Makes it in an existing empty folder; links to one file become files of their own.
void materialise(const Image& image, const std::string& folder);

/// What becomes of what is not sure, drawn item by item in a fixed order.
struct Fate {
  enum class Data : std::uint8_t { kept, lost, torn, zeros, junk };
  Data data = Data::kept;      // of unsynced writes and lengths
  bool entries_kept = true;    // of unsynced names
  std::optional<std::size_t> exception = {};  // this item goes the other way
  std::optional<std::uint64_t> seed = {};     // instead: every item on its own, at random
};

/// The disk after the changes so far.
class Disk {
 public:
  Disk();
  void apply(const DiskChange& change);
  /// A legal state after a power loss now. `items`: how many choices there were.
  Image after_power_loss(const Fate& fate, std::size_t& items) const;
  /// Whether anything is not sure.
  bool settled() const { return unsure_ == 0; }

 private:
  friend class ImageBuilder;
  struct Node {
    NodeType type = NodeType::directory;
    mode_t mode = 0755;
    std::vector<mode_t> later_modes;
    std::shared_ptr<const Bytes> content = std::make_shared<const Bytes>();
    std::vector<std::shared_ptr<const DiskChange>> later_content;
    std::map<std::string, NodeId> entries;
    std::map<std::string, std::vector<std::optional<NodeId>>> later_entries;
  };
  void settle(Node& node);

  std::map<NodeId, Node> nodes_;
  std::size_t unsure_ = 0;  // changes that no sync covers
};

}  // namespace store::test
