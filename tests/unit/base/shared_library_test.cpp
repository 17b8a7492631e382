#include "base/shared_library.h"

#include <doctest/doctest.h>

#include <string>

#include "base/error.h"

namespace store {
namespace {

std::string refusal(const char* soname, const char* function) {
  try {
    static_cast<void>(SharedLibrary(soname)[function]);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("a function of a shared library can be called") {
  double (*cosine)(double) = SharedLibrary("libm.so.6")["cos"];
  CHECK(cosine(0.0) == 1.0);
}

TEST_CASE("a library or a function that is not there is named") {
  CHECK(refusal("libnothing.so.0", "cos").starts_with("libnothing.so.0: "));
  CHECK(refusal("libm.so.6", "no_such_function").starts_with("libm.so.6: "));
}

}  // namespace
}  // namespace store
