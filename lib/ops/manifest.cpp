#include "ops/manifest.h"

#include "ops/content_hashes.h"
#include "ops/tree_reader.h"

namespace store {

void manifest(Workspace& workspace, const TreeEntry& entry, const std::string& path,
              const std::function<void(const std::string& path, const TreeEntry& entry, const ObjectId& sha256)>& visit) {
  ContentHashes hashes(workspace);
  const auto add = [&](const std::string& file, const TreeEntry& found) {
    workspace.check_cancelled();
    if (!is_regular(found.kind)) return true;
    visit(file, found, hashes.sha256_of(found));
    if (Progress* progress = workspace.env().progress) ++progress->files_done;
    return true;
  };
  try {
    if (entry.kind == EntryKind::directory)
      walk_tree(workspace.objects(), entry.id, path, add);
    else
      add(path, entry);
  } catch (...) {
    hashes.remember();
    throw;
  }
  hashes.remember();
}

}  // namespace store
