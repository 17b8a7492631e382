#include "base/text.h"

#include <doctest/doctest.h>

#include <limits>

using namespace store;

namespace {

constexpr std::uint64_t k_kib = 1024;
constexpr std::uint64_t k_mib = 1024 * k_kib;
constexpr std::uint64_t k_gib = 1024 * k_mib;
constexpr std::uint64_t k_max = std::numeric_limits<std::int64_t>::max();

}  // namespace

TEST_CASE("escape_name leaves printable and valid UTF-8 names alone") {
  CHECK(escape_name("") == "");
  CHECK(escape_name("plain name.txt") == "plain name.txt");
  CHECK(escape_name("[a,b] \"q\" \\ -x") == "[a,b] \"q\" \\ -x");
  CHECK(escape_name("Grüße/日本/🎉") == "Grüße/日本/🎉");
}

TEST_CASE("escape_name shows control bytes and ESC without sending them to a terminal") {
  CHECK(escape_name("a\nb\rc\td") == "a\\nb\\rc\\td");
  CHECK(escape_name("\x1b[31mred") == "\\x1b[31mred");
  CHECK(escape_name(std::string_view("\0\x01\x7f", 3)) == "\\x00\\x01\\x7f");
  CHECK(escape_name("\xc2\x9b"
                    "2J") == "\\xc2\\x9b2J");  // U+009B is CSI
  CHECK(escape_name("\xc2\xa0") == "\xc2\xa0");
}

TEST_CASE("escape_name escapes each byte of what is not UTF-8 and nothing beside it") {
  CHECK(escape_name("a\xff\xfe"
                    "b") == "a\\xff\\xfeb");
  CHECK(escape_name("\xc3") == "\\xc3");
  CHECK(escape_name("\xc3(") == "\\xc3(");
  CHECK(escape_name("\xe2\x82") == "\\xe2\\x82");
  CHECK(escape_name("ok\xe2\x82\xac\xe2\x82") == "ok\xe2\x82\xac\\xe2\\x82");
}

