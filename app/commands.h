#pragma once

#include <string_view>
#include <vector>

#include "app/option_table.h"

namespace store {

class Context;

/// A word of the program: its description, and what it does. `run` returns 0 or 1 ("no"); everything else is an Error,
/// thrown, or beside a result through Context::fail.
struct Command {
  CommandSpec spec;
  int (*run)(Context& context);
};

/// All words, in the order of the help.
const std::vector<Command>& commands();
/// Null if there is no such word in this version.
const Command* find_command(std::string_view word);

// One file each: cmd_WORD.cpp.
Command init_command();
Command add_command();
Command commit_command();
Command save_command();
Command status_command();
Command check_ignore_command();
Command branch_command();
Command tag_command();
Command merge_command();
Command switch_command();
Command undo_command();
Command oplog_command();
Command restore_command();
Command rm_command();
Command mv_command();
Command log_command();
Command show_command();
Command ls_command();
Command diff_command();
Command cat_command();
Command find_files_command();
Command manifest_command();
Command verify_command();
Command layers_command();
Command inspect_command();
Command stats_command();
Command du_command();
Command repack_command();
Command checkout_command();
Command export_command();
Command fsck_command();
Command config_command();
Command completion_command();
Command version_command();
Command help_command();
Command complete_command();  // __complete, hidden

}  // namespace store
