#include "ops/repack.h"

#include <fmt/format.h>

#include "app/commands.h"
#include "app/context.h"
#include "app/quote.h"
#include "base/text.h"

namespace store {
namespace {

int run(Context& context) {
  context.show_progress({{Stage::write, 1}});
  const RepackResult result = repack(context.workspace());
  context.end_progress();
  if (context.json()) {
    JsonWriter& json = context.begin_result();
    json.field("bytes_before", result.bytes_before);
    json.field("bytes_after", result.bytes_after);
    json.field("packs_before", result.packs_before);
    json.field("packs_after", result.packs_after);
    json.key("map").begin_array();
    json.end();
  } else if (!context.quiet()) {
    context.out().write(fmt::format("{} in {} → {} in {}\n", human_size(result.bytes_before),
                                    counted(result.packs_before, "pack"), human_size(result.bytes_after),
                                    counted(result.packs_after, "pack")));
  }
  for (const ObjectId& pack : result.damaged)
    context.fail(Error(ErrorKind::corrupt, "pack " + pack.hex() + ": damaged: left as it is", "store fsck"));
  return 0;
}

}  // namespace

Command repack_command() {
  return {{.word = "repack",
           .summary = "rewrite the packs with the settings of now",
           .usage = {"repack"},
           .description =
               "Decodes and checks every object, and compresses it anew with core.compression as it is set now; small packs become\n"
               "one. No id changes, and nothing that is referenced is lost, whenever it is interrupted. It needs up to 1 GiB of\n"
               "free space at a time.",
           .options = {{.name = "rechunk", .argument = "BRANCH", .state = OptionSpec::State::later},
                       {.name = "map", .argument = "FILE", .state = OptionSpec::State::later}},
           .max_positionals = 0},
          run};
}

}  // namespace store
