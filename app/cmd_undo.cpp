#include <fmt/format.h>

#include <charconv>

#include "app/checkout_output.h"
#include "app/commands.h"
#include "app/context.h"
#include "app/exit_codes.h"
#include "base/date.h"
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

void write_undone(JsonWriter& json, const std::vector<OplogStep>& undone) {
  json.key("undone").begin_array();
  for (const OplogStep& step : undone) {
    json.begin_object();
    json.field("id", step.id);
    json.field("time", format_utc(step.record.time.seconds));
    json.path_field("command", step.record.command);
    json.end();
  }
  json.end();
}

/// What was taken back need not be what was done last: not everything is in the oplog.
void tell_undone(Context& context, const std::vector<OplogStep>& undone) {
  for (const OplogStep& step : undone)
    context.say(fmt::format("took back {} {} {}\n", step.id.short_hex(), format_local(step.record.time.seconds),
                                    escape_name(step.record.command)));
  context.say(fmt::format("store undo does {} again\n", undone.size() == 1 ? "it" : "them all"));
}

/// Branches and tags but the current one, of which "on branch" speaks. False if nothing else has moved.
bool tell_refs(Context& context, const UndoResult& result) {
  bool others = result.refs.empty();
  for (const RefChange& change : result.refs) {
    const std::string_view name = change.name;
    const bool tag = name.starts_with("refs/tags/");
    const bool branch = name.starts_with("refs/heads/") && name.substr(11) != result.checkout.branch;
    others = others || (!tag && !branch);
    if ((!tag && !branch) || change.old_value == change.new_value) continue;
    const std::string shown = (tag ? "tag " : "branch ") + escape_name(name.substr(tag ? 10 : 11));
    const bool there = change.new_value && change.new_value->id;
    context.say(there ? fmt::format("{} is back at {}\n", shown, change.new_value->id->short_hex())
                              : fmt::format("{} is gone again\n", shown));
  }
  return others;
}

int run(Context& context) {
  const UndoOptions options = parse(context.arguments());
  context.show_progress({{Stage::scan, 0.05}, {Stage::fetch, 0.05}, {Stage::write, 0.85}, {Stage::verify, 0.05}});
  std::optional<UndoResult> result = undo(context.workspace(), options);
  context.end_progress();
  if (result) {
    ShowHead head = ShowHead::yes;
    if (!context.json() && !context.quiet()) {
      tell_undone(context, result->undone);
      if (!tell_refs(context, *result)) head = ShowHead::no;
    }
    finish_checkout(context, result->checkout, head, [&](JsonWriter& json) { write_undone(json, result->undone); });
    return 0;
  }
  if (context.json()) {
    const RefStore::Head head = context.workspace().refs().head();
    CheckoutResult nothing;
    nothing.head = head.commit;
    nothing.branch = head.branch;
    finish_checkout(context, nothing, ShowHead::no, [](JsonWriter& json) { write_undone(json, {}); });
  } else if (!context.quiet()) {
    context.say("nothing to undo: add, mv and rm --cached are not in the oplog; store rm --cached PATH unstages\n");
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
               "It says which command it took back. It is an entry itself, so undo twice is redo. If something has changed since,\n"
               "nothing is touched (exit 7).\n"
               "\n"
               "In the oplog are commit, save, switch, checkout, restore, merge, rm, what changes a branch or a tag, repack\n"
               "--rechunk, undo, and everything that overwrites by --force. Not in it, so that undo takes back what was done before:\n"
               "init, add, mv, rm --cached and config. They lose nothing: store restore --staged PATH takes an add back, mv with the\n"
               "names exchanged a mv, add a rm --cached.",
           .max_positionals = 1,
           .completes = Completes::operation},
          run};
}

}  // namespace store
