#include "archive/tar_writer.h"

#include <doctest/doctest.h>

#include <map>

#include "archive/acl.h"
#include "archive/tar_reader.h"
#include "base/error.h"
#include "format/index_metadata.h"
#include "support/random_bytes.h"
#include "support/work_fixture.h"

using namespace store;
using namespace store::test;

namespace {

std::string archive_of(const std::vector<std::pair<ArchiveEntry, std::string>>& members) {
  std::string out;
  TarWriter writer([&](ByteView bytes) { out += as_text(bytes); });
  for (const auto& [entry, content] : members) {
    writer.begin(entry);
    writer.write(as_bytes(content));
  }
  writer.finish();
  return out;
}

/// Read back by libarchive, which shares no code with the writer.
std::vector<ArchiveEntry> read_back(const std::string& archive) {
  const ByteView bytes = as_bytes(archive);
  BytesSource source(Bytes(bytes.begin(), bytes.end()));
  TarReader reader(source, {});
  std::vector<ArchiveEntry> entries;
  while (std::optional<ArchiveEntry> entry = reader.next()) entries.push_back(*entry);
  return entries;
}

}  // namespace

TEST_CASE("names of every length come back, in ustar headers while they fit and in pax records beyond") {
  std::vector<std::pair<ArchiveEntry, std::string>> members;
  for (const std::size_t length : {1u, 99u, 100u, 101u, 155u, 156u, 200u, 255u})
    for (const char* parent : {"", "d/", "\xc3\xbc/", "\xff/"}) {
      members.push_back({{.path = parent + std::string(length, 'n'), .size = 0}, ""});
      members.push_back({{.path = std::string(length, 'p') + "/" + parent + std::string(length, 'n'), .size = 0}, ""});
      members.push_back({{.path = parent + std::string(length, 'd'), .kind = EntryKind::directory}, ""});
      members.push_back({{.path = "l", .kind = EntryKind::symlink, .target = parent + std::string(length, 't')}, ""});
    }
  const std::vector<ArchiveEntry> found = read_back(archive_of(members));
  REQUIRE(found.size() == members.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    const ArchiveEntry& wanted = members[i].first;
    CHECK(found[i].kind == wanted.kind);
    CHECK(found[i].path == wanted.path + (wanted.kind == EntryKind::directory ? "/" : ""));
    CHECK(found[i].target == wanted.target);
  }
  const std::string plain = archive_of({{{.path = std::string(100, 'n'), .size = 0}, ""}});
  CHECK(plain.find("PaxHeaders") == std::string::npos);
}

TEST_CASE("times before 1970, with fractions and far ahead come back") {
  std::vector<std::pair<ArchiveEntry, std::string>> members;
  for (const std::int64_t seconds : {-10'000'000'000LL, -2LL, -1LL, 0LL, 1'700'000'000LL, 8'589'934'591LL, 8'589'934'592LL})
    for (const std::uint32_t nanoseconds : {0u, 1u, 500'000'000u, 999'999'999u})
      members.push_back({{.path = "f", .size = 0, .mtime_seconds = seconds, .mtime_nanoseconds = nanoseconds}, ""});
  const std::vector<ArchiveEntry> found = read_back(archive_of(members));
  REQUIRE(found.size() == members.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (members[i].first.mtime_seconds < 0 && members[i].first.mtime_nanoseconds != 0) continue;  // libarchive truncates
    CHECK(found[i].mtime_seconds == members[i].first.mtime_seconds);
    CHECK(found[i].mtime_nanoseconds == members[i].first.mtime_nanoseconds);
  }
  const std::string half = archive_of({{{.path = "f", .size = 0, .mtime_seconds = -2, .mtime_nanoseconds = 500'000'000}, ""}});
  CHECK(half.find(" mtime=-1.5\n") != std::string::npos);
}

TEST_CASE("a pax record counts its own length, also where that gains a digit") {
  for (std::size_t length = 101; length < 1200; ++length) {
    const std::string path(length, 'x');
    const std::vector<ArchiveEntry> found = read_back(archive_of({{{.path = path, .size = 0}, ""}}));
    REQUIRE(found.size() == 1);
    CHECK(found[0].path == path);
  }
}

