#include <fmt/format.h>

#include "app/commands.h"
#include "app/context.h"
#include "hash/sha256_avx512.h"
#include "hash/sha256_ni.h"

namespace store {
namespace {

constexpr int k_format_version = 1;
constexpr std::string_view k_libraries = STORE_BUILD_LIBRARIES;  // "NAME VERSION, NAME VERSION"

std::string_view sha256_kernel() {
  if (!sha256_ni_available()) return "OpenSSL";
  return sha256_avx512_preferred() ? "SHA-NI and AVX-512, up to sixteen messages at a time" : "SHA-NI, three messages at a time";
}

int run(Context& context) {
  if (context.json()) {
    JsonWriter& json = context.begin_result();
    json.field("version", STORE_VERSION);
    json.field("format", k_format_version);
    json.field("compiler", STORE_BUILD_COMPILER);
    json.field("build_type", STORE_BUILD_TYPE);
    json.field("libraries", k_libraries);
    json.field("sha256", sha256_kernel());
  } else {
    context.say(fmt::format("store {}\nrepository format {}\nbuilt by {}, {}, with {}\nSHA-256 by {}\n", STORE_VERSION,
                                    k_format_version, STORE_BUILD_COMPILER, STORE_BUILD_TYPE, k_libraries, sha256_kernel()));
  }
  return 0;
}

}  // namespace

Command version_command() {
  return {{.word = "version",
           .summary = "show the version of the program and of the format it writes, and how it was built",
           .usage = {"version"},
           .max_positionals = 0},
          run};
}

}  // namespace store
