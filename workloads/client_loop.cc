// SPDX-License-Identifier: Apache-2.0
#include "workloads/client_loop.h"

namespace geode::workloads {

Ending ending_of_write(ErrorCode code) {
    const bool unknown = code == ErrorCode::unknown_outcome || code == ErrorCode::session_expired;
    return unknown ? Ending::unknown : Ending::fail;
}

Ending ending_of(const Result<graph::Outcome>& written) {
    if (!written) return ending_of_write(written.code());
    return written->is_ok() ? Ending::ok : Ending::refused;
}

void Progress::count(Ending ending, Duration latency) {
    switch (ending) {
        case Ending::ok:
        case Ending::refused:
            ++ok;
            latencies_us.push_back(static_cast<std::uint32_t>(latency.count() / 1'000));
            break;
        case Ending::fail: ++fail; break;
        case Ending::unknown: ++unknown; break;
    }
}

void think(World& world, Prng& prng, const Pace& pace) {
    world.sleep_for(prng.exponential(pace.think_time_mean));
}

}  // namespace geode::workloads
