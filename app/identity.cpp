#include "app/identity.h"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace store {
namespace {

std::string login_name() {
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr &&
      found->pw_name != nullptr && *found->pw_name != '\0')
    return found->pw_name;
  return "uid-" + std::to_string(geteuid());
}

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  return name.data();
}

}  // namespace

Identity login_identity() {
  const std::string login = login_name();
  return {login, login + "@" + host_name()};
}

Identity parse_identity(std::string_view text) {
  const std::size_t open = text.rfind('<');
  if (open == text.npos || text.empty() || text.back() != '>')
    throw Error(ErrorKind::usage, "--author: '" + escape_name(text) + "' is not of the form \"Name <email>\"");
  std::string_view name = text.substr(0, open);
  while (!name.empty() && name.back() == ' ') name.remove_suffix(1);
  while (!name.empty() && name.front() == ' ') name.remove_prefix(1);
  return {std::string(name), std::string(text.substr(open + 1, text.size() - open - 2))};
}

}  // namespace store
