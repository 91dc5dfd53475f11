// SPDX-License-Identifier: Apache-2.0
#pragma once

// The last trace records of a run, for the report, and a sink that sees all of them.
//
// Slots are reused, so recording allocates nothing in steady state. Names and keys are literals
// (runtime/trace.h) and kept as views; string values are copied into the slot.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "runtime/trace.h"
#include "sim/world/sim_time.h"

namespace geode::sim {

/// One trace record, with the node and the virtual time that the simulator stamped on it.
class TraceRecord {
public:
    SimTime at;
    NodeId node;
    std::string_view name;

    /// The fields; string values live as long as this record stays as it is.
    std::vector<TraceField> fields() const;
    /// "1.000250000 n2 raft.vote term=3 from=n1"
    std::string to_line() const;
    void assign(SimTime when, NodeId whose, std::string_view what,
                std::span<const TraceField> values);

private:
    struct Slice {
        std::size_t offset;
        std::size_t size;
    };
    struct Field {
        std::string_view key;
        std::variant<std::int64_t, std::uint64_t, Slice> value;
    };
    std::vector<Field> fields_;
    std::string text_;
};

class TraceRing {
public:
    /// Keeps the last `capacity >= 1` records.
    explicit TraceRing(std::size_t capacity);
    const TraceRecord& add(SimTime at, NodeId node, std::string_view name,
                           std::span<const TraceField> fields);
    /// The kept records, oldest first.
    std::vector<const TraceRecord*> tail() const;
    std::uint64_t total() const { return total_; }

private:
    std::vector<TraceRecord> slots_;
    std::uint64_t total_ = 0;
};

/// A digest of name and fields, for the event chain.
std::uint64_t digest(std::string_view name, std::span<const TraceField> fields);

}  // namespace geode::sim
