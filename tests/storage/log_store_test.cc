// SPDX-License-Identifier: Apache-2.0
#include "storage/log_store.h"

#include <catch2/catch.hpp>

#include "tests/storage/log_model.h"
#include "tests/support/fake_world.h"

namespace geode::storage::test {
namespace {

using geode::test::all_losses;
using geode::test::DiskOperation;
using geode::test::FakeWorld;
using geode::test::Loss;
using geode::test::MemoryDisk;
using Kind = ModelOperation::Kind;

constexpr LogOptions small_segments{512, false};

ModelOperation write(std::uint32_t group, std::uint64_t index, std::uint64_t term,
                     std::vector<std::string> payloads,
                     std::optional<HardState> hard_state = std::nullopt) {
    return {Kind::write, group, hard_state, index, term, std::move(payloads)};
}

// Everything the store does, in few enough operations that every crash point can be tried.
std::vector<ModelOperation> story() {
    const std::string big(300, 'b');
    return {
        write(1, 1, 1, {"a", "bc", ""}, HardState{Term(1), NodeId(1)}),
        write(2, 1, 1, {big}, HardState{Term(1), NodeId(2)}),
        write(1, 4, 1, {big, "x"}),
        write(1, 3, 2, {"overwrites", "a", "suffix"}, HardState{Term(2), NodeId()}),
        {Kind::compact, 1, {}, 3, 2, {}},
        write(2, 2, 2, {"y", big, big}),
        {Kind::compact, 2, {}, 3, 2, {}},
        write(3, 1, 2, {}, HardState{Term(9), NodeId(3)}),
        {Kind::reset, 1, {}, 100, 5, {}},
        write(1, 101, 5, {big, "after the snapshot"}),
        {Kind::compact, 2, {}, 4, 2, {}},
        {Kind::compact, 1, {}, 102, 5, {}},
        write(2, 5, 5, {"end"}),
    };
}

// Opens, hands the store to `body`, closes. Returns the opening's error.
Result<void> with_store(MemoryDisk& disk, LogOptions options,
                        UniqueFunction<void(LogStore&)> body) {
    FakeWorld world(disk);
    Result<void> opened;
    world.run([&] {
        auto store = LogStore::open(world, "log", options);
        if (store) {
            body(**store);
        } else {
            opened = store.error();
        }
    });
    return opened;
}

struct LifeOutcome {
    std::vector<ModelState> history{ModelState{}};  // after every record submitted
    std::size_t acknowledged = 0;                   // position in it
};

LifeOutcome live(MemoryDisk& disk, LogOptions options, const std::vector<ModelOperation>& story) {
    LifeOutcome outcome;
    (void)with_store(disk, options, [&](LogStore& store) {
        for (const ModelOperation& operation : story) {
            apply_operation(operation, outcome.history);
            if (!run_operation(store, operation)) return;
            outcome.acknowledged = outcome.history.size() - 1;
        }
    });
    return outcome;
}

bool is_allowed(const LifeOutcome& outcome, const ModelState& found) {
    for (std::size_t i = outcome.acknowledged; i < outcome.history.size(); ++i) {
        if (outcome.history[i] == found) return true;
    }
    return false;
}

// One more write to each group, acknowledged, must be all that a loss of everything unsynced adds.
void check_goes_on(MemoryDisk& disk, LogOptions options, const ModelState& found, Prng& prng) {
    std::vector<ModelState> expected{found};
    REQUIRE(with_store(disk, options, [&](LogStore& store) {
        for (const auto& [group, state] : found) {
            const ModelOperation more = write(group, state.last() + 1, 20, {"more"});
            apply_operation(more, expected);
            REQUIRE(run_operation(store, more));
        }
    }));
    disk.crash(Loss::all, prng);
    ModelState again;
    REQUIRE(with_store(disk, options, [&](LogStore& store) { again = take_state(store); }));
    REQUIRE(again == expected.back());
}

void sweep_crashes(LogOptions options) {
    MemoryDisk measured;
    live(measured, options, story());
    const std::uint64_t mutations = measured.mutations();
    REQUIRE(mutations > 30);
    Prng prng(7);
    for (std::uint64_t point = 0; point <= mutations; ++point) {
        for (const Loss loss : all_losses) {
            const int tries = loss == Loss::torn || loss == Loss::shuffled ? 6 : 1;
            for (int i = 0; i < tries; ++i) {
                MemoryDisk disk;
                disk.die_at(point);
                const LifeOutcome outcome = live(disk, options, story());
                disk.crash(loss, prng);
                // Also die within the recovery: it must not make things worse.
                if (i > 0) {
                    disk.die_at(static_cast<std::uint64_t>(i) - 1);
                    live(disk, options, {});
                    disk.crash(loss, prng);
                }
                ModelState found;
                const auto opened =
                    with_store(disk, options, [&](LogStore& store) { found = take_state(store); });
                INFO("crash point " << point << " loss " << static_cast<int>(loss) << " try " << i
                                    << ": " << (opened ? "" : opened.error().describe()));
                REQUIRE(opened);
                REQUIRE(is_allowed(outcome, found));
                check_goes_on(disk, options, found, prng);
            }
        }
    }
}

TEST_CASE("log: what was written is there again, and nothing else", "[fast]") {
    MemoryDisk disk;
    const LifeOutcome outcome = live(disk, small_segments, story());
    REQUIRE(outcome.acknowledged == outcome.history.size() - 1);
    ModelState found;
    REQUIRE(with_store(disk, small_segments, [&](LogStore& store) { found = take_state(store); }));
    CHECK(found == outcome.history.back());
    CHECK(found.at(3).hard_state == HardState{Term(9), NodeId(3)});
    CHECK(disk.files() != std::vector<std::string>{"log/0000000001.seg"});
}

TEST_CASE("log: a crash at any disk operation loses nothing acknowledged", "[fast]") {
    sweep_crashes(small_segments);
}

TEST_CASE("log: a crash at any disk operation, with prewritten segments", "[fast]") {
    sweep_crashes(LogOptions{1024, true});
}

TEST_CASE("log: compaction and reset free whole segments", "[fast]") {
    MemoryDisk disk;
    REQUIRE(with_store(disk, small_segments, [&](LogStore& store) {
        const std::string payload(200, 'p');
        for (std::uint64_t i = 1; i <= 40; ++i) {
            REQUIRE(run_operation(store, write(1, i, 1, {payload})));
            REQUIRE(run_operation(store, write(2, i, 1, {payload})));
        }
        const std::uint64_t before = store.statistics().segments;
        CHECK(before > 15);
        REQUIRE(store.compact(GroupId(1), LogIndex(40), Term(1)));
        CHECK(store.statistics().segments + 1 >= before);  // group 2 still needs them
        REQUIRE(store.compact(GroupId(2), LogIndex(20), Term(1)));
        CHECK(store.statistics().segments < before);
        REQUIRE(store.reset(GroupId(2), LogIndex(900), Term(3)));
        CHECK(store.statistics().segments <= 2);
        CHECK(disk.files().size() == store.statistics().segments);
    }));
}

TEST_CASE("log: overwritten entries do not hold segments back", "[fast]") {
    MemoryDisk disk;
    REQUIRE(with_store(disk, small_segments, [&](LogStore& store) {
        const std::string payload(200, 'p');
        for (std::uint64_t i = 1; i <= 10; ++i) {
            REQUIRE(run_operation(store, write(1, i, 1, {payload})));
        }
        REQUIRE(run_operation(store, write(1, 1, 2, {payload, "x"})));
        CHECK(store.statistics().segments <= 2);
    }));
}

TEST_CASE("log: concurrent writes share a sync, in call order", "[fast]") {
    MemoryDisk disk;
    FakeWorld world(disk);
    constexpr std::uint64_t writers = 100;
    std::vector<std::uint64_t> order;
    world.run([&] {
        auto store = LogStore::open(world, "log", LogOptions{}).value();
        const std::uint64_t syncs = disk.count("sync");
        std::vector<FiberHandle> fibers;
        for (std::uint64_t i = 1; i <= writers; ++i) {
            fibers.push_back(world.spawn("writer", [&, i] {
                REQUIRE(run_operation(*store, write(1, i, 1, {std::to_string(i)})));
                order.push_back(i);
            }));
        }
        for (FiberHandle& fiber : fibers) fiber.join();
        CHECK(disk.count("sync") - syncs <= 3);
        CHECK(store->statistics().requests == writers);
        CHECK(store->statistics().syncs == disk.count("sync") - syncs);
    });
    REQUIRE(order.size() == writers);
    CHECK(std::is_sorted(order.begin() + 1, order.end()));  // the first fiber is the one that syncs
}

TEST_CASE("log: a cancelled writer leaves the store usable", "[fast]") {
    MemoryDisk disk;
    FakeWorld world(disk);
    world.run([&] {
        auto store = LogStore::open(world, "log", LogOptions{}).value();
        for (int steps = 0; steps < 6; ++steps) {
            std::vector<FiberHandle> fibers;
            for (std::uint32_t i = 1; i <= 3; ++i) {
                fibers.push_back(world.spawn(
                    "writer",
                    [&,
                     i] {  // Apart from the check: Killed must not pass through the test library.
                        const auto written = run_operation(*store, write(i, 1, 1, {"e"}));
                        REQUIRE(written);
                    }));
            }
            for (int s = 0; s < steps; ++s) world.scheduler().yield();
            fibers[static_cast<std::size_t>(steps) % 3].cancel();
            for (FiberHandle& fiber : fibers) fiber.join();
            REQUIRE(run_operation(*store, write(4, 1, 1, {"after"})));
        }
        CHECK_FALSE(store->poisoned());
    });
}

TEST_CASE("log: a failed sync poisons the store until it is opened again", "[fast]") {
    MemoryDisk disk;
    REQUIRE(with_store(disk, LogOptions{}, [&](LogStore& store) {
        REQUIRE(run_operation(store, write(1, 1, 1, {"kept"})));
        disk.fault = [](const DiskOperation& operation) -> std::optional<ErrorCode> {
            if (operation.kind == "sync") return ErrorCode::io_error;
            return std::nullopt;
        };
        CHECK(run_operation(store, write(1, 2, 1, {"lost"})).code() == ErrorCode::io_error);
        disk.fault = nullptr;
        CHECK(store.poisoned());
        CHECK(run_operation(store, write(1, 3, 1, {"no"})).code() == ErrorCode::io_error);
        CHECK(store.compact(GroupId(1), LogIndex(1), Term(1)).code() == ErrorCode::io_error);
        CHECK(store.reset(GroupId(1), LogIndex(9), Term(1)).code() == ErrorCode::io_error);
    }));
    // The process dies, the machine does not: the cache still shows what the disk never got.
    Prng prng(1);
    disk.crash(Loss::nothing, prng);
    ModelState found;
    REQUIRE(with_store(disk, LogOptions{}, [&](LogStore& store) { found = take_state(store); }));
    CHECK(found.at(1).entries.size() == 2);
    check_goes_on(disk, LogOptions{}, found, prng);
}

TEST_CASE("log: any failing disk operation is an error, never a wrong answer", "[fast]") {
    MemoryDisk measured;
    std::uint64_t operations = 0;
    measured.fault = [&](const DiskOperation&) -> std::optional<ErrorCode> {
        ++operations;
        return std::nullopt;
    };
    live(measured, small_segments, story());
    for (std::uint64_t failing = 0; failing < 2 * operations; ++failing) {
        MemoryDisk disk;
        std::uint64_t seen = 0;
        disk.fault = [&](const DiskOperation&) -> std::optional<ErrorCode> {
            if (seen++ == failing / 2) return ErrorCode::disk_full;
            return std::nullopt;
        };
        const LifeOutcome outcome = live(disk, small_segments, story());
        disk.fault = nullptr;
        Prng prng(failing);
        disk.crash(failing % 2 == 0 ? Loss::shuffled : Loss::nothing, prng);
        ModelState found;
        const auto opened =
            with_store(disk, small_segments, [&](LogStore& store) { found = take_state(store); });
        INFO("failing operation " << failing << (opened ? "" : opened.error().describe()));
        REQUIRE(opened);
        REQUIRE(is_allowed(outcome, found));
        check_goes_on(disk, small_segments, found, prng);
    }
}

TEST_CASE("log: a write over the limit is refused and does nothing", "[fast]") {
    MemoryDisk disk;
    REQUIRE(with_store(disk, LogOptions{}, [&](LogStore& store) {
        const std::vector<std::string> payload{std::string(payload_bytes_max + 1, 'x')};
        CHECK(run_operation(store, write(1, 1, 1, payload)).code() == ErrorCode::too_large);
        CHECK_FALSE(store.poisoned());
        CHECK(run_operation(store, write(1, 1, 1, {"small"})));
    }));
}

}  // namespace
}  // namespace geode::storage::test
