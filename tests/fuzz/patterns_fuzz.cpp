// Ignore files and pathspecs: any pattern on any path, in bounded time.
#include "app/path_arguments.h"
#include "fuzz/target.h"
#include "worktree/ignore.h"

namespace {

using namespace store;

/// Rules, a zero byte, a path.
void ignore(ByteView input) {
  std::string_view rest = as_text(input);
  const std::string_view rules = fuzz::take_text(rest);
  const std::string_view path = fuzz::take_text(rest);
  const IgnoreFile whole("rules", "", rules);
  const IgnoreFile below("d/rules", "d", rules);
  for (const bool is_directory : {false, true}) {
    const IgnoreRule* rule = whole.match(path, is_directory);
    if (rule == nullptr) continue;
    fuzz::require(rule->begin + rule->length <= rule->text.size() && rules.find(rule->text) != rules.npos);
    fuzz::require(is_directory || !rule->directory_only);
  }
  (void)below.match("d/" + std::string(path), false);
  const auto scope = IgnoreScope::inside(IgnoreScope::outside({whole}), "d", below);
  (void)scope->ignores("d/" + std::string(path), true);
}

/// A path, then pathspecs, with zero bytes between them. The set says what the single ones say.
void pathspec(ByteView input) {
  std::string_view rest = as_text(input);
  const std::string path(fuzz::take_text(rest));
  const PathArguments arguments("/work", "/work/d", false);
  std::vector<Pathspec> specs;
  while (!rest.empty()) {
    const std::string text(fuzz::take_text(rest));
    fuzz::answers({ErrorKind::usage}, [&] { specs.push_back(arguments.resolve_pathspec(text)); });
  }
  bool included = specs.empty(), excluded = false, only_exclusions = true;
  for (const Pathspec& spec : specs) {
    only_exclusions = only_exclusions && spec.exclude;
    (spec.exclude ? excluded : included) |= spec.matches(path);
    if (spec.matches(path)) fuzz::require(path.size() >= spec.root().size());
    (void)spec.may_match_below(path);
  }
  const PathspecSet set(specs);
  fuzz::require(set.matches(path) == ((included || only_exclusions) && !excluded));
  (void)set.roots();
  fuzz::answers({ErrorKind::usage}, [&] { (void)arguments.resolve_in_revision(path); });
}

const fuzz::Enter k_ignore("ignore", ignore);
const fuzz::Enter k_pathspec("pathspec", pathspec);

}  // namespace
