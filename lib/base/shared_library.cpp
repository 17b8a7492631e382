#include "base/shared_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include "base/error.h"

namespace store {
namespace {

[[noreturn]] void fail(const char* soname) {
  throw Error(ErrorKind::system, fmt::format("{}: {}", soname, dlerror()), "install the package that has this library");
}

}  // namespace

SharedLibrary::SharedLibrary(const char* soname) : soname_(soname), handle_(dlopen(soname, RTLD_NOW)) {
  if (handle_ == nullptr) fail(soname);
}

SharedLibrary::Symbol SharedLibrary::operator[](const char* name) const {
  void* const address = dlsym(handle_, name);
  if (address == nullptr) fail(soname_);
  return Symbol(address);
}

}  // namespace store
