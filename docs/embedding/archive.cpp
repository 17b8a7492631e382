// archive DEPOT FOLDER FILE: saves FOLDER as a commit on the branch "archive" of the bare repository DEPOT, which is made
// if it is missing; then prints the commit's id and FILE as that commit has it. Paths are absolute, FILE is below FOLDER.
#include <ctime>
#include <iostream>

#include "base/error.h"
#include "config/config.h"
#include "ops/cat.h"
#include "ops/init.h"
#include "ops/revision.h"
#include "ops/save.h"

namespace {

store::Workspace open_depot(const std::string& folder) {
  store::Environment environment;
  environment.command = "archive";
  environment.now_seconds = std::time(nullptr);
  environment.default_identity = {"archive", "archive@localhost"};
  environment.warn = [](const store::Warning& warning) { std::cerr << warning.message << '\n'; };

  const store::Config defaults{store::ConfigSources()};
  store::InitOptions options;
  options.directory = folder;
  options.bare = true;
  const store::InitResult depot = store::init(environment, defaults, options);
  return store::Workspace(environment, defaults.settings(), depot.path);
}

void archive(const std::string& depot, const std::string& folder, const std::string& file) {
  store::Workspace workspace = open_depot(depot);

  store::SaveOptions options;
  options.path = folder;
  options.branch = "archive";
  options.commit.message = "saved " + folder;
  const store::CommitResult result = store::save(workspace, options);
  std::cout << result.id.hex() << '\n';

  const store::TreeEntry entry = store::find_in_tree(workspace.objects(), result.tree, file);
  store::cat(workspace, entry, file, std::nullopt, [](store::ByteView bytes) { std::cout << store::as_text(bytes); });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  try {
    archive(argv[1], argv[2], argv[3]);
  } catch (const store::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
