#include "app/table.h"

#include <doctest/doctest.h>

#include "app/change_output.h"

using namespace store;

namespace {

Table sizes_and_names(std::optional<std::size_t> window) {
  return Table({{.width = 8, .rank = 1}, {.width = 6, .align = Table::Align::left, .rank = 2, .gap = 2}}, window, k_least_name);
}

}  // namespace

TEST_CASE("columns are counted as a terminal does") {
  CHECK(display_columns("") == 0);
  CHECK(display_columns("plain") == 5);
  CHECK(display_columns("Größe") == 5);
  CHECK(display_columns("o\u0308") == 1);
  CHECK(display_columns("日本") == 4);
  CHECK(display_columns("\U0001f600") == 2);
}

TEST_CASE("a shortened text keeps the end that was asked for, whole characters, and never takes more than its columns") {
  CHECK(shortened("a/path/name", 11, Keep::tail) == "a/path/name");
  CHECK(shortened("a/path/name", 6, Keep::tail) == "…/name");
  CHECK(shortened("what was done", 6, Keep::head) == "what …");
  CHECK(shortened("日本語日本語", 6, Keep::tail) == "…本語");
  CHECK(shortened("日本語日本語", 6, Keep::head) == "日本…");
  CHECK(shortened("ab", 1, Keep::tail) == "…");
  CHECK(shortened("ab", 0, Keep::head).empty());
  for (std::size_t columns = 0; columns < 14; ++columns)
    for (const Keep keep : {Keep::head, Keep::tail}) CHECK(display_columns(shortened("日a本o\u0308b語/ü/語", columns, keep)) <= columns);
}

TEST_CASE("a table leaves out whole columns, the least important first, until the rest has room") {
  const std::vector<std::string> cells = {"1.0 KiB", "abc"};
  const std::string name = "a/rather/long/name/of/a/file/that/nobody/would/type";
  CHECK(sizes_and_names({}).line(cells, name) == " 1.0 KiB abc     " + name);
  CHECK(sizes_and_names(80).line(cells, name) == " 1.0 KiB abc     " + name);
  CHECK(sizes_and_names(60).line(cells, name) == " 1.0 KiB abc     " + name);  // can be copied whole
  CHECK(sizes_and_names(59).line(cells, name) == " 1.0 KiB abc     …ong/name/of/a/file/that/nobody/would/type");
  CHECK(sizes_and_names(31).line(cells, name) == " 1.0 KiB abc     …dy/would/type");
  CHECK(sizes_and_names(30).line(cells, name) == " 1.0 KiB …at/nobody/would/type");
  CHECK(sizes_and_names(22).line(cells, name) == "…hat/nobody/would/type");
  CHECK(sizes_and_names(40).line(cells) == " 1.0 KiB abc   ");
  CHECK(sizes_and_names(31).columns() == 17);
  CHECK(sizes_and_names(30).columns() == 9);
}

TEST_CASE("no line of a table is longer than a narrow window, also where a cell is longer than its column") {
  for (std::size_t window = 1; window < k_narrow_window; ++window)
    for (const std::string& cell : {std::string("7 B"), std::string("1,234,567,890 B")})
      CHECK(display_columns(sizes_and_names(window).line({cell, "語語語"}, "語/name of a file that is long")) <= window);
}

TEST_CASE("a line of changes gives up its sizes before its name, and stays in the window") {
  ListedChange change;
  change.path = "directory/file.bin";
  change.change = Change::modified;
  change.before = TreeEntry{EntryKind::file, 0644, 1 << 20, "file.bin", ObjectId::from_hex(std::string(64, '1')).value()};
  change.after = TreeEntry{EntryKind::file, 0644, 2 << 20, "file.bin", ObjectId::from_hex(std::string(64, '2')).value()};
  const auto at = [&](std::optional<std::size_t> window) { return change_line(change, 4096, {.window = window}); };
  CHECK(at({}) == "M  directory/file.bin  (1.0 MiB → 2.0 MiB, 4.0 KiB changed)");
  CHECK(at(60) == at({}));
  CHECK(at(59) == at({}));
  CHECK(at(45) == "M  directory/file.bin  (4.0 KiB changed)");
  CHECK(at(38) == "M  directory/file.bin");
  CHECK(at(15) == "M  …ry/file.bin");
  for (std::size_t window = 4; window < k_narrow_window; ++window) CHECK(display_columns(at(window)) <= window);
}
