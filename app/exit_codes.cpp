#include "app/exit_codes.h"

#include <algorithm>
#include <iterator>

namespace store {
namespace {

constexpr int k_exit_bug = 70;

constexpr ExitCode k_codes[] = {
    {0, "", "success; also `status` of a dirty tree, `log` without commits, `init` of an existing repository"},
    {1, "no",
     "the answer is no: nothing to commit, `--exit-code` and it differs, `check-ignore` or `find` match nothing, `config` of a key "
     "without a value, `add` of an ignored path, nothing left to `undo`"},
    {2, "usage",
     "no word, unknown word or option, bad value, size, date, range, ref name or config value, empty message, path "
     "outside the working tree or beyond a symlink, a word of a later version"},
    {3, "partial",
     "finished, but each input in `failed` could not be read, changed while being read, or could not be written"},
    {4, "not_found ambiguous", "no such path, revision or ref, or more than one fits"},
    {5, "verification", "content differs from what was claimed"},
    {6, "corrupt", "damage in the repository"},
    {7, "conflict exists", "files in the way, a ref that moved, already there"},
    {8, "remote", "the network; worth trying again"},
    {9, "no_space", "disk or quota is full, also on standard output"},
    {10, "no_repository no_worktree", "no repository was found, or the command needs a working tree"},
    {11, "locked", "a lock was not free in time; the message names its holder"},
    {12, "permission", "no permission on the repository or target, or a repository of another owner"},
    {13, "newer_format", "a later version wrote this repository"},
    {14, "system", "every other refusal of the system; the call and the reason are named"},
    {k_exit_bug, "bug", "a mistake in store itself"},
    {k_exit_signal, "interrupted",
     "128 + N: ended by signal N after cleaning up; 130 is Ctrl-C, 141 a closed pipe on standard output"},
};

// Best first; what is not here (2, 10, 13) ends a command before it starts.
constexpr int k_priority[] = {k_exit_bug, 6, 9, 14, 12, 11, 8, 7, 5, 4, 3, 1};

std::size_t rank(int code) {
  if (code >= k_exit_signal) return 0;
  if (code == 2 || code == 10 || code == 13) return 1;
  const auto* found = std::find(std::begin(k_priority), std::end(k_priority), code);
  return 2 + static_cast<std::size_t>(found - std::begin(k_priority));
}

}  // namespace

std::span<const ExitCode> exit_codes() { return k_codes; }

std::string_view name_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::no: return "no";
    case ErrorKind::usage: return "usage";
    case ErrorKind::partial: return "partial";
    case ErrorKind::not_found: return "not_found";
    case ErrorKind::ambiguous: return "ambiguous";
    case ErrorKind::verification: return "verification";
    case ErrorKind::corrupt: return "corrupt";
    case ErrorKind::conflict: return "conflict";
    case ErrorKind::exists: return "exists";
    case ErrorKind::remote: return "remote";
    case ErrorKind::no_space: return "no_space";
    case ErrorKind::no_repository: return "no_repository";
    case ErrorKind::no_worktree: return "no_worktree";
    case ErrorKind::locked: return "locked";
    case ErrorKind::permission: return "permission";
    case ErrorKind::newer_format: return "newer_format";
    case ErrorKind::system: return "system";
    case ErrorKind::bug: return "bug";
    case ErrorKind::interrupted: return "interrupted";
  }
  return "bug";
}

int exit_code_of(const Error& error) {
  if (error.kind() == ErrorKind::interrupted) return k_exit_signal + error.signal();
  const std::string_view word = name_of(error.kind());
  for (const ExitCode& row : k_codes) {
    std::string_view kinds = row.kinds;
    while (!kinds.empty()) {
      const std::size_t space = std::min(kinds.find(' '), kinds.size());
      if (kinds.substr(0, space) == word) return row.code;
      kinds.remove_prefix(std::min(space + 1, kinds.size()));
    }
  }
  return k_exit_bug;
}

int worse_exit_code(int a, int b) { return rank(b) < rank(a) ? b : a; }

}  // namespace store
