#include "app/json_writer.h"

#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>

using namespace store;

TEST_CASE("objects, lists and values come out as one document") {
  StringSink sink;
  JsonWriter json(sink);
  json.begin_object();
  json.field("n", std::uint64_t{18446744073709551615ull});
  json.field("t", true);
  json.field("s", "a\"\n");
  json.field("none", std::optional<std::string>());
  json.key("list").begin_array();
  for (const int i : {1, 2}) {
    json.begin_object();
    json.field("i", i);
    json.end();
  }
  json.end();
  json.field("ratio", 1.0);
  json.end();
  CHECK(sink.text() == R"({"n":18446744073709551615,"t":true,"s":"a\"\n","none":null,"list":[{"i":1},{"i":2}],"ratio":1.0})");
}

TEST_CASE("a document that is broken off is closed where it stands") {
  StringSink sink;
  JsonWriter json(sink);
  json.begin_object();
  json.key("result").begin_object();
  json.key("entries").begin_array();
  json.begin_object();
  json.key("path");
  json.close_to(1);
  json.field("ok", false);
  json.end();
  const auto parsed = nlohmann::json::parse(sink.text());
  CHECK(parsed["ok"] == false);
  CHECK(parsed["result"]["entries"][0]["path"].is_null());
}

TEST_CASE("a name that is not UTF-8 also comes as its true bytes") {
  StringSink sink;
  JsonWriter json(sink);
  json.begin_object();
  json.path_field("path", "a\xff");
  json.path_field("from", "plain");
  json.end();
  const auto parsed = nlohmann::json::parse(sink.text());
  CHECK(parsed["path"] == "a\xef\xbf\xbd");
  CHECK(parsed["path_base64"] == "Yf8=");
  CHECK(!parsed.contains("from_base64"));
}

TEST_CASE("a list of names has a twin with the true bytes if one of them is not UTF-8") {
  StringSink sink;
  JsonWriter json(sink);
  json.begin_object();
  json.path_list_field("paths", {"a\xff", "plain"});
  json.path_list_field("others", {"x", "y"});
  json.end();
  const auto parsed = nlohmann::json::parse(sink.text());
  CHECK(parsed["paths"] == nlohmann::json({"a\xef\xbf\xbd", "plain"}));
  CHECK(parsed["paths_base64"] == nlohmann::json({"Yf8=", nullptr}));
  CHECK(parsed["others"] == nlohmann::json({"x", "y"}));
  CHECK(!parsed.contains("others_base64"));
}

TEST_CASE("a number that is none becomes null") {
  StringSink sink;
  JsonWriter json(sink);
  json.value(std::nan(""));
  CHECK(sink.text() == "null");
}

TEST_CASE("base64 is that of RFC 4648, section 10") {
  CHECK(base64("").empty());
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foo") == "Zm9v");
  CHECK(base64("foob") == "Zm9vYg==");
  CHECK(base64("fooba") == "Zm9vYmE=");
  CHECK(base64("foobar") == "Zm9vYmFy");
}
