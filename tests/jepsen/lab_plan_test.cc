// SPDX-License-Identifier: Apache-2.0
#include "jepsen/lab_plan.h"

#include <catch2/catch.hpp>

#include "jepsen/detour.h"

using namespace geode;
using namespace geode::jepsen;
using sim::FaultKind;

TEST_CASE("lab plan: the commands that build a lab of two nodes and one client", "[fast]") {
    const LabPlan plan{"geode-jepsen-7", 2, 1};
    CHECK(namespace_batch(plan) ==
          "netns add geode-jepsen-7-n1\n"
          "netns add geode-jepsen-7-n2\n");
    CHECK(hub_batch(plan) ==
          "link set lo up\n"
          "link add br0 type bridge stp_state 0 forward_delay 0\n"
          "link set br0 up\n"
          "addr add 10.77.1.254/24 dev br0\n"
          "link add p1 type veth peer name e0 netns geode-jepsen-7-n1\n"
          "link set p1 master br0 up\n"
          "link add p2 type veth peer name e0 netns geode-jepsen-7-n2\n"
          "link set p2 master br0 up\n");
    CHECK(node_batch(plan, 2) ==
          "link set lo up\n"
          "addr add 10.77.0.2/24 dev e0\n"
          "addr add 10.77.1.2/24 dev e0\n"
          "link set e0 up\n");
}

TEST_CASE("lab plan: every link is one pair of addresses", "[fast]") {
    const auto between_nodes = addresses_of({"n1", "n3"});
    REQUIRE(between_nodes);
    CHECK(between_nodes->source == "10.77.0.1");
    CHECK(between_nodes->destination == "10.77.0.3");
    const auto to_client = addresses_of({"n3", "c2"});
    REQUIRE(to_client);
    CHECK(to_client->source == "10.77.2.3");
    CHECK(to_client->destination == "10.77.2.254");
    const auto from_client = addresses_of({"c2", "n3"});
    REQUIRE(from_client);
    CHECK(from_client->source == to_client->destination);
    CHECK(from_client->destination == to_client->source);
    CHECK_FALSE(addresses_of({"c1", "c2"}));
}

TEST_CASE("lab plan: the rules of nothing are an empty chain", "[fast]") {
    CHECK(bridge_rules({}) ==
          "flush chain bridge geode faults\n"
          "table bridge geode {\n"
          " chain faults {\n"
          " }\n"
          "}\n");
}

TEST_CASE("lab plan: blocked links, a hung port and flipped bits as nft rules", "[fast]") {
    NetworkState state;
    state.blocked[FaultKind::partition] = {{"n1", "n2"}, {"n2", "n1"}};
    state.blocked[FaultKind::clog] = {{"c1", "n2"}, {"c1", "c2"}};
    state.hung = {2};
    state.flips[{"n1", "n2"}] = 10;
    CHECK(bridge_rules(state) ==
          "flush chain bridge geode faults\n"
          "table bridge geode {\n"
          " chain faults {\n"
          "  ip saddr . ip daddr { 10.77.0.1 . 10.77.0.2, 10.77.0.2 . 10.77.0.1 } counter name "
          "\"fault_partition\" drop\n"
          "  ip saddr . ip daddr { 10.77.1.254 . 10.77.1.2 } counter name \"fault_clog\" drop\n"
          "  ip daddr & 255.255.0.255 == 10.77.0.2 tcp flags & (syn | ack) == syn counter name "
          "\"fault_hang\" drop\n"
          "  ip saddr 10.77.0.1 ip daddr 10.77.0.2 tcp flags & (syn | psh) == psh numgen random "
          "mod 30 == 0 @th,256,8 set @th,256,8 ^ 0x04 counter name \"fault_bit_flip\"\n"
          "  ip saddr 10.77.0.1 ip daddr 10.77.0.2 tcp flags & (syn | psh) == psh numgen random "
          "mod 30 == 0 @th,352,8 set @th,352,8 ^ 0x04 counter name \"fault_bit_flip\"\n"
          "  ip saddr 10.77.0.1 ip daddr 10.77.0.2 tcp flags & (syn | psh) == psh numgen random "
          "mod 30 == 0 @th,544,8 set @th,544,8 ^ 0x04 counter name \"fault_bit_flip\"\n"
          " }\n"
          "}\n");
}

TEST_CASE("lab plan: lost packets are a rule per link", "[fast]") {
    NetworkState state;
    state.losses[{"n2", "c1"}] = 15;
    CHECK(bridge_rules(state).find(
              "  ip saddr 10.77.1.2 ip daddr 10.77.1.254 numgen random mod 100 "
              "< 15 counter name \"fault_packet_loss\" drop\n") != std::string::npos);
}

