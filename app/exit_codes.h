#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace store {

/// One row of the table of exit codes: the manual, `help --json` and the program read the same one.
struct ExitCode {
  int code;
  std::string_view kinds;  // words of error.kind, separated by ' '; empty for success
  std::string_view meaning;
};
std::span<const ExitCode> exit_codes();

/// First of the codes of signals: 128 + its number.
inline constexpr int k_exit_signal = 128;
inline constexpr int k_exit_no = 1;
inline constexpr int k_exit_partial = 3;

/// The word of error.kind.
std::string_view name_of(ErrorKind kind);
/// The code a kind ends a command with; interrupted carries its signal.
int exit_code_of(const Error& error);
/// When several apply: the one that the contract puts first.
int worse_exit_code(int a, int b);

}  // namespace store
