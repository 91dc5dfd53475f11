// SPDX-License-Identifier: Apache-2.0
#include "cli/graph_files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "graph/csv_load.h"

namespace geode::cli {
namespace {

constexpr std::string_view nodes_suffix = "nodes.csv";
constexpr std::string_view edges_suffix = "edges.csv";

/// The "x-" of every pair in the directory; "" for plain nodes.csv and edges.csv.
Result<std::set<std::string>> find_pairs(const std::string& directory) {
    std::set<std::string> names;
    std::error_code failure;
    for (const auto& entry : std::filesystem::directory_iterator(directory, failure)) {
        names.insert(entry.path().filename().string());
    }
    if (failure) return make_error(ErrorCode::not_found, directory + ": " + failure.message());
    std::set<std::string> pairs;
    for (const std::string& name : names) {
        if (!name.ends_with(nodes_suffix)) continue;
        const std::string prefix = name.substr(0, name.size() - nodes_suffix.size());
        if (names.contains(prefix + std::string(edges_suffix))) pairs.insert(prefix);
    }
    return pairs;
}

Result<std::string> choose_pair(const std::string& directory, const std::string& prefix) {
    GEODE_TRY(const std::set<std::string> pairs, find_pairs(directory));
    if (!prefix.empty()) {
        if (pairs.contains(prefix)) return prefix;
        if (pairs.contains(prefix + "-")) return prefix + "-";
        return make_error(ErrorCode::not_found,
                          directory + " has no " + prefix + "-nodes.csv with its edges");
    }
    if (pairs.contains("")) return std::string();
    if (pairs.size() == 1) return *pairs.begin();
    if (pairs.empty()) {
        return make_error(ErrorCode::not_found,
                          directory + " has no *nodes.csv with an *edges.csv beside it");
    }
    // data/air-routes holds air-routes-latest-nodes.csv and another graph's: its own comes first.
    const std::string own = std::filesystem::path(directory + "/.").parent_path().filename();
    std::vector<std::string> own_pairs;
    std::copy_if(pairs.begin(), pairs.end(), std::back_inserter(own_pairs),
                 [&](const std::string& pair) { return pair.starts_with(own); });
    if (own_pairs.size() == 1) return own_pairs.front();
    std::string list;
    for (const std::string& pair : pairs) list += (list.empty() ? "" : ", ") + pair + "nodes.csv";
    return make_error(ErrorCode::invalid_argument,
                      directory + " has several graphs (" + list + "): choose one by its prefix");
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return make_error(ErrorCode::not_found, "cannot read " + path);
    std::ostringstream text;
    text << file.rdbuf();
    if (file.bad()) return make_error(ErrorCode::io_error, "cannot read " + path);
    return text.str();
}

Result<GraphFiles> read_graph_files(const std::string& directory, const std::string& prefix) {
    GEODE_TRY(const std::string pair, choose_pair(directory, prefix));
    const std::string nodes_path = directory + "/" + pair + std::string(nodes_suffix);
    const std::string edges_path = directory + "/" + pair + std::string(edges_suffix);
    GEODE_TRY(const std::string nodes_text, read_file(nodes_path));
    GEODE_TRY(const std::string edges_text, read_file(edges_path));
    GEODE_TRY(graph::CsvVertices nodes, graph::parse_vertices(nodes_text, nodes_path));
    GEODE_TRY(std::vector<graph::Edge> edges,
              graph::parse_edges(edges_text, edges_path, nodes.names));
    return GraphFiles{std::move(nodes.vertices), std::move(edges)};
}

}  // namespace geode::cli
