// SPDX-License-Identifier: Apache-2.0
#include "jepsen/preload/control_page.h"

#include <catch2/catch.hpp>

#include "jepsen/control_file.h"
#include "tests/support/temporary_folder.h"

using namespace geode;
using namespace geode::jepsen;

namespace {

constexpr std::int64_t second = 1'000'000'000;

}  // namespace

TEST_CASE("control page: a clock without faults is the real one", "[fast]") {
    const ClockSettings settings;
    CHECK(seen_monotonic(settings, 17 * second) == 17 * second);
    CHECK(seen_wall(settings, 99 * second, 17 * second) == 99 * second);
}

TEST_CASE("control page: a change of rate makes no jump, and what was gained stays", "[fast]") {
    const ClockSettings fast = with_rate({}, 1'500'000, 10 * second);
    CHECK(seen_monotonic(fast, 10 * second) == 10 * second);
    CHECK(seen_monotonic(fast, 14 * second) == 16 * second);
    const ClockSettings normal = with_rate(fast, 1'000'000, 14 * second);
    CHECK(seen_monotonic(normal, 14 * second) == 16 * second);
    CHECK(seen_monotonic(normal, 20 * second) == 22 * second);
    const ClockSettings slow = with_rate(normal, 250'000, 20 * second);
    CHECK(seen_monotonic(slow, 24 * second) == 23 * second);
}

TEST_CASE("control page: days at an odd rate do not overflow", "[fast]") {
    const ClockSettings settings = with_rate({}, 4'000'000, 0);
    CHECK(seen_monotonic(settings, 1000 * 86'400 * second) == 4000 * 86'400 * second);
}

TEST_CASE("control page: offset and freeze are of the wall clock alone", "[fast]") {
    ClockSettings settings;
    settings.wall_offset_ns = -3 * second;
    CHECK(seen_wall(settings, 99 * second, 17 * second) == 96 * second);
    CHECK(seen_monotonic(settings, 17 * second) == 17 * second);
    settings.wall_frozen_ns = 50 * second;
    CHECK(seen_wall(settings, 99 * second, 17 * second) == 50 * second);
}

TEST_CASE("control file: what is set is what the page says", "[fast]") {
    const geode::test::TemporaryFolder folder;
    const std::string path = folder.path() + "/page";
    {
        auto file = ControlFile::create(path);
        REQUIRE(file);
        NodeControls controls;
        controls.rate_millionths = 2'000'000;
        controls.wall_frozen = true;
        controls.disk_stalled = true;
        file->set(controls);
        CHECK(read_clock(file->page()).rate_millionths == 2'000'000);
        const std::int64_t frozen_at = read_clock(file->page()).wall_frozen_ns;
        CHECK(frozen_at > 0);
        CHECK(file->page().disk_stalled == 1);
        controls.disk_stalled = false;
        file->set(controls);
        CHECK(read_clock(file->page()).wall_frozen_ns == frozen_at);
        file->set({});
        file->step_wall(5);
        CHECK(read_clock(file->page()).wall_offset_ns == 5'000);
        CHECK(read_clock(file->page()).wall_frozen_ns == 0);
        CHECK(file->page().disk_stalled == 0);
    }
    CHECK_FALSE(ControlFile::create("/nowhere/at/all"));
}
