#include "ops/revision.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "ops/history.h"
#include "ops/tree_reader.h"

namespace store {
namespace {

constexpr std::string_view k_heads_prefix = "refs/heads/";
constexpr std::string_view k_tags_prefix = "refs/tags/";
constexpr std::size_t k_min_prefix = 4;
constexpr std::size_t k_id_digits = 64;
constexpr std::size_t k_max_candidates = 20;
/// Names of one directory that a misspelt one is compared with.
constexpr std::size_t k_compared_names = 10000;

std::optional<std::string> hex_prefix(std::string_view text) {
  if (text.size() < k_min_prefix || text.size() > k_id_digits) return {};
  std::string digits;
  for (const char c : text) {
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))
      digits += c;
    else if (c >= 'A' && c <= 'F')
      digits += static_cast<char>(c - 'A' + 'a');
    else
      return {};
  }
  return digits;
}

/// The commit of a full ref name; nothing if there is no such ref.
std::optional<Revision> ref_revision(const RefStore& refs, std::string_view prefix, std::string_view name) {
  if (!is_valid_ref_name(name)) return {};
  const std::string full = std::string(prefix) + std::string(name);
  const std::optional<RefValue> value = refs.read(full);
  if (!value || !value->id) return {};
  return Revision{*value->id, prefix == k_heads_prefix ? full : std::string()};
}

std::optional<Revision> prefix_revision(const Workspace& workspace, std::string_view text) {
  const std::optional<std::string> digits = hex_prefix(text);
  if (!digits) return {};
  const std::vector<ObjectKey> keys =
      workspace.objects().find_prefix(*digits, ObjectType::commit, k_max_candidates);
  if (keys.empty()) return {};
  if (keys.size() == 1) return Revision{keys.front().id, {}};
  std::vector<std::string> candidates;
  for (const ObjectKey& key : keys) candidates.push_back(key.id.hex());
  std::sort(candidates.begin(), candidates.end());
  throw Error(ErrorKind::ambiguous, fmt::format("{}: {} commits start with it", escape_name(text), keys.size()))
      .with_candidates(std::move(candidates));
}

std::optional<Revision> head_revision(const Workspace& workspace) {
  const RefStore::Head head = workspace.refs().head();
  if (!head.commit) return {};
  return Revision{*head.commit, head.branch};
}

/// What a name without suffix means, in the order of cli contract §3.
std::optional<Revision> base_revision(const Workspace& workspace, std::string_view name) {
  if (name == "HEAD" || name == "@") return head_revision(workspace);
  const RefStore refs = workspace.refs();
  for (const std::string_view prefix : {k_heads_prefix, k_tags_prefix})
    if (name.starts_with(prefix)) return ref_revision(refs, prefix, name.substr(prefix.size()));
  const std::optional<Revision> branch = ref_revision(refs, k_heads_prefix, name);
  const std::optional<Revision> tag = ref_revision(refs, k_tags_prefix, name);
  if (branch && tag)
    workspace.warn("ambiguous_ref",
                   fmt::format("{}: is a branch and a tag: the branch is used", escape_name(name)));
  if (branch) return branch;
  if (tag) return tag;
  return prefix_revision(workspace, name);
}

/// One `^`, `^N` or `~N`; `at` is moved behind it.
struct Step {
  char kind = '^';
  std::uint64_t number = 1;
};
Step next_step(std::string_view text, std::size_t& at) {
  Step step{text[at], 1};
  if (step.kind != '^' && step.kind != '~')
    throw Error(ErrorKind::usage, fmt::format("{}: unexpected '{}' in a revision", escape_name(text),
                                              escape_name(text.substr(at, 1))));
  const std::size_t digits = ++at;
  std::uint64_t number = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    // No history is that long: more digits mean "before the first commit" as well.
    if (number < 1'000'000'000'000) number = number * 10 + static_cast<std::uint64_t>(text[at] - '0');
  }
  if (at > digits) step.number = number;
  return step;
}

