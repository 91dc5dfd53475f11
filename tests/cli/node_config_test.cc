// SPDX-License-Identifier: Apache-2.0
#include "cli/node_config.h"

#include <catch2/catch.hpp>

using namespace geode;
using namespace geode::cli;

namespace {

constexpr const char* three_nodes = R"(
server:
  listen: 0.0.0.0:3141
cluster:
  name: social
  node_id: 2
  election_timeout_ms: 300-600
  heartbeat_interval_ms: 100
  members:
    - {id: 1, cluster: "n1:3142", client: "n1:3141"}
    - {id: 2, cluster: "n2:3142", client: "n2:3141"}
    - {id: 3, cluster: "n3:3142"}
storage:
  data_dir: /tmp/n2
logging:
  level: off
)";

std::string failure(const std::string& text) {
    NodeConfig config;
    const Result<void> parsed = parse_node_config(text, "node.yaml", config);
    return parsed ? "" : parsed.error().message;
}

}  // namespace

TEST_CASE("node config: a file of three nodes is read whole", "[fast]") {
    NodeConfig config;
    REQUIRE(parse_node_config(three_nodes, "node.yaml", config).has_value());
    CHECK(config.options.self == NodeId(2));
    CHECK(config.options.cluster == "social");
    CHECK(config.options.members.size() == 3);
    CHECK(config.options.members.at(NodeId(3)).client == Address{"n3", 3141});
    CHECK(config.options.election_timeout_min == milliseconds(300));
    CHECK(config.options.election_timeout_max == milliseconds(600));
    CHECK(config.options.heartbeat_interval == milliseconds(100));
    CHECK(config.data_dir == "/tmp/n2");
    CHECK(config.log_level == "off");
}

TEST_CASE("node config: what is printed parses to the same", "[fast]") {
    NodeConfig config;
    REQUIRE(parse_node_config(three_nodes, "node.yaml", config).has_value());
    const std::string printed = print_node_config(config);
    NodeConfig again;
    REQUIRE(parse_node_config(printed, "printed", again).has_value());
    CHECK(print_node_config(again) == printed);
}

TEST_CASE("node config: mistakes are named with file, line and what was expected", "[fast]") {
    CHECK(failure("cluster:\n  node_idd: 1\n").find("node.yaml:2: unknown key \"node_idd\"") == 0);
    CHECK(failure("cluster:\n  node_id: zero\n").find("node.yaml:2:") == 0);
    CHECK(failure("server:\n  listen: nowhere\n").find("expected host:port") != std::string::npos);
    CHECK(
        failure("cluster:\n  members:\n    - {id: 1, cluster: a:1}\n    - {id: 1, cluster: b:1}\n")
            .find("member 1 appears twice") != std::string::npos);
    CHECK(failure("cluster: [1, 2]\n").find("must be a map") != std::string::npos);
    CHECK(failure("a: b: c\n").find("node.yaml:1:") == 0);
    CHECK(failure("cluster:\n  election_timeout_ms: 300-200\n").find("from 300 to") !=
          std::string::npos);
}

TEST_CASE("node config: flags win, a node alone is a cluster of one", "[fast]") {
    NodeFlags flags;
    flags.node_id = 7;
    flags.data_dir = "/tmp/n7";
    const Result<NodeConfig> alone = load_node_config(flags);
    REQUIRE(alone.has_value());
    CHECK(alone->options.members.size() == 1);
    flags.members = {"8=a:1,a:2"};
    CHECK(load_node_config(flags).error().message.find("node 7 is not among the 1") == 0);
    flags.members = {"7=a:1"};
    CHECK(load_node_config(flags).error().message.find("--member") == 0);
    flags.members.clear();
    flags.heartbeat_interval_ms = 100;
    CHECK(load_node_config(flags).error().message.find("two heartbeats") != std::string::npos);
}
