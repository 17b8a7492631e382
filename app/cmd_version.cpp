#include "app/commands.h"
#include "app/context.h"

namespace store {
namespace {

constexpr int k_format_version = 1;

int run(Context& context) {
  if (context.json()) {
    JsonWriter& json = context.begin_result();
    json.field("version", STORE_VERSION);
    json.field("format", k_format_version);
  } else {
    context.out().write("store " STORE_VERSION "\nrepository format " + std::to_string(k_format_version) + "\n");
  }
  return 0;
}

}  // namespace

Command version_command() {
  return {{.word = "version",
           .summary = "show the version of the program and of the format it writes",
           .usage = {"version"},
           .max_positionals = 0},
          run};
}

}  // namespace store