/// Follows the suffixes; nothing where history ends.
std::optional<ObjectId> follow(const Workspace& workspace, ObjectId id, std::string_view suffixes) {
  for (std::size_t at = 0; at < suffixes.size();) {
    const Step step = next_step(suffixes, at);
    const bool parent_number = step.kind == '^';
    const std::uint64_t times = parent_number ? std::min<std::uint64_t>(step.number, 1) : step.number;
    const std::uint64_t parent = parent_number && step.number > 0 ? step.number - 1 : 0;
    for (std::uint64_t i = 0; i < times; ++i) {
      const Commit commit = read_commit(workspace.objects(), id);
      if (parent >= commit.parents.size()) return {};
      id = commit.parents[parent];
      workspace.check_cancelled();
    }
  }
  return id;
}

/// Full name of the ref whose history NAME@{…} asks for: nothing means the current branch, or HEAD where there is none.
std::optional<std::string> ref_with_history(const Workspace& workspace, std::string_view name) {
  const RefStore refs = workspace.refs();
  if (name == "HEAD" || name == "@") return "HEAD";
  if (name.empty()) {
    const std::string branch = refs.head().branch;
    return branch.empty() ? "HEAD" : branch;
  }
  for (const std::string_view prefix : {std::string_view(), k_heads_prefix, k_tags_prefix}) {
    const std::string full = std::string(prefix) + std::string(name);
    if (full.starts_with("refs/") && refs.read(full)) return full;
  }
  return {};
}

/// NAME@{N}, where the ref was N moves ago, and NAME@{DATE}, where it was then.
std::optional<Revision> moment_revision(const Workspace& workspace, std::string_view text) {
  const std::size_t at = text.find("@{");
  const std::string_view inside = text.substr(at + 2, text.size() - at - 3);
  const std::optional<std::string> ref = ref_with_history(workspace, text.substr(0, at));
  if (!ref) return {};
  const std::vector<RefMoment> moments = history_of(workspace, *ref);
  const bool number = !inside.empty() && inside.find_first_not_of("0123456789") == std::string_view::npos;
  if (number) {
    const std::size_t back = inside.size() > 9 ? moments.size() : static_cast<std::size_t>(std::stoul(std::string(inside)));
    if (back >= moments.size())
      throw Error(ErrorKind::not_found, fmt::format("{}: the ref has moved {} times only", escape_name(text), moments.size()),
                  "store oplog");
    return Revision{moments[moments.size() - 1 - back].commit, {}};
  }
  const std::optional<Timestamp> time = parse_date(inside, workspace.env().now_seconds);
  if (!time) throw Error(ErrorKind::usage, fmt::format("{}: '{}' is no number and no date", escape_name(text), escape_name(inside)));
  const RefMoment* last = nullptr;
  for (const RefMoment& moment : moments)
    if (moment.time <= time->seconds) last = &moment;
  if (last == nullptr)
    throw Error(ErrorKind::not_found, fmt::format("{}: the ref was nowhere yet", escape_name(text)), "store oplog");
  return Revision{last->commit, {}};
}

/// Where the suffixes begin: behind a name and its @{…}, in which any character may stand.
std::size_t base_length(std::string_view text) {
  const std::size_t suffix = std::min(text.find_first_of("^~"), text.size());
  const std::size_t at = text.find("@{");
  if (at == std::string_view::npos || at > suffix) return suffix;
  const std::size_t end = text.find('}', at);
  if (end == std::string_view::npos)
    throw Error(ErrorKind::usage, fmt::format("{}: a }} is missing", escape_name(text)));
  return end + 1;
}

std::optional<Revision> lookup(const Workspace& workspace, std::string_view text) {
  if (text.empty()) throw Error(ErrorKind::usage, "revision: is empty");
  const std::size_t end = base_length(text);
  const std::string_view base = text.substr(0, end);
  std::optional<Revision> revision = base.ends_with('}') ? moment_revision(workspace, base) : base_revision(workspace, base);
  if (!revision || end == text.size()) return revision;
  const std::optional<ObjectId> commit = follow(workspace, revision->commit, text.substr(end));
  if (!commit) return {};
  return Revision{*commit, {}};
}

