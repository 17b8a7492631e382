#include <fmt/format.h>

#include <utility>

#include "app/bar.h"
#include "app/commands.h"
#include "app/context.h"
#include "app/quote.h"
#include "app/table.h"
#include "base/date.h"
#include "base/text.h"

namespace store {
namespace {

std::string_view kind_of(const Layer& layer) { return layer.kind == LayerKind::full ? "full" : "delta"; }

void write_layer(JsonWriter& json, std::size_t number, const Layer& layer) {
  json.begin_object();
  json.field("number", static_cast<std::uint64_t>(number));
  json.field("kind", kind_of(layer));
  json.key("packs").begin_array();
  for (const ObjectId& pack : layer.packs) json.value(pack);
  json.end();
  json.field("objects", layer.objects);
  json.field("chunks", layer.chunks);
  json.field("bytes", layer.stored_bytes);
  json.field("unique_bytes", layer.raw_bytes);
  json.field("commit", layer.commit);
  json.field("time", format_utc(layer.time));
  json.end();
}

Table table_for(std::optional<std::size_t> window) {
  constexpr auto left = Table::Align::left;
  return Table({{.width = 4},
                {.width = 25, .align = left, .rank = 4},
                {.width = 5, .align = left, .rank = 5},
                {.width = 9, .rank = 2},
                {.width = 9},
                {.width = 9, .rank = 3},
                {.width = 10, .align = left, .rank = 1}},
               window, 0);
}

void write_others(JsonWriter& json, const CatalogHistory& history) {
  json.key("other_packs").begin_array();
  for (const CatalogPack& pack : packs_in_no_layer(history)) {
    json.begin_object();
    json.field("id", pack.id);
    json.field("objects", std::uint64_t{pack.objects});
    json.field("bytes", pack.size);
    json.end();
  }
  json.end();
}

void print_others(Context& context, const CatalogHistory& history) {
  const Table table({{.width = 4},
                     {.width = 10, .align = Table::Align::left, .rank = 2},
                     {.width = 9, .rank = 1},
                     {.width = 9}},
                    context.window_columns(), 0);
  bool any = false;
  for (const CatalogPack& pack : packs_in_no_layer(history)) {
    if (!std::exchange(any, true)) context.say("packs of no layer: merged, repaired, or left by an interruption\n");
    context.out().write(table.line({"", pack.id.short_hex(), human_count(pack.objects), context.size_text()(pack.size)}) + "\n");
  }
}

int run(Context& context) {
  const CatalogHistory history = read_catalog_history(context.workspace().repository());
  std::size_t number = 0;
  if (context.json()) {
    JsonWriter& json = context.begin_result();
    json.key("layers").begin_array();
    for (const auto& [layer, sequence] : history.layers) write_layer(json, ++number, layer);
    json.end();
    write_others(json, history);
    return 0;
  }
  const SizeText size = context.size_text();
  std::uint64_t most = 0;
  if (context.draws())
    for (const auto& [layer, sequence] : history.layers) most = std::max(most, layer.stored_bytes);
  const Table table = table_for(context.window_columns());
  if (context.draws() && !history.layers.empty())
    context.out().write(table.line({"", "published", "kind", "objects", "stored", "content", "commit"}) + "\n");
  for (const auto& [layer, sequence] : history.layers) {
    const std::string drawn = bar(layer.stored_bytes, most, context.bar_columns(table.columns()));
    context.out().write(table.line({std::to_string(++number), format_local(layer.time), std::string(kind_of(layer)),
                                    human_count(layer.objects), size(layer.stored_bytes), size(layer.raw_bytes),
                                    layer.commit ? layer.commit->short_hex() : "-"},
                                   drawn) +
                        "\n");
  }
  print_others(context, history);
  return 0;
}

}  // namespace

Command layers_command() {
  return {{.word = "layers",
           .summary = "list what was published when",
           .usage = {"layers"},
           .description =
               "One line for each time something was put into the repository, the oldest first: number, time, kind (full: it needs\n"
               "no other layer; delta), objects, stored bytes and bytes of content before compression, and the commit if it made\n"
               "one. Packs are listed as they were published; merging changes packs, never layers. Behind them come the packs that no\n"
               "layer published, with objects and bytes: those of a merge, a repack or a repair, and of a run that was cut off. What add and commit call stored is\n"
               "the sum of the lines that they made.",
           .max_positionals = 0},
          run};
}

}  // namespace store
