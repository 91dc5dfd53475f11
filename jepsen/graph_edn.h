// SPDX-License-Identifier: Apache-2.0
#pragma once

// Commands of the graph workload, and whole graphs, as EDN values of a history, and back.
//
//     :put-vertex     {:id 3, :labels ["Item"], :properties {"stamp" 17}}
//     :delete-vertex  {:id 3, :detach true}
//     :put-edge       {:from 3, :type "KNOWS", :to 4, :rank 0, :properties {"stamp" 18}}
//     :delete-edge    {:from 3, :type "KNOWS", :to 4, :rank 0}
//     :batch          [[:put-vertex {...}] [:put-edge {...}]]
//     :scan           {:vertices [...], :out-edges [...], :in-edges [...]}
//
// Properties are integers, as the workload writes them; any other kind, which only damage could
// bring, becomes a text that no write can have put there.

#include <string>
#include <string_view>

#include "base/result.h"
#include "graph/command.h"
#include "workloads/record/graph_log.h"

namespace geode::jepsen {

struct FunctionAndValue {
    std::string function;  ///< without the colon
    std::string value;
};

FunctionAndValue edn_of(const graph::Command& command);
std::string edn_of(const workloads::FinalGraph& graph);

/// What a history.edn of the graph workload says.
struct GraphHistory {
    workloads::GraphLog log;
    std::optional<workloads::FinalGraph> final_graph;  ///< of the last :scan that is :ok
};
/// Error: `invalid_argument` with name:line.
Result<GraphHistory> parse_graph_history(std::string_view text, std::string_view name);

}  // namespace geode::jepsen
