#include "app/commands.h"

namespace store {

const std::vector<Command>& commands() {
  static const std::vector<Command> k_commands = {
      init_command(),
      add_command(),
      commit_command(),
      save_command(),
      status_command(),
      log_command(),
      show_command(),
      diff_command(), ls_command(),
      cat_command(),
      find_files_command(),
      manifest_command(),
      verify_command(),
      layers_command(),
      inspect_command(),
      stats_command(),
      du_command(),
      repack_command(),
      checkout_command(),
      export_command(),
      switch_command(),
      restore_command(),
      rm_command(),
      mv_command(),
      branch_command(),
      tag_command(),
      merge_command(),
      undo_command(),
      oplog_command(),
      check_ignore_command(),
      fsck_command(),
      config_command(),
      completion_command(),
      version_command(),
      help_command(),
      complete_command(),
  };
  return k_commands;
}

const Command* find_command(std::string_view word) {
  for (const Command& command : commands())
    if (command.spec.word == word) return &command;
  return nullptr;
}

}  // namespace store
