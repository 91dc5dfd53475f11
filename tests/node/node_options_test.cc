// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <functional>

#include "node/node.h"
#include "tests/support/fake_world.h"

using namespace geode;
using namespace geode::node;
using geode::test::FakeWorld;
using geode::test::MemoryDisk;

namespace {

/// What FakeWorld, which has no network, says when a node gets as far as its ports.
constexpr const char* no_complaint = "n1:3142";

/// What a node that opens with these options says.
std::string complaint(const std::function<void(NodeOptions&)>& change) {
    MemoryDisk disk;
    FakeWorld world(disk);
    NodeOptions options;
    options.self = NodeId(1);
    options.members[NodeId(1)] = {Address{"n1", 3142}, Address{"n1", 3141}};
    change(options);
    std::string said;
    world.run([&] {
        const auto opened = Node::open(world, options);
        CHECK(opened.code() == ErrorCode::invalid_argument);
        said = opened.error().message;
    });
    CHECK(disk.mutations() == 0);
    return said;
}

}  // namespace

TEST_CASE("node options: the defaults are fine", "[fast]") {
    CHECK(complaint([](NodeOptions&) {}) == no_complaint);
}

TEST_CASE("node options: what would not fit a format is refused by name", "[fast]") {
    CHECK(complaint([](NodeOptions& options) { options.log_segment_bytes = 1ULL << 32; }) ==
          "log_segment_bytes is 4294967296; expected 4096 to 4026531799");
    CHECK(complaint([](NodeOptions& options) { options.append_bytes_max = 32 << 20; }) ==
          "append_bytes_max is 33554432; expected 1 to 16777216");
    CHECK(complaint([](NodeOptions& options) { options.snapshot_chunk_bytes = 64 << 20; }) ==
          "snapshot_chunk_bytes is 67108864; expected 1 to 16777216");
    CHECK(complaint([](NodeOptions& options) { options.append_entries_max = 200'000; }) ==
          "append_entries_max is 200000; expected 1 to 100000");
    CHECK(complaint([](NodeOptions& options) { options.log_backlog_bytes_max = 1000; }) ==
          "log_backlog_bytes_max is 1000; expected 1048576 or more");
    CHECK(complaint([](NodeOptions& options) { options.sessions_max = 0; }) ==
          "sessions_max is 0; expected 1 to 100000");
    CHECK(complaint([](NodeOptions& options) { options.requests_max = 0; }) ==
          "requests_max is 0; expected 1 to 1000000");
    CHECK(complaint([](NodeOptions& options) { options.client_idle_timeout = Duration(0); }) ==
          "timeouts of clients must be above zero");
}
