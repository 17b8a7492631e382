#include <fmt/format.h>

#include "app/commands.h"
#include "app/context.h"
#include "app/revision_arguments.h"
#include "app/table.h"
#include "base/text.h"
#include "ops/ref_edit.h"

namespace store {
namespace {

Overrule force_of(const Arguments& arguments) { return arguments.has("force") ? Overrule::yes : Overrule::no; }

/// Answers for branch and tag, which differ in the folder of their refs alone.
class RefCommand {
 public:
  RefCommand(Context& context, NamedRef kind, std::string_view word)
      : context_(context), arguments_(context.arguments()), kind_(kind), word_("store " + std::string(word)) {}

  int run() {
    const std::vector<std::string>& names = arguments_.positionals;
    const bool remove = arguments_.has("delete");
    const bool move = arguments_.has("move");
    if (remove && move) throw Error(ErrorKind::usage, word_ + ": -d and -m exclude each other");
    if (remove) return deletes(names);
    if (move) return moves(names);
    if (names.empty()) return lists();
    if (names.size() > 2) throw Error(ErrorKind::usage, word_ + ": unexpected argument " + escape_name(names[2]));
    return makes(names);
  }

 private:
  int lists() {
    if (arguments_.has("force")) throw Error(ErrorKind::usage, word_ + ": --force without a NAME");
    const std::vector<RefEntry> entries = list_refs(context_.workspace(), kind_);
    if (context_.json()) return write(entries);
    for (const RefEntry& entry : entries) {
      std::string line = kind_ == NamedRef::tag ? "" : entry.current ? "* " : "  ";
      line += escape_name(entry.name);
      const std::size_t window = context_.window_columns().value_or(~std::size_t{0});
      const std::string id = " " + entry.id.short_hex();
      if (context_.verbose() && (window >= k_narrow_window || display_columns(line + id) <= window)) line += id;
      context_.out().write(line + "\n");
    }
    return 0;
  }

  int makes(const std::vector<std::string>& names) {
    full_ref_name(kind_, names[0]);  // a bad name before a start that is not there
    const Revision start = resolve_revision(context_.workspace(), names.size() == 2 ? names[1] : "HEAD");
    return write({create_ref(context_.workspace(), kind_, names[0], start.commit, force_of(arguments_))});
  }

  int deletes(const std::vector<std::string>& names) {
    if (names.empty()) throw Error(ErrorKind::usage, word_ + " -d: no NAME");
    const std::vector<RefEntry> entries = delete_refs(context_.workspace(), kind_, names, force_of(arguments_));
    if (!context_.json() && !context_.quiet())
      for (const RefEntry& entry : entries)
        context_.say(fmt::format("deleted {} (was {})\n", escape_name(entry.name), entry.id.short_hex()));
    return write(entries);
  }

  int moves(const std::vector<std::string>& names) {
    if (names.empty() || names.size() > 2) throw Error(ErrorKind::usage, word_ + " -m: takes [OLD] NEW");
    std::string from = names[0];
    if (names.size() == 1) {
      const std::string branch = context_.workspace().refs().head().branch;
      constexpr std::string_view k_heads = "refs/heads/";
      if (kind_ == NamedRef::tag || !branch.starts_with(k_heads)) throw Error(ErrorKind::usage, word_ + " -m: no OLD name");
      from = branch.substr(k_heads.size());
    }
    return write({rename_ref(context_.workspace(), kind_, from, names.back(), force_of(arguments_))});
  }

  int write(const std::vector<RefEntry>& entries) {
    if (!context_.json()) return 0;
    JsonWriter& json = context_.begin_result_list();
    for (const RefEntry& entry : entries) {
      json.begin_object();
      json.path_field("name", entry.name);
      json.field("id", entry.id.is_zero() ? std::optional<ObjectId>() : std::optional(entry.id));
      json.field("current", entry.current);
      json.end();
    }
    return 0;
  }

  Context& context_;
  const Arguments& arguments_;
  const NamedRef kind_;
  const std::string word_;
};

int run_branch(Context& context) { return RefCommand(context, NamedRef::branch, "branch").run(); }
int run_tag(Context& context) { return RefCommand(context, NamedRef::tag, "tag").run(); }

/// `gone`: what may be deleted.
std::vector<OptionSpec> ref_options(Completes names, Completes gone) {
  return {{.letter = 'd', .name = "delete", .help = "remove them", .completes = gone},
          {.letter = 'm', .name = "move", .help = "give another name", .completes = names},
          {.letter = 'f', .name = "force", .help = "move one that is there; delete one that is not merged"}};
}

}  // namespace

Command branch_command() {
  return {{.word = "branch",
           .summary = "list, make, rename or delete branches",
           .usage = {"branch", "branch [-f] NAME [START]", "branch -d [-f] NAME…", "branch -m [-f] [OLD] NEW"},
           .description = "The branch that HEAD is on is marked with *. A branch whose commits HEAD does not reach is deleted with\n"
                          "--force only. store undo takes any of it back.",
           .options = ref_options(Completes::branch, Completes::other_branch),
           .completes = Completes::revision},
          run_branch};
}

Command tag_command() {
  return {{.word = "tag",
           .summary = "list, make, rename or delete tags",
           .usage = {"tag", "tag [-f] NAME [REV]", "tag -d NAME…", "tag -m [-f] OLD NEW"},
           .description = "A tag names a commit and stays where it is. store undo takes a change back.",
           .options = ref_options(Completes::tag, Completes::tag),
           .completes = Completes::revision},
          run_tag};
}

}  // namespace store
