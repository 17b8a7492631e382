#include "app/exit_codes.h"

#include <doctest/doctest.h>

#include <csignal>

using namespace store;

TEST_CASE("every kind of error has the exit code of the contract") {
  const std::pair<ErrorKind, int> expected[] = {
      {ErrorKind::no, 1},           {ErrorKind::usage, 2},        {ErrorKind::partial, 3},
      {ErrorKind::not_found, 4},    {ErrorKind::ambiguous, 4},    {ErrorKind::verification, 5},
      {ErrorKind::corrupt, 6},      {ErrorKind::conflict, 7},     {ErrorKind::exists, 7},
      {ErrorKind::remote, 8},       {ErrorKind::no_space, 9},     {ErrorKind::no_repository, 10},
      {ErrorKind::no_worktree, 10}, {ErrorKind::locked, 11},      {ErrorKind::permission, 12},
      {ErrorKind::newer_format, 13}, {ErrorKind::system, 14},     {ErrorKind::bug, 70},
  };
  for (const auto& row : expected) {
    CAPTURE(name_of(row.first));
    CHECK(exit_code_of(Error(row.first, "x")) == row.second);
  }
  CHECK(exit_code_of(Error(ErrorKind::interrupted, "x").with_signal(SIGINT)) == 130);
}

TEST_CASE("when several codes apply the contract's order decides, whichever comes first") {
  const int order[] = {143, 70, 6, 9, 14, 12, 11, 8, 7, 5, 4, 3, 1, 0};
  for (std::size_t i = 0; i < std::size(order); ++i) {
    for (std::size_t j = i; j < std::size(order); ++j) {
      CHECK(worse_exit_code(order[i], order[j]) == order[i]);
      CHECK(worse_exit_code(order[j], order[i]) == order[i]);
    }
  }
}

TEST_CASE("the table names every code once, in ascending order") {
  int last = -1;
  for (const ExitCode& code : exit_codes()) {
    CHECK(code.code > last);
    CHECK(!code.meaning.empty());
    last = code.code;
  }
}