TEST_CASE("is_valid_utf8 follows the Unicode table of well-formed sequences") {
  for (const char* good : {"", "ascii", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                           "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    CHECK_MESSAGE(is_valid_utf8(good), escape_name(good));
  for (const char* bad : {"\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xc2", "\xe2\x28\xa1"})
    CHECK_FALSE_MESSAGE(is_valid_utf8(bad), escape_name(bad));
}

TEST_CASE("nearest_match finds misspellings and swaps, but not strangers") {
  const std::vector<std::string> words{"add", "commit", "checkout",        "log",
                                       "ls",  "status", "core.compression"};
  CHECK(nearest_match("comit", words) == "commit");
  CHECK(nearest_match("stauts", words) == "status");
  CHECK(nearest_match("chekcout", words) == "checkout");
  CHECK(nearest_match("adn", words) == "add");
  CHECK(nearest_match("core.compresion", words) == "core.compression");
  CHECK(nearest_match("LOG", words) == "log");
  CHECK(nearest_match("zzzzzz", words) == std::nullopt);
  CHECK(nearest_match("", words) == std::nullopt);
  CHECK(nearest_match("notes", {"notes.txt.old", "notes.txt", "other"}) == "notes.txt");
  CHECK(nearest_match("notes", {"notes.txt", "nodes"}) == "nodes");
  CHECK(nearest_match("no", {"notes.txt"}) == std::nullopt);
  CHECK(nearest_match("a", {"b"}) == std::nullopt);
  CHECK(nearest_match("ab", {"ac"}) == "ac");
  CHECK(nearest_match("commit", {}) == std::nullopt);
}

TEST_CASE("human_size uses binary units and one decimal below 100") {
  CHECK(human_size(0) == "0 B");
  CHECK(human_size(k_kib - 1) == "1023 B");
  CHECK(human_size(k_kib) == "1.0 KiB");
  CHECK(human_size(k_gib + k_gib / 5) == "1.2 GiB");
  CHECK(human_size(256 * k_kib) == "256 KiB");
  CHECK(human_size(k_mib - 1) == "1.0 MiB");
  CHECK(human_size(k_gib - 1) == "1.0 GiB");
  CHECK(human_size(100 * k_kib - 1) == "100 KiB");
  CHECK(human_size(std::numeric_limits<std::uint64_t>::max()) == "16.0 EiB");
}

TEST_CASE("human_count groups by thousands") {
  CHECK(human_count(0) == "0");
  CHECK(human_count(999) == "999");
  CHECK(human_count(1000) == "1,000");
  CHECK(human_count(12345) == "12,345");
  CHECK(human_count(std::numeric_limits<std::uint64_t>::max()) == "18,446,744,073,709,551,615");
}

TEST_CASE("human_duration never shows 60 seconds or 60 minutes") {
  CHECK(human_duration(0) == "0ms");
  CHECK(human_duration(-1) == "0ms");
  CHECK(human_duration(0.0994) == "99ms");
  CHECK(human_duration(0.0996) == "0.1s");
  CHECK(human_duration(3.21) == "3.2s");
  CHECK(human_duration(59.94) == "59.9s");
  CHECK(human_duration(59.96) == "1m00s");
  CHECK(human_duration(124) == "2m04s");
  CHECK(human_duration(3599.6) == "1h00m");
  CHECK(human_duration(3720) == "1h02m");
  CHECK(human_duration(std::numeric_limits<double>::infinity()) == "?");
  CHECK(human_duration(std::numeric_limits<double>::quiet_NaN()) == "?");
}

TEST_CASE("parse_size takes powers of 1024 in every spelling") {
  CHECK(parse_size("0") == 0U);
  CHECK(parse_size("12345") == 12345U);
  for (const char* text : {"256K", "256k", "256KB", "256kb", "256KiB", "256kIb", "0.25M", "262144"})
    CHECK_MESSAGE(parse_size(text) == 256 * k_kib, text);
  CHECK(parse_size("1.5G") == k_gib + k_gib / 2);
  CHECK(parse_size("1T") == 1024 * k_gib);
  CHECK(parse_size("1P") == k_gib * 1024 * 1024);
  CHECK(parse_size("007") == 7U);
}

TEST_CASE("parse_size rounds a fraction of a byte down") {
  CHECK(parse_size("1.9") == 1U);
  CHECK(parse_size("0.9999K") == k_kib - 1);
  CHECK(parse_size("0.00000000000000000000000001P") == 0U);
  CHECK(parse_size("0.3333333333333333333333333333M") == k_mib / 3);
}

TEST_CASE("parse_size refuses what is malformed or negative") {
  for (const char* text :
       {"",    " ",  "-1",  "+1",   "K",   ".5G", "1.G", "1..5G", "1.5.2G", "1 K",  " 1K",
        "1K ", "1X", "1KX", "1KBB", "1iB", "1B",  "1E",  "0x10",  "1e3",    "1,5G", "unlimited"})
    CHECK_MESSAGE(parse_size(text) == std::nullopt, text);
  CHECK(parse_size(std::string_view("1\0", 2)) == std::nullopt);
}

TEST_CASE("parse_size refuses everything over 2^63-1") {
  CHECK(parse_size("9223372036854775807") == k_max);
  CHECK(parse_size("9223372036854775807.9") == k_max);
  CHECK(parse_size("9223372036854775808") == std::nullopt);
  CHECK(parse_size("18446744073709551616") == std::nullopt);
  CHECK(parse_size("99999999999999999999999999999999999999") == std::nullopt);
  CHECK(parse_size("8191P") == k_gib * 1024 * 1024 * 8191);
  CHECK(parse_size("8192P") == std::nullopt);
  CHECK(parse_size("8191.9999999999999999999P").has_value());
}

TEST_CASE("parse_duration_ms reads its four units, and seconds without one") {
  CHECK(parse_duration_ms("500ms") == 500U);
  CHECK(parse_duration_ms("10s") == 10'000U);
  CHECK(parse_duration_ms("5m") == 300'000U);
  CHECK(parse_duration_ms("1h") == 3'600'000U);
  CHECK(parse_duration_ms("60") == 60'000U);
  CHECK(parse_duration_ms("0") == 0U);
  CHECK(parse_duration_ms("0.5") == 500U);
  for (const char* text : {"", "-1", "s", "1d", "1M", "10 s", "1h30m", "9999999999999999999h"})
    CHECK_MESSAGE(parse_duration_ms(text) == std::nullopt, text);
}