std::vector<std::string> ref_names(const RefStore& refs) {
  std::vector<std::string> names{"HEAD"};
  for (const std::string_view prefix : {k_heads_prefix, k_tags_prefix})
    for (const auto& [name, value] : refs.list(std::string(prefix))) names.push_back(name.substr(prefix.size()));
  return names;
}

[[noreturn]] void throw_unknown_revision(const Workspace& workspace, std::string_view text) {
  const std::string_view base = text.substr(0, std::min({text.find_first_of("^~"), text.find("@{"), text.size()}));
  if ((base == "HEAD" || base == "@") && !head_revision(workspace))
    throw Error(ErrorKind::not_found, fmt::format("{}: there is no commit yet", escape_name(text)), "store commit -A -m MESSAGE");
  if (base != text && base_revision(workspace, base))
    throw Error(ErrorKind::not_found, fmt::format("{}: history does not reach back that far", escape_name(text)));
  Error error(ErrorKind::not_found, fmt::format("{}: no such revision", escape_name(text)),
              "store branch, store tag, or store log --all --oneline, which list them");
  if (const auto nearest = nearest_match(base, ref_names(workspace.refs()))) {
    error.with_candidates({*nearest});
    error.with_hint(*nearest);
  }
  throw error;
}

[[noreturn]] void throw_unknown_path(const ObjectReader& objects, const ObjectId& directory, std::string_view path,
                                     std::string_view name) {
  std::vector<std::string> names;
  for (TreeCursor cursor(objects, directory); !cursor.at_end() && names.size() < k_compared_names; cursor.next())
    names.push_back(cursor.entry().name);
  Error error(ErrorKind::not_found, fmt::format("{}: no such path", escape_name(path)));
  if (const auto nearest = nearest_match(name, names)) {
    const std::size_t before = static_cast<std::size_t>(name.data() - path.data());
    const std::string candidate = std::string(path.substr(0, before)) + *nearest;
    error.with_candidates({candidate});
    error.with_hint(escape_name(candidate));
  }
  throw error;
}

}  // namespace

std::optional<Revision> try_resolve_revision(const Workspace& workspace, std::string_view text) {
  return lookup(workspace, text);
}

Revision resolve_revision(const Workspace& workspace, std::string_view text) {
  if (std::optional<Revision> revision = lookup(workspace, text)) return *revision;
  throw_unknown_revision(workspace, text);
}

Commit read_commit(const ObjectReader& objects, const ObjectId& id) {
  const Bytes bytes = objects.read({ObjectType::commit, id});
  try {
    return decode_commit(as_text(bytes));
  } catch (Error& error) {
    error.add_context(fmt::format("commit {}", id.hex()));
    throw;
  }
}

RevisionPath split_revision_path(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return {std::string(text), {}};
  return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

TreeEntry find_in_tree(const ObjectReader& objects, const ObjectId& root, std::string_view path) {
  TreeEntry entry{.kind = EntryKind::directory, .mode = 0755, .size = 0, .name = {}, .id = root};
  if (path.empty()) {
    entry.size = TreeCursor(objects, root).bytes();
    return entry;
  }
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view name = path.substr(at, end - at);
    if (entry.kind != EntryKind::directory)
      throw Error(ErrorKind::not_found, fmt::format("{}: is a {}, not a directory",
                                                    escape_name(path.substr(0, at - 1)), type_name(entry.kind)));
    std::optional<TreeEntry> found = find_entry(objects, entry.id, name);
    if (!found) throw_unknown_path(objects, entry.id, path, name);
    entry = std::move(*found);
    at = end + 1;
  }
  return entry;
}

}  // namespace store
