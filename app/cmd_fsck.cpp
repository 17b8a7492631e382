#include "ops/repair.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "app/commands.h"
#include "app/context.h"
#include "app/quote.h"
#include "base/text.h"
#include "config/record.h"

namespace store {
namespace {

constexpr std::size_t k_shown = 10;  // commits and paths of one problem; JSON has all

FsckOptions parse(const Arguments& arguments) {
  FsckOptions options;
  if (arguments.has("quick")) options.mode = FsckOptions::Mode::quick;
  if (arguments.has("quick") && (arguments.has("data") || arguments.has("subset")))
    throw Error(ErrorKind::usage, "store fsck: --quick reads no data: no --data or --subset with it");
  if (const auto text = arguments.last("subset")) options.subset = parse_subset(*text);
  return options;
}

void write_problem(JsonWriter& json, const FsckProblem& problem) {
  json.begin_object();
  json.field("kind", problem.kind);
  json.field("message", problem.message);
  json.field("pack", problem.pack);
  json.field("offset", problem.offset);
  json.field("object", problem.object);
  json.key("commits").begin_array();
  for (const ObjectId& commit : problem.commits) json.value(commit);
  json.end();
  json.list_field("paths", problem.paths);
  json.key("objects").begin_array();
  for (const ObjectId& object : problem.objects) json.value(object);
  json.end();
  json.end();
}

void write_repaired(JsonWriter& json, const Repaired& repaired) {
  json.begin_object();
  json.field("kind", repaired.kind);
  json.field("message", repaired.message);
  json.field("pack", repaired.pack);
  json.field("quarantined", repaired.quarantined.empty() ? std::nullopt : std::optional(repaired.quarantined));
  json.end();
}

/// How much of the content was read; repair reads what its own check reads.
std::string_view contents_read(const FsckOptions& options) {
  if (options.mode == FsckOptions::Mode::quick) return "none";
  return options.subset ? "part" : "all";
}

/// What a good answer does not mean.
std::string_view unread_note(const FsckOptions& options) {
  if (options.mode == FsckOptions::Mode::quick)
    return "Contents were not read: damage inside of files is found by store fsck, which reads all of them.\n";
  return options.subset ? "Only a part of the contents was read: store fsck reads all of them.\n" : "";
}

void write_json(JsonWriter& json, const RepairResult& done, const FsckOptions& options) {
  const FsckResult& result = done.left;
  json.field("contents_read", contents_read(options));
  json.field("objects", result.objects);
  json.field("packs", result.packs);
  json.field("bytes_read", result.bytes_read);
  json.key("problems").begin_array();
  for (const FsckProblem& problem : result.problems) write_problem(json, problem);
  json.end();
  json.key("repaired").begin_array();
  for (const Repaired& repaired : done.repaired) write_repaired(json, repaired);
  json.end();
}

std::string and_more(std::size_t count) {
  return count > k_shown ? fmt::format("    … and {} more\n", human_count(count - k_shown)) : std::string();
}

std::string problem_text(const FsckProblem& problem) {
  std::string text = escape_name(problem.kind) + ": " + escape_name(problem.message) + "\n";
  if (problem.pack) text += "  pack " + problem.pack->hex() + "\n";
  if (problem.offset) text += fmt::format("  offset {}\n", *problem.offset);
  if (problem.object && problem.objects.size() < 2) text += "  object " + problem.object->hex() + "\n";
  if (problem.objects.size() > 1) text += "  objects\n";
  for (std::size_t i = 0; problem.objects.size() > 1 && i < problem.objects.size() && i < k_shown; ++i)
    text += "    " + problem.objects[i].hex() + "\n";
  text += and_more(problem.objects.size());
  if (!problem.commits.empty()) text += "  needed by commits\n";
  for (std::size_t i = 0; i < problem.commits.size() && i < k_shown; ++i)
    text += "    " + problem.commits[i].short_hex() + "\n";
  text += and_more(problem.commits.size());
  if (!problem.paths.empty()) text += "  at paths\n";
  for (std::size_t i = 0; i < problem.paths.size() && i < k_shown; ++i)
    text += "    " + escape_name(problem.paths[i]) + "\n";
  return text + and_more(problem.paths.size());
}

/// What several problems of one kind are called together; empty: each is told by itself.
std::string_view name_together(std::string_view kind) {
  if (kind == "missing_object") return "objects missing or unreadable";
  if (kind == "block") return "damaged blocks";
  if (kind == "object") return "damaged objects";
  return {};
}

/// A large file has many objects: what is wrong with the same paths is told once, at its first problem.
class ProblemGroups {
 public:
  explicit ProblemGroups(const std::vector<FsckProblem>& problems) {
    for (const FsckProblem& problem : problems) {
      if (problem.paths.empty() || name_together(problem.kind).empty()) {
        groups_.push_back({problem, 1});
        continue;
      }
      const auto [at, is_new] = at_.try_emplace({problem.kind, problem.paths}, groups_.size());
      if (is_new) groups_.push_back({problem, 1});
      else add(groups_[at->second], problem);
    }
  }

