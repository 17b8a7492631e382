#include "app/repository_names.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <queue>
#include <tuple>
#include <unordered_set>

#include "app/context.h"
#include "app/revision_arguments.h"
#include "base/path.h"
#include "ops/commit_graph.h"
#include "ops/history.h"
#include "ops/tree_reader.h"
#include "worktree/index.h"

namespace store {
namespace {

// Of the newest: more than anybody reads in a list.
constexpr std::uint64_t k_commits = 30;
constexpr std::uint64_t k_operations = 30;
const std::string k_heads = "refs/heads/";
// Names beside the word being typed: of more nobody reads the list, and to sort it would be felt.
constexpr std::size_t k_names = 4096;
// Commits that are looked at for one key press.
constexpr std::size_t k_visited = 1000;

using Offer = std::function<void(const std::string& text, const std::string& help)>;

/// The directory of a path that is being typed, with its slash.
std::string directory_of(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

bool leads_to_directory(int folder, const dirent& entry) {
  if (entry.d_type != DT_LNK && entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
  struct stat info{};
  return ::fstatat(folder, entry.d_name, &info, 0) == 0 && S_ISDIR(info.st_mode);
}

/// What is beside the word being typed, on disk; a repository is never content. Names what it has offered, sorted unless it is too
/// much for that.
std::vector<std::string> offer_on_disk(const Context& context, const std::string& typed, const Offer& offer) {
  std::vector<std::string> offered;
  const std::string shown = directory_of(typed);
  const std::string place = absolute_path(context.cwd(), shown.empty() ? "." : shown);
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(place.c_str()), ::closedir);
  if (!listing) return offered;
  while (const dirent* entry = ::readdir(listing.get())) {
    const std::string name = entry->d_name;
    if (!(shown + name).starts_with(typed) || !name_fault(name).empty()) continue;
    offered.push_back(shown + name + (leads_to_directory(::dirfd(listing.get()), *entry) ? "/" : ""));
  }
  if (offered.size() <= k_names) std::sort(offered.begin(), offered.end());
  for (const std::string& text : offered) offer(text, text.back() == '/' ? "directory" : "");
  return offered;
}

class Names {
 public:
  Names(Context& context, std::string prefix, std::string typed,
        const Offer& offer)
      : context_(context), workspace_(context.workspace()), prefix_(std::move(prefix)), typed_(std::move(typed)), offer_(offer) {}

  void branches() const { refs(k_heads, "branch"); }

  void other_branches() const {
    const std::string current = workspace_.refs().head().branch;
    for (const auto& [name, value] : workspace_.refs().list(k_heads))
      if (name != current) match(name.substr(k_heads.size()), "branch");
  }

  void tags() const { refs("refs/tags/", "tag"); }

  void operations() const {
    std::uint64_t left = k_operations;
    visit_oplog(workspace_, [&](const OplogStep& step) {
      match(step.id.short_hex(), step.record.command);
      return --left > 0;
    });
  }

  void revisions() const {
    if (workspace_.refs().head().commit) match("HEAD", "where the working tree is");
    branches();
    tags();
    if (typed_.find_first_not_of("0123456789abcdef") == typed_.npos) commits();
  }

  /// PATH of REV:PATH; `typed` has a colon.
  void content() const {
    const std::size_t colon = typed_.find(':');
    const std::string directory = directory_of(typed_.substr(colon + 1));
    const std::string place = typed_.substr(0, colon + 1);
    const std::string path = directory.empty() ? std::string() : context_.path_arguments().resolve_in_revision(directory);
    if (colon == 0) return staged(path, place + directory);
    const Revision revision = resolve_revision(workspace_, typed_.substr(0, colon));
    const Commit commit = read_commit(workspace_.objects(), revision.commit);
    const TreeEntry entry = find_in_tree(workspace_.objects(), commit.tree, path);
    if (entry.kind != EntryKind::directory) return;
    for (TreeCursor cursor(workspace_.objects(), entry.id); !cursor.at_end(); cursor.next())
      match_entry(place + directory + cursor.entry().name, cursor.entry().kind);
  }

  /// A path of the working tree, as seen from the current directory.
  void tracked() const {
    const std::string directory = directory_of(typed_);
    staged(context_.path_arguments().resolve(directory.empty() ? "." : directory), directory);
  }

 private:
  struct Waiting {
    bool tip;
    std::int64_t time;
    ObjectId id;
    Commit commit;
    bool operator<(const Waiting& other) const { return std::tie(tip, time, id) < std::tie(other.tip, other.time, other.id); }
  };

  /// Tips of branches and tags, then what is below them, newest first. A CommitWalk reads a history with forks to its end.
  void commits() const {
    std::priority_queue<Waiting> waiting;
    std::unordered_set<ObjectId, ObjectIdHash> seen;
    const auto take = [&](const ObjectId& id, bool tip) {
      if (seen.size() == k_visited || !seen.insert(id).second) return;
      Commit commit = read_commit(workspace_.objects(), id);
      const std::int64_t time = commit.time.seconds;
      waiting.push({tip, time, id, std::move(commit)});
    };
    std::vector<ObjectId> tips = every_tip(workspace_);
    std::stable_partition(tips.begin(), tips.end(), [&](const ObjectId& id) { return id.short_hex().starts_with(typed_); });
    for (const ObjectId& id : tips) take(id, true);
    for (std::uint64_t offered = 0; !waiting.empty() && offered < k_commits;) {
      const Waiting next = waiting.top();
      waiting.pop();
      if (match(next.id.short_hex(), std::string(next.commit.subject()))) ++offered;
      for (const ObjectId& parent : next.commit.parents) take(parent, false);
    }
  }

  /// What the index has directly in `directory` that begins as typed; `shown` stands before the names.
  void staged(const std::string& directory, const std::string& shown) const {
    const Index index(*workspace_.env().fs, workspace_.repository().fd());
    const std::string below = directory.empty() ? std::string() : directory + "/";
    const std::string wanted = below + typed_.substr(shown.size());
    Index::Cursor cursor = index.seek(wanted);
    if (!cursor.at_end() && cursor.entry().path == directory) cursor.next();
    for (; !cursor.at_end() && cursor.entry().path.starts_with(wanted); cursor.next_sibling())
      match_entry(shown + cursor.entry().path.substr(below.size()), cursor.entry().kind);
  }

  void refs(const std::string& folder, const std::string& help) const {
    for (const auto& [name, value] : workspace_.refs().list(folder)) match(name.substr(folder.size()), help);
  }

  void match_entry(const std::string& text, EntryKind kind) const {
    const bool directory = kind == EntryKind::directory;
    match(directory ? text + "/" : text, directory ? "directory" : "");
  }

  bool match(const std::string& text, const std::string& help) const {
    if (!text.starts_with(typed_)) return false;
    offer_(prefix_ + text, help);
    return true;
  }

  Context& context_;
  Workspace& workspace_;
  const std::string prefix_;
  const std::string typed_;
  const Offer& offer_;
};

/// What is on disk, then what is tracked and gone; of very many names only the former, until more letters are typed.
void offer_addable(Context& context, const std::string& typed, const Offer& offer) {
  const std::vector<std::string> there = offer_on_disk(context, typed, offer);
  if (!context.repository() || there.size() > k_names) return;
  const Offer rest = [&](const std::string& text, const std::string& help) {
    if (!std::binary_search(there.begin(), there.end(), text)) offer(text, help);
  };
  Names(context, "", typed, rest).tracked();
}

/// "A.." of A..B, where a revision is being typed.
std::string range_start(Completes kind, const std::string& typed) {
  const std::size_t dots = typed.find("..");
  const bool revision = kind == Completes::revision || kind == Completes::content;
  if (!revision || dots == typed.npos || typed.find(':') < dots) return {};
  return typed.substr(0, dots + 2);
}

}  // namespace

void offer_repository_names(Context& context, const Completion& wanted, const std::string& typed,
                            const std::function<void(const std::string& text, const std::string& help)>& offer) {
  if (wanted.kind == Completes::addable) return offer_addable(context, typed, offer);
  if (!context.repository()) return;
  const std::string prefix = wanted.prefix + range_start(wanted.kind, typed.substr(wanted.prefix.size()));
  const Names names(context, prefix, typed.substr(prefix.size()), offer);
  const bool colon = typed.find(':', prefix.size()) != typed.npos;
  switch (wanted.kind) {
    case Completes::branch: return names.branches();
    case Completes::other_branch: return names.other_branches();
    case Completes::tag: return names.tags();
    case Completes::operation: return names.operations();
    case Completes::revision: return names.revisions();
    case Completes::content: return colon ? names.content() : names.revisions();
    case Completes::tracked: return names.tracked();
    default: return;
  }
}

}  // namespace store
