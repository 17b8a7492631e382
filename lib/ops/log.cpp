#include "ops/log.h"

#include <fmt/format.h>
#include <regex.h>

#include "base/error.h"
#include "base/text.h"
#include "ops/commit_graph.h"
#include "ops/tree_reader.h"

namespace store {
namespace {

/// A POSIX basic regular expression; ^ and $ are the ends of a line, as for git.
class Pattern {
 public:
  explicit Pattern(const std::string& text) {
    const int fault = ::regcomp(&compiled_, text.c_str(), REG_NOSUB | REG_NEWLINE);
    if (fault == 0) return;
    char reason[128];
    ::regerror(fault, &compiled_, reason, sizeof reason);
    throw Error(ErrorKind::usage, fmt::format("'{}': not a basic regular expression: {}", escape_name(text), reason));
  }
  ~Pattern() { ::regfree(&compiled_); }
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  bool matches(const std::string& text) const {
    regmatch_t whole{0, static_cast<regoff_t>(text.size())};  // a NUL byte does not end it
    return ::regexec(&compiled_, text.c_str(), 1, &whole, REG_STARTEND) == 0;
  }

 private:
  regex_t compiled_;
};

class Filter {
 public:
  Filter(const Workspace& workspace, const LogOptions& options)
      : workspace_(workspace), options_(options), paths_(options.paths) {
    if (options.author) author_.emplace(*options.author);
    if (options.grep) message_.emplace(*options.grep);
  }

  bool accepts(const Commit& commit) const {
    if (options_.since && commit.time.seconds < *options_.since) return false;
    if (options_.until && commit.time.seconds > *options_.until) return false;
    return accepts_text(commit) && (options_.paths.empty() || changes_paths(commit));
  }

 private:
  bool accepts_text(const Commit& commit) const {
    if (author_ && !author_->matches(commit.author.name + " <" + commit.author.email + ">")) return false;
    if (message_ && !message_->matches(commit.message)) return false;
    for (const auto& [key, value] : options_.meta) {
      const auto found = commit.meta.find(key);
      if (found == commit.meta.end() || (value && found->second != *value)) return false;
    }
    return true;
  }

  /// A merge counts only if it differs from each parent: otherwise one of them already tells of the change.
  bool changes_paths(const Commit& commit) const {
    if (commit.parents.empty()) return differs({}, commit.tree);
    const std::size_t parents = options_.first_parent ? 1 : commit.parents.size();
    for (std::size_t i = 0; i < parents; ++i)
      if (!differs(read_commit(workspace_.objects(), commit.parents[i]).tree, commit.tree)) return false;
    return true;
  }

  bool differs(const std::optional<ObjectId>& before, const ObjectId& after) const {
    TreeDiff diff(workspace_.objects(), before, after,
                  {.enter = [&](const std::string& directory) {
                     return paths_.matches(directory, EntryKind::directory) || paths_.may_match_below(directory);
                   },
                   .changed_directories = false});
    while (const std::optional<TreeChange> change = diff.next())
      if (paths_.matches(change->path, (change->after ? change->after : change->before)->kind)) return true;
    return false;
  }

  const Workspace& workspace_;
  const LogOptions& options_;
  PathspecSet paths_;
  std::optional<Pattern> author_;
  std::optional<Pattern> message_;
};

}  // namespace

void log(Workspace& workspace, const LogOptions& options,
         const std::function<bool(const ObjectId& id, const Commit& commit)>& visit) {
  CommitWalk walk(workspace, options.start, options.exclude, options.first_parent ? Parents::first : Parents::all);
  const Filter filter(workspace, options);
  std::vector<ObjectId> reversed;
  std::uint64_t left = options.limit.value_or(~0ULL);
  while (left > 0) {
    const std::optional<CommitWalk::Item> item = walk.next();
    if (!item) break;
    if (!filter.accepts(item->commit)) continue;
    --left;
    if (options.reverse)
      reversed.push_back(item->id);
    else if (!visit(item->id, item->commit))
      return;
  }
  for (auto id = reversed.rbegin(); id != reversed.rend(); ++id)
    if (!visit(*id, read_commit(workspace.objects(), *id))) return;
}

}  // namespace store
