// SPDX-License-Identifier: Apache-2.0
#pragma once

// GEODE_REACHED("raft.snapshot_during_election"): marks a rare branch worth knowing about.
//
// Each use owns one counter in the linker section `geode_probes`; geode-sim reads the section and
// reports which probes a sweep reached, how often, and from which seed. Counters never influence
// behaviour, which is why this is the one writable static that the symbol test allows. They are
// relaxed atomics without a locked instruction: on several threads a count may be lost, never torn.
//
// Use it in ordinary functions only: in an inline function, a function defined inside its class or
// a template, g++ refuses to mix the section with the counters of the others.
//
// Idea: FoundationDB's CODE_PROBE (flow/include/flow/CodeProbe.h).

#include <atomic>
#include <cstdint>
#include <span>

namespace geode {

struct Probe {
    const char* name;
    const char* file;
    std::uint32_t line;
    std::atomic<std::uint64_t> hits;

    void hit() noexcept {
        hits.store(hits.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
};

/// Every probe linked into this program, in link order. A name may appear more than once.
std::span<Probe> all_probes() noexcept;

}  // namespace geode

#define GEODE_REACHED(probe_name)                                                               \
    do {                                                                                        \
        __attribute__((section("geode_probes"),                                                 \
                       used)) static constinit ::geode::Probe geode_probe{probe_name, __FILE__, \
                                                                          __LINE__, 0};         \
        geode_probe.hit();                                                                      \
    } while (false)
