#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace store {

/// Errors are grouped by what the caller does about them; the CLI maps each kind to one exit code.
enum class ErrorKind {
  no,             // a question answered with no
  usage,          // the caller asked for something that makes no sense
  partial,        // finished, but some inputs failed
  not_found,      // path, revision, ref
  ambiguous,      // more than one object fits
  verification,   // content differs from what was claimed
  corrupt,        // damage in the repository
  conflict,       // dirty tree, moved ref
  exists,         // already there
  remote,         // network, worth retrying
  no_space,       // ENOSPC, EDQUOT
  no_repository,  // none found
  no_worktree,    // the command needs one
  locked,         // a lock was not free in time
  permission,     // EACCES, EPERM, EROFS
  newer_format,   // written by a later version
  system,         // any other refusal of the system
  bug,            // a broken invariant of ours
  interrupted,    // a signal asked us to stop
};

/// The one error type. Messages put the subject first ("pack 3f2a…: entry 17: …"), lower case, no period.
class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string message, std::string hint = {})
      : kind_(kind), message_(std::move(message)), hint_(std::move(hint)) {}

  ErrorKind kind() const { return kind_; }
  const std::string& message() const { return message_; }
  /// What to try, without "try:"; empty if there is nothing to say.
  const std::string& hint() const { return hint_; }
  /// errno of the refused call, 0 if none.
  int errno_value() const { return errno_; }
  /// Candidates of an ambiguous or misspelt name (kinds not_found, ambiguous).
  const std::vector<std::string>& candidates() const { return candidates_; }
  /// The paths that are in the way (kind conflict).
  const std::vector<std::string>& paths() const { return paths_; }
  /// The signal (kind interrupted).
  int signal() const { return signal_; }
  const char* what() const noexcept override { return message_.c_str(); }

  Error& with_errno(int value) { errno_ = value; return *this; }
  Error& with_hint(std::string hint) { hint_ = std::move(hint); return *this; }
  Error& with_candidates(std::vector<std::string> names) { candidates_ = std::move(names); return *this; }
  Error& with_paths(std::vector<std::string> paths) { paths_ = std::move(paths); return *this; }
  Error& with_signal(int number) { signal_ = number; return *this; }
  /// Puts "context: " before the message while unwinding.
  Error& add_context(std::string_view context);

 private:
  ErrorKind kind_;
  std::string message_;
  std::string hint_;
  int errno_ = 0;
  int signal_ = 0;
  std::vector<std::string> candidates_;
  std::vector<std::string> paths_;
};

/// The kind that an errno means for the caller: ENOSPC and EDQUOT no_space; EACCES, EPERM and EROFS
/// permission; ENOENT and ENOTDIR not_found; EEXIST exists; the rest system.
ErrorKind kind_of_errno(int value);

/// Throws for a refused system call: "NAME: CALL: strerror". `name` is shown as given (escape it first).
[[noreturn]] void throw_errno(int value, std::string_view call, std::string_view name);

/// Throws Error{corrupt}.
[[noreturn]] void throw_corrupt(std::string message);

}  // namespace store
