// repo: a repository on disk: its layout, locks, sessions, refs, packs and object lookup. It knows nothing of
// work trees. Every mutation goes through base/file_system.h in the order of docs/durability.md.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/cancel.h"
#include "base/fd.h"
#include "base/file_system.h"
#include "base/object_id.h"
#include "repo/lock.h"

namespace store {

/// Names inside a repository folder.
namespace layout {
inline constexpr char k_format[] = "format";
inline constexpr char k_config[] = "config";
inline constexpr char k_exclude[] = "info/exclude";
inline constexpr char k_head[] = "HEAD";
inline constexpr char k_refs[] = "refs";
inline constexpr char k_heads[] = "refs/heads";
inline constexpr char k_tags[] = "refs/tags";
inline constexpr char k_oplog[] = "oplog";
inline constexpr char k_oplog_done[] = "oplog.done";
inline constexpr char k_catalog[] = "catalog";
inline constexpr char k_packs[] = "packs";
inline constexpr char k_tables[] = "tables";
inline constexpr char k_index_base[] = "index.base";
inline constexpr char k_index_log[] = "index.log";
inline constexpr char k_locks[] = "lock";
inline constexpr char k_sessions[] = "sessions";
inline constexpr char k_hashes[] = "hashes";
inline constexpr char k_listings[] = "listings";
inline constexpr char k_quarantine[] = "quarantine";
inline constexpr char k_told[] = "told";
inline constexpr char k_info[] = "info";
inline constexpr char k_saves[] = "saves";
inline constexpr char k_pack_temporary[] = "pack.tmp";
inline constexpr char k_journal[] = "journal";
std::string pack_path(const ObjectId& pack);  // packs/<64 hex>.pack
}  // namespace layout

/// Creates the repository folder `path` (which must not exist or be an empty directory; parents are made) with
/// `config_text` as its config and HEAD on `branch` ("main"). Durable on return. A half-made repository is completed.
/// Error{exists} if it is a repository already or holds anything else; Error{usage} for a bad branch name.
void create_repository(FileSystem& fs, const std::string& path, std::string_view config_text,
                       std::string_view branch);

/// True if `path` is a directory that looks like a repository (has `format`, `packs` and `refs`).
bool is_repository(const std::string& path);

/// An open repository. Thread rule: const members any thread.
class Repository {
 public:
  /// Error{no_repository} if there is none, Error{newer_format} if a later version wrote it, Error{corrupt} if
  /// `format` makes no sense.
  Repository(FileSystem& fs, const std::string& path);

  FileSystem& fs() const { return *fs_; }
  int fd() const { return directory_.get(); }
  /// Absolute path of the repository folder.
  const std::string& path() const { return path_; }
  /// False on a read-only medium or without permission: readers then do without sessions.
  bool writable() const { return writable_; }
  LockDirectory& locks() const { return *locks_; }
  /// The config file's text, "" if missing.
  std::string config_text() const;
  /// Replaces the config file, durably, by what `edit` makes of its text, or leaves it alone if that is nothing. Reads and
  /// writes under one lock: of several edits at once none is lost. What `edit` throws leaves the file alone, too.
  void edit_config(const std::function<std::optional<std::string>(std::string)>& edit, const LockWait& wait) const;

 private:
  FileSystem* fs_;
  std::string path_;
  UniqueFd directory_;
  bool writable_ = false;
  std::unique_ptr<LockDirectory> locks_;
};

}  // namespace store