TEST_CASE("lab plan: what is delayed leaves the bridge where it comes in", "[fast]") {
    const LabPlan plan{"geode-jepsen-7", 2, 1};
    NetworkState state;
    state.shapes[{"n2", "n1"}].delay_us = 1'000;
    state.shapes[{"c1", "n1"}].reorder_percent = 5;
    state.shapes[{"n1", "n2"}].bytes_per_s = 1'000;
    CHECK(detour_rules(plan, state) ==
          "table netdev geode {\n}\ndelete table netdev geode\ntable netdev geode {\n"
          " chain br0 {\n  type filter hook egress device br0 priority 0;\n"
          "  ip saddr 10.77.1.254 ip daddr 10.77.1.1 fwd to detour\n }\n"
          " chain p2 {\n  type filter hook ingress device p2 priority 0;\n"
          "  ip saddr 10.77.0.2 ip daddr 10.77.0.1 fwd to detour\n }\n}\n");
    CHECK(detour_rules(plan, {}) ==
          "table netdev geode {\n}\ndelete table netdev geode\ntable netdev geode {\n}\n");
}

TEST_CASE("detour: a frame says whose it is, if it is IPv4", "[fast]") {
    std::string frame(34, '\0');
    frame[12] = 8;
    frame.replace(26, 8, std::string("\x0a\x4d\x00\x01\x0a\x4d\x01\xfe", 8));
    CHECK(frame_addresses(frame.data(), frame.size()) ==
          std::pair<std::uint32_t, std::uint32_t>{0x0a4d0001, 0x0a4d01fe});
    CHECK(frame_addresses(frame.data(), 30) == std::pair<std::uint32_t, std::uint32_t>{0, 0});
    frame[13] = 6;
    CHECK(frame_addresses(frame.data(), frame.size()).first == 0);
}

TEST_CASE("lab plan: refusing is a rule in the node's own namespace", "[fast]") {
    CHECK(refusal_rules(true) ==
          "flush chain ip geode faults\n"
          "table ip geode {\n chain faults {\n"
          "  tcp flags & (syn | ack) == syn counter name \"fault_refuse\" reject with tcp reset\n"
          " }\n}\n");
    CHECK(refusal_rules(false) == "flush chain ip geode faults\n");
}

TEST_CASE("lab plan: slow and delayed links are classes at the sender", "[fast]") {
    NetworkState state;
    state.shapes[{"n1", "n2"}].bytes_per_s = 50'000;
    state.shapes[{"n1", "c1"}].delay_us = 20'000;
    state.shapes[{"c1", "n2"}].bytes_per_s = 1'000;
    const auto devices = shapes_by_device(state);
    REQUIRE(devices.size() == 2);
    CHECK(devices.at(0).count("10.77.1.2") == 1);
    CHECK(shaping_batch("e0", devices.at(1)) ==
          "qdisc add dev e0 root handle 1: htb default 1\n"
          "class add dev e0 parent 1: classid 1:1 htb rate 10gbit quantum 60000\n"
          "class add dev e0 parent 1: classid 1:10 htb rate 50000bps quantum 1514\n"
          "filter add dev e0 parent 1: protocol ip prio 1 u32 match ip dst 10.77.0.2/32 flowid "
          "1:10\n"
          "class add dev e0 parent 1: classid 1:11 htb rate 10gbit quantum 1514\n"
          "qdisc add dev e0 parent 1:11 handle 11: netem limit 100000 delay 20000us\n"
          "filter add dev e0 parent 1: protocol ip prio 1 u32 match ip dst 10.77.1.254/32 flowid "
          "1:11\n");
    CHECK(shaping_batch("e0", {}).empty());
}

TEST_CASE("lab plan: counters are read from what nft prints", "[fast]") {
    const auto counters = parse_counters(
        R"({"nftables": [{"metainfo": {"version": "1.0.6"}},)"
        R"( {"counter": {"family": "bridge", "name": "fault_hang", "packets": 4, "bytes": 1}},)"
        R"( {"counter": {"family": "bridge", "name": "fault_bridge", "packets": 0}}]})");
    CHECK(counters == std::map<std::string, std::uint64_t>{{"hang", 4}, {"bridge", 0}});
    CHECK(parse_counters("not JSON").empty());
}

TEST_CASE("lab plan: packets of shaped classes are told apart by destination", "[fast]") {
    const std::string text =
        "class htb 1:1 root prio 0 rate 10Gbit ceil 10Gbit burst 0b cburst 0b \n"
        " Sent 900 bytes 9 pkt (dropped 0, overlimits 0 requeues 0) \n"
        "class htb 1:10 root prio 0 rate 400Kbit ceil 400Kbit burst 1600b cburst 1600b \n"
        " Sent 1234 bytes 12 pkt (dropped 0, overlimits 3 requeues 0) \n"
        " lended: 12 borrowed: 0 giants: 0\n";
    const std::map<std::string, LinkShape> shapes = {{"10.77.0.2", {}}, {"10.77.0.3", {}}};
    CHECK(parse_shaped_packets(text, shapes) ==
          std::map<std::string, std::uint64_t>{{"10.77.0.2", 12}});
}
