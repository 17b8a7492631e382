#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/system_info.h"
#include "support/power_loss.h"

/// The linker puts this in the place of store::boot_id().
std::string boot_id_of_the_test() __asm__("__wrap__ZN5store7boot_idB5cxx11Ev");
std::string boot_id_of_the_test() { return fmt::format("boot {}", store::test::power_losses); }

TEST_CASE("in these tests a power loss gives another boot id") {
  const std::string before = store::boot_id();
  ++store::test::power_losses;
  CHECK(store::boot_id() != before);
}
