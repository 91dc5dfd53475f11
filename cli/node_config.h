// SPDX-License-Identifier: Apache-2.0
#pragma once

// geode-node's configuration: one YAML file, overridden by environment and flags.
//
// Precedence: flag, then GEODE_NODE_ID, then file, then default. Unknown keys are errors, not
// ignored (CF-05): a typing mistake must not silently run with a default. Every message names
// file:line and what was expected. docs/configuration.md lists the keys.

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "node/node.h"

namespace geode::cli {

struct NodeConfig {
    node::NodeOptions options;
    std::string data_dir = "/var/lib/geode/data";
    std::string log_level = "info";  ///< info: events as lines on stderr; off
};

/// What the command line gave; empty means "not given".
struct NodeFlags {
    std::string config_file;
    std::optional<std::uint32_t> node_id;
    std::string cluster_name;
    std::string data_dir;
    std::string listen;
    std::string cluster_listen;
    std::vector<std::string> members;  ///< "1=host:3142,host:3141"
    std::string election_timeout_ms;   ///< "150-300"
    std::optional<std::uint32_t> heartbeat_interval_ms;
    std::string log_level;
};

/// Parses a configuration text into `config`; `name` is used in messages.
/// Error: `invalid_argument`.
Result<void> parse_node_config(const std::string& text, const std::string& name,
                               NodeConfig& config);

/// File, environment and flags together, checked as a whole.
Result<NodeConfig> load_node_config(const NodeFlags& flags);

/// The normalised configuration as YAML that parses to itself.
std::string print_node_config(const NodeConfig& config);

}  // namespace geode::cli
