#include "app/revision_arguments.h"

#include <sys/stat.h>

#include "app/context.h"
#include "base/path.h"
#include "base/text.h"
#include "ops/nearest_path.h"
#include "worktree/index.h"

namespace store {
namespace {

/// A text that cannot be a revision at all is simply none.
std::optional<Revision> try_revision(Context& context, const std::string& text) {
  try {
    return try_resolve_revision(context.workspace(), text);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::usage) throw;
    return std::nullopt;
  }
}

bool is_revision(Context& context, const std::string& text) {
  return try_revision(context, text).has_value() || try_resolve_range(context, text).has_value();
}

TreeTarget staged_target(Context& context, const std::string& path) {
  const Repository& repository = context.workspace().repository();
  const Index index(repository.fs(), repository.fd());
  const auto found = index.find(path);
  if (!found) throw Error(ErrorKind::not_found, ":" + escape_name(path) + ": is not staged", "store status");
  return {.entry = {.kind = found->kind,
                    .mode = found->mode,
                    .size = found->size,
                    .name = std::string(base_name(path)),
                    .id = found->id},
          .path = path,
          .staged = true};
}

/// The nearest tracked path, in the words of the argument; nothing if it cannot be a path.
std::vector<std::string> nearest_tracked(Context& context, const std::string& text) {
  const PathArguments paths = context.path_arguments();
  if (!paths.place(text)) return {};
  const Repository& repository = context.workspace().repository();
  try {
    return unknown_path(Index(repository.fs(), repository.fd()), -1, paths.resolve_pathspec(text), {}).candidates();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::usage) throw;
    return {};
  }
}

/// Of a range the side that is none is what the error names; the candidate is a range again.
void refuse_bad_range(Context& context, const std::string& text, std::size_t dots) {
  const std::string sides[] = {text.substr(0, dots), text.substr(dots + 2)};
  for (const std::string& side : sides) {
    if (side.empty()) continue;
    try {
      resolve_revision(context.workspace(), side);
    } catch (Error& error) {
      if (error.kind() != ErrorKind::not_found || error.candidates().empty()) throw;
      const std::string& near = error.candidates().front();
      const std::string range = &side == sides ? near + ".." + sides[1] : sides[0] + ".." + near;
      throw error.with_candidates({range}).with_hint(range);
    }
  }
}

/// Whether it is there was asked before; returns for what others have more to say of.
void refuse_unknown(Context& context, const std::string& text) {
  if (!context.workspace().refs().head().commit || text.find("...") != text.npos || is_revision(context, text)) return;
  const std::size_t dots = text.find("..");
  const bool in_path = text.starts_with("../") || text.find("/..") != text.npos;
  if (dots != text.npos && !in_path) refuse_bad_range(context, text, dots);
  resolve_argument(context, text);
}

}  // namespace

Revision resolve_argument(Context& context, const std::string& text) {
  try {
    return resolve_revision(context.workspace(), text);
  } catch (Error& error) {
    if (error.kind() != ErrorKind::not_found) throw;
    std::vector<std::string> candidates = error.candidates();
    for (std::string& path : nearest_tracked(context, text)) candidates.push_back(std::move(path));
    if (!candidates.empty()) error.with_hint(candidates.front()).with_candidates(candidates);
    throw;
  }
}

bool is_path_argument(Context& context, const std::string& argument, const std::string& hint) {
  const PathArguments paths = context.path_arguments();
  const std::optional<std::string> place = paths.place(argument);
  struct stat info{};
  if (!place || lstat(place->c_str(), &info) != 0) return false;
  if (!is_revision(context, argument)) return true;
  if (paths.from_outside()) return false;
  throw Error(ErrorKind::usage, escape_name(argument) + ": is a revision and a path", hint);
}

std::optional<RevisionRange> try_resolve_range(Context& context, const std::string& text) {
  const std::size_t dots = text.find("..");
  if (dots == text.npos || text.find("...") != text.npos) return std::nullopt;
  const auto side = [](std::string name) { return name.empty() ? std::string("HEAD") : name; };
  const auto from = try_revision(context, side(text.substr(0, dots)));
  const auto to = from ? try_revision(context, side(text.substr(dots + 2))) : std::nullopt;
  if (!to) return std::nullopt;
  return RevisionRange{*from, *to};
}

RevisionsAndPaths split_revisions_and_paths(Context& context) {
  const Arguments& arguments = context.arguments();
  RevisionsAndPaths out;
  for (const std::string& argument : arguments.positionals) {
    if (!out.paths.empty()) {
      out.paths.push_back(argument);
      continue;
    }
    // With -- everything before it is a revision, and errors say so.
    if (arguments.has_tail) {
      out.revisions.push_back(argument);
      continue;
    }
    const bool path = is_path_argument(context, argument, "put -- before paths, or behind revisions");
    if (!path) refuse_unknown(context, argument);
    (path ? out.paths : out.revisions).push_back(argument);
  }
  out.paths.insert(out.paths.end(), arguments.tail.begin(), arguments.tail.end());
  return out;
}

TreeTarget resolve_tree_target(Context& context, const std::string& text) {
  const RevisionPath split = split_revision_path(text);
  const PathArguments paths = context.path_arguments();
  Workspace& workspace = context.workspace();
  if (split.path && split.revision.empty()) return staged_target(context, paths.resolve_in_revision(*split.path));
  std::string path = split.path ? paths.resolve_in_revision(*split.path) : std::string();
  std::string revision = split.revision;
  if (!split.path && is_path_argument(context, text, "HEAD:" + escape_name(text))) {
    path = paths.resolve(text);
    revision = "HEAD";
  }
  const Revision resolved = split.path ? resolve_revision(workspace, revision) : resolve_argument(context, revision);
  const Commit commit = read_commit(workspace.objects(), resolved.commit);
  return {.entry = find_in_tree(workspace.objects(), commit.tree, path), .path = path, .commit = resolved.commit};
}

}  // namespace store
