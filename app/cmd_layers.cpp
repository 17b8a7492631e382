#include <fmt/format.h>

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

int run(Context& context) {
  const CatalogHistory history = read_catalog_history(context.workspace().repository());
  std::size_t number = 0;
  if (context.json()) {
    JsonWriter& json = context.begin_result();
    json.key("layers").begin_array();
    for (const auto& [layer, sequence] : history.layers) write_layer(json, ++number, layer);
    json.end();
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
               "one. Packs are listed as they were published; merging changes packs, never layers. What add and commit call stored is\n"
               "the sum of the lines that they made.",
           .max_positionals = 0},
          run};
}

}  // namespace store
