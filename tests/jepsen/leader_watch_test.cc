// SPDX-License-Identifier: Apache-2.0
#include "jepsen/leader_watch.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/support/temporary_folder.h"

using namespace geode::jepsen;

TEST_CASE("leader watch: role lines are told from others", "[fast]") {
    const auto leads =
        parse_role_line("2026-11-21T09:47:45.270474Z n1 raft.role role=leader term=12 leader=1");
    REQUIRE(leads);
    CHECK(leads->leads);
    CHECK(leads->term == 12);
    const auto follows =
        parse_role_line("2026-11-21T09:47:45.2Z n1 raft.role role=follower term=13 leader=2");
    REQUIRE(follows);
    CHECK_FALSE(follows->leads);
    CHECK_FALSE(parse_role_line("2026-11-21T09:47:45.2Z n1 link.connected peer=3"));
    CHECK_FALSE(parse_role_line("2026-11-21T09:47:45.2Z n1 raft.role role=leader"));
}

TEST_CASE("leader watch: follows logs as they grow, half lines too", "[fast]") {
    const geode::test::TemporaryFolder folder;
    const std::vector<std::string> files = {folder.path() + "/n1.log", folder.path() + "/n2.log"};
    const auto append = [&](std::size_t node, const std::string& text) {
        std::ofstream(files[node - 1], std::ios::app) << text;
    };
    LeaderWatch watch(files);
    CHECK_FALSE(watch.poll());
    CHECK_FALSE(watch.leader());
    append(1, "t n1 raft.role role=leader te");
    CHECK_FALSE(watch.poll());
    append(1, "rm=2 leader=1\n");
    CHECK(watch.poll());
    CHECK(watch.leader() == 1U);
    append(2, "t n2 raft.role role=leader term=3 leader=2\n");
    CHECK(watch.poll());
    CHECK(watch.leader() == 2U);
    watch.forget(2);
    CHECK(watch.leader() == 1U);
    append(1, "t n1 raft.role role=follower term=3 leader=2\n");
    CHECK_FALSE(watch.poll());
    CHECK_FALSE(watch.leader());
    CHECK(watch.elections() == 2);
}
