// SPDX-License-Identifier: Apache-2.0
#pragma once

// LeaderWatch: who leads, from the lines that the nodes log.
//
// Asking the nodes over the network would cost a quorum of round trips each time and see nothing
// through a partition; a log line is written the moment a node changes its role. Reading what was
// appended since the last look costs one system call per node.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace geode::jepsen {

/// One line " n2 raft.role role=leader term=5" of a log, or nothing for any other.
struct RoleLine {
    bool leads = false;
    std::uint64_t term = 0;
};
std::optional<RoleLine> parse_role_line(std::string_view line);

class LeaderWatch {
public:
    /// The nodes' log files, of node 1 and up. They need not exist yet.
    explicit LeaderWatch(std::vector<std::string> log_files) : files_(std::move(log_files)) {}

    /// Reads what is new. True if somebody has become leader in a term that had none so far.
    bool poll();
    /// The process of the node has ended, and with it its role.
    void forget(std::uint32_t node) { leads_.erase(node); }
    /// The node that leads in the highest term, of those that say so.
    std::optional<std::uint32_t> leader() const;
    /// Terms that had a leader.
    std::size_t elections() const { return terms_.size(); }

private:
    bool take_lines(std::uint32_t node, std::string& text);

    std::vector<std::string> files_;
    std::map<std::uint32_t, std::int64_t> read_to_;    ///< offset by node
    std::map<std::uint32_t, std::string> unfinished_;  ///< the beginning of a line, by node
    std::map<std::uint32_t, std::uint64_t> leads_;     ///< node -> term
    std::set<std::uint64_t> terms_;
};

}  // namespace geode::jepsen
