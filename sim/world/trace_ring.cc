// SPDX-License-Identifier: Apache-2.0
#include "sim/world/trace_ring.h"

#include <array>
#include <cstdio>

#include "base/assert.h"
#include "base/hash_map.h"
#include "sim/world/event_chain.h"

namespace geode::sim {

void TraceRecord::assign(SimTime when, NodeId whose, std::string_view what,
                         std::span<const TraceField> values) {
    at = when;
    node = whose;
    name = what;
    fields_.clear();
    text_.clear();
    for (const TraceField& field : values) {
        if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
            fields_.push_back(Field{field.key, *number});
        } else if (const auto* count = std::get_if<std::uint64_t>(&field.value)) {
            fields_.push_back(Field{field.key, *count});
        } else {
            const std::string_view value = std::get<std::string_view>(field.value);
            fields_.push_back(Field{field.key, Slice{text_.size(), value.size()}});
            text_.append(value);
        }
    }
}

std::vector<TraceField> TraceRecord::fields() const {
    std::vector<TraceField> views;
    views.reserve(fields_.size());
    for (const Field& field : fields_) {
        if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
            views.emplace_back(field.key, *number);
        } else if (const auto* count = std::get_if<std::uint64_t>(&field.value)) {
            views.emplace_back(field.key, *count);
        } else {
            const Slice slice = std::get<Slice>(field.value);
            views.emplace_back(field.key, std::string_view(text_).substr(slice.offset, slice.size));
        }
    }
    return views;
}

std::string TraceRecord::to_line() const {
    const std::int64_t ns = at.time_since_epoch().count();
    std::array<char, 64> stamp{};
    std::snprintf(stamp.data(), stamp.size(), "%lld.%09lld n%u ",
                  static_cast<long long>(ns / 1'000'000'000),
                  static_cast<long long>(ns % 1'000'000'000), node.value());
    std::string line(stamp.data());
    line.append(name);
    for (const TraceField& field : fields()) {
        line.append(" ").append(field.key).append("=");
        std::visit(
            [&line](const auto& value) {
                if constexpr (std::is_integral_v<std::remove_cvref_t<decltype(value)>>) {
                    line.append(std::to_string(value));
                } else {
                    line.append(value);
                }
            },
            field.value);
    }
    return line;
}

TraceRing::TraceRing(std::size_t capacity) : slots_(capacity) {
    GEODE_ASSERT(capacity >= 1);
}

const TraceRecord& TraceRing::add(SimTime at, NodeId node, std::string_view name,
                                  std::span<const TraceField> fields) {
    TraceRecord& record = slots_[total_++ % slots_.size()];
    record.assign(at, node, name, fields);
    return record;
}

std::vector<const TraceRecord*> TraceRing::tail() const {
    std::vector<const TraceRecord*> records;
    const std::uint64_t count = total_ < slots_.size() ? total_ : slots_.size();
    for (std::uint64_t i = total_ - count; i < total_; ++i) {
        records.push_back(&slots_[i % slots_.size()]);
    }
    return records;
}

std::uint64_t digest(std::string_view name, std::span<const TraceField> fields) {
    std::uint64_t hash = digest(name);
    for (const TraceField& field : fields) {
        hash = mix_hash(digest(field.key), hash);
        std::uint64_t value = 0;
        if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
            value = static_cast<std::uint64_t>(*number);
        } else if (const auto* count = std::get_if<std::uint64_t>(&field.value)) {
            value = *count;
        } else {
            value = digest(std::get<std::string_view>(field.value));
        }
        hash = mix_hash(value, hash);
    }
    return hash;
}

}  // namespace geode::sim
