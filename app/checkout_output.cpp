#include "app/checkout_output.h"

#include <fmt/format.h>

#include "app/context.h"
#include "app/ingest_output.h"
#include "app/quote.h"

namespace store {
namespace {

struct NamedCount {
  std::string_view key;   // in JSON
  std::string_view noun;  // for people
  std::uint64_t count;
};

std::vector<NamedCount> named(const NotRestored& counts) {
  return {{"owner", "owner", counts.owner},
          {"xattr", "extended attribute", counts.xattr},
          {"acl", "access control list", counts.acl},
          {"device", "device", counts.device},
          {"setid", "set-id bit", counts.setid}};
}

}  // namespace

void write_checkout(JsonWriter& json, const CheckoutResult& result) {
  json.field("head", result.head);
  json.field("branch", result.branch.empty() ? std::optional<std::string>() : std::optional(result.branch));
  json.field("written", result.written);
  json.field("removed", result.removed);
  json.field("kept", result.kept);
  json.field("bytes", result.bytes);
  json.key("not_restored").begin_object();
  for (const NamedCount& each : named(result.not_restored)) json.field(each.key, each.count);
  json.end();
  write_failed(json, result.failed);
}

void note_not_restored(Context& context, const NotRestored& counts) {
  std::string list;
  for (const NamedCount& each : named(counts))
    if (each.count > 0) list += (list.empty() ? "" : ", ") + counted(each.count, each.noun);
  if (!list.empty()) context.messages().note("note: not restored, because that needs root: " + list);
}

}  // namespace store
