#include <fmt/format.h>

#include "app/checkout_output.h"
#include "app/commands.h"
#include "app/context.h"
#include "app/revision_arguments.h"
#include "base/text.h"
#include "ops/history.h"
#include "ops/ref_edit.h"

namespace store {
namespace {

constexpr std::string_view k_heads = "refs/heads/";

/// A name that is no branch but something else: the word for that is in the hint.
[[noreturn]] void refuse(Context& context, const std::string& name) {
  if (is_valid_ref_name(name)) {
    std::vector<std::string> names;
    for (const RefEntry& entry : list_refs(context.workspace(), NamedRef::branch)) names.push_back(entry.name);
    std::optional<Revision> other;
    try {
      other = try_resolve_revision(context.workspace(), name);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::usage && error.kind() != ErrorKind::ambiguous) throw;
    }
    if (!other) {
      Error error(ErrorKind::not_found, escape_name(name) + ": no such branch", "store switch -c " + escape_name(name));
      if (const auto nearest = nearest_match(name, names)) error.with_candidates({*nearest}).with_hint("store switch " + *nearest);
      throw error;
    }
  } else {
    resolve_revision(context.workspace(), name);  // throws if it is nothing at all
  }
  throw Error(ErrorKind::usage, escape_name(name) + ": is no branch", "store switch --detach " + escape_name(name));
}

Revision branch_revision(Context& context, const std::string& name) {
  if (is_valid_ref_name(name))
    if (const auto value = context.workspace().refs().read(std::string(k_heads) + name); value && value->id)
      return {.commit = *value->id, .branch = std::string(k_heads) + name};
  refuse(context, name);
}

Revision previous_revision(Context& context) {
  const std::optional<RefValue> previous = previous_head(context.workspace());
  if (!previous) throw Error(ErrorKind::not_found, "store switch -: HEAD has not been anywhere else yet");
  if (previous->id) return {.commit = *previous->id};
  if (!previous->branch.starts_with(k_heads)) refuse(context, previous->branch);
  return branch_revision(context, previous->branch.substr(k_heads.size()));
}

/// `switch -c NEW` before the first commit: HEAD is put on another branch that is not there yet.
CheckoutResult start_on(Context& context, const std::string& branch) {
  const Workspace& workspace = context.workspace();
  OplogRecord record = new_oplog_record(workspace);
  record.changes = {{"HEAD", workspace.refs().read("HEAD"), RefValue{{}, branch}}};
  workspace.refs().update(record, workspace.lock_wait());
  CheckoutResult result;
  result.branch = branch;
  return result;
}

CheckoutResult make_and_switch(Context& context, const std::vector<std::string>& names, CheckoutOptions options) {
  if (names.empty() || names.size() > 2) throw Error(ErrorKind::usage, "store switch -c: takes NEW [START]");
  const Workspace& workspace = context.workspace();
  const std::string branch = full_ref_name(NamedRef::branch, names[0]);
  if (workspace.refs().read(branch))
    throw Error(ErrorKind::exists, "branch " + escape_name(names[0]) + ": is there already", "store switch " + escape_name(names[0]));
  if (names.size() == 1 && !workspace.refs().head().commit) return start_on(context, branch);
  options.revision = resolve_revision(workspace, names.size() == 2 ? names[1] : "HEAD");
  options.new_branch = branch;
  return checkout(context.workspace(), options);
}

CheckoutResult perform(Context& context) {
  const Arguments& arguments = context.arguments();
  const std::vector<std::string>& names = arguments.positionals;
  const bool create = arguments.has("create");
  const bool detach = arguments.has("detach");
  if (create && detach) throw Error(ErrorKind::usage, "store switch: -c and --detach exclude each other");
  context.workspace().worktree_fd();
  CheckoutOptions options;
  options.force = arguments.has("force");
  if (create) return make_and_switch(context, names, options);
  if (names.empty() && !detach) throw Error(ErrorKind::usage, "store switch: no BRANCH", "store branch lists them");
  if (names.size() > 1) throw Error(ErrorKind::usage, "store switch: unexpected argument " + escape_name(names[1]));
  if (detach) {
    options.revision = resolve_revision(context.workspace(), names.empty() ? "HEAD" : names[0]);
    options.revision.branch.clear();
  } else {
    options.revision = names[0] == "-" ? previous_revision(context) : branch_revision(context, names[0]);
  }
  return checkout(context.workspace(), options);
}

int run(Context& context) {
  context.show_progress({{Stage::scan, 0.05}, {Stage::fetch, 0.05}, {Stage::write, 0.85}, {Stage::verify, 0.05}});
  CheckoutResult result = perform(context);
  context.end_progress();
  finish_checkout(context, result, ShowHead::yes);
  return 0;
}

}  // namespace

Command switch_command() {
  return {{.word = "switch",
           .summary = "go to another branch",
           .usage = {"switch [--force] BRANCH", "switch -", "switch -c NEW [START]", "switch --detach REV"},
           .description =
               "Puts HEAD on BRANCH, and its files into the working tree; - is the branch before this one. Changes that are not\n"
               "in the way are carried along; what is in the way is listed, and nothing is touched. -c makes the branch first.\n"
               "With --detach HEAD is put on a commit, and on no branch: commits made there belong to none until one is made.",
           .options = {{.letter = 'c', .name = "create", .help = "make the branch NEW at START (HEAD)"},
                       {.letter = 'd', .name = "detach", .help = "to a commit, on no branch"},
                       {.letter = 'f', .name = "force", .help = "also over local changes; the bytes are stored first"}},
           .completes = Completes::branch},
          run};
}

}  // namespace store
