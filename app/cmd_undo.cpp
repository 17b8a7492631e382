#include <algorithm>
#include <charconv>

#include "app/checkout_output.h"
#include "app/commands.h"
#include "app/context.h"
#include "app/exit_codes.h"
#include "base/text.h"
#include "ops/undo.h"

namespace store {
namespace {

constexpr std::size_t k_shown_digits = 10;  // of an id in `oplog`

/// A number, or the beginning of an id: ids are shown with ten digits, so no shorter number is one of them.
UndoOptions parse(const Arguments& arguments) {
  UndoOptions options;
  if (arguments.positionals.empty()) return options;
  const std::string& text = arguments.positionals[0];
  const auto among = [&](std::string_view characters) { return text.find_first_not_of(characters) == text.npos; };
  if (!text.empty() && text.size() < k_shown_digits && among("0123456789")) {
    std::from_chars(text.data(), text.data() + text.size(), options.count);
    if (options.count > 0) return options;
  } else if (!text.empty() && among("0123456789abcdef")) {
    options.id = text;
    return options;
  }
  throw Error(ErrorKind::usage, "store undo: '" + escape_name(text) + "' is no number and no id of the oplog", "store oplog");
}

int run(Context& context) {
  const UndoOptions options = parse(context.arguments());
  context.show_progress({{Stage::scan, 0.05}, {Stage::fetch, 0.05}, {Stage::write, 0.85}, {Stage::verify, 0.05}});
  std::optional<CheckoutResult> result = undo(context.workspace(), options);
  context.end_progress();
  if (result) {
    finish_checkout(context, *result, ShowHead::yes);
    return 0;
  }
  if (context.json()) {
    const RefStore::Head head = context.workspace().refs().head();
    CheckoutResult nothing;
    nothing.head = head.commit;
    nothing.branch = head.branch;
    finish_checkout(context, nothing, ShowHead::no);
  } else if (!context.quiet()) {
    context.out().write("nothing to undo\n");
  }
  return k_exit_no;
}

}  // namespace

Command undo_command() {
  return {{.word = "undo",
           .summary = "take back what was done last",
           .usage = {"undo", "undo N", "undo ID"},
           .description =
               "Takes back the newest entry of store oplog, the last N together, or the one that ID begins: branches, tags and\n"
               "HEAD, what was staged by it, and for commands that wrote files, the files, with the bytes they had discarded.\n"
               "It is an entry itself, so undo twice is redo. If something has changed since, nothing is touched (exit 7).\n"
               "\n"
               "add, mv and rm --cached are not in the oplog: what is staged is not lost by them.",
           .max_positionals = 1},
          run};
}

}  // namespace store
