// The forms of checkout(); private to ops.
#pragma once

#include "ops/checkout.h"
#include "ops/checkout_plan.h"
#include "repo/session.h"

namespace store {

/// `--out`: to another folder. Never touches HEAD or index; works in a bare or read-only repository.
CheckoutResult checkout_outside(Workspace& workspace, const CheckoutOptions& options);

/// What is in the repository of a state of the working tree that is about to go: the roots that keep it.
struct Discarded {
  ObjectId tree;
  std::optional<ObjectId> attributes;  // of what is in the tree; nothing: of nothing, or metadata.* is off
};
/// False for a socket and a device: they have no bytes to bring back.
bool can_be_kept(const ScanEntry& found);
/// Gathers it, in any order; what is said last of a path counts. Memory is bounded.
class DiscardStore {
 public:
  DiscardStore(Workspace& workspace, const Session& session);
  ~DiscardStore();
  /// Nothing is at this path, nor below it: the tree gets a whiteout.
  void add_absent(const std::string& path);
  /// What an earlier run had discarded, but for what is in the place of `paths`, above or below them.
  void add_earlier(const ObjectReader& objects, const Discarded& earlier, const std::vector<std::string>& paths);
  /// What is there has a content that the repository knows (of directories: none), and is kept with its mode and attributes.
  void add_known(const ScanEntry& found, const TreeEntry& content);
  /// Puts these into the repository; of directories, that they are there. `index` tells what a checkout could not give them.
  /// Errors by errno for one that cannot be read, Error{conflict} for one that changes meanwhile, a socket, or a device that is not
  /// tracked: then nothing may be overwritten.
  void add_files(const Index& index, std::vector<std::string> paths);
  Discarded finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// What may be done to directories that are there; nothing: nothing.
struct OverRules {
  std::function<bool(const std::string& path)> may_remove = {};  // of files in a directory that has to go
  std::function<bool(const ScanEntry& directory)> may_set_mode = {};
};
/// How what was discarded comes back over what is there by now: whiteouts remove.
CheckoutPlan plan_over(const Workspace& workspace, const ChangeSource& files, const OverRules& rules = {});

/// Makes the tree without entries known, to be read.
void store_empty_tree(Workspace& workspace, const Session& session);

/// Stands in a tree of discarded bytes where nothing was: what comes in its place is removed to have that back. (Real devices have no
/// bytes, so no other device is in such a tree.)
inline bool is_whiteout(const TreeEntry& entry) { return entry.kind == EntryKind::char_device; }

/// Id of the tree without entries.
ObjectId empty_tree_id();

/// An entry of the oplog in reverse.
struct TakeBack {
  ObjectId before;       // the index as the entry left it
  ObjectId after;        // and as it was
  ObjectId brings_back;  // files that the entry had discarded: they come back over those of `after`
  std::optional<ObjectId> brings_back_attributes = {};
  ObjectId overwrites;   // files that may be there instead of those of `before`, and are discarded
  /// Of an entry that left the index alone: what it wrote. Then `brings_back` is all that comes back, and `before`, `after` mean nothing.
  std::optional<ObjectId> left = {};
  std::vector<RefChange> refs;
  /// What changed since goes too, and its bytes are stored, instead of being in the way; `before` is then the index as it is.
  bool discards = false;
};
/// Index, files and refs as they were, as one entry. Error{conflict} naming all files that are neither as the entry left them nor
/// as they are to become; then nothing is touched.
CheckoutResult take_back_files(Workspace& workspace, const TakeBack& entry);

/// A merge, as far as files and index are concerned: they become like a tree that HEAD is not at yet.
struct Landing {
  struct Target {
    ObjectId tree;
    Commit source;      // the other side: what comes from it comes with its attributes
    Discarded beside;   // files that are written, too, and not tracked
    std::vector<std::string> in_the_way;  // beside what the checkout itself finds
  };
  /// Where to go. All are called under the locks.
  std::function<Target(Session& session, const Index& index, const RefStore::Head& head)> prepare;
  /// Nothing is in the way: files are touched from now on.
  std::function<void()> begin;
  /// Files and index are there: the refs that move now, in one record with them.
  std::function<std::vector<RefChange>(Session& session, Index& index)> finish;
};
/// `theirs`: the commit by which an interrupted one is told. Error{conflict} as by checkout().
CheckoutResult land(Workspace& workspace, const ObjectId& theirs, const Landing& landing);

/// The files of a tree, each with what another tree has in its place; what that does not have is left out.
ChangeSource counterparts(const ObjectReader& objects, const ObjectId& files, const ObjectId& other);

/// A tree of these files, in any order, written to the repository, and what is selected of their attributes.
Discarded store_entries(Workspace& workspace, const Session& session, std::vector<IndexEntry> entries,
                        const MetadataSelection& selection = {});

/// The index as a tree, written if it is not known.
ObjectId store_index_tree(const Workspace& workspace, const Session& session, const Index& index);

/// Error{conflict} listing paths, with what is the matter with one, or with the first and others.
struct Refusal {
  std::string_view one;
  std::string_view many;
  std::string_view hint;
};
inline constexpr Refusal k_in_the_way{"is in the way", "are in the way", "commit these changes, or overwrite them with --force"};
/// The same error, with the way out: what cannot be read can be neither compared nor kept, so it is not overwritten.
[[noreturn]] void refuse_unreadable(Error unreadable);
[[noreturn]] void refuse_paths(std::vector<std::string> paths, const Refusal& refusal = k_in_the_way);

/// What is in the way of the same checkout once more is what a power loss left of it, or came there since: it is stored as with
/// --force, with a warning. Without a power loss it is refused; as unreadable, if something could not be compared.
void allow_only_after_power_loss(const Workspace& workspace, const Interrupted& interrupted, CheckoutPlan& plan, const Refusal& refusal);

/// What is tracked or in the target, and is staged or, at this moment, on disk in another way than the target has it. The index must
/// not change. Memory: the paths of modified files.
ChangeSource changes_of_everything(const Workspace& workspace, const Index& index, const ObjectId& target);

/// Every path matches something in the tree, or Error{not_found}.
void check_paths_in_tree(const ObjectReader& objects, const ObjectId& tree, const std::vector<Pathspec>& paths);
/// The same of the tree and the index together.
void check_paths_known(const ObjectReader& objects, const ObjectId& tree, const Index& index, const std::vector<Pathspec>& paths);

}  // namespace store
