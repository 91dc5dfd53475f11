// SPDX-License-Identifier: Apache-2.0
#pragma once

// Trace: named events with typed fields, stamped by the World with node and time.
//
// No pointers, no wall time, no prose: the simulator hashes every event, keeps the last ones in a
// ring for the report, and writes them with --trace; production turns them into log lines. Names
// are "<module>.<event>" in snake_case literals; keys are literals too.

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <variant>

namespace geode {

struct TraceField {
    std::string_view key;
    std::variant<std::int64_t, std::uint64_t, std::string_view> value;

    TraceField(std::string_view k, std::signed_integral auto v)
        : key(k), value(static_cast<std::int64_t>(v)) {}
    TraceField(std::string_view k, std::unsigned_integral auto v)
        : key(k), value(static_cast<std::uint64_t>(v)) {}
    TraceField(std::string_view k, std::string_view v) : key(k), value(v) {}
    TraceField(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
};

class Trace {
public:
    virtual ~Trace() = default;
    /// Records one event now. Views are copied. Never suspends.
    virtual void record(std::string_view name, std::span<const TraceField> fields) = 0;

    void event(std::string_view name, std::initializer_list<TraceField> fields = {}) {
        record(name, std::span<const TraceField>(fields.begin(), fields.size()));
    }
};

}  // namespace geode
