#include "app/repository_names.h"

#include "app/context.h"
#include "app/revision_arguments.h"
#include "ops/history.h"
#include "ops/log.h"
#include "ops/tree_reader.h"
#include "worktree/index.h"

namespace store {
namespace {

// Of the newest: more than anybody reads in a list.
constexpr std::uint64_t k_commits = 30;
constexpr std::uint64_t k_operations = 30;

class Names {
 public:
  Names(Context& context, std::string prefix, std::string typed,
        const std::function<void(const std::string&, const std::string&)>& offer)
      : context_(context), workspace_(context.workspace()), prefix_(std::move(prefix)), typed_(std::move(typed)), offer_(offer) {}

  void branches() const { refs("refs/heads/", "branch"); }

  void tags() const { refs("refs/tags/", "tag"); }

  void operations() const {
    std::uint64_t left = k_operations;
    visit_oplog(workspace_, [&](const OplogStep& step) {
      match(step.id.short_hex(), step.record.command);
      return --left > 0;
    });
  }

  void revisions() const {
    match("HEAD", "where the working tree is");
    branches();
    tags();
    const auto head = try_resolve_revision(workspace_, "HEAD");
    if (!head) return;
    log(workspace_, {.start = {head->commit}, .limit = k_commits}, [&](const ObjectId& id, const Commit& commit) {
      match(id.short_hex(), std::string(commit.subject()));
      return true;
    });
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
  static std::string directory_of(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

  /// What the index has directly in `directory`; `shown` stands before the names.
  void staged(const std::string& directory, const std::string& shown) const {
    const Index index(*workspace_.env().fs, workspace_.repository().fd());
    const std::string below = directory.empty() ? std::string() : directory + "/";
    Index::Cursor cursor = index.seek(directory);
    if (!cursor.at_end() && cursor.entry().path == directory) cursor.next();
    for (; !cursor.at_end() && cursor.entry().path.starts_with(below); cursor.next_sibling())
      match_entry(shown + cursor.entry().path.substr(below.size()), cursor.entry().kind);
  }

  void refs(const std::string& folder, const std::string& help) const {
    for (const auto& [name, value] : workspace_.refs().list(folder)) match(name.substr(folder.size()), help);
  }

  void match_entry(const std::string& text, EntryKind kind) const {
    const bool directory = kind == EntryKind::directory;
    match(directory ? text + "/" : text, directory ? "directory" : "");
  }

  void match(const std::string& text, const std::string& help) const {
    if (text.starts_with(typed_)) offer_(prefix_ + text, help);
  }

  Context& context_;
  Workspace& workspace_;
  const std::string prefix_;
  const std::string typed_;
  const std::function<void(const std::string&, const std::string&)>& offer_;
};

}  // namespace

void offer_repository_names(Context& context, const Completion& wanted, const std::string& typed,
                            const std::function<void(const std::string& text, const std::string& help)>& offer) {
  if (!context.repository()) return;
  const Names names(context, wanted.prefix, typed.substr(wanted.prefix.size()), offer);
  const bool colon = typed.find(':', wanted.prefix.size()) != typed.npos;
  switch (wanted.kind) {
    case Completes::branch: return names.branches();
    case Completes::tag: return names.tags();
    case Completes::operation: return names.operations();
    case Completes::revision: return names.revisions();
    case Completes::content: return colon ? names.content() : names.revisions();
    case Completes::tracked: return names.tracked();
    default: return;
  }
}

}  // namespace store
