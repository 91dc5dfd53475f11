// SPDX-License-Identifier: Apache-2.0
#include <rapidcheck/catch.h>
#include <catch2/catch.hpp>

#include "tests/storage/log_model.h"
#include "tests/support/fake_world.h"

// LogStore against the model: any calls, from one fiber or several at once, over several lives that
// end in a crash at any operation with any loss. What a life recovers must be the effect of a
// prefix of the records that the life before submitted, not shorter than what it acknowledged.

namespace geode::storage::test {
namespace {

using geode::test::all_losses;
using geode::test::FakeWorld;
using geode::test::MemoryDisk;
using Kind = ModelOperation::Kind;

constexpr int operations_per_life = 20;
constexpr std::uint32_t groups = 3;

std::size_t draw(std::size_t bound) {
    return *rc::gen::inRange<std::size_t>(0, bound);
}

// A call that fits the state.
ModelOperation draw_operation(const ModelState& state, std::uint32_t group) {
    const auto found = state.find(group);
    const ModelGroup before = found == state.end() ? ModelGroup{} : found->second;
    ModelOperation operation;
    operation.group = group;
    operation.term = 1 + draw(1000);
    const std::size_t kind = draw(8);
    if (kind == 0 && before.last() > before.start) {
        operation.kind = Kind::compact;
        operation.index = before.start + 1 + draw(before.last() - before.start);
        return operation;
    }
    if (kind == 1) {
        operation.kind = Kind::reset;
        operation.index = before.start + draw(20);
        return operation;
    }
    if (kind <= 3) operation.hard_state = HardState{Term(draw(100)), NodeId(std::uint32_t(kind))};
    operation.index = before.last() + 1;
    if (kind == 4) operation.index -= draw(before.last() - before.start + 1);
    for (std::size_t count = draw(4); count > 0; --count) {
        operation.payloads.emplace_back(draw(120), static_cast<char>('a' + draw(26)));
    }
    return operation;
}

// Nothing in a fiber asserts: an exception must not leave it.
// Runs operations until the disk dies or there are enough. `history` gets the states, and the
// result is how much of it was acknowledged.
std::size_t live(MemoryDisk& disk, LogOptions options, std::vector<ModelState>& history) {
    std::size_t acknowledged = 0;
    bool in_order = true;
    FakeWorld world(disk);
    world.run([&] {
        auto store = LogStore::open(world, "log", options);
        if (!store) return;
        // Several calls at once are made in fiber order, so the model's order is known.
        std::vector<FiberHandle> fibers;
        for (int i = 0; i < operations_per_life; ++i) {
            const auto group = static_cast<std::uint32_t>(1 + draw(groups));
            const ModelOperation operation = draw_operation(history.back(), group);
            apply_operation(operation, history);
            const std::size_t position = history.size() - 1;
            fibers.push_back(world.spawn("caller", [&, operation, position] {
                if (!run_operation(**store, operation)) return;
                in_order = in_order && acknowledged <= position;
                acknowledged = position;
            }));
            if (draw(3) == 0) continue;
            for (FiberHandle& fiber : fibers) fiber.join();
            fibers.clear();
            if (disk.dead()) return;
        }
        for (FiberHandle& fiber : fibers) fiber.join();
    });
    RC_ASSERT(in_order);
    return acknowledged;
}

TEST_CASE("log: behaves as the model over crashes", "[fast][prop]") {
    rc::prop("recovered states are acknowledged prefixes", [] {
        MemoryDisk disk;
        const LogOptions options{static_cast<std::uint32_t>(200 + draw(2000)), draw(2) == 0};
        Prng prng(draw(1'000'000));
        ModelState state;
        for (std::size_t lives = 1 + draw(4); lives > 0; --lives) {
            if (draw(4) != 0) disk.die_at(draw(60));
            std::vector<ModelState> history{state};
            const std::size_t acknowledged = live(disk, options, history);
            disk.crash(all_losses[draw(std::size(all_losses))], prng);
            FakeWorld world(disk);
            bool opened = false;
            world.run([&] {
                const auto store = LogStore::open(world, "log", options);
                opened = store.has_value();
                if (opened) state = take_state(**store);
            });
            RC_ASSERT(opened);
            const auto first = history.begin() + static_cast<std::ptrdiff_t>(acknowledged);
            RC_ASSERT(std::find(first, history.end(), state) != history.end());
        }
    });
}

}  // namespace
}  // namespace geode::storage::test
