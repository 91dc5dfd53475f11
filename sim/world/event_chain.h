// SPDX-License-Identifier: Apache-2.0
#pragma once

// The event-chain hash: one number that says whether two runs were the same run.
//
// Every event extends it: deliveries, timers, disk operations, scheduling choices, trace records,
// fault actions. Extending takes (kind, node, virtual time, two words of payload digest) and never
// an address, so equal seeds give equal hashes across builds and machines.
//
// An EventLog makes a mismatch useful. Run 1 records each event with the running hash; run 2 is
// compared as it goes and the first differing event is kept from both sides. That event is the
// place where nondeterminism first became visible, which is most often where it lives.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "sim/world/event_queue.h"
#include "sim/world/sim_time.h"

namespace geode::sim {

/// The kind's name.
std::string_view to_string(EventKind kind);

/// A 64-bit digest of bytes: length and CRC32C.
std::uint64_t digest(std::string_view bytes);

/// One link of the chain. `label` is a literal for people and is not hashed.
struct ChainEvent {
    EventKind kind = EventKind::call;
    NodeId node;
    SimTime at;
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    std::string_view label;

    /// "t=1.000250000 n2 trace raft.vote a=0x… b=0x…"
    std::string describe() const;
};

struct Divergence {
    std::uint64_t index = 0;  ///< of the first differing event, from 0
    std::string first;        ///< what run 1 did there; "(end of run)" if it had ended
    std::string second;       ///< what run 2 did there
};

class EventLog {
public:
    /// From now on compares with what was recorded. Call between the two runs.
    void start_comparing();
    /// Called by the chain for each event.
    void add(const ChainEvent& event, std::uint64_t hash_after);
    /// The first difference. Call after run 2 has ended, so that a shorter run counts as one.
    std::optional<Divergence> divergence() const;
    std::size_t size() const { return entries_.size(); }

private:
    struct Entry {
        ChainEvent event;
        std::uint64_t hash;
    };
    std::vector<Entry> entries_;
    std::optional<Divergence> divergence_;
    std::uint64_t compared_ = 0;
    bool comparing_ = false;
};

class EventChain {
public:
    explicit EventChain(std::uint64_t seed, EventLog* log) : hash_(seed), log_(log) {}

    void extend(const ChainEvent& event) {
        mix(static_cast<std::uint64_t>(event.at.time_since_epoch().count()));
        mix((std::uint64_t{static_cast<std::uint8_t>(event.kind)} << 32) | event.node.value());
        mix(event.a);
        mix(event.b);
        ++count_;
        if (log_ != nullptr) log_->add(event, hash_);
    }
    std::uint64_t hash() const { return hash_; }
    std::uint64_t count() const { return count_; }

private:
    void mix(std::uint64_t word) {
        hash_ = (hash_ ^ word) * 0x9fb21c651e98df25ULL;
        hash_ ^= hash_ >> 32;
    }
    std::uint64_t hash_;
    std::uint64_t count_ = 0;
    EventLog* log_;
};

}  // namespace geode::sim
