// SPDX-License-Identifier: Apache-2.0
#pragma once

// The network of a real run as texts for ip, nft and tc: pure functions, so that what the kernel
// is told can be read and tested without being root.
//
// Every node has a network namespace with one end, e0, of a veth pair; the other ends are ports
// p1, p2, ... of a bridge br0 in the hub, the namespace of the harness itself, where the clients
// are. Addresses tell all hosts apart, though the clients share a namespace:
//
//     n3 to its peers   10.77.0.3            c2 to n3   10.77.2.254 -> 10.77.2.3
//
// A client c2 that connects to 10.77.2.3 gets 10.77.2.254 as its own address from the routing
// table, so every link of a fault schedule is one pair of addresses.
//
// Blocked links, hung ports and flipped bits are rules of one nftables chain on the bridge; its
// counters, one per kind of fault, say how many packets each really met. Refused connections are a
// rule in the node's own namespace, since a bridge cannot answer. Bandwidth is a class of an HTB
// queue at the sender, with netem below it for delay, duplicates and reordering; where the kernel
// has no netem, those packets take a detour through the harness (detour.h).

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/data/schedule.h"

namespace geode::jepsen {

inline constexpr std::uint16_t client_port = 3141;
inline constexpr std::uint16_t cluster_port = 3142;
/// Nodes and clients each; addresses have a byte for either.
inline constexpr std::uint32_t lab_hosts_max = 200;

struct LabPlan {
    std::string prefix;  ///< of the namespaces' names
    std::uint32_t nodes = 3;
    std::uint32_t clients = 5;

    std::string name_space(std::uint32_t node) const {
        return prefix + "-n" + std::to_string(node);
    }
};

/// Where client 1.. (or, as client 0, a peer) reaches the node: "10.77.client.node".
std::string node_address(std::uint32_t client, std::uint32_t node);

/// Input of `ip -batch -`: the namespaces.
std::string namespace_batch(const LabPlan& plan);
/// Input of `ip -batch -` in the hub: bridge, ports, the clients' addresses.
std::string hub_batch(const LabPlan& plan);
/// Input of `ip -n NAMESPACE -batch -`: the node's addresses.
std::string node_batch(const LabPlan& plan, std::uint32_t node);

struct AddressPair {
    std::string source;
    std::string destination;
};
/// The packets of a link "n1" to "c2"; nothing between two clients, which never talk.
std::optional<AddressPair> addresses_of(const sim::Link& link);

/// What one link does to packets, beside losing them all.
struct LinkShape {
    std::int64_t bytes_per_s = 0;  ///< 0: unlimited
    std::int64_t delay_us = 0;
    std::int64_t duplicate_percent = 0;
    std::int64_t reorder_percent = 0;
    bool delays() const { return delay_us != 0 || duplicate_percent != 0 || reorder_percent != 0; }
    friend bool operator==(const LinkShape&, const LinkShape&) = default;
};

/// Everything that is wrong with the network at one moment.
struct NetworkState {
    std::map<sim::FaultKind, std::set<sim::Link>> blocked;
    std::map<sim::Link, std::int64_t> flips;   ///< one packet with data in so many
    std::map<sim::Link, std::int64_t> losses;  ///< so many packets of a hundred
    std::set<std::uint32_t> hung;              ///< nodes whose ports do not answer
    std::set<std::uint32_t> refusing;          ///< nodes whose ports refuse
    std::map<sim::Link, LinkShape> shapes;
};

/// Input of `nft -f -` in the hub, once: the table with its counters and an empty chain of faults.
std::string bridge_table();
/// Input of `nft -f -` in the hub: replaces the rules in one transaction; counters go on.
std::string bridge_rules(const NetworkState& state);
/// Input of `nft -f -` in a node's namespace, once, and to start or end refusing.
std::string refusal_table();
std::string refusal_rules(bool refuse);

/// Input of `ip -batch -` in the hub: makes the tap device a port that the bridge leaves alone.
std::string detour_batch();
/// Input of `nft -f -` in the hub: packets of the links that delay, duplicate or reorder go to the
/// tap device (detour.h) from the port where they come in, or from br0 if a client sends them.
std::string detour_rules(const LabPlan& plan, const NetworkState& state);

/// What each sending device must do, by destination address: e0 of a node, or br0 of the hub
/// (node 0) for all clients. Devices with nothing to do are left out.
std::map<std::uint32_t, std::map<std::string, LinkShape>> shapes_by_device(
    const NetworkState& state);
/// Input of `tc -batch -`: the queues of a device that had none. Empty for no shapes.
std::string shaping_batch(const std::string& device,
                          const std::map<std::string, LinkShape>& shapes);

/// Packets of `nft -j list counters`, by kind of fault.
std::map<std::string, std::uint64_t> parse_counters(const std::string& json);
/// Packets sent by each class of a device's shapes, by destination, of `tc -s class show`.
std::map<std::string, std::uint64_t> parse_shaped_packets(
    const std::string& text, const std::map<std::string, LinkShape>& shapes);

}  // namespace geode::jepsen
