#include "app/option_table.h"

#include <algorithm>
#include <iterator>

namespace store {

const std::vector<OptionSpec>& global_options() {
  static const std::vector<OptionSpec> k_options = {
      {.letter = 'C', .argument = "DIR", .help = "run as if started in DIR (repeatable)", .completes = Completes::directory},
      {.name = "repo",
       .argument = "DIR",
       .help = "the repository, or the folder that holds its .store (also: STORE_DIR)",
       .completes = Completes::directory},
      {.letter = 'q', .name = "quiet", .help = "no progress, no notes; results and errors only"},
      {.letter = 'v', .name = "verbose", .help = "exact sizes, and more figures"},
      {.name = "json", .help = "print one JSON object on standard output"},
      {.name = "progress",
       .argument = "MODE",
       .help = "how progress is shown on standard error",
       .choices = {"auto", "bar", "plain", "json", "none"}},
      {.name = "progress-interval", .argument = "DUR", .help = "time between two progress reports"},
      {.name = "color", .argument = "WHEN", .help = "colours (also: NO_COLOR)", .choices = {"auto", "always", "never"}},
      {.name = "no-pager", .help = "never start a pager"},
      {.letter = 'j', .name = "jobs", .argument = "N", .help = "threads; 0 is one for each CPU; --memory may allow fewer"},
      {.name = "memory", .argument = "SIZE", .help = "memory for everything in flight and all caches; at least 16M"},
      {.name = "lock-timeout", .argument = "DUR", .help = "how long to wait for a lock (60s); 0 does not wait"},
      {.name = "config",
       .argument = "KEY=VALUE",
       .help = "a setting for this run (repeatable)",
       .completes = Completes::config_key},
      {.name = "perf", .help = "time and counters on standard error", .state = OptionSpec::State::hidden},
      {.letter = 'h', .name = "help", .help = "show help"},
      {.name = "version", .help = "show the version"},
  };
  return k_options;
}

bool is_later_word(std::string_view word) {
  static constexpr std::string_view k_words[] = {
      "gc", "prove", "verify-proof", "clone", "remote", "fetch", "pull", "push",
      "serve", "mount",
  };
  return std::find(std::begin(k_words), std::end(k_words), word) != std::end(k_words);
}

}  // namespace store
