// SPDX-License-Identifier: Apache-2.0
#include "sim/graph_diff.h"

#include <algorithm>

namespace geode::sim {
namespace {

const graph::EdgeKey& key_of(const graph::Edge& edge) {
    return edge.key;
}
VertexId key_of(const graph::Vertex& vertex) {
    return vertex.id;
}

std::string name_of(const graph::Vertex& vertex) {
    return "vertex " + std::to_string(vertex.id.value());
}
std::string name_of(const graph::Edge& edge) {
    return "edge " + graph::to_text(edge.key);
}

std::string contents(const graph::Vertex& vertex) {
    std::string text;
    for (const std::string& label : vertex.labels) text.append(":").append(label);
    return text.append(" ").append(graph::to_text(vertex.properties));
}
std::string contents(const graph::Edge& edge) {
    return graph::to_text(edge.properties);
}

template <class Element>
std::optional<std::string> difference(std::vector<Element>& left, std::vector<Element>& right,
                                      DiffNames names, bool keys_only) {
    const auto by_key = [](const Element& one, const Element& other) {
        return key_of(one) < key_of(other);
    };
    std::sort(left.begin(), left.end(), by_key);
    std::sort(right.begin(), right.end(), by_key);
    const auto only_in = [](const Element& element, std::string_view side) {
        return name_of(element).append(" is in ").append(side).append(" only");
    };
    for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
        if (i == right.size()) return only_in(left[i], names.left);
        if (i == left.size()) return only_in(right[i], names.right);
        if (by_key(left[i], right[i])) return only_in(left[i], names.left);
        if (by_key(right[i], left[i])) return only_in(right[i], names.right);
        if (keys_only || left[i] == right[i]) continue;
        std::string text = name_of(left[i]).append(" differs: ").append(contents(left[i]));
        text.append(" in ").append(names.left).append(", ").append(contents(right[i]));
        return text.append(" in ").append(names.right);
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> first_difference(std::vector<graph::Vertex> left,
                                            std::vector<graph::Vertex> right, DiffNames names) {
    return difference(left, right, names, false);
}

std::optional<std::string> first_difference(std::vector<graph::Edge> left,
                                            std::vector<graph::Edge> right, DiffNames names) {
    return difference(left, right, names, false);
}

std::optional<std::string> first_key_difference(std::vector<graph::Edge> left,
                                                std::vector<graph::Edge> right, DiffNames names) {
    return difference(left, right, names, true);
}

}  // namespace geode::sim
