#include "ops/inspect.h"

#include <fmt/format.h>

#include "app/commands.h"
#include "app/context.h"
#include "app/log_format.h"
#include "app/quote.h"
#include "app/revision_arguments.h"
#include "base/text.h"

namespace store {
namespace {

bool is_type_word(std::string_view word) {
  for (const std::string_view type : {"chunk", "recipe", "tree", "attributes", "commit", "pack", "layer"})
    if (word == type) return true;
  return false;
}

/// REV:PATH names the object of its entry; TYPE:ID comes first.
std::string object_name(Context& context, const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == text.npos || is_type_word(text.substr(0, colon))) return text;
  const TreeTarget target = resolve_tree_target(context, text);
  if (target.entry.kind == EntryKind::directory && !target.entry.id.is_zero()) return "tree:" + target.entry.id.hex();
  if (target.entry.id.is_zero())
    throw Error(ErrorKind::not_found, escape_name(text) + ": has no object");
  return (target.entry.kind == EntryKind::large_file ? "recipe:" : "chunk:") + target.entry.id.hex();
}

void write_head(JsonWriter& json, const Inspected& head) {
  json.field("type", head.type);
  json.field("id", head.id);
  json.field("size", head.size);
  json.field("pack", head.pack);
  json.field("offset", head.offset);
  json.field("level", head.level ? std::optional<std::uint64_t>(*head.level) : std::nullopt);
  json.list_field("also", head.also);
  json.key("entries").begin_array();
}

void write_entry(JsonWriter& json, const InspectedEntry& entry) {
  json.begin_object();
  json.field("type", entry.type);
  json.field("id", entry.id);
  json.field("size", entry.size);
  if (entry.name) json.path_field("name", *entry.name);
  if (entry.mode) json.field("mode", mode_text(*entry.mode));
  if (entry.offset) json.field("offset", *entry.offset);
  if (entry.count) json.field("count", *entry.count);
  json.end();
}

std::string head_text(const Inspected& head) {
  std::string text = "type:   " + head.type + "\n";
  if (head.id) text += "id:     " + head.id->hex() + "\n";
  text += fmt::format("size:   {} ({})\n", head.size, human_size(head.size));
  if (head.level) text += fmt::format("level:  {}\n", *head.level);
  if (head.pack) text += fmt::format("pack:   {}, block at {}\n", *head.pack, head.offset.value_or(0));
  for (const std::string& type : head.also)
    text += fmt::format("also:   {} (store inspect {}:{})\n", type, type, head.id->short_hex());
  if (head.text) {
    text += "\n";
    for (std::size_t at = 0; at < head.text->size();) {
      const std::size_t end = std::min(head.text->find('\n', at), head.text->size());
      text += "    " + shown_text(std::string_view(*head.text).substr(at, end - at)) + "\n";
      at = end + 1;
    }
  }
  return text;
}

std::string entry_text(const InspectedEntry& entry) {
  std::string text = fmt::format("{:<10}  {:<10}", entry.type, entry.id ? entry.id->short_hex() : "-");
  if (entry.mode) text += "  " + mode_text(*entry.mode);
  if (entry.offset) text += fmt::format("  at {:>10}", *entry.offset);
  if (entry.size) text += fmt::format("  {:>12}", *entry.size);
  if (entry.count) text += fmt::format("  {:>8}", *entry.count);
  if (entry.name) text += "  " + escape_name(*entry.name);
  return text + "\n";
}

int run(Context& context) {
  const std::vector<std::string>& positionals = context.arguments().positionals;
  if (positionals.empty())
    throw Error(ErrorKind::usage, "store inspect: no OBJECT, PACK or LAYER", "store inspect HEAD");
  const std::string name = object_name(context, positionals.front());
  if (context.json()) {
    JsonWriter& json = context.begin_result();
    inspect(context.workspace(), name, [&](const Inspected& head) { write_head(json, head); },
            [&](const InspectedEntry& entry) { write_entry(json, entry); });
    json.end();
    return 0;
  }
  bool any = false;
  inspect(context.workspace(), name, [&](const Inspected& head) { context.say(head_text(head)); },
          [&](const InspectedEntry& entry) {
            context.say((std::exchange(any, true) ? "" : "\n") + entry_text(entry));
          });
  return 0;
}

}  // namespace

Command inspect_command() {
  return {{.word = "inspect",
           .summary = "show an object, a pack or a layer as it is stored",
           .usage = {"inspect OBJECT|PACK|LAYER"},
           .description =
               "OBJECT and PACK are ids or prefixes of 4 digits or more; a revision is its commit, REV:PATH what lies there.\n"
               "Objects of different types can have one id: the other types are named, and TYPE:ID chooses (chunk, recipe, tree,\n"
               "attributes, commit, pack). LAYER is layer:N, as store layers counts. Large objects are lists of nodes: an entry\n"
               "above level 0 is the id of the node below.",
           .max_positionals = 1,
           .completes = Completes::revision},
          run};
}

}  // namespace store
