#include "worktree/listing_names.h"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "hash/sha256.h"

using namespace store;

namespace {

ObjectId digest_of(const std::vector<std::string>& names) {
  ListingNames listing;
  for (const std::string& name : names) listing.add(name);
  return listing.finish();
}

}  // namespace

TEST_CASE("few names are hashed with a NUL behind each") {
  CHECK(digest_of({}) == sha256(ByteView()));
  CHECK(digest_of({"a", "bc"}) == sha256(as_bytes(std::string_view("a\0bc\0", 5))));
}

TEST_CASE("of very many names every one counts") {
  std::vector<std::string> names;
  for (int i = 10000; i < 20000; ++i) names.push_back("name-" + std::to_string(i));
  const ObjectId whole = digest_of(names);
  CHECK(digest_of(names) == whole);
  std::set<ObjectId> others{whole};
  for (const std::size_t at : {std::size_t{0}, names.size() / 2, names.size() - 1}) {
    std::vector<std::string> changed = names;
    changed[at].back() = '_';
    CHECK(others.insert(digest_of(changed)).second);
    changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(at));
    CHECK(others.insert(digest_of(changed)).second);
  }
}
