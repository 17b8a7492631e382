#include "ops/told_settings.h"

#include "base/error.h"

namespace store {
namespace {

constexpr std::uint64_t k_file_limit = 64 << 10;

}  // namespace

bool tell_once(const Workspace& workspace, const std::string& settings) {
  const Repository& repository = workspace.repository();
  try {
    const std::optional<Bytes> told = read_file(repository.fd(), layout::k_told, k_file_limit);
    if (told && as_text(*told) == settings) return false;
    if (repository.writable())
      replace_file(repository.fs(), repository.fd(), layout::k_told, as_bytes(settings), SyncDirectory::no);
  } catch (const Error&) {
    // Then they are told again.
  }
  return true;
}

}  // namespace store