  std::string text() const {
    std::string text;
    for (const Group& group : groups_) text += problem_text(group.problem);
    return text;
  }

 private:
  struct Group {
    FsckProblem problem;
    std::uint64_t count = 0;
  };

  static void add(Group& group, const FsckProblem& problem) {
    FsckProblem& all = group.problem;
    ++group.count;
    all.message = fmt::format("{} {} (-v names each)", human_count(group.count), name_together(all.kind));
    if (all.pack != problem.pack) all.pack.reset();
    all.offset.reset();
    all.object.reset();
    all.objects.clear();
    all.commits.insert(all.commits.end(), problem.commits.begin(), problem.commits.end());
    std::sort(all.commits.begin(), all.commits.end());
    all.commits.erase(std::unique(all.commits.begin(), all.commits.end()), all.commits.end());
  }

  std::vector<Group> groups_;
  std::map<std::pair<std::string, std::vector<std::string>>, std::size_t> at_;
};

/// What is to be done about what --repair has left.
std::string way_out(Context& context, const FsckResult& left) {
  const bool lacks_content =
      std::any_of(left.problems.begin(), left.problems.end(), [](const FsckProblem& problem) { return problem.kind == "missing_object"; });
  if (!lacks_content) return "a copy of the repository in its place";
  return fmt::format("put what was lost anywhere into the working tree, or the packs of a copy of the repository into {}/packs, "
                     "then store fsck --repair again",
                     escape_name(context.workspace().repository().path()));
}

std::string repaired_text(const Repaired& repaired) {
  std::string text = "repaired: " + escape_name(repaired.message) + "\n";
  if (!repaired.quarantined.empty()) text += "  the damaged file is " + escape_name(repaired.quarantined) + "\n";
  return text;
}

RepairResult check(Context& context, const FsckOptions& options) {
  if (!context.arguments().has("repair")) return {fsck(context.workspace(), options), {}};
  return repair(context.workspace(), options, initial_repository_config(context.config()));
}

int run(Context& context) {
  const FsckOptions options = parse(context.arguments());
  context.show_progress({{Stage::scan, 0.1}, {Stage::fetch, 0.1}, {Stage::verify, 0.8}});
  const RepairResult done = check(context, options);
  const FsckResult& result = done.left;
  context.end_progress();
  if (context.json()) {
    write_json(context.begin_result(), done, options);
  } else {
    for (const Repaired& repaired : done.repaired) context.say(repaired_text(repaired));
    if (context.verbose())
      for (const FsckProblem& problem : result.problems) context.say(problem_text(problem));
    else context.say(ProblemGroups(result.problems).text());
    if (!context.quiet())
      context.say(fmt::format("{} in {} checked, {} read: {}\n{}", counted(result.objects, "object"), counted(result.packs, "pack"),
                              context.size_text()(result.bytes_read),
                              result.problems.empty() ? "no problem" : counted(result.problems.size(), "problem"), unread_note(options)));
  }
  const bool repaired = context.arguments().has("repair");
  if (!result.problems.empty())
    context.fail(Error(ErrorKind::corrupt,
                       fmt::format("{}: {} {}", context.workspace().repository().path(), counted(result.problems.size(), "problem"),
                                   repaired ? "left" : "found"),
                       repaired ? way_out(context, result) : "store fsck --repair, which keeps whatever it replaces"));
  return 0;
}

}  // namespace

Command fsck_command() {
  return {{.word = "fsck",
           .summary = "check the repository",
           .usage = {"fsck [--quick|--data] [--subset PART] [--repair]"},
           .description =
               "Reads everything and checks every SHA-256. Each damage is located: pack, offset, object, and the commits and\n"
               "paths that need it. The one thing that is written is a mark in the catalog: content of a damaged pack that is added\n"
               "again is stored again. A writer at work is not waited for: the next run marks then. --quick and --subset name packs\n"
               "with such a mark; --repair mends them, and takes the mark from one that is whole again.\n\n"
               "With --repair, what was found is put right as far as anything is left to do it with: the catalog, tables, refs, the\n"
               "oplog and the index from the packs and from each other; the sound objects of a damaged pack go into a new one; what\n"
               "is missing is taken from the working tree where its content is there. Damaged files go to quarantine/ in the\n"
               "repository: nothing is deleted. Exit 0 if nothing is left to mend, else 6 with what is still missing. Interrupted,\n"
               "it can be run again. What is left after that can still be had: put a file with the lost content into the working tree,\n"
               "under any name, or copy the packs of a copy of the repository into packs/, and run it once more.",
           .options = {{.name = "quick", .help = "structure only: everything that is needed is there; contents are not read"},
                       {.name = "data", .help = "read and check all data (the default)"},
                       {.name = "subset", .argument = "PART", .help = "part of the data: 5%, 2/7 (part 2 of 7), 10G"},
                       {.name = "repair", .help = "mend what can be mended; damaged files are kept in quarantine/"}},
           .max_positionals = 0},
          run};
}

}  // namespace store
