// SPDX-License-Identifier: Apache-2.0
#include "graph/command.h"

#include "graph/limits.h"
#include "graph/record.h"

namespace geode::graph {
namespace {

using Complaint = std::optional<std::string>;

std::string over(std::string what, std::uint64_t found, std::uint64_t most) {
    return what + ": " + std::to_string(found) + ", at most " + std::to_string(most);
}

Complaint find_invalid_name(const char* what, std::string_view name) {
    if (name.empty()) return std::string("empty ") + what;
    if (name.size() > name_bytes_max) {
        return over(std::string(what) + " bytes", name.size(), name_bytes_max);
    }
    return std::nullopt;
}

Complaint find_invalid_value(const Value& value, std::uint32_t depth = 0) {
    if (value.kind() == ValueKind::string && value.string().size() > string_bytes_max) {
        return over("bytes of a string", value.string().size(), string_bytes_max);
    }
    if (value.kind() != ValueKind::list) return std::nullopt;
    if (depth == list_depth_max) {
        return "lists nested deeper than " + std::to_string(list_depth_max);
    }
    if (value.list().size() > list_elements_max) {
        return over("elements of a list", value.list().size(), list_elements_max);
    }
    for (const Value& element : value.list()) {
        if (Complaint complaint = find_invalid_value(element, depth + 1)) return complaint;
    }
    return std::nullopt;
}

Complaint find_invalid_properties(const Properties& properties) {
    if (properties.size() > properties_max) {
        return over("properties", properties.size(), properties_max);
    }
    for (const auto& [name, value] : properties) {
        if (Complaint complaint = find_invalid_name("property name", name)) return complaint;
        if (value.is_null()) return "property " + name + " is null; leave it out";
        if (Complaint complaint = find_invalid_value(value)) {
            return "property " + name + ": " + *complaint;
        }
    }
    return std::nullopt;
}

template <class Element>
Complaint find_oversized(const Element& element) {
    const std::uint64_t size = encoded_bytes(element);
    if (size <= record_bytes_max) return std::nullopt;
    return over("bytes of the record", size, record_bytes_max);
}

Complaint find_invalid_in(const PutVertex& put) {
    return find_invalid(put.vertex);
}
Complaint find_invalid_in(const DeleteVertex&) {
    return std::nullopt;
}
Complaint find_invalid_in(const PutEdge& put) {
    if (Complaint complaint = find_invalid_name("edge type", put.edge.key.type)) return complaint;
    if (Complaint complaint = find_invalid_properties(put.edge.properties)) return complaint;
    return find_oversized(put.edge);
}
Complaint find_invalid_in(const DeleteEdge& remove) {
    return find_invalid_name("edge type", remove.key.type);
}
Complaint find_invalid_in(const CompareAndSet& cas) {
    if (Complaint complaint = find_invalid_name("property name", cas.property)) return complaint;
    if (Complaint complaint = find_invalid_value(cas.expected)) return "expected: " + *complaint;
    if (Complaint complaint = find_invalid_value(cas.desired)) return "desired: " + *complaint;
    return std::nullopt;
}

std::uint64_t record_bytes(const SingleCommand& command) {
    if (const auto* put = std::get_if<PutVertex>(&command)) return encoded_bytes(put->vertex);
    if (const auto* put = std::get_if<PutEdge>(&command)) return encoded_bytes(put->edge);
    if (const auto* cas = std::get_if<CompareAndSet>(&command)) return encoded_bytes(cas->desired);
    return 0;
}

Complaint find_invalid_in(const Batch& batch) {
    if (batch.commands.size() > batch_commands_max) {
        return over("commands in a batch", batch.commands.size(), batch_commands_max);
    }
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < batch.commands.size(); ++i) {
        const Complaint complaint = std::visit(
            [](const auto& command) { return find_invalid_in(command); }, batch.commands[i]);
        if (complaint) return "command " + std::to_string(i + 1) + ": " + *complaint;
        bytes += record_bytes(batch.commands[i]);
    }
    if (bytes > batch_bytes_max) return over("bytes of a batch", bytes, batch_bytes_max);
    return std::nullopt;
}

}  // namespace

std::string_view to_string(OutcomeCode code) noexcept {
    switch (code) {
        case OutcomeCode::ok: return "ok";
        case OutcomeCode::not_found: return "not_found";
        case OutcomeCode::conflict: return "conflict";
        case OutcomeCode::invalid: return "invalid";
    }
    return "?";
}

std::optional<std::string> find_invalid(const Vertex& vertex) {
    if (vertex.labels.size() > labels_max) {
        return over("labels", vertex.labels.size(), labels_max);
    }
    for (const std::string& label : vertex.labels) {
        if (Complaint complaint = find_invalid_name("label", label)) return complaint;
    }
    if (Complaint complaint = find_invalid_properties(vertex.properties)) return complaint;
    return find_oversized(vertex);
}

std::optional<std::string> find_invalid(const Command& command) {
    return std::visit([](const auto& each) { return find_invalid_in(each); }, command);
}

}  // namespace geode::graph
