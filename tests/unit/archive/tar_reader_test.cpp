#include "archive/tar_reader.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "archive/acl.h"
#include "base/error.h"
#include "format/index_metadata.h"
#include "support/random_bytes.h"
#include "support/work_fixture.h"

using namespace store;
using namespace store::test;

namespace {

/// A ustar member by hand: what the reader is held against must not come from the library it uses.
std::string member(const std::string& name, const std::string& content, char type = '0', const std::string& link = {}) {
  std::string block(512, '\0');
  const auto put = [&](std::size_t at, const std::string& text) { block.replace(at, text.size(), text); };
  const auto octal = [](std::uint64_t value, int digits) {
    std::string text(static_cast<std::size_t>(digits), '0');
    for (std::size_t i = text.size(); i > 0; --i, value /= 8) text[i - 1] = static_cast<char>('0' + value % 8);
    return text;
  };
  put(0, name);
  put(100, octal(0640, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(content.size(), 11));
  put(136, octal(1'700'000'000, 11));
  put(148, "        ");
  block[156] = type;
  put(157, link);
  put(257, std::string("ustar\00000", 8));
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  put(148, octal(sum, 6) + '\0');
  return block + content + std::string((512 - content.size() % 512) % 512, '\0');
}

const std::string k_end(1024, '\0');

/// Gives a few bytes at a time, and at some place an error.
class TrickleSource final : public ByteSource {
 public:
  TrickleSource(std::string text, std::optional<std::size_t> fails_at = {}) : text_(std::move(text)), fails_at_(fails_at) {}
  std::size_t read(MutableByteView out) override {
    std::size_t got = std::min(out.size(), text_.size() - at_);
    if (fails_at_ && at_ + got >= *fails_at_) throw Error(ErrorKind::system, "the cable was cut");
    std::copy_n(as_bytes(text_).begin() + static_cast<std::ptrdiff_t>(at_), got, out.begin());
    at_ += got;
    return got;
  }
  bool ended() const { return at_ == text_.size(); }

 private:
  std::string text_;
  std::size_t at_ = 0;
  std::optional<std::size_t> fails_at_;
};

/// What says more of the member behind it.
std::string extended(const std::string& key, const std::string& value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (rest + std::to_string(length).size() != length) ++length;
  return member("x", std::to_string(length) + " " + key + "=" + value + "\n", 'x');
}

ArchiveEntry first_of(const std::string& archive, const AclNames& names = {}) {
  TrickleSource source(archive + k_end);
  return *TarReader(source, names).next();
}

std::string list_of(const ArchiveEntry& entry, std::string_view xattr) {
  for (const auto& [name, value] : entry.xattrs)
    if (name == xattr) return acl_text(*decode_acl(value));
  return {};
}

std::string content_of(TarReader& reader, std::size_t step) {
  std::string content;
  Bytes buffer(step);
  while (const std::size_t got = reader.read(buffer)) content += as_text(ByteView(buffer).first(got));
  return content;
}

}  // namespace

TEST_CASE("members come with names byte for byte, and content in steps of any size") {
  const std::string large = noise(700'000, 1);
  const std::string archive = member("a", "first") + member("\xff\xfe raw", large) + member("\xc3\xbcml", "") +
                              member("link", "", '2', "to \xff") + member("hard", "", '1', "a") + k_end;
  for (const std::size_t step : {std::size_t{1000}, std::size_t{65536}, std::size_t{2'000'000}}) {
    TrickleSource source(archive + std::string(600'000, '\0'));
    TarReader reader(source, {});
    const std::optional<ArchiveEntry> first = reader.next();
    REQUIRE(first);
    CHECK(first->path == "a");
    CHECK(first->mode == 0640);
    CHECK(first->mtime_seconds == 1'700'000'000);
    CHECK(content_of(reader, step) == "first");
    CHECK(reader.next()->path == "\xff\xfe raw");
    CHECK((content_of(reader, step) == large));
    CHECK(reader.next()->path == "\xc3\xbcml");
    const std::optional<ArchiveEntry> link = reader.next();
    CHECK(link->kind == EntryKind::symlink);
    CHECK(link->target == "to \xff");
    CHECK(reader.next()->hard_link == "a");
    CHECK(!reader.next());
    CHECK(source.ended());  // padding included: whoever writes it sees no broken pipe
  }
}

TEST_CASE("content that nobody asks for is passed over") {
  TrickleSource source(member("skipped", noise(300'000, 2)) + member("wanted", "here") + k_end);
  TarReader reader(source, {});
  reader.next();
  CHECK(reader.next()->path == "wanted");
  CHECK(content_of(reader, 10) == "here");
}

TEST_CASE("what the source throws comes through, also from within the library") {
  const std::string archive = member("a", noise(900'000, 3)) + k_end;
  TrickleSource source(archive, 600'000);
  TarReader reader(source, {});
  REQUIRE(reader.next());
  CHECK_THROWS_WITH_AS(content_of(reader, 65536), "the cable was cut", Error);
}

TEST_CASE("an archive that is empty, cut short or none at all is an error") {
  const std::string archive = member("a", noise(900'000, 3));
  const std::string with_records = extended("comment", "x") + archive;
  for (const std::string& bad : {std::string(), noise(100'000, 4), archive.substr(0, 700'000), archive.substr(0, 100),
                                 with_records.substr(0, 512), with_records.substr(0, 700)}) {
    TrickleSource source(bad);
    const auto read_all = [&] {
      TarReader reader(source, {});
      while (reader.next()) content_of(reader, 65536);
    };
    std::string message;
    try {
      read_all();
    } catch (const Error& error) {
      message = error.message();
    }
    CHECK_FALSE(message.empty());
  }
}

TEST_CASE("an access control list comes in the kernel's form, and its mask as the group's permission bits") {
  const AclNames names{.user = [](const std::string& name) { return name == "ann" ? std::optional(1001u) : std::nullopt; },
                       .group = [](const std::string& name) { return name == "staff" ? std::optional(50u) : std::nullopt; }};
  const std::string list = "user::rw-,group::r--,other::---,group:staff:r-x,user:ann:rwx,user:7:r--,mask::rw-";
  const ArchiveEntry file = first_of(extended("SCHILY.acl.access", list) + member("f", ""), names);
  CHECK(list_of(file, k_acl_access) == "user::rw-,user:7:r--,user:1001:rwx,group::r--,group:50:r-x,mask::rw-,other::---");
  CHECK(file.mode == 0660);
  CHECK(file.left_out.empty());
  // An id beside a name that is unknown here; a mask where one is missing.
  const ArchiveEntry star = first_of(extended("SCHILY.acl.access", "user::rw-,group::r--,other::---,user:bob:-w-:8") + member("f", ""), names);
  CHECK(list_of(star, k_acl_access) == "user::rw-,user:8:-w-,group::r--,mask::rw-,other::---");
  // No more than the permission bits say: no list.
  CHECK(first_of(extended("SCHILY.acl.access", "user::rw-,group::r--,other::---") + member("f", ""), names).xattrs.empty());
  const ArchiveEntry directory =
      first_of(extended("SCHILY.acl.default", "user::rwx,group::r-x,other::r-x") + member("d/", "", '5'), names);
  CHECK(list_of(directory, k_acl_default) == "user::rwx,group::r-x,other::r-x");
  CHECK(list_of(directory, k_acl_access).empty());
}

TEST_CASE("a list that the kernel would not take is named and left out") {
  for (const std::pair<std::string, std::string>& record : std::vector<std::pair<std::string, std::string>>{
           {"SCHILY.acl.access", "user::rw-,group::r--,other::---,user:bob:r--,mask::r--"},
           {"SCHILY.acl.access", "nonsense"},
           {"SCHILY.acl.default", "user::rwx,user:5:r--,mask::r--"},
           {"SCHILY.acl.ace", "owner@:r::allow,user:bob:r::allow:77"}}) {
    CAPTURE(record.second);
    const ArchiveEntry entry = first_of(extended(record.first, record.second) + member("d/", "", '5'));
    CHECK(entry.left_out.size() == 1);
    CHECK(entry.xattrs.empty());
    CHECK(entry.mode == 0640);
  }
}

TEST_CASE("holes of a sparse member are told, read as zeros, and stepped over on demand") {
  constexpr std::uint64_t k_size = 5ULL << 40;
  const std::string map = "3\n4096\n512\n1048576\n512\n" + std::to_string(k_size) + "\n0\n";
  const std::string content = map + std::string(512 - map.size(), '\0') + std::string(512, 'a') + std::string(512, 'b');
  std::string records;
  for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{
           {"GNU.sparse.major", "1"}, {"GNU.sparse.minor", "0"}, {"GNU.sparse.name", "real"}, {"GNU.sparse.realsize", std::to_string(k_size)}}) {
    const std::string record = extended(key, value).substr(512);
    records += record.substr(0, record.find('\n') + 1);
  }
  TrickleSource source(member("x", records, 'x') + member("GNUSparseFile.0/real", content) + member("next", "here") + k_end);
  TarReader reader(source, {});
  const std::optional<ArchiveEntry> entry = reader.next();
  REQUIRE(entry);
  CHECK(entry->path == "real");
  CHECK(entry->size == k_size);
  CHECK((entry->holes == std::vector<Hole>{{0, 4096}, {4608, 1048576 - 4608}, {1049088, k_size - 1049088}}));
  Bytes head(5000);
  std::size_t filled = 0;
  while (const std::size_t got = reader.read(MutableByteView(head).subspan(filled))) filled += got;
  CHECK(filled == head.size());
  CHECK(as_text(head) == std::string(4096, '\0') + std::string(512, 'a') + std::string(392, '\0'));
  CHECK(reader.skip_hole() == 1048576 - 5000);
  CHECK(reader.skip_hole() == 0);
  Bytes rest(512);
  CHECK(reader.read(rest) == 512);
  CHECK(as_text(rest) == std::string(512, 'b'));
  CHECK(reader.skip_hole() == k_size - 1049088);
  CHECK(reader.read(rest) == 0);
  CHECK(reader.next()->path == "next");
}
