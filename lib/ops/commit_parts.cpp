#include "ops/commit_parts.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "ops/checkout_forms.h"
#include "ops/tree_reader.h"
#include "repo/merge.h"

namespace store {
namespace {

std::string cleaned(std::string message) {
  const std::size_t end = message.find_last_not_of(" \t\r\n\v\f");
  message.resize(end == std::string::npos ? 0 : end + 1);
  if (message.empty()) throw Error(ErrorKind::usage, "the commit message is empty", "give one with -m");
  if (message.find('\0') != std::string::npos) throw Error(ErrorKind::usage, "the commit message holds a NUL byte");
  if (!is_valid_utf8(message)) throw Error(ErrorKind::usage, "the commit message is not UTF-8");
  return message;
}

Timestamp commit_time(const Workspace& workspace, const CommitOptions& options) {
  const Environment& env = workspace.env();
  if (options.date) return *options.date;
  if (env.source_date_epoch) return {*env.source_date_epoch, 0};
  return {env.now_seconds, local_zone_minutes(env.now_seconds)};
}

Identity author_of(const Workspace& workspace, const CommitOptions& options) {
  if (options.author) return *options.author;
  Identity author = workspace.env().default_identity;
  if (workspace.settings().user.name) author.name = *workspace.settings().user.name;
  if (workspace.settings().user.email) author.email = *workspace.settings().user.email;
  return author;
}

}  // namespace

Commit commit_from(const Workspace& workspace, const CommitOptions& options) {
  Commit commit;
  if (!options.amend || !options.message.empty()) commit.message = cleaned(options.message);
  commit.author = author_of(workspace, options);
  commit.time = commit_time(workspace, options);
  commit.meta = options.meta;
  return commit;
}

ChangeSummary summarize(const Workspace& workspace, const std::optional<ObjectId>& before, const ObjectId& after,
                        std::uint64_t contents) {
  ChangeSummary summary;
  if (!before) {
    summary.added = contents;
    return summary;
  }
  diff_trees(workspace.objects(), before, after, [&](const TreeChange& change) {
    // A directory that comes or goes with something in it shows by that.
    const TreeEntry& entry = *(change.after ? change.after : change.before);
    const bool stands_for_content = entry.kind == EntryKind::directory && entry.id != empty_tree_id();
    if (stands_for_content && change.kind != TreeChange::Kind::modified) return;
    if (change.kind == TreeChange::Kind::added) ++summary.added;
    else if (change.kind == TreeChange::Kind::deleted) ++summary.deleted;
    else ++summary.modified;
  });
  return summary;
}

void add_reading(IngestTotals& tree, const IngestTotals& run) {
  tree.unchanged_files = run.unchanged_files;
  tree.mapped_bytes = run.mapped_bytes;
  tree.streamed_bytes = run.streamed_bytes;
  tree.cache_hits = run.cache_hits;
  tree.cache_misses = run.cache_misses;
}

std::uint64_t keep_house(Workspace& workspace, const Session& session) {
  std::uint64_t rewritten = 0;
  try {
    if (workspace.settings().core.auto_merge) {
      rewritten = merge_small_packs(workspace.repository(), workspace.objects(), session.directory_fd(),
                                    workspace.lock_wait(), workspace.settings().core.fsync)
                      .bytes_rewritten;
    }
    workspace.objects().maintain_tables();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::corrupt || error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::bug)
      throw;
    workspace.warn("housekeeping", fmt::format("the commit stands, but packs were not merged: {}", error.message()));
  }
  return rewritten;
}

}  // namespace store
