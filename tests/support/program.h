#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace store::test {

/// What the real program may use up: enough for honest work on anything small, a wall for what is not bounded.
struct ProgramLimits {
  std::uint64_t address_space = 1ULL << 30;  // bytes; no limit under a sanitizer
  std::uint64_t file_size = 128ULL << 20;    // of any file it writes, its output included
  unsigned seconds = 20;
};

struct ProgramRun {
  int code = 0;  // 128 + signal if it was killed; 128 + SIGALRM if its time was up
  std::string out;
  std::string err;
  std::uint64_t peak_memory = 0;  // bytes
};

/// Runs the program of this build ($STORE, else the one that was built with the test) in `folder` with nothing of the user's
/// environment, and waits for it.
ProgramRun run_program(const std::string& folder, const std::vector<std::string>& arguments, const ProgramLimits& limits = {});

}  // namespace store::test