TEST_CASE("owners of every size, their names and extended attributes come back") {
  std::vector<std::pair<ArchiveEntry, std::string>> members;
  for (const std::uint32_t id : {0u, 1000u, 2'097'151u, 2'097'152u, 4'294'967'294u})
    for (const std::size_t length : {0u, 1u, 31u, 32u, 255u}) {
      ArchiveEntry entry{.path = "f", .size = 0, .uid = id, .gid = id / 2};
      entry.user = std::string(length, 'u');
      entry.group = std::string(length, 'g');
      entry.xattrs = {{"user.a", Bytes(length, std::byte{0})}, {"user.binary", Bytes{std::byte{10}, std::byte{61}, std::byte{255}}}};
      members.emplace_back(entry, "");
    }
  const std::vector<ArchiveEntry> found = read_back(archive_of(members));
  REQUIRE(found.size() == members.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    const ArchiveEntry& wanted = members[i].first;
    CHECK(found[i].uid == wanted.uid);
    CHECK(found[i].gid == wanted.gid);
    CHECK(found[i].user == wanted.user);
    CHECK(found[i].group == wanted.group);
    std::map<std::string, Bytes> xattrs(found[i].xattrs.begin(), found[i].xattrs.end());
    CHECK((xattrs == std::map<std::string, Bytes>(wanted.xattrs.begin(), wanted.xattrs.end())));
  }
}

TEST_CASE("modes, devices and large sizes are as given, and the archive ends on a whole record") {
  const std::vector<std::pair<ArchiveEntry, std::string>> members = {
      {{.path = "a", .mode = 07777, .size = 513}, std::string(513, 'a')},
      {{.path = "dev", .kind = EntryKind::block_device, .mode = 0660, .device = 8ULL << 32 | 17}, ""},
      {{.path = "pipe", .kind = EntryKind::fifo}, ""}};
  const std::string archive = archive_of(members);
  CHECK(archive.size() % 10240 == 0);
  const std::vector<ArchiveEntry> found = read_back(archive);
  REQUIRE(found.size() == 3);
  CHECK(found[0].mode == 07777);
  CHECK(found[0].size == 513);
  CHECK(found[1].device == (8ULL << 32 | 17));
  CHECK(found[2].kind == EntryKind::fifo);

  std::string header;
  TarWriter large([&](ByteView bytes) { header += as_text(bytes); });
  large.begin({.path = "huge", .size = 1ULL << 40});
  CHECK(header.find("22 size=1099511627776\n") != std::string::npos);
  CHECK_THROWS_AS(large.finish(), Error);
}

TEST_CASE("an access control list comes back, and bytes that are none as they are") {
  const Acl acl = {{AclEntry::Tag::owner, 7},         {AclEntry::Tag::user, 4, 0},       {AclEntry::Tag::user, 1, 4'294'967'294},
                   {AclEntry::Tag::owning_group, 0},  {AclEntry::Tag::group, 6, 12345},  {AclEntry::Tag::mask, 5},
                   {AclEntry::Tag::other, 2}};
  CHECK(decode_acl(encode_acl(acl)) == acl);
  ArchiveEntry entry{.path = "d", .kind = EntryKind::directory, .mode = 0752};
  entry.xattrs = {{std::string(k_acl_access), encode_acl(acl)}, {std::string(k_acl_default), encode_acl(acl)}};
  const std::vector<ArchiveEntry> found = read_back(archive_of({{entry, ""}}));
  CHECK(found[0].xattrs == entry.xattrs);
  CHECK(found[0].mode == 0752);
  CHECK(found[0].left_out.empty());
  for (const std::string& bad : {std::string(), std::string("\2\0\0\0", 4), std::string(12, '\2'), noise(20, 1)}) {
    CHECK(!decode_acl(as_bytes(bad)));
    entry.xattrs = {{std::string(k_acl_access), Bytes(as_bytes(bad).begin(), as_bytes(bad).end())}};
    CHECK(read_back(archive_of({{entry, ""}}))[0].xattrs == entry.xattrs);
  }
}

TEST_CASE("a sparse file stores its data alone, behind a map of whole blocks") {
  constexpr std::uint64_t k_far = 1ULL << 42;
  ArchiveEntry entry{.path = "dir/" + std::string(120, 's'), .mode = 0644, .size = k_far};
  entry.holes = {{4096, 1 << 20}, {(1 << 20) + 8192, k_far - (1 << 20) - 8192}};
  const std::string data = std::string(4096, 'a') + std::string(4096, 'b');
  const std::string archive = archive_of({{entry, data}, {{.path = "empty", .size = 0}, ""}});
  CHECK(archive.size() <= 20480);
  CHECK(archive.find("3\n0\n4096\n1052672\n4096\n4398046511104\n0\n") != std::string::npos);
  const std::vector<ArchiveEntry> found = read_back(archive);
  REQUIRE(found.size() == 2);
  CHECK(found[0].path == entry.path);
  CHECK(found[0].size == k_far);
  CHECK(found[0].holes == entry.holes);
  CHECK(found[1].path == "empty");
}
