#include "app/checkout_output.h"

#include <fmt/format.h>

#include "app/context.h"
#include "app/ingest_output.h"
#include "app/quote.h"
#include "base/text.h"

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
          {"setid", "set-id bit", counts.setid},
          {"mode", "mode", counts.mode}};
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
  if (!list.empty()) context.messages().note("note: not restored, because that needs root or another file system: " + list);
}

namespace {

std::string head_line(const CheckoutResult& result) {
  if (!result.branch.empty()) return "on branch " + escape_name(result.branch) + "\n";
  if (!result.head) return "";
  return "HEAD is now at " + result.head->short_hex() +
         ", on no branch: commits made here belong to none until store switch -c NAME makes one\n";
}

/// Nothing if there was nothing to do.
std::string counts_line(const CheckoutResult& result, SizeText size) {
  if (result.written + result.kept + result.removed == 0) return "";
  return fmt::format("{} written ({}), {} kept, {} removed\n", human_count(result.written), size(result.bytes),
                     human_count(result.kept), human_count(result.removed));
}

}  // namespace

void finish_checkout(Context& context, CheckoutResult& result, ShowHead head,
                     const std::function<void(JsonWriter&)>& more) {
  constexpr std::string_view k_heads = "refs/heads/";
  if (result.branch.starts_with(k_heads)) result.branch.erase(0, k_heads.size());
  context.report_failed(result.failed);
  if (result.damaged)
    context.fail(Error(ErrorKind::corrupt, "the repository is damaged: some files did not come out", "store fsck"));
  note_not_restored(context, result.not_restored);
  if (context.json()) {
    JsonWriter& json = context.begin_result();
    write_checkout(json, result);
    if (more) more(json);
  } else if (!context.quiet()) {
    context.say((head == ShowHead::yes ? head_line(result) : std::string()) + counts_line(result, context.size_text()));
  }
}

}  // namespace store
