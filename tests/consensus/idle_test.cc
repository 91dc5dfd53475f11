// SPDX-License-Identifier: Apache-2.0
//
// An idle group must cost next to nothing: a thousand of them share a core. Replaces operator new
// of this test binary to count allocations.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>

#include "tests/consensus/cluster.h"

namespace {
std::uint64_t allocations = 0;
}

void* operator new(std::size_t size) {
    ++allocations;
    void* const memory = std::malloc(size);
    if (memory == nullptr) std::abort();
    return memory;
}
// The default non-throwing form may not call the one above, and must match our delete.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return operator new(size);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

using namespace geode;
using namespace geode::raft;
using namespace geode::raft::test;

namespace {

Cluster elected() {
    Cluster cluster(1);
    Config config;
    config.voters = {NodeId(1), NodeId(2), NodeId(3)};
    for (const NodeId id : config.voters) {
        config.self = id;
        cluster.add_node(config);
        cluster.start(id);
    }
    for (int i = 0; i < 100; ++i) {
        cluster.now += milliseconds(10);
        for (const NodeId id : config.voters) {
            cluster.tick(id);
            cluster.persist(id, 100);
        }
        while (!cluster.in_flight().empty()) cluster.deliver(0);
    }
    return cluster;
}

/// One interval: the leader's heartbeats, answered.
std::uint64_t beat(Cluster& cluster, Raft& leader, Output& sent, Output& answered, Output& heard) {
    std::uint64_t messages = 0;
    cluster.now = leader.deadline();
    leader.step(cluster.now, Tick{}, sent);
    for (Message& heartbeat : sent.messages) {
        Raft& follower = *cluster.node(heartbeat.to).raft;
        follower.step(cluster.now, Receive{std::move(heartbeat)}, answered);
        for (Message& answer : answered.messages) {
            ++messages;
            leader.step(cluster.now, Receive{std::move(answer)}, heard);
        }
    }
    return messages;
}

}  // namespace

TEST_CASE("raft: an idle group beats without allocating", "[fast]") {
    Cluster cluster = elected();
    Raft* leader = nullptr;
    for (const auto& [id, node] : cluster.nodes()) {
        if (node.raft->role() == Role::leader) leader = node.raft.get();
    }
    REQUIRE(leader != nullptr);
    Output sent;
    Output answered;
    Output heard;
    for (int i = 0; i < 10; ++i) beat(cluster, *leader, sent, answered, heard);

    const std::uint64_t before = allocations;
    std::uint64_t messages = 0;
    for (int i = 0; i < 20'000; ++i) messages += beat(cluster, *leader, sent, answered, heard);
    CHECK(allocations == before);
    CHECK(messages == 40'000);
    CHECK(heard.write == std::nullopt);
}
