// SPDX-License-Identifier: Apache-2.0
#pragma once

// Detour: delay, duplication and reordering of packets where the kernel has no netem.
//
// Rules on the bridge's ports forward a link's packets to a tap device instead of the bridge; a
// thread reads them there, keeps each for as long as it shall take, and writes it back, which is
// the tap's end of a bridge port: from there the packet goes on as if it had just come. Links
// without such a fault never leave the kernel. Learning and flooding are off on that port, so the
// bridge sends nothing there by itself.
//
// One thread. Packets of one link that wait equally long keep their order.

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "jepsen/lab_plan.h"

namespace geode::jepsen {

inline constexpr const char* detour_device = "detour";

struct DetourCounts {
    std::uint64_t delayed = 0;
    std::uint64_t duplicated = 0;
    std::uint64_t reordered = 0;
};

class Detour {
public:
    /// Makes the tap device in the calling thread's namespace, and starts the thread. Needs
    /// /dev/net/tun. Error: `unavailable`.
    static Result<std::unique_ptr<Detour>> open(std::uint64_t seed);
    ~Detour();
    Detour(const Detour&) = delete;
    Detour& operator=(const Detour&) = delete;

    /// What packets between these addresses meet from now on; others pass at once.
    void set(const std::map<sim::Link, LinkShape>& shapes);
    DetourCounts counts() const;

private:
    struct State;
    explicit Detour(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// Addresses of an Ethernet frame that holds IPv4, as big-endian numbers; {0, 0} for any other.
std::pair<std::uint32_t, std::uint32_t> frame_addresses(const char* frame, std::size_t bytes);

}  // namespace geode::jepsen
