// SPDX-License-Identifier: Apache-2.0
#include "node/raft_host.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_world.h"

using namespace geode;
using namespace geode::node;
using geode::test::FakeWorld;
using geode::test::MemoryDisk;

namespace {

constexpr std::size_t payload_bytes = 1 << 20;

NodeOptions member_of_three() {
    NodeOptions options;
    options.self = NodeId(1);
    for (std::uint32_t i = 1; i <= 3; ++i) {
        options.members[NodeId(i)] = {Address{"n" + std::to_string(i), 3142}, {}};
    }
    return options;
}

/// One member's host over real storage, to which the test plays the leader of term 1, node 2.
struct Follower {
    explicit Follower(NodeOptions with) : options(std::move(with)) {
        world.run([&] {
            log = storage::LogStore::open(world, "log", {}).value();
            state = StateMachine::open(world, {}).value();
        });
        host = std::make_unique<RaftHost>(world, options, *log, *state, raft::Restored{});
        host->start();
    }
    ~Follower() {
        world.kill();
        host.reset();
        state.reset();
        log.reset();
    }

    /// An append of one entry after what the host holds.
    void receive_next(LogIndex commit = {}) {
        const LogIndex last = host->status().last;
        raft::Message message;
        message.type = raft::MessageType::append;
        message.from = NodeId(2);
        message.to = NodeId(1);
        message.term = Term(1);
        message.log_index = last;
        message.log_term = last.is_none() ? Term() : Term(1);
        message.commit = commit;
        message.entries.push_back({Term(1), last.next(), raft::EntryType::command, payload});
        host->receive(std::move(message));
    }

    MemoryDisk disk;
    FakeWorld world{disk};
    NodeOptions options;
    raft::Payload payload = std::make_shared<const Bytes>(Bytes(payload_bytes, 'x'));
    std::unique_ptr<storage::LogStore> log;
    std::unique_ptr<StateMachine> state;
    std::unique_ptr<RaftHost> host;
};

}  // namespace

TEST_CASE("raft host: a backlog larger than one log write is written in parts", "[fast]") {
    NodeOptions options = member_of_three();
    options.log_backlog_bytes_max = 1 << 30;
    Follower follower(options);
    const std::uint64_t entries = storage::log_write_bytes_max / payload_bytes + 10;
    for (std::uint64_t i = 0; i < entries; ++i) follower.receive_next();
    CHECK(follower.host->status().last == LogIndex(entries));
    const std::uint64_t syncs = follower.log->statistics().syncs;
    follower.world.run_ready();
    CHECK_FALSE(follower.host->failure().has_value());
    CHECK(follower.log->statistics().syncs - syncs > 10);
}

TEST_CASE("raft host: what waits for the disk is bounded; the rest is taken later", "[fast]") {
    NodeOptions options = member_of_three();
    options.log_backlog_bytes_max = 4 * payload_bytes;
    Follower follower(options);
    for (int i = 0; i < 20; ++i) follower.receive_next();
    CHECK(follower.host->status().last == LogIndex(4));
    follower.world.run_ready();
    for (int i = 0; i < 20; ++i) follower.receive_next();
    CHECK(follower.host->status().last == LogIndex(8));
    follower.world.run_ready();
    CHECK_FALSE(follower.host->failure().has_value());
}

TEST_CASE("raft host: a committed entry that cannot be decoded ends the node", "[fast]") {
    Follower follower(member_of_three());  // its payload is no command
    follower.receive_next(LogIndex(1));
    follower.world.run_ready();
    REQUIRE(follower.host->failure().has_value());
    CHECK(follower.host->failure()->code == ErrorCode::unsupported);
    CHECK_FALSE(follower.host->status().healthy);
    CHECK(follower.state->applied().index.is_none());
}
