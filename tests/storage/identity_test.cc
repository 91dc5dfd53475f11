// SPDX-License-Identifier: Apache-2.0
#include "storage/identity.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_world.h"

namespace geode::storage::test {
namespace {

using geode::test::all_losses;
using geode::test::FakeWorld;
using geode::test::Loss;
using geode::test::MemoryDisk;

const Identity ours{"geode-test", NodeId(3)};

// Opens and closes; the code of the error, or nothing.
std::optional<ErrorCode> open_code(MemoryDisk& disk, const Identity& identity) {
    std::optional<ErrorCode> code;
    FakeWorld world(disk);
    world.run([&] {
        const auto opened = DataDirectory::open(world, identity);
        if (!opened) code = opened.code();
    });
    return code;
}

void put_file(MemoryDisk& disk, const char* path, std::string bytes) {
    REQUIRE(disk.open(path, OpenMode::write));
    REQUIRE(disk.sync_dir(""));
    disk.corrupt(path, std::move(bytes));
}

TEST_CASE("identity: an empty directory becomes ours and stays so", "[fast]") {
    MemoryDisk disk;
    CHECK(open_code(disk, ours) == std::nullopt);
    CHECK(disk.files() == std::vector<std::string>{"IDENTITY"});
    CHECK(open_code(disk, ours) == std::nullopt);
    CHECK(open_code(disk, {"geode-test", NodeId(4)}) == ErrorCode::foreign_data);
    CHECK(open_code(disk, {"geode-prod", NodeId(3)}) == ErrorCode::foreign_data);
    FakeWorld world(disk);
    world.run([&] { CHECK(DataDirectory::inspect(world).value() == ours); });
}

TEST_CASE("identity: a crash at any disk operation of the creation", "[fast]") {
    Prng prng(1);
    for (std::uint64_t point = 0; point <= 5; ++point) {
        for (const Loss loss : all_losses) {
            for (int i = 0; i < 8; ++i) {
                MemoryDisk disk;
                disk.die_at(point);
                const bool acknowledged = !open_code(disk, ours).has_value();
                disk.crash(loss, prng);
                INFO("crash point " << point << " loss " << static_cast<int>(loss));
                if (acknowledged) {
                    REQUIRE(open_code(disk, {"other", NodeId(3)}) == ErrorCode::foreign_data);
                }
                REQUIRE(open_code(disk, ours) == std::nullopt);
                disk.crash(Loss::all, prng);
                REQUIRE(open_code(disk, {"other", NodeId(3)}) == ErrorCode::foreign_data);
            }
        }
    }
}

TEST_CASE("identity: what is not ours is refused and not touched", "[fast]") {
    MemoryDisk disk;
    REQUIRE(open_code(disk, ours) == std::nullopt);
    const std::string whole = disk.contents("IDENTITY");
    std::string newer = whole;
    newer[8] = 2;

    const auto refused = [&](std::string bytes, ErrorCode expected) {
        disk.corrupt("IDENTITY", bytes);
        const std::uint64_t mutations = disk.mutations();
        CHECK(open_code(disk, ours) == expected);
        CHECK(disk.mutations() == mutations);
        CHECK(disk.contents("IDENTITY") == bytes);
    };
    refused("", ErrorCode::foreign_data);
    refused("#!/bin/sh", ErrorCode::foreign_data);
    refused(newer, ErrorCode::unsupported);
    refused(newer + std::string(5000, 'x'), ErrorCode::unsupported);
    refused(whole + "x", ErrorCode::corrupt);
    refused(whole + std::string(5000, 'x'), ErrorCode::corrupt);
    for (std::size_t size = 8; size < whole.size(); ++size) {
        refused(whole.substr(0, size), ErrorCode::corrupt);
    }
    for (std::size_t at = 12; at < whole.size(); ++at) {
        std::string flipped = whole;
        flipped[at] = static_cast<char>(flipped[at] ^ 16);
        refused(flipped, ErrorCode::corrupt);
    }
}

TEST_CASE("identity: a directory with other files is refused", "[fast]") {
    MemoryDisk disk;
    put_file(disk, "precious.doc", "not a database");
    const std::uint64_t mutations = disk.mutations();
    CHECK(open_code(disk, ours) == ErrorCode::foreign_data);
    CHECK(disk.mutations() == mutations);
    CHECK(disk.files() == std::vector<std::string>{"precious.doc"});
}

TEST_CASE("identity: a directory in use is locked", "[fast]") {
    MemoryDisk disk;
    FakeWorld world(disk);
    world.run([&] {
        auto held = DataDirectory::open(world, ours).value();
        CHECK(DataDirectory::open(world, ours).code() == ErrorCode::locked);
        held.reset();
        CHECK(DataDirectory::open(world, ours));
    });
}

}  // namespace
}  // namespace geode::storage::test
