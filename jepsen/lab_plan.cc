// SPDX-License-Identifier: Apache-2.0
#include "jepsen/lab_plan.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

namespace geode::jepsen {
namespace {

using sim::FaultKind;

constexpr std::uint32_t hub_byte = 254;
constexpr std::string_view table = "geode";
/// Of the counters' names: "bridge", which is a kind of fault, is a word of nft's own.
constexpr std::string_view counter_prefix = "fault_";

/// The kinds whose packets are dropped, each with a counter of its own, in the order of the rules.
constexpr FaultKind blocking_kinds[] = {FaultKind::partition, FaultKind::bridge, FaultKind::flap,
                                        FaultKind::one_way_partition, FaultKind::clog};

/// Class ids of shapes count from here, in the order of their addresses; written hexadecimal.
constexpr int first_class = 0x10;

/// Where a flipped bit may land: bytes of the segment behind a TCP header with timestamps.
constexpr int flip_offsets[] = {32, 44, 68};

struct Host {
    bool node = false;
    std::uint32_t number = 0;
};

Host parse_host(std::string_view name) {
    Host host;
    GEODE_ASSERT(name.size() >= 2 && (name[0] == 'n' || name[0] == 'c'));
    host.node = name[0] == 'n';
    const auto parsed = std::from_chars(name.data() + 1, name.data() + name.size(), host.number);
    GEODE_ASSERT(parsed.ec == std::errc() && host.number >= 1 && host.number <= lab_hosts_max);
    return host;
}

std::string client_host_address(std::uint32_t client) {
    return fmt::format("10.77.{}.{}", client, hub_byte);
}

std::string pair_set(const std::set<sim::Link>& links) {
    std::string text;
    for (const sim::Link& link : links) {
        const auto pair = addresses_of(link);
        if (!pair) continue;
        text += fmt::format("{}{} . {}", text.empty() ? "" : ", ", pair->source, pair->destination);
    }
    return text;
}

void append_flip_rules(const NetworkState& state, std::string& text) {
    for (const auto& [link, one_in] : state.flips) {
        const auto pair = addresses_of(link);
        if (!pair) continue;
        for (const int offset : flip_offsets) {
            // A packet too short for its rule leaves it, uncounted, when the bit is to be written.
            text += fmt::format(
                "  ip saddr {} ip daddr {} tcp flags & (syn | psh) == psh numgen random mod {} == "
                "0 "
                "@th,{},8 set @th,{},8 ^ 0x04 counter name \"fault_bit_flip\"\n",
                pair->source, pair->destination, one_in * std::ssize(flip_offsets), offset * 8,
                offset * 8);
        }
    }
}

}  // namespace

std::string node_address(std::uint32_t client, std::uint32_t node) {
    GEODE_ASSERT(client <= lab_hosts_max + 1);
    GEODE_ASSERT(node >= 1 && node <= lab_hosts_max);
    return fmt::format("10.77.{}.{}", client, node);
}

std::string namespace_batch(const LabPlan& plan) {
    std::string text;
    for (std::uint32_t node = 1; node <= plan.nodes; ++node) {
        text += fmt::format("netns add {}\n", plan.name_space(node));
    }
    return text;
}

std::string hub_batch(const LabPlan& plan) {
    std::string text =
        "link set lo up\n"
        "link add br0 type bridge stp_state 0 forward_delay 0\n"
        "link set br0 up\n";
    for (std::uint32_t client = 1; client <= plan.clients; ++client) {
        text += fmt::format("addr add {}/24 dev br0\n", client_host_address(client));
    }
    for (std::uint32_t node = 1; node <= plan.nodes; ++node) {
        text += fmt::format("link add p{} type veth peer name e0 netns {}\n", node,
                            plan.name_space(node));
        text += fmt::format("link set p{} master br0 up\n", node);
    }
    return text;
}

std::string node_batch(const LabPlan& plan, std::uint32_t node) {
    std::string text = "link set lo up\n";
    for (std::uint32_t client = 0; client <= plan.clients; ++client) {
        text += fmt::format("addr add {}/24 dev e0\n", node_address(client, node));
    }
    return text + "link set e0 up\n";
}

std::optional<AddressPair> addresses_of(const sim::Link& link) {
    const Host from = parse_host(link.from);
    const Host to = parse_host(link.to);
    if (from.node && to.node) {
        return AddressPair{node_address(0, from.number), node_address(0, to.number)};
    }
    if (from.node) {
        return AddressPair{node_address(to.number, from.number), client_host_address(to.number)};
    }
    if (to.node) {
        return AddressPair{client_host_address(from.number), node_address(from.number, to.number)};
    }
    return std::nullopt;
}

std::string bridge_table() {
    std::string text = fmt::format("table bridge {} {{\n", table);
    for (const FaultKind kind : blocking_kinds) {
        text += fmt::format(" counter fault_{} {{\n }}\n", sim::to_string(kind));
    }
    text +=
        " counter fault_hang {\n }\n counter fault_bit_flip {\n }\n counter fault_packet_loss {\n "
        "}\n chain faults {\n }\n";
    for (const char* const hook : {"input", "forward", "output"}) {
        text += fmt::format(
            " chain {0} {{\n  type filter hook {0} priority 0; policy accept;\n  jump faults\n "
            "}}\n",
            hook);
    }
    return text + "}\n";
}

std::string bridge_rules(const NetworkState& state) {
    std::string text = fmt::format(
        "flush chain bridge {0} faults\ntable bridge {0} {{\n"
        " chain faults {{\n",
        table);
    for (const FaultKind kind : blocking_kinds) {
        const auto found = state.blocked.find(kind);
        const std::string pairs = found == state.blocked.end() ? "" : pair_set(found->second);
        if (pairs.empty()) continue;
        text += fmt::format("  ip saddr . ip daddr {{ {} }} counter name \"fault_{}\" drop\n",
                            pairs, sim::to_string(kind));
    }
    for (const std::uint32_t node : state.hung) {
        text += fmt::format(
            "  ip daddr & 255.255.0.255 == {} tcp flags & (syn | ack) == syn counter name "
            "\"fault_hang\" drop\n",
            node_address(0, node));
    }
    for (const auto& [link, percent] : state.losses) {
        const auto pair = addresses_of(link);
        if (!pair) continue;
        text += fmt::format(
            "  ip saddr {} ip daddr {} numgen random mod 100 < {} counter name "
            "\"fault_packet_loss\" drop\n",
            pair->source, pair->destination, percent);
    }
    append_flip_rules(state, text);
    return text + " }\n}\n";
}

std::string refusal_table() {
    return fmt::format(
        "table ip {} {{\n counter fault_refuse {{\n }}\n chain faults {{\n }}\n chain input {{\n"
        "  type filter hook input priority 0; policy accept;\n  jump faults\n }}\n}}\n",
        table);
}

std::string refusal_rules(bool refuse) {
    std::string text = fmt::format("flush chain ip {0} faults\n", table);
    if (!refuse) return text;
    return text + fmt::format(
                      "table ip {} {{\n chain faults {{\n  tcp flags & (syn | ack) == syn counter "
                      "name \"fault_refuse\" reject with tcp reset\n }}\n}}\n",
                      table);
}

std::string detour_batch() {
    return "link set detour master br0\n"
           "link set detour type bridge_slave learning off flood off mcast_flood off bcast_flood "
           "off\n"
           "link set detour up\n";
}

std::string detour_rules(const LabPlan& plan, const NetworkState& state) {
    std::map<std::uint32_t, std::string> rules;  // by sending node; 0: the clients
    for (const auto& [link, shape] : state.shapes) {
        const auto pair = addresses_of(link);
        if (!pair || !shape.delays()) continue;
        const Host from = parse_host(link.from);
        rules[from.node ? from.number : 0] += fmt::format(
            "  ip saddr {} ip daddr {} fwd to detour\n", pair->source, pair->destination);
    }
    std::string text =
        "table netdev geode {\n}\ndelete table netdev geode\n"
        "table netdev geode {\n";
    for (std::uint32_t node = 0; node <= plan.nodes; ++node) {
        const auto found = rules.find(node);
        if (found == rules.end()) continue;
        const std::string device = node == 0 ? "br0" : fmt::format("p{}", node);
        text +=
            fmt::format(" chain {0} {{\n  type filter hook {1} device {0} priority 0;\n{2} }}\n",
                        device, node == 0 ? "egress" : "ingress", found->second);
    }
    return text + "}\n";
}

std::map<std::uint32_t, std::map<std::string, LinkShape>> shapes_by_device(
    const NetworkState& state) {
    std::map<std::uint32_t, std::map<std::string, LinkShape>> devices;
    for (const auto& [link, shape] : state.shapes) {
        const auto pair = addresses_of(link);
        if (!pair) continue;
        const Host from = parse_host(link.from);
        devices[from.node ? from.number : 0][pair->destination] = shape;
    }
    return devices;
}

std::string shaping_batch(const std::string& device,
                          const std::map<std::string, LinkShape>& shapes) {
    if (shapes.empty()) return {};
    std::string text = fmt::format(
        "qdisc add dev {0} root handle 1: htb default 1\n"
        "class add dev {0} parent 1: classid 1:1 htb rate 10gbit quantum 60000\n",
        device);
    int number = first_class;
    for (const auto& [address, shape] : shapes) {
        const std::string rate =
            shape.bytes_per_s == 0 ? "10gbit" : fmt::format("{}bps", shape.bytes_per_s);
        text += fmt::format("class add dev {} parent 1: classid 1:{:x} htb rate {} quantum 1514\n",
                            device, number, rate);
        if (shape.delays()) {
            text += fmt::format("qdisc add dev {} parent 1:{:x} handle {:x}: netem limit 100000",
                                device, number, number);
            text += fmt::format(" delay {}us", shape.delay_us);
            if (shape.duplicate_percent != 0) {
                text += fmt::format(" duplicate {}%", shape.duplicate_percent);
            }
            if (shape.reorder_percent != 0) {
                text += fmt::format(" reorder {}%", shape.reorder_percent);
            }
            text += '\n';
        }
        text += fmt::format(
            "filter add dev {} parent 1: protocol ip prio 1 u32 match ip dst {}/32 flowid 1:{:x}\n",
            device, address, number);
        ++number;
    }
    return text;
}

std::map<std::string, std::uint64_t> parse_counters(const std::string& json) {
    std::map<std::string, std::uint64_t> counters;
    const auto document = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
    if (!document.is_object() || !document.contains("nftables")) return counters;
    for (const auto& item : document["nftables"]) {
        if (!item.is_object() || !item.contains("counter")) continue;
        const auto& counter = item["counter"];
        std::string name = counter.value("name", "");
        if (name.starts_with(counter_prefix)) name.erase(0, counter_prefix.size());
        counters[name] += counter.value("packets", std::uint64_t{0});
    }
    return counters;
}

std::map<std::string, std::uint64_t> parse_shaped_packets(
    const std::string& text, const std::map<std::string, LinkShape>& shapes) {
    std::map<std::string, std::uint64_t> packets;
    std::map<std::string, std::string, std::less<>> destinations;
    int number = first_class;
    for (const auto& [address, shape] : shapes) {
        destinations[fmt::format("1:{:x}", number++)] = address;
    }
    const std::string* destination = nullptr;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        std::string_view line(text.data() + at, end - at);
        at = end + 1;
        constexpr std::string_view title = "class htb ";
        if (line.starts_with(title)) {
            line.remove_prefix(title.size());
            const auto found = destinations.find(line.substr(0, line.find(' ')));
            destination = found == destinations.end() ? nullptr : &found->second;
        }
        // " Sent 1234 bytes 12 pkt (dropped 0, overlimits 0 requeues 0)"
        const std::size_t sent = line.find(" bytes ");
        if (destination == nullptr || !line.starts_with(" Sent ") || sent == line.npos) continue;
        const std::string_view count = line.substr(sent + 7);
        std::uint64_t value = 0;
        std::from_chars(count.data(), count.data() + count.size(), value);
        packets[*destination] += value;
    }
    return packets;
}

}  // namespace geode::jepsen
