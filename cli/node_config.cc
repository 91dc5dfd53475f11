// SPDX-License-Identifier: Apache-2.0
#include "cli/node_config.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

namespace geode::cli {
namespace {

using Handler = std::function<Result<void>(const YAML::Node&)>;
using Section = std::map<std::string, Handler>;

constexpr std::uint16_t client_port_default = 3141;
constexpr std::uint16_t cluster_port_default = 3142;

Error invalid(std::string message) {
    return make_error(ErrorCode::invalid_argument, std::move(message));
}

Result<std::uint64_t> parse_number(std::string_view text, std::string_view what, std::uint64_t low,
                                   std::uint64_t high) {
    std::uint64_t value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc{} || end != text.data() + text.size() || value < low || value > high) {
        return invalid(fmt::format("{} is \"{}\"; expected a whole number from {} to {}", what,
                                   text, low, high));
    }
    return value;
}

/// "150-300", or "300" for 300-450 as CF-01 reads a single number.
Result<void> parse_election_timeout(std::string_view text, node::NodeOptions& options) {
    const std::size_t dash = text.find('-');
    const std::string_view what = "election_timeout_ms";
    GEODE_TRY(const std::uint64_t low, parse_number(text.substr(0, dash), what, 1, 600'000));
    std::uint64_t high = low + low / 2;
    if (dash != std::string_view::npos) {
        GEODE_TRY(high, parse_number(text.substr(dash + 1), what, low, 600'000));
    }
    options.election_timeout_min = milliseconds(static_cast<std::int64_t>(low));
    options.election_timeout_max = milliseconds(static_cast<std::int64_t>(high));
    return {};
}

class Reader {
public:
    explicit Reader(std::string name) : name_(std::move(name)) {}

    Error at(const YAML::Node& node, const std::string& message) const {
        return invalid(fmt::format("{}:{}: {}", name_, node.Mark().line + 1, message));
    }

    Result<void> section(const YAML::Node& node, const std::string& path,
                         const Section& handlers) const {
        if (!node.IsMap()) return at(node, path + " must be a map of keys");
        for (const auto& item : node) {
            const auto key = item.first.as<std::string>();
            const auto handler = handlers.find(key);
            if (handler == handlers.end()) {
                std::string known;
                for (const auto& [name, unused] : handlers) {
                    known += (known.empty() ? "" : ", ") + name;
                }
                return at(item.first, fmt::format("unknown key \"{}\" in {}; expected one of {}",
                                                  key, path, known));
            }
            const Result<void> handled = handler->second(item.second);
            if (!handled) {
                const std::string& text = handled.error().message;
                if (text.rfind(name_ + ":", 0) == 0) return handled.error();
                return at(item.second, text);
            }
        }
        return {};
    }

    Result<std::string> text(const YAML::Node& node) const {
        if (!node.IsScalar()) return at(node, "expected one value, not a list or map");
        return node.Scalar();
    }

    Handler address(Address& target) const {
        return [this, &target](const YAML::Node& node) -> Result<void> {
            GEODE_TRY(const std::string value, text(node));
            GEODE_TRY(target, parse_address(value));
            return {};
        };
    }
    Handler string(std::string& target) const {
        return [this, &target](const YAML::Node& node) -> Result<void> {
            GEODE_TRY(target, text(node));
            return {};
        };
    }
    template <class Integer>
    Handler number(Integer& target, std::string what, std::uint64_t low, std::uint64_t high) const {
        return [this, &target, what, low, high](const YAML::Node& node) -> Result<void> {
            GEODE_TRY(const std::string value, text(node));
            GEODE_TRY(const std::uint64_t parsed, parse_number(value, what, low, high));
            target = static_cast<Integer>(parsed);
            return {};
        };
    }

private:
    std::string name_;
};

Result<void> read_member(const Reader& reader, const YAML::Node& node, node::NodeOptions& options) {
    std::uint32_t id = 0;
    node::Member member;
    GEODE_TRY_VOID(reader.section(node, "cluster.members entry",
                                  {{"id", reader.number(id, "id", 1, UINT32_MAX)},
                                   {"cluster", reader.address(member.cluster)},
                                   {"client", reader.address(member.client)}}));
    if (id == 0) return reader.at(node, "a member needs an id");
    if (member.cluster.host.empty()) return reader.at(node, "a member needs a cluster address");
    if (member.client.host.empty()) {
        member.client = Address{member.cluster.host, client_port_default};
    }
    if (!options.members.emplace(NodeId(id), member).second) {
        return reader.at(node, fmt::format("member {} appears twice", id));
    }
    return {};
}

Section cluster_section(const Reader& reader, NodeConfig& config, std::uint32_t& node_id) {
    node::NodeOptions& options = config.options;
    return {
        {"name", reader.string(options.cluster)},
        {"node_id", reader.number(node_id, "node_id", 1, UINT32_MAX)},
        {"listen", reader.address(options.listen_cluster)},
        {"election_timeout_ms",
         [&](const YAML::Node& node) -> Result<void> {
             GEODE_TRY(const std::string value, reader.text(node));
             return parse_election_timeout(value, options);
         }},
        {"heartbeat_interval_ms",
         [&](const YAML::Node& node) -> Result<void> {
             std::uint32_t value = 0;
             GEODE_TRY_VOID(reader.number(value, "heartbeat_interval_ms", 1, 60'000)(node));
             options.heartbeat_interval = milliseconds(value);
             return {};
         }},
        {"max_entries_per_request",
         reader.number(options.append_entries_max, "max_entries_per_request", 1, 100'000)},
        {"snapshot_threshold",
         reader.number(options.compact_entries, "snapshot_threshold", 1, UINT32_MAX)},
        {"members",
         [&](const YAML::Node& node) -> Result<void> {
             if (!node.IsSequence()) return reader.at(node, "cluster.members must be a list");
             for (const auto& item : node) GEODE_TRY_VOID(read_member(reader, item, options));
             return {};
         }},
    };
}

Result<void> add_member_flag(const std::string& text, node::NodeOptions& options) {
    const auto bad = [&] {
        return invalid("--member \"" + text + "\"; expected ID=CLUSTER_HOST:PORT,CLIENT_HOST:PORT");
    };
    const std::size_t equals = text.find('=');
    const std::size_t comma = text.find(',');
    if (equals == std::string::npos || comma == std::string::npos || comma < equals) return bad();
    const auto id = parse_number(text.substr(0, equals), "--member id", 1, UINT32_MAX);
    const auto cluster = parse_address(text.substr(equals + 1, comma - equals - 1));
    const auto client = parse_address(text.substr(comma + 1));
    if (!id || !cluster || !client) return bad();
    options.members[NodeId(static_cast<std::uint32_t>(*id))] = {*cluster, *client};
    return {};
}

Result<void> apply_flags(const NodeFlags& flags, NodeConfig& config) {
    node::NodeOptions& options = config.options;
    if (!flags.cluster_name.empty()) options.cluster = flags.cluster_name;
    if (!flags.data_dir.empty()) config.data_dir = flags.data_dir;
    if (!flags.log_level.empty()) config.log_level = flags.log_level;
    if (!flags.listen.empty()) {
        GEODE_TRY(options.listen_client, parse_address(flags.listen));
    }
    if (!flags.cluster_listen.empty()) {
        GEODE_TRY(options.listen_cluster, parse_address(flags.cluster_listen));
    }
    if (!flags.members.empty()) options.members.clear();
    for (const std::string& member : flags.members) {
        GEODE_TRY_VOID(add_member_flag(member, options));
    }
    if (!flags.election_timeout_ms.empty()) {
        GEODE_TRY_VOID(parse_election_timeout(flags.election_timeout_ms, options));
    }
    if (flags.heartbeat_interval_ms) {
        options.heartbeat_interval = milliseconds(*flags.heartbeat_interval_ms);
    }
    return {};
}

Result<void> check(const NodeConfig& config) {
    const node::NodeOptions& options = config.options;
    if (options.self.is_none()) {
        return invalid("no node id: set cluster.node_id, GEODE_NODE_ID or --node-id");
    }
    if (!options.members.contains(options.self)) {
        return invalid(fmt::format("node {} is not among the {} cluster members",
                                   options.self.value(), options.members.size()));
    }
    if (options.election_timeout_min < 2 * options.heartbeat_interval) {
        return invalid(fmt::format(
            "election timeout of {} ms is below two heartbeats of {} ms: every lost heartbeat "
            "would start an election",
            options.election_timeout_min / milliseconds(1),
            options.heartbeat_interval / milliseconds(1)));
    }
    if (config.data_dir.empty()) return invalid("no data directory: set storage.data_dir");
    if (config.log_level != "info" && config.log_level != "off") {
        return invalid("logging.level is \"" + config.log_level + "\"; expected info or off");
    }
    return {};
}

}  // namespace

Result<void> parse_node_config(const std::string& text, const std::string& name,
                               NodeConfig& config) {
    const Reader reader(name);
    std::uint32_t node_id = config.options.self.value();
    try {
        const YAML::Node root = YAML::Load(text);
        if (root.IsNull()) return {};
        const auto nested = [&](const std::string& path, Section section) -> Handler {
            return [&reader, path, section = std::move(section)](const YAML::Node& node) {
                return reader.section(node, path, section);
            };
        };
        GEODE_TRY_VOID(reader.section(
            root, "the configuration",
            {{"server",
              nested("server", {{"listen", reader.address(config.options.listen_client)},
                                {"max_connections", reader.number(config.options.clients_max,
                                                                  "max_connections", 1, 100'000)},
                                {"max_requests", reader.number(config.options.requests_max,
                                                               "max_requests", 1, 1'000'000)}})},
             {"cluster", nested("cluster", cluster_section(reader, config, node_id))},
             {"storage", nested("storage", {{"data_dir", reader.string(config.data_dir)}})},
             {"logging", nested("logging", {{"level", reader.string(config.log_level)}})}}));
    } catch (const YAML::Exception& error) {
        return invalid(fmt::format("{}:{}: {}", name, error.mark.line + 1, error.msg));
    }
    config.options.self = NodeId(node_id);
    return {};
}

Result<NodeConfig> load_node_config(const NodeFlags& flags) {
    NodeConfig config;
    if (!flags.config_file.empty()) {
        std::ifstream file(flags.config_file);
        if (!file) return invalid("cannot read the configuration file " + flags.config_file);
        std::ostringstream text;
        text << file.rdbuf();
        GEODE_TRY_VOID(parse_node_config(text.str(), flags.config_file, config));
    }
    if (const char* id = std::getenv("GEODE_NODE_ID")) {
        GEODE_TRY(const std::uint64_t parsed, parse_number(id, "GEODE_NODE_ID", 1, UINT32_MAX));
        config.options.self = NodeId(static_cast<std::uint32_t>(parsed));
    }
    if (flags.node_id) config.options.self = NodeId(*flags.node_id);
    GEODE_TRY_VOID(apply_flags(flags, config));
    // One node without a member list is a cluster of one.
    if (config.options.members.empty() && !config.options.self.is_none()) {
        const auto or_default = [](const Address& address, std::uint16_t port) {
            return address.host.empty() ? Address{"127.0.0.1", port} : address;
        };
        config.options.members[config.options.self] = {
            or_default(config.options.listen_cluster, cluster_port_default),
            or_default(config.options.listen_client, client_port_default)};
    }
    GEODE_TRY_VOID(check(config));
    return config;
}

std::string print_node_config(const NodeConfig& config) {
    const node::NodeOptions& options = config.options;
    const node::Member& self = options.members.at(options.self);
    const auto or_member = [](const Address& listen, const Address& member) {
        return (listen.host.empty() ? member : listen).to_string();
    };
    std::string text = fmt::format(
        "server:\n  listen: {}\n  max_connections: {}\n  max_requests: {}\ncluster:\n  name: {}\n  "
        "node_id: {}\n"
        "  listen: {}\n  election_timeout_ms: {}-{}\n  heartbeat_interval_ms: {}\n"
        "  max_entries_per_request: {}\n  snapshot_threshold: {}\n  members:\n",
        or_member(options.listen_client, self.client), options.clients_max, options.requests_max,
        options.cluster, options.self.value(), or_member(options.listen_cluster, self.cluster),
        options.election_timeout_min / milliseconds(1),
        options.election_timeout_max / milliseconds(1),
        options.heartbeat_interval / milliseconds(1), options.append_entries_max,
        options.compact_entries);
    for (const auto& [id, member] : options.members) {
        text += fmt::format("    - {{id: {}, cluster: \"{}\", client: \"{}\"}}\n", id.value(),
                            member.cluster.to_string(), member.client.to_string());
    }
    text += fmt::format("storage:\n  data_dir: {}\nlogging:\n  level: {}\n", config.data_dir,
                        config.log_level);
    return text;
}

}  // namespace geode::cli
