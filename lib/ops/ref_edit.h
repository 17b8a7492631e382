#pragma once

#include <string>
#include <vector>

#include "ops/workspace.h"

namespace store {

/// Branches and tags: named commits below refs/heads/ and refs/tags/. Every change is one record of the oplog.
enum class NamedRef { branch, tag };

struct RefEntry {
  std::string name;       // without refs/heads/ or refs/tags/
  ObjectId id;
  bool current = false;   // the branch that HEAD is on
};
/// All of a kind, by name.
std::vector<RefEntry> list_refs(const Workspace& workspace, NamedRef kind);

/// Whether what stands in the way of a change of a ref is overruled.
enum class Overrule : bool { no, yes };

/// Makes a branch or tag at a commit. Error{usage} for a name that no ref can have, Error{exists} if there is one already, unless it is
/// overruled; the branch that is checked out is never moved (Error{conflict}).
RefEntry create_ref(const Workspace& workspace, NamedRef kind, const std::string& name, const ObjectId& start, Overrule force);
/// Removes refs together or not at all. Error{not_found} with the nearest name; Error{conflict} for the current branch, and for one
/// whose commits HEAD does not reach, unless that is overruled.
std::vector<RefEntry> delete_refs(const Workspace& workspace, NamedRef kind, const std::vector<std::string>& names,
                                  Overrule force);
/// Gives a branch or tag another name; HEAD follows its branch.
RefEntry rename_ref(const Workspace& workspace, NamedRef kind, const std::string& from, const std::string& to, Overrule force);

/// The full name of a branch or tag; Error{usage} if no ref can have it.
std::string full_ref_name(NamedRef kind, std::string_view name);

/// A record of the oplog with this command's line and time.
OplogRecord new_oplog_record(const Workspace& workspace);

/// True if `commit` is `tip` or one of its ancestors.
bool reaches(const Workspace& workspace, const ObjectId& tip, const ObjectId& commit);

}  // namespace store
