// Run by the build: writes store.1 and every store-WORD.1 into the folder it is given.
#include <filesystem>
#include <fstream>

#include "app/manual.h"

namespace {

bool write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  return static_cast<bool>(out.flush());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::filesystem::path folder = argv[1];
  bool good = write(folder / "store.1", store::manual_index());
  for (const store::Command& command : store::commands())
    if (!command.spec.hidden)
      good = write(folder / ("store-" + std::string(command.spec.word) + ".1"), store::manual_page(command.spec)) && good;
  return good ? 0 : 1;
}
